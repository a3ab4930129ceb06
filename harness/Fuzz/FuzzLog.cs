using System.Text.Json;
using SockConformance.Model;
using SockConformance.Report;

namespace SockConformance.Fuzz;

/// <summary>events.ndjson of a campaign, and whoever else is told. New cases are written at most so often: at first there are many.</summary>
internal sealed class FuzzLog(string folder, IFuzzObserver next, ReportTrouble trouble) : IFuzzObserver, IDisposable
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(5);
    private readonly EventStream events = new(folder, trouble);
    private TimeSpan last;

    public void Start(RunHeader header, FuzzPlan plan) => events.Write("fuzz.start", json =>
    {
        json.WriteString("tool", $"sockconf {RunHeader.Version}");
        json.WriteString("target", header.Target);
        json.WriteString("spec", header.Spec);
        json.WriteString("seed", header.SeedText);
        json.WriteString("sandbox", header.Sandbox);
        json.WriteString("capture", header.Capture);
        json.WriteNumber("workers", plan.Workers);
    });

    public void Progress(FuzzCounts counts)
    {
        if (Clock.Now - last >= ProgressEvery)
        {
            last = Clock.Now;
            events.Write("fuzz.progress", json => Write(json, counts));
        }

        next.Progress(counts);
    }

    public void New(FuzzCounts counts, Scenario scenario)
    {
        events.Write("fuzz.new", json =>
        {
            Write(json, counts);
            json.WriteString("case", Printable.Line(scenario.OneLine(8), 400));
        });
        next.New(counts, scenario);
    }

    public void Found(Find find)
    {
        events.Write("fuzz.found", json =>
        {
            json.WriteString("requirement", find.Requirement.Id);
            json.WriteString("signature", find.Signature);
            json.WriteString("observed", Printable.Line(find.Failure.Violation.Observed, 2000));
            json.WriteString("case", find.Paths.Case);
            json.WriteString("replay", find.Paths.Replay);
        });
        next.Found(find);
    }

    public void Note(string text)
    {
        events.Write("note", json => json.WriteString("text", text));
        next.Note(text);
    }

    public void Drawn(long cases, ulong digest)
    {
        events.Write("fuzz.drawn", json =>
        {
            json.WriteNumber("cases", cases);
            json.WriteString("digest", $"{digest:x16}");
        });
        next.Drawn(cases, digest);
    }

    public void End(FuzzCounts counts, string why, int exit) => events.Write("fuzz.end", json =>
    {
        Write(json, counts);
        json.WriteString("ended", why);
        json.WriteNumber("exit", exit);
    });

    public void Dispose() => events.Dispose();

    private static void Write(Utf8JsonWriter json, FuzzCounts counts)
    {
        json.WriteNumber("cases", counts.Cases);
        json.WriteNumber("cases_per_second", Math.Round(counts.Rate));
        json.WriteNumber("states", counts.States);
        json.WriteNumber("transitions", counts.Transitions);
        json.WriteNumber("edges", counts.Edges);
        json.WriteNumber("corpus", counts.Corpus);
        json.WriteNumber("unique_failures", counts.Finds);
    }
}
