using System.Collections.Immutable;
using System.Net.Security;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Run;

/// <summary>One case from scenario to evidence: lease a target, drive it, drain the capture, look at the process.</summary>
internal sealed class CaseRunner(TargetPool pool, ServiceSpec service, PacketCapture? capture, LagMonitor lag, Patience patience, CancellationToken cancellation)
{
    private static readonly TimeSpan DyingPatience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Afterthought = TimeSpan.FromMilliseconds(30), TrialAfterthought = TimeSpan.FromMilliseconds(200), TrialWork = TimeSpan.FromSeconds(1);
    private const int KnownNotToClose = 40, ConnectionsInCasePatience = 60, HastyTrial = 2;
    private int connections, cases;

    /// <summary>How long the run may take.</summary>
    public Pace Pace { get; init; } = Pace.Unhurried;

    /// <summary>Scales the patience with how slow the machine is; null for none.</summary>
    public ControlRun? Control { get; init; }

    /// <summary>Whom to trust in TLS; null for a service in clear.</summary>
    public TlsTrust? Tls { get; init; }

    /// <summary>What is shown to clients under test in TLS; null where there are none.</summary>
    public IReadOnlyDictionary<ShownCertificate, SslStreamCertificateContext>? Shown { get; init; }

    /// <summary>For sockets whose segments the harness makes itself; null for none.</summary>
    public LazyWire? Wire { get; init; }

    /// <summary>
    /// It has been established that the target does not close its connections: cases that are not about closing no longer wait for it.
    /// </summary>
    public bool TargetDoesNotClose { get; set; }

    public int Connections => connections;

    public int Cases => cases;

    /// <param name="requirement">Whose case it is: it says how patient to be.</param>
    /// <param name="fresh">On a target of its own.</param>
    /// <param name="hurry">A factor on all patience; 1 unless shrinking.</param>
    /// <param name="onTrial">A failure is to be shown again: the target gets more time to die of what was done to it.</param>
    /// <param name="judge">Says whether the evidence shows a failure: then no other case gets this target.</param>
    /// <exception cref="TargetException">No target could be started.</exception>
    public Evidence Run(Requirement requirement, Scenario scenario, bool fresh, double hurry, Func<Evidence, bool> judge, bool onTrial = false)
    {
        using var lease = fresh ? pool.Fresh() : pool.Share();
        var start = Clock.Now;
        var scaled = patience.Scaled(requirement.PatienceScale * hurry * (Control?.Factor ?? 1));
        var perConnection = (patience.Case / ConnectionsInCasePatience) * scenario.Sockets.Length;
        scaled = scaled with { Case = requirement.CaseLimit is { } limit ? limit * (patience.Case / Patience.Default.Case) : scaled.Case + perConnection };
        if (Pace.Reply is { } soon && soon * (patience.Reply / Patience.Default.Reply) * (onTrial ? HastyTrial * (Control?.Factor ?? 1) : 1) is var hasty && hasty < scaled.Reply) scaled = scaled with { Reply = hasty, Close = hasty };
        if (Pace.All - start is { } left && left < scaled.Case) scaled = scaled with { Case = left };
        var settle = TargetDoesNotClose && !requirement.JudgesClose ? scaled.Close / KnownNotToClose : scaled.Close;
        Interlocked.Increment(ref cases);
        var lostBefore = capture?.Counts().Dropped ?? 0;
        var trace = new ScenarioDriver(new DriveContext(lease.Target.Endpoint, service, scaled, settle, lease.Target, Tls, (pattern, number) => PatternText.Draw(pattern.Pattern, number)) { Wire = Wire, Shown = Shown }, cancellation).Run(scenario);
        Interlocked.Add(ref connections, trace.Connections.Length);
        var (own, strangers, state) = Captured(trace, lostBefore);
        lease.Target.MustStayInForeground();
        AwaitDeath(lease.Target, onTrial && hurry >= 1 ? TrialAfterthought : fresh ? Afterthought : TimeSpan.Zero, onTrial ? scaled.Case : TimeSpan.Zero);
        var evidence = new Evidence(scenario, trace, own, strangers, state, lease.Target.State, scaled, lag.WorstSince(start), lease.Alone) { Service = service, CutShort = Clock.Now >= Pace.All };

        // A socket left behind is a client that the target still believes in; to one that serves side by side that is known to do no harm.
        lease.Spoiled = judge(evidence) || ((!TargetDoesNotClose || !pool.SideBySide) && trace.Connections.Any(connection => connection.LeftBehind is not null));
        return evidence;
    }

    private (ImmutableArray<Flow> Own, ImmutableArray<Flow> Strangers, CaptureState State) Captured(Trace trace, long lostBefore)
    {
        if (capture is null) return ([], [], CaptureState.None);
        var drained = capture.Drain();
        var (own, strangers) = capture.Take([.. trace.Connections.Select(connection => connection.Tuple).OfType<FiveTuple>()]);
        return (own, strangers, new CaptureState(true, drained && capture.Counts().Dropped == lostBefore));
    }

    /// <summary>
    /// A process that dies closes its sockets a moment before its end can be seen: where nobody listens any more, wait for it. One that has
    /// just been left alone gets a moment to die of it; on a shared target the next case would notice.
    /// </summary>
    /// <param name="busy">How long more it may take to use up <see cref="TrialWork"/>, while it works on what it was sent.</param>
    private void AwaitDeath(ITarget target, TimeSpan afterthought, TimeSpan busy)
    {
        if (!target.State.Launched) return;
        var gone = !SocketTable.IsListening(target.Endpoint.Port, service.Transport);
        Clock.Until(() => target.Alive ? null : target, gone ? DyingPatience : afterthought, cancellation);
        if (busy == TimeSpan.Zero || !target.Alive || target.AtRest || target.Sample()?.Processor is not { } used) return;
        Clock.Until(() => target.Alive && !target.AtRest && (target.Sample()?.Processor ?? used) - used < TrialWork ? null : target, busy, cancellation);
    }
}
