using System.Text.Json;

namespace SockConformance.Tests.EndToEnd;

/// <summary>The results.json of a run, and the files beside it.</summary>
internal sealed record Results(string Folder, JsonElement Document)
{
    public int Exit => Document.GetProperty("exit").GetInt32();

    public IReadOnlyList<JsonElement> Requirements => [.. Document.GetProperty("requirements").EnumerateArray()];

    /// <summary>From the id of a requirement to its verdict.</summary>
    public IReadOnlyDictionary<string, string> Verdicts => Requirements.ToDictionary(Id, one => one.GetProperty("verdict").GetString()!);

    /// <summary>The ids of the requirements that are violated, a MUST or a SHOULD.</summary>
    public IReadOnlyList<string> Violated => [.. Verdicts.Where(one => one.Value is "fail" or "warn").Select(one => one.Key)];

    /// <summary>One line for each requirement that did not pass.</summary>
    public string Complaints => string.Join('\n', Requirements.Where(one => one.GetProperty("verdict").GetString() != "pass").Select(one =>
        $"{one.GetProperty("verdict")} {Id(one)}: expected {one.GetProperty("expected")}; actual {one.GetProperty("actual")}; {one.GetProperty("why")}"));

    /// <summary>The case files, absolute.</summary>
    public IReadOnlyList<string> Cases => [.. Requirements.Select(one => one.GetProperty("case").GetString()).OfType<string>().Select(path => Path.Combine(Folder, path))];

    public static Results In(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "results.json")));
        return new Results(folder, document.RootElement.Clone());
    }

    /// <summary>The entry of a requirement.</summary>
    public JsonElement Of(string requirement) => Requirements.Single(one => Id(one) == requirement);

    /// <summary>The lines of events.ndjson that have this name.</summary>
    public IReadOnlyList<JsonElement> Events(string name) =>
        [.. File.ReadLines(Path.Combine(Folder, "events.ndjson")).Select(line => JsonElement.Parse(line)).Where(entry => entry.GetProperty("event").GetString() == name)];

    private static string Id(JsonElement requirement) => requirement.GetProperty("id").GetString()!;
}
