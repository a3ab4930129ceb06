using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>The same verdicts with every right and with none.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Tiers
{
    [Test]
    public async Task An_ordinary_user_has_the_sandbox_and_the_capture()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place) { AsOrdinaryUser = true }.Check(["--sandbox", "require", "--capture", "require"], Copied(place, "good/c_epoll.c"));
        outcome.MustExit(0);
        Assert.That(outcome.Output.Split('\n')[0], Does.Contain("sandbox: namespaces (tier A)").And.Contain("capture: lo, libpcap"));
        var capture = outcome.Results.Document.GetProperty("capture");
        Assert.That(capture.GetProperty("received").GetInt64(), Is.Positive);
        Assert.That(capture.GetProperty("dropped").GetInt64(), Is.Zero);
        Assert.That(outcome.Results.Verdicts.Values, Is.All.EqualTo("pass"));
        outcome.MustLeaveNothing();
    }

    [TestCase("good/c_epoll.c")]
    [TestCase("faulty/stops_at_nul.c")]
    [TestCase("faulty/reset_on_close.c")]
    [TestCase("faulty/full_stdio_buffering.c")]
    [TestCase("faulty/killed_by_sigpipe.c")]
    public async Task The_verdicts_without_sandbox_and_capture_are_the_same(string program)
    {
        using var all = new Workplace();
        using var none = new Workplace();
        string[] options = ["--seed", "1", .. Sockconf.Brief];
        var with = await new Sockconf(all) { AsOrdinaryUser = true }.Check([.. options, "--sandbox", "require", "--capture", "require"], Copied(all, program));
        var without = await new Sockconf(none) { AsOrdinaryUser = true }.Check([.. options, "--sandbox", "off", "--capture", "off"], Copied(none, program));

        Assert.That(without.Output.Split('\n')[0], Does.Contain("tier C").And.Contain("capture: none"));
        Assert.That(without.Exit, Is.EqualTo(with.Exit), without.ToString);
        var unseen = without.Results.Requirements.Where(one => $"{one.GetProperty("why")}".StartsWith("not observable", StringComparison.Ordinal)).Select(one => one.GetProperty("id").GetString()!).ToList();
        Assert.That(without.Results.Violated, Is.EquivalentTo(with.Results.Violated.Except(unseen)), () => $"{with}\n{without}");
        Assert.That(unseen, Has.Count.LessThan(4), "requirements that only the wire shows");
        with.MustLeaveNothing();
        without.MustLeaveNothing();
    }

    [Test]
    public async Task Without_a_sandbox_only_root_may_capture()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--sandbox", "off"], TargetProgram.Named("good/c_epoll.c").Command);
        outcome.MustExit(0);
        var capture = outcome.Results.Document.GetProperty("capture");
        Assert.That(outcome.Output.Split('\n')[0], Does.Contain(Environment.IsPrivilegedProcess ? "capture: lo, libpcap" : "capture: none ("));
        Assert.That(capture.GetProperty("received").GetInt64() > 0, Is.EqualTo(Environment.IsPrivilegedProcess));
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_server_that_runs_already_is_checked_where_it_is()
    {
        using var place = new Workplace();
        using var server = new LoopbackEcho();
        var outcome = await new Sockconf(place).Run("check", "--spec", "echo", "--report", place.Report, "--connect", $"127.0.0.1:{server.Port}");
        outcome.MustExit(0);
        Assert.That(outcome.Results.Verdicts["process/restart/same-port"], Is.EqualTo("skip"));
        Assert.That(outcome.Results.Verdicts["echo/data/unchanged"], Is.EqualTo("pass"));
        outcome.MustLeaveNothing();
    }

    /// <summary>The command of a compiled program from a copy that everybody may read.</summary>
    private static string[] Copied(Workplace place, string program) => [place.Copy(TargetProgram.Named(program).Binary), "{port}"];
}
