using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class CloseTests
{
    private static readonly Told Exchange = Told.Of(Told.Visit(0, Talk.Text(20)));

    [Test]
    public void A_socket_left_in_close_wait_is_counted_and_named()
    {
        var three = Told.Of(Told.Visit(0, Talk.Text(20)), Told.Visit(1, Talk.Text(20)), Told.Visit(2, Talk.Text(20)));
        var violation = CloseJudge.NothingInCloseWait(three.LeavingBehind(1, TcpState.CloseWait).LeavingBehind(2, TcpState.CloseWait)).MustBeViolated();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(violation.Observed, Does.Contain("2 of 3").And.Contain($"{Told.TupleOf(1)}"));
            Assert.That(violation.Absence, Is.True);
        }
    }

    [Test]
    public void A_socket_in_another_state_is_not_in_close_wait() =>
        CloseJudge.NothingInCloseWait(Exchange.LeavingBehind(0, TcpState.LastAck)).MustHold();

    [Test]
    public void A_target_that_waits_for_its_client_holds() => CloseJudge.TargetWaitsForClient(Exchange).MustHold();

    [Test]
    public void A_target_that_closes_after_its_first_answer_does_not_wait_for_its_client()
    {
        var told = Told.Of(Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), Talk.Exchange(0, Talk.Text(20)), Talk.Finish(0)).But(4, StepResult.EndOfFile);
        Assert.That(CloseJudge.TargetWaitsForClient(told).MustBeViolated().Step, Is.EqualTo(4));
    }

    [Test]
    public void A_reset_of_a_connection_in_use_is_not_waiting_either() =>
        CloseJudge.TargetWaitsForClient(Exchange.But(1, StepResult.Failed, "EPIPE")).MustBeViolated();

    [Test]
    public void A_reset_after_our_half_close_is_another_requirements_matter() =>
        CloseJudge.TargetWaitsForClient(Exchange.But(4, StepResult.Failed, "ECONNRESET")).MustHold();

    [Test]
    public void A_connection_without_data_may_end_in_order() => CloseJudge.Orderly(Told.Of(Talk.Connect(0), Talk.Finish(0))).MustHold();

    [Test]
    public void A_connection_without_data_that_is_left_open_does_not() =>
        CloseJudge.Orderly(Told.Of(Talk.Connect(0), [new Step.Close(0)]).LeavingBehind(0, TcpState.CloseWait)).MustBeViolated();

    [TestCase(TcpState.CloseWait, "CLOSE_WAIT")]
    [TestCase(TcpState.Established, "ESTABLISHED")]
    [TestCase(TcpState.LastAck, "LAST_ACK")]
    [TestCase(TcpState.Closing, "CLOSING")]
    [TestCase(null, "no state (it was gone)")]
    public void States_are_named_as_the_tools_of_the_system_name_them(TcpState? state, string name) =>
        Assert.That(CloseJudge.StateName(state), Is.EqualTo(name));
}
