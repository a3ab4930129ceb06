using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>What a segment looks like beside those before it, in Wireshark's terms (tcp.analysis.*).</summary>
[Flags]
internal enum SegmentClass : ushort
{
    None = 0,
    Retransmission = 1,
    FastRetransmission = 2,
    SpuriousRetransmission = 4,
    OutOfOrder = 8,
    PreviousNotCaptured = 16,
    KeepAlive = 32,
    ZeroWindow = 64,
    ZeroWindowProbe = 128,
    DuplicateAck = 256,
    AckOfUnseen = 512,
    AnyRetransmission = Retransmission | FastRetransmission | SpuriousRetransmission,
}

/// <summary>
/// Tells retransmissions, reordering, gaps, keep-alives and window probes apart the way Wireshark 4.0 does, so that the numbers of a report
/// and of that program agree: the same rules over the same few numbers per direction (Wireshark User's Guide, “TCP Analysis”). A zero stands
/// for “not known yet”, as there.
/// </summary>
internal struct SequenceAnalysis
{
    private const ulong FastRetransmitLimit = 20_000_000, ReorderingLimit = 3_000_000; // nanoseconds
    private const int Unseen = -1; // stands for many duplicates: somebody acknowledges what the capture has not
    private const TcpFlags Control = TcpFlags.Syn | TcpFlags.Fin | TcpFlags.Rst;

    private uint next, mostToAcknowledge, lastAck;
    private ushort window;
    private int duplicateAcks;
    private long nextTime, lastAckTime;
    private bool begun, lastWasKeepAlive, lastWasProbe;

    /// <param name="initialRtt">From the SYN to the first acknowledgment, in nanoseconds; 0 if it is not known.</param>
    public static SegmentClass Classify(ref SequenceAnalysis own, ref SequenceAnalysis other, in PacketFacts segment, long time, long initialRtt)
    {
        var (sequence, acknowledgment, length) = (segment.Sequence, segment.Acknowledgment, (uint)segment.Length);
        var control = (segment.Flags & Control) != 0;
        var flag = (segment.Flags & (TcpFlags.Syn | TcpFlags.Fin)) != 0;
        var found = SegmentClass.None;
        if (length == 1 && sequence == own.next && other is { begun: true, window: 0 }) found = SegmentClass.ZeroWindowProbe;
        else own.CompareWithLast(in other, segment, control, ref found);

        if (acknowledgment != own.lastAck) own.duplicateAcks = 0;
        if ((segment.Flags & TcpFlags.Ack) != 0 && other.mostToAcknowledge != 0 && After(acknowledgment, other.mostToAcknowledge)) other.NoteUnseen(ref found);
        if ((length > 0 || flag) && (found & SegmentClass.KeepAlive) == 0) found |= own.Again(in other, sequence, length, flag, time, initialRtt);

        var end = sequence + length + (flag ? 1u : 0);
        if ((found & SegmentClass.ZeroWindowProbe) == 0)
        {
            if (own.next == 0 || After(end, own.next)) (own.next, own.nextTime) = (end, time);
            if (own.mostToAcknowledge == 0 || sequence == own.mostToAcknowledge) own.mostToAcknowledge = own.next;
        }

        own.begun = true;
        (own.window, own.lastAck, own.lastAckTime) = (segment.Window, acknowledgment, time);
        (own.lastWasKeepAlive, own.lastWasProbe) = ((found & SegmentClass.KeepAlive) != 0, (found & SegmentClass.ZeroWindowProbe) != 0);
        return found;
    }

    /// <summary>A SYN with the number of the one before: Wireshark takes up counting from what was contiguous.</summary>
    public void Restart() => next = mostToAcknowledge;

    private void CompareWithLast(in SequenceAnalysis other, in PacketFacts segment, bool control, ref SegmentClass found)
    {
        if (segment.Window == 0 && !control) found |= SegmentClass.ZeroWindow;
        if (next != 0 && After(segment.Sequence, next) && (segment.Flags & TcpFlags.Rst) == 0) found |= SegmentClass.PreviousNotCaptured;
        if (control) return;
        if (segment.Length <= 1 && segment.Sequence == next - 1) found |= SegmentClass.KeepAlive;
        if (segment.Length != 0 || segment.Window != window || !begun || segment.Sequence != next || segment.Acknowledgment != lastAck) return;
        if (segment.Window == 0 || other.lastWasKeepAlive) return; // the answer to a probe
        duplicateAcks = duplicateAcks == Unseen ? 1 : duplicateAcks + 1;
        found |= SegmentClass.DuplicateAck;
    }

    /// <summary>The other end acknowledges what was never seen from this one.</summary>
    private void NoteUnseen(ref SegmentClass found)
    {
        if (After(next, mostToAcknowledge))
        {
            mostToAcknowledge = next;
            found |= SegmentClass.AckOfUnseen;
        }
        else
        {
            if (duplicateAcks == 0) found |= SegmentClass.AckOfUnseen;
            duplicateAcks = Unseen;
        }
    }

    /// <summary>Which kind of repetition it is, if it takes sequence numbers that were taken before.</summary>
    private readonly SegmentClass Again(in SequenceAnalysis other, uint sequence, uint length, bool flag, long time, long initialRtt)
    {
        var old = next != 0 && After(next, sequence) && !(length > 1 && sequence == next - 1);
        if (length > 0 && other.lastAck != 0 && !After(sequence + length, other.lastAck)) return SegmentClass.SpuriousRetransmission;
        if (!old) return SegmentClass.None;
        if (other.duplicateAcks is >= 2 or Unseen && other.lastAck == sequence && (ulong)(time - other.lastAckTime) < FastRetransmitLimit) return SegmentClass.FastRetransmission;
        var soon = (ulong)(time - nextTime) < (initialRtt == 0 ? ReorderingLimit : (ulong)initialRtt);
        return soon && next != sequence + length + (flag ? 1u : 0) ? SegmentClass.OutOfOrder : SegmentClass.Retransmission;
    }

    private static bool After(uint a, uint b) => unchecked((int)(a - b)) > 0;
}
