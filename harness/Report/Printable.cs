using System.Globalization;
using System.Text;

namespace SockConformance.Report;

/// <summary>Makes untrusted text harmless at every output: no control character, escape sequence or bidirectional mark gets through.</summary>
internal static class Printable
{
    /// <summary>One line of at most <paramref name="most"/> characters; whatever could move a cursor or break a line is written as \xNN or \u{N}.</summary>
    public static string Line(string text, int most = 400)
    {
        var safe = new StringBuilder(Math.Min(text.Length, most) + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            var piece = rune.Value switch { '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", _ => Visible(rune) };
            if (safe.Length + piece.Length > most) return Cut(safe, most);
            safe.Append(piece);
        }

        return safe.ToString();
    }

    /// <summary>Several lines, each made printable.</summary>
    public static string Text(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(line => Line(line, 2000)));

    /// <summary>Text of several lines for XML 1.0, which cannot carry every character.</summary>
    public static string Xml(string text, int most = 64 * 1024)
    {
        var safe = new StringBuilder(Math.Min(text.Length, most));
        foreach (var rune in text.EnumerateRunes())
        {
            if (safe.Length >= most) return Cut(safe, most);
            safe.Append(rune.Value is '\n' or '\t' ? rune.ToString() : Visible(rune));
        }

        return safe.ToString();
    }

    private static string Visible(Rune rune) =>
        rune.Value is < 0x20 or 0x7f ? $"\\x{rune.Value:x2}" : IsHidden(rune) ? $"\\u{{{rune.Value:x}}}" : rune.ToString();

    private static string Cut(StringBuilder text, int most)
    {
        text.Length = Math.Min(text.Length, Math.Max(0, most - 1));
        if (text.Length > 0 && char.IsHighSurrogate(text[^1])) text.Length--;
        return text.Append('…').ToString();
    }

    private static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned;
}
