using System.Collections.Immutable;

namespace SockConformance.Grade;

/// <summary>What became of one requirement.</summary>
/// <param name="Verdict">That of the run, or <see cref="Scoring.Blocked"/>.</param>
internal sealed record Part(string Id, string Verdict, decimal Weight, Worth Worth);

/// <param name="Points">Null if none of its requirements was decided.</param>
internal sealed record GroupScore(PointGroup Group, decimal? Points, ImmutableArray<Part> Parts);

/// <summary>What a submission gets.</summary>
/// <param name="Points">Null while a group has none.</param>
/// <param name="Caps">Those that took something away.</param>
/// <param name="Review">Why a person should look, one reason each.</param>
internal sealed record Score(decimal? Points, decimal Build, ImmutableArray<GroupScore> Groups, ImmutableArray<Cap> Caps, ImmutableArray<string> Review);

/// <summary>Verdicts and a rubric to points. Pure.</summary>
internal static class Scoring
{
    /// <summary>Skipped because a requirement before it fails, or because the program ended each time: that is its own doing, where any other skip is not.</summary>
    public const string Blocked = "blocked";

    /// <param name="verdicts">By the ids of requirements.</param>
    /// <param name="after">The requirement without which another cannot be checked.</param>
    public static Score Of(Rubric rubric, IReadOnlyDictionary<string, string> verdicts, Func<string, string?> after)
    {
        ImmutableArray<GroupScore> groups = [.. rubric.Groups.Select(group => GroupOf(group, rubric, verdicts, after))];
        ImmutableArray<Cap> hit = [.. rubric.Caps.Where(cap => cap.Ids.Any(id => Word(id, verdicts, after) is "fail" or Blocked))];
        var sum = groups.Any(group => group.Points is null) ? null : rubric.BuildPoints + groups.Sum(group => group.Points);
        ImmutableArray<Cap> lowered = [.. hit.Where(cap => cap.AtMost < sum)];
        return new Score(lowered.IsEmpty ? sum : lowered.Min(cap => cap.AtMost), rubric.BuildPoints, groups, lowered, Undecided(groups));
    }

    /// <summary>No requirement holds, for a reason that is the program's own: what was built may have its points.</summary>
    public static Score Nothing(Rubric rubric, bool built) => new(
        built ? rubric.BuildPoints : 0, built ? rubric.BuildPoints : 0, [.. rubric.Groups.Select(group => new GroupScore(group, 0, [.. group.Shares.Select(share => new Part(share.Id, Blocked, share.Weight, Worth.None))]))], [], []);

    private static GroupScore GroupOf(PointGroup group, Rubric rubric, IReadOnlyDictionary<string, string> verdicts, Func<string, string?> after)
    {
        ImmutableArray<Part> parts = [.. from share in @group.Shares let word = Word(share.Id, verdicts, after) select new Part(share.Id, word, share.Weight, rubric.Worths.GetValueOrDefault(word, Worth.LeftOut))];
        var decided = parts.Where(part => part.Worth != Worth.LeftOut).ToList();
        if (decided.Count == 0) return new GroupScore(group, null, parts);
        var earned = decided.Sum(part => part.Weight * (part.Worth switch { Worth.Full => 1m, Worth.Half => 0.5m, _ => 0m }));
        var points = group.Grading == Grading.AllOrNothing ? (decided.TrueForAll(part => part.Worth == Worth.Full) ? group.Points : 0) : group.Points * earned / decided.Sum(part => part.Weight);
        return new GroupScore(group, decimal.Round(points, 2, MidpointRounding.AwayFromZero), parts);
    }

    /// <summary>One that the run does not speak of is an error of ours.</summary>
    private static string Word(string id, IReadOnlyDictionary<string, string> verdicts, Func<string, string?> after)
    {
        var word = verdicts.GetValueOrDefault(id, "error");
        if (word != "skip") return word;
        for (var before = after(id); before is not null; before = after(before))
        {
            if (verdicts.GetValueOrDefault(before) is "fail" or Blocked) return Blocked;
        }

        return word;
    }

    private static ImmutableArray<string> Undecided(ImmutableArray<GroupScore> groups) =>
    [
        .. from part in groups.SelectMany(@group => @group.Parts)
           where part.Verdict is "skip" or "inconclusive" or "error" or "flaky" || part.Worth == Worth.LeftOut
           group part.Id by part.Verdict into same
           orderby same.Key
           select $"{same.Key}: {string.Join(", ", same.Take(3))}{(same.Count() > 3 ? $" and {same.Count() - 3} more" : "")}",
    ];
}
