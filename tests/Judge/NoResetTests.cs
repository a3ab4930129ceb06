using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class NoResetTests
{
    private static readonly string[] Opening =
    [
        "> S 1000(0) ack 0", "< S. 5000(0) ack 1001", "> . 1001(0) ack 5001",
        "> P. 1001(20) ack 5001", "< P. 5001(20) ack 1021", "> . 1021(0) ack 5021",
    ];

    private static readonly Told Exchange = Told.Of(Told.Visit(0, Talk.Text(20)));

    [Test]
    public void A_close_in_four_segments_is_in_order() =>
        Seen("> F. 1021(0) ack 5021", "< . 5021(0) ack 1022", "< F. 5021(0) ack 1022", "> . 1022(0) ack 5022").MustHold();

    [Test]
    public void A_close_in_three_segments_is_in_order() =>
        Seen("> F. 1021(0) ack 5021", "< F. 5021(0) ack 1022", "> . 1022(0) ack 5022").MustHold();

    [Test]
    public void A_reset_instead_of_a_fin_is_a_violation()
    {
        var violation = Seen("> F. 1021(0) ack 5021", "< R. 5021(0) ack 1022").MustBeViolated();
        Assert.That(violation.Observed, Does.Contain("< R. 5021(0) ack 1022"));
    }

    [Test]
    public void A_reset_that_our_sockets_felt_is_a_violation_without_a_capture()
    {
        var violation = CloseJudge.NoReset(Exchange.But(4, StepResult.Failed, "ECONNRESET")).MustBeViolated();
        Assert.That((violation.Step, violation.Observed), Is.EqualTo((4, "ECONNRESET (the target's RST) at step 5 (#0 receive until end of file)")));
    }

    [Test]
    public void A_reset_that_answers_our_abort_is_nobodys_fault()
    {
        var aborted = Told.Of(Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), [new Step.Abort(0)]);
        CloseJudge.NoReset(aborted.OnTheWire(Segments.Of(0, [.. Opening, "> R. 1021(0) ack 5021", "< R 5021(0) ack 0"]))).MustHold();
    }

    // Data that comes after our close makes our own kernel reset; what the target's kernel says to that is no choice of the program.
    [Test]
    public void A_reset_after_one_of_our_own_is_nobodys_fault() =>
        Seen("> F. 1021(0) ack 5021", "< P. 5021(5) ack 1022", "> R 1022(0) ack 0", "< R. 5026(0) ack 1022").MustHold();

    [Test]
    public void The_kernels_answer_to_a_late_segment_after_the_targets_fin_is_no_reset_of_the_program() =>
        Seen("> F. 1021(0) ack 5021", "< F. 5021(0) ack 1022", "> . 1022(0) ack 5022", "> . 1022(0) ack 5021", "< R 5021(0) ack 0").MustHold();

    [Test]
    public void A_reset_while_an_answer_is_due_is_another_requirements_matter() =>
        CloseJudge.NoReset(Exchange.But(2, StepResult.Failed, "ECONNRESET", bytes: 3)).MustHold();

    [Test]
    public void A_client_that_closes_with_answers_unread_may_be_reset()
    {
        var unread = Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(20)), new Step.Close(0)]);
        CloseJudge.NoReset(unread.OnTheWire(Segments.Of(0, [.. Opening, "< R. 5021(0) ack 1022"]))).MustHold();
    }

    // An answer that arrives while a long message is still being sent is read then, and no RECEIVE step counts it.
    [Test]
    public void An_answer_that_was_read_while_we_were_still_sending_is_not_unread()
    {
        var told = Told.Of(Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), [new Step.Close(0)]).But(2, StepResult.Done, bytes: 5).Receiving(0, _ => Talk.Text(20).ToBytes());
        CloseJudge.NoReset(told.OnTheWire(Segments.Of(0, [.. Opening, "> F. 1021(0) ack 5021", "< R. 5021(0) ack 1022"]))).MustBeViolated();
    }

    [Test]
    public void Each_connection_is_judged()
    {
        var two = Told.Of(Told.Visit(0, Talk.Text(20)), Told.Visit(1, Talk.Text(20)));
        var good = Segments.Of(0, [.. Opening, "> F. 1021(0) ack 5021", "< F. 5021(0) ack 1022"]);
        var bad = Segments.Of(1, [.. Opening, "> F. 1021(0) ack 5021", "< R. 5021(0) ack 1022"]);
        CloseJudge.NoReset(two.OnTheWire(good, bad)).MustBeViolated();
    }

    private static Verdict Seen(params string[] closing) => CloseJudge.NoReset(Exchange.OnTheWire(Segments.Of(0, [.. Opening, .. closing])));
}
