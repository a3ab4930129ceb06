using System.Collections.Immutable;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Run;

/// <summary>One case from scenario to evidence: lease a target, drive it, drain the capture, look at the process.</summary>
internal sealed class CaseRunner(TargetPool pool, PacketCapture? capture, LagMonitor lag, Patience patience, CancellationToken cancellation)
{
    private static readonly TimeSpan DyingPatience = TimeSpan.FromMilliseconds(300);
    private const int KnownNotToClose = 40;
    private int connections, cases;

    /// <summary>
    /// It has been established that the target does not close its connections: cases that are not about closing no longer wait for it.
    /// </summary>
    public bool TargetDoesNotClose { get; set; }

    public int Connections => connections;

    public int Cases => cases;

    /// <param name="fresh">On a target of its own.</param>
    /// <param name="full">Give the target its full time to close, whatever is known of it.</param>
    /// <param name="judge">Says whether the evidence shows a failure: then no other case gets this target.</param>
    /// <exception cref="TargetException">No target could be started.</exception>
    public Evidence Run(Scenario scenario, bool fresh, bool full, double patienceScale, Func<Evidence, bool> judge)
    {
        using var lease = fresh ? pool.Fresh() : pool.Share();
        var start = Clock.Now;
        var scaled = patience.Scaled(patienceScale);
        Interlocked.Increment(ref cases);
        var trace = new ScenarioDriver(lease.Target.Endpoint, scaled, TargetDoesNotClose && !full ? scaled.Close / KnownNotToClose : scaled.Close, lease.Target, cancellation).Run(scenario);
        Interlocked.Add(ref connections, trace.Connections.Length);
        var (own, strangers, state) = Captured(trace);
        AwaitDeath(lease.Target);
        var evidence = new Evidence(scenario, trace, own, strangers, state, lease.Target.State, scaled, lag.WorstSince(start), lease.Alone);

        // A socket left behind is a client that the target still believes in; to one that serves side by side that is known to do no harm.
        lease.Spoiled = judge(evidence) || ((!TargetDoesNotClose || !pool.SideBySide) && trace.Connections.Any(connection => connection.LeftBehind is not null));
        return evidence;
    }

    private (ImmutableArray<Flow> Own, ImmutableArray<Flow> Strangers, CaptureState State) Captured(Trace trace)
    {
        if (capture is null) return ([], [], CaptureState.None);
        var drained = capture.Drain();
        var (own, strangers) = capture.Take([.. trace.Connections.Select(connection => connection.Tuple).OfType<FiveTuple>()]);
        return (own, strangers, new CaptureState(true, drained && capture.Counts().Dropped == 0));
    }

    /// <summary>A process that dies closes its sockets a moment before its end can be seen: where nobody listens any more, wait for it.</summary>
    private void AwaitDeath(ITarget target)
    {
        if (!target.State.Launched || SocketTable.Listeners().Any(listener => listener.Port == target.Endpoint.Port)) return;
        Clock.Until(() => target.Alive ? null : target, DyingPatience, cancellation);
    }
}
