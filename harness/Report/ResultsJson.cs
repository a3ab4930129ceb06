using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>results.json, version 1: a public contract (docs/results.schema.json).</summary>
internal static class ResultsJson
{
    public const int Schema = 1;

    public static string Write(RunHeader header, RunResult run, int exit, IReadOnlyDictionary<string, FailurePaths> files) => Text(Of(header, run, exit, files));

    /// <summary>What the file says, for the formats that are made from it.</summary>
    /// <param name="fuzz">What a campaign adds; null for a check.</param>
    internal static Document Of(RunHeader header, RunResult run, int exit, IReadOnlyDictionary<string, FailurePaths> files, FuzzDocument? fuzz = null) => new(
            Schema, $"sockconf {RunHeader.Version}", header.Target, header.Spec, header.SeedText, header.Sandbox, new CaptureDocument(header.Capture, run.Packets, run.Dropped),
            run.Started.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", null), (long)run.Duration.TotalMilliseconds, exit, [.. run.Requirements.Select(result => Entry(result, files.GetValueOrDefault(result.Requirement.Id)))], fuzz);

    internal static string Text(Document document) => JsonSerializer.Serialize(document, ResultsContext.Default.Document) + "\n";

    public static string CloseName(CloseVerdict close) => close == CloseVerdict.HalfOpen ? "half-open" : close.ToString().ToLowerInvariant();

    private static EntryDocument Entry(RequirementResult result, FailurePaths? paths) => new(
        result.Requirement.Id, result.Requirement.Title, result.Requirement.Level.ToString().ToLowerInvariant(), result.Requirement.Subject.ToString().ToUpperInvariant(), result.Requirement.Clause,
        result.Status switch { Status.XFail => "info", Status.XPass => "pass", var status => status.ToString().ToLowerInvariant() }, CloseName(result.Close), result.Cases, (long)result.Duration.TotalMilliseconds,
        result.Failure is { } failure ? Printable.Line(failure.Violation.Expected, 2000) : null, result.Failure is { } seen ? Printable.Line(seen.Violation.Observed, 2000) : null,
        result.Reason is { } reason ? Printable.Line(reason, 2000) : result.Failure is null ? null : result.Requirement.Why, result.Failure is null ? null : result.Requirement.Fix,
        paths?.Case, paths?.Capture, paths?.Replay, result.Status switch { Status.XFail => "xfail", Status.XPass => "xpass", _ => null },
        result.Requirement.Statement, result.Failure is { } shown ? TraceDocument.Of(shown) : null);

    internal sealed record Document(
        int Schema, string Tool, string Target, string Spec, string Seed, string Sandbox, CaptureDocument Capture, string Started, [property: JsonPropertyName("duration_ms")] long DurationMs,
        int Exit, ImmutableArray<EntryDocument> Requirements, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] FuzzDocument? Fuzz);

    internal sealed record FuzzDocument(
        long Cases, double Seconds, [property: JsonPropertyName("cases_per_second")] double CasesPerSecond, long Primitives, [property: JsonPropertyName("unique_failures")] int UniqueFailures, CoverageDocument Coverage,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WireDocument? Wire, string Ended, ImmutableArray<FindDocument> Finds);

    internal sealed record CoverageDocument(int States, int Transitions, int Edges);

    internal sealed record WireDocument(long Connections, [property: JsonPropertyName("packets_lost")] long PacketsLost);

    internal sealed record FindDocument(string Requirement, string Signature, string Observed, string Case, string? Capture, string Replay);

    internal sealed record CaptureDocument(string Backend, long Received, long Dropped);

    internal sealed record EntryDocument(
        string Id, string Title, string Level, string Subject, string Clause, string Verdict, string Close, int Cases, [property: JsonPropertyName("duration_ms")] long DurationMs,
        string? Expected, string? Actual, string? Why, string? Fix, string? Case, string? Capture, string? Replay, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Baseline, string Statement, TraceDocument? Trace);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ResultsJson.Document))]
internal sealed partial class ResultsContext : JsonSerializerContext;
