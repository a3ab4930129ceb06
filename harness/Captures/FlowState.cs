using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>One flow while its packets come: who, how much, and of TCP the whole tracker.</summary>
internal sealed class FlowState(FlowKey key, long number, Endpoint source, Endpoint destination, long packet, long time, bool tcp)
{
    public FlowKey Key { get; } = key;

    /// <summary>From 1, in the order of the first packets.</summary>
    public long Number { get; } = number;

    /// <summary>Who called: the sender of the SYN, or else of the first packet.</summary>
    public Endpoint Source { get; } = source;

    public Endpoint Destination { get; } = destination;

    public long FirstPacket { get; } = packet;

    public long FirstTime { get; } = time;

    public long LastTime { get; set; } = time;

    /// <summary>Null for UDP.</summary>
    public TcpTracker? Tcp { get; } = tcp ? new TcpTracker() : null;

    public TlsView? Tls { get; set; }

    // Of UDP; a tracker counts its own.
    public long SentPackets { get; set; }

    public long ReceivedPackets { get; set; }

    public long SentBytes { get; set; }

    public long ReceivedBytes { get; set; }

    public long SentPayload { get; set; }

    public long ReceivedPayload { get; set; }

    public List<Finding>? Unreachable { get; set; }

    public LinkedListNode<FlowState>? Place { get; set; }

    public bool IsOver => Tcp?.IsOver ?? false;

    public FlowReport Report()
    {
        if (Tcp is not { } tcp)
        {
            return new FlowReport
            {
                Number = Number,
                Protocol = Transport.Udp,
                Source = Source,
                Destination = Destination,
                FirstPacket = FirstPacket,
                FirstTime = FirstTime,
                LastTime = LastTime,
                Sent = new FlowSide(SentPackets, SentBytes, SentPayload, 0, 0, 0, 0, 0, 0),
                Received = new FlowSide(ReceivedPackets, ReceivedBytes, ReceivedPayload, 0, 0, 0, 0, 0, 0),
                State = (SentPackets > 0, ReceivedPackets > 0) switch { (true, true) => "SF", (true, _) => "S0", (_, true) => "SHR", _ => "OTH" },
                History = (SentPackets > 0 ? "D" : "") + (ReceivedPackets > 0 ? "d" : ""),
                Findings = Unreachable ?? [],
            };
        }

        return new FlowReport
        {
            Number = Number,
            Protocol = Transport.Tcp,
            Source = Source,
            Destination = Destination,
            FirstPacket = FirstPacket,
            FirstTime = FirstTime,
            LastTime = LastTime,
            Sent = SideOf(tcp.Source),
            Received = SideOf(tcp.Destination),
            Handshake = tcp.Handshake,
            Close = tcp.Close,
            State = tcp.State,
            History = tcp.HistoryText,
            Completeness = tcp.Completeness,
            Findings = tcp.Findings,
            Tls = Tls?.Report(),
        };
    }

    private static FlowSide SideOf(in TcpTracker.Side side) =>
        new(side.Packets, side.Bytes, side.Payload, side.Retransmissions, side.OutOfOrder, side.Gaps, side.ZeroWindows, side.KeepAlives, side.Resets);
}

/// <summary>What one end of a flow has sent, as far as the capture has it.</summary>
/// <param name="Bytes">Of whole frames on the wire.</param>
/// <param name="Payload">Bytes of TCP or UDP payload, those sent again counted again.</param>
public sealed record FlowSide(long Packets, long Bytes, long Payload, int Retransmissions, int OutOfOrder, int Gaps, int ZeroWindows, int KeepAlives, int Resets);

/// <summary>A flow as a report has it: what was seen of it, and the verdicts.</summary>
public sealed record FlowReport
{
    public required long Number { get; init; }

    public required Transport Protocol { get; init; }

    public required Endpoint Source { get; init; }

    public required Endpoint Destination { get; init; }

    public required long FirstPacket { get; init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public required long FirstTime { get; init; }

    public required long LastTime { get; init; }

    public required FlowSide Sent { get; init; }

    public required FlowSide Received { get; init; }

    public Handshake? Handshake { get; init; }

    public CloseVerdict? Close { get; init; }

    /// <summary>Zeek's conn_state and history.</summary>
    public required string State { get; init; }

    public required string History { get; init; }

    /// <summary>Wireshark's tcp.completeness.</summary>
    public int? Completeness { get; init; }

    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Null where nothing of TLS was seen.</summary>
    public TlsReport? Tls { get; init; }
}
