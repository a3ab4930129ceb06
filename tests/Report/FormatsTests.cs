using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

/// <summary>The formats that other programs read: each is read here as strictly as they would.</summary>
public class FormatsTests
{
    private static readonly Status[] Kinds = [Status.Fail, Status.Warn, Status.Pass, Status.Flaky, Status.Inconclusive, Status.Skip, Status.Error, Status.XFail, Status.XPass, Status.Info];

    private static ResultsJson.Document All { get; } = Document(Runs.Of([.. Kinds.Select((kind, index) =>
        (kind is Status.Fail or Status.Warn or Status.XFail ? Runs.Failed(kind) : Runs.Result(kind)) with { Requirement = Runs.Requirement($"tcp/kind/{kind}".ToLowerInvariant()), Reason = kind is Status.Fail or Status.Warn or Status.Pass ? null : "because # of \\ this" })]));

    // As published at ctrf.io, reduced to what is written here.
    private const string CtrfSchema = """
        { "type": "object", "required": ["reportFormat", "specVersion", "results"], "additionalProperties": false, "properties": {
          "reportFormat": { "const": "CTRF" }, "specVersion": { "type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+$" }, "generatedBy": { "type": "string" },
          "results": { "type": "object", "required": ["tool", "summary", "tests"], "additionalProperties": false, "properties": {
            "tool": { "type": "object", "required": ["name"], "additionalProperties": false, "properties": { "name": { "type": "string" }, "version": { "type": "string" } } },
            "summary": { "type": "object", "required": ["tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"], "additionalProperties": false, "properties": {
              "tests": { "type": "integer" }, "passed": { "type": "integer" }, "failed": { "type": "integer" }, "skipped": { "type": "integer" }, "pending": { "type": "integer" },
              "other": { "type": "integer" }, "flaky": { "type": "integer" }, "start": { "type": "integer" }, "stop": { "type": "integer" } } },
            "tests": { "type": "array", "items": { "type": "object", "required": ["name", "status", "duration"], "additionalProperties": false, "properties": {
              "name": { "type": "string" }, "status": { "enum": ["passed", "failed", "skipped", "pending", "other"] }, "duration": { "type": "integer" },
              "suite": { "type": "array", "items": { "type": "string" } }, "message": { "type": "string" }, "trace": { "type": "string" }, "rawStatus": { "type": "string" },
              "tags": { "type": "array", "items": { "type": "string" } }, "flaky": { "type": "boolean" },
              "attachments": { "type": "array", "items": { "type": "object", "required": ["name", "contentType", "path"], "additionalProperties": false,
                "properties": { "name": { "type": "string" }, "contentType": { "type": "string" }, "path": { "type": "string" } } } } } } },
            "environment": { "type": "object", "additionalProperties": false, "properties": { "extra": { "type": "object" } } } } } } }
        """;

    // As in the standard (SARIF 2.1.0, OASIS), reduced to what is written here and to what code scanning demands.
    private const string SarifSchema = """
        { "type": "object", "required": ["version", "runs"], "properties": { "version": { "const": "2.1.0" }, "runs": { "type": "array", "items": {
          "type": "object", "required": ["tool", "results"], "additionalProperties": false, "properties": {
            "tool": { "type": "object", "required": ["driver"], "properties": { "driver": { "type": "object", "required": ["name", "rules"], "properties": { "name": { "type": "string" },
              "rules": { "type": "array", "items": { "type": "object", "required": ["id", "shortDescription"], "properties": { "id": { "type": "string" } } } } } } } },
            "invocations": { "type": "array", "items": { "type": "object", "required": ["executionSuccessful"], "properties": { "executionSuccessful": { "type": "boolean" } } } },
            "results": { "type": "array", "items": { "type": "object", "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"], "properties": {
              "ruleIndex": { "type": "integer" }, "level": { "enum": ["error", "warning", "note", "none"] },
              "message": { "type": "object", "required": ["text"], "properties": { "text": { "type": "string" } } },
              "locations": { "type": "array", "items": { "type": "object", "required": ["physicalLocation"], "properties": { "physicalLocation": { "type": "object", "required": ["artifactLocation", "region"], "properties": {
                "artifactLocation": { "type": "object", "required": ["uri"], "properties": { "uri": { "type": "string", "pattern": "^[A-Za-z0-9._~%/-]+$" } } } } } } } },
              "suppressions": { "type": "array", "items": { "type": "object", "required": ["kind"], "properties": { "kind": { "enum": ["inSource", "external"] } } } } } } } } } } } }
        """;

