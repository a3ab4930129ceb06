using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Targets;

namespace SockConformance.Run;

internal enum ReplayKind
{
    /// <summary>Every requirement that the case touches holds.</summary>
    Fixed,

    /// <summary>The same requirement is violated.</summary>
    Failed,

    /// <summary>The recorded requirement holds, another one is violated.</summary>
    Changed,

    /// <summary>It could not be decided.</summary>
    Error,
}

internal sealed record ReplayOutcome(ReplayKind Kind, string Detail)
{
    public string Word => Kind.ToString().ToUpperInvariant();

    /// <summary>Of a case that failed again: the requirement, and what was seen.</summary>
    public (Requirement Requirement, ScenarioFailure Failure)? Again { get; init; }
}

/// <summary>The operations of a saved case again, on fresh sockets and a fresh target. Packets are never replayed.</summary>
internal sealed class ReplayRun(CaseRunner runner, CancellationToken cancellation)
{
    /// <summary>A failure may be a matter of luck, such as who is faster, or how pieces are received: it is fixed only if it does not show a few times.</summary>
    private const int Attempts = 3;

    public ReplayOutcome Run(CaseFile file, Suite? suite)
    {
        var outcome = Once(file, suite);
        for (var i = 1; i < Attempts && outcome.Kind is ReplayKind.Fixed or ReplayKind.Changed; i++)
        {
            if (Once(file, suite) is { Kind: ReplayKind.Failed } shown) return shown;
        }

        return outcome;
    }

    private ReplayOutcome Once(CaseFile file, Suite? suite)
    {
        if (suite?.Find(file.Requirement) is not { } requirement)
            return new ReplayOutcome(ReplayKind.Error, $"this sockconf knows no requirement '{file.Requirement}' of a spec '{file.Spec}'");
        cancellation.ThrowIfCancellationRequested();
        Verdict own = Verdict.Holds;
        (Requirement Requirement, Verdict.Violation Violation)? other = null;
        Evidence seen;
        try
        {
            seen = runner.Run(requirement, file.Scenario, fresh: true, hurry: 1, evidence =>
            {
                own = Trial.Judge(requirement, evidence);
                foreach (var always in suite.Requirements.Where(one => one.Always && one != requirement))
                {
                    if (Trial.Judge(always, evidence) is Verdict.Violation violation) other ??= (always, violation);
                }

                return own is Verdict.Violation;
            }, onTrial: true);
        }
        catch (TargetException e)
        {
            return new ReplayOutcome(ReplayKind.Error, e.Message);
        }

        return (own, other) switch
        {
            (Verdict.Violation violation, _) => new ReplayOutcome(ReplayKind.Failed, $"expected {violation.Expected}; observed {violation.Observed}")
            {
                Again = (requirement, new ScenarioFailure(violation, seen, new Shrinking(file.Scenario.Steps.Length, file.Scenario.Steps.Length, 0), (1, 1))),
            },
            (_, { } changed) => new ReplayOutcome(ReplayKind.Changed, $"now {changed.Requirement.Id}: expected {changed.Violation.Expected}; observed {changed.Violation.Observed}"),
            (Verdict.Inconclusive unsure, _) => new ReplayOutcome(ReplayKind.Error, unsure.Why),
            (Verdict.NotObservable unseen, _) => new ReplayOutcome(ReplayKind.Error, $"not observable: {unseen.Why}"),
            _ => new ReplayOutcome(ReplayKind.Fixed, ""),
        };
    }
}
