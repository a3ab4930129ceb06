using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>The results of a class for those who give the grades: grades.csv, grades.json, grades.html, and a feedback for each student.</summary>
/// <param name="Rows">In the order of the submissions.</param>
/// <param name="Seed">Not shown where it is a secret.</param>
internal sealed record Gradebook(Rubric Rubric, string Spec, string Seed, ImmutableArray<Row> Rows)
{
    public const int Schema = 1;

    public void Write(string folder)
    {
        RunFolder.Write(folder, "grades.csv", CsvText());
        RunFolder.Write(folder, "grades.json", Json());
        RunFolder.Write(folder, "grades.html", ClassMatrix.Html(this, key => LinkOf(folder, key)));
        var feedback = Directory.CreateDirectory(Path.Combine(folder, "feedback")).FullName;
        foreach (var row in Rows) RunFolder.Write(feedback, $"{row.Marked.Submission.Key}.txt", Feedback.Text(Rubric, row));
    }

    /// <summary>A line for each submission: who, what, points, then those of each group.</summary>
    public string CsvText()
    {
        var text = new StringBuilder(Csv.Line(((IEnumerable<string>)["submission", "student", "id", "status", "score", "max", "review", .. Rubric.BuildPoints > 0 ? ["build"] : Array.Empty<string>(), .. Rubric.Groups.Select(group => group.Name)]).Select(Csv.Text)));
        foreach (var (marked, score, points, review) in Rows)
        {
            text.Append(Csv.Line(
            [
                Csv.Text(marked.Submission.Key), Csv.Text(marked.Submission.Student.Name), Csv.Text(marked.Submission.Student.Id), Csv.Text(marked.Word),
                Csv.Number(points), Csv.Number(Rubric.Total), Csv.Text(Remark(marked, review)),
                .. Rubric.BuildPoints > 0 ? [Csv.Number(score?.Build)] : Array.Empty<string>(),
                .. Rubric.Groups.Select((_, at) => Csv.Number(score?.Groups[at].Points)),
            ]));
        }

        return text.ToString();
    }

    /// <summary>What is to be known of a submission beside its points.</summary>
    public static string Remark(Marked marked, string review) => marked.Why.Length == 0 || review.Contains(marked.Why, StringComparison.Ordinal) ? review : review.Length == 0 ? marked.Why : $"{marked.Why}; {review}";

    private string Json() => JsonSerializer.Serialize(
        new Document(
            Schema, $"sockconf {RunHeader.Version}", Rubric.Course, Rubric.Title, Spec, Seed, Rubric.Total,
            [
                .. from row in Rows
                   select new RowDocument(
                       row.Marked.Submission.Key, row.Marked.Submission.Student.Name, row.Marked.Submission.Student.Id, row.Marked.Word, row.Points, row.Review.Length > 0, Remark(row.Marked, row.Review),
                       row.Score is null ? [] : [.. row.Score.Groups.Select(one => new GroupDocument(one.Group.Name, one.Points, one.Group.Points, one.Parts.ToDictionary(part => part.Id, part => part.Verdict)))]),
            ]),
        GradesContext.Default.Document) + "\n";

    /// <summary>What a name in the matrix leads to: the report of its run, or what there is instead.</summary>
    private static string LinkOf(string folder, string key) =>
        new[] { $"submissions/{key}/run/report.html", $"feedback/{key}.txt" }.First(path => File.Exists(Path.Combine(folder, path)) || path.EndsWith(".txt", StringComparison.Ordinal));

    internal sealed record Document(int Schema, string Tool, string Course, string Title, string Spec, string Seed, decimal Max, ImmutableArray<RowDocument> Submissions);

    internal sealed record RowDocument(string Submission, string Student, string Id, string Status, decimal? Score, bool Review, string Remark, ImmutableArray<GroupDocument> Groups);

    internal sealed record GroupDocument(string Name, decimal? Score, decimal Max, Dictionary<string, string> Requirements);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Gradebook.Document))]
internal sealed partial class GradesContext : JsonSerializerContext;
