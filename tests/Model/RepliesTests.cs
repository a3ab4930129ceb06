using System.Text;
using NUnit.Framework;
using SockConformance.Model;

namespace SockConformance.Tests.Model;

/// <summary>The service as a model: bytes in, what is due out.</summary>
public class RepliesTests
{
    private static readonly Framing.Line Line = new("0A", 10, Unterminated.Reply);

    private static readonly ServiceSpec Upper = new() { Name = "upper", Request = Line, Reply = Line, Rules = [Any(new Reply.Transformed(Transform.Upper))] };

    private static readonly ServiceSpec Commands = new()
    {
        Name = "commands",
        Request = Line,
        Reply = Line,
        Greeting = new Reply.Literal("READY"u8.ToArray()),
        Rules =
        [
            new Rule(new When(Literal: "PING"u8.ToArray()), Generation.None, new Reply.Literal("PONG"u8.ToArray()), Then.Keep),
            new Rule(new When(Prefix: "N"u8.ToArray()), Generation.None, new Reply.None(), Then.Keep),
            new Rule(new When(Literal: "QUIT"u8.ToArray()), Generation.None, new Reply.Literal("BYE"u8.ToArray()), Then.Close),
            new Rule(new When(Malformed: true), Generation.None, new Reply.Matching(new BytePattern("^ERR")), Then.Keep),
        ],
    };

    [TestCase("", "")]
    [TestCase("abc\n", "ABC\n")]
    [TestCase("abc", "", Description = "not whole yet")]
    [TestCase("ab\ncd\nef", "AB\nCD\n")]
    [TestCase("\n\n", "\n\n")]
    public void Whole_messages_are_answered(string sent, string due) => Assert.That(Text(Replies.To(Upper, Bytes(sent), ended: false).Exact), Is.EqualTo(due));

    [TestCase(Unterminated.Reply, "AB\nC\n")]
    [TestCase(Unterminated.Ignore, "AB\n")]
    public void At_the_end_an_unterminated_line_gets_what_the_spec_says(Unterminated atEof, string due)
    {
        var owed = Replies.To(Upper with { Request = Line with { AtEof = atEof } }, "ab\nc"u8, ended: true);
        Assert.That((Text(owed.Exact), owed.Closes), Is.EqualTo((due, true)));
    }

    [Test]
    public void Nothing_is_said_of_what_follows_a_message_that_is_too_long()
    {
        var owed = Replies.To(Upper, "ab\n12345678901\ncd\n"u8, ended: false);
        Assert.That((Text(owed.Exact), owed.Closes, owed.Broken), Is.EqualTo(("AB\n", true, true)));
    }

    [TestCase("ab\r\nc\nd\r\n", false, false)]
    [TestCase("ab\r\nc\nd\r\n", true, true)]
    [TestCase("ab\r\nc\n", true, true)]
    [TestCase("ab\r\nc\r", true, false)]
    public void Where_a_terminator_need_not_be_exact_its_last_byte_alone_leaves_the_rest_open(string sent, bool off, bool open)
    {
        var framing = Line with { Terminator = "0D0A" };
        var service = Upper with { Request = framing, Reply = framing };
        if (off) service = service with { Levels = service.Levels.Add("message/line/terminator-exact", new LevelChange(null, "its author does not mind")) };
        var owed = Replies.To(service, Bytes(sent), ended: false);
        Assert.That((owed.Open, owed.Due.Length), Is.EqualTo((open, open || sent.EndsWith('\r') ? 1 : 2)));
    }

    [Test]
    public void The_first_rule_that_matches_answers()
    {
        var owed = Replies.To(Commands, "PING\nNOTHING\nWHAT\nQUIT\nPING\n"u8, ended: false);
        Assert.That(owed.Due.Select(one => $"{one}"), Is.EqualTo((string[])["\"READY\\n\"", "\"PONG\\n\"", "a reply that matches /^ERR/", "\"BYE\\n\""]));
        Assert.That((owed.Closes, owed.Exact), Is.EqualTo((true, (byte[]?)null)));
    }

    [Test]
    public void A_message_that_no_rule_knows_leaves_the_rest_open() =>
        Assert.That(Replies.To(Commands with { Rules = [Commands.Rules[0]] }, "WHAT\nPING\n"u8, ended: false), Has.Property("Open").True.And.Property("Due").Length.EqualTo(1));

    [Test]
    public void An_announcement_is_the_greeting_and_the_end()
    {
        var owed = Replies.To(new ServiceSpec { Name = "daytime", Greeting = new Reply.Matching(new BytePattern("")), ServerCloses = ServerCloses.AfterReply }, [], ended: false);
        Assert.That((owed.Due.Length, owed.Closes, owed.Open), Is.EqualTo((1, true, false)));
    }

    [Test]
    public void Echo_owes_what_was_sent() => Assert.That(Text(Replies.To(ServiceSpec.Echo, "any bytes"u8, ended: false).Exact), Is.EqualTo("any bytes"));

    [Test]
    public void Discard_owes_nothing() => Assert.That(Replies.To(new ServiceSpec { Name = "discard", Rules = [Any(new Reply.None())] }, "any bytes"u8, ended: false), Has.Property("IsExact").True.And.Property("Due").Empty);

    [TestCase(Transform.Lower, "ABz\u00e9", "abz\u00e9")]
    [TestCase(Transform.Upper, "abZ\u00e9", "ABZ\u00e9", Description = "ASCII only")]
    [TestCase(Transform.Reverse, "abc", "cba")]
    [TestCase(Transform.Same, "abc", "abc")]
    public void A_transformation_is_one_of_bytes(Transform transform, string payload, string reply) =>
        Assert.That(Text(Replies.ToDatagram(new ServiceSpec { Name = "t", Transport = Transport.Udp, Rules = [Any(new Reply.Transformed(transform))] }, Bytes(payload))?.Exact), Is.EqualTo(reply));

    private static Rule Any(Reply reply) => new(new When(), Generation.None, reply, Then.Keep);

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.Latin1.GetString(bytes);
}
