using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>
/// Reads spec files (YAML, format <c>sockspec: 1</c>, docs/specs.md). Specs may come from anybody: reading one opens no file by itself,
/// runs nothing and is bounded; whatever is wrong is a <see cref="SpecException"/>.
/// </summary>
public static class SpecReader
{
    private const int Format = 1, MostParents = 8;

    /// <param name="name">What the text is called in errors: a path, or the bare name of a built-in spec (no dot, no slash).</param>
    /// <param name="open">The text of a spec that is extended, by its name or by its path as seen from where <paramref name="name"/> is; null for none.</param>
    /// <param name="builtIns">The built-in names, for guesses at a mistyped one.</param>
    public static ServiceSpec Read(string text, string name, Func<string, string?> open, IReadOnlyCollection<string>? builtIns = null)
    {
        var sources = ImmutableArray.CreateBuilder<(string Name, string Text)>();
        var maps = new List<YamlNode.Map>();
        while (true)
        {
            sources.Add((name, text));
            var map = TopLevel(text, name);
            maps.Add(WithDirections(map));
            if (map["extends"] is not { } extends) break;
            name = Parent(extends, name);
            if (sources.Any(source => source.Name == name)) throw extends.Wrong($"{SpecException.Show(name)} extends itself in the end; leave one extends of the circle out");
            if (sources.Count > MostParents) throw extends.Wrong($"this is the end of more than {MostParents} specs that extend each other; extend the last one directly");
            text = open(name) ?? throw extends.Wrong(NotFound(name, builtIns));
        }

        return new SpecBuilder(sources.ToImmutable(), maps.Aggregate(Merged)).Build();
    }

    /// <summary>The same spec again, from the texts that it was read from.</summary>
    public static ServiceSpec Read(IReadOnlyList<(string Name, string Text)> sources) =>
        sources.Count == 0 ? throw new SpecException("there is no spec; the first of its texts is missing") : Read(sources[0].Text, sources[0].Name, name => sources.FirstOrDefault(source => source.Name == name).Text, [.. sources.Select(source => source.Name)]);

    /// <summary>Checks the ids of its levels, which only the caller knows.</summary>
    /// <param name="wrong">What is wrong with an id, and what to write instead; null for nothing.</param>
    /// <exception cref="SpecException">Something is, at this line.</exception>
    public static void CheckLevels(ServiceSpec spec, Func<string, string?> wrong)
    {
        foreach (var id in spec.Levels.Keys)
        {
            if (wrong(id) is { } what) throw PlaceOfLevel(spec, id) is { } place ? new SpecException(place, what) : new SpecException($"{spec.Name}: {what}");
        }
    }

    /// <summary>Whether the text of this name is a built-in spec; a file's name has a dot or a slash.</summary>
    internal static bool IsBuiltIn(string name) => name.Length > 0 && !name.AsSpan().ContainsAny("./\\");

    /// <summary>A path that a spec names, as seen from where the spec is seen; it may only lead downwards.</summary>
    internal static string Beside(YamlNode node, string path)
    {
        var parts = path.Split('/');
        if (path.Length > 255 || path.Contains('\\', StringComparison.Ordinal) || path.Any(char.IsControl) || parts.Any(part => part is "" or "." or ".."))
            throw node.Wrong($"the path {SpecException.Show(path)} leaves the folder of its spec; write the name of a file beside it, or below it");
        return Path.Combine(Path.GetDirectoryName(node.Place.File) ?? "", path);
    }

    private static Place? PlaceOfLevel(ServiceSpec spec, string id)
    {
        foreach (var (name, text) in spec.Sources)
        {
            if (YamlTree.Parse(text, name) is YamlNode.Map top && top["levels"] is YamlNode.Map levels && levels.Entries.FirstOrDefault(entry => entry.Key.Text == id) is { } level) return level.Key.Place;
        }

        return null;
    }

