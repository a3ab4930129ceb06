using System.Diagnostics;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>What was said in a TLS session can be read in the evidence of a failure, by those who have the report.</summary>
[TestFixture]
public sealed class SecuredEvidence
{
    [TestCase("auto")]
    [TestCase("off")]
    public async Task The_saved_capture_is_decrypted_with_the_keys_of_the_report(string sandbox)
    {
        if (!Machine.Has("tshark")) Assert.Ignore("tshark is not installed");
        var faulty = TargetProgram.Named("faulty/tls_echo.py");
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(
            ["check", "--spec", "echo-tls", "--filter", "tls/close/notify", "--sandbox", sandbox, "--report", place.Report, .. Sockconf.Brief, "--", .. faulty.Command, "{cert}", "{key}", "no-notify"]);
        var failed = outcome.Results.Requirements.Single(one => one.GetProperty("verdict").GetString() == "fail");
        Assert.That(failed.GetProperty("id").GetString(), Is.EqualTo("tls/close/notify"), outcome.ToString);
        if (failed.GetProperty("capture").GetString() is not { Length: > 0 } capture)
        {
            Assert.Ignore("this machine gives no right to capture");
            return;
        }

        var keys = Path.Combine(place.Report, "tls-keys.log");
        Assert.That(keys, Does.Exist);
        Assert.That(File.ReadAllText(keys), Does.Contain("TRAFFIC_SECRET"));
        var packets = Path.Combine(place.Report, capture);
        Assert.That(await Alerts(packets, "/dev/null"), Does.Not.Contain("Close Notify"), "it is encrypted");
        Assert.That(await Alerts(packets, keys), Does.Contain("Close Notify"), "our own");
        outcome.MustLeaveNothing();
    }

    private static async Task<string> Alerts(string capture, string keys)
    {
        using var tshark = Process.Start(new ProcessStartInfo("tshark", ["-r", capture, "-o", $"tls.keylog_file:{keys}", "-Y", "tls.alert_message"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = tshark.StandardError.ReadToEndAsync();
        var output = await tshark.StandardOutput.ReadToEndAsync();
        await tshark.WaitForExitAsync();
        return output;
    }
}
