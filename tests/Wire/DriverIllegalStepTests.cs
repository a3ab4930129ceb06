using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Wire;

/// <summary>What the model says of an illegal step is what the kernel of this machine answers.</summary>
public class DriverIllegalStepTests
{
    private static readonly Dictionary<SocketState, Step[]> Ways = new()
    {
        [SocketState.Unconnected] = [],
        [SocketState.Connecting] = [new Step.Connect(0, Background: true)],
        [SocketState.Connected] = [new Step.Connect(0)],
        [SocketState.WriteShut] = [new Step.Connect(0), new Step.ShutdownWrite(0)],
        [SocketState.Closed] = [new Step.Connect(0), new Step.Close(0)],
    };

    private static readonly Step[] Steps =
    [
        new Step.Connect(0), new Step.Send(0, Talk.Letters(5)), new Step.Receive(0, 5), new Step.Receive(0, null),
        new Step.ShutdownWrite(0), new Step.Close(0), new Step.Abort(0),
    ];

    private static IEnumerable<TestCaseData> Illegal =>
        from way in Ways
        from step in Steps
        let legality = SocketModel.Next(way.Key, step) as Legality.Illegal
        where legality is not null
        select new TestCaseData(way.Key, step, legality).SetArgDisplayNames($"{way.Key}", $"{step}");

    [TestCaseSource(nameof(Illegal))]
    public void An_illegal_step_is_answered_as_the_model_says(SocketState state, Step step, Legality.Illegal legality)
    {
        using var server = new LocalServer(LocalServer.Echo);
        var outcome = server.Drive(LocalServer.Long, Ways[state], [step]).Outcomes[^1];
        Assert.That(legality.Allowed, Does.Contain(outcome.Result == StepResult.Failed ? outcome.Errno : "0"), $"{outcome}");
    }

    [TestCaseSource(nameof(Illegal))]
    public void The_scenario_goes_on_after_an_illegal_step(SocketState state, Step step, Legality.Illegal legality)
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = server.Drive(LocalServer.Long, Ways[state], [step], Told.Visit(4, Talk.Text(20)));
        Assert.That(trace.On(4)!.Received.ToArray(), Is.EqualTo(Talk.Text(20).ToBytes()), legality.Why);
    }

    [Test]
    public void A_connection_works_on_after_a_second_connect()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = server.Drive(LocalServer.Long, Talk.Connect(0), Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), Talk.Finish(0));
        Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo(Talk.Text(20).ToBytes()));
    }

    // An illegal step changes no state: a receive that was refused has asked for nothing.
    [Test]
    public void A_receive_that_was_refused_does_not_make_a_later_one_wait_for_more()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = server.Drive(LocalServer.Long, [new Step.Receive(0, 7)], Told.Visit(0, Talk.Text(20)));
        Assert.That(
            trace.Outcomes.Skip(1).Select(outcome => outcome.Result),
            Has.None.EqualTo(StepResult.TimedOut).And.None.EqualTo(StepResult.NotRun));
    }
}
