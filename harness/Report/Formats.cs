using System.Text;
using System.Text.Json;

namespace SockConformance.Report;

/// <summary>What a run can be written as besides results.json and junit.xml.</summary>
public enum Format
{
    Ctrf,
    Sarif,
    Tap,
    Markdown,
}

/// <summary>The further formats: each is made from what results.json says, so a merged run has them as well.</summary>
internal static class Formats
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    public static string FileOf(Format format) => format switch
    {
        Format.Ctrf => "ctrf-report.json",
        Format.Sarif => "results.sarif",
        Format.Tap => "results.tap",
        _ => "summary.md",
    };

    /// <param name="strict">A violated SHOULD counts like a MUST.</param>
    public static void Write(string folder, IEnumerable<Format> formats, ResultsJson.Document run, bool strict)
    {
        foreach (var format in formats.Distinct())
        {
            RunFolder.Write(folder, FileOf(format), format switch
            {
                Format.Ctrf => CtrfJson.Write(run, strict),
                Format.Sarif => SarifJson.Write(run, strict),
                Format.Tap => TapText.Write(run, strict),
                _ => MarkdownSummary.Write(run, MarkdownSummary.MostBytes),
            });
        }
    }

    public static bool Fails(this ResultsJson.EntryDocument entry, bool strict) => entry.Verdict == "fail" || (strict && entry.Verdict == "warn");

    /// <summary>What is to be said of it beyond its verdict, in one line; empty where that is nothing.</summary>
    public static string Message(this ResultsJson.EntryDocument entry) =>
        Printable.Line(entry.Expected is null ? entry.Why ?? "" : $"expected {entry.Expected}; observed {entry.Actual}", 1000);

    /// <summary>The lines that help with a failure: usual cause, fix, how to see it again.</summary>
    public static IEnumerable<(string Label, string Text)> Advice(this ResultsJson.EntryDocument entry) =>
        from line in new (string Label, string? Text)[] { ("clause", entry.Clause), ("usual cause", entry.Expected is null ? null : entry.Why), ("fix", entry.Fix), ("reproduce", entry.Replay) }
        where line.Text is { Length: > 0 }
        select (line.Label, Printable.Line(line.Text, 1000));

    public static string Json(Action<Utf8JsonWriter> content)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Indented)) content(json);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n";
    }
}
