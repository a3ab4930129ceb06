using System.Net;
using System.Text;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Spec;

namespace SockConformance.Tests.Spec;

/// <summary>A spec out of captured conversations: it can be read, and says what was seen.</summary>
public class LearnedSpecTests
{
    [TestCase("hello\n>HELLO\n", "transform: upper")]
    [TestCase("Hello\n>hello\n", "transform: lower")]
    [TestCase("abc\n>cba\n", "transform: reverse")]
    [TestCase("hello\n>hello\n", "transform: same")]
    [TestCase("hello>hello", "transform: same")]
    [TestCase("PING\r\n>PONG\r\n|QUIT\r\n>BYE\r\n", "{ literal: \"PONG\" }")]
    [TestCase("log this\n", "reply: { none: true }")]
    public void It_has_the_replies_that_were_seen(string talk, string expected)
    {
        var text = LearnedSpec.Text("learned", Talk(talk))!;
        Assert.That(text, Does.Contain(expected));
        var spec = SpecReader.Read([("learned.yaml", text)]);
        Assert.That(spec.Request is Framing.Line, Is.EqualTo(talk.Contains('\n', StringComparison.Ordinal)), text);
    }

    [Test]
    public void Bytes_that_are_no_text_survive()
    {
        var text = LearnedSpec.Text("learned", Talk("\u0001\u00ff\">\u0001\u00ff\""))!;
        Assert.That(text, Does.Contain("{ hex: \"01FF22\" }"));
        Assert.That(() => SpecReader.Read([("learned.yaml", text)]), Throws.Nothing);
    }

    [Test]
    public void What_the_server_says_first_is_the_greeting()
    {
        var text = LearnedSpec.Text("learned", Talk("<READY\n|PING\n>PONG\n"))!;
        Assert.That(text, Does.Contain("greeting: { literal: \"READY\" }").And.Contain("{ literal: \"PING\" }"));
        Assert.That(() => SpecReader.Read([("learned.yaml", text)]), Throws.Nothing);
    }

    [Test]
    public void A_reply_that_differs_from_time_to_time_is_any_reply() =>
        Assert.That(LearnedSpec.Text("learned", Talk("roll\n>3\n|roll\n>5\n")), Does.Contain("it was not always the same"));

    [Test]
    public void Silence_teaches_nothing() => Assert.That(LearnedSpec.Text("learned", Talk("")), Is.Null);

    /// <summary>Turns, separated by |: request &gt; reply; what begins with &lt; the server says unasked.</summary>
    private static Recording Talk(string talk)
    {
        var events = new List<RecordedEvent>();
        var (client, server) = (new List<byte>(), new List<byte>());
        void Add(RecordedKind kind, string said)
        {
            if (said.Length == 0) return;
            var bytes = Encoding.Latin1.GetBytes(said);
            (kind == RecordedKind.ClientData ? client : server).AddRange(bytes);
            events.Add(new RecordedEvent(0, events.Count, kind, bytes));
        }

        foreach (var turn in talk.Split('|'))
        {
            if (turn.StartsWith('<'))
            {
                Add(RecordedKind.ServerData, turn[1..]);
                continue;
            }

            var parts = turn.Split('>');
            Add(RecordedKind.ClientData, parts[0]);
            if (parts.Length > 1) Add(RecordedKind.ServerData, parts[1]);
        }

        var none = new FlowSide(0, 0, 0, 0, 0, 0, 0, 0, 0);
        var flow = new FlowReport
        {
            Number = 1,
            Protocol = Transport.Tcp,
            Source = Endpoint.Of(new IPEndPoint(IPAddress.Loopback, 40000)),
            Destination = Endpoint.Of(new IPEndPoint(IPAddress.Loopback, 7)),
            FirstPacket = 1,
            FirstTime = 0,
            LastTime = 0,
            Sent = none,
            Received = none,
            State = "SF",
            History = "",
            Findings = [],
        };
        return new Recording([new RecordedConversation(flow, null) { FromClient = client.ToArray(), FromServer = server.ToArray() }], [.. events]);
    }
}
