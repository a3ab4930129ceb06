using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What came, laid beside what is due.</summary>
/// <param name="DifferenceAt">The first offset at which something else came than is due; -1 if there is none.</param>
/// <param name="Missing">How many replies have not come whole.</param>
/// <param name="ExtraAt">Where bytes begin that nobody asked for; -1 if there are none.</param>
internal readonly record struct ReplyMatch(int DifferenceAt, string Expected, int Missing, int ExtraAt)
{
    /// <param name="complete">The end of file has come: a reply that only it can end is whole.</param>
    public static ReplyMatch Of(ServiceSpec service, Owed owed, ReadOnlySpan<byte> received, bool complete)
    {
        if (owed.Exact is { } exact)
        {
            var common = Math.Min(received.Length, exact.Length);
            var same = received[..common].CommonPrefixLength(exact.AsSpan(0, common));
            if (same < common) return new ReplyMatch(same, Excerpt(exact, same), 0, -1);
            return new ReplyMatch(-1, "", MissingIn(owed, received.Length), received.Length > exact.Length && !owed.Open ? exact.Length : -1);
        }

        var at = 0;
        foreach (var (number, due) in owed.Due.Index())
        {
            var rest = received[at..];
            if (due.Exact is { } bytes)
            {
                var common = Math.Min(rest.Length, bytes.Length);
                var same = rest[..common].CommonPrefixLength(bytes.AsSpan(0, common));
                if (same < common) return new ReplyMatch(at + same, Excerpt(bytes, same), 0, -1);
                if (rest.Length < bytes.Length) return new ReplyMatch(-1, "", owed.Due.Length - number, -1);
                at += bytes.Length;
                continue;
            }

            var frame = service.Reply is Framing.UntilEof && complete && rest.Length > 0 ? new Frame(FrameStatus.Whole, rest.Length, 0, rest.Length) : service.Reply.Take(rest);
            if (frame.Status == FrameStatus.Broken) return new ReplyMatch(at, $"a {service.Reply}", 0, -1);
            if (frame.Status == FrameStatus.Partial) return new ReplyMatch(-1, "", owed.Due.Length - number, -1);
            if (due.Pattern is { } pattern && !pattern.Matches(frame.Payload(rest))) return new ReplyMatch(at, $"{due}", 0, -1);
            at += frame.Total;
        }

        return new ReplyMatch(-1, "", 0, at < received.Length && !owed.Open ? at : -1);
    }

    private static string Excerpt(ReadOnlySpan<byte> bytes, int at) => $"{Payload.Literal.Of(bytes[at..Math.Min(bytes.Length, at + 16)])}";

    private static int MissingIn(Owed owed, int received)
    {
        var (missing, at) = (0, 0);
        foreach (var due in owed.Due)
        {
            at += due.Exact!.Length;
            if (at > received) missing++;
        }

        return missing;
    }
}
