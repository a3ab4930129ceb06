namespace SockConformance.Model;

/// <summary>What one judge says of one case. Closed: match all four.</summary>
public abstract record Verdict
{
    private Verdict() { }

    public static Verdict Holds { get; } = new Pass();

    public sealed record Pass : Verdict;

    /// <param name="Step">The index of the step at which it showed, or null.</param>
    /// <param name="Absence">
    /// It rests on something that did not happen in time; worth nothing if packets were lost or the harness itself lagged.
    /// </param>
    public sealed record Violation(string Expected, string Observed, int? Step = null, bool Absence = false) : Verdict
    {
        /// <summary>The harness's socket on whose connection it showed, where no step says; null where that is not known.</summary>
        public int? Socket { get; init; }

        /// <summary>The place of the first wrong byte in what that socket received; null where no byte is wrong.</summary>
        public int? Offset { get; init; }
    }

    /// <summary>The case could not decide.</summary>
    /// <param name="TargetDied">Because the target's process ended, which is the matter of another requirement.</param>
    public sealed record Inconclusive(string Why, bool TargetDied = false) : Verdict;

    /// <summary>What the requirement speaks of cannot be seen here (no capture, no process).</summary>
    public sealed record NotObservable(string Why) : Verdict;
}

/// <summary>How a connection ended, said of every case apart from its verdict.</summary>
public enum CloseVerdict
{
    /// <summary>No connection was to be closed.</summary>
    None,
    Orderly,

    /// <summary>One side closed; the other did not, when the case ended.</summary>
    HalfOpen,
    Reset,
    Timeout,
}
