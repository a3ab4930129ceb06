using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>done.json in the folder of a submission: it was judged, with what, and what came of it. The verdicts themselves are in run/results.json.</summary>
internal static class DoneFile
{
    public const string Name = "done.json";

    public static void Write(string folder, string fingerprint, Marked marked) => RunFolder.Write(
        folder, Name, JsonSerializer.Serialize(new Document(fingerprint, marked.Outcome, marked.Why, marked.Built, marked.Notes, marked.Review), DoneContext.Default.Document) + "\n");

    /// <summary>What an earlier run found out about the same submission under the same conditions; null if there is no such thing, or not all of it.</summary>
    public static Marked? Read(string folder, string fingerprint, Submission submission)
    {
        try
        {
            var path = Path.Combine(folder, Name);
            if (!File.Exists(path) || JsonSerializer.Deserialize(File.ReadAllBytes(path), DoneContext.Default.Document) is not { } done || done.Fingerprint != fingerprint) return null;
            var requirements = done.Outcome == Outcome.Graded ? CheckResults.Read(Path.Combine(folder, "run")) : ImmutableArray<Judged>.Empty;
            return requirements is null ? null : new Marked(submission, done.Outcome, done.Why, done.Built, done.Notes, done.Review, requirements.Value) { Resumed = true };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    internal sealed record Document(string Fingerprint, Outcome Outcome, string Why, bool Built, ImmutableArray<string> Notes, string Review);
}

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DoneFile.Document))]
internal sealed partial class DoneContext : JsonSerializerContext;
