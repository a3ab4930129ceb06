using System.Globalization;
using System.Text;

namespace SockConformance.Report;

/// <summary>results.tap: TAP 14. A known failure is a TODO, which fails no run; what could not be decided is not ok.</summary>
internal static class TapText
{
    public static string Write(ResultsJson.Document run, bool strict)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"TAP version 14\n1..{run.Requirements.Length}\n"));
        foreach (var (index, entry) in run.Requirements.Index())
        {
            var directive = entry switch { { Verdict: "skip" } => $" # SKIP {Escape(entry.Why)}", { Baseline: "xfail" } => $" # TODO {Escape(entry.Why)}", _ => "" };
            var ok = !entry.Fails(strict) && entry.Verdict is not ("error" or "inconclusive") && entry.Baseline != "xfail";
            text.Append(CultureInfo.InvariantCulture, $"{(ok ? "ok" : "not ok")} {index + 1} - {Escape($"{entry.Id}: {entry.Title}")}{directive.TrimEnd()}\n");
            if (entry.Verdict is "pass" or "skip") continue;
            text.Append("  ---\n");
            Line("verdict", entry.Baseline ?? entry.Verdict);
            if (entry.Message() is { Length: > 0 } message) Line("message", message);
            foreach (var (label, line) in entry.Advice()) Line(label.Replace(' ', '_'), line);
            if (entry.Capture is { } capture) Line("capture", capture);
            text.Append("  ...\n");
        }

        return text.ToString();

        // A line in single quotes needs no escape but of themselves; in double quotes YAML has none for half a surrogate pair.
        void Line(string key, string value) => text.Append(CultureInfo.InvariantCulture, $"  {key}: '{Printable.Line(value, 2000).Replace("'", "''", StringComparison.Ordinal)}'\n");
    }

    private static string Escape(string? words) => Printable.Line(words ?? "", 300).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("#", "\\#", StringComparison.Ordinal);
}