    [Test]
    public void Ctrf_keeps_to_its_schema_and_its_counts_are_those_of_its_tests()
    {
        var report = JsonNode.Parse(CtrfJson.Write(All, strict: false))!;
        var tests = report["results"]!["tests"]!.AsArray();
        Assert.That(Schema(CtrfSchema).Violations(report), Is.Empty);
        Assert.That(tests.Select(test => $"{test!["status"]}"), Is.EqualTo((string[])["failed", "passed", "passed", "passed", "other", "skipped", "other", "other", "passed", "passed"]));
        foreach (var status in (string[])["passed", "failed", "skipped", "pending", "other"])
            Assert.That((int)report["results"]!["summary"]![status]!, Is.EqualTo(tests.Count(test => $"{test!["status"]}" == status)), status);
        Assert.That(CtrfJson.Write(All, strict: true), Does.Contain("\"failed\": 2"));
    }

    [Test]
    public void Sarif_has_what_is_violated_and_what_code_scanning_needs()
    {
        var report = JsonNode.Parse(SarifJson.Write(All, strict: false))!;
        var (rules, results) = (report["runs"]![0]!["tool"]!["driver"]!["rules"]!.AsArray(), report["runs"]![0]!["results"]!.AsArray());
        Assert.That(Schema(SarifSchema).Violations(report), Is.Empty);
        Assert.That(results.Select(result => $"{result!["ruleId"]}"), Is.EqualTo((string[])["tcp/kind/fail", "tcp/kind/warn", "tcp/kind/xfail"]));
        Assert.That(results.Select(result => $"{rules[(int)result!["ruleIndex"]!]!["id"]}"), Is.EqualTo(results.Select(result => $"{result!["ruleId"]}")));
        Assert.That(results[2]!["suppressions"], Is.Not.Null);
    }

    [Test]
    public void Tap_is_read_line_by_line()
    {
        var text = TapText.Write(All, strict: false);
        var points = ReadTap(text);
        Assert.That(points.Select(point => point.Ok), Is.EqualTo((bool[])[false, true, true, true, false, true, false, false, true, true]));
        Assert.That(points[5].Directive, Is.EqualTo("SKIP because \\# of \\\\ this"));
        Assert.That(points[7].Directive, Does.StartWith("TODO"));
    }

    [Test]
    public void Hostile_text_breaks_none_of_them() => Law.Holds(Runs.Hostile.Three(), text =>
    {
        var (a, b, c) = (text.Item1, text.Item2, text.Item3);
        var run = Document(Runs.Of(Runs.Failed(expected: a, observed: b), Runs.Result(Status.Error, reason: c), Runs.Result(Status.Skip, reason: a), Runs.Result(Status.Flaky, reason: b))) with { Target = c };
        Assert.That(Schema(CtrfSchema).Violations(JsonNode.Parse(CtrfJson.Write(run, false))), Is.Empty);
        Assert.That(Schema(SarifSchema).Violations(JsonNode.Parse(SarifJson.Write(run, false))), Is.Empty);
        Assert.That(ReadTap(TapText.Write(run, false)), Has.Count.EqualTo(4));
        var page = MarkdownSummary.Write(run, MarkdownSummary.MostBytes);
        Assert.That(Regex.Replace(page, "</?code>|<br>", ""), Does.Not.Contain("<").And.Not.Contain(">").And.Not.Contain("[").And.Not.Contain("`"));
        Assert.That(page.Split('\n').Where(line => line.StartsWith('|')).Select(line => line.Count(c => c == '|')), Is.All.EqualTo(5), "cells of the table");
    });

    [Test]
    public void A_summary_keeps_to_its_room_and_says_what_it_leaves_out()
    {
        var many = Document(Runs.Of([.. Enumerable.Range(0, 3000).Select(n => Runs.Failed(observed: new string('<', 900)) with { Requirement = Runs.Requirement($"tcp/many/{n}") })]));
        foreach (var room in (int[])[MarkdownSummary.MostBytes, 5000, 100])
        {
            var page = MarkdownSummary.Write(many, room);
            Assert.That(Encoding.UTF8.GetByteCount(page), Is.LessThanOrEqualTo(room));
            Assert.That(page, room == 100 ? Is.Empty : Does.Contain("more are in results.json"));
        }
    }

