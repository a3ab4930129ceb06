using System.Diagnostics;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A saved failure tells, whenever it is run again, whether it is mended.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Replays
{
    private static readonly string[] Quick = ["check", "--spec", "echo", "--profile", "quick", "--max-time", "60s", "--seed", "1"];
    private static readonly IReadOnlyList<string> Good = TargetProgram.Named("good/python_threads.py").Command;
    private static readonly IReadOnlyList<string> UpperCase = TargetProgram.Named("faulty/upper_case.py").Command;
    private static readonly IReadOnlyList<string> LingerZero = TargetProgram.Named("faulty/linger_zero.py").Command;

    [TestCase("upper_case.py")]
    [TestCase("stops_at_nul.c")]
    [TestCase("killed_by_sigpipe.c")]
    public async Task Every_saved_case_fails_again_on_the_same_server_and_is_fixed_on_a_good_one(string faulty)
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        var command = TargetProgram.Named($"faulty/{faulty}").Command;
        var outcome = await sockconf.Check(["--profile", "quick", "--max-time", "60s", "--seed", "1"], command);
        outcome.MustExit(1);
        var cases = outcome.Results.Cases;
        Assert.That(cases, Is.Not.Empty.And.All.Exist);

        var again = await sockconf.Run(["replay", place.Report, "--", .. command]);
        again.MustExit(1);
        Assert.That(Words(again), Is.EqualTo(Enumerable.Repeat("FAILED", cases.Count)), again.ToString);

        var mended = await sockconf.Run(["replay", .. cases, "--", .. Good]);
        mended.MustExit(0);
        Assert.That(Words(mended), Is.EqualTo(Enumerable.Repeat("FIXED", cases.Count)), mended.ToString);
        mended.MustLeaveNothing();
    }

    [Test]
    public async Task A_case_is_found_by_file_by_id_and_by_folder()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        await sockconf.Run([.. Quick, "--filter", "echo/data/unchanged", "--", .. UpperCase]);
        var latest = Path.Combine(place.Work, ".sockconf", "runs", "latest");
        var results = Results.In(latest);
        var file = results.Cases.Single();
        var replayLine = results.Of("echo/data/unchanged").GetProperty("replay").GetString()!;
        Assert.That(replayLine, Does.StartWith("sockconf replay "));
        foreach (var how in (string[])[file, replayLine.Split(' ')[2], Path.GetDirectoryName(file)!, latest])
        {
            var outcome = await sockconf.Run(["replay", how, "--", .. UpperCase]);
            outcome.MustExit(1);
            Assert.That(Words(outcome), Is.EqualTo((string[])["FAILED"]), how);
        }
    }

    [Test]
    public async Task Another_fault_in_its_place_is_a_change()
    {
        using var place = new Workplace();
        var file = await SavedCase(place);
        var outcome = await new Sockconf(place).Run(["replay", file, "--", .. LingerZero]);
        outcome.MustExit(1);
        Assert.That(Words(outcome), Is.EqualTo((string[])["CHANGED"]), outcome.ToString);
        Assert.That(outcome.Output, Does.Contain("tcp/close/no-reset"));
    }

    [Test]
    public async Task A_server_that_does_not_start_is_an_error()
    {
        using var place = new Workplace();
        var file = await SavedCase(place);
        var outcome = await new Sockconf(place).Run(["replay", file, "--", .. Hostile.Command("exits_with_status_3")]);
        outcome.MustExit(7);
        Assert.That(Words(outcome), Is.EqualTo((string[])["ERROR"]), outcome.ToString);
        Assert.That(outcome.Output, Does.Contain("exited with status 3"));
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task The_recorded_command_is_run_only_if_the_user_says_so()
    {
        using var place = new Workplace();
        var file = await SavedCase(place);
        var refused = await new Sockconf(place).Run("replay", file);
        refused.MustRefuse(2, "--allow-recorded-command", "upper_case.py");
        Assert.That(refused.Output, Is.Empty);

        var allowed = await new Sockconf(place).Run("replay", file, "--allow-recorded-command");
        allowed.MustExit(1);
        Assert.That(Words(allowed), Is.EqualTo((string[])["FAILED"]), allowed.ToString);
    }

    [Test]
    public async Task The_packets_of_a_failure_can_be_read_and_say_which_primitive_caused_them()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--profile", "quick", "--max-time", "60s", "--seed", "1"], UpperCase);
        var captures = outcome.Results.Requirements.Select(one => one.GetProperty("capture").GetString()).OfType<string>().ToList();
        Assert.That(captures, Is.Not.Empty);
        foreach (var capture in captures)
        {
            var path = Path.Combine(place.Report, capture);
            var (exit, comments, errors) = await Tshark("-r", path, "-T", "fields", "-e", "frame.comment");
            Assert.That(exit, Is.Zero, errors);
            Assert.That(errors.Split('\n'), Has.None.Match("(?i)malformed|cut short|error"), capture);
            Assert.That(comments.Split('\n').First(line => line.Length > 0), Does.Match(@"^\[sockconf\] step 1: #\d+ connect"), capture);
        }

        var (_, malformed, _) = await Tshark("-r", Path.Combine(place.Report, captures[0]), "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number");
        Assert.That(malformed, Is.Empty);
        var firstCase = outcome.Results.Requirements.First(one => one.GetProperty("capture").GetString() == captures[0]);
        Assert.That(await File.ReadAllTextAsync(Path.Combine(place.Report, captures[0])), Does.Contain(firstCase.GetProperty("id").GetString()!), "the comment of the file names the requirement");
    }

    /// <summary>The words before the case ids: FIXED, FAILED, CHANGED, ERROR.</summary>
    internal static string[] Words(Outcome outcome) =>
        [.. outcome.Output.Split('\n').Select(line => line.Trim().Split(' ')[0]).Where(word => word is "FIXED" or "FAILED" or "CHANGED" or "ERROR")];

    /// <summary>A case of echo/data/unchanged that upper_case.py has failed.</summary>
    private static async Task<string> SavedCase(Workplace place)
    {
        var outcome = await new Sockconf(place).Check(["--profile", "quick", "--max-time", "60s", "--filter", "echo/data/unchanged"], UpperCase);
        outcome.MustExit(1);
        return outcome.Results.Cases.Single();
    }

    private static async Task<(int Exit, string Output, string Errors)> Tshark(params string[] arguments)
    {
        using var tshark = Process.Start(new ProcessStartInfo("tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var texts = await Task.WhenAll(tshark.StandardOutput.ReadToEndAsync(), tshark.StandardError.ReadToEndAsync());
        await tshark.WaitForExitAsync();
        return (tshark.ExitCode, texts[0], texts[1]);
    }
}
