using System.Globalization;

namespace SockConformance.Report.Html;

/// <summary>The parts of the page around failures and requirements.</summary>
internal static class Page
{
    private const double BarWidth = 1000;

    public static void Header(HtmlWriter html, RunView run)
    {
        var (verdict, text) = Headline.Of(run);
        var (_, word, symbol) = Verdicts.All.First(one => one.Class == verdict);
        html.Open("header", ("class", "top")).Element("p", "sockconf report", ("class", "eyebrow"));
        html.Open("h1");
        Verdicts.Badge(html, verdict, word, symbol);
        html.Text($" {text}").Close();
        html.Open("p", ("class", "target")).Element("code", run.Target.Length > 0 ? run.Target : "(target unknown)").Close();
        Bar(html, run);
        html.Open("dl", ("class", "facts"));
        Fact(html, "Spec", run.Spec);
        Fact(html, "Seed", run.Seed, isCode: true);
        Fact(html, "Started", run.Started.Replace('T', ' ').Replace("Z", " UTC", StringComparison.Ordinal));
        Fact(html, "Took", run.Duration is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s{(run.Cases > 0 ? $", {run.Cases:#,0} cases" : "")}{(run.ConnectionsInAll > 0 ? $", {run.ConnectionsInAll:#,0} connections" : "")}") : "");
        Fact(html, "Sandbox", run.Sandbox);
        Fact(html, "Capture", run.Received is > 0 ? string.Create(CultureInfo.InvariantCulture, $"{run.Backend}: {run.Received:#,0} packets, {run.Dropped ?? 0:#,0} lost") : run.Backend);
        Fact(html, "Exit code", run.Exit is { } exit ? $"{exit}" : "none: cut off");
        Fact(html, "By", run.Tool);
        html.Close().Close().Break();
    }

    public static void Navigation(HtmlWriter html, RunView run, int failures)
    {
        html.Open("nav", ("aria-label", "Parts of this report")).Open("ul");
        if (failures > 0) Link("#failures", $"What is wrong ({failures})");
        if (run.Requirements.Any(requirement => IsUntested(requirement) || IsPartly(requirement))) Link("#untested", "Not tested");
        Link("#requirements", $"Requirements ({run.Requirements.Length})");
        if (run.Visits.Count > 0 || run.Coverage is not null) Link("#model", "Socket model");
        if (!run.Connections.IsEmpty) Link("#connections", "Connections");
        Link("#files", "Files");
        html.Close().Close().Break();

        void Link(string place, string text) => html.Open("li").Element("a", text, ("href", place)).Close();
    }

    public static void Notes(HtmlWriter html, RunView run)
    {
        if (run.Notes.IsEmpty) return;
        html.Open("section", ("class", "notes"), ("aria-label", "Notes")).Element("h2", "This report is not complete").Open("ul");
        foreach (var note in run.Notes) html.Element("li", note);
        html.Close().Close().Break();
    }

    /// <summary>What was not tested, by the reason why.</summary>
    public static void NotTested(HtmlWriter html, RunView run)
    {
        var groups = run.Requirements.Where(IsUntested).GroupBy(requirement => requirement.Why ?? "no reason is known").OrderByDescending(group => group.Count()).ToList();
        var partly = run.Requirements.Count(IsPartly);
        if (groups.Count + partly == 0) return;
        html.Open("section", ("id", "untested"), ("aria-labelledby", "untested-title")).Element("h2", "Not tested, or not decided", ("id", "untested-title")).Open("dl", ("class", "untested"));
        foreach (var group in groups)
        {
            html.Element("dt", group.Key).Open("dd");
            foreach (var requirement in group) html.Element("code", requirement.Id).Text(" ");
            html.Close();
        }

        html.Close();
        if (partly > 0) html.Element("p", $"{partly} {(partly == 1 ? "requirement holds" : "requirements hold")} in all cases that were run, but some of their cases were not: the table has the reason at each. A run with --profile thorough runs them all.");
        html.Close().Break();
    }

    public static void Model(HtmlWriter html, RunView run)
    {
        if (run.Visits.Count == 0 && run.Coverage is null) return;
        html.Open("section", ("id", "model"), ("aria-labelledby", "model-title")).Element("h2", "Socket model: what was tried", ("id", "model-title"));
        if (run.Visits.Count > 0) StateDiagram.Write(html, run.Visits);
        if (run.Coverage is { } table)
        {
            html.Element("p", "How often each primitive was called in each state of the model.").Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "coverage")).Open("pre").Lines(table).Close().Close();
        }

