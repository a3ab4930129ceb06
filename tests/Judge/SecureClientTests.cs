using System.Net;
using System.Net.Security;
using System.Text;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class SecureClientTests
{
    private const string Request = "three blind mice\n";

    private static readonly TlsTrace Session = new("1.3", "TLS_AES_128_GCM_SHA256", default, SslPolicyErrors.None, [], null, CloseNotify: true, Truncated: false);

    private static IReadOnlyDictionary<string, Func<Evidence, Verdict>> All { get; } = new Dictionary<string, Func<Evidence, Verdict>>
    {
        ["handshake"] = ClientJudge.Secures,
        ["clear"] = ClientJudge.SendsNothingInClear,
        ["refuses"] = ClientJudge.Refuses,
        ["goodbye"] = ClientJudge.SaysGoodbye,
        ["truncation"] = ClientJudge.NoticesTruncation,
    };

    private static IEnumerable<ShownCertificate> Wrong => Enum.GetValues<ShownCertificate>().Where(shown => shown != ShownCertificate.Right);

    [Test]
    public void A_client_that_is_served_and_ends_its_session_is_right()
    {
        Violated(Served(Session));
        Violated(Served(Session with { Version = "1.2" }));
    }

    [Test]
    public void A_handshake_that_fails_is_told_with_its_reason()
    {
        var refused = Served(Session with { Version = null, Alert = "unknown_ca", CloseNotify = false }, told => told.But(3, StepResult.Failed, detail: "the target refused the handshake with the fatal alert unknown_ca"), sent: "");
        Assert.That(Violated(refused, "handshake").Observed, Does.Contain("unknown_ca"));
        var silent = Served(Session with { Version = null, CloseNotify = false }, told => told.But(3, StepResult.TimedOut, detail: "no ClientHello came"), sent: "");
        Assert.That(Violated(silent, "handshake"), Has.Property("Absence").True);
    }

    [TestCase("thank you", true)]
    [TestCase("\u0017\u0003\u0003\u0000\u0001x", false)]
    [TestCase("\u0017\u0003\u0003\u0000\u0001xthank you", true)]
    public void What_follows_the_session_is_TLS_or_in_clear(string after, bool clear)
    {
        var evidence = Served(Session with { After = Encoding.Latin1.GetBytes(after) });
        if (clear) Assert.That(Violated(evidence, "clear").Observed, Is.EqualTo("in clear: \"thank you\""));
        else Violated(evidence);
    }

    [Test]
    public void A_FIN_alone_is_no_end_of_a_session()
    {
        Violated(Served(Session with { CloseNotify = false, Truncated = true }), "goodbye");
        Violated(Served(Session with { CloseNotify = false, Truncated = true, Alert = "internal_error" }));
    }

    [TestCaseSource(nameof(Wrong))]
    public void A_client_that_refuses_a_wrong_certificate_is_right(ShownCertificate shown)
    {
        Violated(Shown(shown, Exit(1)));
        Violated(Shown(shown, Exit(1), failed: false)); // some look at it only when the handshake is over
        Violated(Shown(shown, new ProcessEnd(null, 6, default)));
    }

    [TestCaseSource(nameof(Wrong))]
    public void One_that_asks_all_the_same_is_wrong_however_it_ends(ShownCertificate shown)
    {
        foreach (var code in (int[])[0, 1])
        {
            var violation = Violated(Shown(shown, Exit(code), Request, failed: false), "refuses");
            Assert.That((violation.Expected, violation.Observed), Is.EqualTo(($"no request to a server with {shown.InWords()}, and an exit status other than 0", "17 bytes: \"three blind mice\\n\"")));
        }
    }

    [Test]
    public void A_failed_handshake_is_no_success_and_no_reason_to_stay()
    {
        Assert.That(Violated(Shown(ShownCertificate.Expired, Exit(0)), "refuses").Observed, Is.EqualTo("it exited with status 0"));
        Assert.That(Violated(Shown(ShownCertificate.Expired, null, change: told => told.But(6, StepResult.TimedOut)), "refuses"), Has.Property("Absence").True);
    }

    [Test]
    public void A_reply_that_a_FIN_cuts_is_no_success()
    {
        Violated(CutOff(Exit(1), notified: false));
        Violated(CutOff(Exit(0), notified: false), "truncation");
        Violated(CutOff(null, notified: false, told => told.But(6, StepResult.TimedOut)), "truncation");
    }

    /// <summary>Even one that only the end of its connection ends: that is a close_notify in TLS.</summary>
    [Test]
    public void Nor_is_one_that_only_the_end_ends()
    {
        var service = ServiceSpec.Echo with { Tls = TlsSpec.Default, Reply = new Framing.UntilEof(100) };
        Violated(CutOff(Exit(0), notified: false) with { Service = service }, "truncation");
        Violated(CutOff(Exit(0), notified: true) with { Service = service });
    }

    [Test]
    public void One_that_cannot_be_started_decides_nothing()
    {
        var lost = Served(Session, told => told.But(1, StepResult.Failed, detail: "there is no such program"));
        foreach (var judge in All.Values) judge(lost).MustBeInconclusive();
    }

    /// <summary>The violation that these judges find, and no other does.</summary>
    private static Verdict.Violation Violated(Evidence evidence, params string[] judges)
    {
        Assert.That(All.Where(judge => judge.Value(evidence) is Verdict.Violation).Select(judge => judge.Key), Is.EquivalentTo(judges));
        return judges is [var first, ..] ? All[first](evidence).MustBeViolated() : new Verdict.Violation("", "");
    }

    private static ProcessEnd Exit(int code) => new(code, null, default);

    private static Evidence Served(TlsTrace session, Func<Told, Told>? change = null, string sent = Request) => Case(Guests.Secured(Guests.One("one")), session, sent, sent.Length, change, Exit(0));

    private static Evidence Shown(ShownCertificate shown, ProcessEnd? end, string sent = "", bool failed = true, Func<Told, Told>? change = null) => Case(
        Guests.Shown("shown", shown), failed ? Session with { Version = null, CloseNotify = false, Alert = "bad_certificate" } : Session, sent, sent.Length,
        told => (change ?? (same => same))(failed ? told.But(3, StepResult.Failed, detail: "the target refused the handshake") : told), end);

    private static Evidence CutOff(ProcessEnd? end, bool notified, Func<Told, Told>? change = null)
    {
        var scenario = Guests.Secured(Guests.BrokenOff("cut off", 2, abort: false));
        if (!notified) scenario = scenario with { Steps = [.. scenario.Steps.Where(step => step is not Step.CloseNotify)] };
        return Case(scenario, Session with { CloseNotify = false }, Request, 2, change, end);
    }

    private static Evidence Case(Scenario scenario, TlsTrace session, string sent, int given, Func<Told, Told>? change, ProcessEnd? end)
    {
        var told = Told.Of(scenario.Steps).Changing(0, trace => trace with
        {
            Peer = new IPEndPoint(IPAddress.Loopback, 40000),
            Received = Encoding.Latin1.GetBytes(sent),
            Owed = sent.Length,
            Accepted = given,
            Answered = sent.Length,
            Tls = session,
        });
        var evidence = (change ?? (same => same))(told).Evidence();
        return evidence with { Service = ServiceSpec.Echo with { Tls = TlsSpec.Default }, Target = evidence.Target with { End = end, Runs = [new ClientRun(default, end, "")] } };
    }
}
