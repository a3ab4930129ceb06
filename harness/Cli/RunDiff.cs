using System.Text.Json;
using SockConformance.Report;

namespace SockConformance.Cli;

/// <summary>Two runs side by side, by the verdicts in their results.json.</summary>
internal sealed class RunDiff(string before, string after)
{
    private const int MostBytes = 64 << 20;

    /// <summary>Prints what is new, fixed and still so; the exit code is 1 where something fails that did not.</summary>
    public int Print(TextWriter output, bool strict)
    {
        var (old, now) = (Read(before), Read(after));
        bool Fails(string verdict) => verdict == "fail" || (strict && verdict == "warn");
        var rows = old.Keys.Union(now.Keys).Order(StringComparer.Ordinal).Select(id => (Id: id, Old: old.GetValueOrDefault(id), Now: now.GetValueOrDefault(id))).ToList();
        var groups = new (string Title, List<(string Id, string? Old, string? Now)> Rows)[]
        {
            ("new", [.. rows.Where(row => row.Now is { } verdict && IsBad(verdict) && (row.Old is null || !IsBad(row.Old)))]),
            ("still failing", [.. rows.Where(row => row is { Old: { } one, Now: { } two } && IsBad(one) && IsBad(two))]),
            ("fixed", [.. rows.Where(row => row is { Old: { } one, Now: "pass" } && IsBad(one))]),
            ("no longer decided", [.. rows.Where(row => row.Old is "pass" or "fail" or "warn" && row.Now is null or "skip" or "inconclusive" or "flaky" or "error" && !(row.Now == "flaky" && IsBad(row.Old)))]),
        };
        foreach (var (title, found) in groups.Where(group => group.Rows.Count > 0))
        {
            output.WriteLine($"{title} ({found.Count})");
            foreach (var (id, one, two) in found) output.WriteLine($"  {Printable.Line(id, 100),-42} {Printable.Line(one ?? "-", 20)} → {Printable.Line(two ?? "-", 20)}");
        }

        output.WriteLine($"{rows.Count} requirements: {string.Join(", ", groups.Select(group => $"{group.Rows.Count} {group.Title}"))}");
        return groups[0].Rows.Any(row => Fails(row.Now!)) ? Exit.Violated : Exit.Holds;
    }

    private static bool IsBad(string verdict) => verdict is "fail" or "warn";

    private static Dictionary<string, string> Read(string run)
    {
        var path = Directory.Exists(run) ? Path.Combine(run, "results.json") : run;
        try
        {
            if (!File.Exists(path)) throw new InputException($"there is no {path}: name the report folder of a run, or its results.json");
            using var document = JsonDocument.Parse(InputFile.ReadBytes(path, MostBytes));
            var verdicts = new Dictionary<string, string>();
            foreach (var requirement in document.RootElement.GetProperty("requirements").EnumerateArray())
                verdicts[requirement.GetProperty("id").GetString() ?? ""] = requirement.GetProperty("verdict").GetString() ?? "";
            return verdicts;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InputException($"{path} is no results.json of a run: {Printable.Line(e.Message.Split(". Path")[0].Split(" LineNumber")[0], 300)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path} cannot be read: {e.Message}");
        }
    }
}
