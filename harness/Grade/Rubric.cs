using System.Collections.Immutable;

namespace SockConformance.Grade;

/// <summary>How the points of a group are made from its requirements.</summary>
internal enum Grading
{
    Proportional,
    AllOrNothing,
}

/// <summary>Who sees the results of a group; the words are Gradescope's.</summary>
internal enum Visibility
{
    Visible,

    /// <summary>Its points are seen, what they are for is not.</summary>
    Hidden,
    AfterDueDate,
    AfterPublished,
}

/// <summary>What a verdict is worth.</summary>
internal enum Worth
{
    Full,
    Half,
    None,

    /// <summary>It counts neither for nor against.</summary>
    LeftOut,
}

/// <summary>A requirement and how much it weighs in its group.</summary>
internal sealed record Share(string Id, decimal Weight);

internal sealed record PointGroup(string Name, decimal Points, ImmutableArray<Share> Shares, Grading Grading = Grading.Proportional, Visibility Visibility = Visibility.Visible);

/// <summary>While any of these requirements fails, the total is at most so much.</summary>
internal sealed record Cap(ImmutableArray<string> Ids, string Pattern, decimal AtMost);

/// <summary>How programs of a kind are known, made and started.</summary>
/// <param name="File">A name, or a pattern with * that one file alone must match. {file} in the commands is the file, {stem} its name without extension.</param>
internal sealed record ProgramRule(string File, ImmutableArray<string> Build, ImmutableArray<string> Command);

/// <summary>The settings of each check.</summary>
/// <param name="Within">How long one submission's check may take in all, before it is ended and left to a person.</param>
internal sealed record CheckSettings(string Profile, TimeSpan MaxTime, TimeSpan? Timeout, TimeSpan Within);

/// <summary>What an instructor gives points for. Students do not have it: points, hidden groups and the secret of the seed stand here and not in the spec.</summary>
/// <param name="Course">From this name the seed is made.</param>
/// <param name="Build">The command that makes each program; empty for the one of the rule by which the program is found.</param>
/// <param name="Run">The command that starts each program; empty for the one of the rule by which it is found.</param>
/// <param name="Programs">The rules by which a program is found; empty for the usual ones.</param>
internal sealed record Rubric(
    string Course, string Title, string? SecretSeed, ImmutableArray<string> Build, TimeSpan BuildWithin, decimal BuildPoints, ImmutableArray<string> Run, ImmutableArray<ProgramRule> Programs,
    CheckSettings Check, ImmutableArray<PointGroup> Groups, ImmutableArray<Cap> Caps, ImmutableDictionary<string, Worth> Worths)
{
    public decimal Total => BuildPoints + Groups.Sum(group => group.Points);

    /// <summary>Every requirement that points hang on.</summary>
    public IEnumerable<string> Ids => Groups.SelectMany(group => group.Shares).Select(share => share.Id).Concat(Caps.SelectMany(cap => cap.Ids)).Distinct();

    /// <summary>What a verdict is worth where the rubric does not say.</summary>
    public static ImmutableDictionary<string, Worth> UsualWorths { get; } = new Dictionary<string, Worth>
    {
        ["pass"] = Worth.Full,
        ["info"] = Worth.Full,
        ["fail"] = Worth.None,
        ["warn"] = Worth.Half,
        ["flaky"] = Worth.Half,
        [Scoring.Blocked] = Worth.None,
        ["skip"] = Worth.LeftOut,
        ["inconclusive"] = Worth.LeftOut,
        ["error"] = Worth.LeftOut,
    }.ToImmutableDictionary();
}
