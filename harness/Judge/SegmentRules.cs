using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>How far a connection is, as far as its segments tell.</summary>
internal enum Phase
{
    /// <summary>Nobody listens on the port.</summary>
    Closed,
    Listen,

    /// <summary>The target opens the connection, and its SYN has not been answered.</summary>
    SynSent,
    SynReceived,

    /// <summary>ESTABLISHED and all states after it (RFC 9293 §3.5.2, group 3).</summary>
    Synchronized,

    /// <summary>A RST of ours with the exact number has ended it.</summary>
    Reset,

    /// <summary>It is over, or it cannot be told any more how far it is: nothing is said of what comes.</summary>
    Over,
}

/// <summary>What RFC 9293 §3.10.7 and RFC 5961 let a TCP answer to one segment.</summary>
/// <param name="Id">The requirement it belongs to.</param>
/// <param name="Expected">For people.</param>
/// <param name="MustAnswer">Silence is wrong.</param>
/// <param name="Allows">Of the segments that are answers at all (RST, SYN, pure ACK) those that are right.</param>
internal sealed record SegmentRule(string Id, string Expected, bool MustAnswer, Func<Segment, bool> Allows);

/// <summary>The rules, by how far the connection is.</summary>
internal static class SegmentRules
{
    private const string Group = "tcp/segments/";

    /// <summary>The rule for a segment that a step has injected; null where several things are right, or it is an honest one.</summary>
    public static SegmentRule? For(Connection known, Segment sent, Step.Inject inject)
    {
        if (inject.BadChecksum) return Silence(known, "bad-checksum");
        return known.Phase switch
        {
            Phase.Closed => OfClosed(sent),
            Phase.Listen => OfListen(known, sent, inject),
            Phase.SynSent => OfSynSent(known, sent),
            Phase.SynReceived => OfSynReceived(known, sent),
            Phase.Synchronized => OfSynchronized(known, sent),
            Phase.Reset when sent.Has(TcpFlags.Ack) && !sent.Has(TcpFlags.Rst) && !sent.Has(TcpFlags.Syn) => ResetFor("rst-exact", sent),
            _ => null,
        };
    }

    /// <summary>RFC 9293 §3.10.7.1.</summary>
    private static SegmentRule OfClosed(Segment sent) =>
        sent.Has(TcpFlags.Rst) ? new SegmentRule(Group + "closed-port-rst", "no answer to a RST", false, _ => false)
        : sent.Has(TcpFlags.Ack) ? ResetFor("closed-port-ack", sent)
        : new SegmentRule(Group + (sent.Has(TcpFlags.Syn) ? "closed-port-syn" : "closed-port-odd-flags"), $"RST+ACK with sequence 0 and acknowledgment {sent.NextSequence}", true,
            answer => answer.Has(TcpFlags.Rst | TcpFlags.Ack) && answer.Sequence == 0 && answer.Acknowledgment == sent.NextSequence);

    /// <summary>RFC 9293 §3.10.7.2.</summary>
    private static SegmentRule? OfListen(Connection known, Segment sent, Step.Inject inject)
    {
        if (sent.Has(TcpFlags.Rst)) return Silence(known, "listen-rst");
        if (sent.Has(TcpFlags.Ack)) return ResetFor(known.WasReturned ? "syn-received-rst" : "listen-ack", sent);
        if (!sent.Has(TcpFlags.Syn)) return Silence(known, "listen-odd-flags");
        bool Opens(Segment answer) => IsSynAckFor(sent, answer);
        bool Refuses(Segment answer) => answer.Has(TcpFlags.Rst | TcpFlags.Ack) && answer.Acknowledgment == sent.NextSequence;
        if (sent.Has(TcpFlags.Fin)) return new SegmentRule(Group + "syn-fin", $"SYN+ACK with acknowledgment {sent.Sequence + 1}, a RST, or nothing", false, answer => Opens(answer) || Refuses(answer));
        if (inject.Options.Length > 0) return new SegmentRule(Group + "junk-options", "SYN+ACK, or a RST", true, answer => Opens(answer) || Refuses(answer));
        return new SegmentRule(Group + "data-before-established", $"SYN+ACK with acknowledgment {sent.Sequence + 1}{(sent.Length > 0 ? $" to {sent.NextSequence}" : "")}", true, Opens);
    }

    /// <summary>RFC 9293 §3.10.7.3; §3.5 (MUST-10) for two SYNs that cross.</summary>
    private static SegmentRule? OfSynSent(Connection known, Segment sent)
    {
        if (sent.Has(TcpFlags.Rst)) return Silence(known, "syn-sent-rst");
        if (sent.Has(TcpFlags.Ack)) return sent.Acknowledgment == known.TheirNext ? null : ResetFor("syn-sent-bad-ack", sent);
        return !sent.Has(TcpFlags.Syn) || sent.Has(TcpFlags.Fin) ? null : new SegmentRule(Group + "simultaneous-open", $"SYN+ACK with sequence {known.TheirInitial} and acknowledgment {sent.Sequence + 1}", true,
            answer => IsSynAckFor(sent, answer) && answer.Sequence == known.TheirInitial);
    }

