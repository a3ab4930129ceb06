using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>
/// All flows of a capture. Memory is bounded: of the flows that are over the latest few thousand are kept, for packets that
/// come late; the others are handed out as they are. So is, where there are too many open ones, that which was silent longest.
/// </summary>
internal sealed class FlowTable(Action<FlowState> leave)
{
    private const int MostFlows = 16_384;

    /// <summary>Bytes of TLS handshakes, of all flows together.</summary>
    private const int MostTls = 8 << 20;

    private readonly FlowMap flows = new();
    private readonly FlowQueue open = new(), over = new(); // the one that was silent longest first
    private readonly Stack<FlowState> left = new(); // to be used again: short connections by the million would keep the garbage collector busy
    private readonly Fragments fragments = new();
    private byte[] reassembled = [];
    private FlowState? last;
    private int tls;

    /// <summary>The endpoint that is a server whoever spoke first; null for none.</summary>
    public Endpoint? Server { get; init; }

    /// <summary>How many flows that are over are still kept.</summary>
    public int MostOver { get; init; } = 4_096;

    /// <summary>How many flows are in memory.</summary>
    public int Kept => flows.Count;

    public long Count { get; private set; }

    /// <summary>How many flows were handed out although they were not over.</summary>
    public long Dropped { get; private set; }

    /// <summary>Frames that are neither TCP nor UDP nor about it.</summary>
    public long OtherPackets { get; private set; }

    /// <summary>Those among them whose link type is not taken apart, and the first such type.</summary>
    public long UnreadPackets { get; private set; }

    public LinkType? UnreadLink { get; private set; }

    /// <summary>Takes one packet; returns its flow and its direction, or null where it belongs to none.</summary>
    public (FlowState? Flow, bool FromSource) Add(CaptureReader packet, out PacketFacts facts, out ReadOnlySpan<byte> payload) =>
        Add(new CapturedFrame(packet.Frame, packet.Link, packet.WireLength, packet.Time, packet.Number), out facts, out payload);

    /// <summary>The same for a packet from anywhere.</summary>
    public (FlowState? Flow, bool FromSource) Add(CapturedFrame packet, out PacketFacts facts, out ReadOnlySpan<byte> payload)
    {
        var frame = packet.Bytes;
        FrameDecoder.Decode(packet.Link, frame, packet.WireLength, out facts);
        if (facts.Kind == PacketKind.Fragment)
        {
            var whole = fragments.Add(frame, facts);
            if (whole.Length > reassembled.Length) reassembled = new byte[whole.Length];
            whole.CopyTo(reassembled);
            frame = reassembled.AsSpan(0, whole.Length);
            FrameDecoder.DecodeReassembled(frame, facts.Protocol, ref facts);
        }

        payload = [];
        if (facts.Kind is PacketKind.Other or PacketKind.Fragment)
        {
            OtherPackets++;
            if (!FrameDecoder.Knows(packet.Link)) (UnreadPackets, UnreadLink) = (UnreadPackets + 1, UnreadLink ?? packet.Link);
            return default;
        }

        var tcp = facts.Kind == PacketKind.Tcp;
        var key = new FlowKey(facts.Source, facts.Destination, tcp);
        var flow = Find(key);
        if (facts.Kind == PacketKind.Unreachable)
        {
            if (flow is not null && (flow.Unreachable ??= []).Count < 16) flow.Unreachable.Add(new Finding(FindingKind.PortUnreachable, packet.Number, !facts.Source.Equals(flow.Source)));
            return (flow, flow is not null && !facts.Source.Equals(flow.Source));
        }

        payload = frame.Slice(facts.PayloadOffset, facts.Captured);
        if (flow is null || (tcp && flow.Tcp!.IsReuse(facts, facts.Source.Equals(flow.Source)))) flow = Begin(key, facts, packet, flow);
        flow.LastTime = packet.Time;
        var fromSource = facts.Source.Equals(flow.Source);
        if (tcp) AddSegment(flow, facts, fromSource, packet, payload);
        else AddDatagram(flow, facts, fromSource, packet);
        Settle(flow);
        return (flow, fromSource);
    }

