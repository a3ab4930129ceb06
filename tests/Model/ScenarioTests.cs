using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;

namespace SockConformance.Tests.Model;

public class ScenarioTests
{
    [Test]
    public void Sockets_are_named_once_and_in_order()
    {
        var scenario = Talk.Scenario("", Talk.Connect(5), Talk.Connect(0), Talk.Wait(1), [new Step.Close(5)]);
        Assert.That(scenario.Sockets, Is.EqualTo([0, 5]));
    }

    [Test]
    public void The_bytes_sent_on_a_socket_are_all_its_payloads_in_order()
    {
        var scenario = Talk.Scenario(
            "", Talk.Connect(0), Talk.Connect(1),
            [new Step.Send(0, Payload.Literal.Of("ab"u8)), new Step.Send(1, Payload.Literal.Of("XY"u8)), new Step.Send(0, Payload.Literal.Of("c"u8))]);
        Assert.That(scenario.BytesSentOn(0), Is.EqualTo("abc"u8.ToArray()));
    }

    [Test]
    public void A_short_scenario_is_told_whole_on_one_line() =>
        Assert.That(Talk.Scenario("", Talk.Connect(0), [new Step.Close(0)]).OneLine(), Is.EqualTo("#0 connect → #0 close"));

    [Test]
    public void A_long_scenario_is_told_by_its_beginning_and_its_length()
    {
        var scenario = Talk.Scenario("", Talk.Each(Enumerable.Range(0, 20), Talk.Connect));
        Assert.That(scenario.OneLine(most: 2), Is.EqualTo("#0 connect → #1 connect → … (20 steps in all)"));
    }

    [Test]
    public void The_rests_of_a_scenario_are_its_pauses_and_those_of_a_slow_reader()
    {
        var scenario = Talk.Scenario(
            "", [new Step.Connect(0, ReadChunk: 1000, ReadPause: 10), new Step.Idle(200), new Step.Send(0, Payload.Literal.Of(new byte[5000]), [2000], Pause: 7), new Step.Receive(0, 4000), new Step.Close(0)]);
        Assert.That(scenario.Rests, Is.EqualTo(TimeSpan.FromMilliseconds(200 + (2 * 7) + (5 * 10))));
    }
}
