using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>Ways to put judges together. Every judge is a pure function of the evidence of one case.</summary>
public static class Judges
{
    /// <summary>The first verdict that is not a pass.</summary>
    public static Func<Evidence, Verdict> All(params Func<Evidence, Verdict>[] judges) =>
        evidence => judges.Select(judge => judge(evidence)).FirstOrDefault(verdict => verdict is not Verdict.Pass) ?? Verdict.Holds;

    /// <summary>A violation counts only where the target's process lived to the end: a dead process is the matter of another requirement.</summary>
    public static Func<Evidence, Verdict> WhileAlive(Func<Evidence, Verdict> judge) =>
        evidence => judge(evidence) is var verdict && verdict is Verdict.Violation && evidence.Target.End is { } end
            ? new Verdict.Inconclusive($"the target's process {end}", TargetDied: true) : verdict;

    /// <summary>A step as a report names it.</summary>
    internal static string Name(Evidence evidence, int step) => $"step {step + 1} ({evidence.Scenario.Steps[step]})";

    /// <summary>What the sockets answered at a step, in a few words.</summary>
    internal static string Answer(Evidence evidence, int step)
    {
        var outcome = evidence.Trace.Outcomes[step];
        var waited = (outcome.End - outcome.Start).TotalSeconds;
        return outcome.Result switch
        {
            StepResult.TimedOut => $"{outcome.Detail ?? "nothing came"} for {waited:0.0} s",
            StepResult.EndOfFile => "end of file (the target's FIN)",
            StepResult.Failed => outcome.Errno is { } errno ? $"{errno}{(outcome.Detail is { } detail ? $" ({detail})" : Meaning(errno))}" : outcome.Detail ?? "it failed",
            StepResult.NotRun => "it was not reached",
            _ => "done",
        } + (outcome.Bytes > 0 && outcome.Result != StepResult.Done ? $", after {outcome.Bytes} bytes" : "");
    }

    private static string Meaning(string errno) => errno switch
    {
        "ECONNRESET" => " (the target's RST)",
        "EPIPE" => " (the connection was gone already)",
        "ECONNREFUSED" => " (RST for our SYN: nobody listens)",
        _ => "",
    };
}
