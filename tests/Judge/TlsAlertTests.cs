using System.Net.Security;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class TlsAlertTests
{
    private static readonly byte[] Hello13 = Convert.FromHexString($"1603030058020000540303{new string('0', 64)}20{new string('0', 64)}130100000C002B00020304003300020017");
    private static readonly byte[] Hello12 = Convert.FromHexString($"160303002A020000260303{new string('0', 64)}00C02F00");
    private static readonly Payload Bare = (ClientHello.ForTls13 with { Shares = [] }).ToPayload(), Unknown = (ClientHello.ForAny with { Name = "nobody.example" }).ToPayload(), Nameless = (ClientHello.ForAny with { Name = null }).ToPayload();

    [Test]
    public void The_servers_of_these_tests_say_hello()
    {
        Assert.That((TlsRecords.Parse(Hello13).Hello?.Version, TlsRecords.Parse(Hello12).Hello?.Version), Is.EqualTo(((ushort?)ClientHello.Tls13, (ushort?)ClientHello.Tls12)));
    }

    [Test]
    public void A_hello_without_its_extensions_is_refused_for_that()
    {
        TlsAlertJudge.ForLackOfExtension(Fatal(Bare, ClientHello.Alert(2, 109))).MustHold();
        TlsAlertJudge.ForLackOfExtension(Fatal(Bare, [])).MustHold(); // that an alert comes is another requirement's matter
        Assert.That(TlsAlertJudge.ForLackOfExtension(Fatal(Bare, ClientHello.Alert(2, 40))).MustBeViolated().Observed, Is.EqualTo("the fatal alert handshake_failure"));
        Assert.That(TlsAlertJudge.ForLackOfExtension(Fatal(Bare, Hello13)).MustBeViolated().Observed, Does.StartWith("ServerHello"));
        Assert.That(TlsAlertJudge.ForLackOfExtension(Fatal(Bare, []).But(2, StepResult.TimedOut).But(3, StepResult.TimedOut)).MustBeViolated().Absence, Is.True);
    }

    [Test]
    public void A_name_that_nobody_has_leads_to_a_session_or_to_the_alert_for_it()
    {
        TlsAlertJudge.ForName(Fatal(Unknown, Hello13)).MustHold();
        TlsAlertJudge.ForName(Fatal(Unknown, ClientHello.Alert(2, 112))).MustHold();
        TlsAlertJudge.ForName(Fatal(Unknown, [.. ClientHello.Alert(1, 112), .. Hello13])).MustHold();
        Assert.That(TlsAlertJudge.ForName(Fatal(Unknown, ClientHello.Alert(2, 80))).MustBeViolated().Observed, Is.EqualTo("the fatal alert internal_error"));
        TlsAlertJudge.ForName(Fatal(Unknown, [])).MustBeViolated();
        Assert.That(TlsAlertJudge.ForName(Fatal(Unknown, []).But(2, StepResult.TimedOut)).MustBeViolated().Absence, Is.True);
    }

    [Test]
    public void A_server_may_insist_on_a_name()
    {
        TlsAlertJudge.ForName(Fatal(Nameless, ClientHello.Alert(2, 109))).MustHold();
        TlsAlertJudge.ForName(Fatal(Unknown, ClientHello.Alert(2, 109))).MustBeViolated();
    }

    [Test]
    public void A_ChangeCipherSpec_before_the_hello_ends_the_connection()
    {
        var sent = Payload.Literal.Of([.. Spec(1), .. ClientHello.ForTls13.ToBytes()]);
        TlsAlertJudge.ForChangeCipherSpec(Fatal(sent, ClientHello.Alert(2, 10))).MustHold();
        Assert.That(TlsAlertJudge.ForChangeCipherSpec(Fatal(sent, Hello13)).MustBeViolated().Observed, Does.EndWith("in place of a hello"));
        TlsAlertJudge.ForChangeCipherSpec(Fatal(sent, []).But(2, StepResult.TimedOut).But(3, StepResult.TimedOut)).MustBeViolated();
    }

    [Test]
    public void One_that_is_not_the_byte_1_ends_it_too()
    {
        foreach (var spec in (byte[][])[Spec(2), Spec(1, 1), Spec()])
        {
            TlsAlertJudge.ForChangeCipherSpec(AfterHello(spec, Hello13)).MustHold();
            Assert.That(TlsAlertJudge.ForChangeCipherSpec(AfterHello(spec, Hello13).But(4, StepResult.TimedOut)).MustBeViolated().Absence, Is.True);
        }
    }

    [Test]
    public void The_byte_1_after_the_hello_is_passed_over()
    {
        TlsAlertJudge.ForChangeCipherSpec(AfterHello(Spec(1), Hello13).But(4, StepResult.TimedOut)).MustHold();
        TlsAlertJudge.ForChangeCipherSpec(AfterHello(Spec(1), Hello13).But(4, StepResult.EndOfFile)).MustBeViolated();
        TlsAlertJudge.ForChangeCipherSpec(AfterHello(Spec(1), Hello13).But(4, StepResult.Failed, "ECONNRESET")).MustBeViolated();
        TlsAlertJudge.ForChangeCipherSpec(AfterHello(Spec(1), ClientHello.Alert(2, 40)).But(4, StepResult.EndOfFile)).MustHold(); // no handshake, nothing to go on with
    }

    [TestCase(10, true)]
    [TestCase(80, false)]
    [TestCase(40, false)]
    public void What_has_no_place_is_unexpected(byte alert, bool fits)
    {
        byte[][] all = [ClientHello.Record(TlsContent.ApplicationData, new byte[20]), ClientHello.Record((TlsContent)99, new byte[20]), ClientHello.Record(TlsContent.Handshake, [20, 0, 0, 12, .. new byte[12]]), Spec(1)];
        foreach (var sent in all) Assert.That(TlsAlertJudge.Fits(Fatal(Payload.Literal.Of(sent), ClientHello.Alert(2, alert))) is Verdict.Pass, Is.EqualTo(fits), Convert.ToHexString(sent));
    }

    [Test]
    public void Each_fault_of_a_hello_has_its_alerts()
    {
        foreach (var (sent, fitting) in ((byte[], byte[])[])
        [
            (ClientHello.Record(TlsContent.Handshake, [1, 0, 0, 40, .. new byte[40]]), [50, 47, 40, 70]),
            ((ClientHello.ForTls13 with { Versions = [0x0305] }).ToBytes(), [70, 40]),
            ((ClientHello.ForTls12 with { Ciphers = ClientHello.Grease }).ToBytes(), [40, 71]),
            ((ClientHello.ForTls13 with { Compressions = [1, 0] }).ToBytes(), [47, 50]),
            (ClientHello.Record(TlsContent.Handshake, new byte[17_000]), [22, 10, 47, 50]),
        ])
        {
            foreach (var alert in (byte[])[10, 20, 22, 40, 47, 50, 70, 71, 80, 109])
                Assert.That(TlsAlertJudge.Fits(Fatal(Payload.Literal.Of(sent), ClientHello.Alert(2, alert))) is Verdict.Pass, Is.EqualTo(fitting.Contains(alert)), $"{alert} for {Convert.ToHexString(sent.AsSpan(0, 40))}");
        }
    }

    [Test]
    public void Of_a_hello_without_fault_any_alert_may_be_true() => TlsAlertJudge.Fits(Fatal(ClientHello.ForTls13.ToPayload(), ClientHello.Alert(2, 80))).MustHold();

    [Test]
    public void Text_is_nothing_that_an_alert_is_known_for() => TlsAlertJudge.Fits(Fatal(Payload.Literal.Of("GET / HTTP/1.1\r\n\r\n"u8), ClientHello.Alert(2, 80))).MustHold();

    [Test]
    public void In_TLS_12_the_end_of_a_handshake_before_its_keys_is_unexpected()
    {
        byte[] finished = ClientHello.Record(TlsContent.Handshake, [20, 0, 0, 12, .. new byte[12]]);
        TlsAlertJudge.Fits(AfterHello(finished, [.. Hello12, .. ClientHello.Alert(2, 10)], ClientHello.ForTls12)).MustHold();
        TlsAlertJudge.Fits(AfterHello(finished, [.. Hello12, .. ClientHello.Alert(2, 80)], ClientHello.ForTls12)).MustBeViolated();
    }

    [Test]
    public void In_a_session_the_alert_is_judged_by_what_was_put_beneath_it()
    {
        TlsAlertJudge.Fits(InSession(ClientHello.Record(TlsContent.ApplicationData, new byte[50]), "bad_record_mac")).MustHold();
        TlsAlertJudge.Fits(InSession(ClientHello.Record(TlsContent.ApplicationData, new byte[50]), null)).MustHold();
        Assert.That(TlsAlertJudge.Fits(InSession(ClientHello.Record(TlsContent.ApplicationData, new byte[50]), "internal_error")).MustBeViolated().Expected, Does.StartWith("bad_record_mac after a record that cannot be decrypted"));
        TlsAlertJudge.Fits(InSession(ClientHello.Record((TlsContent)99, new byte[50]), "bad_record_mac")).MustHold();
        TlsAlertJudge.Fits(InSession(ClientHello.Record((TlsContent)99, new byte[50]), "handshake_failure")).MustBeViolated();
        TlsAlertJudge.Fits(InSession(ClientHello.Record(TlsContent.ApplicationData, new byte[19_000]), "record_overflow")).MustHold();
        TlsAlertJudge.Fits(InSession(ClientHello.Record(TlsContent.ApplicationData, new byte[19_000]), "internal_error")).MustBeViolated();
    }

    private static byte[] Spec(params byte[] content) => ClientHello.Record(TlsContent.ChangeCipherSpec, content);

    private static Told Fatal(Payload sent, byte[] answer) => Told.Of(
        Talk.Connect(0), [new Step.Send(0, sent), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Abort(0)]).Receiving(0, _ => answer);

    private static Told AfterHello(byte[] sent, byte[] answer, ClientHello? hello = null) => Told.Of(
        Talk.Connect(0),
        [new Step.Send(0, (hello ?? ClientHello.ForTls13).ToPayload()), new Step.Await(0, 10, new Framing.TlsRecord()), new Step.Send(0, Payload.Literal.Of(sent)), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Abort(0)])
        .Receiving(0, _ => answer);

    private static Told InSession(byte[] sent, string? alert) => Told.Of(
        Talk.Connect(0), [new Step.Handshake(0, TlsOffer.Any), new Step.Send(0, Payload.Literal.Of(sent), [], Raw: true), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Abort(0)])
        .Changing(0, one => one with { Tls = new TlsTrace("1.3", "TLS_AES_128_GCM_SHA256", default, SslPolicyErrors.None, [], null, CloseNotify: false, Truncated: true) { Alert = alert } });
}
