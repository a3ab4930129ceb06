using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>One flow while its packets come: who, how much, and of TCP the whole tracker. Those that have left the table are used again.</summary>
internal sealed class FlowState
{
    private TcpTracker? tracker; // kept for the next flow, even where this one is UDP
    private FlowKey key;
    private bool tcp;

    public ref readonly FlowKey Key => ref key;

    /// <summary>From 1, in the order of the first packets.</summary>
    public long Number { get; private set; }

    /// <summary>Who called: the sender of the SYN, or else of the first packet.</summary>
    public Endpoint Source { get; private set; }

    public Endpoint Destination { get; private set; }

    public long FirstPacket { get; private set; }

    public long FirstTime { get; private set; }

    public long LastTime { get; set; }

    /// <summary>Null for UDP.</summary>
    public TcpTracker? Tcp => tcp ? tracker : null;

    public TlsView? Tls { get; set; }

    // Of UDP; a tracker counts its own.
    public long SentPackets { get; set; }

    public long ReceivedPackets { get; set; }

    public long SentBytes { get; set; }

    public long ReceivedBytes { get; set; }

    public long SentPayload { get; set; }

    public long ReceivedPayload { get; set; }

    /// <summary>Of those received.</summary>
    public long WithoutChecksum { get; set; }

    public List<Finding>? Unreachable { get; set; }

    // The places in a queue and in the table: nodes of their own would be two more objects for each flow.
    internal FlowQueue? Queue;
    internal FlowState? Earlier, Later, NextInChain;

    public bool IsOver => Tcp?.IsOver ?? false;

    /// <summary>Forgets all there was, and is another flow from now on.</summary>
    public void Begin(in FlowKey flowKey, long number, in Endpoint source, in Endpoint destination, long packet, long time, bool isTcp)
    {
        (key, Number, Source, Destination, FirstPacket, FirstTime, LastTime, tcp) = (flowKey, number, source, destination, packet, time, time, isTcp);
        (SentPackets, ReceivedPackets, SentBytes, ReceivedBytes, SentPayload, ReceivedPayload) = (0, 0, 0, 0, 0, 0);
        (Unreachable, Tls, WithoutChecksum) = (null, null, 0);
        if (!isTcp) return;
        if (tracker is null) tracker = new TcpTracker();
        else tracker.Clear();
    }

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
                WithoutChecksum = WithoutChecksum,
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
            Abort = tcp.Abort,
            Tls = Tls?.Report(),
        };
    }

    private static FlowSide SideOf(in TcpTracker.Side side) =>
        new(side.Packets, side.Bytes, side.Payload, side.Retransmissions, side.OutOfOrder, side.Gaps, side.ZeroWindows, side.KeepAlives, side.Resets);
}

/// <summary>What one end of a flow has sent, as far as the capture has it.</summary>
/// <param name="Bytes">Of whole frames on the wire.</param>
/// <param name="Payload">Bytes of TCP or UDP payload, those sent again counted again.</param>
internal sealed record FlowSide(long Packets, long Bytes, long Payload, int Retransmissions, int OutOfOrder, int Gaps, int ZeroWindows, int KeepAlives, int Resets);

/// <summary>A flow as a report has it: what was seen of it, and the verdicts.</summary>
internal sealed record FlowReport
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

    /// <summary>The packet of a reset by which the called one aborted what its caller had ended; 0 without one.</summary>
    public long Abort { get; init; }

    /// <summary>Of UDP: the datagrams of the called one that have no checksum.</summary>
    public long WithoutChecksum { get; init; }

    /// <summary>Null where nothing of TLS was seen.</summary>
    public TlsReport? Tls { get; init; }
}

/// <summary>Flows one behind the other.</summary>
internal sealed class FlowQueue
{
    private FlowState? newest;

    public FlowState? Oldest { get; private set; }

    public int Count { get; private set; }

    public void Add(FlowState flow)
    {
        (flow.Queue, flow.Earlier, flow.Later) = (this, newest, null);
        if (newest is null) Oldest = flow;
        else newest.Later = flow;
        newest = flow;
        Count++;
    }

    public void Remove(FlowState flow)
    {
        if (flow.Earlier is null) Oldest = flow.Later;
        else flow.Earlier.Later = flow.Later;
        if (flow.Later is null) newest = flow.Earlier;
        else flow.Later.Earlier = flow.Earlier;
        (flow.Queue, flow.Earlier, flow.Later) = (null, null, null);
        Count--;
    }
}

/// <summary>Flows by key: chains through the flows themselves. A Dictionary copies each key, and looks it up three times for a flow that is new and one that leaves.</summary>
internal sealed class FlowMap
{
    private FlowState?[] chains = new FlowState?[1 << 12];

    public int Count { get; private set; }

    public FlowState? Find(in FlowKey key)
    {
        var flow = ChainOf(key);
        while (flow is not null && !flow.Key.Equals(key)) flow = flow.NextInChain;
        return flow;
    }

    /// <param name="flow">One that is not in it.</param>
    public void Add(FlowState flow)
    {
        if (++Count > chains.Length) Grow();
        ref var chain = ref ChainOf(flow.Key);
        (flow.NextInChain, chain) = (chain, flow);
    }

    /// <param name="flow">One that is in it.</param>
    public void Remove(FlowState flow)
    {
        ref var place = ref ChainOf(flow.Key);
        while (place != flow) place = ref place!.NextInChain;
        (place, flow.NextInChain) = (flow.NextInChain, null);
        Count--;
    }

    private ref FlowState? ChainOf(in FlowKey key) => ref chains[key.GetHashCode() & (chains.Length - 1)];

    private void Grow()
    {
        var before = chains;
        chains = new FlowState?[before.Length * 4];
        foreach (var first in before)
        {
            for (var flow = first; flow is not null;)
            {
                ref var chain = ref ChainOf(flow.Key);
                (flow.NextInChain, chain, flow) = (chain, flow, flow.NextInChain);
            }
        }
    }
}
