using NUnit.Framework;
using SockConformance.Model;

namespace SockConformance.Tests.Captures;

/// <summary>A SYN may be answered more than once, with another number each time. That is one connection, as long as the answers acknowledge the same SYN.</summary>
public class FurtherAnswerTests
{
    private const string Talk = "; 30 C A 1 1 5; 31 S A 1 6 7; 32 C A 6 8; 40 C FA 6 8; 41 S FA 8 7; 42 C A 7 9";

    [TestCase("0 C S 0; 10 S SA 0 1; 11 C A 1 1; 20 S SA 900000 1; 21 C A 1 1" + Talk, TestName = "One that comes late is ignored by the caller")]
    [TestCase("0 C S 0; 10 S SA 4000900000 1; 11 C A 1 4000900001; 20 S SA 0 1; 20.5 C R 1; 21 C A 1 4000900001", TestName = "One with a lower number, too")]
    [TestCase("0 C S 0; 10 S SA 900000 1; 15 S SA 0 1; 20 C A 1 1" + Talk, TestName = "The caller may never have seen the first one")]
    [TestCase("0 C S 0; 10 S SA 0 1; 15 S SA 900000 1; 20 C A 1 1" + Talk, TestName = "The caller may never have seen the second one")]
    [TestCase("0 C S 0; 1 S RA 0 1; 500 C S 0; 501 S SA 900000 1; 502 C A 1 900001", TestName = "A refused caller may try again with the same number")]
    public void Two_answers_to_one_SYN_are_one_connection(string lines)
    {
        var flow = Pipeline.Run(MessyWire.File(FalseFindingTests.Frames(lines))).Flows.Single();
        Assert.That((flow.Handshake, flow.Findings.Count), Is.EqualTo((SockConformance.Captures.Handshake.Complete, 0)));
        Assert.That(flow.Close, Is.EqualTo(lines.Contains("FA", StringComparison.Ordinal) ? CloseVerdict.Orderly : lines.Contains(" C R ", StringComparison.Ordinal) ? CloseVerdict.Reset : CloseVerdict.None));
    }

    [Test]
    public void What_comes_of_a_second_attempt_is_what_counts()
    {
        var flow = Pipeline.Run(MessyWire.File(FalseFindingTests.Frames("0 C S 0; 1 S RA 0 1; 500 C S 0; 501 S SA 0 1; 502 C A 1 1" + Talk))).Flows.Single();
        Assert.That((flow.State, flow.Close, flow.Received.Resets), Is.EqualTo(("SF", CloseVerdict.Orderly, 1)));
    }

    [TestCase("0 C S 0; 1 S RA 0 1; 500 C S 0", "REJ")]
    [TestCase("0 C S 0; 1 S R 1; 1.1 S SA 0 1", "REJ", TestName = "A reset that comes in the file before its SYN+ACK still stands")]
    public void A_refusal_stands_without_another_answer(string lines, string state)
    {
        var flow = Pipeline.Run(MessyWire.File(FalseFindingTests.Frames(lines))).Flows.Single();
        Assert.That((flow.State, flow.Close), Is.EqualTo((state, CloseVerdict.Reset)));
    }

    [Test]
    public void An_answer_to_another_SYN_is_of_another_connection() =>
        Assert.That(Pipeline.Run(MessyWire.File(FalseFindingTests.Frames("0 C S 0; 10 S SA 0 1; 11 C A 1 1; 70000 S SA 900000 900001; 70001 C A 900001 900001"))).Flows, Has.Count.EqualTo(2));

    [Test]
    public void A_second_FIN_behind_the_first_is_found()
    {
        var flow = Pipeline.Run(MessyWire.File(FalseFindingTests.Frames("0 C S 0; 10 S SA 0 1; 20 C A 1 1; 30 S FA 1 1; 31 C A 1 2; 32 C FA 1 2; 33 S A 2 2; 34 S FA 2 2"))).Flows.Single();
        Assert.That(flow.Findings.Select(one => (one.Kind, one.Packet)), Is.EqualTo([(SockConformance.Captures.FindingKind.DataAfterFin, 8L)]));
    }
}
