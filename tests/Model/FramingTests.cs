using System.Text;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Model;

public class FramingTests
{
    private static readonly Framing.Line Crlf = new("0D0A", 10, Unterminated.Ignore);
    private static readonly Framing.LengthPrefix Prefix = new(4, BigEndian: true, CountsFrame: false, Max: 100);

    private static readonly Framing[] All =
    [
        new Framing.Line("0A", 50, Unterminated.Reply), Crlf with { Max = 50 }, Prefix, new Framing.LengthPrefix(2, BigEndian: false, CountsFrame: true, Max: 100),
        new Framing.LengthPrefix(1, BigEndian: true, CountsFrame: false, Max: 255), new Framing.LengthPrefix(8, BigEndian: false, CountsFrame: false, Max: 100),
    ];

    // What is put into a frame comes out of it, whatever stands behind it.
    [TestCaseSource(nameof(All))]
    public void A_wrapped_payload_is_found_again(Framing framing) => Law.Holds(
        from length in Gen.Choose(0, 50) from seed in Gen.Choose(0, 9999) from behind in Gen.Choose(0, 20) select (length, seed, behind), drawn =>
        {
            var payload = new Payload.Generated(drawn.length, (ulong)drawn.seed, Alphabet.Printable).ToBytes();
            byte[] stream = [.. framing.Wrap(payload), .. new byte[drawn.behind]];
            var frame = framing.Take(stream);
            Assert.That((frame.Status, frame.Total), Is.EqualTo((FrameStatus.Whole, framing.Wrap(payload).Length)));
            Assert.That(frame.Payload(stream).ToArray(), Is.EqualTo(payload));
        });

    [TestCaseSource(nameof(All))]
    public void A_beginning_of_a_message_is_no_message_yet(Framing framing)
    {
        var whole = framing.Wrap("a message"u8);
        for (var length = 0; length < whole.Length; length++) Assert.That(framing.Take(whole.AsSpan(0, length)).Status, Is.EqualTo(FrameStatus.Partial), $"{length} bytes");
    }

    [TestCase("1234567890\r\n", FrameStatus.Whole)]
    [TestCase("12345678901\r\n", FrameStatus.Broken)]
    [TestCase("12345678901", FrameStatus.Partial, Description = "its last two bytes may be half a terminator")]
    [TestCase("123456789012", FrameStatus.Broken)]
    [TestCase("one\ntwo", FrameStatus.Partial)]
    public void A_line_has_a_longest_length(string stream, FrameStatus status) => Assert.That(Crlf.Take(Encoding.ASCII.GetBytes(stream)).Status, Is.EqualTo(status));

    [TestCase(100u, FrameStatus.Partial)]
    [TestCase(101u, FrameStatus.Broken)]
    [TestCase(uint.MaxValue, FrameStatus.Broken)]
    [TestCase(0x80000000u, FrameStatus.Broken)]
    [TestCase(0u, FrameStatus.Whole)]
    public void A_length_beyond_the_limit_is_no_message(uint announced, FrameStatus status) => Assert.That(Prefix.Take(Prefix.Prefix(announced)).Status, Is.EqualTo(status));

    [Test]
    public void A_length_that_counts_the_frame_cannot_be_shorter_than_it() =>
        Assert.That(new Framing.LengthPrefix(4, BigEndian: true, CountsFrame: true, Max: 100).Take([0, 0, 0, 3]).Status, Is.EqualTo(FrameStatus.Broken));

    [Test]
    public void Messages_are_counted_as_long_as_they_are_whole() => Assert.That(Crlf.Count("a\r\nbb\r\n\r\nccc"u8), Is.EqualTo(3));

    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcX", false, 41)]
    [TestCase("HTTP/1.1 200 OK\r\ncontent-length:3\r\n\r\nabc", false, 40)]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, 38)]
    [TestCase("HTTP/1.1 204 No Content\r\n\r\n", false, 27)]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nX", false, 60)]
    public void An_http_response_ends_where_its_header_says(string stream, bool bodiless, int total)
    {
        var frame = new Framing.Http(bodiless).Take(Encoding.ASCII.GetBytes(stream));
        Assert.That((frame.Status, frame.Total), Is.EqualTo((FrameStatus.Whole, total)));
    }

    [TestCase("HTTP/1.1 200 OK\r\nContent-Le")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")]
    [TestCase("HTTP/1.0 200 OK\r\n\r\nuntil the end")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab")]
    public void An_http_response_may_need_more(string stream) => Assert.That(new Framing.Http().Take(Encoding.ASCII.GetBytes(stream)).Status, Is.EqualTo(FrameStatus.Partial));

    [Test]
    public void No_bytes_make_a_framing_throw() => Law.Holds(from length in Gen.Choose(0, 300) from seed in Gen.Choose(0, int.MaxValue) select (length, seed), drawn =>
    {
        var bytes = new Payload.Generated(drawn.length, (ulong)drawn.seed, Alphabet.Bytes).ToBytes();
        foreach (var framing in All.Append(new Framing.TlsRecord()).Append(new Framing.Http()).Append(new Framing.Fixed(16)))
        {
            var frame = framing.Take(bytes);
            Assert.That(frame.Start + frame.Length, Is.LessThanOrEqualTo(Math.Max(frame.Total, 0)), framing.ToString);
            Assert.That(frame.Total, Is.LessThanOrEqualTo(bytes.Length), framing.ToString);
        }
    }, times: 500);
}