    private static YamlNode.Map TopLevel(string text, string name)
    {
        var tree = YamlTree.Parse(text, name);
        var map = tree as YamlNode.Map ?? throw tree.Wrong($"a spec is a map, and this is {tree.Kind}; its first line is sockspec: {Format}");
        Section.MustKnow(map, IsBuiltIn(name) ? [.. SpecKeys.Of("spec"), "kind"] : SpecKeys.Of("spec"), "spec");
        if (map["sockspec"] is not { } version) throw tree.Wrong($"the format is not said; its first line is sockspec: {Format}");
        if (version is not YamlNode.Scalar { Quotes: Quotes.None, Text: "1" }) throw version.Wrong($"the format is {version.Kind}; this sockconf reads sockspec: {Format}");
        return map;
    }

    private static string Parent(YamlNode extends, string from)
    {
        var text = Section.Text(extends, "extends", _ => "write the name of a built-in spec, or of a file beside this one");
        if (IsBuiltIn(text)) return text;
        if (IsBuiltIn(from)) throw extends.Wrong($"the built-in spec {from} extends the file {SpecException.Show(text)}; it can only extend a built-in one");
        return Beside(extends, text);
    }

    private static string NotFound(string name, IReadOnlyCollection<string>? builtIns) => IsBuiltIn(name)
        ? $"there is no built-in spec {SpecException.Show(name)}; write {(builtIns is { Count: > 0 } ? string.Join(", ", builtIns) + ", " : "the name of one ")}or the name of a file with its .yaml{Words.Nearest(name, builtIns ?? [])}"
        : $"there is no file {SpecException.Show(name)}; write the name of a built-in spec, or of a file beside this one";

    /// <summary>A spec over the one that it extends: key by key within each section.</summary>
    private static YamlNode.Map Merged(YamlNode.Map own, YamlNode.Map parent)
    {
        var whole = own.Over(parent with { Entries = [.. parent.Entries.Where(entry => entry.Key.Text != "name")] });
        return whole with { Entries = [.. whole.Entries.Select(entry => entry with { Value = MergedSection(entry.Key.Text, entry.Value, parent[entry.Key.Text]) })] };
    }

    private static YamlNode MergedSection(string key, YamlNode own, YamlNode? parent) => key switch
    {
        "transport" or "framing" or "launch" or "tls" or "dialogue" or "lifecycle" or "concurrency" or "limits" or "levels" when parent is YamlNode.Map below && own is YamlNode.Map above => above.Over(below),
        _ => own,
    };

    /// <summary>With its framing as a request and a reply, also where one value stands for both.</summary>
    private static YamlNode.Map WithDirections(YamlNode.Map map) =>
        map with { Entries = [.. map.Entries.Select(entry => entry.Key.Text == "framing" ? entry with { Value = Both(entry.Value) } : entry)] };

    private static YamlNode.Map Both(YamlNode framing)
    {
        var map = Section.MapOf(framing, "framing");
        var section = new Section(framing, "framing");
        if (section["request"] is null && section["reply"] is null)
        {
            if (section.OneOf(SpecKeys.Of("framing")) is null) throw framing.Wrong($"framing is empty; write one of {Section.Either(SpecKeys.Of("direction"))}, or {{ request: …, reply: … }}");
            return new YamlNode.Map(framing.Place, [new(Word("request"), map), new(Word("reply"), map)]);
        }

        if (section.Given.FirstOrDefault(key => key is not ("request" or "reply")) is { } other) throw section.Wrong(other, $"framing has both {other} and request or reply; write {other} inside of them, or alone for both");
        foreach (var direction in section.Given)
        {
            var inside = Section.MapOf(section[direction]!, "direction");
            if (inside["http"] is { } http) throw http.Wrong("http is the framing of both directions; write framing: { http: {} }");
            Section.MustKnow(inside, SpecKeys.Of("direction"), "direction");
        }

        return map;

        YamlNode.Scalar Word(string text) => new(framing.Place, text, Quotes.None, null);
    }
}
