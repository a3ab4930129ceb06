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

    private Side source, destination;
    private History history;
    private List<Finding>? findings;
    private long lastSyn, initialRtt;
    private byte completeness;
    private bool violated, begun;
    private Suspect data, early, acknowledgment, syn;

    /// <summary>Another connection begins in the place of this one. What was handed out stays as it was.</summary>
    public void Clear()
    {
        source.Clear();
        destination.Clear();
        (history, findings, lastSyn, initialRtt, completeness, violated, begun) = (default, null, 0, 0, 0, false, false);
        (data, early, acknowledgment, syn) = (default, default, default, default);
    }

    public int Completeness => completeness;

    public IReadOnlyList<Finding> Findings => findings ?? (IReadOnlyList<Finding>)[];

    public ref readonly Side Source => ref source;

    public ref readonly Side Destination => ref destination;

    public string HistoryText => history.ToString();

    /// <summary>Whether a SYN from this side begins another connection with the same 5-tuple: it has another number than this one's.</summary>
    public bool IsReuse(in PacketFacts segment, bool fromSource)
    {
        ref readonly var own = ref fromSource ? ref source : ref destination;
        return (segment.Flags & (TcpFlags.Syn | TcpFlags.Ack)) == TcpFlags.Syn && own.BaseKnown && segment.Sequence != own.Base;
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
            return caller.AckSeen && !Before(caller.HighestAck, destination.InitialSequence + 1) && destination.AckSeen ? Handshake.Complete : Handshake.Incomplete;
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
            if (acknowledgment.Packet != 0 && acknowledgment.FromSource != fromSource && segment.Sequence == acknowledgment.Acknowledgment && !ack)
            {
                // The number of a reset that answers an acknowledgment is the acknowledged one (RFC 9293 §3.10.7.4).
                violated |= other.Packets <= 2;
                Report(FindingKind.AckOfUnsent, acknowledgment.Packet, acknowledgment.FromSource);
            }

            NoteReset(segment, ref own, ref other, packet);
            return;
        }

        other.Unanswered = 0;
        other.ResetAfterwards(segment, this, !fromSource);
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
            if (own.HasFin && After(segment.Sequence + (uint)segment.Length, own.FinAt)) Report(FindingKind.DataAfterFin, packet, fromSource);
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
        if (beyond > other.SynLength)
        {
            violated = true;
            Report(FindingKind.WrongSynAck, packet, fromSource);
        }

        // Data that acknowledges this SYN was sent after it came, in whatever order the capture has them.
        if (data.Packet != 0 && data.FromSource != fromSource && !(data.HasAck && data.Acknowledgment == segment.Sequence + 1)) RefuseEarly(data);
        data = default;
    }

    private void RefuseEarly(in Suspect sent)
    {
        violated = true;
        Report(FindingKind.DataBeforeHandshake, sent.Packet, sent.FromSource);
    }

    /// <summary>Data of the called one before the caller's first acknowledgment, which then turns out to be the last part of the handshake.</summary>
    private void NoteEarlyData(in PacketFacts segment, ref Side own, ref Side other, bool fromSource, long packet)
    {
        if (segment.Length > 0 && !segment.Has(TcpFlags.Syn) && own is { SynSeen: true, AckSeen: true } && other is { SynSeen: true, AckSeen: false, SynLength: 0 } && early.Packet == 0)
        {
            early = new Suspect { Packet = packet, FromSource = fromSource };
        }
        else if (early.Packet != 0 && early.FromSource != fromSource)
        {
            if (segment.Length == 0 && (segment.Flags & ~TcpFlags.Psh) == TcpFlags.Ack && segment.Sequence == own.End && segment.Acknowledgment == other.InitialSequence + 1)
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
            if (acknowledgment.Packet == 0) acknowledgment = new Suspect { Packet = packet, FromSource = fromSource, Sequence = other.End, Acknowledgment = segment.Acknowledgment };
            if (other.HasFin) Report(FindingKind.AckOfUnsent, packet, fromSource); // behind a FIN there is nothing
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

    private static void NoteReset(in PacketFacts segment, ref Side own, ref Side other, long packet)
    {
        own.Resets++;
        if (own.FinAcknowledged && other.FinAcknowledged) return; // the answer to a late segment
        var window = (uint)(other.LastWindow << (own.Scale >= 0 && other.Scale >= 0 ? other.Scale : 0));
        var judged = own.SynSeen && other.SynSeen && other.AckSeen;
        var inPlace = segment.Sequence == own.End || segment.Sequence - other.HighestAck <= window;
        own.ResetStands = true;
        own.DoubtfulReset = judged && !inPlace ? packet : 0;
    }

    /// <summary>What was suspected of earlier segments and is proven, or not, by this one.</summary>
    private void Resolve(in PacketFacts segment, ref Side own, ref Side other, bool fromSource)
    {
        if ((segment.Flags & TcpFlags.Ack) != 0 && !segment.Has(TcpFlags.Syn)) own.LastWindow = segment.Window;
        var pure = segment.Length == 0 && (segment.Flags & (TcpFlags.Syn | TcpFlags.Fin | TcpFlags.Rst)) == 0;

        // A pure ACK carries the sender's next number: it has indeed not sent more than was seen.
        if (acknowledgment.Packet != 0 && fromSource != acknowledgment.FromSource)
        {
            if (pure && segment.Sequence == acknowledgment.Sequence && own.End == acknowledgment.Sequence) Report(FindingKind.AckOfUnsent, acknowledgment.Packet, acknowledgment.FromSource);
            if (pure || segment.Length > 0) acknowledgment = default;
        }

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
            if (own.Stray.HasAck && !After(segment.Sequence, own.End)) Report(FindingKind.OutOfWindow, own.Stray.Packet, fromSource);
            else if (After(segment.Sequence, own.End)) own.End = own.Stray.Acknowledgment; // the connection is there now: the capture has a gap
            own.Stray = default;
        }
    }

    /// <summary>Whether a segment lies behind the window as it was last heard of, or far before it (RFC 9293 §3.10.7.4, RFC 7323 §2.3).</summary>
    private static bool IsBeyond(in PacketFacts segment, ref Side own, ref Side other)
    {
        if (!other.SynSeen || !other.AckSeen) return false;
        var scale = own.Scale >= 0 && other.Scale >= 0 ? (int)other.Scale : 0;
        var ahead = unchecked((int)(segment.Sequence - other.HighestAck));
        return ahead > Math.Max((long)other.LastWindow << scale, 1) + LargestSlack || ahead < -((long)LargestWindow << scale);
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
        public long Packet;
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
        public long DoubtfulReset;
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

        /// <summary>A reset that was out of place and after which the connection went on was none.</summary>
        public void ResetAfterwards(in PacketFacts segment, TcpTracker tracker, bool fromSource)
        {
            if (DoubtfulReset == 0 || (segment.Length == 0 && !segment.Has(TcpFlags.Fin))) return;
            ResetStands = false;
            tracker.Report(FindingKind.ResetOutOfWindow, DoubtfulReset, fromSource);
            DoubtfulReset = 0;
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
