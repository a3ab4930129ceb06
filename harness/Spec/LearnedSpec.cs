using System.Globalization;
using System.Text;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>
/// A spec to start from, out of captured conversations: the framing that fits, a transformation where one explains all replies, else each request with its reply; what
/// clients said are its examples. A guess for people to check: a capture shows what a server did, not what it should do.
/// </summary>
internal static class LearnedSpec
{
    private const int MostExamples = 32, LongestExample = 1024;

    private static readonly (string Name, Func<byte[], byte[]> Apply)[] Transforms =
    [
        ("same", bytes => bytes),
        ("upper", bytes => [.. bytes.Select(b => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b)]),
        ("lower", bytes => [.. bytes.Select(b => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b + 32) : b)]),
        ("reverse", bytes => [.. bytes.Reverse()]),
    ];

    /// <summary>Null where the conversations have nothing to learn from: no request, or no reply to any.</summary>
    public static string? Text(string name, Recording recording)
    {
        var datagrams = recording.Conversations.Any(one => one.Flow.Protocol == Transport.Udp);
        var terminator = datagrams ? [] : Terminator(recording);
        var (greeting, pairs) = (datagrams ? null : Greeting(recording), (datagrams ? Datagrams(recording) : Pairs(recording, terminator)).Where(pair => pair.Request.Length is > 0 and <= LongestExample).ToList());
        if (pairs.Count == 0) return null;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Learned from {recording.Conversations.Length} captured conversation{(recording.Conversations.Length == 1 ? "" : "s")}: what the server did, which may not be what it should do. Read every line.\n");
        text.Append(CultureInfo.InvariantCulture, $"sockspec: 1\nname: {name}\ntitle: \"learned from a capture\"\n");
        text.Append(datagrams ? "transport: { type: udp }\n" : terminator.Length == 0 ? "framing: { stream: {} }\n" : $"framing: {{ line: {{ terminator: {Quoted(terminator)}, max: 64KiB }} }}\n");
        text.Append("dialogue:\n");
        if (greeting is not null) text.Append(CultureInfo.InvariantCulture, $"  greeting: {{ literal: {Quoted(Trimmed(greeting, terminator))} }}\n");
        text.Append("  rules:\n");
        var transform = Transforms.FirstOrDefault(one => pairs.TrueForAll(pair => pair.Reply is { } reply && one.Apply(pair.Request).AsSpan().SequenceEqual(reply)));
        var requests = pairs.Select(pair => pair.Request).DistinctBy(Convert.ToHexString).ToList();
        if (transform.Name is { } word) Rule(text, "{ any: true }", requests.Take(MostExamples), $"{{ transform: {word} }}");
        else if (pairs.TrueForAll(pair => pair.Reply is null)) Rule(text, "{ any: true }", requests.Take(MostExamples), "{ none: true }");
        else
        {
            foreach (var request in requests.Take(MostExamples))
            {
                var replies = pairs.Where(pair => pair.Request.AsSpan().SequenceEqual(request)).Select(pair => pair.Reply is null ? null : Convert.ToHexString(pair.Reply)).Distinct().ToList();
                Rule(text, $"{{ literal: {Quoted(request)} }}", [], replies switch { [null] => "{ none: true }", [{ } only] => $"{{ literal: {Quoted(Convert.FromHexString(only))} }}", _ => "{ regex: '(?s)^.*\\z' }   # it was not always the same" });
            }
        }

        return text.ToString();
    }

    private static void Rule(StringBuilder text, string condition, IEnumerable<byte[]> examples, string reply)
    {
        text.Append(CultureInfo.InvariantCulture, $"    - when: {condition}\n");
        if (examples.Select(Quoted).ToList() is { Count: > 0 } quoted) text.Append(CultureInfo.InvariantCulture, $"      generate: {{ examples: [{string.Join(", ", quoted)}] }}\n");
        text.Append(CultureInfo.InvariantCulture, $"      reply: {reply}\n");
    }

    /// <summary>CR LF or LF where all that was said, on either side, is lines that end so; empty where it is no lines.</summary>
    private static byte[] Terminator(Recording recording)
    {
        foreach (var terminator in (byte[][])["\r\n"u8.ToArray(), "\n"u8.ToArray()])
        {
            if (recording.Conversations.All(one => Fits(one.FromClient.Span) && Fits(one.FromServer.Span)) && recording.Conversations.Any(one => one.FromClient.Length > 0)) return terminator;

            bool Fits(ReadOnlySpan<byte> bytes) => bytes.Length == 0 || (bytes.EndsWith(terminator) && !bytes.Contains((byte)0) && (terminator.Length == 1 || bytes.Count("\r\n"u8) == bytes.Count((byte)'\n')));
        }

        return [];
    }

    private static byte[]? Greeting(Recording recording)
    {
        var first = recording.Events.Where(one => one.Kind is RecordedKind.ClientData or RecordedKind.ServerData).GroupBy(one => one.Conversation).Select(group => group.First()).ToList();
        return first.Count > 0 && first.TrueForAll(one => one.Kind == RecordedKind.ServerData) && first.DistinctBy(one => Convert.ToHexString(one.Data.Span)).Count() == 1 ? first[0].Data.ToArray() : null;
    }

    private static IEnumerable<(byte[] Request, byte[]? Reply)> Pairs(Recording recording, byte[] terminator)
    {
        var greeted = Greeting(recording)?.Length ?? 0;
        foreach (var (number, conversation) in recording.Conversations.Index())
        {
            if (terminator.Length > 0)
            {
                var (requests, replies) = (Lines(conversation.FromClient.Span, terminator), Lines(conversation.FromServer.Span[greeted..], terminator));
                if (requests.Count == replies.Count || replies.Count == 0)
                {
                    for (var i = 0; i < requests.Count; i++) yield return (requests[i], replies.Count == 0 ? null : replies[i]);
                    continue;
                }
            }

            foreach (var pair in Turns(recording.Events.Where(one => one.Conversation == number))) yield return (Trimmed(pair.Request, terminator), pair.Reply is { } reply ? Trimmed(reply, terminator) : null);
        }
    }

    /// <summary>Each datagram of a client, and the answer in its turn: they may overtake each other, but seldom do.</summary>
    private static IEnumerable<(byte[] Request, byte[]? Reply)> Datagrams(Recording recording)
    {
        foreach (var events in recording.Events.GroupBy(one => one.Conversation))
        {
            var waiting = new Queue<byte[]>();
            foreach (var one in events)
            {
                if (one.Kind == RecordedKind.ClientData) waiting.Enqueue(one.Data.ToArray());
                else if (one.Kind == RecordedKind.ServerData && waiting.TryDequeue(out var request)) yield return (request, one.Data.ToArray());
            }

            foreach (var request in waiting) yield return (request, null);
        }
    }

    /// <summary>What the client said until the server spoke, and what the server said until the client spoke again.</summary>
    private static IEnumerable<(byte[] Request, byte[]? Reply)> Turns(IEnumerable<RecordedEvent> events)
    {
        var (request, reply) = (new List<byte>(), new List<byte>());
        foreach (var one in events)
        {
            if (one.Kind == RecordedKind.ServerData)
            {
                if (request.Count > 0) reply.AddRange(one.Data.Span);
            }
            else if (one.Kind == RecordedKind.ClientData)
            {
                if (reply.Count > 0)
                {
                    yield return (request.ToArray(), reply.ToArray());
                    request.Clear();
                    reply.Clear();
                }

                request.AddRange(one.Data.Span);
            }
        }

        if (request.Count > 0) yield return (request.ToArray(), reply.Count > 0 ? reply.ToArray() : null);
    }

    private static List<byte[]> Lines(ReadOnlySpan<byte> bytes, byte[] terminator)
    {
        var lines = new List<byte[]>();
        for (var end = bytes.IndexOf(terminator); end >= 0; end = bytes.IndexOf(terminator))
        {
            lines.Add(bytes[..end].ToArray());
            bytes = bytes[(end + terminator.Length)..];
        }

        return lines;
    }

    private static byte[] Trimmed(byte[] message, byte[] terminator) => terminator.Length > 0 && message.AsSpan().EndsWith(terminator) ? message[..^terminator.Length] : message;

    private static string Quoted(byte[] bytes)
    {
        if (Array.Exists(bytes, b => b is not ((byte)'\t' or (byte)'\r' or (byte)'\n' or (>= 0x20 and < 0x7f)))) return $"{{ hex: \"{Convert.ToHexString(bytes)}\" }}";
        var text = Encoding.ASCII.GetString(bytes).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"\"{text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)}\"";
    }
}
