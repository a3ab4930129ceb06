using System.Collections.Immutable;
using System.Text;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>What a student is told: points, and what is wrong in the groups that are visible. Of the others only the points.</summary>
internal static class Feedback
{
    private const int MostShown = 400;

    public static string Text(Rubric rubric, Row row)
    {
        var (marked, score, points, _) = row;
        var text = new StringBuilder($"{Line(rubric.Title)}\n{Line(marked.Submission.Student.Name)}\n\n");
        text.Append(points is null ? $"Points: not yet ({(marked.Outcome == Outcome.Graded ? "not everything could be decided" : Line(marked.Why))}); somebody will look at it.\n" : $"Points: {Csv.Number(points)} of {Csv.Number(rubric.Total)}\n");
        if (points is not null && marked.Why.Length > 0) text.Append($"{Line(marked.Why)}\n");
        foreach (var note in marked.Notes) text.Append($"note: {Line(note)}\n");
        if (score is null) return text.ToString();
        if (rubric.BuildPoints > 0) text.Append($"\n{Head("It can be built", score.Build, rubric.BuildPoints)}\n");
        foreach (var group in score.Groups)
        {
            text.Append($"\n{Head(group.Group.Name, group.Points, group.Group.Points)}\n");
            if (group.Group.Visibility == Visibility.Visible && marked.Outcome == Outcome.Graded) text.Append(Parts(group, marked.Requirements));
        }

        foreach (var cap in score.Caps) text.Append($"\nThe total is at most {Csv.Number(cap.AtMost)}{(IsVisible(cap, score) ? $", because {cap.Pattern} does not hold" : "")}.\n");
        return text.ToString();
    }

    /// <summary>The requirements of a group, each that does not hold with what was seen and what to do.</summary>
    public static string Parts(GroupScore group, ImmutableArray<Judged> requirements)
    {
        var text = new StringBuilder(group.Group.Grading == Grading.AllOrNothing ? "  (all or nothing)\n" : "");
        foreach (var part in group.Parts)
        {
            var judged = requirements.FirstOrDefault(one => one.Id == part.Id);
            text.Append($"  {Sign(part)}  {Line(judged?.Title ?? part.Id)}  [{part.Id}]{(part.Verdict is "pass" or "info" ? "" : $"  {part.Verdict}")}\n");
            if (judged is null || part.Verdict is "pass" or "info") continue;
            foreach (var (word, said) in (ReadOnlySpan<(string, string)>)[("expected", judged.Expected), ("seen", judged.Actual), (judged.Fix.Length > 0 ? "usual cause" : "why", judged.Why), ("to do", judged.Fix)])
            {
                if (said.Length > 0) text.Append($"        {word}: {Line(said)}\n");
            }
        }

        return text.ToString();
    }

    private static bool IsVisible(Cap cap, Score score) => score.Groups.Any(group => group.Group.Visibility == Visibility.Visible && group.Parts.Any(part => cap.Ids.Contains(part.Id)));

    private static string Head(string name, decimal? points, decimal most) => $"{Line(name)}: {(points is null ? "?" : Csv.Number(points))} of {Csv.Number(most)}";

    private static char Sign(Part part) => part.Worth switch { Worth.Full => '+', Worth.Half => '~', Worth.None => '-', _ => '?' };

    private static string Line(string text) => Printable.Line(text, MostShown);
}
