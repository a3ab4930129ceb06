using System.Diagnostics;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Api;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Checks of drivers: the good ones are clean, each lie is told by the rule that is meant for it.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed partial class Drivers
{
    private static string Folder => Path.Combine(Machine.Targets, "drivers");

    private static string Liar => Path.Combine(Folder, "lying_driver.py");

    [TestCase("c")]
    [TestCase("python")]
    public async Task A_good_driver_is_clean_in_its_profile(string language)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", "--driver", "--report", place.Report, "--seed", "1", "--max-time", "12s", "--timeout", "10s", "--", .. Command(language)]);
        Assert.That(outcome.Exit, Is.Zero, () => $"{outcome}\n{outcome.Results.Complaints}");
        Assert.That(outcome.Results.Violated, Is.Empty, outcome.ToString);
        Assert.That(outcome.Results.Verdicts.Values.Count(verdict => verdict == "pass"), Is.GreaterThan(120), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    /// <summary>The classes and stacks of other platforms: each has no sockets but its own words for them, and is clean in the profile that states its deviations.</summary>
    [TestCase("java", 60)]
    [TestCase("dotnet", 60)]
    [TestCase("rust", 60)]
    [TestCase("node", 40)]
    [TestCase("lwip", 60)]
    public async Task A_platform_is_clean_in_its_profile(string platform, int least)
    {
        var command = Command(platform);
        if (platform == "rust" && !Tools.Has("rustc")) Assert.Ignore("rustc is not installed"); // nor does CI promise it
        Tools.Needs(command[0]);
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", "--driver", "--report", place.Report, "--seed", "1", "--max-time", "7s", "--timeout", "10s", "--", .. command]);

        // What was seen once and not again on a busy machine is told, and is no deviation: stacks with timers of their own meet such.
        Assert.That(outcome.Exit, Is.Zero.Or.EqualTo(7), () => $"{outcome}\n{outcome.Results.Complaints}");
        Assert.That(outcome.Results.Violated, Is.Empty, outcome.ToString);
        Assert.That(outcome.Results.Verdicts.Values.Count(verdict => verdict == "pass"), Is.GreaterThan(least), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task The_machines_own_API_needs_no_driver()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", "--driver", "--report", place.Report, "--seed", "1", "--max-time", "8s", "--timeout", "10s"]);
        outcome.MustExit(0);
        Assert.That(File.ReadAllText(Path.Combine(place.Report, "coverage.txt")), Does.Contain("PeerShut"));
    }

    [TestCaseSource(nameof(SomeLies))]
    public async Task A_lie_is_told_by_its_rule(string word)
    {
        var (_, _, rule) = Lies.Single(lie => lie.Word == word);
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", "--driver", "--report", place.Report, "--seed", "1", "--retries", "1", "--no-shrink", "--max-time", "25s", "--filter", rule, "--", "python3", Liar, word]);
        Assert.That(outcome.Results.Violated, Does.Contain(rule), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [Test]
    public void There_are_lies_about_most_rules()
    {
        var about = Lies.Select(lie => lie.Rule).ToHashSet();
        Assert.That(Lies, Has.Count.AtLeast(240));
        Assert.That(about.Where(id => Points.Find(id) is null), Is.Empty, "lies about rules that do not exist");
        var without = Points.Table.Where(rule => rule.Level is Level.Must or Level.Should && !about.Contains(rule.Id)).Select(rule => rule.Id).ToList();
        Assert.That(without, Is.Empty, "rules without a lie");
    }

    [Test]
    public async Task A_failure_is_shrunk_saved_shown_in_C_and_Python_and_replayed()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", "--driver", "--report", place.Report, "--seed", "1", "--filter", "api/recv/end-of-file-again", "--max-time", "25s", "--", "python3", Liar, "recv-end-once"]);
        outcome.MustExit(1);
        var saved = outcome.Results.Cases.Single();
        var program = File.ReadAllText(saved);
        Assert.That(Regex.Count(program, "\"(s[0-9]+ = )?(socket|bind|listen|connect|accept|send|recv|close|shutdown)"), Is.InRange(7, 9), program);
        Assert.That(File.ReadAllText(Path.ChangeExtension(saved, ".txt")), Does.Contain("recv(s[").And.Contain("expected"));

        var binary = Path.Combine(place.Report, "show");
        Assert.That(await Runs("gcc", "-Wall", "-Werror", "-o", binary, Path.ChangeExtension(saved, ".c"), "-pthread"), Is.Zero);
        Assert.That(await Runs(binary), Is.Zero);
        Assert.That(await Runs("python3", Path.ChangeExtension(saved, ".py")), Is.Zero);

        var still = await new Sockconf(place).Run(["replay", saved, "--", "python3", Liar, "recv-end-once"]);
        still.MustExit(1);
        Assert.That(still.Output, Does.Contain("FAILED"));
        var mended = await new Sockconf(place).Run(["replay", saved, "--", .. Command("python")]);
        mended.MustExit(0);
        Assert.That(mended.Output, Does.Contain("FIXED"));
    }

    [TestCase("cat")]
    [TestCase("true")]
    [TestCase("yes")]
    [TestCase("echo {}")]
    [TestCase("echo {\"driver\":9}")]
    [TestCase("head -c 3000000 /dev/zero")]
    public async Task What_is_no_driver_is_told_in_one_line(string command)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", "--driver", "--report", place.Report, "--timeout", "1s", "--", .. command.Split(' ', 3)]);
        outcome.MustRefuse(5, "this is no driver");
        outcome.MustLeaveNothing();
    }

    [TestCase("--spec echo", "--driver takes no --spec")]
    [TestCase("--standard windows", "there is no such profile")]
    [TestCase("--standard nowhere.yaml", "there is no profile")]
    [TestCase("--client", "do not go together")]
    [TestCase("--connect 127.0.0.1:7", "do not go together")]
    public async Task Wrong_usage_is_told_in_one_line(string options, string words)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", "--driver", .. options.Split(' '), "--report", place.Report, "--", "true"]);
        outcome.MustRefuse(2, words);
    }

    [TestCase("{\"sockcase\":1,\"program\":[]}")]
    [TestCase("{\"sockcase\":1,\"id\":\"x\",\"requirement\":\"api/bind/in-use\",\"profile\":\"linux\",\"tool\":\"t\",\"command\":[],\"expected\":\"e\",\"observed\":\"o\",\"situation\":\"s\",\"program\":[\"levitate s1\"]}")]
    [TestCase("{\"sockcase\":1,\"id\":\"x\",\"requirement\":\"api/nothing\",\"profile\":\"linux\",\"tool\":\"t\",\"command\":[],\"expected\":\"e\",\"observed\":\"o\",\"situation\":\"s\",\"program\":[\"close s1\"]}")]
    public async Task A_program_that_cannot_be_read_is_told_in_one_line(string json)
    {
        using var place = new Workplace();
        var path = place.Write("case.json", json);
        var outcome = await new Sockconf(place).Run(["replay", path, "--", "true"]);
        outcome.MustRefuse(2, "case.json");
    }

    private static IReadOnlyList<(string Word, string What, string Rule)> Lies { get; } =
        [.. File.ReadLines(Liar).Select(line => LiePattern().Match(line)).Where(match => match.Success).Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value))];

    /// <summary>A few for each primitive: all lies take too long for each run of the tests.</summary>
    private static readonly string[] SomeLies =
    [
        "socket-protocol-unseen", "socket-emfile-eagain", "getsockname-file-einval", "getsockname-closed-einval", "unknown-call-zero", "unknown-call-dies", "getpeername-unconnected-any", "getpeername-file-enotconn", "poll-always-readable", "poll-full-writable", "listen-again-einval", "listen-in-use-silent", "option-reuseaddr-zero", "option-acceptconn-zero", "shutdown-read-ends", "shutdown-unconnected-silent", "connect-bound-einval", "connect-full-timeout", "value-missing", "address-missing", "value-string", "close-again-silent", "dup-emfile-ebadf", "dup-closed-einval", "accept-aborted-eproto", "accept-newest-first", "junk-line", "endless-line", "answers-twice", "dies", "recv-timeout-zero", "recv-waitall-early", "bind-not-local-silent", "bind-one-port-table", "send-after-reset-enotconn", "send-zero-told", "connect-refused-guessed", "recv-end-sends-fin", "setsockopt-file-silent", "stays-at-end", "answers-swapped", "recv-interrupted-zero",
        "close-linger-resets", "close-linger-at-once", "close-linger-eagain", "connect-timeout-refused", "connect-in-memory", "option-nodelay-lost", "nonblocking-for-ever", "dup-anew", "long-lines-lost", "revents-missing", "blocked-for-ever",
    ];

    private static IReadOnlyList<string> Command(string language) => language switch
    {
        "c" or "rust" or "lwip" => [Path.Combine(Machine.Targets, ".bin", $"drivers-{language}_driver")],
        "java" => ["java", "-cp", Path.Combine(Machine.Targets, ".bin", "drivers-JavaDriver"), "JavaDriver"],
        "node" => ["node", Path.Combine(Folder, "node_driver.js")],
        "dotnet" => ["dotnet", Path.Combine(AppContext.BaseDirectory, "CSharpDriver.dll")],
        _ => ["python3", Path.Combine(Folder, "python_driver.py")],
    };

    private static async Task<int> Runs(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) TestContext.Out.WriteLine(string.Concat(said));
        return process.ExitCode;
    }

    [GeneratedRegex(@"^# defect (\S+?): (.*); trips: (\S+)\s*$")]
    private static partial Regex LiePattern();
}
