namespace SockConformance.Api;

/// <summary>What the model says of one call before it is made.</summary>
/// <param name="Point">The situation.</param>
/// <param name="Allowed">The answers that the profile allows.</param>
internal readonly record struct Expectation(Point Point, Answers Allowed)
{
    /// <summary>The value of a success is from here to <see cref="Most"/>; no matter if that is below 0.</summary>
    public int Least { get; init; }

    public int Most { get; init; } = -1;

    /// <summary>The call waits: there is no answer until something happens.</summary>
    public bool Blocks { get; init; }

    /// <summary>What was done before may not have come through yet: EAGAIN and the like are asked again for a while.</summary>
    public bool MayBeEarly { get; init; }

    /// <summary>The call waits for so many milliseconds before it says that there is nothing; 0 for no matter how long.</summary>
    public int Waits { get; init; }

    /// <summary>Who is to blame if it never comes through.</summary>
    public Point Cause { get; init; }

    /// <summary>What poll must and must not report.</summary>
    public Ready Must { get; init; }

    public Ready MustNot { get; init; }

    /// <summary>The call cannot be made, or the standard does not say what it is made on.</summary>
    public bool Skip { get; init; }

    public static Expectation Skipped => new(default, default) { Skip = true };
}

/// <summary>An answer that the model does not allow.</summary>
/// <param name="Point">The rule that is violated.</param>
internal sealed record Disagreement(Point Point, int Step, string Expected, string Observed);
