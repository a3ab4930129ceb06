using System.Net;
using System.Net.Sockets;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>What a target may not do. The attacking server serves well only if its attack failed; each attack that can be is shown to work without a sandbox.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class SandboxEscapes
{
    private static readonly string[] One = ["--filter", "tcp/handshake"];

    [TestCase("write", "ELSEWHERE")]
    [TestCase("write", "/etc/sockconf-was-here")]
    [TestCase("read-variable", "CANARY")]
    [TestCase("see-processes", "sockconf")]
    [TestCase("see-processes", "unshare")]
    [TestCase("connect", "LISTENER")]
    [TestCase("send-datagram", "192.0.2.1:9")]
    [TestCase("kill-first", "")]
    [TestCase("make-namespace", "")]
    [TestCase("mount", "")]
    [TestCase("capture", "")]
    [TestCase("open-descriptors", "")]
    public async Task An_attack_fails_in_the_sandbox(string attack, string argument)
    {
        foreach (var ordinary in (bool[])[false, true])
        {
            using var place = new Workplace();
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            var outcome = await Attack(place, listener, attack, argument, ["--sandbox", "require"], ordinary);
            outcome.MustExit(0);
            outcome.MustLeaveNothing();
        }
    }

    [TestCase("write", "ELSEWHERE")]
    [TestCase("see-processes", "sockconf")]
    [TestCase("connect", "LISTENER")]
    public async Task The_attack_is_a_real_one(string attack, string argument)
    {
        using var place = new Workplace();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        var outcome = await Attack(place, listener, attack, argument, ["--sandbox", "off"], asOrdinaryUser: false);
        outcome.MustRefuse(5, "exited with status 9", "ESCAPED");
    }

    [TestCase("require", false)]
    [TestCase("off", true)]
    public async Task A_file_in_a_temporary_folder_stays_only_without_a_sandbox(string sandbox, bool stays)
    {
        foreach (var folder in (string[])["/tmp", "/dev/shm"])
        {
            using var place = new Workplace();
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            var file = Path.Combine(folder, $"{place.Mark}-left");
            var outcome = await Attack(place, listener, "leave", file, ["--sandbox", sandbox], asOrdinaryUser: false);
            var left = File.Exists(file);
            File.Delete(file);
            outcome.MustExit(0);
            Assert.That(left, Is.EqualTo(stays), file);
        }
    }

    [Test]
    public async Task A_variable_reaches_the_target_only_where_it_is_passed_on()
    {
        using var place = new Workplace();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        var passed = await Attack(place, listener, "read-variable", "CANARY", ["--sandbox", "require", "--env", "SECRET"], asOrdinaryUser: false);
        passed.MustRefuse(5, "exited with status 9", "ESCAPED");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_server_may_write_in_its_working_folder_and_the_writes_are_thrown_away(bool asOrdinaryUser)
    {
        using var place = new Workplace();
        var before = Directory.EnumerateFileSystemEntries(place.Work).ToList();
        var command = asOrdinaryUser ? Hostile.CopiedCommand(place, "needs_its_folder") : Hostile.Command("needs_its_folder");
        var outcome = await new Sockconf(place) { AsOrdinaryUser = asOrdinaryUser }.Check([], command);
        outcome.MustExit(0);
        Assert.That(Directory.EnumerateFileSystemEntries(place.Work).Select(Path.GetFileName), Has.No.Member("visitors.log"));
        Assert.That(before, Is.Empty);
        outcome.MustLeaveNothing();
    }

    private static async Task<Outcome> Attack(Workplace place, TcpListener listener, string attack, string argument, IReadOnlyList<string> options, bool asOrdinaryUser)
    {
        listener.Start();

        // Not below /tmp, which a target has for itself.
        var elsewhere = Directory.CreateDirectory(Path.Combine("/var/tmp", place.Mark)).FullName;
        File.SetUnixFileMode(elsewhere, Workplace.Everybody);
        var canary = $"canary-{Guid.NewGuid():N}";
        var meant = argument switch
        {
            "ELSEWHERE" => Path.Combine(elsewhere, "was-here"),
            "CANARY" => canary,
            "LISTENER" => $"{listener.LocalEndpoint}",
            _ => argument,
        };
        var sockconf = new Sockconf(place) { AsOrdinaryUser = asOrdinaryUser, Variables = new Dictionary<string, string?> { ["SECRET"] = canary } };
        try
        {
            return await sockconf.Check([.. One, .. options], Hostile.CopiedCommand(place, "attacks", attack, meant));
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }
}
