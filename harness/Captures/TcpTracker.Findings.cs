using System.Buffers.Binary;
using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>What a capture can prove to be wrong. A loss in the capture or disorder of two packets must not look like it: some segments are suspects, until others decide.</summary>
internal sealed partial class TcpTracker
{
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
        if (syn && segment.Sequence != own.InitialSequence)
        {
            (own.FurtherSeen, own.FurtherSyn) = (true, segment.Sequence); // the caller takes one of them
            return;
        }

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
        if (IsAnswerAfterRefusal(segment, own)) (own.ResetStands, resetSeen, OwnReset) = (false, false, 0);
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
    /// The caller tries again with the same SYN after a reset, as some do, and is not refused any more. A reset with the SYN+ACK's next number is its own, and
    /// came before it in the file only.
    /// </summary>
    private static bool IsAnswerAfterRefusal(in PacketFacts segment, in Side own) =>
        own is { SynSeen: false, ResetStands: true } && (segment.Flags & (TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Fin | TcpFlags.Rst)) == (TcpFlags.Syn | TcpFlags.Ack) && own.LastReset != segment.Sequence + 1;

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
        if (other.FurtherSeen && !own.AckSeen && segment.Acknowledgment == other.FurtherSyn + 1) (other.InitialSequence, other.End) = (other.FurtherSyn, segment.Acknowledgment);
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

    /// <summary>A segment that may be wrong; what follows it decides.</summary>
    internal struct Suspect
    {
        public long Packet, Time;
        public uint Sequence, Acknowledgment;
        public bool FromSource, HasAck;
    }
}
