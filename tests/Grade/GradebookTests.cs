using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Grade;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Grade;

public class GradebookTests
{
    private const string Evil = "=cmd|'/c calc'!A1<script>alert(1)</script>\u202e\x1b[2J\",\r\n";
    private static readonly Rubric Small = Rubrics.Read(Rubrics.Small);

    /// <summary>As a hostile student would have it: every text is chosen by him.</summary>
    private static Marked Hostile(Outcome outcome = Outcome.Graded) => new(
        new Submission("evil", new StudentName(Evil, Evil), "/x"), outcome, outcome == Outcome.Graded ? "" : Evil, Built: true, [Evil], "",
        [.. Small.Ids.Select(id => new Judged(id, "title", id.StartsWith("echo", StringComparison.Ordinal) ? "fail" : "pass", Evil, $"the-hidden-text-of {id} {Evil}", "why", "fix", ""))]);

    private static Row RowOf(Marked marked) => Row.Of(marked, Small, _ => null);

    private static Gradebook Book(params Row[] rows) => new(Small, "echo", "0x1", [.. rows]);

    // ---- CSV ----
    [TestCase("=1+1", "\"'=1+1\"")]
    [TestCase("+1", "\"'+1\"")]
    [TestCase("-1", "\"'-1\"")]
    [TestCase("@SUM(A1)", "\"'@SUM(A1)\"")]
    [TestCase("  =1", "\"'  =1\"")]
    [TestCase("\t=1", "\"'\\t=1\"")]
    [TestCase("\r=1", "\"'\\r=1\"")]
    [TestCase("＝1", "\"'＝1\"")]
    [TestCase("a,b \"c\"", "\"a,b \"\"c\"\"\"")]
    [TestCase("a\nb", "\"a\\nb\"")]
    [TestCase("Zoë O'Hara", "\"Zoë O'Hara\"")]
    [TestCase("\u202etxt.exe", "\"\\u{202e}txt.exe\"")]
    [TestCase("", "\"\"")]
    public void A_text_is_no_formula_and_no_second_field(string text, string field) => Assert.That(Csv.Text(text), Is.EqualTo(field));

