using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class FinAnsweredTests
{
    private static readonly Told Exchange = Told.Of(Told.Visit(0, Talk.Text(20)));
    private static readonly Told CloseOnly = Told.Of(Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), [new Step.Close(0)]);

    [Test]
    public void An_end_of_file_after_our_half_close_is_its_answer() => CloseJudge.FinAnswered(Exchange).MustHold();

    [Test]
    public void No_end_of_file_after_our_half_close_is_a_violation_by_absence()
    {
        var violation = CloseJudge.FinAnswered(Exchange.But(4, StepResult.TimedOut).LeavingBehind(0, TcpState.CloseWait)).MustBeViolated();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(violation.Observed, Does.Contain("CLOSE_WAIT"));
            Assert.That((violation.Step, violation.Absence), Is.EqualTo((4, true)));
        }
    }

    [TestCase(TcpState.CloseWait)]
    [TestCase(TcpState.Established)]
    public void A_socket_left_open_after_our_close_is_a_violation(TcpState state) =>
        Assert.That(CloseJudge.FinAnswered(CloseOnly.LeavingBehind(0, state)).MustBeViolated().Step, Is.EqualTo(3));

    [TestCase(TcpState.LastAck)]
    [TestCase(TcpState.Closing)]
    public void A_socket_that_only_waits_for_the_kernel_was_closed_by_its_program(TcpState state) =>
        CloseJudge.FinAnswered(CloseOnly.LeavingBehind(0, state)).MustHold();

    [Test]
    public void A_target_that_still_owes_an_answer_is_not_asked_for_its_fin_yet() =>
        CloseJudge.FinAnswered(
            Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(20)), new Step.ShutdownWrite(0), new Step.Receive(0, null)]).But(3, StepResult.TimedOut, bytes: 5)).MustHold();

    [Test]
    public void An_aborted_connection_needs_no_fin() =>
        CloseJudge.FinAnswered(Told.Of(Talk.Connect(0), [new Step.Abort(0)]).LeavingBehind(0, TcpState.Established)).MustHold();

    [Test]
    public void A_reset_is_not_a_missing_fin() => CloseJudge.FinAnswered(Exchange.But(4, StepResult.Failed, "ECONNRESET")).MustHold();

    [Test]
    public void An_answer_that_was_read_while_we_were_still_sending_is_not_owed() =>
        CloseJudge.FinAnswered(CloseOnly.But(2, StepResult.Done, bytes: 5).Receiving(0, _ => Talk.Text(20).ToBytes()).LeavingBehind(0, TcpState.CloseWait)).MustBeViolated();
}
