using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class ConsoleReportTests
{
    private static readonly ConsoleStyle Plain = new(Color: false, Bar: false, Quiet: false, Verbose: false);

    [Test]
    public void The_first_lines_say_what_is_checked_and_how() => Assert.That(Print(Plain, report => report.Header(Runs.Header)), Is.EqualTo(
        $"""
        sockconf {RunHeader.Version}  seed 0x5EED  sandbox: namespaces (tier A)  capture: lo, libpcap 1.10
        target  python3 server.py {"{port}"}  spec echo


        """));

    [TestCase(Status.Pass, null, "  PASS  [  1.50s] ( 2/12) tcp/close/no-reset  does not reset\n")]
    [TestCase(Status.Fail, null, "  FAIL  [  1.50s] ( 2/12) tcp/close/no-reset  does not reset\n")]
    [TestCase(Status.Warn, null, "  SHOULD[  1.50s] ( 2/12) tcp/close/no-reset  does not reset\n")]
    [TestCase(Status.Flaky, "failed 1 of 3 runs", "  FLAKY [  1.50s] ( 2/12) tcp/close/no-reset  does not reset (failed 1 of 3 runs)\n")]
    [TestCase(Status.Inconclusive, "packets were lost", "  INCONC[  1.50s] ( 2/12) tcp/close/no-reset  does not reset (packets were lost)\n")]
    [TestCase(Status.Skip, "not observable", "  SKIP  [  1.50s] ( 2/12) tcp/close/no-reset  does not reset (not observable)\n")]
    public void Each_requirement_has_a_line(Status status, string? reason, string line) =>
        Assert.That(Print(Plain, Done(Runs.Result(status, reason: reason))), Is.EqualTo(line));

    [Test]
    public void A_failure_has_a_card_with_all_that_is_known() => Assert.That(
        Print(Plain, report => report.Card(Runs.Failed(), Runs.Files["tcp/close/no-reset"] with { Folder = "/reports/run" }, "/reports/run")), Is.EqualTo(
            """

            tcp/close/no-reset — does not reset   [RFC 9293 §3.6; MUST]
              demanded      It ends by FIN.
              what we did   #0 connect → #0 send 20 bytes of text → #0 receive 20 bytes → #0 shutdown(SHUT_WR) → #0 receive until end of file → #0 close
              expected      FIN
              observed      RST
              usual cause   SO_LINGER
              fix           read to the end
              shrunk        12 → 6 primitives in 40 runs; failed in 3 of 3 runs on fresh targets
              capture       /reports/run/cases/tcp-close-no-reset-0123abcd.pcapng   (Wireshark: frame.comment)
              reproduce     sockconf replay /reports/run/cases/tcp-close-no-reset-0123abcd.json

            """));

    [TestCase(".sockconf/runs/1", "tcp-close-no-reset-0123abcd")]
    [TestCase("/a b/it's", @"'/a b/it'\''s/cases/tcp-close-no-reset-0123abcd.json'")]
    public void A_failure_is_reproduced_by_what_replay_finds_it_by(string folder, string name) => Assert.That(
        Print(Plain, report => report.Card(Runs.Failed(), Runs.Files["tcp/close/no-reset"] with { Folder = folder }, folder)), Does.Contain($"  reproduce     sockconf replay {name}\n"));

    [Test]
    public void The_last_words_of_a_target_that_died_are_on_the_card()
    {
        var evidence = Told.Of(Talk.Connect(0)).Exiting(1, TimeSpan.Zero).Evidence();
        var printed = evidence with { Target = evidence.Target with { Output = "starting\nTraceback:\nKeyError: 7\n\n" } };
        Assert.That(
            Print(Plain, report => report.Card(Runs.Failed(evidence: printed), null, "/reports/run")),
            Does.Contain("  it printed    KeyError: 7\n"));
    }

    [Test]
    public void A_pass_has_no_card() =>
        Assert.That(Print(Plain, report => report.Card(Runs.Result(Status.Pass), null, "/reports/run")), Is.Empty);

    [Test]
    public void The_summary_counts_what_there_is() => Assert.That(
        Print(Plain, report => report.Summary(
            Runs.Header, Runs.Of(Runs.Result(Status.Pass), Runs.Result(Status.Pass), Runs.Failed(), Runs.Result(Status.Inconclusive)), "/reports/run", 1)), Is.EqualTo(
            """

            Summary  4 requirements: 2 pass, 1 FAIL, 1 inconc  (2.25 s, 30 cases, 44 connections, 555 packets, 0 lost)
            Report   /reports/run   seed 0x5EED   exit 1

            """));

    [Test]
    public void A_run_that_was_interrupted_or_not_captured_says_so()
    {
        var run = Runs.Of(Runs.Result(Status.Pass)) with { Interrupted = 2 };
        Assert.That(
            Print(Plain, report => report.Summary(Runs.Header with { Captured = false }, run, null, 130)),
            Does.Contain("no capture)").And.EndsWith("seed 0x5EED   exit 130 (interrupted)\n"));
    }

    [TestCase(Status.Pass, false)]
    [TestCase(Status.Skip, false)]
    [TestCase(Status.Fail, true)]
    [TestCase(Status.Flaky, true)]
    [TestCase(Status.Inconclusive, true)]
    public void Quiet_shows_only_what_is_not_a_pass(Status status, bool shown) =>
        Assert.That(
            Print(Plain with { Quiet = true }, Done(Runs.Result(status)), report => report.Header(Runs.Header)),
            shown ? Is.Not.Empty : Is.Empty);

    [Test]
    public void Verbose_has_a_line_per_case() => Assert.That(
        Print(
            Plain with { Verbose = true },
            report => ((IRunObserver)report).CaseDone(Runs.Requirement(), In(Talk.Scenario("one line", Talk.Connect(0))), Verdict.Holds, CloseVerdict.HalfOpen)),
        Does.Contain("tcp/close/no-reset  one line: pass, close half-open"));

    [Test]
    public void Without_colour_nothing_but_lines_of_text_comes_out_whatever_the_target_says() => Law.Holds(Runs.Hostile.Three(), text =>
    {
        var (a, b, c) = (text.Item1, text.Item2, text.Item3);
        Assert.That(Everything(Plain with { Verbose = true }, a, b, c).Where(sign => char.IsControl(sign) && sign != '\n'), Is.Empty);
    });

    [Test]
    public void With_colour_the_only_sequences_are_our_own() => Law.Holds(Runs.Hostile.Three(), text =>
    {
        var printed = Everything(Plain with { Color = true }, text.Item1, text.Item2, text.Item3);
        foreach (var own in (string[])["\e[31m", "\e[32m", "\e[33m", "\e[90m", "\e[0m"]) printed = printed.Replace(own, "", StringComparison.Ordinal);
        Assert.That(printed.Where(sign => char.IsControl(sign) && sign != '\n'), Is.Empty);
    });

    [Test]
    public void A_hostile_name_adds_no_lines()
    {
        var usual = Print(Plain, report => report.Header(Runs.Header));
        var hostile = Print(Plain, report => report.Header(Runs.Header with { Target = "x\nPASS  everything\r\e[2J", Spec = "x\nPASS  \e[2J" }));
        Assert.That(hostile.Split('\n'), Has.Length.EqualTo(usual.Split('\n').Length));
    }

    [Test]
    public void Every_colour_that_is_switched_on_is_switched_off_on_its_line()
    {
        foreach (var line in Everything(Plain with { Color = true }, "a", "b", "c").Split('\n'))
            Assert.That(line.Split("\e[").Length - 1, Is.EqualTo(2 * (line.Split("\e[0m").Length - 1)), line);
    }

    [Test]
    public void Without_a_bar_nothing_is_written_to_the_progress_stream()
    {
        using var progress = new StringWriter();
        using var results = new StringWriter();
        var report = new ConsoleReport(results, progress, Plain);
        Done(Runs.Result(Status.Pass))(report);
        ((IRunObserver)report).Shrinking(Runs.Requirement());
        Assert.That(progress.ToString(), Is.Empty);
    }

    [Test]
    public void The_bar_is_never_in_the_results()
    {
        using var progress = new StringWriter();
        using var results = new StringWriter();
        Done(Runs.Result(Status.Pass))(new ConsoleReport(results, progress, Plain with { Bar = true }));
        Assert.That(results.ToString(), Does.Not.Contain("\r").And.Not.Contain("\e"));
        Assert.That(progress.ToString(), Does.Contain("\r"));
    }

    private static Evidence In(Scenario scenario) => Told.Of(scenario.Steps).Evidence() with { Scenario = scenario };

    private static Action<ConsoleReport> Done(RequirementResult result) => report => ((IRunObserver)report).RequirementDone(result, 2, 12);

    private static string Everything(ConsoleStyle style, string a, string b, string c) => Print(
        style,
        report => report.Header(Runs.Header with { Target = a, Sandbox = b, Capture = c }),
        report => ((IRunObserver)report).CaseDone(Runs.Requirement(), In(new Scenario(a, [new Step.Connect(0)])), Verdict.Holds, CloseVerdict.None),
        Done(Runs.Result(Status.Flaky, reason: b)),
        Done(Runs.Result(Status.Pass)),
        report =>
        {
            var died = Told.Of(Talk.Connect(0)).KilledBy(11, TimeSpan.Zero).Evidence();
            report.Card(Runs.Failed(expected: a, observed: b, evidence: died with { Target = died.Target with { Output = c } }), Runs.Files["tcp/close/no-reset"], c);
        },
        report => report.Summary(Runs.Header, Runs.Of(Runs.Failed(), Runs.Result(Status.Skip)), a, 1));

    private static string Print(ConsoleStyle style, params Action<ConsoleReport>[] tell)
    {
        using var results = new StringWriter { NewLine = "\n" };
        var report = new ConsoleReport(results, TextWriter.Null, style);
        foreach (var one in tell) one(report);
        return results.ToString();
    }
}
