using System.Xml.Linq;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A run that is ended early reports what it found, and leaves nothing behind.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Interruptions
{
    private static readonly string[] Long = ["--profile", "thorough", "--cases", "2000"];

    [TestCase(SockconfProcess.Interrupt, 130, "auto")]
    [TestCase(SockconfProcess.Terminate, 143, "auto")]
    [TestCase(SockconfProcess.Interrupt, 130, "off")]
    [TestCase(SockconfProcess.Terminate, 143, "off")]
    public async Task A_signal_ends_the_run_with_a_report(int signal, int exit, string sandbox)
    {
        using var place = new Workplace();
        var outcome = await Interrupted(place, sandbox, running => running.Signal(signal));
        ReportsWhatItFound(outcome, exit);
    }

    [Test]
    public async Task Ctrl_C_reaches_every_process_of_the_terminal_and_is_one_signal_all_the_same()
    {
        using var place = new Workplace();
        var outcome = await Interrupted(place, "auto", running => running.SignalGroup(SockconfProcess.Interrupt));
        ReportsWhatItFound(outcome, 130);
    }

    [Test]
    public async Task A_signal_before_the_target_listens_ends_the_run_too()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        using var running = await SockconfProcess.Start(sockconf, sockconf.CheckArguments(["--time-scale", "100"], Hostile.Command("never_listens")));
        await running.Prints("target  ");
        running.Signal(SockconfProcess.Terminate);
        var outcome = await running.End();
        outcome.MustExit(143);
        outcome.MustShowNoStackTrace();
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_signal_ends_a_check_of_a_driver_with_a_report()
    {
        using var place = new Workplace();
        using var running = await SockconfProcess.Start(new Sockconf(place), ["check", "--driver", "--profile", "thorough", "--report", place.Report]);
        await running.Prints("target  ");
        running.Signal(SockconfProcess.Interrupt);
        var outcome = await running.End();
        outcome.MustExit(130);
        outcome.MustShowNoStackTrace();
        Assert.That(outcome.Results.Verdicts.Values.Distinct(), Is.SubsetOf((string[])["pass", "skip", "info", "inconclusive"]), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_signal_ends_a_replay_as_well()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        await sockconf.Check(["--profile", "quick", "--max-time", "60s", "--filter", "echo/data/unchanged"], TargetProgram.Named("faulty/upper_case.py").Command);
        using var running = await SockconfProcess.Start(sockconf, ["replay", place.Report, "--time-scale", "100", "--", .. Hostile.Command("never_listens")]);
        await running.Prints("target  ");
        running.Signal(SockconfProcess.Interrupt);
        var outcome = await running.End();
        outcome.MustExit(130);
        outcome.MustShowNoStackTrace();
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Even_if_it_is_killed_no_process_is_left()
    {
        using var place = new Workplace();
        var outcome = await Interrupted(place, "require", running => running.Signal(SockconfProcess.Kill), atOnce: false);
        Assert.That(outcome.Exit, Is.Not.Zero);
        Clock.Until(() => place.LeftProcesses().Count == 0 ? place : null, TimeSpan.FromSeconds(60), CancellationToken.None);
        Assert.That(place.LeftProcesses(), Is.Empty);
    }

    private static async Task<Outcome> Interrupted(Workplace place, string sandbox, Action<SockconfProcess> end, bool atOnce = true)
    {
        var sockconf = new Sockconf(place);
        using var running = await SockconfProcess.Start(sockconf, sockconf.CheckArguments([.. Long, "--sandbox", sandbox], [.. TargetProgram.Named("good/python_threads.py").Command, place.Mark]));
        await running.Prints("PASS");
        end(running);
        var outcome = await running.End();
        if (atOnce) outcome.MustLeaveNothing();
        return outcome;
    }

    private static void ReportsWhatItFound(Outcome outcome, int exit)
    {
        outcome.MustExit(exit);
        outcome.MustShowNoStackTrace();
        Assert.That(outcome.Errors, Is.Empty);
        Assert.That(outcome.Output, Does.Contain("interrupted").And.Contain("Summary"));
        Assert.That(outcome.Results.Exit, Is.EqualTo(exit));
        Assert.That(outcome.Results.Verdicts.Values, Has.Some.EqualTo("pass").And.Some.EqualTo("skip").And.None.EqualTo("fail"));
        Assert.That(outcome.Results.Events("run.end").Single().GetProperty("exit").GetInt32(), Is.EqualTo(exit));
        Assert.That(File.ReadAllText(Path.Combine(outcome.Place.Report, "report.html")), Does.Contain("Interrupted: nothing was found wrong until then"));
        var junit = XDocument.Load(Path.Combine(outcome.Place.Report, "junit.xml"));
        Assert.That(junit.Descendants("testcase").Count(), Is.EqualTo(outcome.Results.Requirements.Count));
    }
}
