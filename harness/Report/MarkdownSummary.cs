using System.Globalization;
using System.Text;

namespace SockConformance.Report;

/// <summary>A page of Markdown with what did not pass: summary.md, and the summary of a job in GitHub Actions.</summary>
internal static class MarkdownSummary
{
    /// <summary>GitHub refuses a step's summary of more than 1 MiB as a whole.</summary>
    public const int MostBytes = (1 << 20) - 1024;

    /// <param name="room">How many bytes it may have; what does not fit is left out and counted.</param>
    public static string Write(ResultsJson.Document run, long room)
    {
        var counts = run.Requirements.GroupBy(entry => entry.Baseline ?? entry.Verdict).OrderBy(group => Array.IndexOf(Order, group.Key)).Select(group => $"{group.Count()} {group.Key}");
        var page = new StringBuilder(
            $"## {(run.Exit == 0 ? "✅" : run.Exit == 7 ? "⚠️" : "❌")} sockconf {Text(run.Spec)}: {string.Join(", ", counts)}\n\n"
            + $"{Code(run.Target)}, seed {Code(run.Seed)}, sandbox: {Text(run.Sandbox)}, capture: {Text(run.Capture.Backend)}, {(run.DurationMs / 1000.0).ToString("0.0", CultureInfo.InvariantCulture)} s, exit {run.Exit}\n\n");
        var rows = run.Requirements.Where(entry => entry.Baseline is not null || entry.Verdict is not ("pass" or "skip" or "info")).OrderBy(entry => Array.IndexOf(Order, entry.Baseline ?? entry.Verdict)).ToList();
        if (rows.Count > 0) page.Append("| | requirement | what | |\n|---|---|---|---|\n");
        var size = Encoding.UTF8.GetByteCount(page.ToString());
        const int last = 200; // the line that says how many are left out
        foreach (var (index, entry) in rows.Index())
        {
            var row = $"| {Sign(entry)} | {Code(entry.Id)} {Text(entry.Title)}<br>{Text(entry.Clause)} | {Text(entry.Message())} | {string.Join("<br>", entry.Advice().Skip(1).Select(line => $"{line.Label}: {(line.Label == "reproduce" ? Code(line.Text) : Text(line.Text))}"))} |\n";
            size += Encoding.UTF8.GetByteCount(row);
            if (size + last > room)
            {
                page.Append(CultureInfo.InvariantCulture, $"\n{rows.Count - index} more are in results.json.\n");
                break;
            }

            page.Append(row);
        }

        return Encoding.UTF8.GetByteCount(page.ToString()) <= room ? page.Append('\n').ToString() : "";
    }

    private static readonly string[] Order = ["fail", "error", "warn", "flaky", "inconclusive", "xpass", "xfail", "pass", "info", "skip"];

    private static string Sign(ResultsJson.EntryDocument entry) => entry switch
    {
        { Baseline: "xfail" } => "known",
        { Baseline: "xpass" } => "✅ mended",
        { Verdict: "fail" } => "❌ FAIL",
        { Verdict: "error" } => "❌ error",
        { Verdict: "warn" } => "⚠️ SHOULD",
        _ => $"⚠️ {entry.Verdict}",
    };

    private static string Code(string text) => $"<code>{Text(text)}</code>";

    /// <summary>Every ASCII character that Markdown or HTML could take for more than itself is written as its number.</summary>
    private static string Text(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var c in Printable.Line(text, 1000))
        {
            if (char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c) && c is not (' ' or ',' or ';')) safe.Append(CultureInfo.InvariantCulture, $"&#{(int)c};");
            else safe.Append(c);
        }

        return safe.ToString();
    }
}
