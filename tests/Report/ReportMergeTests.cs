using System.Text.Json.Nodes;
using System.Xml.Linq;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Cli;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class ReportMergeTests
{
    private readonly List<string> complaints = [];
    private TempFolder place = null!;

    [SetUp]
    public void Begin()
    {
        place = new TempFolder();
        complaints.Clear();
    }

    [TearDown]
    public void End() => place.Dispose();

    [Test]
    public void Together_they_are_one_report_with_the_files_of_all()
    {
        Run("a", Runs.Failed() with { Requirement = Runs.Requirement("tcp/close/no-reset") });
        Run("b", Runs.Result(Status.Pass, "echo/data/unchanged"));
        var merged = Merge("a", "b");
        Assert.That(complaints, Is.Empty);
        Assert.That(merged.Requirements.Select(entry => (entry.Id, entry.Verdict)), Is.EqualTo(new[] { ("tcp/close/no-reset", "fail"), ("echo/data/unchanged", "pass") }));
        Assert.That((merged.Exit, merged.Capture.Received), Is.EqualTo((1, 1110)));
        Assert.That(JsonSchema.Of("docs/results.schema.json").Violations(JsonNode.Parse(Text("results.json"))), Is.Empty);
        Assert.That(File.ReadAllText(Path.Combine(place.Path, "all", merged.Requirements[0].Case!)), Is.EqualTo("case of a"));
        Assert.That(File.ReadAllText(Path.Combine(place.Path, "all", merged.Requirements[0].Capture!)), Is.EqualTo("capture of a"));
        Assert.That(Text("events.ndjson").Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(4));
        var suite = XDocument.Parse(Text("junit.xml")).Root!.Element("testsuite")!;
        Assert.That((suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value), Is.EqualTo(("2", "1")));
        Assert.That(suite.Descendants("failure").Single().Value, Does.Contain("what we did: #0 connect"), "as the run itself told it");
    }

    [TestCase(Status.Pass, Status.Fail, "fail", 1)]
    [TestCase(Status.Fail, Status.Error, "fail", 1)]
    [TestCase(Status.Pass, Status.Flaky, "flaky", 7)]
    [TestCase(Status.Inconclusive, Status.Pass, "inconclusive", 7)]
    [TestCase(Status.Skip, Status.Pass, "pass", 0)]
    [TestCase(Status.Skip, Status.Skip, "skip", 4)]
    [TestCase(Status.Error, Status.Pass, "error", 3)]
    [TestCase(Status.Pass, Status.XFail, "info", 0)]
    [TestCase(Status.Warn, Status.Pass, "warn", 0)]
    public void What_several_runs_judged_has_the_worst_that_any_of_them_saw(Status one, Status other, string verdict, int exit)
    {
        foreach (var (first, second) in new[] { (one, other), (other, one) })
        {
            Run("a", Runs.Result(first));
            Run("b", Runs.Result(second));
            var merged = Merge("a", "b");
            Assert.That((merged.Requirements.Single().Verdict, merged.Requirements.Single().Cases, merged.Exit), Is.EqualTo((verdict, 6, exit)));
        }
    }

    [Test]
    public void A_run_that_was_interrupted_makes_the_whole_so()
    {
        Run("a", Runs.Result(Status.Pass));
        Run("b", document => document with { Exit = 130 }, Runs.Result(Status.Pass, "echo/data/unchanged"));
        Assert.That(Merge("a", "b").Exit, Is.EqualTo(130));
    }

    [Test]
    public void Runs_of_different_campaigns_are_refused_with_what_differs()
    {
        Run("a", Runs.Result(Status.Pass));
        foreach (var (what, change) in new (string, Func<ResultsJson.Document, ResultsJson.Document>)[] { ("spec", run => run with { Spec = "http" }), ("target", run => run with { Target = "./other" }), ("tool", run => run with { Tool = "sockconf 9" }) })
        {
            Run("b", change, Runs.Result(Status.Pass));
            Assert.That(Assert.Throws<InputException>(() => Merge("a", "b"))!.Message, Does.Contain("not of one campaign").And.Contain($"their {what} is"));
        }
    }

    [TestCase("{")]
    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("{\"schema\":1}")]
    [TestCase("\0\0")]
    [TestCase("""{"schema":1,"tool":"t","target":"t","spec":"s","seed":"0x1","sandbox":"","capture":{"backend":""},"started":"2026-01-01T00:00:00.000Z","requirements":[],"fuzz":{"cases":1}}""")]
    public void Results_that_cannot_be_read_are_named(string text)
    {
        Run("a", Runs.Result(Status.Pass));
        Run("b", Runs.Result(Status.Pass));
        place.File("b/results.json", text);
        Assert.That(Assert.Throws<InputException>(() => Merge("a", "b"))!.Message, Does.Contain("b/results.json").And.Not.Contain("\n"));
        Assert.That(Assert.Throws<InputException>(() => Merge("a", "nowhere"))!.Message, Does.Contain("nowhere/results.json"));
    }

    [Test]
    public void Results_that_nobody_can_have_written_are_refused()
    {
        foreach (var change in new Func<ResultsJson.Document, ResultsJson.Document>[]
        {
            run => run with { DurationMs = long.MaxValue },
            run => run with { Capture = run.Capture with { Received = long.MaxValue } },
            run => run with { Requirements = [run.Requirements[0] with { Cases = -1 }] },
            run => run with { Requirements = [run.Requirements[0] with { DurationMs = long.MaxValue }] },
            run => run with { Requirements = [run.Requirements[0] with { Verdict = "\e[31m" }] },
            run => run with { Fuzz = new ResultsJson.FuzzDocument(1, 1, 1, 1, 1, null!, null, "", []) },
            run => run with { Fuzz = new ResultsJson.FuzzDocument(long.MaxValue, 1, 1, 1, 1, new ResultsJson.CoverageDocument(1, 1, 1), null, "", []) },
        })
        {
            foreach (var name in (string[])["a", "b"]) Run(name, change, Runs.Result(Status.Pass));
            Assert.That(Assert.Throws<InputException>(() => Merge("a", "b"))!.Message, Does.Contain("a/results.json").And.Contain("no results.json of a run"));
        }
    }

    [Test]
    public void Very_many_cases_are_still_counted()
    {
        foreach (var name in (string[])["a", "b"]) Run(name, run => run with { Requirements = [run.Requirements[0] with { Cases = int.MaxValue }] }, Runs.Result(Status.Pass));
        Assert.That(Merge("a", "b").Requirements.Single().Cases, Is.EqualTo(int.MaxValue));
    }

    [Test]
    public void Hostile_text_leaves_the_merged_document_well_formed() => Law.Holds(Runs.Hostile.Three(), text =>
    {
        var (a, b, c) = (text.Item1, text.Item2, text.Item3);
        Run("a", run => run with { Spec = a, Requirements = [run.Requirements[0] with { Id = b, Title = c, Verdict = "fail", Expected = c, Actual = a }] }, Runs.Result(Status.Pass));
        Merge("a");
        Assert.That(XDocument.Parse(Text("junit.xml")).Descendants("failure").Count(), Is.EqualTo(1));
    }, times: 40);

    [Test]
    public void What_is_only_incomplete_is_told_and_left_out()
    {
        Run("a", Runs.Failed());
        File.Delete(Path.Combine(place.Path, "a/cases/tcp-close-no-reset-0123abcd.pcapng"));
        place.File("a/junit.xml", "<testsuites><testsuite>");
        File.AppendAllText(Path.Combine(place.Path, "a/events.ndjson"), "{\"\\ud800t\":1}\n{\"v\":1,\"eve"); // the first has half a character
        var merged = Merge("a");
        Assert.That(complaints, Has.Count.EqualTo(3).And.All.Contain("/a/").And.Some.Contain("2 lines are no events"));
        Assert.That(merged.Requirements.Single().Capture, Is.Null);
        Assert.That(XDocument.Parse(Text("junit.xml")).Descendants("failure").Count(), Is.EqualTo(1));
    }

    [Test]
    public void No_file_from_elsewhere_is_taken_into_the_report()
    {
        var secret = place.File("secret", "of somebody");
        Run("link", Runs.Failed());
        File.Delete(Path.Combine(place.Path, "link/cases/tcp-close-no-reset-0123abcd.json"));
        File.CreateSymbolicLink(Path.Combine(place.Path, "link/cases/tcp-close-no-reset-0123abcd.json"), secret);
        Run("path", document => document with { Requirements = [document.Requirements[0] with { Case = "../secret", Capture = secret }] }, Runs.Failed());
        foreach (var run in (string[])["link", "path"]) Assert.That(Merge(run).Requirements.Single().Case, Is.Null, run);
        Assert.That(Directory.EnumerateFiles(Path.Combine(place.Path, "all"), "*", SearchOption.AllDirectories).Select(File.ReadAllText), Has.None.EqualTo("of somebody"));
    }

    [Test]
    public void The_output_is_none_of_the_inputs()
    {
        Run("all", Runs.Result(Status.Pass));
        Assert.That(Assert.Throws<InputException>(() => Merge("all"))!.Message, Does.Contain("-o"));
    }

    private void Run(string name, params RequirementResult[] results) => Run(name, document => document, results);

    private void Run(string name, Func<ResultsJson.Document, ResultsJson.Document> change, params RequirementResult[] results)
    {
        var run = Runs.Of(results);
        var files = run.Requirements.Any(result => result.Failure is not null) ? Runs.Files : Runs.NoFiles;
        place.File($"{name}/results.json", ResultsJson.Text(change(ResultsJson.Of(Runs.Header, run, 0, files))));
        place.File($"{name}/junit.xml", JUnitXml.Write(Runs.Header, run, files));
        place.File($"{name}/events.ndjson", "{\"v\":1,\"event\":\"run.start\"}\n{\"v\":1,\"event\":\"run.end\"}\n");
        foreach (var paths in files.Values)
        {
            place.File($"{name}/{paths.Case}", $"case of {name}");
            place.File($"{name}/{paths.Capture}", $"capture of {name}");
        }
    }

    private ResultsJson.Document Merge(params string[] names) => new ReportMerge([.. names.Select(name => Path.Combine(place.Path, name))], complaints.Add).Into(Path.Combine(place.Path, "all"), strict: false);

    private string Text(string name) => File.ReadAllText(Path.Combine(place.Path, "all", name));
}
