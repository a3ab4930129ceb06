using System.Collections.Immutable;
using System.Net;

namespace SockConformance.Model;

/// <summary>Protocol, source address and port, destination address and port: the name of a connection.</summary>
public readonly record struct FiveTuple(IPEndPoint Client, IPEndPoint Server, Transport Protocol = Transport.Tcp)
{
    public override string ToString() => $"{{{Protocol.ToString().ToUpperInvariant()}, {Client}, {Server}}}";
}

[Flags]
public enum TcpFlags : byte
{
    None = 0,
    Fin = 0x01,
    Syn = 0x02,
    Rst = 0x04,
    Psh = 0x08,
    Ack = 0x10,
    Urg = 0x20,
}

/// <summary>ICMP port unreachable (RFC 792; RFC 4443 §3.1): somebody says that nobody is bound where a datagram was sent to.</summary>
/// <param name="Reporter">Who says so: a host, by its address.</param>
/// <param name="From">The source of the datagram that it speaks of.</param>
/// <param name="To">Where that datagram was sent to.</param>
public sealed record PortUnreachable(IPAddress Reporter, IPEndPoint From, IPEndPoint To);

/// <summary>One captured TCP segment, UDP datagram, or ICMP message about such a datagram, as facts. Datagrams have no flags and no sequence.</summary>
/// <param name="At">When, on the clock of the run.</param>
/// <param name="Frame">The captured bytes from the link layer on.</param>
public sealed record Segment(
    TimeSpan At, bool FromClient, TcpFlags Flags, uint Sequence, uint Acknowledgment, int Length, ushort Window, ReadOnlyMemory<byte> Frame)
{
    /// <summary>The checksum of a UDP datagram as it stands in the frame, zero for none; null for anything else. On loopback the kernel may leave it unfinished.</summary>
    public int? Checksum { get; init; }

    /// <summary>It is no datagram of the flow, but what ICMP says about one. It comes from the client's side if that is where nobody is bound.</summary>
    public PortUnreachable? Unreachable { get; init; }

    /// <summary>Whether it is of a kind; it may be of several, or of none.</summary>
    public bool Is(SegmentKind kind) => kind switch
    {
        SegmentKind.Ack => Length == 0 && (Flags & ~TcpFlags.Psh) == TcpFlags.Ack,
        SegmentKind.Reset => Has(TcpFlags.Rst),
        SegmentKind.Syn => Has(TcpFlags.Syn) && !Has(TcpFlags.Ack),
        SegmentKind.SynAck => Has(TcpFlags.Syn | TcpFlags.Ack),
        SegmentKind.Fin => Has(TcpFlags.Fin),
        SegmentKind.Data => Length > 0,
        _ => false,
    };

    public bool Has(TcpFlags flags) => (Flags & flags) == flags;

    /// <summary>The sequence number after this segment; SYN and FIN count one each (RFC 9293 §3.4). Wraps.</summary>
    public uint NextSequence => unchecked(Sequence + (uint)Length + (Has(TcpFlags.Syn) ? 1u : 0) + (Has(TcpFlags.Fin) ? 1u : 0));

    public override string ToString()
    {
        if (Unreachable is not null) return $"{(FromClient ? ">" : "<")} ICMP port unreachable: {Unreachable.To}";
        if (Checksum is not null) return $"{(FromClient ? ">" : "<")} UDP ({Length})";
        var flags = (Has(TcpFlags.Syn) ? "S" : "") + (Has(TcpFlags.Fin) ? "F" : "") + (Has(TcpFlags.Rst) ? "R" : "") + (Has(TcpFlags.Psh) ? "P" : "") + (Has(TcpFlags.Ack) ? "." : "");
        return $"{(FromClient ? ">" : "<")} {flags} {Sequence}({Length}) ack {Acknowledgment}";
    }
}

/// <summary>All captured segments or datagrams of one 5-tuple, in the order of the capture.</summary>
public sealed record Flow(FiveTuple Tuple, ImmutableArray<Segment> Segments)
{
    public IEnumerable<Segment> FromClient => Segments.Where(segment => segment.FromClient);

    public IEnumerable<Segment> FromServer => Segments.Where(segment => !segment.FromClient);
}
