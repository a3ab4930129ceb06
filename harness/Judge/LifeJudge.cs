using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>The target as a process and as a listening socket.</summary>
public static class LifeJudge
{
    /// <summary>The process lives when the case is over.</summary>
    public static Verdict KeepsRunning(Evidence evidence)
    {
        if (!evidence.Target.Launched) return new Verdict.NotObservable("the server was not started by the harness");
        if (evidence.Target.End is not { } end || FailedRestart(evidence) >= 0 || AskedToStop(evidence, end)) return Verdict.Holds; // one that does not start again is another matter
        var step = evidence.Trace.Outcomes.TakeWhile(outcome => outcome.Start <= end.At && outcome.Result != StepResult.NotRun).Count() - 1;
        return new Verdict.Violation("the process keeps running", step < 0 ? $"it {end}" : $"it {end} during {Judges.Name(evidence, step)}", Math.Max(step, 0));
    }

    /// <summary>The process lives and everybody who behaves is served: what a target must do while others misbehave.</summary>
    public static Verdict Survives(Evidence evidence) =>
        evidence.Target.End is not null ? KeepsRunning(evidence) : DataJudge.Served(evidence);

    /// <summary>The half socket {TCP, address, port} is one at which the target was told to listen.</summary>
    public static Verdict ListensWhereTold(Evidence evidence)
    {
        if (!evidence.Target.Launched) return new Verdict.NotObservable("the server was not told an address by the harness");
        if (evidence.Trace.Observations is not [var seen, ..]) return new Verdict.Inconclusive("the table of sockets was not read");
        return seen.Listening.All(endpoint => IsTold(endpoint.Address))
            ? Verdict.Holds
            : new Verdict.Violation($"{{TCP, 0.0.0.0 or 127.0.0.1, {evidence.Target.Endpoint.Port}}}", $"{string.Join(", ", seen.Listening.Select(endpoint => $"{{TCP, {endpoint.Address}, {endpoint.Port}}}"))}", seen.Step);
    }

    /// <summary>At every look there is a socket in LISTEN on the port.</summary>
    public static Verdict ListenerSeen(Evidence evidence)
    {
        if (evidence.Trace.Observations is not [var first, ..]) return Verdict.Holds;
        if (!evidence.Target.Launched && first.Listening.IsEmpty) return new Verdict.NotObservable("the listening socket is not on this machine");
        var gone = evidence.Trace.Observations.FirstOrDefault(seen => seen.Listening.IsEmpty);
        return gone is null
            ? Verdict.Holds
            : new Verdict.Violation($"a socket in LISTEN on port {evidence.Target.Endpoint.Port}", $"none at step {gone.Step + 1} of {evidence.Scenario.Steps.Length}", gone.Step);
    }

    /// <summary>A restart on the same port leads to LISTEN again.</summary>
    public static Verdict Restarts(Evidence evidence)
    {
        if (!evidence.Target.Launched) return new Verdict.NotObservable("a server that the harness did not start cannot be restarted by it");
        return FailedRestart(evidence) is var step and >= 0
            ? new Verdict.Violation("it listens again", evidence.Trace.Outcomes[step].Detail ?? "it did not", step)
            : DataJudge.Served(evidence);
    }

    /// <summary>The step at which a restart failed, or -1.</summary>
    private static int FailedRestart(Evidence evidence) =>
        evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Index().FirstOrDefault(entry => entry.Item is { First: Step.Restart, Second.Result: StepResult.Failed }, (-1, default)).Item1;

    /// <summary>The scenario itself had asked it to stop before it ended.</summary>
    private static bool AskedToStop(Evidence evidence, ProcessEnd end) =>
        evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Any(entry => entry is { First: Step.Stop, Second.Result: not StepResult.NotRun } && entry.Second.Start <= end.At);

    /// <summary>The illegal step was refused as the model says, and everything else went on as if it had not been tried.</summary>
    public static Verdict IllegalStepChangesNothing(Evidence evidence)
    {
        var legality = SocketModel.Check(evidence.Scenario);
        for (var i = 0; i < legality.Length; i++)
        {
            if (legality[i] is not Legality.Illegal illegal || evidence.Trace.Outcomes[i].Result == StepResult.NotRun) continue;
            var answer = evidence.Trace.Outcomes[i] is { Result: StepResult.Failed, Errno: { } errno } ? errno : "0";
            if (!illegal.Allowed.Contains(answer))
                return new Verdict.Inconclusive($"{Judges.Name(evidence, i)} was answered {answer} by this machine's own socket API, not {string.Join(" or ", illegal.Allowed)} ({illegal.Clause})");
        }

        return Judges.All(DataJudge.Echoed, CloseJudge.NoReset)(evidence);
    }

    private static bool IsTold(System.Net.IPAddress address) =>
        address.Equals(System.Net.IPAddress.Any) || address.Equals(System.Net.IPAddress.IPv6Any) || address.Equals(System.Net.IPAddress.Loopback) || address.Equals(System.Net.IPAddress.IPv6Loopback);
}
