using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Targets;

namespace SockConformance.Run;

/// <summary>How much is done about a failure.</summary>
/// <param name="Retries">Runs on fresh targets that must all show it again.</param>
internal sealed record TrialBudget(int Retries, bool Shrink, TimeSpan ShrinkTime, int ShrinkRuns);

/// <summary>
/// What becomes of a failing case: is it so on fresh targets, too (else it is flaky, or the company's fault), and what is the
/// smallest scenario that still fails the same requirement.
/// </summary>
internal sealed class Trial(CaseRunner runner, TrialBudget budget, Action<Requirement> onShrink, CancellationToken cancellation)
{
    private const double HastyPatience = 0.3;
    private const double TolerableLag = 0.25;
    private const int AtOnce = 3, FinalRuns = 4;

    /// <summary>Why nothing can be said of a case that the end of the run cut short: nobody's fault, and no reason to doubt the rest.</summary>
    public const string TimeOver = "the time of the run was over";

    /// <summary>The judge's verdict, unless packets or time were lost on our side: then what was not seen proves nothing.</summary>
    public static Verdict Judge(Requirement requirement, Evidence evidence)
    {
        var verdict = requirement.Judge(evidence);
        if (verdict is not Verdict.Violation { Absence: true }) return verdict;
        if (evidence.CutShort) return new Verdict.Inconclusive(TimeOver);
        if (evidence.Lag > evidence.Patience.Reply * TolerableLag) return new Verdict.Inconclusive($"the machine was too busy: the harness itself ran {evidence.Lag.TotalSeconds:0.0} s late");
        return evidence.Capture is { Available: true, Complete: false } ? new Verdict.Inconclusive("packets were lost by the capture") : verdict;
    }

    /// <summary>Runs a scenario on a fresh target and judges it by one requirement. A run that was cut short shows a violation or nothing.</summary>
    public (Verdict Verdict, Evidence Evidence) Alone(Requirement requirement, Scenario scenario, double hurry = 1)
    {
        Verdict? verdict = null;
        var evidence = runner.Run(requirement, scenario, fresh: true, hurry, seen => (verdict = Judge(requirement, seen)) is Verdict.Violation, onTrial: true);
        return (verdict is Verdict.Pass && evidence.CutShort ? new Verdict.Inconclusive(TimeOver) : verdict!, evidence);
    }

    /// <summary>The result for a requirement of which one case showed a violation.</summary>
    public (Status Status, string? Reason, ScenarioFailure? Failure) Decide(Requirement requirement, Evidence first, Verdict.Violation violation)
    {
        var tries = Again(requirement, first.Scenario, budget.Retries);
        var unsure = tries.Select(one => one.Verdict).OfType<Verdict.Inconclusive>().FirstOrDefault();
        var decided = unsure is { Why: TimeOver } ? [.. tries.Where(one => one.Verdict is not Verdict.Inconclusive { Why: TimeOver })] : tries; // what had no time says nothing
        var (runs, failed) = (decided.Count, decided.Count(one => one.Verdict is Verdict.Violation));
        var last = failed == 0 ? (Verdict: (Verdict)violation, Evidence: first) : decided.Last(one => one.Verdict is Verdict.Violation);
        var asIs = new ScenarioFailure(violation, first, new Shrinking(first.Scenario.Steps.Length, first.Scenario.Steps.Length, 0), (failed + 1, runs + 1));
        if (runs == 0 && tries.Count > 0) return (Status.Inconclusive, $"seen once ({violation.Observed}), and the time was over before it was confirmed", asIs);
        if (failed == runs) return (requirement.Level == Level.Must ? Status.Fail : Status.Warn, null, asIs with { Violation = (Verdict.Violation)last.Verdict, Evidence = last.Evidence });
        if (failed == 0 && unsure is not null) return (unsure.TargetDied ? Status.Skip : Status.Inconclusive, unsure.Why, null);
        return failed == 0 && !first.Alone
            ? (Status.Pass, $"failed only next to other cases: {violation.Observed}", asIs)
            : (Status.Flaky, $"failed {failed + 1} of {runs + 1} runs: {violation.Observed}", asIs);
    }

    /// <summary>
    /// The failure with a smaller scenario, if one is found before <paramref name="until"/>. Greedy: the first candidate that still fails
    /// is the next to be shrunk. Candidates run in a hurry, a few at a time; what comes out is run four times with full patience,
    /// and given up for the original if it does not fail each time: a saved case is to be shown again.
    /// </summary>
    public ScenarioFailure Shrink(Requirement requirement, ScenarioFailure failure, TimeSpan until)
    {
        var runs = 0;
        var original = failure.Evidence.Scenario;
        var best = original;
        for (var improved = true; improved;)
        {
            improved = false;
            foreach (var batch in Shrinker.Candidates(best, failure.Evidence.Service).Chunk(AtOnce))
            {
                cancellation.ThrowIfCancellationRequested();
                if (Clock.Now >= until || runs >= budget.ShrinkRuns) break;
                runs += batch.Length;
                onShrink(requirement);
                var tries = batch.Select(candidate => Task.Factory.StartNew(
                    () => Fails(requirement, candidate), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
                Await(tries);
                if (Array.FindIndex(tries, one => one.Result) is var first and >= 0)
                {
                    (best, improved) = (batch[first], true);
                    break;
                }
            }
        }

        if (best != original)
        {
            var final = Again(requirement, best, FinalRuns);
            if (final.All(one => one.Verdict is Verdict.Violation))
                return failure with { Violation = (Verdict.Violation)final[^1].Verdict, Evidence = final[^1].Evidence, Shrinking = new Shrinking(original.Steps.Length, best.Steps.Length, runs) };
        }

        return failure with { Shrinking = failure.Shrinking with { Runs = runs } };
    }

    /// <summary>Runs next to each other: each has a target of its own, and most of their time is waiting.</summary>
    private IReadOnlyList<(Verdict Verdict, Evidence Evidence)> Again(Requirement requirement, Scenario scenario, int runs)
    {
        var tries = Enumerable.Range(0, runs).Select(_ => Task.Factory.StartNew(
            () => Alone(requirement, scenario), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Await(tries);
        return [.. tries.Select(one => one.Result)];
    }

    /// <summary>Waits for all; a target that did not start or an interruption comes out as itself, not wrapped.</summary>
    private static void Await(Task[] tries)
    {
        try
        {
            Task.WaitAll(tries);
        }
        catch (AggregateException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException!);
        }
    }

    private bool Fails(Requirement requirement, Scenario candidate)
    {
        try
        {
            return Alone(requirement, candidate, HastyPatience).Verdict is Verdict.Violation;
        }
        catch (TargetException)
        {
            return false;
        }
    }
}
