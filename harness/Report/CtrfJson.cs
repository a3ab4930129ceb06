using System.Globalization;

namespace SockConformance.Report;

/// <summary>ctrf-report.json: the Common Test Report Format, which dashboards and pull-request reporters read.</summary>
internal static class CtrfJson
{
    private const string SpecVersion = "0.0.0"; // its only published one

    public static string Write(ResultsJson.Document run, bool strict) => Formats.Json(json =>
    {
        var start = DateTimeOffset.Parse(run.Started, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        var statuses = run.Requirements.Select(entry => StatusOf(entry, strict)).ToList();
        json.WriteStartObject();
        json.WriteString("reportFormat", "CTRF");
        json.WriteString("specVersion", SpecVersion);
        json.WriteString("generatedBy", run.Tool);
        json.WriteStartObject("results");
        json.WriteStartObject("tool");
        json.WriteString("name", run.Tool.Split(' ')[0]);
        json.WriteString("version", run.Tool.Split(' ')[^1]);
        json.WriteEndObject();
        json.WriteStartObject("summary");
        json.WriteNumber("tests", statuses.Count);
        foreach (var status in (string[])["passed", "failed", "skipped", "pending", "other"]) json.WriteNumber(status, statuses.Count(one => one == status));
        json.WriteNumber("flaky", run.Requirements.Count(entry => entry.Verdict == "flaky"));
        json.WriteNumber("start", start);
        json.WriteNumber("stop", start + run.DurationMs);
        json.WriteEndObject();
        json.WriteStartArray("tests");
        foreach (var entry in run.Requirements)
        {
            json.WriteStartObject();
            json.WriteString("name", entry.Id);
            json.WriteString("status", StatusOf(entry, strict));
            json.WriteNumber("duration", entry.DurationMs);
            json.WriteStartArray("suite");
            json.WriteStringValue(run.Spec);
            json.WriteEndArray();
            json.WriteString("rawStatus", entry.Baseline ?? entry.Verdict);
            if (entry.Message() is { Length: > 0 } message) json.WriteString("message", message);
            if (entry.Expected is not null) json.WriteString("trace", string.Join('\n', entry.Advice().Select(line => $"{line.Label}: {line.Text}")));
            if (entry.Verdict == "flaky") json.WriteBoolean("flaky", true);
            json.WriteStartArray("tags");
            foreach (var tag in (string[])[entry.Level, entry.Subject]) json.WriteStringValue(tag);
            json.WriteEndArray();
            var files = new (string? Path, string Type)[] { (entry.Case, "application/json"), (entry.Capture, "application/x-pcapng") }.Where(file => file.Path is not null).ToList();
            if (files.Count > 0)
            {
                json.WriteStartArray("attachments");
                foreach (var (path, type) in files)
                {
                    json.WriteStartObject();
                    json.WriteString("name", Path.GetFileName(path));
                    json.WriteString("contentType", type);
                    json.WriteString("path", path);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("environment");
        json.WriteStartObject("extra");
        foreach (var (name, value) in new[] { ("target", run.Target), ("spec", run.Spec), ("seed", run.Seed), ("sandbox", run.Sandbox), ("capture", run.Capture.Backend) }) json.WriteString(name, Printable.Line(value));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>A known failure is "other": neither passed nor something to act on.</summary>
    private static string StatusOf(ResultsJson.EntryDocument entry, bool strict) => entry switch
    {
        _ when entry.Fails(strict) => "failed",
        { Baseline: "xfail" } => "other",
        { Verdict: "pass" or "warn" or "info" or "flaky" } => "passed",
        { Verdict: "skip" } => "skipped",
        _ => "other",
    };
}
