using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace SockConformance.Captures;

/// <summary>What is known of each end.</summary>
internal sealed partial class TcpTracker
{
    /// <summary>What one end has sent.</summary>
    internal struct Side
    {
        internal const byte SeenSyn = 1, SeenAck = 2, SeenData = 4, SeenFin = 8, SeenReset = 16, SeenMultiple = 32, SeenInconsistent = 64;
        private const int Remembered = 4;

        public long Packets, Bytes, Payload;
        public int Retransmissions, OutOfOrder, Gaps, ZeroWindows, KeepAlives, Resets;
        public SequenceAnalysis Analysis;
        public uint Base, InitialSequence, FurtherSyn, SynLength, End, HighestAck, FinAt, LastSyn, LastFin, LastReset, HoleStart, HoleEnd;
        public int Unanswered, Closings, Repeated, Missing;
        public Suspect Stray;
        public ushort LastWindow;
        public sbyte Scale;
        public bool BaseKnown, SynSeen, FurtherSeen, Spoke, AckSeen, HasFin, FinAcknowledged, ResetStands;
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
}
