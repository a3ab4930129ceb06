using System.Text;
using NUnit.Framework;
using SockConformance.Api;
using SockConformance.Targets;

namespace SockConformance.Tests.Api;

/// <summary>Which fields the answer of a driver must have.</summary>
public class AnswerLineTests
{
    [TestCase("poll s0", "{\"id\":1,\"value\":0}", "revents")]
    [TestCase("recv s0 5", "{\"id\":1,\"value\":2}", "data")]
    [TestCase("s1 = accept s0", "{\"id\":1,\"value\":4}", "address")]
    [TestCase("getsockname s0", "{\"id\":1,\"value\":0}", "address")]
    [TestCase("getpeername s0 room 4", "{\"id\":1,\"value\":0}", "length")]
    [TestCase("getsockopt s0 error", "{\"id\":1,\"value\":0}", "error")]
    [TestCase("bind s0 loopback", "{\"id\":1}", "value")]
    public void A_field_that_is_missing_is_named(string call, string line, string field)
    {
        var wrong = Assert.Throws<DriverException>(() => Take(call, line))!;
        Assert.That(wrong.Point, Is.EqualTo(Point.DriverFields));
        Assert.That(wrong.Expected, Does.Contain(field));
    }

    [TestCase("poll s0", "{\"id\":1,\"value\":0,\"revents\":[]}")]
    [TestCase("poll s0", "{\"id\":1,\"errno\":\"EBADF\"}")]
    [TestCase("poll s0", "{\"id\":1,\"unsupported\":true}")]
    [TestCase("recv s0 5", "{\"id\":1,\"value\":0}")]
    [TestCase("recv s0 5", "{\"id\":1,\"value\":1,\"data\":\"\"}")] // too short: that is the call's fault
    [TestCase("getsockopt s0 error", "{\"id\":1,\"value\":0,\"error\":\"0\"}")]
    [TestCase("getsockopt s0 type", "{\"id\":1,\"value\":1}")]
    public void An_answer_with_all_its_fields_is_taken(string call, string line) => Assert.That(() => Take(call, line), Throws.Nothing);

    private static void Take(string call, string line) => AnswerLine.Read(Encoding.UTF8.GetBytes(line)).TakeFor(Call.Parse(call), new byte[16]);
}
