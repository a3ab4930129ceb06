using System.Globalization;
using System.Text;

namespace SockConformance.Spec;

/// <summary>A spec that cannot be used; the message is one line that says where, what is wrong and what to write instead.</summary>
public sealed class SpecException : Exception
{
    public SpecException(string message) : base(message)
    {
    }

    internal SpecException(Place place, string message) : base($"{place}: {message}")
    {
    }

    /// <summary>A piece of a file as it may stand in such a line: short, quoted, nothing in it that is not printable.</summary>
    internal static string Show(string text)
    {
        var shown = new StringBuilder("'");
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length > 60) return shown.Append("…'").ToString();
            if (IsPrintable(rune)) shown.Append(rune);
            else shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
        }

        return shown.Append('\'').ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}

/// <summary>Where something stands in a spec; lines and columns count from 1.</summary>
internal sealed record Place(string File, long Line, long Column)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}
