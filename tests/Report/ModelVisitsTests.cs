using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class ModelVisitsTests
{
    [Test]
    public void Each_primitive_counts_in_the_state_that_it_met()
    {
        Evidence evidence = Told.Of([new Step.Connect(0), new Step.Connect(0), .. Told.Visit(1, Talk.Text(3)), new Step.ShutdownWrite(0), new Step.Send(0, Talk.Text(3)), new Step.Abort(0)]);
        Assert.That(ModelVisits.Of(evidence.Scenario, evidence.Trace).Select(visit => $"{visit.Key}: {visit.Value}"), Is.EquivalentTo(
        [
            "unconnected connect: 2", "connected connect!: 1", "connected send: 1", "connected receive: 1", "connected shutdown-write: 2", "write-shut receive: 1", "write-shut close: 1", "write-shut send!: 1", "write-shut abort: 1",
        ]));
    }

    [Test]
    public void What_was_not_carried_out_visits_nothing()
    {
        Evidence evidence = Told.Of(Told.Visit(0, Talk.Text(3))).But(1, StepResult.Failed, "EPIPE");
        Assert.That(ModelVisits.Of(evidence.Scenario, evidence.Trace).Keys.Select(visit => $"{visit}"), Is.EquivalentTo(["unconnected connect", "connected send"]));
    }

    [Test]
    public void A_visit_is_read_as_it_was_written()
    {
        foreach (var state in Enum.GetValues<SocketState>())
        {
            foreach (var illegal in (bool[])[true, false]) Assert.That(ModelVisit.Parse($"{new ModelVisit(state, "shutdown-write", illegal)}"), Is.EqualTo(new ModelVisit(state, "shutdown-write", illegal)));
        }
    }

    [TestCase("")]
    [TestCase("connected")]
    [TestCase("elsewhere send")]
    [TestCase("connected <b>")]
    [TestCase("connected send now")]
    public void Anything_else_is_no_visit(string text) => Assert.That(ModelVisit.Parse(text), Is.Null);
}
