using System.Text;
using NUnit.Framework;
using SockConformance.Fuzz;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Tests.Fuzz;

public class StateMapTests
{
    private static readonly Scenario Asked = Talk.Scenario("", [new Step.Connect(0), new Step.Send(0, Payload.Literal.Of("x"u8)), new Step.Receive(0, 1), new Step.Send(0, Payload.Literal.Of("y"u8)), new Step.Receive(0, 1)]);

    [Test]
    public void An_answer_of_a_new_class_is_new_once()
    {
        var map = new StateMap(ServiceSpec.Raw);
        Assert.That(Note(map, "250 ok\n", "235 in\n"), Is.EqualTo(5));
        Assert.That(Note(map, "250 other text\n", "235 in\n"), Is.EqualTo(-1));
        Assert.That(Note(map, "250 ok\n", "535 no\n"), Is.EqualTo(5));
        Assert.That(map.States, Is.EqualTo(4), "connected, 250, 250-235, 250-535");
        Assert.That(map.ToDot(), Does.Contain("\"250\"").And.Contains("\"535\"").And.Contains("->"));
    }

    [Test]
    public void The_same_answer_in_another_state_is_another_transition()
    {
        var map = new StateMap(ServiceSpec.Raw);
        Note(map, "ok\n", "ok\n");
        Assert.That(map.Transitions, Is.EqualTo(2));
    }

    [TestCase("HTTP/1.1 404 Not Found\r\n", "HTTP/1.1 404")]
    [TestCase("12345 67\n", "# 67")]
    [TestCase("+OK 1234567\r\n", "+OK #")]
    public void A_class_is_named_by_what_the_reply_begins_with(string reply, string name)
    {
        var map = new StateMap(ServiceSpec.Raw);
        Note(map, reply, "");
        Assert.That(map.ToDot(), Does.Contain($"\"{name}\""));
    }

    [Test]
    public void Hostile_replies_do_not_break_the_diagram_nor_fill_the_memory()
    {
        var map = new StateMap(ServiceSpec.Raw);
        for (var i = 0; i < 5000; i++) Note(map, $"\"\\]a{(char)('A' + (i % 26))}{(char)('A' + (i / 26 % 26))}{(char)('A' + (i / 676))} \n", "\u0001\u0002");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(map.States, Is.LessThan(2000));
            Assert.That(map.ToDot(), Does.Contain("\\\"\\\\]a"));
            Assert.That(map.ToDot().Length, Is.LessThan(100_000));
        }
    }

    private static int Note(StateMap map, string first, string second)
    {
        var bytes = Encoding.Latin1.GetBytes(first + second);
        return map.Note(Asked, [new QuickEvent(2, 0, 0, first.Length, QuickEnd.Met), new QuickEvent(4, 0, first.Length, bytes.Length, QuickEnd.Met)], _ => bytes);
    }
}
