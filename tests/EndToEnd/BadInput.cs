using System.Net;
using System.Net.Sockets;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>What cannot be meant is answered in one line that says what to write instead, before anything is started.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class BadInput
{
    private static readonly string[] Server = ["--", "python3", "-c", "print('this must never run')", "{port}"];

    [TestCase("did you mean echo?", "check", "--spec", "ecko")]
    [TestCase("'nothing-like-it'", "check", "--spec", "nothing-like-it")]
    [TestCase("--spec echo", "check")]
    [TestCase("--sed", "check", "--spec", "echo", "--sed", "1")]
    [TestCase("--seed", "check", "--spec", "echo", "--seed", "five")]
    [TestCase("--seed", "check", "--spec", "echo", "--seed", "-1")]
    [TestCase("--seed", "check", "--spec", "echo", "--seed", "0x")]
    [TestCase("--seed", "check", "--spec", "echo", "--seed")]
    [TestCase("--timeout 2", "check", "--spec", "echo", "--timeout", "2")]
    [TestCase("--timeout -1s", "check", "--spec", "echo", "--timeout=-1s")]
    [TestCase("--timeout 0s", "check", "--spec", "echo", "--timeout", "0s")]
    [TestCase("--timeout 2 s", "check", "--spec", "echo", "--timeout", "2 s")]
    [TestCase("--max-time", "check", "--spec", "echo", "--max-time", "soon")]
    [TestCase("--time-scale", "check", "--spec", "echo", "--time-scale", "0")]
    [TestCase("--time-scale", "check", "--spec", "echo", "--time-scale", "NaN")]
    [TestCase("--cases", "check", "--spec", "echo", "--cases", "-1")]
    [TestCase("--cases", "check", "--spec", "echo", "--cases", "many")]
    [TestCase("--jobs", "check", "--spec", "echo", "--jobs", "0")]
    [TestCase("--retries", "check", "--spec", "echo", "--retries", "-1")]
    [TestCase("--port", "check", "--spec", "echo", "--port", "65536")]
    [TestCase("--profile", "check", "--spec", "echo", "--profile", "slow")]
    [TestCase("--tls-secrets", "check", "--spec", "echo-tls", "--tls-secrets", "everywhere")]
    [TestCase("--sandbox", "check", "--spec", "echo", "--sandbox", "maybe")]
    [TestCase("--env", "check", "--spec", "echo", "--env", "=value")]
    [TestCase("--connect", "check", "--spec", "echo", "--connect", "127.0.0.1:7777")]
    [TestCase("echo-udp is a service of datagrams", "check", "--client", "--spec", "echo-udp")]
    [TestCase("--tls-ca", "check", "--client", "--spec", "echo-tls", "--tls-ca", "ca.pem")]
    [TestCase("chekc", "chekc", "--spec", "echo")]
    public async Task An_argument_that_makes_no_sense_is_named(string named, params string[] arguments)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run([.. arguments, .. Server]);
        outcome.MustRefuse(2, named);
        Assert.That(outcome.Output, Is.Empty);
        outcome.MustLeaveNothing();
    }

    [TestCase("say what to check", "check", "--spec", "echo")]
    [TestCase("say what to check", "check", "--spec", "echo", "--")]
    [TestCase("--allow-remote", "check", "--spec", "echo", "--connect", "192.0.2.1:7")]
    [TestCase("--connect", "check", "--spec", "echo", "--connect", "127.0.0.1")]
    [TestCase("--connect", "check", "--spec", "echo", "--connect", "127.0.0.1:0")]
    [TestCase("--connect", "check", "--spec", "echo", "--connect", "127.0.0.1:99999")]
    [TestCase("tcp/no-such-thing", "explain", "tcp/no-such-thing")]
    [TestCase("did you mean tcp/close/no-reset?", "explain", "tcp/close/noreset")]
    [TestCase("did you mean echo?", "list", "--spec", "eco")]
    [TestCase("say what to replay", "replay")]
    public async Task What_is_missing_or_wrong_is_named(string named, params string[] arguments)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(arguments);
        outcome.MustRefuse(2, named);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_filter_that_matches_nothing_runs_nothing()
    {
        using var place = new Workplace();
        var checkedNothing = await new Sockconf(place).Check(["--filter", "udp/"], ["python3", "-c", "", "{port}"]);
        checkedNothing.MustRefuse(4, "filter");
        var listedNothing = await new Sockconf(place).Run("list", "--spec", "echo", "--filter", "udp/");
        listedNothing.MustExit(4);
    }

    [Test]
    public async Task A_port_that_is_in_use_is_not_blamed_on_the_target()
    {
        using var place = new Workplace();
        using var owner = new TcpListener(IPAddress.Loopback, 0);
        owner.Start();
        var port = $"{((IPEndPoint)owner.LocalEndpoint).Port}";
        var outcome = await new Sockconf(place).Check(["--sandbox", "off", "--port", port], TargetProgram.Named("good/python_threads.py").Command);
        Assert.That(outcome.Exit, Is.AnyOf(2, 5, 6), outcome.ToString);
        outcome.MustRefuse(outcome.Exit, port, "in use");
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_report_folder_that_cannot_be_written_is_named()
    {
        using var place = new Workplace();
        var file = place.Write("a-file", "");
        var outcome = await new Sockconf(place).Run(["check", "--spec", "echo", "--report", file, "--", .. TargetProgram.Named("good/python_threads.py").Command]);
        outcome.MustRefuse(2, file, "--report");
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_report_folder_without_the_right_to_write_is_named()
    {
        using var place = new Workplace();
        var folder = Directory.CreateDirectory(Path.Combine(place.Root, "closed"), UnixFileMode.UserRead | UnixFileMode.UserExecute).FullName;
        var outcome = await new Sockconf(place) { AsOrdinaryUser = true }.Run(["check", "--spec", "echo", "--report", folder, "--", .. Hostile.CopiedCommand(place, "needs_its_folder")]);
        outcome.MustRefuse(2, folder, "--report");
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_sandbox_that_is_required_and_cannot_be_had_ends_the_run()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place) { Variables = WithoutPrograms(place) }.Check(["--sandbox", "require"], ["/bin/true", "{port}"]);
        outcome.MustRefuse(6, "--sandbox require");
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_sandbox_that_needs_bubblewrap_says_so()
    {
        using var place = new Workplace();
        foreach (var program in (string[])["unshare", "nsenter", "setpriv", "prlimit", "env", "sh", "sleep", "true"])
        {
            var found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, program)).First(File.Exists);
            File.CreateSymbolicLink(Path.Combine(place.Work, program), found);
        }

        var outcome = await new Sockconf(place) { Variables = WithoutPrograms(place) }.Check(["--sandbox", "require"], ["/bin/true", "{port}"]);
        outcome.MustRefuse(6, "--sandbox require", "bwrap");
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_capture_that_is_required_and_cannot_be_had_ends_the_run()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place) { AsOrdinaryUser = true }.Check(["--sandbox", "off", "--capture", "require"], Hostile.CopiedCommand(place, "needs_its_folder"));
        outcome.MustRefuse(6, "--capture require");
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_full_disk_takes_away_files_and_no_findings([Values("check", "fuzz")] string command)
    {
        using var place = new Workplace();
        var disk = Directory.CreateDirectory(Path.Combine(place.Work, "disk")).FullName;
        var server = place.Copy(Path.Combine(Shared.Repository.Root, "tests", "targets", "faulty", "upper_case.py")); // in a sandbox within a namespace not all of /tmp is seen
        string[] onSmallDisk = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=32k tmpfs \"$0\" && exec \"$@\"", disk, .. SockconfProcess.Program(SockconfProcess.Built)];
        var outcome = await new Sockconf(place) { Program = onSmallDisk }.Run([command, "--spec", "echo", "--max-time", "60s", "--seed", "1", "--report", Path.Combine(disk, "report"), "--", "python3", server, "{port}"]);
        outcome.MustRefuse(1, "is not whole", "--report DIR");
        Assert.That(outcome.Output, Does.Contain("echo").And.Contain("observed").And.Contain("exit 1"));
        outcome.MustLeaveNothing();
    }

    /// <summary>A PATH on which only setsid is left, which starts sockconf here.</summary>
    private static Dictionary<string, string?> WithoutPrograms(Workplace place) => new() { ["PATH"] = place.Work };
}
