using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>A map of a spec whose keys are known (<see cref="SpecKeys"/>), and its values as what they should be. Whatever is not so is an error at its place.</summary>
internal sealed class Section
{
    private readonly YamlNode.Map? map;
    private readonly string name;
    private readonly Place place;

    /// <param name="node">Null where the section is left out.</param>
    /// <param name="name">One of <see cref="SpecKeys.Sections"/>.</param>
    public Section(YamlNode? node, string name, Place? whereLeftOut = null)
    {
        this.name = name;
        place = node?.Place ?? whereLeftOut ?? new Place("", 1, 1);
        if (node is null) return;
        map = MapOf(node, name);
        MustKnow(map, SpecKeys.Of(name), name);
    }

    public bool IsGiven => map is not null;

    /// <summary>Where it begins; where it is left out, what contains it.</summary>
    public Place Place => place;

    /// <summary>The keys that are given, in their order.</summary>
    public IEnumerable<string> Given => map?.Entries.Select(entry => entry.Key.Text) ?? [];

    public YamlNode? this[string key] => map?[key];

    public static YamlNode.Map MapOf(YamlNode node, string name) => node as YamlNode.Map ?? throw node.Wrong($"{Said(name)} is {node.Kind}; write {Sample(name)}");

    public static void MustKnow(YamlNode.Map map, string[] known, string name)
    {
        foreach (var (key, _) in map.Entries)
        {
            if (!known.Contains(key.Text, StringComparer.Ordinal)) throw key.Wrong($"{Said(name)} has no key {SpecException.Show(key.Text)}{Listed("its keys are", known)}{Words.Nearest(key.Text, known)}");
        }
    }

    public SpecException Wrong(string message) => new(place, message);

    /// <summary>At the key's value, or where the section begins if it is left out.</summary>
    public SpecException Wrong(string key, string message) => new(PlaceOf(key), message);

    public Place PlaceOf(string key) => map?[key]?.Place ?? place;

    public Section Inner(string key, string section) => new(this[key], section, place);

    /// <summary>The one key that is given of these; null for none of them.</summary>
    public string? OneOf(params IEnumerable<string> keys)
    {
        var given = Given.Where(keys.Contains).ToList();
        return given.Count < 2 ? given.FirstOrDefault() : throw Wrong(given[1], $"{Said(name)} has both {given[0]} and {given[1]}; write one of them");
    }

    /// <summary>The position of a word among those that may stand here; zero where it is left out.</summary>
    public int Choice(string key, int standard = 0)
    {
        if (this[key] is not { } node) return standard;
        var words = SpecKeys.WordsOf($"{name}.{key}");
        var text = Text(node, key, one => $"write {Either(words)}");
        return Array.IndexOf(words, text) is >= 0 and var at ? at : throw node.Wrong($"{key} is {SpecException.Show(text)}; write {Either(words)}{Words.Nearest(text, words)}");
    }

    public bool Flag(string key, bool standard)
    {
        if (this[key] is not { } node) return standard;
        return node is YamlNode.Scalar { Quotes: Quotes.None, Text: "true" or "false" } scalar ? scalar.Text == "true" : throw node.Wrong($"{key} is {node.Kind}; write true or false");
    }

    /// <summary>A key that says something by being there: its value is true.</summary>
    public void MustBeTrue(string key)
    {
        if (this[key] is not YamlNode.Scalar { Quotes: Quotes.None, Text: "true" }) throw Wrong(key, $"{key} is {this[key]!.Kind}; write {key}: true, or leave it out");
    }

    public int Number(string key, int standard, int least, int most)
    {
        if (this[key] is not { } node) return standard;
        var range = $"write a whole number from {least} to {most}";
        return node is YamlNode.Scalar { Quotes: Quotes.None, Text: { Length: > 0 and < 10 } text } && text.All(char.IsAsciiDigit) && int.Parse(text, CultureInfo.InvariantCulture) is var number && number >= least && number <= most
            ? number : throw node.Wrong($"{key} is {node.Kind}; {range}");
    }

    /// <summary>A number of bytes: 512, 4KiB or 1MiB.</summary>
    public int Size(string key, int standard, int least, int most)
    {
        if (this[key] is not { } node) return standard;
        if (node is not YamlNode.Scalar { IsNull: false } scalar) throw node.Wrong($"{key} is {node.Kind}; write a size, for example 512, 4KiB or 1MiB");
        var digits = Digits(scalar.Text, fraction: false);
        var unit = scalar.Text[digits..] switch { "" => 1, "KiB" => 1024, "MiB" => 1024 * 1024, _ => 0 };
        if (digits is 0 or > 9 || unit == 0) throw node.Wrong($"{key} is {SpecException.Show(scalar.Text)}; write a size in bytes, KiB or MiB, for example 512, 4KiB or 1MiB");
        var size = long.Parse(scalar.Text[..digits], CultureInfo.InvariantCulture) * unit;
        return size >= least && size <= most ? (int)size : throw node.Wrong($"{key} is {scalar.Text}; write a size from {SizeText(least)} to {SizeText(most)}");
    }

