using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Whatever a target does to live on, nothing of it is left after the run.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class LingeringTargets
{
    [TestCase("auto")]
    [TestCase("off")]
    public async Task A_server_that_ignores_SIGTERM_is_ended_and_can_be_restarted(string sandbox)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--sandbox", sandbox, "--filter", "process/restart/same-port"], [.. Hostile.Command("ignores_sigterm"), place.Mark]);
        outcome.MustExit(0);
        Assert.That(outcome.Results.Verdicts["process/restart/same-port"], Is.EqualTo("pass"));
        outcome.MustLeaveNothing();
    }

    [TestCase("auto")]
    [TestCase("off")]
    public async Task A_helper_that_went_its_own_way_is_ended_too(string sandbox)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--sandbox", sandbox], Hostile.Command("leaves_a_helper", place.Mark));
        outcome.MustExit(0);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_server_that_kills_everybody_kills_only_itself()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(Sockconf.Brief, Hostile.Command("kills_everybody"));
        outcome.MustExit(1);
        outcome.MustShowNoStackTrace();
        Assert.That(outcome.Results.Violated, Is.Not.Empty);
        outcome.MustLeaveNothing();
    }
}
