using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>What a profile had no time to decide is said to be undecided, and never to hold.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Profiles
{
    private const string FinAnswered = "tcp/close/fin-answered-by-fin";
    private static readonly IReadOnlyList<string> NeverCloses = TargetProgram.Named("faulty/never_closes_after_eof.py").Command;

    [Test]
    public async Task The_quick_profile_confirms_a_deadline_that_is_not_kept()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--profile", "quick"], NeverCloses);
        Assert.That(outcome.Exit, Is.EqualTo(1).Or.EqualTo(7), outcome.ToString); // 7: a busy machine, and the time was over
        Assert.That(outcome.Results.Verdicts[FinAnswered], Is.EqualTo("fail").Or.EqualTo("inconclusive"), outcome.ToString);
    }

    [Test]
    public async Task A_failure_that_the_time_leaves_unconfirmed_is_inconclusive_and_saved()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--profile", "quick", "--time-scale", "1.5", "--filter", "tcp/close/fin-answered-by-fin"], NeverCloses);
        Assert.That(outcome.Exit, Is.EqualTo(7), outcome.ToString);
        var result = outcome.Results.Of(FinAnswered);
        Assert.That(result.GetProperty("verdict").GetString(), Is.EqualTo("inconclusive"), outcome.ToString);
        Assert.That(result.GetProperty("why").GetString(), Does.Contain("the time was over before it was confirmed"), outcome.ToString);
        Assert.That(outcome.Results.Cases, Has.Count.EqualTo(1).And.All.Exist, outcome.ToString);
    }
}