    /// <summary>A time: 500ms, 2s or 1m.</summary>
    public TimeSpan? Duration(string key)
    {
        if (this[key] is not { } node) return null;
        if (node is not YamlNode.Scalar { IsNull: false } scalar) throw node.Wrong($"{key} is {node.Kind}; write a time, for example 500ms, 2s or 1m");
        var digits = Digits(scalar.Text, fraction: true);
        var unit = scalar.Text[digits..] switch { "ms" => TimeSpan.FromMilliseconds(1), "s" => TimeSpan.FromSeconds(1), "m" => TimeSpan.FromMinutes(1), _ => TimeSpan.Zero };
        if (unit == TimeSpan.Zero || digits > 9 || !char.IsAsciiDigit(scalar.Text[0]) || scalar.Text[digits - 1] == '.' || !double.TryParse(scalar.Text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            throw node.Wrong($"{key} is {SpecException.Show(scalar.Text)}; write a time in ms, s or m, for example 500ms, 2s or 1m");
        var milliseconds = number * unit.TotalMilliseconds;
        return milliseconds is >= 1 and <= 600_000 ? TimeSpan.FromMilliseconds(milliseconds) : throw node.Wrong($"{key} is {scalar.Text}; write a time from 1ms to 10m");
    }

    /// <summary>One line of text.</summary>
    public string? Line(string key, int most)
    {
        if (this[key] is not { } node) return null;
        var text = Text(node, key, _ => "write a text");
        return text.Length <= most && !text.Any(char.IsControl) ? text : throw node.Wrong($"{key} is {SpecException.Show(text)}; write one line of at most {most} characters");
    }

    public byte[]? Bytes(string key) => this[key] is { } node ? BytesOf(node, key) : null;

    public static byte[] BytesOf(YamlNode node, string key)
    {
        if (node is YamlNode.Map map)
        {
            MustKnow(map, SpecKeys.Of("hex"), "hex");
            var hex = map["hex"] is { } digits ? Text(digits, "hex", _ => "write hexadecimal digits, for example { hex: \"0D0A\" }") : throw node.Wrong("hex is empty; write hexadecimal digits, for example { hex: \"0D0A\" }");
            return hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hex) : throw map["hex"]!.Wrong($"hex is {SpecException.Show(hex)}; write two hexadecimal digits for each byte, for example {{ hex: \"0D0A\" }}");
        }

        var text = Text(node, key, _ => "write a text in double quotes, or { hex: \"0D0A\" }");
        var scalar = (YamlNode.Scalar)node;
        if (scalar.ByteEscape is { } escape) throw node.Wrong($"{escape} is a character of two bytes in UTF-8; write bytes as {{ hex: \"{escape[2..].ToUpperInvariant()}\" }}, or the character itself");
        if (scalar.Quotes is Quotes.None or Quotes.Single && Escape(text) is { } sign) throw node.Wrong($"{sign} means a control character in double quotes only; write {key}: \"…{sign}\", or {{ hex: \"0D0A\" }}");
        return Encoding.UTF8.GetBytes(text);
    }

    /// <summary>A regular expression over bytes.</summary>
    public BytePattern? Pattern(string key)
    {
        if (this[key] is not { } node) return null;
        var text = Text(node, key, _ => "write a regular expression in single quotes");
        if (text.Length > 4096) throw node.Wrong($"{key} has {text.Length} characters; a pattern has at most 4096");
        foreach (var rune in text.EnumerateRunes())
        {
            if (!rune.IsAscii) throw node.Wrong($"a pattern is about bytes, and {SpecException.Show(rune.ToString())} is none; write '{string.Concat(Encoding.UTF8.GetBytes(rune.ToString()).Select(b => $"\\x{b:X2}"))}' for it in UTF-8");
        }

        try
        {
            return new BytePattern(text);
        }
        catch (ArgumentException e)
        {
            var why = e.InnerException is NotSupportedException ? "it needs backtracking, or it is too large" : SpecException.Show(e.Message.Replace(text, "", StringComparison.Ordinal)).Trim('\'');
            throw node.Wrong($"{key} cannot be used: {why}; write a smaller one without look-around and back-references");
        }
    }

    /// <summary>The text of a value that is one.</summary>
    public static string Text(YamlNode node, string key, Func<string, string> instead) =>
        node is YamlNode.Scalar { IsNull: false } scalar ? scalar.Text : throw node.Wrong($"{key} is {node.Kind}; {instead(key)}{(node is YamlNode.Scalar { Text.Length: > 0 } ? ", in quotes" : "")}");

    public static ImmutableArray<YamlNode> Items(YamlNode node, string key) => node is YamlNode.List list ? list.Items : throw node.Wrong($"{key} is {node.Kind}; write a list: [ … ]");

    public static string SizeText(int size) => size switch
    {
        >= 1 << 20 when size % (1 << 20) == 0 => $"{size >> 20}MiB",
        >= 1 << 10 when size % (1 << 10) == 0 => $"{size >> 10}KiB",
        _ => $"{size}",
    };

    public static string Either(IReadOnlyList<string> words) => words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";

    /// <summary>How many of the first characters make a number.</summary>
    private static int Digits(string text, bool fraction)
    {
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || (fraction && text[digits] == '.'))) digits++;
        return digits;
    }

    /// <summary>An escape that was probably meant as one.</summary>
    private static string? Escape(string text)
    {
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (text[i] == '\\' && text[i + 1] is 'r' or 'n' or 't' or '0' or 'x') return text.Substring(i, 2);
        }

        return null;
    }

    private static string Said(string section) => section switch { "spec" => "a spec", "rule" => "a rule", "direction" => "framing", "hex" => "a value", "level" => "a level", _ => section };

    private static string Sample(string section) => SpecKeys.Of(section) is [var first, ..] keys ? $"{{ {first}: … }}{Listed("; its keys are", keys)}" : "{}";

    private static string Listed(string words, string[] keys) => keys.Length == 0 ? "; write {}" : $"{(words.StartsWith(';') ? "" : "; ")}{words} {string.Join(", ", keys)}";
}
