using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>What was said in a TLS session can be read in the evidence of a failure, by those who are given its secrets and by no others.</summary>
[TestFixture]
public sealed class SecuredEvidence
{
    [TestCase("auto", "sidecar")]
    [TestCase("off", "sidecar")]
    [TestCase("auto", "embed")]
    [TestCase("auto", "drop")]
    public async Task The_saved_capture_is_decrypted_with_the_secrets_that_were_asked_for(string sandbox, string secrets)
    {
        Tools.Needs("tshark");
        var faulty = TargetProgram.Named("faulty/tls_echo.py");
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(
            ["check", "--spec", "echo-tls", "--filter", "tls/close/notify", "--sandbox", sandbox, "--report", place.Report, .. secrets == "sidecar" ? (string[])[] : ["--tls-secrets", secrets], .. Sockconf.Brief, "--", .. faulty.Command, "{cert}", "{key}", "no-notify"]);
        var failed = outcome.Results.Requirements.Single(one => one.GetProperty("verdict").GetString() == "fail");
        Assert.That(failed.GetProperty("id").GetString(), Is.EqualTo("tls/close/notify"), outcome.ToString);
        if (failed.GetProperty("capture").GetString() is not { Length: > 0 } capture)
        {
            Tools.Lacks("a right to capture");
            return;
        }

        var keys = Path.Combine(place.Report, "tls-keys.log");
        var packets = Path.Combine(place.Report, capture);
        var warnings = outcome.ErrorLines.Where(line => line.Contains("secrets", StringComparison.Ordinal)).ToList();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(File.Exists(keys), Is.EqualTo(secrets != "drop"));
            Assert.That(await Alerts(packets), secrets == "embed" ? Does.Contain("Close Notify") : Does.Not.Contain("Close Notify"), "by itself");
            Assert.That(warnings, Has.Count.EqualTo(secrets == "embed" ? 1 : 0), outcome.ToString);
            Assert.That(Directory.EnumerateFiles(place.Report, "*", SearchOption.AllDirectories).Where(file => Regex.IsMatch(File.ReadAllText(file), "(CLIENT_RANDOM|_TRAFFIC_SECRET_0) [0-9a-fA-F]{64} ")).Select(Path.GetFileName),
                Is.EquivalentTo(secrets switch { "embed" => [Path.GetFileName(keys), Path.GetFileName(packets)], "drop" => Array.Empty<string>(), _ => [Path.GetFileName(keys)] }));
        }

        if (secrets != "drop") Assert.That(await Alerts(packets, "-o", $"tls.keylog_file:{keys}"), Does.Contain("Close Notify"), "our own");
        if (secrets == "embed")
        {
            // Only those of its own sessions: the confirmations alone have as many again.
            var log = File.ReadAllLines(keys).Where(line => !line.StartsWith('#')).Select(Session).Distinct().ToList();
            var embedded = PcapngBlock.All(await File.ReadAllBytesAsync(packets)).Single(block => block.Type == 10);
            Assert.That(System.Text.Encoding.ASCII.GetString(embedded.Body[8..]).TrimEnd('\0').Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Session).Distinct().ToList(), Is.Not.Empty.And.SubsetOf(log).And.Count.LessThan(log.Count));
        }

        outcome.MustLeaveNothing();

        static string Session(string line) => line.Split(' ')[1];
    }

    [Test]
    public async Task What_a_client_under_test_said_is_kept_likewise_and_its_case_is_replayed()
    {
        Tools.Needs("tshark");
        var (good, faulty) = (TargetProgram.Role.Named("good", "tls_echo_client.py"), TargetProgram.Role.Named("faulty", "client_tls.py trusts-all"));
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        var outcome = await sockconf.Run(["check", .. faulty.Options, "--filter", faulty.Trips[0], "--report", place.Report, .. Sockconf.Brief, "--", .. faulty.Command]);
        outcome.MustExit(1);
        var failed = outcome.Results.Of(faulty.Trips[0]);
        if (failed.GetProperty("capture").GetString() is { Length: > 0 } capture)
        {
            var packets = Path.Combine(place.Report, capture);
            Assert.That(await Alerts(packets), Does.Not.Contain("Close Notify"));
            Assert.That(await Alerts(packets, "-o", $"tls.keylog_file:{Path.Combine(place.Report, "tls-keys.log")}"), Does.Contain("Close Notify"));
        }

        var saved = outcome.Results.Cases.Single();
        (await sockconf.Run(["replay", saved, "--", .. faulty.Command])).MustExit(1);
        (await sockconf.Run(["replay", saved, "--", .. good.Command])).MustExit(0);
        outcome.MustLeaveNothing();
    }

    private static Task<string> Alerts(string capture, params string[] options) => Wireshark.Read("tshark", ["-r", capture, .. options, "-Y", "tls.alert_message"]);
}
