using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Report;

/// <summary>The key log of a run (NSS format): a line for each secret, named by the client random of its session.</summary>
internal static partial class KeyLog
{
    // A ClientHello is at the start of what a client sends; what a case has said beneath TLS before it is less than this.
    private const int Searched = 256 * 1024, MaxLines = 1_000_000;

    /// <summary>The lines whose client random occurs in these segments, each with its end; the empty text for none, or where there is no key log.</summary>
    public static string LinesFor(string path, LinkType link, IEnumerable<Segment> segments)
    {
        if (!File.Exists(path)) return "";
        var streams = Streams(link, segments);
        var lines = new StringBuilder();
        var known = new Dictionary<string, bool>();

        // The library keeps the file open for the sessions to come.
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        for (var count = 0; count < MaxLines && reader.ReadLine() is { } line; count++)
        {
            if (Line().Match(line) is not { Success: true } match) continue;
            var random = match.Groups["random"].Value;
            if (!known.TryGetValue(random, out var occurs))
            {
                var bytes = Convert.FromHexString(random);
                known[random] = occurs = streams.Exists(stream => CollectionsMarshal.AsSpan(stream).IndexOf(bytes) >= 0);
            }

            if (occurs) lines.Append(line).Append('\n');
        }

        return lines.ToString();
    }

    /// <summary>What was sent in each direction of each connection, in the order of its sequence numbers: a ClientHello may come in many pieces.</summary>
    private static List<List<byte>> Streams(LinkType link, IEnumerable<Segment> segments)
    {
        var directions = segments.Select(segment => (segment.Frame, Facts: FactsOf(link, segment)))
            .Where(one => one.Facts is { Kind: PacketKind.Tcp, Captured: > 0 }).GroupBy(one => (one.Facts.Source, one.Facts.Destination));
        var streams = new List<List<byte>>();
        foreach (var direction in directions)
        {
            var start = direction.First().Facts.Sequence;
            var stream = new List<byte>();
            var end = int.MinValue;
            foreach (var (frame, facts) in direction.OrderBy(one => unchecked((int)(one.Facts.Sequence - start))))
            {
                var at = unchecked((int)(facts.Sequence - start));
                var payload = frame.Span.Slice(facts.PayloadOffset, facts.Captured);
                if (end != int.MinValue && at < end) payload = payload[Math.Min(payload.Length, end - at)..]; // sent again
                if (stream.Count < Searched) stream.AddRange(payload);
                end = Math.Max(end, at + facts.Captured);
            }

            streams.Add(stream);
        }

        return streams;
    }

    private static PacketFacts FactsOf(LinkType link, Segment segment)
    {
        FrameDecoder.Decode(link, segment.Frame.Span, segment.Frame.Length, out var facts);
        return facts;
    }

    [GeneratedRegex("^[A-Z0-9_]{1,64} (?<random>[0-9A-Fa-f]{64}) [0-9A-Fa-f]{1,512}$")]
    private static partial Regex Line();
}
