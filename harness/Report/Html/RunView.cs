using System.Collections.Immutable;

namespace SockConformance.Report.Html;

/// <summary>A run as its folder tells it. Everything in it may come from anybody, and anything may be missing.</summary>
internal sealed record RunView
{
    public string Tool { get; init; } = "";

    public string Target { get; init; } = "";

    public string Spec { get; init; } = "";

    public string Seed { get; init; } = "";

    public string Sandbox { get; init; } = "";

    public string Backend { get; init; } = "";

    public string Started { get; init; } = "";

    public long? Received { get; init; }

    public long? Dropped { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>Null for a run that was cut off.</summary>
    public long? Exit { get; init; }

    public ImmutableArray<RequirementView> Requirements { get; init; } = [];

    /// <summary>How many cases have ended.</summary>
    public long Cases { get; init; }

    public long ConnectionsInAll { get; init; }

    public ImmutableArray<ConnectionView> Connections { get; init; } = [];

    public IReadOnlyDictionary<ModelVisit, long> Visits { get; init; } = ImmutableDictionary<ModelVisit, long>.Empty;

    /// <summary>Of a driver's check: how often each primitive was called in each state, as a table.</summary>
    public string? Coverage { get; init; }

    /// <summary>The files that are there, and their sizes.</summary>
    public ImmutableArray<(string Path, long Size)> Files { get; init; } = [];

    /// <summary>What is missing, damaged or left out.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}

internal sealed record RequirementView(string Id, string Title, string Verdict)
{
    public string? Statement { get; init; }

    public string Level { get; init; } = "";

    public string Subject { get; init; } = "";

    public string Clause { get; init; } = "";

    public string Close { get; init; } = "";

    public long Cases { get; init; }

    public TimeSpan? Duration { get; init; }

    public string? Expected { get; init; }

    public string? Actual { get; init; }

    /// <summary>The usual cause of a failure; or why it could not be decided.</summary>
    public string? Why { get; init; }

    public string? Fix { get; init; }

    public string? Case { get; init; }

    public string? Capture { get; init; }

    public string? Replay { get; init; }

    public string? Baseline { get; init; }

    public TraceView? Trace { get; init; }

    /// <summary>The name of its card within the page: its id, and a number where that is not enough.</summary>
    public string Anchor { get; init; } = "";

    /// <summary>It is told in a card of its own.</summary>
    public bool IsShown => Verdict is "fail" or "warn" || (Actual is not null && Verdict is "flaky" or "info" or "error");
}

/// <summary>One connection of a case.</summary>
internal sealed record ConnectionView(string Requirement, string Protocol, string Source, string Destination, bool Established, long Sent, long Received, string Close);

/// <summary>The case that shows a failure. Times are microseconds since it began.</summary>
internal sealed record TraceView
{
    public (string Left, string Right) Ends { get; init; } = ("harness", "target");

    /// <summary>Null where it is not known: then its packets cannot be laid beside its steps.</summary>
    public DateTime? Began { get; init; }

    public (long Failed, long Runs)? Confirmed { get; init; }

    public (long Before, long After, long Runs)? Shrunk { get; init; }

    public int? ShownAtStep { get; init; }

    public int? ShownOnSocket { get; init; }

    public bool Absence { get; init; }

    public long StepsInAll { get; init; }

    public ImmutableArray<StepView> Steps { get; init; } = [];

    public ImmutableArray<TupleView> Connections { get; init; } = [];

    public string? Ended { get; init; }

    public long? EndedAt { get; init; }

    public string Output { get; init; } = "";
}

/// <param name="Result">Null where it is not known what came of it.</param>
/// <param name="Illegal">Why it may not be done there; null for a legal step.</param>
internal sealed record StepView(string Text, int? Socket, long Start, long End, string? Result, long Bytes, string? Errno, string? Detail, string? Illegal);

/// <param name="Left">The address and port of the end that is drawn at the left.</param>
internal sealed record TupleView(int Socket, string Protocol, string Left, string Right, long Sent, long Received, string? LeftBehind);
