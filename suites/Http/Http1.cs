using System.Collections.Immutable;
using System.Text;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites.Http;

/// <summary>RFC 9110 and RFC 9112: enough for a first web server.</summary>
public static class Http1
{
    private const string Body = "one half, and the other half";
    private const string Plain = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const int Reaction = 1500, Newcomer = 9;
    private static readonly Framing.Http Response = new(), HeadResponse = new(Bodiless: true);

    public static ImmutableArray<Requirement> For(Conversation talk)
    {
        // To what is no request at all some answer in the manner of HTTP/0.9: a page without a status line.
        Func<Evidence, Verdict> refused = HttpJudge.Status("a status of 4xx or 5xx", status => status is 0 or (>= 400 and < 600));
        return
        [
            Rule("http/reply/answers", "answers GET /", "RFC 9110 §9.3.1, §9.1 (GET and HEAD must be supported)", "GET / is answered by a response, whatever its status, while the connection is open.",
                "the server waits for end of file, which a client that wants an answer does not send; or the response is never flushed", "answer when the empty line that ends the header has come",
                HttpJudge.Answers, [Ask("GET /", talk, Plain)], after: Connections.ThreeWayHandshake),
            Rule("http/reply/status-line", "begins with a status line", "RFC 9112 §4", "A response begins with HTTP/1.1, a space, a status of three digits, a space, a reason that may be empty, and CRLF.",
                "“\\n” instead of “\\r\\n”; the space before an empty reason left out; HTML without any header", "write \"HTTP/1.1 200 OK\\r\\n\" first",
                HttpJudge.StatusLine, [Ask("GET /", talk, Plain), Ask("a path that is not there", talk, Get("/no/such/page"))]),
            Rule("http/reply/header-syntax", "has header fields of the right form", "RFC 9112 §5, §5.1", "Each field is a name, a colon without white space before it, a value and CRLF; an empty line ends the header.",
                "“\\n” instead of “\\r\\n”; a space before the colon; a line without a colon", "write \"Name: value\\r\\n\" for each field and \"\\r\\n\" behind the last",
                HttpJudge.FieldLines, [Ask("GET /", talk, Plain), Ask("a path that is not there", talk, Get("/no/such/page"))]),
            Rule("http/reply/delimited", "lets the client know where the response ends", "RFC 9112 §6.3", "A response has a Content-Length, or comes in chunks, or ends with the connection.",
                "no Content-Length, and the connection stays open: the client waits for ever", "send Content-Length, or close the connection after the body",
                HttpJudge.Delimited, [Ask("GET /", talk, Plain), Ask("a path that is not there", talk, Get("/no/such/page"))]),
            Rule("http/reply/content-length-exact", "sends as many bytes as Content-Length says", "RFC 9110 §8.6; RFC 9112 §6.3", "Content-Length is the number of bytes of the body, no more and no less.",
                "characters were counted instead of bytes; the line end behind the body was not counted; a file changed its size by text mode", "encode the body first, then take the length of the bytes",
                HttpJudge.LengthExact, [Closed("GET /", talk, Plain), Closed("a path that is not there", talk, Get("/no/such/page"))]),
            Rule("http/reply/date", "has a Date field", "RFC 9110 §6.6.1", "A server with a clock sends Date in responses of 2xx, 3xx and 4xx.",
                "the field was not thought of", "add Date in the format of RFC 9110 §5.6.7", HttpJudge.Dated, [Ask("GET /", talk, Plain)], Level.Should),
            Rule("http/request/head-no-body", "answers HEAD without a body", "RFC 9110 §9.3.2; RFC 9112 §6.3", "A response to HEAD ends with its header, whatever its Content-Length says.",
                "HEAD is handled like GET", "send the header only", HttpJudge.NoBody,
                [.. from path in (string[])["/", "/no/such/page"] select Talk.Scenario($"HEAD {path}, then our end", talk.Enter(0), Send(0, $"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), [new Step.ReceiveMessages(0, 1, HeadResponse)], talk.Finish(0))]),
            Rule("http/request/head-same-headers", "gives HEAD the Content-Length of GET", "RFC 9110 §9.3.2", "The header fields of a response to HEAD are those of GET; Content-Length may be left out.",
                "HEAD is answered with Content-Length: 0", "work out the header as for GET, and leave the body out", HttpJudge.SameLength,
                [Talk.Scenario("GET / and HEAD /", talk.Visit(0), talk.Enter(1), Send(1, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"), [new Step.ReceiveMessages(1, 1, HeadResponse)], talk.Leave(1))], Level.Should),
            Rule("http/request/unknown-path", "answers a path that is not there with 404", "RFC 9110 §15.5.5", "A resource that does not exist gets 404 (410 and 403 are fine, too).",
                "an exception on opening the file ends the thread or the server; or 200 with an error page", "catch the error and answer 404", HttpJudge.Status("404 Not Found", status => status is 404 or 410 or 403), [Against(talk, "a path that is not there", Get("/no/such/page-4711"))]),
            Rule("http/request/unknown-method", "refuses a method that it does not know", "RFC 9110 §9.1, §15.6.2", "An unknown method gets 501 or 405 (400 and 403 are fine, too); not a success, and not silence.",
                "the method is not looked at; or an unknown one raises an exception", "compare the method, and answer 501 for what you do not know", HttpJudge.Status("501 Not Implemented or 405 Method Not Allowed", status => status is 400 or 403 or 405 or 501),
                [Against(talk, "BREW /", "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n")]),
            Rule("http/request/header-case", "takes field names in any case", "RFC 9110 §5.1", "hOsT is Host: names of header fields are compared without regard to case.",
                "headers[\"Host\"] is looked up in a map that minds the case", "store names in lower case", HttpJudge.SameStatus, [Against(talk, "hOsT and HOST", "GET / HTTP/1.1\r\nhOsT: localhost\r\n\r\n", "GET / HTTP/1.1\r\nHOST: localhost\r\n\r\n")]),
            Rule("http/request/optional-whitespace", "takes any white space around field values", "RFC 9112 §5; RFC 9110 §5.5", "After the colon there may be no white space, or spaces and tabs, and there may be some behind the value.",
                "the line is split at \": \"", "split at the colon and strip spaces and tabs", HttpJudge.SameStatus, [Against(talk, "no space, and several", "GET / HTTP/1.1\r\nHost:localhost\r\n\r\n", "GET / HTTP/1.1\r\nHost:   localhost  \r\n\r\n")]),
            Rule("http/request/missing-host", "answers a request of HTTP/1.1 without Host with 400", "RFC 9112 §3.2; RFC 9110 §7.2", "A request of HTTP/1.1 must have one Host field; without it the server answers 400.",
                "Host is not looked at", "for HTTP/1.1 look for Host before anything else", HttpJudge.Status("400 Bad Request", status => status == 400), [Against(talk, "no Host", "GET / HTTP/1.1\r\n\r\n")]),
            Rule("http/request/two-hosts", "answers a request with two Host fields with 400", "RFC 9112 §3.2", "More than one Host field is an error: two servers on the way could take different ones.",
                "a map of header fields keeps the last one", "count the Host fields", HttpJudge.Status("400 Bad Request", status => status == 400), [Against(talk, "two Hosts", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere\r\n\r\n")]),
            Rule("http/request/malformed-line", "answers a malformed request line with 400", "RFC 9112 §3 (SHOULD there; this service promises it)", "What is no request line gets 400 (or another 4xx, 501 or 505); not a success, and not silence.",
                "the line is split at spaces, and the parts are used without a look at how many there are", "check that there are three parts before you use them", refused,
                [Against(talk, "no request line", "NONSENSE\r\n\r\n", "GET\r\nHost: localhost\r\n\r\n", "GET /\r\nHost: localhost\r\n\r\n", "\u0001\u0002\u0003 / HTTP/1.1\r\nHost: localhost\r\n\r\n")], company: Company.Alone),
            Rule("http/request/space-before-colon", "refuses white space between field name and colon", "RFC 9112 §5.1", "A field name with white space before its colon gets 400.",
                "the name is stripped, so that the field means different things to different servers", "refuse such a line", HttpJudge.Status("400 Bad Request", status => status == 400), [Against(talk, "Host : localhost", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n")]),
            Rule("http/request/bad-version", "refuses a major version that it does not know", "RFC 9110 §15.6.6", "HTTP/9.9 gets 505, or 400.",
                "the version is not looked at", "compare the version with HTTP/1.", HttpJudge.Status("505 HTTP Version Not Supported, or 400", status => status is 0 or (>= 400 and < 600)), [Against(talk, "HTTP/9.9", "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n")], Level.Should),
            Rule("http/request/long-target", "answers a very long target", "RFC 9112 §3; RFC 9110 §15.5.15", "A target of 60,000 bytes gets 414, or another status; the server does not just leave.",
                "a buffer of fixed size; or a line longer than it is read as two", "answer 414 when the line is longer than you read", HttpJudge.Status("414 URI Too Long or another status of 4xx or 5xx", status => status is >= 400 and < 600),
                [Against(talk, "a target of 60,000 bytes", "GET /" + new string('a', 60_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n")], Level.Should, Company.Alone),
            Rule("http/request/long-header", "answers a very long header", "RFC 9112 §2.3 (limits); RFC 6585 §5", "A header of 300 KB gets 431 or another status; the server does not just leave, and does not die.",
                "a buffer of fixed size for the header", "answer 431 when the header is longer than you read", HttpJudge.Status("431 Request Header Fields Too Large or another status", status => status is >= 200 and < 600),
                [Against(talk, "a field of 300,000 bytes", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + new string('b', 300_000) + "\r\n\r\n")], Level.Should, Company.Alone),
            Rule("http/request/leading-crlf", "ignores an empty line before the request", "RFC 9112 §2.2", "At least one empty line before the request line is ignored.",
                "the empty line is taken for the request line", "skip an empty line before the request line", HttpJudge.SameStatus, [Against(talk, "CRLF, then GET /", "\r\n" + Plain)], Level.Should),
            Rule("http/request/absolute-form", "takes a target in absolute form", "RFC 9112 §3.2.2", "GET http://localhost/ is GET / with the host in the target.",
                "the target is taken for a path as it is", "cut scheme and authority off a target that has them", HttpJudge.SameStatus, [Against(talk, "GET http://localhost/", "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n")]),
            Rule("http/request/bad-content-length", "refuses a Content-Length that is no number", "RFC 9112 §6.3 case 5", "A Content-Length that is not a number of digits gets 400 (a method that is refused anyway may get its own status).",
                "parseInt() and atoi() take “12abc” for 12 and “abc” for 0; int() throws and nobody catches", "check for digits only, and answer 400", refused,
                [Against(talk, "letters, and a sign", Post("abc", ""), Post("-5", ""), Plain.Replace("\r\n\r\n", "\r\nContent-Length: 3x\r\n\r\nabc", StringComparison.Ordinal), Plain.Replace("\r\n\r\n", "\r\nContent-Length: -3\r\n\r\n", StringComparison.Ordinal))], company: Company.Alone),
            Rule("http/request/body-consumed", "does not take a body for the next request", "RFC 9112 §9.3 (the whole request is read before the next)", "The body of a request is part of it, whether the method wants one or not; what is in it is never answered as a request.",
                "the body is left in the buffer, and parsed as the next request", "read and drop Content-Length bytes, or close the connection", evidence => HttpJudge.AtMost(evidence, 2),
                [
                    Talk.Scenario("POST with a request in its body, then GET", talk.Enter(0), Send(0, Post($"{Get("/inside").Length}", Get("/inside"))), [new Step.Await(0, Reaction, Response)], [new Step.Send(0, Text(Plain), [], MayFail: true), new Step.Await(0, Reaction, Response)], talk.Finish(0), talk.Visit(Newcomer)),
                    Talk.Scenario("POST whose body comes later, then GET", talk.Enter(0), [new Step.Send(0, Text(Post($"{Body.Length}", Body)), [Post($"{Body.Length}", "").Length + 12, 100], 80), new Step.Await(0, Reaction, Response)],
                        [new Step.Send(0, Text(Plain), [], MayFail: true), new Step.Await(0, Reaction, Response)], talk.Finish(0), talk.Visit(Newcomer)),
                    Talk.Scenario("POST whose body comes apart from its header, then GET", talk.Enter(0), [new Step.Send(0, Text(Post($"{Body.Length}", Body)), [Post($"{Body.Length}", "").Length, 100], 80), new Step.Await(0, Reaction, Response)],
                        [new Step.Send(0, Text(Plain), [], MayFail: true), new Step.Await(0, Reaction, Response)], talk.Finish(0), talk.Visit(Newcomer)),
                ],
                company: Company.Alone),
            Rule("http/request/no-traversal", "serves nothing outside its document root", "RFC 9110 §17.3; RFC 3986 §5.2.4", "No path with dots in it, encoded or not, leads out of the document root.",
                "the path is joined to the root as it is", "resolve the path, then check that it begins with the root", HttpJudge.NeverServes("root:x:0:"),
                [Talk.Scenario("paths with dots", Talk.Each(Enumerable.Range(0, 4), i => [.. talk.Enter(i), .. Send(i, Get(Dots(i))), new Step.Await(i, Reaction, Response), .. talk.Leave(i)]), talk.Visit(Newcomer))]),
            Rule("http/connection/keep-alive", "keeps the connection of HTTP/1.1 for the next request", "RFC 9112 §9.3", "Unless the response says Connection: close (or is of HTTP/1.0), another request on the same connection is answered.",
                "the connection is closed after each response, without a word about it", "loop over requests, or say Connection: close", HttpJudge.Persists,
                [Talk.Scenario("two requests, one after the other", talk.Enter(0), Send(0, Plain), [new Step.Await(0, Reaction, Response), new Step.Send(0, Text(Plain), [], MayFail: true), new Step.Await(0, Reaction, Response)], talk.Leave(0))]),
            Rule("http/connection/close-honoured", "closes when it is asked to", "RFC 9112 §9.6", "A request with Connection: close is answered, and then the server ends the connection.",
                "the field is not looked at, and the server waits for the next request", "look for Connection: close, and leave the loop after the response", HttpJudge.ClosesAfter,
                [.. from words in (string[])["Connection: close", "Connection: Close", "connection: CLOSE"] select Talk.Scenario(words, talk.Enter(0), Send(0, $"GET / HTTP/1.1\r\nHost: localhost\r\n{words}\r\n\r\n"), [new Step.ReceiveMessages(0, 1, Response), new Step.Receive(0, null)], talk.Leave(0))]),
            Rule("http/connection/http10-closes", "closes after a response to HTTP/1.0", "RFC 9112 §9.3", "A client of HTTP/1.0 that does not ask for keep-alive gets its response and the end of the connection.",
                "the version of the request is not looked at", "for HTTP/1.0 without Connection: keep-alive leave the loop after the response", HttpJudge.ClosesAfter,
                [Talk.Scenario("HTTP/1.0", talk.Enter(0), Send(0, "GET / HTTP/1.0\r\n\r\n"), [new Step.ReceiveMessages(0, 1, Response), new Step.Receive(0, null)], talk.Leave(0))]),
            Rule("http/connection/pipelined", "answers requests that come together, in order", "RFC 9112 §9.3.2", "Two requests in one segment are both answered, in order, unless the first response ends the connection.",
                "what is behind the first request in the buffer is thrown away", "keep the rest of the buffer for the next request", HttpJudge.PipelinedInOrder,
                [Talk.Scenario("GET / and a path that is not there", talk.Enter(0), Send(0, Plain + Get("/no/such/page")), [new Step.Await(0, Reaction, Response), new Step.Await(0, Reaction, Response)], talk.Leave(0), talk.Visit(1), talk.Enter(2), Send(2, Get("/no/such/page")), [new Step.ReceiveMessages(2, 1, Response)], talk.Leave(2))]),
            Rule("http/cut/byte-by-byte", "takes a request that comes byte by byte", "RFC 9293 §2.2; RFC 9112 §2.2", "A request whose bytes come one by one is answered as one that comes at once.",
                "one recv() is taken for the whole request", "collect bytes until the empty line has come", HttpJudge.SameStatus,
                [Talk.Scenario("byte by byte", talk.Visit(0), talk.Enter(1), [new Step.Send(1, Text(Plain), [1]), new Step.ReceiveMessages(1, 1, Response)], talk.Leave(1), talk.Enter(2), [new Step.Send(2, Text(Plain), [17], 40), new Step.ReceiveMessages(2, 1, Response)], talk.Leave(2))]),
            Rule("http/cut/anywhere", "the response does not depend on how the request is cut", "RFC 9293 §2.2; RFC 9112 §2.2", "However a request is cut into segments, it gets the same status.",
                "the empty line that ends the header is looked for in one segment only", "look for it in all that has come on the connection", HttpJudge.SameStatus, []) with
            {
                Random = () => Generate.Programs.CutRequest(talk, Text(Plain)),
                RandomCases = 12,
            },
            Rule("http/end/half-close", "answers a request with our FIN right behind it", "RFC 9293 §3.6.1; RFC 9112 §6.3", "A client that has nothing more to ask may end its direction with its request: the response still comes whole.",
                "end of file is taken for a client that has gone, before what it sent is looked at", "answer what is whole in the buffer, and then leave on end of file", HttpJudge.Answers,
                [Talk.Scenario("GET /, then half-close", Talk.Each([0, 1], i => [.. talk.Enter(i), .. Send(i, Plain), .. talk.End(i), new Step.ReceiveMessages(i, 1, Response), new Step.Close(i)]), talk.Visit(Newcomer))]),
            Rule("http/end/half-a-request", "survives half a request", "RFC 9112 §8 (incomplete messages)", "A client that leaves in the middle of a request harms nobody; a half-closed connection is closed.",
                "readline() returns nothing, and the loop goes round for ever; or an exception ends the server", "treat end of file in the middle of a request as the end of the connection", Judges.All(LifeJudge.Survives, CloseJudge.FinAnswered),
                [Talk.Scenario("half a request, then close, reset, half-close", talk.Enter(1), Send(1, Plain[..10]), talk.Leave(1), talk.Enter(2), Send(2, Plain[..20]), Talk.Wait(10), [new Step.Abort(2)], talk.Enter(3), Send(3, Plain[..20]), talk.Finish(3), talk.Visit(Newcomer))], company: Company.Alone),
        ];

        Requirement Rule(
            string id, string title, string clause, string statement, string why, string fix, Func<Evidence, Verdict> judge, ImmutableArray<Scenario> cases, Level level = Level.Must, Company company = Company.Shared, string? after = null) =>
            new() { Id = id, Title = title, Clause = clause, Level = level, Statement = statement, Why = why, Fix = fix, After = after ?? talk.Probe, Fixed = cases, Company = company, Judge = Judges.WhileAlive(judge) };
    }

    private static Payload.Literal Text(string text) => Payload.Literal.Of(Encoding.Latin1.GetBytes(text));

    private static IEnumerable<Step> Send(int socket, string text) => [new Step.Send(socket, Text(text))];

    private static string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static string Post(string length, string body) => $"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}";

    private static string Dots(int kind) => kind switch
    {
        0 => "/../../../../../../../../etc/passwd",
        1 => "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        2 => "/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        _ => "//etc/passwd",
    };

    private static Scenario Ask(string situation, Conversation talk, string request) => Talk.Scenario(situation, talk.Enter(0), Send(0, request), [new Step.ReceiveMessages(0, 1, Response)], talk.Leave(0));

    /// <summary>With our end after it: so that bytes behind the response are seen.</summary>
    private static Scenario Closed(string situation, Conversation talk, string request) => Talk.Scenario(situation, talk.Enter(0), Send(0, request), [new Step.Await(0, Reaction, Response)], talk.Finish(0));

    /// <summary>A plain request on connection 0, these on connections of their own, and a newcomer.</summary>
    private static Scenario Against(Conversation talk, string situation, params string[] requests) => Talk.Scenario(
        situation, talk.Visit(0), Talk.Each(Enumerable.Range(1, requests.Length), i => [.. talk.Enter(i), new Step.Send(i, Text(requests[i - 1]), [], MayFail: true), new Step.Await(i, Reaction, Response), .. talk.Leave(i)]), talk.Visit(Newcomer));
}
