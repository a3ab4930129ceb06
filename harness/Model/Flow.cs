using System.Collections.Immutable;
using System.Net;

namespace SockConformance.Model;

/// <summary>Protocol, source address and port, destination address and port: the name of a connection.</summary>
public readonly record struct FiveTuple(IPEndPoint Client, IPEndPoint Server)
{
    public override string ToString() => $"{{TCP, {Client}, {Server}}}";
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

/// <summary>One captured TCP segment, as facts.</summary>
/// <param name="At">When, on the clock of the run.</param>
/// <param name="Frame">The captured bytes from the link layer on.</param>
public sealed record Segment(
    TimeSpan At, bool FromClient, TcpFlags Flags, uint Sequence, uint Acknowledgment, int Length, ushort Window, ReadOnlyMemory<byte> Frame)
{
    public bool Has(TcpFlags flags) => (Flags & flags) == flags;

    /// <summary>The sequence number after this segment; SYN and FIN count one each (RFC 9293 §3.4). Wraps.</summary>
    public uint NextSequence => unchecked(Sequence + (uint)Length + (Has(TcpFlags.Syn) ? 1u : 0) + (Has(TcpFlags.Fin) ? 1u : 0));

    public override string ToString()
    {
        var flags = (Has(TcpFlags.Syn) ? "S" : "") + (Has(TcpFlags.Fin) ? "F" : "") + (Has(TcpFlags.Rst) ? "R" : "") + (Has(TcpFlags.Psh) ? "P" : "") + (Has(TcpFlags.Ack) ? "." : "");
        return $"{(FromClient ? ">" : "<")} {flags} {Sequence}({Length}) ack {Acknowledgment}";
    }
}

/// <summary>All captured segments of one 5-tuple, in the order of the capture.</summary>
public sealed record Flow(FiveTuple Tuple, ImmutableArray<Segment> Segments)
{
    public IEnumerable<Segment> FromClient => Segments.Where(segment => segment.FromClient);

    public IEnumerable<Segment> FromServer => Segments.Where(segment => !segment.FromClient);
}
