using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Run;

/// <summary>What a run says of one requirement.</summary>
public enum Status
{
    Pass,

    /// <summary>A MUST is violated.</summary>
    Fail,

    /// <summary>A SHOULD is violated.</summary>
    Warn,

    /// <summary>It failed once and held when tried again.</summary>
    Flaky,
    Inconclusive,
    Skip,
    Error,

    /// <summary>It failed, as the baseline says it does.</summary>
    XFail,

    /// <summary>It holds, although the baseline says it does not.</summary>
    XPass,

    /// <summary>No standard says; what was seen is told.</summary>
    Info,
}

/// <summary>How a failing scenario was made smaller.</summary>
internal sealed record Shrinking(int StepsBefore, int StepsAfter, int Runs);

/// <summary>A confirmed violation with the smallest program that shows it.</summary>
/// <param name="Confirmed">How many of the runs of the program showed it, and how many there were.</param>
internal abstract record Failure(Verdict.Violation Violation, Shrinking Shrinking, (int Failed, int Runs) Confirmed)
{
    /// <summary>What the harness did, in one line.</summary>
    public abstract string Did { get; }
}

/// <summary>Shown by the harness as a peer of the target.</summary>
internal sealed record ScenarioFailure(Verdict.Violation Violation, Evidence Evidence, Shrinking Shrinking, (int Failed, int Runs) Confirmed) : Failure(Violation, Shrinking, Confirmed)
{
    public override string Did => Evidence.Scenario.OneLine();
}

/// <param name="Reason">Why it was skipped, is inconclusive or flaky; null for a pass or a failure.</param>
internal sealed record RequirementResult(
    Demand Requirement, Status Status, CloseVerdict Close, int Cases, TimeSpan Duration, string? Reason = null, Failure? Failure = null);

/// <summary>Everything a report is made from.</summary>
/// <param name="Interrupted">The number of the signal that ended the run early, or null.</param>
internal sealed record RunResult(
    ImmutableArray<RequirementResult> Requirements, DateTimeOffset Started, TimeSpan Duration, int Cases, int Connections, long Packets, long Dropped, int? Interrupted)
{
    /// <summary>The same with known failures named as such.</summary>
    public RunResult With(Baseline baseline) => this with
    {
        Requirements =
        [
            .. from result in Requirements
               let known = baseline.Reasons.GetValueOrDefault(result.Requirement.Id)
               select known is null ? result : result.Status switch
               {
                   Status.Fail or Status.Warn => result with { Status = Status.XFail, Reason = $"known: {known}" },
                   Status.Flaky => result with { Status = Status.XFail, Reason = $"known: {known} (this time flaky: {result.Reason})" },
                   Status.Pass => result with { Status = Status.XPass, Reason = $"mended; take it out of the baseline (there it says: {known})" },
                   _ => result,
               },
        ],
    };

    public int Count(Status status) => Requirements.Count(result => result.Status == status);
}
