using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class ResultsJsonTests
{
    [Test]
    public void The_document_has_the_documented_members_and_no_others()
    {
        var root = Write(Runs.Failed());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                Names(root),
                Is.EquivalentTo(["schema", "tool", "target", "spec", "seed", "sandbox", "capture", "started", "duration_ms", "exit", "requirements"]));
            Assert.That(Names(root.GetProperty("capture")), Is.EquivalentTo(["backend", "received", "dropped"]));
            Assert.That(Names(root.GetProperty("requirements")[0]), Is.EquivalentTo(
                ["id", "title", "level", "subject", "clause", "verdict", "close", "cases", "duration_ms", "expected", "actual", "why", "fix", "case", "capture", "replay", "statement", "trace"]));
        }
    }

    [Test]
    public void The_run_is_described()
    {
        var root = Write(Runs.Result(Status.Pass));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(root.GetProperty("schema").GetInt32(), Is.EqualTo(1));
            Assert.That(root.GetProperty("tool").GetString(), Does.StartWith("sockconf "));
            Assert.That(root.GetProperty("target").GetString(), Is.EqualTo("python3 server.py {port}"));
            Assert.That(root.GetProperty("seed").GetString(), Is.EqualTo("0x5EED"));
            Assert.That(root.GetProperty("capture").GetProperty("received").GetInt64(), Is.EqualTo(555));
            Assert.That(root.GetProperty("started").GetString(), Is.EqualTo("2026-01-02T03:04:05.678Z"));
            Assert.That(root.GetProperty("duration_ms").GetInt64(), Is.EqualTo(2250));
            Assert.That(root.GetProperty("exit").GetInt32(), Is.EqualTo(7));
        }
    }

    [Test]
    public void A_failure_has_everything_that_is_known_of_it()
    {
        var entry = Write(Runs.Failed()).GetProperty("requirements")[0];
        var members = entry.EnumerateObject().Where(member => member.Name != "trace").ToDictionary(member => member.Name, member => member.Value.ToString());
        Assert.That(members, Is.EquivalentTo(new Dictionary<string, string>
        {
            ["id"] = "tcp/close/no-reset",
            ["title"] = "does not reset",
            ["level"] = "must",
            ["subject"] = "APP",
            ["clause"] = "RFC 9293 §3.6",
            ["verdict"] = "fail",
            ["close"] = "orderly",
            ["cases"] = "3",
            ["duration_ms"] = "1500",
            ["expected"] = "FIN",
            ["actual"] = "RST",
            ["why"] = "SO_LINGER",
            ["fix"] = "read to the end",
            ["case"] = "cases/tcp-close-no-reset-0123abcd.json",
            ["capture"] = "cases/tcp-close-no-reset-0123abcd.pcapng",
            ["replay"] = "sockconf replay tcp-close-no-reset-0123abcd",
            ["statement"] = "It ends by FIN.",
        }));
    }

    [Test]
    public void A_failure_has_a_trace_of_the_case_that_shows_it()
    {
        var trace = Write(ReportFolder.FinMissing()).GetProperty("requirements")[0].GetProperty("trace");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(JsonSerializer.Serialize(trace.GetProperty("steps")[1]), Is.EqualTo("""{"text":"#0 send 20 bytes of text","socket":0,"start_us":10000,"end_us":15000,"result":"done","bytes":20,"errno":null,"detail":null,"illegal":null}"""));
            Assert.That(trace.GetProperty("steps")[4].GetProperty("result").GetString(), Is.EqualTo("timed-out"));
            Assert.That(JsonSerializer.Serialize(trace.GetProperty("shown")), Is.EqualTo("""{"step":4,"socket":null,"absence":true}"""));
            Assert.That(JsonSerializer.Serialize(trace.GetProperty("connections")[0]), Is.EqualTo("""{"socket":0,"protocol":"tcp","left":"127.0.0.2:40000","right":"127.0.0.1:7777","sent":20,"received":20,"left_behind":"CloseWait"}"""));
            Assert.That(JsonSerializer.Serialize(trace.GetProperty("target")), Is.EqualTo("""{"ended":"killed by SIGSEGV (11)","ended_us":44000,"output":"Segmentation fault\n"}"""));
        }
    }

    [Test]
    public void The_document_keeps_its_schema() =>
        Assert.That(JsonSchema.Of("docs/results.schema.json").Violations(JsonNode.Parse(ResultsJson.Write(Runs.Header, Runs.Of(ReportFolder.FinMissing(), Runs.Result(Status.Skip, "a/b", "no")), 1, Runs.Files))), Is.Empty);

    [Test]
    public void A_pass_says_nothing_of_a_failure()
    {
        var entry = Write(Runs.Result(Status.Pass, id: "other")).GetProperty("requirements")[0];
        foreach (var name in (string[])["expected", "actual", "why", "fix", "case", "capture", "replay", "trace"])
            Assert.That(entry.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Null), name);
    }

    [Test]
    public void What_was_skipped_says_why() =>
        Assert.That(
            Write(Runs.Result(Status.Skip, reason: "not observable")).GetProperty("requirements")[0].GetProperty("why").GetString(),
            Is.EqualTo("not observable"));

    [TestCase(Status.Pass, "pass")]
    [TestCase(Status.Fail, "fail")]
    [TestCase(Status.Warn, "warn")]
    [TestCase(Status.Flaky, "flaky")]
    [TestCase(Status.Inconclusive, "inconclusive")]
    [TestCase(Status.Skip, "skip")]
    [TestCase(Status.Error, "error")]
    public void Verdicts_have_their_documented_names(Status status, string name) =>
        Assert.That(Write(Runs.Result(status)).GetProperty("requirements")[0].GetProperty("verdict").GetString(), Is.EqualTo(name));

    [TestCase(CloseVerdict.None, "none")]
    [TestCase(CloseVerdict.Orderly, "orderly")]
    [TestCase(CloseVerdict.HalfOpen, "half-open")]
    [TestCase(CloseVerdict.Reset, "reset")]
    [TestCase(CloseVerdict.Timeout, "timeout")]
    public void Closes_have_their_documented_names(CloseVerdict close, string name) =>
        Assert.That(ResultsJson.CloseName(close), Is.EqualTo(name));

    [Test]
    public void Hostile_text_leaves_the_document_well_formed_and_printable() => Law.Holds(Runs.Hostile.Two(), text =>
    {
        var json = ResultsJson.Write(Runs.Header with { Target = text.Item1 }, Runs.Of(Runs.Failed(observed: text.Item2)), 1, Runs.Files);
        Assert.That(json.Where(c => char.IsControl(c) && c != '\n'), Is.Empty);
        Assert.That(
            JsonDocument.Parse(json).RootElement.GetProperty("requirements")[0].GetProperty("actual").GetString(),
            Is.EqualTo(Printable.Line(text.Item2, 2000)));
    });

    private static JsonElement Write(RequirementResult result) =>
        JsonDocument.Parse(ResultsJson.Write(Runs.Header, Runs.Of(result), 7, Runs.Files)).RootElement;

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(member => member.Name);
}