    [Test]
    public void Each_format_has_a_file_of_its_own()
    {
        using var folder = new TempFolder();
        Formats.Write(folder.Path, [.. Enum.GetValues<Format>(), Format.Tap], All, strict: false);
        Assert.That(Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName), Is.EquivalentTo((string[])["ctrf-report.json", "results.sarif", "results.tap", "summary.md"]));
    }

    [Test]
    public void A_job_has_ten_annotations_of_a_level_and_the_rest_is_counted()
    {
        var output = Actions(Document(Runs.Of([.. Enumerable.Range(0, 25).Select(n => Runs.Failed() with { Requirement = Runs.Requirement($"tcp/many/{n}") }), Runs.Failed(Status.Warn)])), null);
        Assert.That(output.Count(line => line.StartsWith("::error ", StringComparison.Ordinal)), Is.EqualTo(10));
        Assert.That(output.Count(line => line.StartsWith("::warning ", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(output.Single(line => line.Contains("more", StringComparison.Ordinal)), Does.Contain("16 more"));
    }

    [Test]
    public void Commands_are_off_until_the_results_are_printed_and_nobody_can_guess_what_turns_them_on()
    {
        var (one, other) = (Actions(All, null), Actions(All, null));
        Assert.That(one[0], Does.Match("^::stop-commands::[0-9a-f]{32}$").And.Not.EqualTo(other[0]));
        Assert.That(one[1], Is.EqualTo($"::{one[0]["::stop-commands::".Length..]}::"));
    }

    [Test]
    public void Annotations_cannot_be_broken_out_of() => Law.Holds(Runs.Hostile.Two(), text =>
    {
        var run = Document(Runs.Of(Runs.Failed(expected: text.Item1, observed: $"::error::{text.Item2}%0A")));
        var lines = Actions(run, null);
        Assert.That(lines, Has.Count.EqualTo(3), "one annotation");
        Assert.That(lines[2], Does.Match("^::error title=tcp/close/no-reset%3A does not reset::[^\\r\\n]*$").And.Contain("%250A"));
        Assert.That(string.Concat(Actions(run with { Requirements = [run.Requirements[0] with { Title = text.Item1 }] }, null)).Where(char.IsControl), Is.Empty, "titles of a report that was merged come from anybody");
    });

    [Test]
    public void The_summary_is_added_to_what_the_step_has_written_and_never_makes_it_too_large()
    {
        using var folder = new TempFolder();
        var file = folder.File("summary", "# mine\n");
        Actions(All, file);
        Assert.That(File.ReadAllText(file), Does.StartWith("# mine\n## ").And.Contain("tcp&#47;kind&#47;fail"));
        File.WriteAllBytes(file, new byte[(1 << 20) - 1500]);
        Actions(All, file);
        Assert.That(new FileInfo(file).Length, Is.LessThan(1 << 20));
        Assert.That(new GitHubActions(TextWriter.Null, folder.Path).End(All, false), Does.Contain("GITHUB_STEP_SUMMARY"));
    }

    private static List<string> Actions(ResultsJson.Document run, string? summary)
    {
        var output = new StringWriter { NewLine = "\n" };
        var actions = new GitHubActions(output, summary);
        actions.Begin();
        Assert.That(actions.End(run, strict: false), Is.Null);
        return [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static ResultsJson.Document Document(RunResult run) => ResultsJson.Of(Runs.Header, run, 1, Runs.Files);

    private static JsonSchema Schema(string text) => new(JsonNode.Parse(text)!.AsObject());

    /// <summary>TAP 14 as its specification has it: version, plan, points in order, each with at most one YAML block.</summary>
    private static List<(bool Ok, string Directive)> ReadTap(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        Assert.That(lines[0], Is.EqualTo("TAP version 14"));
        var points = new List<(bool, string)>();
        var inBlock = false;
        foreach (var line in lines.Skip(2))
        {
            if (line is "  ---" or "  ...")
            {
                Assert.That(inBlock, Is.EqualTo(line == "  ..."));
                inBlock = !inBlock;
                continue;
            }

            if (inBlock)
            {
                Assert.That(line, Does.Match("^  [a-z_]+: '(?:[^'\\p{C}\\p{Zl}\\p{Zp}]|\\p{Cs}|'')*'$")); // YAML in single quotes: nothing is escaped but the quote
                continue;
            }

            var point = Regex.Match(line, @"^(?<not>not )?ok (?<number>\d+) - (?<description>(?:[^#\\]|\\.)*?)(?: # (?<directive>(?:TODO|SKIP).*))?$");
            Assert.That(point.Success, Is.True, line);
            Assert.That(int.Parse(point.Groups["number"].Value, null), Is.EqualTo(points.Count + 1));
            points.Add((!point.Groups["not"].Success, point.Groups["directive"].Value));
        }

        Assert.That(inBlock, Is.False);
        Assert.That(lines[1], Is.EqualTo($"1..{points.Count}"));
        return points;
    }
}