        html.Close().Break();
    }

    public static void Connections(HtmlWriter html, RunView run)
    {
        if (run.Connections.IsEmpty) return;
        html.Open("section", ("id", "connections"), ("aria-labelledby", "connections-title")).Element("h2", "Connections", ("id", "connections-title")).Open("details");
        html.Element("summary", string.Create(CultureInfo.InvariantCulture, $"{run.ConnectionsInAll:#,0} 5-tuples{(run.ConnectionsInAll > run.Connections.Length ? $"; the first {run.Connections.Length} are listed, events.ndjson has all" : "")}"));
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "connections")).Open("table").Open("thead").Open("tr");
        foreach (var name in (string[])["protocol", "source", "destination", "in a case of", "connected", "sent", "received", "case ended"]) html.Element("th", name, ("scope", "col"));
        html.Close().Close().Open("tbody");
        foreach (var one in run.Connections)
        {
            html.Open("tr").Element("td", one.Protocol).Element("td", one.Source).Element("td", one.Destination).Element("td", one.Requirement).Element("td", one.Established ? "yes" : "no");
            html.Element("td", Count(one.Sent)).Element("td", Count(one.Received)).Element("td", one.Close == "none" ? "–" : one.Close).Close().Break();
        }

        html.Close().Close().Close().Close().Close().Break();
    }

    public static void Files(HtmlWriter html, RunView run)
    {
        html.Open("section", ("id", "files"), ("aria-labelledby", "files-title")).Element("h2", "Files", ("id", "files-title")).Open("ul", ("class", "files"));
        foreach (var (path, size) in run.Files) html.Open("li").Element("a", path, ("href", path), ("download", "")).Element("span", $" {Size(size)}", ("class", "quiet")).Close();
        html.Close().Close().Break();
    }

    private static bool IsUntested(RequirementView requirement) => requirement.Verdict is "skip" or "inconclusive" or "error" && !requirement.IsShown;

    private static bool IsPartly(RequirementView requirement) => requirement is { Verdict: "pass", Why.Length: > 0, Baseline: null };

    private static void Fact(HtmlWriter html, string name, string text, bool isCode = false)
    {
        if (text.Length == 0) return;
        html.Open("div").Element("dt", name).Open("dd").Element(isCode ? "code" : "span", text).Close().Close();
    }

    /// <summary>The share of each verdict, in one line.</summary>
    private static void Bar(HtmlWriter html, RunView run)
    {
        var counts = Verdicts.All.Select(one => (one.Class, one.Word, one.Symbol, Count: run.Requirements.Count(requirement => Verdicts.Of(requirement).Class == one.Class))).Where(one => one.Count > 0).ToList();
        if (counts.Count == 0) return;
        html.Open("svg", ("class", "bar"), ("viewBox", "0 0 1000 10"), ("preserveAspectRatio", "none"), ("aria-hidden", "true"));
        var (x, sum) = (0.0, counts.Sum(one => one.Count));
        foreach (var (name, _, _, count) in counts)
        {
            var width = BarWidth * count / sum;
            html.Void("rect", ("class", name), ("x", F(x)), ("y", "0"), ("width", F(Math.Max(width - 2, 1))), ("height", "10"));
            x += width;
        }

        html.Close().Open("ul", ("class", "counts"), ("aria-label", "Verdicts"));
        foreach (var (name, word, symbol, count) in counts) html.Open("li", ("class", name)).Element("span", symbol, ("aria-hidden", "true")).Element("strong", $" {count}").Text($" {word}").Close();
        html.Close();
    }

    private static string Count(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes < 10_000 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1000:#,0} kB");

    private static string F(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
