namespace SockConformance.Report;

/// <summary>results.sarif: SARIF 2.1.0 for code scanning; what is violated, and nothing else.</summary>
internal static class SarifJson
{
    public static string Write(ResultsJson.Document run, bool strict) => Formats.Json(json =>
    {
        json.WriteStartObject();
        json.WriteString("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        json.WriteString("version", "2.1.0");
        json.WriteStartArray("runs");
        json.WriteStartObject();
        json.WriteStartObject("tool");
        json.WriteStartObject("driver");
        json.WriteString("name", run.Tool.Split(' ')[0]);
        json.WriteString("version", run.Tool.Split(' ')[^1]);
        json.WriteStartArray("rules");
        foreach (var entry in run.Requirements)
        {
            json.WriteStartObject();
            json.WriteString("id", entry.Id);
            Text("shortDescription", entry.Title);
            Text("fullDescription", $"{entry.Title} [{entry.Clause}; {entry.Level.ToUpperInvariant()}]");
            json.WriteStartObject("defaultConfiguration");
            json.WriteString("level", LevelOf(entry));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("invocations");
        json.WriteStartObject();
        json.WriteBoolean("executionSuccessful", run.Exit is 0 or 1 or 7);
        json.WriteNumber("exitCode", run.Exit);
        json.WriteString("startTimeUtc", run.Started);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("results");
        foreach (var (index, entry) in run.Requirements.Index())
        {
            if (entry.Expected is null || !(entry.Verdict is "fail" or "warn" || entry.Baseline == "xfail")) continue;
            json.WriteStartObject();
            json.WriteString("ruleId", entry.Id);
            json.WriteNumber("ruleIndex", index);
            json.WriteString("level", LevelOf(entry));
            Text("message", string.Join('\n', [entry.Message(), .. entry.Advice().Select(line => $"{line.Label}: {line.Text}")]));
            json.WriteStartArray("locations");
            json.WriteStartObject();
            json.WriteStartObject("physicalLocation");
            json.WriteStartObject("artifactLocation");
            json.WriteString("uri", SourceOf(run, entry));
            json.WriteEndObject();
            json.WriteStartObject("region");
            json.WriteNumber("startLine", 1);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartObject("partialFingerprints");
            json.WriteString("requirement/v1", $"{run.Spec}/{entry.Id}");
            json.WriteEndObject();
            if (entry.Baseline == "xfail")
            {
                json.WriteStartArray("suppressions");
                json.WriteStartObject();
                json.WriteString("kind", "external");
                if (entry.Why is { } why) json.WriteString("justification", Printable.Line(why, 1000));
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();

        string LevelOf(ResultsJson.EntryDocument entry) => entry.Level == "must" || strict ? "error" : "warning";

        void Text(string name, string text)
        {
            json.WriteStartObject(name);
            json.WriteString("text", text);
            json.WriteEndObject();
        }
    });

    /// <summary>Code scanning shows no result without a file: the first word of the target's command that is one in the working folder, else the case file.</summary>
    private static string SourceOf(ResultsJson.Document run, ResultsJson.EntryDocument entry)
    {
        var source = run.Target.Split(' ').Select(word => word.StartsWith("./", StringComparison.Ordinal) ? word[2..] : word)
            .FirstOrDefault(word => word.Length > 0 && !Path.IsPathRooted(word) && !word.Split('/').Contains("..") && File.Exists(word));
        return string.Join('/', (source ?? entry.Case ?? "results.json").Split('/').Select(Uri.EscapeDataString));
    }
}
