using System.Net;
using NUnit.Framework;
using SockConformance.Api;
using SockConformance.Model;

namespace SockConformance.Tests.Api;

/// <summary>What the wire shows beside what the model says of a program.</summary>
public class WireCheckTests
{
    private const int ClientPort = 40_000, ServerPort = 50_000;

    [Test]
    public void A_connection_of_which_nothing_is_seen_had_no_handshake() => Assert.That(Judge(Open()), Is.EqualTo(Point.WireHandshake));

    [Test]
    public void A_connection_without_an_answer_to_its_SYN_had_no_handshake() => Assert.That(Judge(Open(), Flow(ClientPort, Syn)), Is.EqualTo(Point.WireHandshake));

    [Test]
    public void A_connection_from_another_port_is_another_one() => Assert.That(Judge(Open(), Flow(ClientPort + 1, Syn, SynAck)), Is.EqualTo(Point.WireTuple));

    [Test]
    public void A_connection_as_both_ends_tell_it_is_right() => Assert.That(Judge(Open(), Flow(ClientPort, Syn, SynAck)), Is.Null);

    [Test]
    public void A_reset_where_a_FIN_is_due_is_told_as_a_reset() =>
        Assert.That(Judge(Open() with { ClientEnded = true }, Flow(ClientPort, Syn, SynAck, Of(true, TcpFlags.Rst))), Is.EqualTo(Point.WireReset));

    [Test]
    public void A_missing_FIN_is_told_as_such() => Assert.That(Judge(Open() with { ClientEnded = true }, Flow(ClientPort, Syn, SynAck)), Is.EqualTo(Point.WireFin));

    [TestCase(5u, null)]
    [TestCase(6u, Point.WireFin)]
    public void A_FIN_that_comes_again_is_the_same_FIN(uint sequence, Point? wrong)
    {
        var fin = Of(true, TcpFlags.Fin | TcpFlags.Ack);
        Assert.That(Judge(Open() with { ClientEnded = true }, Flow(ClientPort, Syn, SynAck, fin with { Sequence = 5 }, fin with { Sequence = sequence })), Is.EqualTo(wrong));
    }

    [TestCase(2, 30, null)]
    [TestCase(2, 29, Point.WireDatagrams)]
    [TestCase(3, 30, Point.WireDatagrams)]
    public void Datagrams_are_counted_and_so_are_their_bytes(int count, long bytes, Point? wrong)
    {
        var flow = Flow(ClientPort, Of(true, default) with { Length = 10 }, Of(false, default) with { Length = 20 });
        flow = flow with { Tuple = flow.Tuple with { Protocol = Transport.Udp } };
        Assert.That(WireCheck.Judge([], (0, 0), (count, bytes), [flow], allKnown: true, 0, new long[Points.Table.Length])?.Point, Is.EqualTo(wrong));
    }

    [TestCase(1, 0, Point.WireRefusal)]
    [TestCase(0, 1, null)]
    [TestCase(0, 0, Point.WireSilent)]
    [TestCase(1, 1, Point.WireRefusal)]
    public void A_SYN_without_any_answer_is_that_of_a_connect_that_timed_out(int refused, int timedOut, Point? wrong) =>
        Assert.That(WireCheck.Judge([], (refused, timedOut), (0, 0), [Flow(ClientPort, Syn, Syn)], allKnown: true, 0, new long[Points.Table.Length])?.Point, Is.EqualTo(wrong));

    private static Segment Syn => Of(true, TcpFlags.Syn);

    private static Segment SynAck => Of(false, TcpFlags.Syn | TcpFlags.Ack);

    private static Segment Of(bool fromClient, TcpFlags flags) => new(default, fromClient, flags, 1, 0, 0, 0, ReadOnlyMemory<byte>.Empty);

    private static Flow Flow(int port, params Segment[] segments) => new(new FiveTuple(new IPEndPoint(IPAddress.Loopback, port), new IPEndPoint(IPAddress.Loopback, ServerPort)), [.. segments]);

    private static WireFacts Open() => new(new Name(Name.Loopback, ClientPort), new Name(Name.Loopback, ServerPort), 0, 0, Exactly: true, ClientEnded: false, ServerEnded: false, Reset: false);

    private static Point? Judge(WireFacts facts, params Flow[] flows) => WireCheck.Judge([facts], (0, 0), (0, 0), [.. flows], allKnown: true, 0, new long[Points.Table.Length])?.Point;
}
