using System.Globalization;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>How the console is to be written to.</summary>
/// <param name="Color">SGR colours on the results.</param>
/// <param name="Bar">A line on stderr that is drawn again and again.</param>
/// <param name="Quiet">Only what is not a pass, and the summary.</param>
/// <param name="Verbose">A line per case.</param>
internal sealed record ConsoleStyle(bool Color, bool Bar, bool Quiet, bool Verbose);

/// <summary>What a person sees: a line per requirement as it is decided, a card per failure, a summary. Results on stdout, progress on stderr.</summary>
internal sealed class ConsoleReport(TextWriter results, TextWriter progress, ConsoleStyle style) : IRunObserver
{
    private const int LabelWidth = 12;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(80);
    private int done, total, cases;
    private TimeSpan drawn;
    private string doing = "";

    public void Header(RunHeader header)
    {
        if (style.Quiet) return;
        results.WriteLine($"sockconf {RunHeader.Version}  seed {header.SeedText}  sandbox: {Printable.Line(header.Sandbox)}  capture: {Printable.Line(header.Capture)}");
        results.WriteLine($"target  {Printable.Line(header.Target)}  spec {Printable.Line(header.Spec)}");
        results.WriteLine();
        results.Flush();
    }

    void IRunObserver.CaseDone(Requirement requirement, Evidence evidence, Verdict verdict, CloseVerdict close)
    {
        cases++;
        if (style.Verbose)
        {
            Clear();
            results.WriteLine($"        case  {requirement.Id}  {Printable.Line(evidence.Scenario.Situation)}: {verdict.GetType().Name.ToLowerInvariant()}, close {ResultsJson.CloseName(close)}");
        }

        Draw();
    }

    void IRunObserver.Shrinking(Requirement requirement)
    {
        doing = $"shrinking {requirement.Id}";
        Draw();
    }

    void IRunObserver.RequirementDone(RequirementResult result, int number, int outOf)
    {
        (done, total, doing) = (number, outOf, "");
        Clear();
        if (!style.Quiet || result.Status is not (Status.Pass or Status.Skip or Status.XFail or Status.Info))
        {
            var reason = result.Reason is { } why ? $" ({Printable.Line(why, 160)})" : "";
            var width = $"{outOf}".Length;
            results.WriteLine(
                $"  {Paint(result.Status, Name(result.Status).PadRight(6))}[{Seconds(result.Duration),6}s] ({$"{number}".PadLeft(width)}/{outOf}) {result.Requirement.Id}  {result.Requirement.Title}{reason}");
            results.Flush();
        }

        Draw();
    }

    /// <summary>All that is known of one failure, in the words of somebody who has not read the standard.</summary>
    public void Card(RequirementResult result, FailurePaths? paths, string folder)
    {
        if (result.Failure is not { } failure) return;
        Clear();
        var requirement = result.Requirement;
        results.WriteLine();
        results.WriteLine($"{Paint(result.Status, requirement.Id)} — {requirement.Title}   [{requirement.Clause}; {requirement.Level.ToString().ToUpperInvariant()}]");
        Row("demanded", requirement.Statement);
        Row("what we did", failure.Did);
        Row("expected", failure.Violation.Expected);
        Row("observed", failure.Violation.Observed);
        if (failure is ScenarioFailure { Evidence.Target: { End: not null } target } && LastLine(target.Output) is { Length: > 0 } said) Row("it printed", said);
        Row("usual cause", requirement.Why);
        Row("fix", requirement.Fix);
        var shrinking = failure.Shrinking;
        Row("shrunk", (shrinking.Runs == 0 ? $"no smaller program was found ({shrinking.StepsBefore} primitives)" : $"{shrinking.StepsBefore} → {shrinking.StepsAfter} primitives in {shrinking.Runs} runs")
            + $"; failed in {failure.Confirmed.Failed} of {failure.Confirmed.Runs} runs on fresh targets");
        if (paths?.Capture is { } capture) Row("capture", Path.Combine(folder, capture) + "   (Wireshark: frame.comment)");
        if (paths is not null) Row("reproduce", paths.Replay);
        results.Flush();
    }

    /// <summary>What the baseline knew, and what of it is mended.</summary>
    public void Known(IEnumerable<RequirementResult> decided)
    {
        foreach (var result in decided.Where(result => result.Status is Status.XFail or Status.XPass))
        {
            Clear();
            results.WriteLine($"  {Paint(result.Status, Name(result.Status).PadRight(6))} {result.Requirement.Id}  {Printable.Line(result.Reason ?? "", 300)}");
        }
    }

    public void Summary(RunHeader header, RunResult run, string? folder, int exit) =>
        Summary(header, run, folder, exit, "requirements", $"{run.Cases} cases, {run.Connections} connections, {(header.Captured ? $"{run.Packets} packets, {run.Dropped} lost" : "no capture")}");

    /// <summary>How a check of a driver ended.</summary>
    public void DriverSummary(RunHeader header, RunResult run, DriverCheck check, string folder, int exit)
    {
        var pairs = check.Coverage.Pairs(1);
        Summary(
            header, run, folder, exit, "rules", $"{check.Programs} programs, {check.Primitives} primitives{(check.CutShort is { } why ? $", cut short: {why}" : "")}",
            pairs == 0 ? null : $"Coverage {pairs} pairs of state and primitive; {check.Coverage.Pairs(50)} of them at least 50 times ({Printable.Line(Path.Combine(folder, "coverage.txt"))})");
    }

    /// <param name="what">What was judged, in the plural.</param>
    /// <param name="effort">What was done for it.</param>
    /// <param name="further">Another line; null for none.</param>
    private void Summary(RunHeader header, RunResult run, string? folder, int exit, string what, string effort, string? further = null)
    {
        Clear();
        var parts = from status in Enum.GetValues<Status>()
                    let count = run.Count(status)
                    where count > 0
                    select Paint(status, $"{count} {(status is Status.Fail or Status.Warn or Status.Error ? Name(status) : Name(status).ToLowerInvariant())}");
        results.WriteLine();
        results.WriteLine($"Summary  {run.Requirements.Length} {what}: {string.Join(", ", parts)}  ({Seconds(run.Duration)} s, {effort})");
        if (further is not null) results.WriteLine(further);
        results.WriteLine($"{(folder is null ? "" : $"Report   {Printable.Line(folder)}   ")}seed {header.SeedText}   exit {exit}{(run.Interrupted is null ? "" : " (interrupted)")}");
        results.Flush();
    }

    private static string Name(Status status) => status switch
    {
        Status.Inconclusive => "INCONC",
        Status.Warn => "SHOULD",
        _ => status.ToString().ToUpperInvariant(),
    };

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);

    private void Row(string label, string text) => results.WriteLine($"  {label.PadRight(LabelWidth)}  {Printable.Line(text, 1000)}");

    private string Paint(Status status, string text)
    {
        if (!style.Color) return text;
        var code = status switch { Status.Pass or Status.Info => 32, Status.Fail or Status.Error => 31, Status.Skip => 90, _ => 33 };
        return $"\e[{code}m{text}\e[0m";
    }

    private void Clear()
    {
        if (!style.Bar) return;
        progress.Write("\r\e[K");
        progress.Flush();
    }

    private void Draw()
    {
        if (!style.Bar || total == 0 || Clock.Now - drawn < Redraw) return;
        drawn = Clock.Now;
        const int width = 24;
        var filled = width * done / total;
        progress.Write($"\r\e[K  [{new string('=', filled)}{new string(' ', width - filled)}] {done}/{total}  {cases} cases  {Seconds(Clock.Now)} s  {doing}");
        progress.Flush();
    }
}
