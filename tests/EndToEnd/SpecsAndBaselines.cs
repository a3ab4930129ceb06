using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Specs and baselines as a user meets them.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class SpecsAndBaselines
{
    private static readonly IReadOnlyList<string> UpperCase = TargetProgram.Named("faulty/upper_case.py").Command;

    [Test]
    public async Task What_init_writes_can_be_checked_against()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        (await sockconf.Run("init", "my.yaml")).MustExit(0);
        (await sockconf.Run("init", "my.yaml")).MustRefuse(2, "my.yaml", "exists");
        (await sockconf.Run("list", "--spec", "my.yaml")).MustExit(0);
    }

    [Test]
    public async Task A_known_failure_fails_no_run_and_a_mended_one_is_told()
    {
        using var place = new Workplace();
        place.Write("known.yaml", "baseline: 1\nknown:\n  - { requirement: echo/data/unchanged, reason: ticket 7 }\n  - { requirement: tcp/close/no-reset, reason: ticket 8 }\n");
        var outcome = await new Sockconf(place).Check(["--filter", "echo/data/unchanged", "--filter", "tcp/close/no-reset", "--baseline", "known.yaml", .. Sockconf.Brief], UpperCase);
        outcome.MustExit(0);
        Assert.That(outcome.Output, Does.Contain("XFAIL  echo/data/unchanged  known: ticket 7").And.Contain("XPASS  tcp/close/no-reset  mended"));
        Assert.That(outcome.Results.Verdicts, Is.EquivalentTo(new Dictionary<string, string> { ["echo/data/unchanged"] = "info", ["tcp/close/no-reset"] = "pass" }));
    }

    [TestCase("sockspec: 1\ntransprt: {}\n", "spec.yaml:2:1", "did you mean transport?")]
    [TestCase("sockspec: 1\nlevels: { tcp/close/no-rest: should }\n", "spec.yaml:2:", "tcp/close/no-rest", "did you mean tcp/close/no-reset?")]
    [TestCase("sockspec: 1\na: &a 1\n", "spec.yaml:2:")]
    public async Task A_spec_that_cannot_be_used_is_refused_in_one_line(string text, params string[] words)
    {
        using var place = new Workplace();
        place.Write("spec.yaml", text);
        (await new Sockconf(place).Run(["check", "--spec", "spec.yaml", "--", .. UpperCase])).MustRefuse(2, words);
    }

    [Test]
    public async Task A_failure_found_with_a_spec_of_ones_own_is_replayed_without_it()
    {
        using var place = new Workplace();
        var spec = place.Write("upper.yaml", File.ReadAllText(Path.Combine(Machine.Targets, "specs", "upper-line.yaml")));
        var role = TargetProgram.Role.Named("faulty", "upper_line.py one-recv");
        (await new Sockconf(place).Run(["check", "--spec", spec, "--filter", "message/cut/byte-by-byte", "--report", place.Report, .. Sockconf.Brief, "--", .. role.Command])).MustExit(1);
        File.Delete(spec);
        (await new Sockconf(place).Run(["replay", Path.Combine(place.Report, "cases"), "--", .. role.Command])).MustExit(1);
        (await new Sockconf(place).Run(["replay", Path.Combine(place.Report, "cases"), "--", .. TargetProgram.Named("good/python_upper_line.py").Command])).MustExit(0);
    }
}
