using System.Net;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Model;

public class EvidenceTests
{
    [Test]
    public void A_case_that_went_as_planned_has_no_unmet_step() =>
        Assert.That(Told.Of(Told.Visit(0, Talk.Text(20))).Evidence().FirstUnmet, Is.EqualTo(-1));

    [Test]
    public void The_end_of_file_is_unmet_where_bytes_were_wanted() =>
        Assert.That(Told.Of(Told.Visit(0, Talk.Text(20))).But(2, StepResult.EndOfFile, bytes: 3).Evidence().FirstUnmet, Is.EqualTo(2));

    [Test]
    public void The_end_of_file_is_what_was_wanted_where_it_was_waited_for() =>
        Assert.That(Told.Of(Told.Visit(0, Talk.Text(20))).But(4, StepResult.EndOfFile).Evidence().FirstUnmet, Is.EqualTo(-1));

    [Test]
    public void Steps_that_were_not_run_are_not_unmet() =>
        Assert.That(Told.Of(Told.Visit(0, Talk.Text(20))).But(0, StepResult.Failed, "ECONNREFUSED").Evidence().FirstUnmet, Is.EqualTo(0));

    [Test]
    public void An_illegal_step_that_fails_does_what_it_is_meant_to() =>
        Assert.That(
            Told.Of([new Step.Receive(0, 1)], Told.Visit(0, Talk.Text(20))).But(0, StepResult.Failed, "ENOTCONN").Evidence().FirstUnmet,
            Is.EqualTo(-1));

    [Test]
    public void The_flow_of_a_connection_is_found_by_our_end()
    {
        Evidence evidence = Told.Of(Talk.Connect(0), Talk.Connect(1)).OnTheWire(Segments.Of(1, "> S 1(0) ack 0"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(evidence.FlowOf(1)?.Tuple, Is.EqualTo(Told.TupleOf(1)));
            Assert.That(evidence.FlowOf(0), Is.Null);
            Assert.That(evidence.FlowOf(9), Is.Null);
        }
    }

    [Test]
    public void All_kinds_of_patience_are_scaled_together() =>
        Assert.That(
            new Patience(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4)).Scaled(2.5),
            Is.EqualTo(new Patience(TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7.5), TimeSpan.FromSeconds(10))));

    [TestCase(13, "killed by SIGPIPE (13)")]
    [TestCase(11, "killed by SIGSEGV (11)")]
    [TestCase(9, "killed by SIGKILL (9)")]
    [TestCase(40, "killed by signal (40)")]
    public void A_process_that_was_killed_is_told_with_the_name_of_the_signal(int signal, string words) =>
        Assert.That(new ProcessEnd(null, signal, default).ToString(), Is.EqualTo(words));

    [Test]
    public void A_process_that_ended_by_itself_is_told_with_its_status() =>
        Assert.That(new ProcessEnd(3, null, default).ToString(), Is.EqualTo("exited with status 3"));

    [Test]
    public void A_five_tuple_is_written_as_the_standard_names_it() =>
        Assert.That(
            new FiveTuple(new IPEndPoint(IPAddress.IPv6Loopback, 40000), new IPEndPoint(IPAddress.IPv6Loopback, 7)).ToString(),
            Is.EqualTo("{TCP, [::1]:40000, [::1]:7}"));
}
