using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>Programs that connect, judged by what their server, the harness, saw and by how they ended.</summary>
public static partial class ClientJudge
{
    private const int MostShown = 60;

    /// <summary>A connection comes to the address and port that the client was told.</summary>
    public static Verdict ConnectsWhereTold(Evidence evidence) => Each(evidence, start => start.Accept is not { } accept || accept.Outcome.Result is StepResult.Done or StepResult.NotRun ? null
        : new Verdict.Violation($"a connection to {evidence.Target.Endpoint}", start.End is { } end ? $"none came, and the client {end}" : $"{Judges.Answer(evidence, accept.Step)}", accept.Step, Absence: true));

    public static Verdict ConnectsOnce(Evidence evidence) => Each(evidence, _ => null) is not Verdict.Pass and var trouble ? trouble
        : evidence.Trace.Uninvited > 0 ? new Verdict.Violation("one connection", $"{evidence.Trace.Uninvited + evidence.Trace.Connections.Length} connections") : Verdict.Holds;

    /// <summary>Where nobody listens it ends, and says so by its status.</summary>
    public static Verdict EndsWhenRefused(Evidence evidence) => Each(evidence, start => !start.Refused ? null : Ended(evidence, start, "it ends when the connection is refused") ?? Unsuccessful(start));

    /// <summary>Everything that the client sends is a request that the service knows, in its frame.</summary>
    public static Verdict AsksRightly(Evidence evidence) => Each(evidence, start =>
        start.Serve is { Outcome.Result: not StepResult.NotRun } serve && start.Connection is { } connection ? WrongRequest(evidence, start, connection.Received.Span) is { } wrong
            ? wrong with { Step = serve.Step, Absence = serve.Outcome.Result == StepResult.TimedOut } : null : null);

    /// <summary>The client reads the whole reply before it leaves.</summary>
    public static Verdict TakesAll(Evidence evidence) => Each(evidence, start => start.Serve switch
    {
        { Outcome: { Result: StepResult.Failed, Errno: { } errno } } serve => new Verdict.Violation(
            $"the client reads all {start.Connection!.Owed} bytes of the reply", start.LeftEarly ? $"it left when {serve.Outcome.Bytes} of them had been sent" : $"it closed with some of them unread, or aborted: {errno}", serve.Step),
        { Outcome: { Result: StepResult.TimedOut } } serve when start.Waits => new Verdict.Violation($"the client reads all {start.Connection!.Owed} bytes of the reply", Judges.Answer(evidence, serve.Step), serve.Step, Absence: true),
        _ => null,
    });

    /// <summary>A reply that comes in pieces, or late, is as good as one that comes whole and at once.</summary>
    public static Verdict TakesPieces(Evidence evidence) => evidence.Trace.Uninvited > 0 ? Verdict.Holds : Each(evidence, start => start.Serve switch
    {
        { How: not { ReplyLimit: null, ThenShut: false } } => null,
        { Outcome.Result: StepResult.Failed } serve when start.LeftEarly => new Verdict.Violation(
            $"the client waits for all {start.Connection!.Owed} bytes of the reply", $"it left when {serve.Outcome.Bytes} of them had been sent{After(start)}", serve.Step),
        { Outcome.Result: StepResult.TimedOut } serve => new Verdict.Violation(
            "the client ends as it does when the reply comes whole", $"{Judges.Answer(evidence, serve.Step)} after {start.Connection!.Accepted} of {start.Connection.Owed} bytes", serve.Step, Absence: true),
        { Outcome.Result: StepResult.Done } => Ended(evidence, start, "the client ends as it does when the reply comes whole")
            ?? (start.End is { ExitCode: not 0 } end ? new Verdict.Violation("exit status 0, as when the reply comes whole", $"it {end}", start.Exit?.Step) : null),
        _ => null,
    });

    /// <summary>Two starts in one case, one reply whole and one in pieces: status and output are the same. Numbers may differ: ports, times, counts.</summary>
    public static Verdict SaysTheSame(Evidence evidence)
    {
        if (Each(evidence, _ => null) is not Verdict.Pass and var trouble) return trouble;
        if (Starts(evidence) is not [{ WasServed: true, Exit.Outcome.Result: StepResult.Done } whole, { WasServed: true, Exit.Outcome.Result: StepResult.Done } pieces]) return Verdict.Holds;
        if (whole.End!.ExitCode != pieces.End!.ExitCode) return new Verdict.Violation("the same exit status however the reply is cut", $"it {whole.End} after a whole reply, and {pieces.End} after one in pieces", pieces.Exit?.Step);
        if (Plain(Encoding.Latin1.GetString(whole.Connection!.Received.Span)) is var asked && !asked.SequenceEqual(Plain(Encoding.Latin1.GetString(pieces.Connection!.Received.Span)))) return Verdict.Holds;
        var (first, second) = (Plain(whole.Program.Output), Plain(pieces.Program.Output));
        if (first.SequenceEqual(second)) return Verdict.Holds;
        var at = first.Zip(second).TakeWhile(pair => pair.First == pair.Second).Count();
        return new Verdict.Violation(
            $"the same output however the reply is cut: {Shown(first, at)}", $"{Shown(second, at)} where the reply came in pieces (line {at + 1}, numbers left out)", pieces.Exit?.Step);
    }

