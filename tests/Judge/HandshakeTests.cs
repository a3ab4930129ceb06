using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class HandshakeTests
{
    private const string Syn = "> S 1000(0) ack 0", SynAck = "< S. 5000(0) ack 1001", Ack = "> . 1001(0) ack 5001";

    [Test]
    public void Three_segments_with_the_right_numbers_are_a_handshake() => Seen(Syn, SynAck, Ack).MustHold();

    [Test]
    public void Without_a_capture_a_connect_that_succeeded_is_enough() => HandshakeJudge.Complete(Told.Of(Talk.Connect(0))).MustHold();

    [Test]
    public void A_syn_that_was_sent_twice_is_no_violation() => Seen(Syn, Syn, SynAck, Ack).MustHold();

    [Test]
    public void A_syn_ack_that_was_sent_twice_is_no_violation() => Seen(Syn, SynAck, SynAck, Ack).MustHold();

    [Test]
    public void The_acknowledgment_may_come_with_the_first_data() => Seen(Syn, SynAck, "> P. 1001(20) ack 5001").MustHold();

    [Test]
    public void Initial_sequence_numbers_may_wrap() =>
        Seen("> S 4294967295(0) ack 0", "< S. 4294967295(0) ack 0", "> . 0(0) ack 0").MustHold();

    [TestCase("< S. 5000(0) ack 1000", Description = "the SYN itself is not counted")]
    [TestCase("< S. 5000(0) ack 1002")]
    [TestCase("< S 5000(0) ack 0", Description = "no ACK at all")]
    public void A_syn_ack_that_does_not_acknowledge_our_syn_is_a_violation(string synAck)
    {
        var violation = Seen(Syn, synAck, Ack).MustBeViolated();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(violation.Expected, Does.Contain("1001"));
            Assert.That(violation.Observed, Is.EqualTo(synAck));
            Assert.That(violation.Absence, Is.False);
        }
    }

    [Test]
    public void A_wrong_acknowledgment_of_the_syn_ack_is_a_violation() => Seen(Syn, SynAck, "> . 1001(0) ack 5000").MustBeViolated();

    [Test]
    public void A_missing_syn_ack_in_a_complete_capture_is_a_violation_by_absence() =>
        Assert.That(Seen(Syn, Ack).MustBeViolated().Absence, Is.True);

    [Test]
    public void A_missing_ack_in_a_complete_capture_is_a_violation_by_absence() =>
        Assert.That(Seen(Syn, SynAck).MustBeViolated().Absence, Is.True);

    [TestCase(Syn, SynAck)]
    [TestCase(Syn, Ack)]
    [TestCase(SynAck, Ack)]
    public void A_missing_segment_proves_nothing_where_packets_were_lost(string one, string other) =>
        HandshakeJudge.Complete(Told.Of(Talk.Connect(0)).OnTheWire(Segments.Of(0, one, other)).CaptureIncomplete()).MustBeInconclusive();

    [Test]
    public void A_client_that_aborted_at_once_is_not_asked_for_its_ack() =>
        HandshakeJudge.Complete(Told.Of(Talk.Connect(0), [new Step.Abort(0)]).OnTheWire(Segments.Of(0, Syn, SynAck, "> R. 1001(0) ack 5001"))).MustHold();

    [Test]
    public void A_refused_connect_is_a_violation_at_its_step()
    {
        var violation = HandshakeJudge.Complete(Told.Of([new Step.Idle(1)], Talk.Visit(0, Talk.Text(5))).But(1, StepResult.Failed, "ECONNREFUSED")).MustBeViolated();
        Assert.That(
            (violation.Step, violation.Absence, violation.Observed),
            Is.EqualTo((1, false, "connect was answered ECONNREFUSED (RST for our SYN: nobody listens)")));
    }

    [Test]
    public void A_connect_that_nobody_answered_is_a_violation_by_absence() =>
        Assert.That(
            HandshakeJudge.Complete(Told.Of(Talk.Connect(0)).But(0, StepResult.TimedOut, detail: "the handshake was not answered")).MustBeViolated().Absence,
            Is.True);

    [Test]
    public void A_connect_in_the_background_is_judged_at_the_step_that_waits_for_it()
    {
        var told = Told.Of([new Step.Connect(0, Background: true), new Step.Send(0, Talk.Text(5))]).But(1, StepResult.Failed, "ECONNREFUSED");
        Assert.That(HandshakeJudge.Complete(told.Changing(0, connection => connection with { Peer = null })).MustBeViolated().Step, Is.EqualTo(1));
    }

    [Test]
    public void An_error_of_our_own_side_is_not_charged_to_the_target() =>
        HandshakeJudge.Complete(Told.Of(Talk.Connect(0)).But(0, StepResult.Failed, "EADDRNOTAVAIL")).MustHold();

    [Test]
    public void The_second_connection_is_judged_as_the_first_is()
    {
        var good = Segments.Of(0, Syn, SynAck, Ack);
        var bad = Segments.Of(1, Syn, "< S. 5000(0) ack 7", Ack);
        HandshakeJudge.Complete(Told.Of(Talk.Connect(0), Talk.Connect(1)).OnTheWire(good, bad)).MustBeViolated();
    }

    private static Verdict Seen(params string[] segments) =>
        HandshakeJudge.Complete(Told.Of(Talk.Connect(0)).OnTheWire(Segments.Of(0, segments)));
}
