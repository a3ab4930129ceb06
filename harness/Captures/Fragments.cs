namespace SockConformance.Captures;

/// <summary>
/// Puts the fragments of IP packets together again (RFC 791 §3.2, RFC 8200 §4.5), whatever their order. It keeps a bounded number of
/// unfinished packets and forgets the oldest; fragments that overlap with different bytes, or that do not fit, spoil their packet.
/// </summary>
internal sealed class Fragments
{
    private const int MostPackets = 64, LongestPacket = 65_535, MostPieces = 512;

    private readonly LinkedList<Partial> partials = []; // the oldest first

    /// <summary>The whole payload where this fragment completes it, else empty. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Add(ReadOnlySpan<byte> frame, in PacketFacts facts)
    {
        if (facts.Captured < facts.Length || facts.FragmentOffset + facts.Length > LongestPacket) return [];
        var node = Find(facts);
        var partial = node.Value;
        var data = frame.Slice(facts.PayloadOffset, facts.Length);
        var until = facts.FragmentOffset + facts.Length;
        if (!facts.MoreFragments)
        {
            if (partial.Total is { } total && total != until) partial.Spoiled = true;
            partial.Total = until;
        }

        partial.Spoiled |= !partial.Write(facts.FragmentOffset, data);
        if (partial.Spoiled || !partial.IsWhole) return [];
        partials.Remove(node);
        return partial.Bytes.AsSpan(0, partial.Total!.Value);
    }

    private LinkedListNode<Partial> Find(in PacketFacts facts)
    {
        for (var node = partials.First; node is not null; node = node.Next)
        {
            if (node.Value.Id == facts.FragmentId && node.Value.Protocol == facts.Protocol && node.Value.Source == facts.Source && node.Value.Destination == facts.Destination) return node;
        }

        if (partials.Count == MostPackets) partials.RemoveFirst();
        return partials.AddLast(new Partial { Id = facts.FragmentId, Protocol = facts.Protocol, Source = facts.Source, Destination = facts.Destination });
    }

    private sealed class Partial
    {
        private readonly List<(int From, int To)> pieces = []; // apart from each other

        public uint Id { get; init; }

        public byte Protocol { get; init; }

        public Endpoint Source { get; init; }

        public Endpoint Destination { get; init; }

        public byte[] Bytes { get; private set; } = new byte[4096];

        public int? Total { get; set; }

        public bool Spoiled { get; set; }

        public bool IsWhole => pieces is [(0, var to)] && to == Total;

        /// <summary>False where bytes that are there already are others, or where there are more holes than any network makes.</summary>
        public bool Write(int offset, ReadOnlySpan<byte> data)
        {
            if (offset + data.Length > Bytes.Length)
            {
                var larger = new byte[Math.Min(LongestPacket, Math.Max(Bytes.Length * 2, offset + data.Length))];
                Bytes.CopyTo(larger, 0);
                Bytes = larger;
            }

            var (from, to) = (offset, offset + data.Length);
            for (var i = pieces.Count - 1; i >= 0; i--)
            {
                var (a, b) = pieces[i];
                var (start, stop) = (Math.Max(a, offset), Math.Min(b, offset + data.Length));
                if (start < stop && !Bytes.AsSpan(start, stop - start).SequenceEqual(data[(start - offset)..(stop - offset)])) return false;
                if (b < from || a > to) continue;
                (from, to) = (Math.Min(from, a), Math.Max(to, b));
                pieces.RemoveAt(i);
            }

            data.CopyTo(Bytes.AsSpan(offset));
            pieces.Add((from, to));
            return pieces.Count <= MostPieces;
        }
    }
}
