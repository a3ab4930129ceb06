using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SockConformance.Grade;

/// <summary>results.json for Gradescope. All of it is plain text: nothing that a program printed is markup.</summary>
internal static class GradescopeJson
{
    private const int MostOutput = 60_000;

    /// <summary>Null where there are no points: Gradescope shows a failed autograder then, and nobody gets a zero for it.</summary>
    public static string? Write(Rubric rubric, Row row)
    {
        if (row is not { Points: { } points, Score: { } score }) return null;
        var marked = row.Marked;
        var output = string.Join('\n', new[] { marked.Why }.Concat(marked.Notes).Concat(score.Caps.Select(cap => $"The total is at most {Csv.Number(cap.AtMost)} (a rule of the rubric).")).Where(line => line.Length > 0));
        ImmutableArray<Test> tests =
        [
            .. rubric.BuildPoints > 0 ? [new Test("It can be built", score.Build, rubric.BuildPoints, score.Build > 0 ? "passed" : "failed", "", "visible")] : Array.Empty<Test>(),
            .. from @group in score.Groups
               select new Test(
                   @group.Group.Name, @group.Points ?? 0, @group.Group.Points, @group.Points == @group.Group.Points ? "passed" : "failed",
                   Cut(marked.Outcome == Outcome.Graded ? Feedback.Parts(@group, marked.Requirements) : marked.Why), Word(@group.Group.Visibility)),
        ];
        return JsonSerializer.Serialize(new Document(points, output, "hidden", tests), GradescopeContext.Default.Document) + "\n";
    }

    private static string Word(Visibility visibility) => visibility switch { Visibility.Hidden => "hidden", Visibility.AfterDueDate => "after_due_date", Visibility.AfterPublished => "after_published", _ => "visible" };

    private static string Cut(string text) => text.Length <= MostOutput ? text : text[..MostOutput] + "…";

    internal sealed record Document(decimal Score, string Output, [property: JsonPropertyName("stdout_visibility")] string StdoutVisibility, ImmutableArray<Test> Tests);

    internal sealed record Test(string Name, decimal Score, [property: JsonPropertyName("max_score")] decimal MaxScore, string Status, string Output, string Visibility);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GradescopeJson.Document))]
internal sealed partial class GradescopeContext : JsonSerializerContext;