    /// <summary>The connection ends in the middle of the reply: the client ends, too, and does not take it for success.</summary>
    public static Verdict EndsEarly(Evidence evidence) => Each(evidence, start =>
        !start.WasCutShort || start.Aborted ? null : Ended(evidence, start, "it ends when the connection ends in the middle of the reply") ?? (EndsByClose(evidence.Service) ? null : Unsuccessful(start)));

    public static Verdict EndsWhenReset(Evidence evidence) => Each(evidence, start =>
        !start.WasCutShort || !start.Aborted ? null : Ended(evidence, start, "it ends when the connection is reset") ?? Unsuccessful(start));

    /// <summary>The server's FIN comes with the end of its reply: the reply counts.</summary>
    public static Verdict TakesHalfClose(Evidence evidence) => Each(evidence, start => start.Serve switch
    {
        not { How.ThenShut: true } => null,
        { Outcome: { Result: StepResult.Failed, Errno: { } errno } } serve => new Verdict.Violation("the client reads the reply that came before the FIN, then closes", $"{errno}: it closed with the reply unread{After(start)}", serve.Step),
        { Outcome.Result: StepResult.TimedOut } serve => new Verdict.Violation("the client closes when it has read the server's FIN", Judges.Answer(evidence, serve.Step), serve.Step, Absence: true),
        { Outcome.Result: StepResult.Done } => Ended(evidence, start, "it ends when the server has half-closed after its reply")
            ?? (start.WasServed && start.Connection!.Received.Length <= start.Connection.Answered && start.End is { ExitCode: not 0 } end
                ? new Verdict.Violation("exit status 0: the whole reply came before the FIN", $"it {end}", start.Exit?.Step) : null),
        _ => null,
    });

    /// <summary>A server that accepts and says nothing is not waited for without limit.</summary>
    public static Verdict GivesUp(Evidence evidence) => Each(evidence, start =>
        start is { Serve: null, Accept.Outcome.Result: StepResult.Done } ? Ended(evidence, start, "it gives up when the server says nothing", signalsCount: false) : null);

    /// <summary>The client's side of the connection ends by FIN.</summary>
    public static Verdict ClosesInOrder(Evidence evidence) => Each(evidence, start => start.Serve switch
    {
        { Outcome: { Result: StepResult.Failed, Errno: { } errno } } serve when !start.LeftEarly => new Verdict.Violation("FIN, when it has read the reply", $"{errno}: the client's RST", serve.Step),
        { Outcome.Result: StepResult.TimedOut } serve when start.HasAll => new Verdict.Violation("FIN, when it has read the reply", Judges.Answer(evidence, serve.Step), serve.Step, Absence: true),
        _ => null,
    });

    /// <summary>0 after a served conversation; not 0 where it was refused or reset.</summary>
    public static Verdict RightStatus(Evidence evidence) => Each(evidence, start =>
        start.Refused || (start.WasCutShort && start.Aborted) ? Unsuccessful(start)
        : start is { WasServed: true, Aborted: false, End: { ExitCode: { } code and not 0 } end } && start.Serve is { How.ThenShut: false }
            ? new Verdict.Violation("exit status 0: it was served", $"it {end}", start.Exit?.Step) : null);

    /// <summary>Nothing keeps it running when its connection is over. (One that never was is another requirement's matter.)</summary>
    public static Verdict EndsInTime(Evidence evidence) => evidence.Trace.Uninvited > 0 ? Verdict.Holds : Each(evidence, start => start.Serve switch // a second connection waits for ever
    {
        { How: { Cuts.IsDefaultOrEmpty: true, Delay: 0 }, Outcome.Result: StepResult.TimedOut } serve when start.HasAll =>
            new Verdict.Violation("it ends when it has the whole reply", $"{Judges.Answer(evidence, serve.Step)} that were the whole reply", serve.Step, Absence: true),
        { Outcome.Result: StepResult.Done } => Ended(evidence, start, "it ends when its connection is over", signalsCount: false),
        _ => null,
    });

