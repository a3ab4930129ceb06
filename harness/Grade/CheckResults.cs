using System.Collections.Immutable;
using System.Text.Json;
using SockConformance.Model;

namespace SockConformance.Grade;

/// <summary>What a check said of one requirement, as its results.json has it.</summary>
internal sealed record Judged(string Id, string Title, string Verdict, string Expected, string Actual, string Why, string Fix, string Case);

/// <summary>Reads the results.json that a check of ours has written.</summary>
internal static class CheckResults
{
    private const int MostBytes = 64 << 20;

    /// <summary>Null if it is not there or not whole.</summary>
    public static ImmutableArray<Judged>? Read(string folder)
    {
        try
        {
            using var document = JsonDocument.Parse(InputFile.ReadBytes(Path.Combine(folder, "results.json"), MostBytes));
            return [.. document.RootElement.GetProperty("requirements").EnumerateArray().Select(Of)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Judged Of(JsonElement entry)
    {
        string Text(string name) => entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        var died = Text("verdict") == "skip" && Text("why").StartsWith(Words.CannotBeDecided, StringComparison.Ordinal);
        return new Judged(Text("id"), Text("title"), died ? Scoring.Blocked : Text("verdict"), Text("expected"), Text("actual"), Text("why"), Text("fix"), Text("case"));
    }
}
