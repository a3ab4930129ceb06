using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class ClientHelloTests
{
    private static readonly ClientHello Mandatory = ClientHello.ForTls13 with { Ciphers = [0x1301], Groups = [ClientHello.Secp256R1], Shares = [ClientHello.Secp256R1] };

    [Test]
    public void The_same_description_gives_the_same_bytes() => Assert.That(ClientHello.ForTls13.ToBytes(), Is.EqualTo((ClientHello.ForTls13 with { }).ToBytes()));

    [Test]
    public void A_hello_is_one_handshake_record()
    {
        var records = TlsRecords.Parse(ClientHello.ForTls12.ToBytes());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(records.Records.Select(record => (record.Type, record.Version)), Is.EqualTo([(TlsContent.Handshake, ClientHello.Tls10)]));
            Assert.That(records.Messages.Select(message => message.Type), Is.EqualTo([TlsMessageType.ClientHello]));
            Assert.That(records.ForeignAt, Is.EqualTo(-1));
        }
    }

    [TestCase(1)]
    [TestCase(4)]
    [TestCase(60)]
    public void In_two_records_it_is_the_same_message(int first)
    {
        var records = TlsRecords.Parse(ClientHello.ForTls13.ToBytes(first));
        Assert.That(records.Records.Select(record => record.Fragment.Length).First(), Is.EqualTo(first));
        Assert.That(records.Messages.Single().Body.ToArray(), Is.EqualTo(ClientHello.ForTls13.Message()[4..]));
    }

    [Test]
    public void A_record_may_announce_what_it_does_not_have() =>
        Assert.That(ClientHello.Record(TlsContent.ApplicationData, [7, 7], announced: 0x4901), Is.EqualTo(new byte[] { 23, 3, 3, 0x49, 0x01, 7, 7 }));

    [TestCaseSource(nameof(Answered))]
    public void A_real_server_answers(string what, ClientHello hello, int[] fragments, ushort version)
    {
        using var server = new SecureServer(SecureServer.Echo);
        var trace = server.Drive(LocalServer.Long, [new Step.Connect(0), new Step.Send(0, hello.ToPayload(fragments)), new Step.Await(0, 20_000, new Framing.TlsRecord()), new Step.Abort(0)]);
        var answer = TlsRecords.Parse(trace.On(0)!.Received);
        Assert.That((answer.Hello?.Version, answer.Alert), Is.EqualTo(((ushort?)version, (TlsAlert?)null)), $"{what}: {answer.Hello} {answer.Alert}");
        Assert.That(answer.Hello!.LegacyVersion, Is.EqualTo(ClientHello.Tls12));
        Assert.That(hello.Ciphers, Does.Contain(answer.Hello.Cipher));
    }

    [TestCaseSource(nameof(Refused))]
    public void A_real_server_of_today_refuses(string what, ClientHello hello)
    {
        using var server = new SecureServer(SecureServer.Echo);
        var trace = server.Drive(LocalServer.Long, [new Step.Connect(0), new Step.Send(0, hello.ToPayload()), new Step.Await(0, 20_000, new Framing.TlsRecord()), new Step.Abort(0)]);
        Assert.That(TlsRecords.Parse(trace.On(0)!.Received).Hello, Is.Null, what);
        Assert.That(trace.Outcomes[2].Result, Is.Not.EqualTo(StepResult.TimedOut), what);
    }

    private static IEnumerable<TestCaseData> Answered()
    {
        yield return Case("TLS 1.3", ClientHello.ForTls13, [], ClientHello.Tls13);
        yield return Case("TLS 1.3 with the one suite and group that all must know", Mandatory, [], ClientHello.Tls13);
        yield return Case("TLS 1.3 in records of one byte and more", ClientHello.ForTls13, [1, 3, 40], ClientHello.Tls13);
        yield return Case("TLS 1.3 among values that nobody knows", ClientHello.ForTls13 with { Versions = [0x0a0a, ClientHello.Tls13], Ciphers = [.. ClientHello.Grease, .. ClientHello.Modern], More = [(0x1a1a, [])] }, [], ClientHello.Tls13);
        yield return Case("TLS 1.2", ClientHello.ForTls12, [], ClientHello.Tls12);
        yield return Case("TLS 1.2 in two records", ClientHello.ForTls12, [50], ClientHello.Tls12);
        yield return Case("TLS 1.2 with compression offered", ClientHello.ForTls12 with { Compressions = [1, 0] }, [], ClientHello.Tls12);
        static TestCaseData Case(string what, ClientHello hello, int[] fragments, ushort version) => new TestCaseData(what, hello, fragments, version).SetArgDisplayNames(what);
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        foreach (var version in (ushort[])[ClientHello.Ssl30, ClientHello.Tls10, ClientHello.Tls11]) yield return Case(TlsServerHello.NameOfVersion(version), ClientHello.ForOld(version));
        yield return Case("no encryption", ClientHello.ForTls12 with { Ciphers = ClientHello.Null });
        yield return Case("export suites", ClientHello.ForTls12 with { Ciphers = ClientHello.Export });
        yield return Case("RC4", ClientHello.ForTls12 with { Ciphers = ClientHello.Rc4 });
        yield return Case("no certificate", ClientHello.ForTls12 with { Ciphers = ClientHello.Anonymous });
        yield return Case("a version that there is not", ClientHello.ForTls13 with { Versions = [0x0305] });
        static TestCaseData Case(string what, ClientHello hello) => new TestCaseData(what, hello).SetArgDisplayNames(what);
    }
}
