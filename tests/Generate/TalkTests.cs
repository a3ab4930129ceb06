using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class TalkTests
{
    [Test]
    public void An_exchange_waits_for_as_many_bytes_as_it_sends() =>
        Assert.That(string.Join(", ", Talk.Exchange(3, Talk.Letters(5))), Is.EqualTo("#3 send 5 bytes of letters, #3 receive 5 bytes"));

    [Test]
    public void The_orderly_end_is_a_half_close_and_a_close_after_the_end_of_file() =>
        Assert.That(string.Join(", ", Talk.Finish(3)), Is.EqualTo("#3 shutdown(SHUT_WR), #3 receive until end of file, #3 close"));

    [Test]
    public void A_visit_is_legal_and_fair_and_begins_and_ends_the_connection()
    {
        var visit = Talk.Scenario("", Talk.Visit(0, Talk.Text(9)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((SocketModel.CountIllegal(visit), Fairness.WhyNot(visit)), Is.EqualTo((0, (string?)null)));
            Assert.That((visit.Steps[0], visit.Steps[^1]), Is.EqualTo((new Step.Connect(0), new Step.Close(0))));
        }
    }

    [Test]
    public void Parts_are_put_together_in_order() =>
        Assert.That(
            Talk.Scenario("", Talk.Connect(1), Talk.Wait(5), Talk.Each([1, 2], i => [new Step.Abort(i)])).OneLine(),
            Is.EqualTo("#1 connect → wait 5 ms → #1 abort (close with SO_LINGER 0) → #2 abort (close with SO_LINGER 0)"));

    [Test]
    public void Texts_and_letters_of_different_numbers_differ()
    {
        var payloads = Enumerable.Range(0, 50).SelectMany(number => (Payload[])[Talk.Text(20, number), Talk.Letters(20, number)]);
        Assert.That(payloads.Select(data => Convert.ToHexString(data.ToBytes())), Is.Unique);
    }
}