    /// <summary>It acknowledges a SYN, and perhaps some of what that carries.</summary>
    private static bool IsSynAckFor(Segment sent, Segment answer) =>
        answer.Has(TcpFlags.Syn | TcpFlags.Ack) && unchecked(answer.Acknowledgment - sent.Sequence) is >= 1 and var acknowledged && acknowledged <= unchecked(sent.NextSequence - sent.Sequence);

    /// <summary>RFC 9293 §3.10.7.4 for SYN-RECEIVED. What a RST inside the window that is not exact does there differs between good stacks.</summary>
    private static SegmentRule? OfSynReceived(Connection known, Segment sent)
    {
        var offset = unchecked((int)(sent.Sequence - known.Next));
        if (sent.Has(TcpFlags.Rst)) return offset == 0 ? Silence(known, "syn-received-rst") : null;
        if (sent.Has(TcpFlags.Syn))
        {
            return offset != -1 || sent.Has(TcpFlags.Ack) ? null : new SegmentRule(Group + "syn-retransmitted", $"the same SYN+ACK again (sequence {known.TheirInitial}), or an ACK", !known.WasChallenged,
                answer => answer.Acknowledgment == known.Next && !answer.Has(TcpFlags.Rst) && answer.Sequence == (answer.Has(TcpFlags.Syn) ? known.TheirInitial : known.TheirNext));
        }

        if (!sent.Has(TcpFlags.Ack)) return Silence(known, "data-before-established");
        return sent.Acknowledgment != known.TheirNext && offset == 0 ? ResetFor("syn-received-bad-ack", sent) : null;
    }

    /// <summary>RFC 9293 §3.10.7.4; RFC 5961 §3.2 (RST), §4.2 (SYN), §5.2 (ACK).</summary>
    private static SegmentRule? OfSynchronized(Connection known, Segment sent)
    {
        var offset = unchecked((int)(sent.Sequence - known.Next));
        var length = unchecked((int)(sent.NextSequence - sent.Sequence));
        if (sent.Has(TcpFlags.Rst))
        {
            return known.WeEnded && offset != 0 ? null : offset == 0 ? Silence(known, "rst-exact")
                : offset > 0 && offset < known.TheirRoom ? Ack(known, "rst-in-window")
                : (offset < 0 && offset + length < 0) || offset > known.TheirRoomAtMost ? Silence(known, "rst-out-of-window") : null;
        }

        if (sent.Has(TcpFlags.Syn)) return Ack(known, "syn-in-connection");
        if (!sent.Has(TcpFlags.Ack)) return Silence(known, "no-ack-flag");
        if (offset > known.TheirRoomAtMost || (length > 0 && offset + length <= 0) || (length == 0 && offset < 0)) return Ack(known, sent.Has(TcpFlags.Fin) && offset < 0 ? "fin-retransmitted" : "out-of-window");
        if (known.WeEnded && length > 0) return null; // nothing comes behind a FIN: what is done about it is anybody's choice
        var acknowledged = unchecked((int)(sent.Acknowledgment - known.TheirNext));

        // Not every good kernel answers this one.
        if (acknowledged > 0) return Ack(known, "ack-of-the-future") with { MustAnswer = false };
        if (acknowledged < -Connection.FarPast && length > 0) return Ack(known, "ack-of-the-past", length);
        if (offset > 0 && length > 0) return Ack(known, sent.Has(TcpFlags.Fin) ? "fin-out-of-order" : "out-of-order");
        return null;
    }

    private static SegmentRule ResetFor(string name, Segment sent) =>
        new(Group + name, $"RST with sequence {sent.Acknowledgment}", true, answer => answer.Has(TcpFlags.Rst) && answer.Sequence == sent.Acknowledgment);

    /// <summary>An ACK that is under way for what came before may arrive now.</summary>
    private static SegmentRule Silence(Connection known, string name) =>
        new(Group + name, "no answer", false, answer => answer.Is(SegmentKind.Ack) && !known.AllAcknowledged);

    /// <summary>The target's own numbers, as they are (RFC 9293: &lt;SEQ=SND.NXT&gt;&lt;ACK=RCV.NXT&gt;&lt;CTL=ACK&gt;).</summary>
    /// <param name="taken">How much of the segment may be accepted.</param>
    private static SegmentRule Ack(Connection known, string name, int taken = 0)
    {
        var (next, theirs, reached) = (known.Next, known.TheirNext, known.Acknowledged);
        return new SegmentRule(Group + name, $"ACK with sequence {theirs} and acknowledgment {next}", !known.WasChallenged,
            answer => answer.Is(SegmentKind.Ack) && answer.Sequence == theirs && unchecked((int)(answer.Acknowledgment - reached)) >= 0 && unchecked((int)(answer.Acknowledgment - next)) <= taken);
    }
}