    [Test]
    public void Every_submission_is_one_line_of_as_many_fields()
    {
        var lines = Book(RowOf(Hostile()), RowOf(Hostile(Outcome.Refused)), RowOf(Hostile(Outcome.NotServing))).CsvText().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(4));
        foreach (var line in lines)
        {
            Assert.That(Regex.IsMatch(line, "^(\"([^\"]|\"\")*\"|[0-9.]*)(,(\"([^\"]|\"\")*\"|[0-9.]*)){8}$"), line);
            Assert.That(line, Does.Not.Match("[\x00-\x1f\u202e]").And.Not.Match("(^|,)\"[=+@-]"));
        }
    }

    // ---- What becomes of a submission ----
    [TestCase(Outcome.Graded, "40")]
    [TestCase(Outcome.NoEntryPoint, "0")]
    [TestCase(Outcome.BuildFailed, "0")]
    [TestCase(Outcome.NotServing, "0")]
    [TestCase(Outcome.Refused, "")]
    [TestCase(Outcome.Trouble, "")]
    [TestCase(Outcome.NotRun, "")]
    public void Trouble_of_ours_is_no_zero(object outcome, string points)
    {
        var row = RowOf(Hostile((Outcome)outcome));
        Assert.That(Csv.Number(row.Points), Is.EqualTo(points));
        if (points.Length == 0) Assert.That(row.Review, Is.Not.Empty);
    }

    // ---- HTML ----
    [Test]
    public void The_matrix_has_no_script_and_no_markup_of_a_student()
    {
        var page = ClassMatrix.Html(Book(RowOf(Hostile()), RowOf(Hostile(Outcome.Trouble))), key => $"feedback/{key}.txt");
        Assert.That(page, Does.Not.Contain("<script").And.Not.Match("[\x00-\x09\x0b-\x1f\u202e]").And.Not.Match("(src|href)=\"(?!feedback/)").And.Contain("default-src 'none'"));
        Assert.That(Regex.Count(page, "<tr>"), Is.EqualTo(Regex.Count(page, "</tr>")).And.EqualTo(5));
        Assert.That(page, Does.Contain("✗").And.Contain("✓").And.Contain("2 to be looked at"));
    }

    // ---- Feedback ----
    [Test]
    public void Of_a_hidden_group_the_student_sees_the_points_only()
    {
        var text = Feedback.Text(Small, RowOf(Hostile()));
        Assert.That(text, Does.Contain("Points: 40 of 100").And.Contain("Echoes: 0 of 60").And.Contain("Closes: 40 of 40").And.Contain("-  title  [echo/data/unchanged]  fail").And.Contain("the-hidden-text-of echo"));
        Assert.That(text, Does.Not.Contain("tcp/close").And.Not.Contain("the-hidden-text-of tcp").And.Not.Match("[\x00-\x09\x0b-\x1f\u202e]"));
    }

    [Test]
    public void Who_has_no_points_yet_is_told_so() => Assert.That(Feedback.Text(Small, RowOf(Hostile(Outcome.Trouble))), Does.Contain("Points: not yet").And.Not.Contain("0 of"));

    // ---- Gradescope ----
    [Test]
    public void Gradescope_gets_points_words_and_who_may_see_them()
    {
        using var document = JsonDocument.Parse(GradescopeJson.Write(Small, RowOf(Hostile()))!);
        var tests = document.RootElement.GetProperty("tests").EnumerateArray().ToList();
        Assert.That(document.RootElement.GetProperty("score").GetDecimal(), Is.EqualTo(40));
        Assert.That(document.RootElement.GetProperty("stdout_visibility").GetString(), Is.EqualTo("hidden"));
        Assert.That(tests.Select(test => (test.GetProperty("name").GetString(), test.GetProperty("score").GetDecimal(), test.GetProperty("max_score").GetDecimal(), test.GetProperty("visibility").GetString(), test.GetProperty("status").GetString())), Is.EqualTo(new[]
        {
            ("Echoes", 0m, 60m, "visible", "failed"), ("Closes", 40m, 40m, "hidden", "passed"),
        }));
        Assert.That(tests.Select(test => test.GetProperty("output").GetString()), Is.All.Not.Match("[\x00-\x09\x0b-\x1f\u202e]"));
    }

    [TestCase(Outcome.Trouble)]
    [TestCase(Outcome.Refused)]
    public void Gradescope_gets_nothing_rather_than_a_zero(object outcome) => Assert.That(GradescopeJson.Write(Small, RowOf(Hostile((Outcome)outcome))), Is.Null);

    // ---- Seeds, and what is known from before ----
    [Test]
    public void A_seed_is_that_of_the_course_or_of_its_secret()
    {
        Assert.That(Seeds.Of("networks"), Is.EqualTo(4635310860622639216ul).And.Not.EqualTo(Seeds.Of("networks 2")), "the same in every version");
        Assert.That(Seeds.Of("networks", "x"), Is.Not.EqualTo(Seeds.Of("networks", "y")).And.Not.EqualTo(Seeds.Of("networks")));
    }

    [Test]
    public void What_was_judged_before_is_known_again_if_nothing_has_changed()
    {
        using var folder = new TempFolder();
        var marked = Hostile(Outcome.BuildFailed) with { Requirements = [] };
        DoneFile.Write(folder.Path, "abc", marked);
        Assert.That(DoneFile.Read(folder.Path, "abc", marked.Submission), Is.EqualTo(marked with { Resumed = true }).Using<Marked>((a, b) => (a.Why, a.Outcome, a.Resumed) == (b.Why, b.Outcome, b.Resumed) && a.Notes.SequenceEqual(b.Notes)));
        Assert.That(DoneFile.Read(folder.Path, "abd", marked.Submission), Is.Null);
        folder.File("done.json", "{ \"fingerp");
        Assert.That(DoneFile.Read(folder.Path, "abc", marked.Submission), Is.Null);
        DoneFile.Write(folder.Path, "abc", Hostile());
        Assert.That(DoneFile.Read(folder.Path, "abc", marked.Submission), Is.Null, "its results are not there");
        folder.File("run/results.json", "{ \"requirements\": [{ \"id\": \"a\", \"verdict\": \"pass\", \"expected\": null }] }");
        Assert.That(DoneFile.Read(folder.Path, "abc", marked.Submission)!.Requirements.Select(one => (one.Id, one.Verdict)), Is.EqualTo([("a", "pass")]));
    }
}
