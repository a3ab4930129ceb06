using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Model;

public class TlsClientHelloTests
{
    [Test]
    public void What_a_hello_offers_is_read_from_its_bytes()
    {
        var hello = Of(ClientHello.ForAny.ToBytes())!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((hello.LegacyVersion, hello.SessionId.Length, hello.OffersTls13), Is.EqualTo(((ushort)0x0303, 32, true)));
            Assert.That(hello.Ciphers, Is.EqualTo(ClientHello.ForAny.Ciphers));
            Assert.That(hello.Compressions, Is.EqualTo([0]));
            Assert.That(hello.Versions, Is.EqualTo(ClientHello.ForAny.Versions));
            Assert.That(hello.Groups, Is.EqualTo(ClientHello.ForAny.Groups));
            Assert.That(hello.Shares, Is.EqualTo(ClientHello.ForAny.Shares));
            Assert.That(hello.Extensions, Is.EqualTo([0, 10, 11, 13, 43, 51]));
        }
    }

    [Test]
    public void What_is_not_there_is_told_from_what_is_empty()
    {
        var old = Of(ClientHello.ForOld(ClientHello.Ssl30).ToBytes())!;
        Assert.That((old.Versions.IsDefault, old.Shares.IsDefault, old.OffersTls13, old.Extensions.Length), Is.EqualTo((true, true, false, 0)));
        Assert.That(Of((ClientHello.ForTls13 with { Shares = [], More = [(51, [0, 0])] }).ToBytes())!.Shares, Is.Empty.And.Not.EqualTo(null));
    }

    [Test]
    public void A_hello_in_several_records_is_one() => Assert.That(Of(ClientHello.ForAny.ToBytes(1, 3, 40))!.Ciphers, Is.EqualTo(ClientHello.ForAny.Ciphers));

    [Test]
    public void Another_message_or_half_a_hello_is_none()
    {
        Assert.That(Of(ClientHello.Record(TlsContent.Handshake, [20, 0, 0, 12, .. new byte[12]])), Is.Null);
        Assert.That(Of(ClientHello.ForAny.ToBytes().AsSpan(0, 80).ToArray()), Is.Null);
        Assert.That(Of(ClientHello.Record(TlsContent.Handshake, [1, 0, 0, 40, .. new Payload.Generated(40, 7, Alphabet.Bytes).ToBytes()])), Is.Null);
        Assert.That(TlsClientHello.Parse([.. ClientHello.ForAny.Message().AsSpan(4), 0]), Is.Null, "a byte too many");
    }

    [Test]
    public void Any_bytes_have_an_answer() =>
        Law.Holds(from bytes in Gen.ArrayOf(Gen.Elements<byte>([0, 1, 2, 3, 4, 10, 32, 43, 51, 255])) select bytes, bytes =>
        {
            var whole = ClientHello.ForAny.Message().AsSpan(4).ToArray();
            _ = TlsClientHello.Parse(bytes);
            _ = TlsClientHello.Parse([.. whole.AsSpan(0, 34), .. bytes]);
            _ = TlsClientHello.Parse([.. whole.AsSpan(0, Math.Min(whole.Length, bytes.Length)), .. bytes]);
        });

    private static TlsClientHello? Of(byte[] stream) => TlsClientHello.Of(TlsRecords.Parse(stream));
}
