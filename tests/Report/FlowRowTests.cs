using System.Net;
using System.Text;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Report;

namespace SockConformance.Tests.Report;

/// <summary>A row of the table of flows: its columns stand beneath the heading's, and what is too long for a column is not cut.</summary>
public class FlowRowTests
{
    [Test]
    public void Columns_stand_beneath_their_headings()
    {
        var row = Row(Flow(Transport.Tcp) with { Handshake = Handshake.NotObservable, Close = CloseVerdict.HalfOpen, Completeness = 31 });
        Assert.That(row, Is.EqualTo("    7 tcp   127.0.0.1:40000       → 127.0.0.2:7                  5         100          60  not-observable half-open SF     ShADadFf          31     3\n"));
        Assert.That(row.IndexOf("SF", StringComparison.Ordinal), Is.EqualTo(FlowTexts.Heading.IndexOf("state", StringComparison.Ordinal)));
        Assert.That(row.TrimEnd(), Has.Length.EqualTo(FlowTexts.Heading.Length));
    }

    [Test]
    public void Datagrams_have_no_verdicts() => Assert.That(Row(Flow(Transport.Udp)), Does.EndWith("60  -              -         SF     ShADadFf           -     -\n"));

    [Test]
    public void What_is_longer_than_its_column_moves_the_others()
    {
        var longest = Endpoint.Of(new IPEndPoint(IPAddress.Parse("2001:db8:1111:2222:3333:4444:5555:6666"), 65535));
        var row = Row(Flow(Transport.Udp) with { Number = 1_234_567, Source = longest, Destination = longest, Sent = new FlowSide(long.MaxValue / 2, long.MaxValue, 0, 0, 0, 0, 0, 0, 0) });
        Assert.That(row, Does.StartWith("1234567 udp   [2001:db8:1111:2222:3333:4444:5555:6666]:65535 → [2001:db8:1111:2222:3333:4444:5555:6666]:65535 ").And.Contain($" {long.MaxValue} "));
    }

    private static string Row(FlowReport flow) => Encoding.UTF8.GetString(FlowTexts.Row(flow, new byte[FlowTexts.LongestRow]));

    private static FlowReport Flow(Transport protocol) => new()
    {
        Number = 7,
        Protocol = protocol,
        Source = Endpoint.Of(new IPEndPoint(IPAddress.Loopback, 40000)),
        Destination = Endpoint.Of(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 7)),
        FirstPacket = 1,
        FirstTime = 0,
        LastTime = 0,
        Sent = new FlowSide(3, 100, 0, 1, 0, 0, 0, 0, 0),
        Received = new FlowSide(2, 60, 0, 2, 0, 0, 0, 0, 0),
        State = "SF",
        History = "ShADadFf",
        Findings = [],
    };
}
