using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>One response as it came, taken apart without mending anything.</summary>
/// <param name="Head">Status line and header fields as they came, without the empty line that ends them; Latin-1.</param>
/// <param name="Whole">All of its body came, by its own account of its length.</param>
public sealed record HttpResponse(string Head, ReadOnlyMemory<byte> Body, bool Whole, int Step)
{
    public string StatusLine => Head.Split('\n')[0].TrimEnd('\r');

    /// <summary>0 where the first line is no status line.</summary>
    public int Status => StatusLine.Split(' ') is [var version, var code, ..] && version.StartsWith("HTTP/", StringComparison.Ordinal) && code.Length == 3 && int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    public bool IsHttp11 => StatusLine.StartsWith("HTTP/1.1", StringComparison.Ordinal);

    public ImmutableArray<string> FieldLines => [.. Head.Split('\n').Skip(1).Select(line => line.TrimEnd('\r'))];

    public string? Field(string name) =>
        FieldLines.Select(line => line.Split(':', 2)).FirstOrDefault(parts => parts.Length == 2 && parts[0].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))?[1].Trim();

    public bool IsChunked => Field("transfer-encoding")?.Contains("chunked", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>It says, or its version implies, that the connection ends with it (RFC 9112 §9.3).</summary>
    public bool Closes => Field("connection") is { } connection
        ? connection.Contains("close", StringComparison.OrdinalIgnoreCase) || (!IsHttp11 && !connection.Contains("keep-alive", StringComparison.OrdinalIgnoreCase)) : !IsHttp11;
}

/// <summary>HTTP/1 responses (RFC 9110, RFC 9112), judged by what came on the connections of a case.</summary>
public static class HttpJudge
{
    /// <summary>The responses on one connection, in order, and the bytes behind the last of them.</summary>
    public static (ImmutableArray<HttpResponse> Responses, ReadOnlyMemory<byte> Behind) On(Evidence evidence, int socket)
    {
        var responses = ImmutableArray.CreateBuilder<HttpResponse>();
        if (evidence.Trace.On(socket) is not { } connection) return ([], default);
        var rest = connection.Received;
        foreach (var (index, step) in evidence.Scenario.Steps.Index())
        {
            var (count, framing) = step switch
            {
                Step.ReceiveMessages { Socket: var on, Count: var number, Framing: var how } when on == socket => (number, how),
                Step.Await { Socket: var on, Framing: var how } when on == socket => (1, how),
                _ => (0, null),
            };
            for (; count > 0 && !rest.IsEmpty; count--)
            {
                var (response, length) = Parse(rest.Span, framing is Framing.Http { Bodiless: true }, index);
                responses.Add(response);
                rest = rest[length..];
            }
        }

        return (responses.ToImmutable(), rest);
    }

    /// <summary>Every request was answered by something that begins as a response does.</summary>
    public static Verdict Answers(Evidence evidence)
    {
        if (DataJudge.Missing(evidence) is { } nothing) return nothing;
        var wrong = All(evidence).FirstOrDefault(response => response.Status is < 100 or > 599);
        return wrong is null ? DataJudge.Served(evidence) : new Verdict.Violation("a response that begins HTTP/1.x and a status of three digits", $"{Quote(wrong.StatusLine)}", wrong.Step);
    }

    /// <summary>status-line = HTTP-version SP status-code SP [ reason-phrase ], then CRLF (RFC 9112 §4).</summary>
    public static Verdict StatusLine(Evidence evidence) => Each(evidence, response =>
    {
        var first = response.Head.Split('\n')[0];
        var parts = first.TrimEnd('\r').Split(' ', 3);
        var good = first.EndsWith('\r') && parts is ["HTTP/1.1" or "HTTP/1.0", [>= '1' and <= '5', >= '0' and <= '9', >= '0' and <= '9'], _];
        return good ? null : ("HTTP/1.1 SP three digits SP reason CRLF", Quote(first));
    });

    /// <summary>field-line = field-name ":" OWS field-value OWS, then CRLF (RFC 9112 §5).</summary>
    public static Verdict FieldLines(Evidence evidence) => Each(evidence, response =>
    {
        foreach (var line in response.Head.Split('\n').Skip(1))
        {
            var text = line.TrimEnd('\r');
            if (text.Length == 0) continue;
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            var name = colon > 0 ? text[..colon] : "";
            if (name.Length == 0 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))) return ("field-name \":\" value", Quote(text));
            if (!line.EndsWith('\r')) return ("each header line ends in CRLF", $"{Quote(text)} ends in a lone LF");
        }

