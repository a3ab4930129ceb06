using System.Text.Json;
using System.Xml.Linq;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>The files of a run keep the contract, and the console keeps to the conventions.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Reports
{
    private static readonly string[] RunFields = ["schema", "tool", "target", "spec", "seed", "sandbox", "capture", "started", "duration_ms", "exit", "requirements"];

    private static readonly string[] RequirementFields =
    [
        "id", "title", "level", "subject", "clause", "verdict", "close", "cases", "duration_ms", "expected", "actual", "why", "fix", "case", "capture", "replay", "statement", "trace",
    ];

    private static readonly IReadOnlyList<string> UpperCase = TargetProgram.Named("faulty/upper_case.py").Command;
    private static readonly IReadOnlyList<string> Good = TargetProgram.Named("good/c_poll.c").Command;

    [Test]
    public async Task Results_json_has_exactly_the_fields_of_the_contract()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--seed", "0x5EED", "--profile", "quick", "--max-time", "60s"], UpperCase);
        var document = outcome.Results.Document;
        Assert.That(document.EnumerateObject().Select(field => field.Name), Is.EquivalentTo(RunFields));
        Assert.That(document.GetProperty("capture").EnumerateObject().Select(field => field.Name), Is.EquivalentTo((string[])["backend", "received", "dropped"]));
        Assert.That(document.GetProperty("schema").GetInt32(), Is.EqualTo(1));
        Assert.That(document.GetProperty("seed").GetString(), Is.EqualTo("0x5EED"));
        Assert.That(document.GetProperty("spec").GetString(), Is.EqualTo("echo"));
        Assert.That(document.GetProperty("exit").GetInt32(), Is.EqualTo(outcome.Exit));
        Assert.That(DateTimeOffset.TryParse(document.GetProperty("started").GetString(), null, out _), Is.True);
        foreach (var requirement in outcome.Results.Requirements)
        {
            Assert.That(requirement.EnumerateObject().Select(field => field.Name), Is.EquivalentTo(RequirementFields));
            Assert.That(requirement.GetProperty("verdict").GetString(), Is.AnyOf("pass", "fail", "warn", "info", "flaky", "inconclusive", "skip", "error"));
            Assert.That(requirement.GetProperty("close").GetString(), Is.AnyOf("orderly", "half-open", "reset", "timeout", "none"));
            Assert.That(requirement.GetProperty("level").GetString(), Is.AnyOf("must", "should"));
        }
    }

    [Test]
    public async Task A_failure_says_what_was_expected_and_names_files_that_are_there()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--profile", "quick", "--max-time", "60s"], UpperCase);
        var failed = outcome.Results.Requirements.Where(one => one.GetProperty("verdict").GetString() == "fail").ToList();
        Assert.That(failed, Is.Not.Empty);
        foreach (var requirement in failed)
        {
            foreach (var field in (string[])["expected", "actual", "why", "fix", "replay"]) Assert.That(requirement.GetProperty(field).GetString(), Is.Not.Empty, field);
            foreach (var field in (string[])["case", "capture"])
            {
                var path = requirement.GetProperty(field).GetString()!;
                Assert.That(Path.IsPathRooted(path), Is.False, path);
                Assert.That(Path.Combine(place.Report, path), Does.Exist);
            }
        }

        var page = Path.Combine(place.Report, "report.html");
        var first = await File.ReadAllTextAsync(page);
        Assert.That(first, Does.Contain("<svg class=\"ladder\"").And.Contain("SYN seq=0 win=").And.Contain("violates ").And.Contain("<svg class=\"states\""));
        File.Delete(page);
        var again = await new Sockconf(place).Run("report", place.Report);
        again.MustExit(0);
        Assert.That(again.Output.Trim(), Is.EqualTo(page));
        Assert.That(await File.ReadAllTextAsync(page), Is.EqualTo(first), "all that is in it comes from the folder");
        (await new Sockconf(place).Run("report", place.Work)).MustRefuse(2, "is no report folder");
    }

    [Test]
    public async Task Junit_xml_has_a_failure_for_each_violated_requirement_and_for_no_other()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--profile", "quick", "--max-time", "60s"], UpperCase);
        var suite = XDocument.Load(Path.Combine(place.Report, "junit.xml")).Root!.Element("testsuite")!;
        var failures = suite.Elements("testcase").Where(one => one.Element("failure") is not null).Select(one => one.Attribute("name")!.Value).ToList();
        Assert.That(failures, Is.EquivalentTo(outcome.Results.Verdicts.Where(one => one.Value == "fail").Select(one => one.Key)).And.Not.Empty);
        Assert.That(suite.Attribute("failures")!.Value, Is.EqualTo($"{failures.Count}"));
        Assert.That(suite.Attribute("tests")!.Value, Is.EqualTo($"{outcome.Results.Requirements.Count}"));
        Assert.That(suite.Attribute("errors")!.Value, Is.EqualTo("0"));
    }

    [Test]
    public async Task A_violated_SHOULD_is_a_warning_and_a_failure_with_strict()
    {
        using var place = new Workplace();
        string[] options = ["--filter", "process/restart", .. Sockconf.Brief];
        var command = TargetProgram.Named("faulty/no_reuse_address.py").Command;
        var lenient = await new Sockconf(place).Check(options, command);
        lenient.MustExit(0);
        Assert.That(lenient.Results.Verdicts["process/restart/same-port"], Is.EqualTo("warn"));
        Assert.That(XDocument.Load(Path.Combine(place.Report, "junit.xml")).Descendants("failure"), Is.Empty);

        var strict = await new Sockconf(place).Check([.. options, "--strict"], command);
        strict.MustExit(1);
        Assert.That(XDocument.Load(Path.Combine(place.Report, "junit.xml")).Descendants("failure").Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task The_same_seed_gives_the_same_scenarios()
    {
        var first = await Situations("--seed", "7");
        Assert.That(first, Has.Length.GreaterThan(100));
        Assert.That(await Situations("--seed", "7"), Is.EqualTo(first));
        Assert.That(await Situations("--seed", "8"), Is.Not.EqualTo(first));
    }

    [Test]
    public async Task A_run_can_be_drawn_again_with_the_seed_that_it_prints()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--filter", "echo/data"], Good);
        var seed = outcome.Results.Document.GetProperty("seed").GetString()!;
        Assert.That(outcome.Output, Does.Contain($"seed {seed}"));
        var cases = CaseSituations(outcome.Results);
        var again = await new Sockconf(place).Check(["--filter", "echo/data", "--seed", seed], Good);
        Assert.That(CaseSituations(again.Results), Is.EqualTo(cases));
    }

    [Test]
    public async Task Every_line_of_the_event_log_is_an_object_with_a_version_a_name_and_a_time()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--profile", "quick", "--max-time", "60s"], UpperCase);
        var lines = await File.ReadAllLinesAsync(Path.Combine(place.Report, "events.ndjson"));
        foreach (var entry in lines.Select(line => JsonElement.Parse(line)))
        {
            Assert.That(entry.GetProperty("v").GetInt32(), Is.EqualTo(1));
            Assert.That(entry.GetProperty("event").GetString(), Is.AnyOf("run.start", "case.end", "requirement.end", "run.end"));
            Assert.That(entry.GetProperty("ms").GetDouble(), Is.Not.Negative);
        }

        Assert.That(lines[0], Does.Contain("run.start"));
        Assert.That(lines[^1], Does.Contain("run.end"));
        Assert.That(outcome.Results.Events("requirement.end"), Has.Count.EqualTo(outcome.Results.Requirements.Count));
    }

    [Test]
    public async Task No_color_is_respected_and_can_be_overruled()
    {
        Assert.That(await Printed([], [("FORCE_COLOR", "1")]), Does.Contain("\e["));
        Assert.That(await Printed([], [("FORCE_COLOR", "1"), ("NO_COLOR", "1")]), Does.Not.Contain("\e["));
        Assert.That(await Printed([], []), Does.Not.Contain("\e["), "the output is no terminal");
        Assert.That(await Printed(["--color", "always"], [("NO_COLOR", "1")]), Does.Contain("\e["));
        Assert.That(await Printed(["--color", "never"], [("FORCE_COLOR", "1")]), Does.Not.Contain("\e["));
    }

    [Test]
    public async Task Quiet_prints_only_what_is_not_a_pass_and_the_summary()
    {
        var good = await Printed(["--quiet"], []);
        Assert.That(good, Does.Not.Contain("PASS").And.Contain("Summary"));
        using var place = new Workplace();
        var faulty = await new Sockconf(place).Check(["--quiet", "--filter", "echo/data", .. Sockconf.Brief], UpperCase);
        Assert.That(faulty.Output, Does.Not.Contain("PASS").And.Contain("FAIL").And.Contain("Summary"));
    }

    [Test]
    public async Task Results_go_to_stdout_and_progress_to_stderr()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--progress", "always", "--filter", "echo/data"], Good);
        Assert.That(outcome.Output, Does.Contain("PASS").And.Not.Contain("\r"));
        Assert.That(outcome.Errors, Does.Contain("\r").And.Not.Contain("PASS"));
    }

    private static async Task<string> Printed(string[] options, (string Name, string Value)[] variables)
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place) { Variables = variables.ToDictionary(one => one.Name, string? (one) => one.Value) };
        var outcome = await sockconf.Check(["--filter", "tcp/handshake", .. options], Good);
        outcome.MustExit(0);
        return outcome.Output + outcome.Errors;
    }

    private static async Task<string[]> Situations(params string[] options)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(options, Good);
        outcome.MustExit(0);
        return CaseSituations(outcome.Results);
    }

    /// <summary>What was tried, in an order that does not depend on which case ended first.</summary>
    private static string[] CaseSituations(Results results) =>
        [.. results.Events("case.end").Select(entry => $"{entry.GetProperty("requirement")}: {entry.GetProperty("situation")}").Order(StringComparer.Ordinal)];
}
