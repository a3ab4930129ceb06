using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What is known of one connection of the harness's own TCP, segment by segment: where the target must be by now, and with which numbers.</summary>
internal sealed class Connection(CraftedTrace crafted)
{
    /// <summary>More than any window that a target can have been told of.</summary>
    public const int FarPast = 1 << 20;

    private uint initial;
    private bool begun, theyEnded;

    public Phase Phase { get; private set; } = crafted.Unused ? Phase.Closed : crafted.Called ? Phase.SynSent : Phase.Listen;

    /// <summary>The number that the target waits for, if it has taken all that it had to.</summary>
    public uint Next { get; private set; }

    /// <summary>The number that the target has said it waits for.</summary>
    public uint Acknowledged { get; private set; }

    public uint TheirInitial { get; private set; }

    public uint TheirNext { get; private set; }

    /// <summary>The target's window at present, and the most it has ever offered: it may have grown without a word.</summary>
    public int TheirRoom { get; private set; }

    public int TheirRoomAtMost => Math.Max(ushort.MaxValue, TheirRoom);

    public bool AllAcknowledged => Acknowledged == Next;

    /// <summary>It was answered once with an ACK that may be answered rarely (RFC 5961 §7).</summary>
    public bool WasChallenged { get; private set; }

    /// <summary>The target has our FIN, and all before it.</summary>
    public bool WeEnded { get; private set; }

    /// <summary>A RST of ours has brought it back to LISTEN.</summary>
    public bool WasReturned { get; private set; }

    /// <summary>The first number of our stream: that behind the SYN.</summary>
    public uint StreamStart => initial + 1;

    /// <summary>A segment of the target.</summary>
    public void Take(Segment segment)
    {
        if (segment.Has(TcpFlags.Rst))
        {
            if (Phase is Phase.SynReceived or Phase.Synchronized) Phase = Phase.Over;
            return;
        }

        if (Phase == Phase.SynSent && segment.Is(SegmentKind.Syn)) (TheirInitial, TheirNext, TheirRoom) = (segment.Sequence, segment.NextSequence, segment.Window);
        if (segment.Has(TcpFlags.Syn) && segment.Has(TcpFlags.Ack) && Phase == Phase.Listen && begun)
        {
            (Phase, TheirInitial, TheirNext, Acknowledged) = (Phase.SynReceived, segment.Sequence, segment.Sequence + 1, segment.Acknowledgment);
            Next = segment.Acknowledgment;
        }

        if (Phase is not (Phase.SynReceived or Phase.Synchronized)) return;
        TheirRoom = segment.Window;
        theyEnded |= segment.Has(TcpFlags.Fin);
        if (IsAfter(segment.NextSequence, TheirNext)) TheirNext = segment.NextSequence;
        if (segment.Has(TcpFlags.Ack) && IsAfter(segment.Acknowledgment, Acknowledged)) Acknowledged = segment.Acknowledgment;
        if (IsAfter(Acknowledged, Next)) Next = Acknowledged;
    }

    /// <summary>A segment of ours, whether honest or not.</summary>
    /// <param name="rule">What was due for it.</param>
    public void Put(Segment segment, bool broken, SegmentRule? rule)
    {
        if (broken) return;
        WasChallenged |= Phase is Phase.SynReceived or Phase.Synchronized && (rule is not null || segment.Has(TcpFlags.Rst) || segment.Has(TcpFlags.Syn) || segment.Sequence != Next || segment.Acknowledgment != TheirNext);
        switch (Phase)
        {
            case Phase.Listen when segment.Has(TcpFlags.Syn) && !segment.Has(TcpFlags.Ack) && !segment.Has(TcpFlags.Rst):
                (begun, initial, Next, WasChallenged) = (true, segment.Sequence, segment.NextSequence, false);
                return;
            case Phase.SynSent:
                Phase = AfterSynSent(segment);
                if (Phase is not (Phase.SynReceived or Phase.Synchronized)) return;
                (initial, Next, Acknowledged, WasChallenged) = (segment.Sequence, segment.Sequence + 1, segment.Sequence, false);
                return;
            case Phase.SynReceived:
                Phase = AfterSynReceived(segment);
                if (Phase == Phase.Listen && crafted.Called) Phase = Phase.Over; // it never listened
                begun &= Phase != Phase.Listen;
                WasReturned |= Phase == Phase.Listen;
                break;
            case Phase.Synchronized when segment.Has(TcpFlags.Rst) && segment.Sequence == Next:
                Phase = Phase.Reset;
                return;
            case Phase.Reset when segment.Has(TcpFlags.Syn): // a new connection may have begun
            case Phase.Synchronized when segment.Has(TcpFlags.Rst) && WeEnded: // some take one that is near then, for the sake of faulty peers
                Phase = Phase.Over;
                return;
        }

        if (Phase != Phase.Synchronized || !IsOrdinary(segment)) return;
        if (WeEnded && theyEnded && segment.Acknowledgment == TheirNext) Phase = Phase.Over; // LAST-ACK is left
        if (WeEnded || IsAfter(segment.Sequence, Next) || IsAfter(segment.Acknowledgment, TheirNext) || IsAfter(TheirNext - FarPast, segment.Acknowledgment) || !IsAfter(segment.NextSequence, Next)) return;
        (Next, WeEnded) = (segment.NextSequence, segment.Has(TcpFlags.Fin));
    }

    /// <summary>RFC 9293 §3.10.7.3.</summary>
    private Phase AfterSynSent(Segment segment)
    {
        var isAnswer = segment.Has(TcpFlags.Ack) && segment.Acknowledgment == TheirNext;
        if (segment.Has(TcpFlags.Rst)) return isAnswer ? Phase.Over : Phase.SynSent;
        if ((segment.Has(TcpFlags.Ack) && !isAnswer) || !segment.Has(TcpFlags.Syn)) return Phase.SynSent;
        return segment.Length > 0 || segment.Has(TcpFlags.Fin) ? Phase.Over : isAnswer ? Phase.Synchronized : Phase.SynReceived;
    }

    /// <summary>Where good stacks differ it is not followed any further.</summary>
    private Phase AfterSynReceived(Segment segment)
    {
        var exact = segment.Sequence == Next;
        if (segment.Has(TcpFlags.Rst)) return exact && (!segment.Has(TcpFlags.Ack) || segment.Acknowledgment == TheirNext) ? Phase.Listen : Phase.Over;
        if (segment.Has(TcpFlags.Syn)) return segment.Sequence + 1 == Next && !segment.Has(TcpFlags.Ack) ? Phase.SynReceived : Phase.Over;
        return !segment.Has(TcpFlags.Ack) || segment.Acknowledgment != TheirNext ? Phase.SynReceived : exact ? Phase.Synchronized : Phase.Over;
    }

    private static bool IsOrdinary(Segment segment) => segment.Has(TcpFlags.Ack) && !segment.Has(TcpFlags.Syn) && !segment.Has(TcpFlags.Rst);

    private static bool IsAfter(uint a, uint b) => unchecked((int)(a - b)) > 0;
}
