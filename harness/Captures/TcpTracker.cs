using SockConformance.Model;

namespace SockConformance.Captures;

public enum Handshake : byte
{
    /// <summary>The capture begins after it, or has not its SYN.</summary>
    NotObservable,

    /// <summary>SYN, SYN+ACK, ACK with the right numbers; or the same from both sides at once.</summary>
    Complete,

    /// <summary>SYN and SYN+ACK, and no acknowledgment of it.</summary>
    Incomplete,

    /// <summary>A reset is the answer to the SYN.</summary>
    Refused,

    /// <summary>Nothing answers the SYN.</summary>
    Unanswered,

    /// <summary>The SYN+ACK acknowledges another number than the SYN's.</summary>
    Violated,
}

/// <summary>
/// One TCP connection, segment by segment: handshake, close, what each side sent, and what a capture can prove to be wrong. It keeps numbers and
/// no segments, so its size does not grow with the connection. The source is who called.
/// </summary>
internal sealed partial class TcpTracker
{
    private const int MostFindings = 16, GivenUp = 2;
    private const int LargestWindow = 65_535, LargestSlack = 65_535; // a window may have grown unseen
    private const long Disorder = 3_000_000; // nanoseconds: what several queues of a network card have swapped is closer together than that

    private Side source, destination;
    private History history;
    private List<Finding>? findings;
    private long lastSyn, lastSynAck, initialRtt, now;
    private byte completeness;
    private bool violated, begun, resetSeen;
    private Suspect data, early, acknowledgment, syn, wrong, reset;

    /// <summary>Another connection begins in the place of this one. What was handed out stays as it was.</summary>
    public void Clear()
    {
        source.Clear();
        destination.Clear();
        (history, findings, lastSyn, lastSynAck, initialRtt, now, completeness, violated, begun) = (default, null, 0, 0, 0, 0, 0, false, false);
        (data, early, acknowledgment, syn, wrong, reset) = (default, default, default, default, default, default);
        (resetSeen, OwnReset, Abort) = (false, 0, 0);
    }

    /// <summary>
    /// The packet of the first reset, if the called one sent it by itself: it is no answer to one of the caller's and, after its own FIN, not without
    /// ACK. That is a kernel's answer to a late segment for a socket that is gone (RFC 9293 §3.10.7.1); two processors can put last ACKs out of order. 0 if there is none.
    /// </summary>
    public long OwnReset { get; private set; }

    /// <summary>The same where it proves an abort after the caller's FIN: it acknowledges that, and stands where the called one's own FIN would.</summary>
    public long Abort { get; private set; }

    public int Completeness => completeness;

    public IReadOnlyList<Finding> Findings => findings ?? (IReadOnlyList<Finding>)[];

    public ref readonly Side Source => ref source;

    public ref readonly Side Destination => ref destination;

    public string HistoryText => history.ToString();

    /// <summary>Whether a SYN from this side begins another connection with the same 5-tuple: it has another number than this one's.</summary>
    public bool IsReuse(in PacketFacts segment, bool fromSource)
    {
        ref readonly var own = ref fromSource ? ref source : ref destination;
        if (!segment.Has(TcpFlags.Syn) || !own.BaseKnown || segment.Sequence == own.Base) return false;
        if (!segment.Has(TcpFlags.Ack)) return true;

        // A further answer to the SYN that is there, by a middlebox or after a refusal, opens nothing else.
        ref readonly var other = ref fromSource ? ref destination : ref source;
        if (other.SynSeen && segment.Acknowledgment - other.InitialSequence - 1 <= other.SynLength) return false;

        // The SYN before it may not be in the capture. One that comes late, after what followed it, is this connection's own.
        return (segment.Flags & (TcpFlags.Fin | TcpFlags.Rst)) == 0 && (own.SynSeen || own.Base - segment.Sequence > LargestWindow);
    }

    /// <summary>The connection begins where another one with the same 5-tuple was; it may turn out that that one goes on.</summary>
    public void Follows(TcpTracker before, bool fromSource, bool sameDirection, long packet)
    {
        Report(FindingKind.ReusedPorts, packet, fromSource);
        ref var caller = ref sameDirection == fromSource ? ref before.source : ref before.destination;
        ref var called = ref sameDirection == fromSource ? ref before.destination : ref before.source;
        if (caller.HasFin || called.HasFin || before.IsReset || !caller.Spoke || !called.Spoke) return;
        syn = new Suspect { Packet = packet, FromSource = fromSource, Sequence = caller.End, Acknowledgment = called.End };
    }

