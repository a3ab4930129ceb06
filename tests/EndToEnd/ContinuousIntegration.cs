using System.Diagnostics;
using System.Text.Json;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>sockconf as a step of a pipeline: parts of a run, formats, and what a machine has.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class ContinuousIntegration
{
    private static readonly IReadOnlyList<string> UpperCase = TargetProgram.Named("faulty/upper_case.py").Command;

    [Test]
    public async Task A_run_in_parts_is_merged_into_one_report_and_github_is_told()
    {
        using var place = new Workplace();
        var summary = Path.Combine(place.Work, "summary");
        var inActions = new Sockconf(place) { Variables = new Dictionary<string, string?> { ["GITHUB_ACTIONS"] = "true", ["GITHUB_STEP_SUMMARY"] = summary } };
        string[] parts = [Path.Combine(place.Work, "part-1"), Path.Combine(place.Work, "part-2")];
        var ids = new List<string>();
        foreach (var (index, part) in parts.Index())
        {
            var one = await inActions.Run(["check", "--spec", "echo", "--filter", "echo/data", "--partition", $"slice:{index + 1}/2", "--report", part, "--also", "ctrf,sarif", "--also", "tap", .. Sockconf.Brief, "--", .. UpperCase]);
            Assert.That(one.Exit, Is.AnyOf(0, 1), one.ToString);
            Assert.That(one.Output, Does.StartWith("::stop-commands::"));
            foreach (var file in (string[])["ctrf-report.json", "results.sarif", "results.tap"]) Assert.That(Path.Combine(part, file), Does.Exist);
            ids.AddRange(Results.In(part).Verdicts.Keys);
        }

        var merged = await new Sockconf(place).Run(["report", "--merge", .. parts, "-o", place.Report, "--also", "markdown"]);
        merged.MustExit(1);
        Assert.That(merged.Results.Verdicts.Keys, Is.EquivalentTo(ids.Distinct()));
        Assert.That(merged.Results.Verdicts["echo/data/unchanged"], Is.EqualTo("fail"));
        Assert.That(merged.Results.Cases, Is.Not.Empty.And.All.Exist);
        Assert.That(File.ReadAllText(Path.Combine(place.Report, "summary.md")), Does.Contain("FAIL"));
        Assert.That(File.ReadAllText(summary), Does.Contain("FAIL"));
        (await new Sockconf(place).Run(["replay", Path.Combine(place.Report, "cases"), "--", .. UpperCase])).MustExit(1);
    }

    [Test]
    public async Task Doctor_finds_all_that_a_run_has_and_leaves_nothing()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place) { AsOrdinaryUser = true }.Run("doctor", "--format", "json");
        outcome.MustExit(0);
        var report = JsonElement.Parse(outcome.Output);
        Assert.That((report.GetProperty("tier").GetString(), report.GetProperty("capture").GetBoolean()), Is.EqualTo(("A", true)));
        Assert.That(report.GetProperty("findings").EnumerateArray().Select(one => one.GetProperty("state").GetString()), Has.None.EqualTo("missing"));
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Doctor_names_each_tool_that_is_missing_and_says_what_to_type()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place) { AsOrdinaryUser = true, Variables = new Dictionary<string, string?> { ["PATH"] = PathWithout(place, "bwrap") } }.Run("doctor");
        outcome.MustExit(6);
        outcome.MustShowNoStackTrace();
        Assert.That(outcome.Output, Does.Match("MISSING +bwrap +not installed\n +→ .*bubblewrap").And.Contain("ok       user namespaces").And.Contain("Tier C"));
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Bash_completes_commands_options_and_their_values()
    {
        using var place = new Workplace();
        var script = (await new Sockconf(place).Run("completion", "bash")).Output;
        var program = SockconfProcess.Reference.TakeWhile(word => word != "reference").ToList();
        place.Write("sockconf", $"#!/bin/sh\nexec {string.Join(' ', program.Select(word => $"'{word}'"))} \"$@\"\n");
        place.Write("try.sh", $$"""
            {{script}}
            try() { COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=($1) COMPREPLY=(); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sockconf ./sockconf; echo "$1: ${COMPREPLY[*]}"; }
            try 'sockconf che'
            try 'sockconf check --sandbox re'
            try 'sockconf check --spec echo-'
            try 'sockconf check -- py'
            """);
        using var bash = Process.Start(new ProcessStartInfo("bash", ["try.sh"]) { WorkingDirectory = place.Work, RedirectStandardOutput = true })!;
        var said = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        Assert.That(said, Is.EqualTo("sockconf che: check\nsockconf check --sandbox re: require\nsockconf check --spec echo-: echo-tls echo-udp\nsockconf check -- py: \n"));
    }

    /// <summary>A folder with links to all programs of PATH but one.</summary>
    private static string PathWithout(Workplace place, string left)
    {
        var folder = Directory.CreateDirectory(Path.Combine(place.Root, "bin")).FullName;
        foreach (var program in (string[])["unshare", "nsenter", "setpriv", "prlimit", "setsid", "env", "sh", "true", "sleep", "bwrap"])
        {
            var found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(one => Path.Combine(one, program)).FirstOrDefault(File.Exists);
            if (program != left && found is not null) File.CreateSymbolicLink(Path.Combine(folder, program), found);
        }

        return folder;
    }
}
