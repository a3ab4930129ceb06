using System.Runtime.CompilerServices;
using System.Text;
using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>What others call a connection by: Wireshark's completeness, Zeek's history and the states of its ends.</summary>
internal sealed partial class TcpTracker
{
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
            case EndState.Reset:
                if (!IsAnswerAfterRefusal(segment, own)) break;
                if (other.State == EndState.SynSent) other.Become(EndState.Established);
                own.Become(EndState.Established);
                break;
            case EndState.Closed:
                if (rst && other.State != EndState.Closed) own.Become(EndState.Reset);
                break;
        }
    }

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
