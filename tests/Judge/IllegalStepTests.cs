using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class IllegalStepTests
{
    private static readonly Told SendAfterShutdown = Told.Of(
        Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), [new Step.ShutdownWrite(0), new Step.Send(0, Talk.Letters(5)), new Step.Receive(0, null), new Step.Close(0)],
        Told.Visit(4, Talk.Text(20)));

    [Test]
    public void A_step_that_is_refused_as_the_standard_says_changes_nothing() =>
        LifeJudge.IllegalStepChangesNothing(SendAfterShutdown).MustHold();

    [Test]
    public void A_wrong_answer_of_our_own_machine_is_not_charged_to_the_target() =>
        LifeJudge.IllegalStepChangesNothing(SendAfterShutdown.But(4, StepResult.Failed, "ENOMEM")).MustBeInconclusive();

    [Test]
    public void An_illegal_step_that_succeeded_on_our_machine_is_not_charged_to_the_target() =>
        LifeJudge.IllegalStepChangesNothing(SendAfterShutdown.But(4, StepResult.Done, bytes: 5)).MustBeInconclusive();

    [Test]
    public void Success_without_effect_is_right_where_the_standard_allows_it() =>
        LifeJudge.IllegalStepChangesNothing(Told.Of(Talk.Connect(0), Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), Talk.Finish(0)).But(1, StepResult.Done)).MustHold();

    [Test]
    public void Bytes_of_a_send_that_was_refused_are_not_expected_back()
    {
        LifeJudge.IllegalStepChangesNothing(Told.Of([new Step.Send(0, Talk.Letters(5))], Told.Visit(0, Talk.Text(20)))).MustHold();
        Assert.That(
            DataJudge.Drained(Told.Of(Talk.Connect(0), [new Step.ShutdownWrite(0), new Step.Send(0, Talk.Letters(5)), new Step.Receive(0, null), new Step.Close(0)])),
            Is.Not.InstanceOf<Verdict.Violation>());
    }

    [Test]
    public void A_newcomer_who_is_not_served_after_it_is_a_violation() =>
        Assert.That(LifeJudge.IllegalStepChangesNothing(SendAfterShutdown.But(9, StepResult.TimedOut)).MustBeViolated().Step, Is.EqualTo(9));

    [Test]
    public void A_reset_after_it_is_a_violation() =>
        LifeJudge.IllegalStepChangesNothing(SendAfterShutdown.But(5, StepResult.Failed, "ECONNRESET")).MustBeViolated();
}
