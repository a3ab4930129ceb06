using System.Collections.Immutable;
using System.Net;
using System.Text;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class ClientTests
{
    private const string Request = "three blind mice\n";

    private static readonly ServiceSpec Lines = new()
    {
        Name = "lines",
        Request = new Framing.Line("0A", 40, Unterminated.Ignore),
        Reply = new Framing.Line("0A", 40, Unterminated.Ignore),
        Rules =
        [
            new Rule(new When(Prefix: "three"u8.ToArray()), Generation.None, new Reply.Transformed(Transform.Upper), Then.Keep),
            new Rule(new When(Literal: "bye"u8.ToArray()), Generation.None, new Reply.None(), Then.Close),
            new Rule(new When(Malformed: true), Generation.None, new Reply.Literal("what?"u8.ToArray()), Then.Keep),
        ],
    };

    private static IReadOnlyDictionary<string, Func<Evidence, Verdict>> All { get; } = new Dictionary<string, Func<Evidence, Verdict>>
    {
        ["told"] = ClientJudge.ConnectsWhereTold,
        ["once"] = ClientJudge.ConnectsOnce,
        ["refused"] = ClientJudge.EndsWhenRefused,
        ["right"] = ClientJudge.AsksRightly,
        ["all"] = ClientJudge.TakesAll,
        ["pieces"] = ClientJudge.TakesPieces,
        ["same"] = ClientJudge.SaysTheSame,
        ["early"] = ClientJudge.EndsEarly,
        ["reset"] = ClientJudge.EndsWhenReset,
        ["half"] = ClientJudge.TakesHalfClose,
        ["silence"] = ClientJudge.GivesUp,
        ["order"] = ClientJudge.ClosesInOrder,
        ["status"] = ClientJudge.RightStatus,
        ["time"] = ClientJudge.EndsInTime,
        ["signal"] = ClientJudge.NoSignal,
    };

    private static IEnumerable<string> Judges => All.Keys;

    [TestCaseSource(nameof(Judges))]
    public void A_client_that_is_served_and_ends_is_right(string judge)
    {
        All[judge](Served()).MustHold();
        All[judge](Served(delay: 500)).MustHold();
        All[judge](Twice("mice: 3\n", "mice: 3\n")).MustHold();
    }

    [TestCaseSource(nameof(Judges))]
    public void One_that_fails_where_it_is_not_served_is_right(string judge)
    {
        All[judge](Refused(Exit(1))).MustHold();
        All[judge](BrokenOff(Exit(1), abort: true)).MustHold();
        All[judge](BrokenOff(Exit(2), abort: false)).MustHold();
        All[judge](Silent(Exit(1))).MustHold();
    }

    [TestCaseSource(nameof(Judges))]
    public void One_that_cannot_be_started_decides_nothing(string judge) =>
        All[judge](Case(Guests.One("one"), told => told.But(1, StepResult.Failed, detail: "there is no such program"))).MustBeInconclusive();

    [Test]
    public void A_connection_that_does_not_come_is_told_with_the_end_of_the_client()
    {
        var gone = Case(Guests.One("one"), told => told.But(2, StepResult.Failed, detail: "the client ended without a connection"), runs: Exit(1));
        Assert.That(Violated(gone, "told").Observed, Is.EqualTo("none came, and the client exited with status 1"));
        var silent = Case(Guests.One("one"), told => told.But(2, StepResult.TimedOut, detail: "nobody connected"), runs: Running());
        Assert.That(Violated(silent, "told"), Has.Property("Absence").True);
    }

    [Test]
    public void A_second_connection_is_one_too_many_and_nothing_else_is_blamed_for_it()
    {
        var twice = Served(exit: Running(), change: told => told.But(5, StepResult.TimedOut));
        twice = twice with { Trace = twice.Trace with { Uninvited = 1 } };
        Assert.That(Violated(twice, "once").Observed, Is.EqualTo("2 connections"));
    }

    [Test]
    public void A_client_that_takes_a_refused_connection_for_success_or_never_gives_up_is_wrong()
    {
        Violated(Refused(Exit(0)), "refused", "status");
        Violated(Refused(Running(), told => told.But(1, StepResult.TimedOut)), "refused");
        Violated(Refused(Killed(13)), "refused", "signal");
    }

    [TestCase("three blind mice", "no whole one")]
    [TestCase("two blind mice\n", "one that the service knows")]
    [TestCase("three blind mice\nthree", "no whole one")]
    [TestCase("three blind mice that run after the farmer's wife\n", "at most 40")]
    [TestCase("", "nothing")]
    public void A_request_that_the_service_does_not_know_is_shown(string request, string said)
    {
        var violation = Violated(Served(request: request), "right");
        Assert.That($"{violation.Expected}; {violation.Observed}", Does.Contain(said));
    }

    [Test]
    public void What_comes_after_the_last_request_does_not_count() => ClientJudge.AsksRightly(Served(request: "three\nbye\nand more")).MustHold();

    [Test]
    public void A_request_cut_short_by_the_server_is_not_judged_to_its_end() => ClientJudge.AsksRightly(BrokenOff(Exit(1), abort: true, request: "three\nthr")).MustHold();

    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", true)]
    [TestCase("GET / HTTP/1.0\r\n\r\n", true)]
    [TestCase("GET / HTTP/1.1\r\n\r\n", false)]
    [TestCase("GET / HTTP/1.1\r\nHost localhost\r\n\r\n", false)]
    [TestCase("GET /\r\n\r\n", false)]
    [TestCase("GET / HTTP/1.1\nHost: localhost\n\n", false)]
    public void A_request_of_HTTP_is_looked_at(string request, bool right) =>
        Assert.That(ClientJudge.AsksRightly(Served(request: request) with { Service = Lines with { Kind = "http" } }) is Verdict.Pass, Is.EqualTo(right));

    [Test]
    public void A_client_that_closes_with_the_reply_unread_has_not_read_it()
    {
        var unread = Served(change: told => told.But(3, StepResult.Failed, "ECONNRESET", bytes: Request.Length));
        Assert.That(Violated(unread, "all", "order").Observed, Does.Contain("unread"));
    }

    [Test]
    public void One_that_leaves_in_the_middle_is_told_from_one_that_aborts_at_the_end()
    {
        var left = Served([1], change: told => told.But(3, StepResult.Failed, "EPIPE", bytes: 4), exit: Exit(1));
        Assert.That(Violated(left, "pieces", "all").Observed, Does.Contain("4 of them"));
        ClientJudge.ClosesInOrder(left).MustHold();
    }

    [Test]
    public void A_failure_that_only_pieces_cause_is_shown() => Violated(Served([1], exit: Exit(1)), "pieces", "status");

    [Test]
    public void A_client_that_waits_when_it_has_everything_does_not_end()
    {
        var waiting = Served(change: told => told.But(3, StepResult.TimedOut, bytes: Request.Length, detail: "the client neither sent nor ended"), exit: Running());
        Violated(waiting, "time", "order", "pieces");
        ClientJudge.TakesAll(waiting).MustHold();
    }

    [Test]
    public void One_that_waits_for_the_answer_to_half_a_request_is_another_matter()
    {
        var waiting = Served(request: "three\nthr", answered: 6, change: told => told.But(3, StepResult.TimedOut), exit: Running());
        Violated(waiting, "right", "pieces");
        ClientJudge.EndsInTime(waiting).MustHold();
    }

    [Test]
    public void A_client_that_closes_and_stays_does_not_end() => Violated(Served(exit: Running(), change: told => told.But(5, StepResult.TimedOut)), "time", "pieces");

    [TestCase("mice: 3 from port 40001\n", "mice: 3 from port 39888\n")]
    [TestCase("got 17 bytes\n", "got 1 bytes\ngot 1 bytes\ngot 15 bytes\n")]
    [TestCase("at 0x7ffe10\n", "at 0x55aa22\n")]
    public void Numbers_in_the_output_may_differ(string whole, string pieces) => ClientJudge.SaysTheSame(Twice(whole, pieces)).MustHold();

    [TestCase("three blind mice\n", "t\nhree blind mice\n")]
    [TestCase("three blind mice\n", "thr\n")]
    [TestCase("three blind mice\n", "")]
    public void Words_in_it_may_not(string whole, string pieces) => Violated(Twice(whole, pieces), "same");

    [Test]
    public void Nor_may_the_status() => Violated(Twice("three\n", "three\n", Exit(1)), "same", "pieces", "status");

    [Test]
    public void Who_asks_something_else_may_print_something_else() => ClientJudge.SaysTheSame(Twice("three\n", "tea\n", request: "three tea\n")).MustHold();

    [Test]
    public void Half_a_reply_is_no_success()
    {
        Violated(BrokenOff(Exit(0), abort: false), "early");
        Violated(BrokenOff(Exit(0), abort: true), "reset", "status");
    }

    [Test]
    public void Half_a_reply_that_only_the_end_ends_looks_whole() =>
        ClientJudge.EndsEarly(BrokenOff(Exit(0), abort: false) with { Service = Lines with { Reply = new Framing.UntilEof(100) } }).MustHold();

    [Test]
    public void A_reply_shorter_than_the_limit_was_whole() => All["early"](BrokenOff(Exit(0), abort: false, given: Request.Length)).MustHold();

    [Test]
    public void A_client_that_stays_after_an_early_end_or_dies_of_it_is_wrong()
    {
        Violated(BrokenOff(Running(), abort: false, change: told => told.But(5, StepResult.TimedOut)), "early", "time");
        Violated(BrokenOff(Killed(13), abort: false), "early", "signal");
        Violated(BrokenOff(Killed(11), abort: true), "reset", "signal");
    }

    [Test]
    public void A_reply_with_the_servers_FIN_behind_it_counts()
    {
        ClientJudge.TakesHalfClose(HalfClosed(Exit(0))).MustHold();
        Violated(HalfClosed(Exit(1)), "half");
        Violated(HalfClosed(Exit(1), told => told.But(3, StepResult.Failed, "ECONNRESET", bytes: Request.Length)), "half", "all", "order");
    }

    [Test]
    public void Who_wanted_to_ask_more_may_complain() => ClientJudge.TakesHalfClose(HalfClosed(Exit(1), request: Request + Request)).MustHold();

    [Test]
    public void A_client_that_waits_for_ever_does_not_give_up() => Violated(Silent(Running(), told => told.But(3, StepResult.TimedOut)), "silence");

    [Test]
    public void Some_number_as_a_status_is_no_success() => Violated(Served(exit: Exit(4)), "status", "pieces");

    [Test]
    public void A_signal_is_told_by_name() => Assert.That(Violated(Served(exit: Killed(6)), "signal", "pieces").Observed, Does.Contain("SIGABRT"));

    /// <summary>The first violation; all of these judges find one, and no other does.</summary>
    private static Verdict.Violation Violated(Evidence evidence, params string[] judges)
    {
        Assert.That(All.Where(judge => judge.Value(evidence) is Verdict.Violation).Select(judge => judge.Key), Is.EquivalentTo(judges));
        return All[judges[0]](evidence).MustBeViolated();
    }

    private static ProcessEnd? Exit(int code) => new(code, null, default);

    private static ProcessEnd? Killed(int signal) => new(null, signal, default);

    private static ProcessEnd? Running() => null;

    private static Evidence Served(ImmutableArray<int> cuts = default, int delay = 0, string request = Request, Func<Told, Told>? change = null, int? answered = null) =>
        Served(Exit(0), cuts, delay, request, change, answered);

    private static Evidence Served(ProcessEnd? exit, ImmutableArray<int> cuts = default, int delay = 0, string request = Request, Func<Told, Told>? change = null, int? answered = null) =>
        Case(Guests.One("one", cuts, delay: delay), told => (change ?? (same => same))(told.Changing(0, Guest(request, request.Length, request.Length, answered))), exit);

    private static Evidence Served(ImmutableArray<int> cuts, ProcessEnd? exit, Func<Told, Told>? change = null) => Served(exit, cuts, change: change);

    private static Evidence Refused(ProcessEnd? exit, Func<Told, Told>? change = null) => Case(Talk.Scenario("nobody listens", [new Step.Launch(), new Step.AwaitExit()]), change, exit);

    private static Evidence Silent(ProcessEnd? exit, Func<Told, Told>? change = null) =>
        Case(Talk.Scenario("silence", Guests.Listen(), Guests.Come(0), [new Step.AwaitExit()]), told => (change ?? (same => same))(told.Changing(0, Guest(Request, 0, 0, 0))), exit);

    private static Evidence BrokenOff(ProcessEnd? exit, bool abort, string request = Request, int given = 2, Func<Told, Told>? change = null) =>
        Case(Guests.BrokenOff("broken off", 2, abort), told => (change ?? (same => same))(told.Changing(0, Guest(request, Request.Length, given, null))), exit);

    private static Evidence HalfClosed(ProcessEnd? exit, Func<Told, Told>? change = null, string request = Request) => Case(
        Talk.Scenario("half-closed", Guests.Listen(), Guests.Come(0), [new Step.Serve(0, [], ThenShut: true), new Step.Close(0), new Step.AwaitExit()]),
        told => (change ?? (same => same))(told.Changing(0, Guest(request, Request.Length, Request.Length, Request.Length))), exit);

    private static Evidence Twice(string whole, string pieces, ProcessEnd? second = null, string request = Request)
    {
        var evidence = Case(
            Talk.Scenario("twice", Guests.Listen(), Guests.Visit(0), Guests.Visit(1, [1])),
            told => told.Changing(0, Guest(Request, Request.Length, Request.Length, null)).Changing(1, Guest(request, request.Length, request.Length, null)), Exit(0), second ?? Exit(0));
        return evidence with { Target = evidence.Target with { Runs = [evidence.Target.Runs[0] with { Output = whole }, evidence.Target.Runs[1] with { Output = pieces }] } };
    }

    private static Func<ConnectionTrace, ConnectionTrace> Guest(string sent, int owed, int given, int? answered) => trace => trace with
    {
        Peer = new IPEndPoint(IPAddress.Loopback, 40000),
        Received = Encoding.Latin1.GetBytes(sent),
        Owed = owed,
        Accepted = given,
        Answered = answered ?? sent.Length,
    };

    private static Evidence Case(Scenario scenario, Func<Told, Told>? change, params ProcessEnd?[] runs)
    {
        var told = Told.Of(scenario.Steps);
        var evidence = (change ?? (same => same))(told).Evidence();
        return evidence with { Service = Lines, Target = evidence.Target with { End = runs.LastOrDefault(), Runs = [.. runs.Select(end => new ClientRun(default, end, ""))] } };
    }
}
