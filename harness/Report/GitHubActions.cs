using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SockConformance.Report;

/// <summary>
/// A run inside GitHub Actions: annotations and the job's summary. While results are printed, workflow commands are switched off:
/// the runner looks for them in every line, and lines may quote what a target has said.
/// </summary>
internal sealed class GitHubActions(TextWriter output, string? summaryFile)
{
    /// <summary>GitHub shows so many annotations of a level for each step.</summary>
    private const int MostOfALevel = 10;

    private readonly string token = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Null where this is no job of GitHub Actions.</summary>
    public static GitHubActions? Around(TextWriter output) =>
        Environment.GetEnvironmentVariable("GITHUB_ACTIONS") == "true" ? new GitHubActions(output, Environment.GetEnvironmentVariable("GITHUB_STEP_SUMMARY")) : null;

    public void Begin()
    {
        output.WriteLine($"::stop-commands::{token}");
        output.Flush();
    }

    /// <returns>A line for stderr if the summary could not be written, else null.</returns>
    public string? End(ResultsJson.Document run, bool strict)
    {
        output.WriteLine($"::{token}::");
        var notes = from entry in run.Requirements
                    let level = LevelOf(entry, strict)
                    where level is not null
                    group entry by level;
        foreach (var level in notes)
        {
            var fit = level.Count() <= MostOfALevel ? MostOfALevel : MostOfALevel - 1;
            foreach (var entry in level.Take(fit))
                output.WriteLine($"::{level.Key} title={Property(Printable.Line($"{entry.Id}: {entry.Title}"))}::{Message(string.Join('\n', [entry.Message(), .. entry.Advice().Select(line => $"{line.Label}: {line.Text}")]))}");
            if (level.Count() > fit) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"::{level.Key} title=sockconf::{level.Count() - fit} more: see the summary of the job, or results.json"));
        }

        output.Flush();
        return Summarise(run);
    }

    private string? Summarise(ResultsJson.Document run)
    {
        if (summaryFile is not { Length: > 0 }) return null;
        try
        {
            var there = new FileInfo(summaryFile) is { Exists: true } file ? file.Length : 0;
            File.AppendAllText(summaryFile, MarkdownSummary.Write(run, MarkdownSummary.MostBytes - there), new UTF8Encoding(false));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the job's summary (GITHUB_STEP_SUMMARY) cannot be written: {e.Message}";
        }
    }

    private static string? LevelOf(ResultsJson.EntryDocument entry, bool strict) => entry switch
    {
        _ when entry.Fails(strict) || entry.Verdict == "error" => "error",
        { Baseline: "xpass" } => "notice",
        { Verdict: "warn" or "flaky" or "inconclusive" } => "warning",
        _ => null,
    };

    private static string Message(string text) => text.Replace("%", "%25", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) => Message(text).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal);
}
