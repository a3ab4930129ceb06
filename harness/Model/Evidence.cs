using System.Collections.Immutable;
using System.Net;

namespace SockConformance.Model;

/// <summary>How a process ended: exactly one of the two is set (the raw wait status, not a shell's 128+n).</summary>
public sealed record ProcessEnd(int? ExitCode, int? Signal, TimeSpan At)
{
    public override string ToString() => Signal is { } signal ? $"killed by {SignalName(signal)} ({signal})" : $"exited with status {ExitCode}";

    private static string SignalName(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => "signal",
    };
}

/// <summary>What is known of the target at the end of a case.</summary>
/// <param name="Launched">False for a server that ran before us (--connect): its process cannot be seen.</param>
/// <param name="End">Null while it lives.</param>
/// <param name="Output">The end of what it wrote to stdout and stderr; untrusted, for people only.</param>
public sealed record TargetState(IPEndPoint Endpoint, bool Launched, ProcessEnd? End, string Output)
{
    /// <summary>Each start of a client under test, in order; none of a server.</summary>
    public ImmutableArray<ClientRun> Runs { get => field.IsDefault ? [] : field; init; }
}

/// <summary>One start of a client under test.</summary>
/// <param name="End">Null if it still ran at the end of the case.</param>
public sealed record ClientRun(TimeSpan Started, ProcessEnd? End, string Output);

/// <param name="Available">Whether there was a capture at all.</param>
/// <param name="Complete">Whether all packets up to the end of the case were seen and none was lost.</param>
public sealed record CaptureState(bool Available, bool Complete)
{
    public static CaptureState None { get; } = new(false, false);
}

/// <summary>Everything a judge may look at: one case, on one time axis.</summary>
/// <param name="Flows">The flow of each connection that has one in the capture.</param>
/// <param name="Strangers">Other flows with one of our endpoints in them.</param>
/// <param name="Lag">The worst delay of the harness's own timers during the case.</param>
/// <param name="Alone">Whether no other case used the target at the same time.</param>
public sealed record Evidence(
    Scenario Scenario,
    Trace Trace,
    ImmutableArray<Flow> Flows,
    ImmutableArray<Flow> Strangers,
    CaptureState Capture,
    TargetState Target,
    Patience Patience,
    TimeSpan Lag,
    bool Alone)
{
    /// <summary>What the target should do.</summary>
    public ServiceSpec Service { get; init; } = ServiceSpec.Echo;

    /// <summary>The time of the whole run was over before the case was: what was not seen might have come.</summary>
    public bool CutShort { get; init; }

    /// <summary>Every packet that is known.</summary>
    public IEnumerable<Segment> Packets => Flows.Concat(Strangers).Concat(Trace.Crafted.Select(crafted => crafted.Flow)).SelectMany(flow => flow.Segments);

    public Flow? FlowOf(int socket) =>
        Trace.On(socket)?.Tuple is { } tuple ? Flows.FirstOrDefault(flow => flow.Tuple.Client.Equals(tuple.Client)) : null;

    /// <summary>The first step that did not do what was waited for, or -1. Illegal steps are meant to fail.</summary>
    public int FirstUnmet
    {
        get
        {
            var legality = SocketModel.Check(Scenario);
            for (var i = 0; i < Trace.Outcomes.Length; i++)
            {
                if (legality[i] is Legality.Illegal || Scenario.Steps[i].IsTolerant) continue;
                var wantedEnd = Scenario.Steps[i] is Step.Receive { Bytes: null };
                if (Trace.Outcomes[i].Result is not StepResult.Done and not StepResult.NotRun && !(wantedEnd && Trace.Outcomes[i].Result == StepResult.EndOfFile)) return i;
            }

            return -1;
        }
    }
}

/// <summary>How long each kind of wait may last; scaled together for slow machines (--time-scale).</summary>
/// <param name="Connect">For a handshake; more than one retransmission of a SYN (1 s) fits in.</param>
/// <param name="Reply">Without a single further byte.</param>
/// <param name="Close">From our FIN, everything being echoed, to the target's.</param>
/// <param name="Case">For all steps together, deliberate pauses apart.</param>
public sealed record Patience(TimeSpan Connect, TimeSpan Reply, TimeSpan Close, TimeSpan Case)
{
    public static Patience Default { get; } = new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30));

    public Patience Scaled(double factor) => new(Connect * factor, Reply * factor, Close * factor, Case * factor);
}
