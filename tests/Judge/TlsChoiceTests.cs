using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class TlsChoiceTests
{
    private const string Random = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    private const string Retry = "CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C";
    private const string Session = "808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9F";
    private const string Tls13 = "002B00020304";

    [Test]
    public void A_version_of_those_offered_holds()
    {
        TlsChoiceJudge.Version(Answered(ClientHello.ForAny, Hello("1301", Tls13))).MustHold();
        TlsChoiceJudge.Version(Answered(ClientHello.ForAny, Hello("C02F", ""))).MustHold();
        TlsChoiceJudge.Version(Answered(ClientHello.ForTls12, Hello("C02F", ""))).MustHold();
    }

    [Test]
    public void A_refusal_holds_whatever_is_offered()
    {
        TlsChoiceJudge.Version(Answered(ClientHello.ForAny with { Versions = [0x0305] }, ClientHello.Alert(2, 70))).MustHold();
        TlsChoiceJudge.Version(Answered(ClientHello.ForAny with { Versions = [0x0305] }, [])).MustHold();
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, ClientHello.Alert(2, 40))).MustHold();
    }

    [Test]
    public void Supported_versions_alone_count()
    {
        var violation = TlsChoiceJudge.Version(Answered(ClientHello.ForAny with { Versions = [0x0305] }, Hello("C02F", ""))).MustBeViolated();
        Assert.That((violation.Expected, violation.Observed), Is.EqualTo(("none but version 0x0305, or a fatal alert, on #0", "ServerHello (TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)")));
        TlsChoiceJudge.Version(Answered(ClientHello.ForTls12 with { Versions = [ClientHello.Tls11] }, Hello("C02F", ""))).MustBeViolated();
        TlsChoiceJudge.Version(Answered(ClientHello.ForAny with { Versions = [ClientHello.Tls12] }, Hello("1301", Tls13))).MustBeViolated();
    }

    [Test]
    public void Without_them_TLS_12_is_the_newest()
    {
        var hello = ClientHello.ForAny with { LegacyVersion = ClientHello.Tls13, Versions = [] };
        TlsChoiceJudge.Version(Answered(hello, Hello("C02F", ""))).MustHold();
        TlsChoiceJudge.Version(Answered(hello, Hello("1301", Tls13))).MustBeViolated();
        TlsChoiceJudge.Version(Answered(ClientHello.ForOld(ClientHello.Tls10), Hello("002F", ""))).MustBeViolated();
    }

    [Test]
    public void A_suite_of_those_offered_holds_and_another_does_not()
    {
        var one = ClientHello.ForTls13 with { Ciphers = [0x1302] };
        TlsChoiceJudge.Offered(Answered(one, Hello("1302", Tls13 + Key(23)))).MustHold();
        Assert.That(TlsChoiceJudge.Offered(Answered(one, Hello("1301", Tls13 + Key(23)))).MustBeViolated().Observed, Does.Contain("TLS_AES_128_GCM_SHA256"));
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls12, Hello("C02F", ""))).MustHold();
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls12, Hello("009C", ""))).MustBeViolated();
    }

    [Test]
    public void The_key_is_of_a_group_that_the_client_has_sent_one_for()
    {
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Key(29)))).MustHold();
        Assert.That(TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Key(24)))).MustBeViolated().Observed, Does.EndWith("with group 24"));
        Assert.That(TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13))).MustBeViolated().Observed, Does.EndWith("without a group"));
    }

    [Test]
    public void A_retry_asks_for_a_key_that_can_still_be_sent()
    {
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Asked(24), Retry))).MustHold();
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + "002C00020000", Retry))).MustHold(); // a cookie
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Asked(23), Retry))).MustBeViolated();
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Asked(25), Retry))).MustBeViolated();
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13, Retry))).MustBeViolated();
    }

    [Test]
    public void A_retry_that_nobody_can_follow_is_no_answer()
    {
        TlsJudge.HelloAnswered(ClientHello.Tls13)(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Asked(24), Retry))).MustHold();
        Assert.That(TlsJudge.HelloAnswered(ClientHello.Tls13)(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Asked(23), Retry))).MustBeViolated().Observed, Does.StartWith("HelloRetryRequest"));
    }

    [Test]
    public void The_session_id_is_that_of_the_client_and_in_TLS_12_any()
    {
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls13, Hello("1301", Tls13 + Key(23), session: ""))).MustBeViolated();
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls12, Hello("C02F", "", session: ""))).MustHold();
    }

    [Test]
    public void No_extension_comes_unasked()
    {
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls12, Hello("C02F", "000B00020100"))).MustHold();
        Assert.That(TlsChoiceJudge.Offered(Answered(ClientHello.ForTls12, Hello("C02F", "00170000"))).MustBeViolated().Observed, Is.EqualTo("extension 23"));
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls12, Hello("C02F", "FF01000100"))).MustBeViolated();
        TlsChoiceJudge.Offered(Answered(ClientHello.ForTls12 with { Ciphers = [0xc02f, 0x00ff] }, Hello("C02F", "FF01000100"))).MustHold(); // the suite asks for it
    }

    private static Told Answered(ClientHello hello, byte[] answer) =>
        Told.Of(Talk.Connect(0), [new Step.Send(0, hello.ToPayload()), new Step.Await(0, 10, new Framing.TlsRecord()), new Step.Abort(0)]).Receiving(0, _ => answer);

    private static byte[] Hello(string cipher, string extensions, string random = Random, string session = Session)
    {
        var body = Convert.FromHexString($"0303{random}{session.Length / 2:X2}{session}{cipher}00{(extensions.Length > 0 ? $"{extensions.Length / 2:X4}{extensions}" : "")}");
        return ClientHello.Record(TlsContent.Handshake, [(byte)TlsMessageType.ServerHello, 0, 0, (byte)body.Length, .. body]);
    }

    private static string Key(ushort group) => $"00330006{group:X4}000209AA";

    private static string Asked(ushort group) => $"00330002{group:X4}";
}
