using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Model;

public class TlsRecordsTests
{
    private const string Random = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    [Test]
    public void Of_nothing_there_are_no_records()
    {
        var records = TlsRecords.Parse(default);
        Assert.That((records.Records.Length, records.ForeignAt, records.Hello, records.Alert, records.Length), Is.EqualTo((0, -1, (TlsServerHello?)null, (TlsAlert?)null, 0)));
    }

    [Test]
    public void A_server_hello_of_tls_13_is_told_by_its_extension()
    {
        var hello = Parse(Hello("0303", "1301", "002B00020304"))!;
        Assert.That((hello.LegacyVersion, hello.SelectedVersion, hello.Version, hello.CipherName), Is.EqualTo(((ushort)0x0303, (ushort?)0x0304, (ushort)0x0304, "TLS_AES_128_GCM_SHA256")));
    }

    [Test]
    public void A_server_hello_of_tls_12_has_none()
    {
        var hello = Parse(Hello("0303", "C02F", ""))!;
        Assert.That((hello.SelectedVersion, hello.Version, hello.Compression, hello.IsRetry), Is.EqualTo(((ushort?)null, (ushort)0x0303, (byte)0, false)));
    }

    [Test]
    public void A_hello_retry_request_is_told_by_its_random()
    {
        var body = Hello("0303", "1301", "002B00020304").Replace(Random, "CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C", StringComparison.Ordinal);
        Assert.That(Parse(body)!.IsRetry, Is.True);
    }

    [TestCase("15030300020228", "handshake_failure", true)]
    [TestCase("15030100020246", "protocol_version", true)]
    [TestCase("15030300020100", "close_notify", false)]
    [TestCase("15030300020132", "decode_error", true, Description = "the level says nothing any more")]
    [TestCase("150303000201FE", "alert 254", true)]
    public void An_alert_in_clear_is_named(string hex, string name, bool fatal)
    {
        var alert = TlsRecords.Parse(Convert.FromHexString(hex)).Alert!.Value;
        Assert.That((alert.Name, alert.IsFatal), Is.EqualTo((name, fatal)));
    }

    [TestCase("220 ready\r\n", 0)]
    [TestCase("HTTP/1.1 400 Bad Request\r\n", 0)]
    public void Text_is_no_record(string text, int at) => Assert.That(TlsRecords.Parse(System.Text.Encoding.ASCII.GetBytes(text)).ForeignAt, Is.EqualTo(at));

    [Test]
    public void Text_after_a_record_is_found_where_it_begins() =>
        Assert.That(TlsRecords.Parse(Convert.FromHexString("15030300020100" + Convert.ToHexString("bye\r\n"u8))).ForeignAt, Is.EqualTo(7));

    [Test]
    public void A_record_that_is_cut_short_is_not_foreign()
    {
        var whole = ClientHello.ForTls13.ToBytes();
        for (var length = 0; length < whole.Length; length++) Assert.That(TlsRecords.Parse(whole.AsMemory(0, length)).ForeignAt, Is.EqualTo(-1), $"{length}");
    }

    [Test]
    public void Messages_are_put_together_from_their_fragments()
    {
        var records = TlsRecords.Parse((byte[])[.. ClientHello.ForTls12.ToBytes(1, 1, 1, 10), .. ClientHello.Record(TlsContent.Handshake, [14, 0, 0, 0, 20, 0, 0, 1, 9])]);
        Assert.That(records.Messages.Select(message => (message.Type, message.Body.Length)), Is.EqualTo([(TlsMessageType.ClientHello, ClientHello.ForTls12.Message().Length - 4), (TlsMessageType.ServerHelloDone, 0), (TlsMessageType.Finished, 1)]));
    }

    [Test]
    public void What_follows_change_cipher_spec_in_tls_12_is_encrypted_and_no_message() =>
        Assert.That(TlsRecords.Parse((byte[])[.. ClientHello.Record(TlsContent.ChangeCipherSpec, [1]), .. ClientHello.Record(TlsContent.Handshake, [2, 0, 0, 0])]).Messages, Is.Empty);

    [Test]
    public void No_bytes_are_too_strange_to_be_taken_apart() =>
        Law.Holds(from bytes in Gen.ArrayOf(Gen.Elements<byte>([0, 1, 2, 3, 4, 20, 21, 22, 23, 43, 255])) select bytes, bytes =>
        {
            var records = TlsRecords.Parse(bytes);
            Assert.That(records.Records.Sum(record => record.Fragment.Length + 5), Is.LessThanOrEqualTo(bytes.Length));
            Assert.That(records.ForeignAt, Is.InRange(-1, bytes.Length - 1));
            _ = TlsServerHello.Parse(bytes);
        });

    [Test]
    public void The_bytes_of_a_flow_are_put_in_order_and_each_counts_once()
    {
        Segment Of(uint sequence, string text, bool fromClient = false) => new(TimeSpan.Zero, fromClient, TcpFlags.Ack, sequence, 0, text.Length, 0, System.Text.Encoding.ASCII.GetBytes("header" + text));
        var syn = new Segment(TimeSpan.Zero, false, TcpFlags.Syn | TcpFlags.Ack, uint.MaxValue, 0, 0, 0, default);
        var flow = new Flow(Told.TupleOf(0), [syn, Of(0, "abc"), Of(6, "ghi"), Of(3, "def"), Of(0, "abcd"), Of(9, "j", fromClient: true), Of(9, "j"), Of(20, "lost")]);
        Assert.That(System.Text.Encoding.ASCII.GetString(TlsRecords.Payload(flow, fromClient: false)), Is.EqualTo("abcdefghij"));
    }

    private static string Hello(string version, string cipher, string extensions) =>
        $"{version}{Random}00{cipher}00{(extensions.Length > 0 ? $"{extensions.Length / 2:X4}{extensions}" : "")}";

    private static TlsServerHello? Parse(string body) => TlsServerHello.Parse(Convert.FromHexString(body));
}