    public static Verdict NoSignal(Evidence evidence) => Each(evidence, start =>
        start.End is { Signal: not null } end ? new Verdict.Violation("it ends by itself", $"it {end}", start.Exit?.Step) : null);

    /// <summary>The first that is not in order; inconclusive where the client could not even be started.</summary>
    private static Verdict Each(Evidence evidence, Func<Start, Verdict?> judge)
    {
        var failed = evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).FirstOrDefault(entry => entry is { First: Step.Listen or Step.Launch, Second.Result: StepResult.Failed });
        if (failed.First is not null) return new Verdict.Inconclusive($"{failed.First}: {failed.Second.Detail ?? failed.Second.Errno}");
        return Starts(evidence).Select(judge).FirstOrDefault(verdict => verdict is not null) ?? Verdict.Holds;
    }

    private static Verdict.Violation? Ended(Evidence evidence, Start start, string expected, bool signalsCount = true) =>
        start.Exit is not { } exit || exit.Outcome.Result == StepResult.NotRun ? null
        : exit.Outcome.Result == StepResult.TimedOut ? new Verdict.Violation(expected, $"it still ran after {(exit.Outcome.End - exit.Outcome.Start).TotalSeconds:0.0} s", exit.Step, Absence: true)
        : signalsCount && start.End is { Signal: not null } end ? new Verdict.Violation(expected, $"it was {end}", exit.Step)
        : null;

    private static Verdict.Violation? Unsuccessful(Start start) =>
        start is { Exit: { Outcome.Result: StepResult.Done } exit, End.ExitCode: 0 } ? new Verdict.Violation("an exit status other than 0: it was not served", "it exited with status 0", exit.Step) : null;

    private static string After(Start start) => start.End is { } end ? $", and {end}" : "";

    /// <summary>The end of the connection is the only end that a reply has: one that is cut short looks whole.</summary>
    private static bool EndsByClose(ServiceSpec service) =>
        service.Reply is Framing.UntilEof || (service is { Greeting: not null, ServerCloses: ServerCloses.AfterReply, Rules.IsEmpty: true } && service.Kind != "time");

    private static Verdict.Violation? WrongRequest(Evidence evidence, Start start, ReadOnlySpan<byte> sent)
    {
        var service = evidence.Service;
        var (ended, cut) = (start.Serve!.Value.Outcome.Result == StepResult.Done && !start.WasCutShort, start.WasCutShort);
        if (service.Kind == "http") return WrongHttp(sent, cut);
        if (service.Rules.IsEmpty) return null; // nothing is asked of such a service, and whatever is sent is thrown away
        if (sent.IsEmpty) return new Verdict.Violation("a request", "the client sent nothing");
        switch (service.Request)
        {
            case Framing.UntilEof when !ended && !cut:
                return new Verdict.Violation("a request that ends with the client's FIN", $"{sent.Length} bytes and no FIN");
            case Framing.UntilEof or Framing.Stream:
                return null;
        }

        for (var number = 1; !sent.IsEmpty; number++)
        {
            var frame = service.Request.Take(sent);
            if (frame.Status == FrameStatus.Partial)
                return cut || (ended && service.Request is Framing.Line { AtEof: not Unterminated.Ignore }) ? null : new Verdict.Violation($"request {number}: a {service.Request}", $"{sent.Length} bytes that are no whole one: {Excerpt(sent)}");
            if (frame.Status == FrameStatus.Broken || frame.Length > service.LongestRequest)
                return new Verdict.Violation($"request {number}: a {service.Request}, at most {service.LongestRequest} bytes long", $"{Excerpt(sent)}");
            var payload = frame.Payload(sent);
            if (Replies.Respond(service, payload) is not { When.Malformed: false } rule) return new Verdict.Violation($"request {number}: one that the service knows", $"{Excerpt(payload)}");
            if (rule.Then != Then.Keep) return null;
            sent = sent[frame.Total..];
        }

        return null;
    }

    /// <summary>Method, target, version; fields; an empty line; and Host in HTTP/1.1 (RFC 9112 §2.1, §3.2).</summary>
    private static Verdict.Violation? WrongHttp(ReadOnlySpan<byte> sent, bool cut)
    {
        var end = sent.IndexOf("\r\n\r\n"u8);
        if (end < 0) return cut ? null : new Verdict.Violation("a request, and an empty line at the end of its header", sent.IsEmpty ? "the client sent nothing" : $"{Excerpt(sent)}");
        var lines = Encoding.Latin1.GetString(sent[..end]).Split("\r\n");
        if (!RequestLine().IsMatch(lines[0])) return new Verdict.Violation("METHOD target HTTP/1.1", $"{Excerpt(sent)}");
        if (lines.Skip(1).FirstOrDefault(line => !Field().IsMatch(line)) is { } wrong) return new Verdict.Violation("Name: value", $"{Excerpt(Encoding.Latin1.GetBytes(wrong))}");
        return lines[0].EndsWith("1.1", StringComparison.Ordinal) && lines.Skip(1).Count(line => line.StartsWith("host:", StringComparison.OrdinalIgnoreCase)) != 1
            ? new Verdict.Violation("one Host field, as HTTP/1.1 demands", $"{lines.Skip(1).Count(line => line.StartsWith("host:", StringComparison.OrdinalIgnoreCase))} of them") : null;
    }

    private static Payload.Literal Excerpt(ReadOnlySpan<byte> bytes) => Payload.Literal.Of(bytes[..Math.Min(bytes.Length, MostShown)]);

    /// <summary>The lines of an output without numbers, each once where it is repeated.</summary>
    private static IReadOnlyList<string> Plain(string output)
    {
        var lines = Numbers().Replace(output, "").Split('\n').Select(line => Spaces().Replace(line, " ").Trim()).Where(line => line.Length > 0).ToList();
        return [.. lines.Where((line, index) => index == 0 || line != lines[index - 1])];
    }

    private static string Shown(IReadOnlyList<string> lines, int at) =>
        at >= lines.Count ? "no such line" : $"“{(lines[at].Length > MostShown ? lines[at][..MostShown] + "…" : lines[at])}”";

    private static ImmutableArray<Start> Starts(Evidence evidence)
    {
        var starts = ImmutableArray.CreateBuilder<Start>();
        var listening = false;
        foreach (var (index, (step, outcome)) in evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Index())
        {
            if (outcome.Result == StepResult.NotRun) break;
            listening |= step is Step.Listen;
            if (step is Step.Launch && starts.Count < evidence.Target.Runs.Length) starts.Add(new Start(evidence.Target.Runs[starts.Count], !listening));
            if (starts.Count == 0) continue;
            starts[^1] = step switch
            {
                Step.Accept accept => starts[^1] with { Accept = (index, outcome), Connection = evidence.Trace.On(accept.Socket) },
                Step.Handshake handshake => starts[^1] with { Handshake = (index, handshake.Offer.Shown, outcome) },
                Step.Serve serve => starts[^1] with { Serve = (index, serve, outcome) },
                Step.CloseNotify => starts[^1] with { Notified = true },
                Step.Abort => starts[^1] with { Aborted = true },
                Step.AwaitExit => starts[^1] with { Exit = (index, outcome) },
                _ => starts[^1],
            };
        }

        return starts.ToImmutable();
    }

    [GeneratedRegex("0x[0-9A-Fa-f]+|[0-9]+")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [^\s]+ HTTP/1\.[01]$")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n]*$")]
    private static partial Regex Field();

    /// <summary>One start of the client, and what its server saw of it.</summary>
    /// <param name="Refused">Nobody listened.</param>
    private sealed record Start(ClientRun Program, bool Refused)
    {
        public (int Step, Outcome Outcome)? Accept { get; init; }

        public (int Step, ShownCertificate Shown, Outcome Outcome)? Handshake { get; init; }

        public (int Step, Step.Serve How, Outcome Outcome)? Serve { get; init; }

        /// <summary>Its server ended the session by a close_notify.</summary>
        public bool Notified { get; init; }

        public (int Step, Outcome Outcome)? Exit { get; init; }

        public ConnectionTrace? Connection { get; init; }

        public bool Aborted { get; init; }

        /// <summary>How it ended, if the end was waited for and came.</summary>
        public ProcessEnd? End => Program.End;

        /// <summary>Some of what is due had not been sent.</summary>
        public bool Waits => Connection is { } connection && connection.Accepted < connection.Owed;

        /// <summary>All that it asked for has been sent.</summary>
        public bool HasAll => Connection is { Owed: > 0 } connection && !Waits && connection.Received.Length <= connection.Answered;

        public bool WasServed => Serve is { Outcome.Result: StepResult.Done } && !Waits;

        public bool WasCutShort => Serve is { Outcome.Result: StepResult.Done, How.ReplyLimit: not null } && Waits;

        /// <summary>It was gone before it could have had the whole reply.</summary>
        public bool LeftEarly => Serve is { Outcome: { Result: StepResult.Failed } failed } && failed.Bytes < Connection!.Owed;
    }
}
