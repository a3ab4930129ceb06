using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class DataTests
{
    private static readonly Told Exchange = Told.Of(Told.Visit(0, Talk.Text(200)));

    [Test]
    public void One_wrong_byte_is_found_at_its_offset()
    {
        var violation = DataJudge.Unchanged(Exchange.Receiving(0, bytes => [.. bytes[..150], (byte)(bytes[150] ^ 1), .. bytes[151..]])).MustBeViolated();
        Assert.That(violation.Expected, Does.StartWith("at offset 150 "));
    }

    [Test]
    public void Every_wrong_byte_anywhere_is_found()
    {
        for (var at = 0; at < 200; at++)
        {
            var wrong = at;
            DataJudge.Unchanged(Exchange.Receiving(0, bytes => [.. bytes[..wrong], 0, .. bytes[(wrong + 1)..]])).MustBeViolated();
        }
    }

    [Test]
    public void A_byte_left_out_is_found_where_the_next_one_stands() =>
        Assert.That(
            DataJudge.Unchanged(Exchange.Receiving(0, bytes => [.. bytes[..7], .. bytes[8..]])).MustBeViolated().Expected,
            Does.StartWith("at offset 7 "));

    [Test]
    public void Bytes_that_did_not_come_are_missed_where_they_were_waited_for()
    {
        var violation = DataJudge.Unchanged(Exchange.But(2, StepResult.TimedOut, bytes: 199, detail: "no more bytes came")).MustBeViolated();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((violation.Step, violation.Absence), Is.EqualTo((2, true)));
            Assert.That(violation.Observed, Does.StartWith("no more bytes came").And.Contain("after 199 bytes").And.EndWith("at step 3 of 6"));
        }
    }

    [Test]
    public void A_missing_fin_is_no_matter_of_the_data()
    {
        Evidence evidence = Exchange.But(4, StepResult.TimedOut);
        DataJudge.Unchanged(evidence).MustHold();
        DataJudge.AnswersWhileOpen(evidence).MustHold();
    }

    [Test]
    public void An_answer_that_comes_only_at_the_end_is_not_given_while_the_connection_is_open() =>
        DataJudge.AnswersWhileOpen(Exchange.But(2, StepResult.TimedOut)).MustBeViolated();

    [Test]
    public void One_byte_too_many_is_found_and_shown()
    {
        var violation = DataJudge.NothingAdded(Exchange.Receiving(0, bytes => [.. bytes, 0])).MustBeViolated();
        Assert.That((violation.Expected, violation.Observed), Is.EqualTo(("200 bytes, as sent", "1 more: \"\\x00\"")));
    }

    [Test]
    public void A_greeting_to_a_client_that_says_nothing_is_too_many() =>
        DataJudge.NothingAdded(Told.Of(Talk.Connect(0), Talk.Finish(0)).Receiving(0, _ => "hello\n"u8.ToArray())).MustBeViolated();

    [Test]
    public void Bytes_that_came_too_few_are_not_too_many() =>
        DataJudge.NothingAdded(Exchange.But(2, StepResult.TimedOut, bytes: 1)).MustHold();

    [Test]
    public void Everything_and_then_the_end_is_drained() =>
        DataJudge.Drained(Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(500)), new Step.ShutdownWrite(0), new Step.Receive(0, null)])).MustHold();

    [Test]
    public void An_end_that_comes_before_the_last_byte_is_not()
    {
        var violation = DataJudge.Drained(Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(500)), new Step.ShutdownWrite(0), new Step.Receive(0, null)]).But(3, StepResult.EndOfFile, bytes: 499)).MustBeViolated();
        Assert.That(
            (violation.Step, violation.Absence, violation.Observed),
            Is.EqualTo((3, false, "499 of them, then end of file (the target's FIN), after 499 bytes")));
    }

    [Test]
    public void Bytes_that_did_not_come_in_time_after_a_half_close_are_missed_by_absence() =>
        Assert.That(
            DataJudge.Drained(Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(500)), new Step.ShutdownWrite(0), new Step.Receive(0, null)]).But(3, StepResult.TimedOut, bytes: 100)).MustBeViolated().Absence,
            Is.True);

    // Such a program is what shrinking tries: if it failed, every server would seem to be at fault.
    [Test]
    public void A_client_that_does_not_read_to_the_end_cannot_miss_the_rest()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                DataJudge.Drained(Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(500)), new Step.ShutdownWrite(0)])),
                Is.Not.InstanceOf<Verdict.Violation>());
            Assert.That(
                DataJudge.Drained(Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(500)), new Step.ShutdownWrite(0), new Step.Abort(0)])),
                Is.Not.InstanceOf<Verdict.Violation>());
            Assert.That(
                DataJudge.Drained(Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(500)), new Step.ShutdownWrite(0), new Step.Receive(0, 99)])),
                Is.Not.InstanceOf<Verdict.Violation>());
        }
    }

    [Test]
    public void Bytes_of_another_connection_are_told_with_their_owner()
    {
        var told = Told.Of(Told.Visit(0, Talk.Letters(40, 1)), Told.Visit(1, Talk.Letters(40, 2))).Receiving(0, bytes => [.. bytes[..10], .. Talk.Letters(40, 2).ToBytes()[10..]]);
        var violation = DataJudge.NotMixed(told).MustBeViolated();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(violation.Expected, Is.EqualTo("on connection #0 its own bytes"));
            Assert.That(violation.Observed, Does.StartWith("at offset 10 bytes of connection #1: "));
        }
    }

    [Test]
    public void Wrong_bytes_that_nobody_sent_are_not_charged_to_another_connection() =>
        Assert.That(
            DataJudge.NotMixed(Told.Of(Told.Visit(0, Talk.Letters(40, 1)), Told.Visit(1, Talk.Letters(40, 2))).Receiving(0, bytes => [.. bytes[..10], .. new byte[30]])).MustBeViolated().Observed,
            Does.Not.Contain("connection #1"));

    [Test]
    public void Everything_echoed_is_echoed() => DataJudge.Echoed(Exchange).MustHold();

    [Test]
    public void An_end_of_file_after_half_of_the_answer_is_not_an_echo() =>
        DataJudge.Echoed(Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Text(500)), new Step.ShutdownWrite(0), new Step.Receive(0, null)]).But(3, StepResult.EndOfFile, bytes: 250)).MustBeViolated();

    [TestCase(0, StepResult.Failed, "ECONNREFUSED", Description = "not connected")]
    [TestCase(1, StepResult.Failed, "EPIPE", Description = "the data was not taken")]
    [TestCase(2, StepResult.EndOfFile, null, Description = "the end instead of the answer")]
    [TestCase(2, StepResult.TimedOut, null, Description = "no answer")]
    public void A_client_that_behaved_and_was_turned_away_was_not_served(int step, StepResult result, string? errno) =>
        Assert.That(DataJudge.Served(Exchange.But(step, result, errno)).MustBeViolated().Step, Is.EqualTo(step));

    [Test]
    public void A_client_that_got_all_it_asked_for_was_served() => DataJudge.Served(Exchange).MustHold();
}
