using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
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
internal sealed class TcpTracker
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

    /// <summary>Wireshark's tcp.completeness: 1 SYN (the first segment only), 2 SYN+ACK, 4 ACK, 8 data, 16 FIN, 32 RST.</summary>
    private void NoteCompleteness(in PacketFacts segment)
    {
        const byte Syn = 1, SynAck = 2, Ack = 4, Data = 8, Fin = 16, Rst = 32;
        var start = segment.Flags & (TcpFlags.Syn | TcpFlags.Ack);
        if (!begun)
        {
            begun = true;
            if (start == TcpFlags.Syn) completeness |= (byte)(Syn | (segment.Length > 0 ? Data : 0));
        }

        if (start == (TcpFlags.Syn | TcpFlags.Ack)) completeness |= SynAck;
        if (start == TcpFlags.Ack) completeness |= segment.Length > 0 ? Data : Ack;
        if (segment.Has(TcpFlags.Fin | TcpFlags.Ack)) completeness |= Fin;
        if (segment.Has(TcpFlags.Rst)) completeness |= Rst;
    }

    /// <summary>Zeek's history: a letter for each first of its kind, upper case for the source.</summary>
    private void NoteHistory(in PacketFacts segment, ref Side own, ref Side other, bool fromSource)
    {
        var (syn, fin, rst) = (segment.Has(TcpFlags.Syn), segment.Has(TcpFlags.Fin), segment.Has(TcpFlags.Rst));
        if ((syn ? 1 : 0) + (fin ? 1 : 0) + (rst ? 1 : 0) > 1)
        {
            if (own.First(fin && rst ? Side.SeenInconsistent : Side.SeenMultiple)) history.Add(fin && rst ? 'I' : 'Q', fromSource);
        }
        else if (syn)
        {
            if (own.FirstOrOther(Side.SeenSyn, segment.Sequence, ref own.LastSyn)) history.Add(segment.Has(TcpFlags.Ack) ? 'H' : 'S', fromSource);
        }
        else if (fin)
        {
            if (own.FirstOrOther(Side.SeenFin, segment.Sequence + (uint)segment.Length, ref own.LastFin)) history.Add('F', fromSource);
        }
        else if (rst)
        {
            if (own.FirstOrOther(Side.SeenReset, segment.Sequence, ref own.LastReset)) history.Add('R', fromSource);
        }
        else if (segment.Length > 0)
        {
            if (own.First(Side.SeenData)) history.Add('D', fromSource);
        }
        else if (segment.Has(TcpFlags.Ack) && own.First(Side.SeenAck))
        {
            history.Add('A', fromSource);
        }

        if (segment.Window == 0 && !rst && other.State != EndState.Closed && own.State != EndState.Reset) history.AddScaled('W', ref own.Closings, fromSource);
        if (segment.Length > 0 && !rst && own.Spoke && !After(segment.Sequence + (uint)segment.Length, own.End)) history.AddScaled('T', ref own.Repeated, fromSource);
    }

    private static void NoteState(in PacketFacts segment, ref Side own, ref Side other, bool fromSource)
    {
        var (syn, ack, fin, rst) = (segment.Has(TcpFlags.Syn), segment.Has(TcpFlags.Ack), segment.Has(TcpFlags.Fin), segment.Has(TcpFlags.Rst));
        switch (own.State)
        {
            case EndState.Inactive:
                if (syn && fromSource) own.Become(ack ? EndState.SynAckSent : EndState.SynSent);
                if (syn && !fromSource)
                {
                    if (other.State == EndState.SynSent) other.Become(EndState.Established);
                    own.Become(EndState.Established);
                }

                if (fin) own.Become(EndState.Closed);
                if (rst) own.Become(EndState.Reset);
                if (own.State == EndState.Inactive && !(!fromSource && segment.Length == 0 && other.State == EndState.SynSent))
                    own.Become(ack && other.State == EndState.Established ? EndState.Established : EndState.Partial);
                break;
            case EndState.SynSent or EndState.SynAckSent:
                if (fin) own.Become(EndState.Closed);
                if (rst) own.Become(EndState.Reset);
                break;
            case EndState.Established or EndState.Partial:
                if (syn && !ack && own.State == EndState.Partial && other.State == EndState.Inactive) own.Become(EndState.SynSent);
                if (fin && !rst)
                {
                    own.Become(EndState.Closed);
                    if (other is { State: EndState.Reset, Before: EndState.Closed }) other.Become(EndState.Closed);
                }

                if (rst) own.Become(EndState.Reset);
                break;
            case EndState.Closed:
                if (rst && other.State != EndState.Closed) own.Become(EndState.Reset);
                break;
        }
    }

    private void Judge(in PacketFacts segment, ref Side own, ref Side other, bool fromSource, long packet, ReadOnlySpan<byte> payload)
    {
        var (syn, ack, fin, rst) = (segment.Has(TcpFlags.Syn), segment.Has(TcpFlags.Ack), segment.Has(TcpFlags.Fin), segment.Has(TcpFlags.Rst));
        var end = segment.Sequence + (uint)segment.Length + (syn ? 1u : 0) + (fin ? 1u : 0);
        if (syn && (fin || rst)) Report(FindingKind.SynFin, packet, fromSource);
        if (fin && rst) Report(FindingKind.FinReset, packet, fromSource);
        Resolve(segment, ref own, ref other, fromSource);
        if (rst)
        {
            if (wrong.Packet != 0 && wrong.HasAck && wrong.FromSource != fromSource && segment.Sequence == wrong.Acknowledgment && !ack)
            {
                // The number of a reset that answers an acknowledgment is the acknowledged one (RFC 9293 §3.10.7.3).
                violated = true;
                Report(FindingKind.WrongSynAck, wrong.Packet, wrong.FromSource);
            }

            if (acknowledgment.Packet != 0 && acknowledgment.FromSource != fromSource && segment.Sequence == acknowledgment.Acknowledgment && !ack && !fromSource && own is { AckSeen: true, Packets: 2 } && other is { SynSeen: true, Packets: 2 })
            {
                // It is refused by who has sent a SYN+ACK and no more; later on the capture may have missed what is acknowledged.
                violated = true;
                Report(FindingKind.AckOfUnsent, acknowledgment.Packet, acknowledgment.FromSource);
            }

            NoteReset(segment, ref own, ref other, fromSource, packet);
            return;
        }

        other.Unanswered = 0;
        if (reset.Packet != 0) NoteAfterReset(segment, ref own, fromSource);
        NoteEarlyData(segment, ref own, ref other, fromSource, packet);
        if (syn) NoteSyn(segment, ref own, ref other, fromSource, packet);
        if (ack) NoteAck(segment, ref own, ref other, fromSource, packet);
        if (end == segment.Sequence) return; // it takes no sequence numbers

        if (!own.Spoke)
        {
            (own.Spoke, own.End) = (true, end);
        }
        else if (!syn && own.SynSeen && IsBeyond(segment, ref own, ref other))
        {
            own.Stray = new Suspect { Packet = packet, FromSource = fromSource, Sequence = segment.Sequence, Acknowledgment = end };
            return; // nothing is known of it until more comes
        }
        else
        {
            if (!After(end, own.End)) own.Unanswered++;
            if (segment.Length > 1 && !syn) own.Compare(segment, payload, this, fromSource, packet);
            if (own.HasFin && segment.Sequence + (uint)segment.Length - own.FinAt - 1 < LargestWindow) Report(FindingKind.DataAfterFin, packet, fromSource);
            if (After(segment.Sequence, own.End)) (own.HoleStart, own.HoleEnd) = (own.End, segment.Sequence);
            else if (!After(segment.Sequence, own.HoleStart) && !Before(end, own.HoleEnd)) own.HoleEnd = own.HoleStart;
            if (After(end, own.End)) own.End = end;
        }

        if (fin && !own.HasFin) (own.HasFin, own.FinAt) = (true, end - 1);
        if (segment.Length > 0 && !syn && own.SynSeen && !other.SynSeen && data.Packet == 0) data = new Suspect { Packet = packet, FromSource = fromSource, Acknowledgment = segment.Acknowledgment, HasAck = ack };
        if (segment.Length > 0 && !syn && !ack && own.SynSeen && !other.SynSeen) RefuseEarly(new Suspect { Packet = packet, FromSource = fromSource });
    }

    private void NoteSyn(in PacketFacts segment, ref Side own, ref Side other, bool fromSource, long packet)
    {
        if (own.SynSeen && other is { SynSeen: true, AckSeen: true } && own.AckSeen && !segment.Has(TcpFlags.Ack)) Report(FindingKind.SynInConnection, packet, fromSource);
        if (!own.SynSeen) (own.SynSeen, own.InitialSequence, own.Scale, own.SynLength) = (true, segment.Sequence, segment.WindowScale, (uint)segment.Length);
        if (!segment.Has(TcpFlags.Ack) || !other.SynSeen) return;

        // A SYN that carries data may have it acknowledged at once, or not (RFC 7413).
        var beyond = segment.Acknowledgment - (other.InitialSequence + 1);
        if (beyond > other.SynLength && wrong.Packet == 0) wrong = new Suspect { Packet = packet, FromSource = fromSource, Acknowledgment = segment.Acknowledgment, HasAck = IsSlip(segment, other) };

        // Data that acknowledges this SYN was sent after it came, in whatever order the capture has them.
        if (data.Packet != 0 && data.FromSource != fromSource && !(data.HasAck && After(data.Acknowledgment, segment.Sequence))) RefuseEarly(data);
        data = default;
    }

    /// <summary>
    /// A wrong number in a SYN+ACK may be the right one for another SYN, which the capture has not: an old duplicate, or that of a further attempt. Such a number
    /// looks like any; one that somebody arrives at by mistake (the SYN's own or a few beyond, zero, the sender's own, the bytes turned round) it has only by chance.
    /// </summary>
    private static bool IsSlip(in PacketFacts segment, in Side caller)
    {
        const uint Near = 16;
        var number = segment.Acknowledgment;
        return number - caller.InitialSequence <= caller.SynLength + Near || number == 0 || number - segment.Sequence <= 1 || number == BinaryPrimitives.ReverseEndianness(caller.InitialSequence + 1);
    }

    private void RefuseEarly(in Suspect sent)
    {
        violated = true;
        Report(FindingKind.DataBeforeHandshake, sent.Packet, sent.FromSource);
    }

    /// <summary>
    /// Data of the called one before the caller's first acknowledgment, which then turns out to be the last part of the handshake. That one may be
    /// missing in the capture, and this one be a repetition of it; so the data must have come sooner than a round trip behind the SYN+ACK, and be all there was.
    /// </summary>
    private void NoteEarlyData(in PacketFacts segment, ref Side own, ref Side other, bool fromSource, long packet)
    {
        if (segment.Has(TcpFlags.Syn | TcpFlags.Ack)) lastSynAck = now;
        if (segment.Length > 0 && !segment.Has(TcpFlags.Syn) && early.Packet == 0 && own is { SynSeen: true, AckSeen: true, Packets: 2 } && other is { SynSeen: true, AckSeen: false, SynLength: 0 }
            && segment.Sequence == own.InitialSequence + 1 && now >= lastSynAck && (now - lastSynAck) * 4 < lastSynAck - lastSyn)
        {
            early = new Suspect { Packet = packet, FromSource = fromSource, Time = now };
        }
        else if (early.Packet > 0 && early.FromSource != fromSource)
        {
            if (other.Packets == 2 && now - early.Time > Disorder && segment.Length == 0 && (segment.Flags & ~TcpFlags.Psh) == TcpFlags.Ack && segment.Sequence == own.End && segment.Acknowledgment == other.InitialSequence + 1)
            {
                RefuseEarly(early);
            }

            early = new Suspect { Packet = -1 };
        }
    }

    private void NoteAck(in PacketFacts segment, ref Side own, ref Side other, bool fromSource, long packet)
    {
        if (other.SynSeen && other.Spoke && After(segment.Acknowledgment, other.End) && !segment.Has(TcpFlags.Syn))
        {
            if (acknowledgment.Packet == 0) acknowledgment = new Suspect { Packet = packet, FromSource = fromSource, Sequence = other.End, Acknowledgment = segment.Acknowledgment, Time = now };

            // Behind a FIN there is nothing; what is far behind it is of a later connection, the beginning of which the capture has not.
            if (other.HasFin && segment.Acknowledgment - other.FinAt - 2 < LargestWindow) Report(FindingKind.AckOfUnsent, packet, fromSource);
            if (!segment.Has(TcpFlags.Fin)) history.AddScaled('G', ref other.Missing, !fromSource);
        }
        else if (other.HoleEnd != other.HoleStart && After(segment.Acknowledgment, other.HoleStart) && !segment.Has(TcpFlags.Fin))
        {
            other.HoleEnd = other.HoleStart;
            history.AddScaled('G', ref other.Missing, !fromSource);
        }

        if (!own.AckSeen || After(segment.Acknowledgment, own.HighestAck)) (own.AckSeen, own.HighestAck) = (true, segment.Acknowledgment);
        if (other.HasFin && segment.Acknowledgment == other.FinAt + 1) other.FinAcknowledged = true;
    }

    private void NoteReset(in PacketFacts segment, ref Side own, ref Side other, bool fromSource, long packet)
    {
        own.Resets++;
        if (!resetSeen && !fromSource && (segment.Has(TcpFlags.Ack) || !own.HasFin))
        {
            OwnReset = packet;
            if (segment.Has(TcpFlags.Ack) && other is { HasFin: true, SynSeen: true } && segment.Acknowledgment == other.FinAt + 1 && own is { HasFin: false, Spoke: true } && segment.Sequence == own.End) Abort = packet;
        }

        resetSeen = true;
        if (own.FinAcknowledged && other.FinAcknowledged) return; // the answer to a late segment
        var window = (uint)(other.LastWindow << (own.Scale >= 0 && other.Scale >= 0 ? other.Scale : 0));
        var judged = own.SynSeen && other.SynSeen && other.AckSeen && own.End - other.HighestAck <= window + LargestSlack;
        var inPlace = segment.Sequence == own.End || segment.Sequence - other.HighestAck <= window;
        if (!judged || inPlace) reset = default;
        else if (!own.ResetStands) reset = new Suspect { Packet = packet, FromSource = fromSource, Acknowledgment = other.End, Time = now };
        own.ResetStands = true;
    }

    /// <summary>
    /// A reset that was out of place ended nothing if its sender goes on: it acknowledges what the other end sent afterwards. What the other end
    /// sends by itself proves nothing, as it may have been on its way, and a closed socket answers it with resets that are old, too.
    /// </summary>
    private void NoteAfterReset(in PacketFacts segment, ref Side own, bool fromSource)
    {
        if (fromSource != reset.FromSource || !segment.Has(TcpFlags.Ack) || segment.Acknowledgment - reset.Acknowledgment - 1 >= LargestWindow || now - reset.Time <= Disorder) return;
        own.ResetStands = false;
        Report(FindingKind.ResetOutOfWindow, reset.Packet, fromSource);
        reset = default;
    }

    /// <summary>What was suspected of earlier segments and is proven, or not, by this one.</summary>
    private void Resolve(in PacketFacts segment, ref Side own, ref Side other, bool fromSource)
    {
        if ((segment.Flags & TcpFlags.Ack) != 0 && !segment.Has(TcpFlags.Syn)) own.LastWindow = segment.Window;
        var pure = segment.Length == 0 && (segment.Flags & (TcpFlags.Syn | TcpFlags.Fin | TcpFlags.Rst)) == 0;

        if (acknowledgment.Packet != 0) ResolveAcknowledgment(segment, ref own, ref other, fromSource, pure);

        // The other end speaks of the old connection after the SYN: that one was alive.
        if (syn.Packet != 0 && fromSource != syn.FromSource)
        {
            if (!segment.Has(TcpFlags.Syn) && !segment.Has(TcpFlags.Rst) && segment.Acknowledgment == syn.Sequence && segment.Sequence == syn.Acknowledgment) Report(FindingKind.SynInConnection, syn.Packet, syn.FromSource);
            syn = default;
        }

        if (other.Stray.Packet != 0 && (segment.Flags & TcpFlags.Ack) != 0)
        {
            // The receiver has all before it, and no more: it does not know of it.
            if (segment.Acknowledgment == other.End) other.Stray.HasAck = true;
            else if (After(segment.Acknowledgment, other.End)) (other.End, other.Stray) = (other.Stray.Acknowledgment, default);
        }

        if (own.Stray.Packet != 0 && (segment.Length > 0 || segment.Has(TcpFlags.Fin) || pure))
        {
            if (own.Stray.HasAck && !After(segment.Sequence, own.End) && After(own.Stray.Sequence, own.End)) Report(FindingKind.OutOfWindow, own.Stray.Packet, fromSource);
            else if (After(segment.Sequence, own.End)) own.End = own.Stray.Acknowledgment; // the connection is there now: the capture has a gap
            own.Stray = default;
        }
    }

    /// <summary>
    /// Was it acknowledged, or has the capture missed it? A pure ACK of the sender, which carries its next number, its next bytes or FIN with that
    /// very number, and an acknowledgment of these that takes the first one back: one or two of them a loss and disorder can feign, but not all three.
    /// </summary>
    private void ResolveAcknowledgment(in PacketFacts segment, ref Side own, ref Side other, bool fromSource, bool pure)
    {
        if (fromSource == acknowledgment.FromSource)
        {
            if (!acknowledgment.HasAck || !segment.Has(TcpFlags.Ack) || !After(segment.Acknowledgment, acknowledgment.Sequence) || now - acknowledgment.Time <= Disorder) return;
            if (segment.Acknowledgment == other.End && Before(segment.Acknowledgment, acknowledgment.Acknowledgment)) Report(FindingKind.AckOfUnsent, acknowledgment.Packet, fromSource);
            acknowledgment = default;
        }
        else if (!acknowledgment.HasAck)
        {
            if (pure) acknowledgment.HasAck = segment.Sequence == acknowledgment.Sequence && own.End == acknowledgment.Sequence;
            if (!acknowledgment.HasAck && (pure || segment.Length > 0)) acknowledgment = default;
        }
        else if (own.End == acknowledgment.Sequence && segment.Sequence != acknowledgment.Sequence)
        {
            acknowledgment = default;
        }
    }

    /// <summary>Whether a segment lies behind the window as it was last heard of, or far before it (RFC 9293 §3.10.7.4, RFC 7323 §2.3).</summary>
    private static bool IsBeyond(in PacketFacts segment, ref Side own, ref Side other)
    {
        if (!other.SynSeen || !other.AckSeen) return false;
        var scale = own.Scale >= 0 && other.Scale >= 0 ? (int)other.Scale : 0;
        var ahead = unchecked((int)(segment.Sequence - other.HighestAck));
        var most = Math.Max((long)other.LastWindow << scale, 1) + LargestSlack;
        if (Math.Abs((long)unchecked((int)(own.End - other.HighestAck))) > most) return false; // the capture has a gap, or the beginning of another connection is missing
        return ahead > most || ahead < -((long)LargestWindow << scale);
    }

    private void Report(FindingKind kind, long packet, bool fromSource)
    {
        findings ??= [];
        if (findings.Count < MostFindings && !findings.Contains(new Finding(kind, packet, fromSource))) findings.Add(new Finding(kind, packet, fromSource));
    }

    private static bool After(uint a, uint b) => unchecked((int)(a - b)) > 0;

    private static bool Before(uint a, uint b) => unchecked((int)(a - b)) < 0;

    internal enum EndState : byte
    {
        Inactive,
        SynSent,
        SynAckSent,
        Partial,
        Established,
        Closed,
        Reset,
    }

    /// <summary>A segment that may be wrong; what follows it decides.</summary>
    internal struct Suspect
    {
        public long Packet, Time;
        public uint Sequence, Acknowledgment;
        public bool FromSource, HasAck;
    }

    /// <summary>What one end has sent.</summary>
    internal struct Side
    {
        internal const byte SeenSyn = 1, SeenAck = 2, SeenData = 4, SeenFin = 8, SeenReset = 16, SeenMultiple = 32, SeenInconsistent = 64;
        private const int Remembered = 4;

        public long Packets, Bytes, Payload;
        public int Retransmissions, OutOfOrder, Gaps, ZeroWindows, KeepAlives, Resets;
        public SequenceAnalysis Analysis;
        public uint Base, InitialSequence, SynLength, End, HighestAck, FinAt, LastSyn, LastFin, LastReset, HoleStart, HoleEnd;
        public int Unanswered, Closings, Repeated, Missing;
        public Suspect Stray;
        public ushort LastWindow;
        public sbyte Scale;
        public bool BaseKnown, SynSeen, Spoke, AckSeen, HasFin, FinAcknowledged, ResetStands;
        public EndState State, Before;
        private byte seen;
        private int nextRemembered;
        private Recent recent;
        private Tail? tail;

        /// <summary>Only the memory of the tail is kept, the largest part of all.</summary>
        public void Clear()
        {
            var kept = tail;
            this = default;
            tail = kept;
            tail?.Clear();
        }

        public void Become(EndState state) => (Before, State) = (State, state);

        public bool First(byte kind)
        {
            if ((seen & kind) != 0) return false;
            seen |= kind;
            return true;
        }

        public bool FirstOrOther(byte kind, uint number, ref uint last)
        {
            var counts = First(kind) || number != last;
            last = number;
            return counts;
        }

        public void Count(SegmentClass found)
        {
            if ((found & SegmentClass.AnyRetransmission) != 0) Retransmissions++;
            if ((found & SegmentClass.OutOfOrder) != 0) OutOfOrder++;
            if ((found & SegmentClass.PreviousNotCaptured) != 0) Gaps++;
            if ((found & SegmentClass.ZeroWindow) != 0) ZeroWindows++;
            if ((found & SegmentClass.KeepAlive) != 0) KeepAlives++;
        }

        /// <summary>Lays a segment beside an earlier one with the same numbers; of the last few a sum is kept.</summary>
        public void Compare(in PacketFacts segment, ReadOnlySpan<byte> payload, TcpTracker tracker, bool fromSource, long packet)
        {
            if (payload.Length < segment.Length) return;
            var sum = XxHash3.HashToUInt64(payload);
            foreach (ref readonly var one in recent[..])
            {
                if (one.Length != segment.Length || one.Sequence != segment.Sequence) continue;
                if (one.Sum != sum) tracker.Report(FindingKind.OverlapDiffers, packet, fromSource);
                return;
            }

            recent[nextRemembered] = (segment.Sequence, segment.Length, sum);
            nextRemembered = (nextRemembered + 1) % Remembered;
            if (!(tail ??= new Tail()).Agrees(segment.Sequence, payload)) tracker.Report(FindingKind.OverlapDiffers, packet, fromSource);
        }

        [InlineArray(Remembered)]
        private struct Recent
        {
            private (uint Sequence, int Length, ulong Sum) first;
        }
    }

    /// <summary>The last bytes of a stream, to lay beside bytes that come again in other pieces.</summary>
    private sealed class Tail
    {
        private const int Most = 512, Least = 64;

        private byte[] bytes = new byte[Least]; // most requests are short: all of it at once would be half the memory of a flow
        private uint end;
        private int count;

        public void Clear() => (end, count) = (0, 0);

        /// <summary>False where bytes that are remembered come again as others. New ones are remembered.</summary>
        public bool Agrees(uint sequence, ReadOnlySpan<byte> payload)
        {
            var known = count == 0 ? 0 : unchecked((int)(end - sequence)); // so many of the payload's bytes are not new
            if (known < 0 || count == 0) (count, known) = (0, 0);
            var before = Math.Max(0, known - count);
            var compared = Math.Min(known, payload.Length) - before;
            var agrees = compared <= 0 || payload.Slice(before, compared).SequenceEqual(bytes.AsSpan(count - known + before, compared));
            if (known >= payload.Length) return agrees;
            end = sequence + (uint)payload.Length;
            var fresh = payload[known..];
            if (fresh.Length > Most) fresh = fresh[^Most..];
            var kept = Math.Min(count, Most - fresh.Length);
            if (kept + fresh.Length > bytes.Length) Array.Resize(ref bytes, Math.Min(Most, (int)BitOperations.RoundUpToPowerOf2((uint)(kept + fresh.Length))));
            bytes.AsSpan(count - kept, kept).CopyTo(bytes);
            fresh.CopyTo(bytes.AsSpan(kept));
            count = kept + fresh.Length;
            return agrees;
        }
    }

    /// <summary>A few letters; what comes beyond them is not recorded.</summary>
    private struct History
    {
        private const int Most = 32;

        private Letters letters;
        private int count;

        public void Add(char letter, bool fromSource)
        {
            if (count < Most) letters[count++] = (byte)(fromSource ? letter : char.ToLowerInvariant(letter));
        }

        /// <summary>The first time, the tenth, the hundredth, and so on.</summary>
        public void AddScaled(char letter, ref int count, bool fromSource)
        {
            var rest = ++count;
            while (rest > 1 && rest % 10 == 0) rest /= 10;
            if (rest == 1) Add(letter, fromSource);
        }

        /// <summary>The source's SYN, and then its reset before anything else but data.</summary>
        public readonly bool IsSynThenReset
        {
            get
            {
                if (count == 0 || letters[0] != 'S') return false;
                for (var i = 1; i < count; i++)
                {
                    if (letters[i] == 'R') return true;
                    if ("HAFGIQ".Contains((char)letters[i], StringComparison.Ordinal)) return false;
                }

                return false;
            }
        }

        public override readonly string ToString() => Encoding.ASCII.GetString(letters[..count]);

        [InlineArray(Most)]
        private struct Letters
        {
            private byte first;
        }
    }
}