        return null;
    });

    /// <summary>The end of a response can be told: by its length, by chunks, or by the end of the connection (RFC 9112 §6.3).</summary>
    public static Verdict Delimited(Evidence evidence)
    {
        foreach (var socket in evidence.Scenario.Sockets)
        {
            var (responses, _) = On(evidence, socket);
            foreach (var response in responses.Where(response => response.Status is >= 200 and not 204 and not 304))
            {
                if (response.Field("content-length") is not null || response.IsChunked || Ended(evidence, socket)) continue;
                return new Verdict.Violation("Content-Length, or chunks, or the end of the connection after the body", "none of them", response.Step, Absence: true);
            }
        }

        return Verdict.Holds;
    }

    /// <summary>As many bytes of body as Content-Length says.</summary>
    public static Verdict LengthExact(Evidence evidence)
    {
        foreach (var socket in evidence.Scenario.Sockets)
        {
            var (responses, rest) = On(evidence, socket);
            foreach (var response in responses)
            {
                if (response.Field("content-length") is { } length && !response.Whole) return new Verdict.Violation($"{length} bytes of body, as Content-Length says", $"{response.Body.Length}", response.Step, Absence: true);
            }

            if (responses is [.., { Whole: true } last] && !rest.IsEmpty && !rest.Span.StartsWith("HTTP/"u8))
                return new Verdict.Violation($"{last.Body.Length} bytes of body", $"{rest.Length} more: {Payload.Literal.Of(rest.Span[..Math.Min(rest.Length, 32)])}", last.Step);
        }

        return Verdict.Holds;
    }

    /// <summary>A Date field in a response that is no error of the server (RFC 9110 §6.6.1).</summary>
    public static Verdict Dated(Evidence evidence) =>
        Each(evidence, response => response.Status is < 200 or >= 500 ? null
            : response.Field("date") is not { } date ? ("a Date field", $"none in {Quote(response.StatusLine)}")
            : DateTime.TryParseExact(date, "ddd, dd MMM yyyy HH:mm:ss 'GMT'", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? null : ("a date such as Sun, 06 Nov 1994 08:49:37 GMT", Quote(date)));

    /// <summary>No body after the header of a response to HEAD.</summary>
    public static Verdict NoBody(Evidence evidence)
    {
        foreach (var socket in evidence.Scenario.Sockets)
        {
            var (_, rest) = On(evidence, socket);
            if (!rest.IsEmpty && !rest.Span.StartsWith("HTTP/"u8)) return new Verdict.Violation("the header and nothing more", $"{rest.Length} bytes behind it: {Payload.Literal.Of(rest.Span[..Math.Min(rest.Length, 32)])}");
        }

        return Answers(evidence);
    }

    /// <summary>The response on socket 1 (HEAD) has the Content-Length of that on socket 0 (GET).</summary>
    public static Verdict SameLength(Evidence evidence)
    {
        if (On(evidence, 0).Responses is not [var get, ..] || On(evidence, 1).Responses is not [var head, ..]) return Answers(evidence);
        foreach (var name in (string[])["Content-Length", "Content-Type"])
        {
            if (head.Field(name) is { } told && told != get.Field(name)) return new Verdict.Violation($"{name}: {get.Field(name) ?? "none"}, as for GET", told, head.Step);
        }

        return Verdict.Holds;
    }

    /// <summary>The first response on each connection whose reaction is awaited has a status that is allowed.</summary>
    public static Func<Evidence, Verdict> Status(string expected, Func<int, bool> allowed) => Status(expected, allowed, evidence => evidence.Scenario.Steps.OfType<Step.Await>().Select(step => step.Socket).Distinct());

    private static Func<Evidence, Verdict> Status(string expected, Func<int, bool> allowed, Func<Evidence, IEnumerable<int>> sockets) => evidence =>
    {
        if (evidence.Target.End is not null) return LifeJudge.KeepsRunning(evidence);
        foreach (var socket in sockets(evidence).Where(socket => evidence.Trace.On(socket) is { Established: true }))
        {
            var (responses, _) = On(evidence, socket);
            var final = responses.FirstOrDefault(response => response.Status is not (>= 100 and < 200));
            if (final is not null && allowed(final.Status)) continue;
            var step = evidence.Scenario.Steps.Index().First(entry => entry.Item.On == socket).Index;
            return new Verdict.Violation(expected, final is not null ? Quote(final.StatusLine) : Ended(evidence, socket) ? "the end of the connection without a response" : "no response", final?.Step ?? step, Absence: final is null);
        }

        return DataJudge.Served(evidence);
    };

    /// <summary>The variants of a request on connections 1 and up get the status of the plain one on connection 0.</summary>
    public static Verdict SameStatus(Evidence evidence)
    {
        if (On(evidence, 0).Responses is not [var plain, ..]) return Answers(evidence);
        return Status($"{plain.Status}, as for the plain request", status => status == plain.Status, seen => seen.Scenario.Sockets.Where(socket => socket != 0))(evidence);
    }

    /// <summary>Where the server does not say that it closes, a second request on the same connection is answered (RFC 9112 §9.3).</summary>
    public static Verdict Persists(Evidence evidence)
    {
        var (responses, _) = On(evidence, 0);
        if (responses is [{ Closes: true }, ..]) return Verdict.Holds;
        return responses.Length >= 2 ? Answers(evidence) : new Verdict.Violation("a second response on the same connection: the first says HTTP/1.1 and nothing of closing", Ended(evidence, 0) ? "the end of the connection" : "none", null, Absence: !Ended(evidence, 0));
    }

    /// <summary>Requests that came together are answered in order (RFC 9112 §9.3.2): statuses as one by one on connections 1 and up.</summary>
    public static Verdict PipelinedInOrder(Evidence evidence)
    {
        var (together, _) = On(evidence, 0);
        var alone = evidence.Scenario.Sockets.Where(socket => socket != 0).Select(socket => On(evidence, socket).Responses.FirstOrDefault()?.Status ?? 0).ToList();
        var until = together.Select((response, index) => (response, index)).FirstOrDefault(entry => entry.response.Closes) is { response: not null, index: var last } ? last + 1 : alone.Count;
        var (expected, observed) = (string.Join(", ", alone.Take(until)), string.Join(", ", together.Take(until).Select(response => response.Status)));
        return expected == observed ? Verdict.Holds : new Verdict.Violation($"responses {expected}, in order", observed.Length == 0 ? "none" : observed, null, Absence: together.Length < until);
    }

    /// <summary>The end of file follows the response on each connection.</summary>
    public static Verdict ClosesAfter(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (story.NoEndOfFileAt is { } at) return new Verdict.Violation("the server ends the connection after its response", $"{Judges.Answer(evidence, at)} at {Judges.Name(evidence, at)}", at, Absence: true);
        }

        return Answers(evidence);
    }

    /// <summary>No more responses than requests: a body was not taken for a request.</summary>
    public static Verdict AtMost(Evidence evidence, int requests)
    {
        var (responses, rest) = On(evidence, 0);
        var more = rest.Span.StartsWith("HTTP/"u8) ? Parse(rest.Span, false, 0).Response : null;
        return more is null ? responses.Length > 0 ? LifeJudge.KeepsRunning(evidence) : Answers(evidence) : new Verdict.Violation($"at most {requests} responses: the body is part of its request", $"another one: {Quote(more.StatusLine)}");
    }

    /// <summary>Nothing of this text is served.</summary>
    public static Func<Evidence, Verdict> NeverServes(string text) => evidence =>
    {
        var wanted = Encoding.Latin1.GetBytes(text);
        var leak = evidence.Trace.Connections.FirstOrDefault(connection => connection.Received.Span.IndexOf(wanted) >= 0);
        return leak is null ? LifeJudge.Survives(evidence) : new Verdict.Violation("no file outside the document root", $"connection #{leak.Socket} was sent one (it has {Quote(text)} in it)");
    };

    private static IEnumerable<HttpResponse> All(Evidence evidence) => evidence.Scenario.Sockets.SelectMany(socket => On(evidence, socket).Responses);

    private static Verdict Each(Evidence evidence, Func<HttpResponse, (string Expected, string Observed)?> fault)
    {
        foreach (var response in All(evidence))
        {
            if (fault(response) is var (expected, observed)) return new Verdict.Violation(expected, observed, response.Step);
        }

        return Verdict.Holds;
    }

    private static bool Ended(Evidence evidence, int socket) =>
        evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Any(entry => entry.First.On == socket && (entry.Second.Result == StepResult.EndOfFile || entry.Second.Is("ECONNRESET", "EPIPE")))
        || (evidence.Trace.On(socket) is { } connection && new Story(evidence, connection).EndOfFileAt is not null);

    private static (HttpResponse Response, int Length) Parse(ReadOnlySpan<byte> stream, bool bodiless, int step)
    {
        var frame = HttpMessage.Delimit(stream, bodiless);
        var strict = stream.IndexOf("\r\n\r\n"u8);
        var lenient = stream.IndexOf("\n\n"u8);
        var (end, gap) = strict >= 0 && (lenient < 0 || strict < lenient) ? (strict + 1, 3) : lenient >= 0 ? (lenient, 2) : (stream.Length, 0);
        var head = Encoding.Latin1.GetString(stream[..end]);
        if (frame.Status == FrameStatus.Whole) return (new HttpResponse(head, stream.Slice(frame.Start, frame.Length).ToArray(), true, step), frame.Total);
        var body = stream[Math.Min(stream.Length, end + gap)..].ToArray();
        var delimitedByEnd = !head.Contains("content-length", StringComparison.OrdinalIgnoreCase) && !head.Contains("chunked", StringComparison.OrdinalIgnoreCase);
        return (new HttpResponse(head, body, delimitedByEnd && gap > 0, step), stream.Length);
    }

    private static string Quote(string text) => $"{Payload.Literal.Of(Encoding.Latin1.GetBytes(text.Length > 120 ? text[..120] : text))}";
}
