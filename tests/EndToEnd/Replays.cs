using NUnit.Framework;
using SockConformance.Tests.Shared;

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
    public async Task The_line_to_type_finds_a_case_in_a_report_folder_of_the_users()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        var first = await sockconf.Check(["--profile", "quick", "--max-time", "60s", "--filter", "echo/data/unchanged"], UpperCase);
        first.MustExit(1);
        var line = first.Results.Of("echo/data/unchanged").GetProperty("replay").GetString()!;
        Assert.That(first.Output, Does.Contain(line));
        var again = await sockconf.Run(["replay", line.Split(' ')[2], "--", .. UpperCase]);
        again.MustExit(1);
        Assert.That(Words(again), Is.EqualTo((string[])["FAILED"]), again.ToString);
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
    public async Task What_fails_now_and_then_is_not_fixed()
    {
        using var place = new Workplace();
        var file = await SavedCase(place);
        var launches = place.Write("launches", "");
        var moody = place.Write("moody.py", $"""
            import socket, sys
            with open({System.Text.Json.JsonSerializer.Serialize(launches)}, "r+") as launches:
                shouts = len(launches.read()) == 1
                launches.write("x")
            with socket.create_server(("0.0.0.0", int(sys.argv[1]))) as listener:
                while True:
                    conn, _ = listener.accept()
                    with conn:
                        while data := conn.recv(65536):
                            conn.sendall(data.upper() if shouts else data)
            """);
        var outcome = await new Sockconf(place).Run("replay", file, "--sandbox", "off", "--", "python3", moody, "{port}");
        outcome.MustExit(1);
        Assert.That(Words(outcome), Is.EqualTo((string[])["FAILED"]), outcome.ToString);
        Assert.That(await File.ReadAllTextAsync(launches), Is.EqualTo("xx"));
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

    [TestCase("upper_case.py", "echo/data", "violates echo/data/")]
    [TestCase("linger_zero.py", "tcp/close/no-reset", "violates tcp/close/no-reset: ")]
    [TestCase("never_closes_after_eof.py", "tcp/close/empty-connection", "missing: expected the target's FIN .* by here \\(tcp/close/empty-connection\\)")]
    public async Task The_packets_of_a_failure_can_be_read_and_say_which_primitive_caused_them_and_what_is_wrong(string faulty, string filter, string wrong)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--filter", filter, "--seed", "1", .. Sockconf.Brief], TargetProgram.Named($"faulty/{faulty}").Command);
        var captured = outcome.Results.Requirements.Where(one => one.GetProperty("capture").GetString() is not null).ToList();
        if (captured.Count == 0) Tools.Lacks("a right to capture");
        foreach (var one in captured)
        {
            var path = Path.Combine(place.Report, one.GetProperty("capture").GetString()!);
            var comments = (await Wireshark.Read("tshark", "-r", path, "-Y", "frame.comment contains \"sockconf\"", "-T", "fields", "-E", "aggregator=;", "-e", "frame.comment")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(comments[0], Does.Match(@"^\[sockconf\] step 1: #\d+ connect"), path);
                Assert.That(comments[1], Does.Match(@"^\[sockconf\] the answer to step 1: #\d+ connect"), path);
                Assert.That(comments, Has.One.Match(wrong), path);
                Assert.That(await Wireshark.Read("tshark", "-r", path, "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number"), Is.Empty);
                Assert.That(await Wireshark.Read("tshark", "-r", path, "-N", "nd", "-c", "2", "-T", "fields", "-e", "ip.src_host"), Is.EqualTo("harness\ntarget\n"));
                var id = Path.GetFileNameWithoutExtension(one.GetProperty("case").GetString());
                Assert.That(
                    await Wireshark.Read("capinfos", path),
                    Does.Contain($"sockconf evidence: requirement={one.GetProperty("id").GetString()} spec=echo seed=0x1 case={id}").And.Contain($"Again: sockconf replay {id}").And.Contain("Number of stat entries = 1"));
            }
        }
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

}
