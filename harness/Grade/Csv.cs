using System.Globalization;
using System.Text;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>Comma-separated values (RFC 4180) that a spreadsheet takes for texts: nothing in them is a formula.</summary>
internal static class Csv
{
    private const string Formula = "=+-@＝＋－＠";

    public static string Line(IEnumerable<string> fields) => string.Join(',', fields) + "\r\n";

    /// <summary>A text in quotes. What would be a formula gets an apostrophe before it; control characters are written out.</summary>
    public static string Text(string text)
    {
        var shown = Printable.Line(text, 1000);
        var risky = text.TrimStart() is [var first, ..] && (Formula.Contains(first, StringComparison.Ordinal) || char.IsControl(text[0]));
        return new StringBuilder("\"").Append(risky ? "'" : "").Append(shown.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"').ToString();
    }

    /// <summary>A number; empty for none.</summary>
    public static string Number(decimal? number) => number?.ToString("0.##", CultureInfo.InvariantCulture) ?? "";
}
