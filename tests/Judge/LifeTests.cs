using System.Net;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class LifeTests
{
    private static readonly Told Exchange = Told.Of(Told.Visit(0, Talk.Text(20)));

    [Test]
    public void A_process_that_lives_holds() => LifeJudge.KeepsRunning(Exchange).MustHold();

    [Test]
    public void A_process_that_sigpipe_killed_is_named_with_the_step_of_its_death()
    {
        var violation = LifeJudge.KeepsRunning(Exchange.KilledBy(13, at: Told.Start(2) + TimeSpan.FromMilliseconds(3))).MustBeViolated();
        Assert.That((violation.Step, violation.Observed), Is.EqualTo((2, "it killed by SIGPIPE (13) during step 3 (#0 receive 20 bytes)")));
    }

    [Test]
    public void A_process_that_died_after_the_last_step_is_named_with_the_last_step() =>
        Assert.That(LifeJudge.KeepsRunning(Exchange.Exiting(1, at: TimeSpan.FromSeconds(9))).MustBeViolated().Step, Is.EqualTo(5));

    [Test]
    public void A_process_that_died_before_the_first_step_is_named_without_one()
    {
        var violation = LifeJudge.KeepsRunning(Exchange.Exiting(3, at: TimeSpan.FromMilliseconds(-1))).MustBeViolated();
        Assert.That((violation.Step, violation.Observed), Is.EqualTo((0, "it exited with status 3")));
    }

    [Test]
    public void A_death_is_not_charged_to_a_step_that_was_never_reached() =>
        Assert.That(
            LifeJudge.KeepsRunning(Exchange.But(2, StepResult.EndOfFile).KilledBy(11, at: TimeSpan.FromSeconds(9))).MustBeViolated().Step,
            Is.EqualTo(2));

    [Test]
    public void The_process_of_a_server_that_ran_before_cannot_be_seen() =>
        LifeJudge.KeepsRunning(Exchange.NotLaunchedByUs()).MustBeNotObservable();

    [Test]
    public void To_survive_is_to_live_and_to_serve()
    {
        LifeJudge.Survives(Exchange).MustHold();
        LifeJudge.Survives(Exchange.KilledBy(11, default)).MustBeViolated();
        LifeJudge.Survives(Exchange.But(2, StepResult.TimedOut)).MustBeViolated();
    }

    [TestCase("0.0.0.0")]
    [TestCase("127.0.0.1")]
    [TestCase("::")]
    [TestCase("::1")]
    public void Listening_at_the_wildcard_or_the_loopback_address_is_where_it_was_told(string address) =>
        LifeJudge.ListensWhereTold(Listening(address)).MustHold();

    [TestCase("127.0.1.1")]
    [TestCase("192.168.1.7")]
    [TestCase("fe80::1")]
    public void Listening_at_any_other_address_is_not(string address) =>
        Assert.That(LifeJudge.ListensWhereTold(Listening(address)).MustBeViolated().Observed, Does.Contain(address));

    [Test]
    public void One_wrong_address_beside_a_right_one_is_a_violation() =>
        LifeJudge.ListensWhereTold(Listening("0.0.0.0", "10.0.0.1")).MustBeViolated();

    [Test]
    public void Where_nobody_looked_the_address_is_not_known() => LifeJudge.ListensWhereTold(Exchange).MustBeInconclusive();

    [Test]
    public void A_server_that_ran_before_was_told_no_address() =>
        LifeJudge.ListensWhereTold(Listening("10.0.0.1").NotLaunchedByUs()).MustBeNotObservable();

    [Test]
    public void A_listener_that_is_gone_at_the_second_look_is_a_violation_there()
    {
        var told = Told.Of([new Step.Observe()], Told.Visit(0, Talk.Text(5)), [new Step.Observe()]).Seeing(7);
        Assert.That(LifeJudge.ListenerSeen(told).MustBeViolated().Step, Is.EqualTo(7));
    }

    [Test]
    public void A_listener_seen_at_every_look_holds() =>
        LifeJudge.ListenerSeen(Told.Of([new Step.Observe()], Told.Visit(0, Talk.Text(5)), [new Step.Observe()])).MustHold();

    [Test]
    public void The_listener_of_another_machine_cannot_be_seen() =>
        LifeJudge.ListenerSeen(Told.Of([new Step.Observe()]).Seeing(0).NotLaunchedByUs()).MustBeNotObservable();

    [Test]
    public void A_restart_that_leads_to_no_listener_is_a_violation_with_its_reason() =>
        Assert.That(
            LifeJudge.Restarts(Told.Of([new Step.Restart()]).But(0, StepResult.Failed, detail: "the target exited with status 1 before it listened")).MustBeViolated().Observed,
            Is.EqualTo("the target exited with status 1 before it listened"));

    [Test]
    public void A_restart_after_which_everybody_is_served_holds() =>
        LifeJudge.Restarts(Told.Of([new Step.Restart()], Told.Visit(0, Talk.Text(5)))).MustHold();

    [Test]
    public void A_restart_after_which_nobody_is_served_does_not() =>
        LifeJudge.Restarts(Told.Of([new Step.Restart()], Talk.Connect(0)).But(1, StepResult.Failed, "ECONNREFUSED")).MustBeViolated();

    private static Told Listening(params string[] addresses) =>
        Told.Of([new Step.Observe()]).Seeing(0, [.. addresses.Select(address => new IPEndPoint(IPAddress.Parse(address), Told.Server.Port))]);
}
