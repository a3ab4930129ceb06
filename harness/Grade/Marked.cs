using System.Collections.Immutable;

namespace SockConformance.Grade;

/// <summary>What became of a submission.</summary>
internal enum Outcome
{
    /// <summary>It was checked.</summary>
    Graded,

    /// <summary>There is nothing in it that can be started.</summary>
    NoEntryPoint,
    BuildFailed,

    /// <summary>It starts, but does not serve: it ended early, or listens nowhere.</summary>
    NotServing,

    /// <summary>It was not taken in: too large, or unreadable. No points either way: a person decides.</summary>
    Refused,

    /// <summary>The harness failed at it, twice. No points either way.</summary>
    Trouble,

    /// <summary>The run was interrupted before.</summary>
    NotRun,
}

/// <summary>A submission with what was found out about it; points are made from it anew each time.</summary>
/// <param name="Why">In a few words; empty where it was graded.</param>
/// <param name="Built">There was something to build, or nothing had to be.</param>
/// <param name="Notes">What was left out of the submission, or happened on the way.</param>
/// <param name="Review">Why a person should look although it was judged; empty for no reason.</param>
internal sealed record Marked(Submission Submission, Outcome Outcome, string Why, bool Built, ImmutableArray<string> Notes, string Review, ImmutableArray<Judged> Requirements)
{
    /// <summary>It was judged by an earlier run of the command.</summary>
    public bool Resumed { get; init; }

    public string Word => Outcome switch
    {
        Outcome.Graded => "graded",
        Outcome.NoEntryPoint => "no-entry-point",
        Outcome.BuildFailed => "build-failed",
        Outcome.NotServing => "not-serving",
        Outcome.Refused => "refused",
        Outcome.Trouble => "trouble",
        _ => "not-run",
    };

    /// <summary>Whether it need not be run again while nothing changes.</summary>
    public bool IsFinal => Outcome is not (Outcome.Trouble or Outcome.NotRun);
}

/// <summary>A row of the gradebook.</summary>
/// <param name="Points">Null where nobody can say without looking.</param>
/// <param name="Review">Why a person should look; empty for no reason.</param>
internal sealed record Row(Marked Marked, Score? Score, decimal? Points, string Review)
{
    public static Row Of(Marked marked, Rubric rubric, Func<string, string?> after)
    {
        var score = marked.Outcome switch
        {
            Outcome.Graded => Scoring.Of(rubric, marked.Requirements.ToDictionary(one => one.Id, one => one.Verdict), after),
            Outcome.NoEntryPoint or Outcome.BuildFailed or Outcome.NotServing => Scoring.Nothing(rubric, marked.Built && marked.Outcome == Outcome.NotServing),
            _ => null,
        };
        IEnumerable<string> reasons =
        [
            .. score is null ? [marked.Why] : Array.Empty<string>(), .. marked.Review.Length > 0 ? [marked.Review] : Array.Empty<string>(), .. score?.Review ?? [],
            .. marked.Notes.Length > 0 ? [marked.Notes[0] + (marked.Notes.Length > 1 ? $" (and {marked.Notes.Length - 1} more)" : "")] : Array.Empty<string>(),
        ];
        return new Row(marked, score, score?.Points, string.Join("; ", reasons));
    }
}