    /// <summary>Hands out all that is left.</summary>
    public void End()
    {
        foreach (var queue in (FlowQueue[])[over, open])
        {
            while (queue.Oldest is { } flow) Leave(flow);
        }
    }

    private FlowState? Find(in FlowKey key)
    {
        if (last is not null && last.Key.Equals(key)) return last;
        if (flows.Find(key) is not { } found) return null;
        return last = found;
    }

    private FlowState Begin(in FlowKey key, in PacketFacts facts, in CapturedFrame packet, FlowState? before)
    {
        if (before is not null) TakeOut(before);
        var answer = facts.Kind == PacketKind.Tcp && (facts.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == (TcpFlags.Syn | TcpFlags.Ack);
        var backwards = Server is { } server ? facts.Source.Equals(server) : answer;
        var (source, destination) = backwards ? (facts.Destination, facts.Source) : (facts.Source, facts.Destination);
        if (!left.TryPop(out var flow)) flow = new FlowState();
        flow.Begin(key, ++Count, source, destination, packet.Number, packet.Time, facts.Kind == PacketKind.Tcp);
        if (answer && backwards) flow.Tcp?.Turn();
        if (before is not null)
        {
            flow.Tcp?.Follows(before.Tcp!, facts.Source.Equals(source), source.Equals(before.Source), packet.Number);
            left.Push(before);
        }

        flows.Add(last = flow);
        open.Add(flow);
        if (flows.Count > MostFlows)
        {
            var silent = (over.Oldest ?? open.Oldest)!;
            if (!silent.IsOver) Dropped++;
            Leave(silent);
        }

        return flow;
    }

    private void AddSegment(FlowState flow, in PacketFacts facts, bool fromSource, in CapturedFrame packet, ReadOnlySpan<byte> payload)
    {
        var tracker = flow.Tcp!;
        tracker.Note(facts, fromSource, packet.Time, packet.Number, payload, packet.WireLength);
        if (payload.Length == 0) return;
        var before = flow.Tls?.Size ?? 0;
        flow.Tls = TlsView.Note(flow.Tls, tracker, facts, fromSource, payload, tls < MostTls);
        if (flow.Tls is { } view) tls += view.Size - before;
    }

    /// <summary>Keeps the flow in the queue that it belongs to: a reset may turn out to have ended nothing, and then it is open again.</summary>
    private void Settle(FlowState flow)
    {
        var queue = flow.IsOver ? over : open;
        if (flow.Queue != queue) Move(flow, queue);
        else if (queue == open && flows.Count > MostFlows / 2) Move(flow, open); // sorting by the last packet matters only when there are very many
        if (over.Count > MostOver) Leave(over.Oldest!);
    }

    private static void AddDatagram(FlowState flow, in PacketFacts facts, bool fromSource, in CapturedFrame packet)
    {
        if (fromSource) (flow.SentPackets, flow.SentBytes, flow.SentPayload) = (flow.SentPackets + 1, flow.SentBytes + packet.WireLength, flow.SentPayload + facts.Length);
        else (flow.ReceivedPackets, flow.ReceivedBytes, flow.ReceivedPayload, flow.WithoutChecksum) = (flow.ReceivedPackets + 1, flow.ReceivedBytes + packet.WireLength, flow.ReceivedPayload + facts.Length, flow.WithoutChecksum + (facts.Checksum == 0 ? 1 : 0));
    }

    private static void Move(FlowState flow, FlowQueue queue)
    {
        flow.Queue!.Remove(flow);
        queue.Add(flow);
    }

    private void Leave(FlowState flow)
    {
        TakeOut(flow);
        left.Push(flow);
    }

    private void TakeOut(FlowState flow)
    {
        flow.Queue!.Remove(flow);
        flows.Remove(flow);
        if (last == flow) last = null;
        tls -= flow.Tls?.Size ?? 0;
        leave(flow);
    }
}
