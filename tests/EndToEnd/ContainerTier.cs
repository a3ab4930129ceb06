using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Tier B: root where no namespaces are to be had. The same verdicts, and a target can do no more than a stranger could.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class ContainerTier
{
    private static readonly string[] One = ["--filter", "tcp/handshake", "--sandbox", "require"];

    [SetUp]
    public void Only_root_can_make_such_a_place()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Ignore("the tests are not root");
    }

    [TestCase("good/c_fork.c", 0)]
    [TestCase("faulty/stops_at_nul.c", 1)]
    public async Task A_server_gets_the_verdict_that_it_deserves(string program, int exit)
    {
        using var place = new Workplace();
        var outcome = await In(place).Check(["--sandbox", "require", "--capture", "require", .. Sockconf.Brief], TargetProgram.Named(program).Command);
        outcome.MustExit(exit);
        Assert.That(outcome.Output.Split('\n')[0], Does.Contain("(tier B: no user namespaces here (unshare: ").And.Contain("capture: lo, libpcap"));
        Assert.That(outcome.Errors, Is.Empty, "unshare's own words");
        Assert.That(outcome.Results.Document.GetProperty("capture").GetProperty("received").GetInt64(), Is.Positive);
        Assert.That(outcome.Results.Verdicts["process/leak/descriptors"], Is.EqualTo("pass"));
        if (exit == 1) Assert.That(outcome.Results.Violated, Does.Contain("echo/data/unchanged"));
        outcome.MustLeaveNothing();
    }

    [TestCase("write", "/etc/sockconf-was-here")]
    [TestCase("read-variable", "CANARY")]
    [TestCase("kill-first", "")]
    [TestCase("make-namespace", "")]
    [TestCase("capture", "")]
    [TestCase("fill-process-table", "1000")]
    public async Task An_attack_fails(string attack, string argument)
    {
        using var place = new Workplace();
        var canary = $"canary-{Guid.NewGuid():N}";
        var sockconf = In(place) with { Variables = new Dictionary<string, string?> { ["SECRET"] = canary } };
        var outcome = await sockconf.Check(One, Hostile.CopiedCommand(place, "attacks", attack, argument == "CANARY" ? canary : argument, place.Mark));
        outcome.MustExit(0);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Files_left_where_everybody_may_write_are_removed()
    {
        using var place = new Workplace();
        string[] files = [.. from folder in (string[])["/tmp", "/var/tmp", "/dev/shm"] select Path.Combine(folder, $"{place.Mark}-left")];
        var outcome = await In(place).Check(One, Hostile.CopiedCommand(place, "attacks", "leave", string.Join(',', files)));
        outcome.MustExit(0);
        Assert.That(files.Where(File.Exists), Is.Empty);
    }

    [Test]
    public async Task A_server_may_write_in_its_working_folder_and_the_writes_are_thrown_away()
    {
        using var place = new Workplace();
        File.SetUnixFileMode(place.Work, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Hostile.CopiedCommand(place, "needs_its_folder");
        var outcome = await In(place).Check(One, ["python3", "needs_its_folder.py", "{port}"]);
        outcome.MustExit(0);
        Assert.That(Directory.EnumerateFileSystemEntries(place.Work).Select(Path.GetFileName), Has.No.Member("visitors.log"));
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_helper_that_went_its_own_way_is_ended_too()
    {
        using var place = new Workplace();
        var outcome = await In(place).Check(One, Hostile.Command("leaves_a_helper", place.Mark));
        outcome.MustExit(0);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_server_that_kills_everybody_kills_only_itself()
    {
        using var place = new Workplace();
        var outcome = await In(place).Check(Sockconf.Brief, Hostile.Command("kills_everybody"));
        outcome.MustExit(1);
        outcome.MustShowNoStackTrace();
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_server_with_a_certificate_can_read_it()
    {
        using var place = new Workplace();
        var outcome = await In(place).Run(
            ["check", "--spec", "echo-tls", "--report", place.Report, "--filter", "tls/handshake", "--", .. TargetProgram.Named("good/python_tls.py").Command, "{cert}", "{key}"]);
        outcome.MustExit(0);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Doctor_says_which_sandbox_there_is()
    {
        using var place = new Workplace();
        var outcome = await In(place).Run("doctor");
        outcome.MustExit(0);
        Assert.That(outcome.Output, Does.Match("LIMITED +sandbox +a program ran as a user of its own; no user namespaces here").And.Contain("Tier B: each target is a user of its own"));
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task What_permissions_do_not_hide_is_not_promised_to_be_hidden()
    {
        using var place = new Workplace();
        var secret = place.Write("secret", "x");
        (await In(place).Check([.. One, "--hide", secret], ["cat"])).MustRefuse(6, $"chmod go-rwx '{secret}'");
    }

    private static Sockconf In(Workplace place) => new(place) { InContainer = true };
}
