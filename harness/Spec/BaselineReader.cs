using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>
/// Reads a baseline: failures that are known, each with a reason.
/// <code>
/// baseline: 1
/// known:
///   - { requirement: tcp/close/no-reset, reason: "ticket 12" }
/// </code>
/// </summary>
internal static class BaselineReader
{
    private const string Sample = "- { requirement: tcp/close/no-reset, reason: \"ticket 12\" }";

    /// <param name="requirements">The ids that there are.</param>
    /// <exception cref="SpecException">It cannot be used; one line says where, why, and what to write instead.</exception>
    public static Baseline Read(string path, IReadOnlyCollection<string> requirements)
    {
        try
        {
            if (!File.Exists(path)) throw new SpecException($"there is no baseline {SpecException.Show(path)}");
            return Parse(YamlTree.Decode(InputFile.ReadBytes(path, YamlTree.MostBytes), path), path, requirements);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SpecException($"{path} cannot be read: {SpecException.Show(e.Message).Trim('\'')}");
        }
    }

    internal static Baseline Parse(string text, string file, IReadOnlyCollection<string> requirements)
    {
        var tree = YamlTree.Parse(text, file);
        var map = Map(tree, "baseline: 1, then known:", ["baseline", "known"]);
        if (map["baseline"] is not YamlNode.Scalar { Quotes: Quotes.None, Text: "1" }) throw (map["baseline"] ?? tree).Wrong("its first line is baseline: 1");
        var reasons = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (map["known"] is null or YamlNode.Scalar { IsNull: true }) return new Baseline(reasons.ToImmutable());
        foreach (var item in (map["known"] as YamlNode.List ?? throw map["known"]!.Wrong($"known is {map["known"]!.Kind}; write a list: {Sample}")).Items)
        {
            var entry = Map(item, Sample, ["requirement", "reason"]);
            var id = Text(entry, "requirement");
            if (!requirements.Contains(id, StringComparer.Ordinal)) throw entry["requirement"]!.Wrong($"there is no requirement {SpecException.Show(id)}{Words.Nearest(id, requirements)}; sockconf list shows them");
            if (!reasons.TryAdd(id, Text(entry, "reason"))) throw entry["requirement"]!.Wrong($"{id} is in the list twice");
        }

        return new Baseline(reasons.ToImmutable());
    }

    private static YamlNode.Map Map(YamlNode node, string sample, string[] known)
    {
        var map = node as YamlNode.Map ?? throw node.Wrong($"this is {node.Kind}; write {sample}");
        foreach (var (key, _) in map.Entries)
        {
            if (!known.Contains(key.Text)) throw key.Wrong($"there is no key {SpecException.Show(key.Text)}; its keys are {string.Join(", ", known)}{Words.Nearest(key.Text, known)}");
        }

        return map;
    }

    private static string Text(YamlNode.Map map, string key) =>
        map[key] is YamlNode.Scalar { IsNull: false } scalar && scalar.Text.Trim().Length > 0 ? scalar.Text.Trim() : throw (map[key] ?? map).Wrong($"the {key} is missing; write {Sample}");
}