    /// <summary>The first segment was an answer: the one who called is its receiver.</summary>
    public void Turn() => history.Add('^', true);

    public void Note(in PacketFacts segment, bool fromSource, long time, long packet, ReadOnlySpan<byte> payload, int wire)
    {
        ref var own = ref fromSource ? ref source : ref destination;
        ref var other = ref fromSource ? ref destination : ref source;
        own.Packets++;
        own.Bytes += wire;
        own.Payload += segment.Length;
        now = time;
        NoteCompleteness(segment);
        if ((segment.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn && own.BaseKnown) own.Analysis.Restart();
        if (!own.BaseKnown) (own.Base, own.BaseKnown) = (segment.Has(TcpFlags.Syn) ? segment.Sequence : segment.Sequence - 1, true);
        if (!other.BaseKnown && segment.Has(TcpFlags.Ack)) (other.Base, other.BaseKnown) = (segment.Acknowledgment - 1, true);
        if ((segment.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == (TcpFlags.Syn | TcpFlags.Ack)) own.Base = segment.Sequence;

        var found = SequenceAnalysis.Classify(ref own.Analysis, ref other.Analysis, segment, time, initialRtt);
        if (found != SegmentClass.None) own.Count(found);
        if ((segment.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn) lastSyn = time;
        else if (lastSyn != 0 && initialRtt == 0 && (segment.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Ack) initialRtt = time - lastSyn;

        NoteHistory(segment, ref own, ref other, fromSource);
        NoteState(segment, ref own, ref other, fromSource);
        Judge(segment, ref own, ref other, fromSource, packet, payload);
    }

    public Handshake Handshake
    {
        get
        {
            if (violated) return Handshake.Violated;
            ref readonly var caller = ref source;
            if (!caller.SynSeen) return Handshake.NotObservable;
            if (!destination.SynSeen) return destination.Packets == 0 ? (caller.AckSeen ? Handshake.NotObservable : Handshake.Unanswered) : destination.Packets == destination.Resets ? Handshake.Refused : Handshake.NotObservable;
            if (caller.AckSeen && !Before(caller.HighestAck, destination.InitialSequence + 1) && destination.AckSeen) return Handshake.Complete;
            return wrong.Packet != 0 ? Handshake.NotObservable : Handshake.Incomplete; // it may be the answer to a SYN that the capture has not
        }
    }

    public CloseVerdict Close
    {
        get
        {
            if (source.FinAcknowledged && destination.FinAcknowledged) return CloseVerdict.Orderly;
            if (IsReset) return CloseVerdict.Reset;
            if (Math.Max(source.Unanswered, destination.Unanswered) >= GivenUp) return CloseVerdict.Timeout;
            return source.HasFin || destination.HasFin ? CloseVerdict.HalfOpen : CloseVerdict.None;
        }
    }

    /// <summary>Nothing more is to come: both ends are acknowledged, or a reset was seen.</summary>
    public bool IsOver => (source.FinAcknowledged && destination.FinAcknowledged) || IsReset;

    /// <summary>Zeek's conn_state (documentation of conn.log).</summary>
    public string State
    {
        get
        {
            var (from, to) = (source.State, destination.State);
            var (noSource, noDestination) = (from is EndState.Inactive or EndState.Partial, to is EndState.Inactive or EndState.Partial);
            return (from, to) switch
            {
                (EndState.SynSent or EndState.SynAckSent, EndState.Reset) => "REJ",
                (EndState.Reset, EndState.Reset) when source.Payload == 0 && destination.Payload == 0 => "REJ",
                (_, EndState.Reset) => noSource ? "RSTRH" : "RSTR",
                (EndState.Reset, _) when noDestination => history.IsSynThenReset ? "RSTOS0" : "OTH",
                (EndState.Reset, _) => "RSTO",
                (EndState.Closed, EndState.Closed) => "SF",
                (EndState.Closed, _) => noDestination ? "SH" : "S2",
                (_, EndState.Closed) => noSource ? "SHR" : "S3",
                (EndState.SynSent, EndState.Inactive) => "S0",
                (EndState.Established, EndState.Established) => "S1",
                _ => "OTH",
            };
        }
    }

    private bool IsReset => source.ResetStands || destination.ResetStands;

    private static bool After(uint a, uint b) => unchecked((int)(a - b)) > 0;

    private static bool Before(uint a, uint b) => unchecked((int)(a - b)) < 0;
}
