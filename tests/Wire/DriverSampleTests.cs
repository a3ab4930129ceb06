using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

/// <summary>Looks at a process: when they are taken, and what comes of them.</summary>
public class DriverSampleTests
{
    private static readonly ProcessSample Usual = new(-1, "", TimeSpan.Zero, 1, 6, 2, 0, 1 << 20, TimeSpan.Zero);

    [Test]
    public void A_look_is_written_down_with_its_step_and_label()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = Drive(server, new Process(Usual), Talk.Wait(1), [new Step.Sample("before")]);
        Assert.That(trace.Samples.Single(), Is.EqualTo(Usual with { Step = 1, Label = "before" }));
    }

    [Test]
    public void What_falls_is_waited_for()
    {
        using var server = new LocalServer(LocalServer.Echo);
        ProcessSample[] falling = [Usual, .. Enumerable.Range(1, 30).Reverse().Select(more => Usual with { Threads = 2 + more })];
        var trace = Drive(server, new Process([Usual, Usual, Usual, Usual, Usual, Usual, Usual, .. falling[1..]]), [new Step.Sample("before"), new Step.Sample("after")]);
        Assert.That(trace.Samples.Select(sample => sample.Threads), Is.All.EqualTo(2));
    }

    [Test]
    public void What_stays_is_not_waited_for_without_end()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var process = new Process(Usual) { Then = number => Usual with { Descriptors = number < 7 ? 6 : 100 } };
        Assert.That(Drive(server, process, [new Step.Sample("before"), new Step.Idle(1), new Step.Sample("after")]).Samples[^1].Descriptors, Is.EqualTo(100).Or.EqualTo(6));
    }

    [TestCase(6, 1)]
    [TestCase(100, 2)]
    public void The_rest_of_a_scenario_is_run_only_if_something_grew(int descriptors, int connections)
    {
        using var server = new LocalServer(LocalServer.Echo);
        var connected = 0;
        var process = new Process(Usual) { Then = _ => Usual with { Descriptors = Volatile.Read(ref connected) == 0 ? 6 : descriptors } };
        using var counting = new LocalServer(socket =>
        {
            Interlocked.Increment(ref connected);
            LocalServer.Echo(socket);
        });
        var trace = Drive(counting, process, [new Step.Sample("x")], Talk.Visit(0, Talk.Text(9)), [new Step.Sample("x", EndsIfSteady: true)], Talk.Visit(1, Talk.Text(9)));
        Assert.That(trace.Connections, Has.Length.EqualTo(connections));
        Assert.That(trace.Outcomes[^1].Result, Is.EqualTo(connections == 1 ? StepResult.NotRun : StepResult.Done));
    }

    [Test]
    public void Ended_connections_are_gone_before_the_look()
    {
        var left = new CountdownEvent(3);
        using var server = new LocalServer(socket =>
        {
            LocalServer.Echo(socket);
            left.Signal();
        });
        var process = new Process(Usual) { Then = _ => Usual with { Threads = left.IsSet ? 2 : 9 } };
        var trace = Drive(server, process, Talk.Each([0, 1, 2], i => Talk.Visit(i, Talk.Text(20, i))), [new Step.Sample("after")]);
        Assert.That(trace.Samples.Single().Threads, Is.EqualTo(2));
    }

    [Test]
    public void A_process_that_cannot_be_seen_ends_the_scenario()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = Drive(server, new Process([null]), [new Step.Sample("before")], Talk.Visit(0, Talk.Text(5)));
        Assert.That((trace.Outcomes[0].Result, trace.Outcomes[1].Result, trace.Samples.Length), Is.EqualTo((StepResult.Failed, StepResult.NotRun, 0)));
    }

    private static Trace Drive(LocalServer server, Process process, params IEnumerable<Step>[] parts) => server.Drive(LocalServer.Long, process, CancellationToken.None, parts);

    /// <summary>Looks that follow a script; then the first of it for ever, or what <see cref="Then"/> says.</summary>
    private sealed class Process(params ProcessSample?[] script) : ITargetControl
    {
        private int looks;

        public Func<int, ProcessSample?>? Then { get; init; }

        public ProcessSample? Sample()
        {
            var number = looks++;
            return Then is { } then ? then(number) : number < script.Length ? script[number] : script[0];
        }

        public string? Restart(CancellationToken cancellation) => "not this one";

        public string? Stop(CancellationToken cancellation) => "not this one";

        public string? Launch() => "not this one";

        public bool AwaitExit(TimeSpan atMost, CancellationToken cancellation) => false;
    }
}
