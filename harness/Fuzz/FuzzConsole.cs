using System.Globalization;
using SockConformance.Model;
using SockConformance.Report;

namespace SockConformance.Fuzz;

/// <summary>What a person sees of a campaign: a small dashboard on a terminal, else a line for each find and one now and then; at the end a card for each failure and a summary.</summary>
internal sealed class FuzzConsole(TextWriter results, TextWriter progress, ConsoleStyle style) : IFuzzObserver
{
    private const int Lines = 5;
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(10);
    private TimeSpan lastLine;
    private string lastNew = "";
    private bool drawn;

    public void Progress(FuzzCounts counts)
    {
        if (style.Bar)
        {
            Clear();
            progress.Write(
                $"  {counts.Cases} cases, {Rate(counts)}/s, {counts.Primitives} primitives   {Time(counts.Time)}\n  states {counts.States}  transitions {counts.Transitions}  edges {(counts.Edges > 0 ? counts.Edges : "-")}  corpus {counts.Corpus}\n"
                + $"  last new {Time(counts.SinceNew)} ago{lastNew}\n  failures {counts.Finds}  suspects {counts.Suspects} ({counts.Unconfirmed} were nothing)\n\n");
            progress.Flush();
            drawn = true;
        }
        else if (!style.Quiet && Clock.Now - lastLine >= LineEvery)
        {
            lastLine = Clock.Now;
            results.WriteLine($"  {Time(counts.Time)}  {counts.Cases} cases ({Rate(counts)}/s)  states {counts.States}  transitions {counts.Transitions}  edges {counts.Edges}  corpus {counts.Corpus}  suspects {counts.Suspects}  failures {counts.Finds}");
            results.Flush();
        }
    }

    public void New(FuzzCounts counts, Scenario scenario)
    {
        lastNew = $": {Shortened(Printable.Line(scenario.OneLine(4), 90))}";
        if (!style.Verbose) return;
        Clear();
        results.WriteLine($"  NEW     case {counts.Cases}: {Printable.Line(scenario.OneLine(), 300)}");
    }

    public void Found(Find find)
    {
        Clear();
        results.WriteLine($"  {Paint("FOUND")}   {Time(find.At)}  {find.Requirement.Id}: {Printable.Line(find.Failure.Violation.Observed, 200)}   {find.Paths.Replay}");
        results.Flush();
    }

    public void Note(string text)
    {
        Clear();
        progress.WriteLine($"sockconf: {text}");
    }

    public void Drawn(long cases, ulong digest)
    {
        if (style.Verbose) results.WriteLine($"  the first {cases} cases: {digest:x16}");
    }

    public void Summary(FuzzCounts counts, string endedBy, string folder, string seed, int exit)
    {
        Clear();
        results.WriteLine();
        results.WriteLine($"Summary  {counts.Cases} cases in {Time(counts.Time)} ({Rate(counts)}/s), {counts.States} states, {counts.Transitions} transitions, {(counts.Edges > 0 ? $"{counts.Edges} edges, " : "")}{counts.Corpus} in the corpus");
        results.WriteLine($"         {counts.Finds} unique {(counts.Finds == 1 ? "failure" : "failures")}, {counts.Suspects} suspects, {counts.Unconfirmed} of them were nothing; ended: {Printable.Line(endedBy)}");
        if (counts.Judged > 0) results.WriteLine($"         {counts.Judged} connections judged by their packets{(counts.Lost > 0 ? $", {counts.Lost} packets lost" : "")}");
        results.WriteLine($"Report   {Printable.Line(folder)}   seed {seed}   exit {exit}");
        results.Flush();
    }

    private static string Rate(FuzzCounts counts) => counts.Rate.ToString("0", CultureInfo.InvariantCulture);

    private static string Time(TimeSpan time) => time.TotalMinutes < 2 ? $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s" : time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture);

    private static string Shortened(string text) => text.Length > 70 ? text[..70] + "…" : text;

    private string Paint(string text) => style.Color ? $"\e[31m{text}\e[0m" : text;

    private void Clear()
    {
        if (!drawn) return;
        progress.Write($"\e[{Lines}A\e[J");
        progress.Flush();
        drawn = false;
    }
}
