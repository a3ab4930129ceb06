using NUnit.Framework;
using SockConformance.Api;

namespace SockConformance.Tests.Api;

public class CallTextTests
{
    [Test]
    public void Every_call_reads_as_it_was_written()
    {
        foreach (var call in Situations.All(withPeer: true).Concat(Situations.Slow).SelectMany(program => program.Calls).Distinct()) Assert.That(Call.Parse(call.ToString()), Is.EqualTo(call), call.ToString());
    }

    [TestCase("", "a primitive is missing")]
    [TestCase("levitate s1", "'levitate' is not one of")]
    [TestCase("socket stream", "socket gives a descriptor")]
    [TestCase("s1 = close s1", "close gives no descriptor")]
    [TestCase("bind s1", "an address is missing")]
    [TestCase("bind s99 loopback", "'s99' is no socket")]
    [TestCase("bind s1 @x", "'x' is no socket")]
    [TestCase("send s1 many", "'many' is no number")]
    [TestCase("send s1 99999999", "is no number from")]
    [TestCase("close s1 s2", "'s2' is too much")]
    [TestCase("shutdown s1 sideways", "'sideways' is not one of")]
    [TestCase("setsockopt s1 reuseaddr", "a value is missing")]
    public void What_is_no_call_is_told(string line, string words) => Assert.That(() => Call.Parse(line), Throws.TypeOf<FormatException>().With.Message.Contains(words));
}
