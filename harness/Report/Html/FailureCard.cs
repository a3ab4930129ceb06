using System.Collections.Immutable;
using System.Globalization;

namespace SockConformance.Report.Html;

/// <summary>All that is known of one failure: what was done, expected and seen, why that happens, what to change, and what was on the wire.</summary>
internal static class FailureCard
{
    private const int FirstSteps = 9, LastSteps = 3;

    /// <param name="open">Its ladder is shown at once.</param>
    public static void Write(HtmlWriter html, RequirementView requirement, string folder, bool open)
    {
        var trace = requirement.Trace;
        html.Open("article", ("class", $"card {Verdicts.Of(requirement).Class}"), ("id", requirement.Anchor), ("aria-labelledby", $"{requirement.Anchor}-title"));
        html.Open("header");
        Verdicts.Badge(html, requirement);
        html.Open("h3", ("id", $"{requirement.Anchor}-title")).Element("code", requirement.Id).Text(requirement.Title.Length > 0 ? $" {requirement.Title}" : "").Close();
        html.Open("p", ("class", "quiet")).Text(string.Join(" · ", ((string[])[requirement.Clause, requirement.Level.ToUpperInvariant(), requirement.Close is "" or "none" ? "" : $"close: {requirement.Close}"]).Where(part => part.Length > 0))).Close();
        html.Close().Break();

        html.Open("div", ("class", "versus"));
        Side(html, "expected", requirement.Expected);
        Side(html, "observed", requirement.Actual);
        html.Close().Break();

        html.Open("dl");
        Row(html, "Demanded", requirement.Statement);
        if (trace is { Steps.IsEmpty: false })
        {
            html.Element("dt", "What was done").Open("dd").Open("ol", ("class", "steps"));
            var all = trace.Steps.Index().ToList();
            foreach (var (index, step) in all.Count <= FirstSteps + LastSteps ? all : [.. all[..FirstSteps], .. all[^LastSteps..]])
                html.Element("li", step.Text, ("value", $"{index + 1}"), ("class", trace.ShownAtStep == index ? "bad" : step.Illegal is null ? null : "refused"));
            html.Close();
            if (all.Count > FirstSteps + LastSteps) html.Element("p", $"{trace.StepsInAll} steps in all: the first {FirstSteps} and the last {LastSteps}{(trace.StepsInAll > all.Count ? $" of {all.Count} that are written down" : "")}", ("class", "quiet"));
            html.Close();
        }

        if (trace is { Ended: not null, Output: var output } && output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() is { Length: > 0 } said)
            html.Element("dt", "It printed").Open("dd").Element("code", said).Close();
        Row(html, requirement.Verdict is "flaky" ? "Reason" : "Usual cause", requirement.Why);
        Row(html, "Fix", requirement.Fix);
        Row(html, "Found", History(trace));
        if (requirement.Replay is { } replay)
        {
            html.Element("dt", "Reproduce").Open("dd", ("class", "replay")).Element("code", replay);
            html.Element("button", "Copy", ("type", "button"), ("class", "copy"), ("hidden", ""), ("data-copy", replay), ("aria-label", $"Copy: {replay}")).Close();
        }

        Links(html, requirement);
        html.Close().Break();
        if (trace is { Steps.IsEmpty: false }) Ladder(html, requirement, trace, folder, open);
        if (trace is { Output.Length: > 0 }) html.Open("details").Element("summary", "What the target printed").Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "output of the target")).Open("pre").Lines(trace.Output).Close().Close().Close();
        html.Close().Break();
    }

    private static void Ladder(HtmlWriter html, RequirementView requirement, TraceView trace, string folder, bool open)
    {
        var (packets, note) = requirement.Capture is { } capture && trace.Began is not null ? PacketView.Read(Path.Combine(folder, capture), trace.Began) : (ImmutableArray<PacketView>.Empty, null);
        var known = trace.Steps.Any(step => step.Result is not null);
        if (packets.IsEmpty && note is null) note = !known ? "what came of these steps is not written down" : requirement.Capture is null ? "there is no capture: only what the sockets answered is shown" : null;
        var rows = LadderRows.Of(trace, packets, requirement.Expected, out var more);
        html.Open("details", ("open", open ? "" : null), ("class", "ladder-box")).Element("summary", "Ladder: primitives, packets and the target on one time axis");
        if (note is not null) html.Element("p", $"Note: {note}.", ("class", "note-line"));
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", $"ladder of {requirement.Id}"));
        LadderDiagram.Write(html, trace, rows, $"Ladder of {requirement.Id}; the table below it has the same.");
        html.Close();
        if (more > 0) html.Element("p", $"{more} of the moments are not drawn; the capture has all packets.", ("class", "quiet"));
        html.Open("details").Element("summary", "The same as a table, with the bytes").Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", $"table of {requirement.Id}"));
        LadderDiagram.WriteTable(html, trace, rows);
        html.Close().Close().Close().Break();
    }

    private static string? History(TraceView? trace)
    {
        var parts = new List<string>();
        if (trace?.Confirmed is var (failed, runs)) parts.Add(string.Create(CultureInfo.InvariantCulture, $"failed in {failed} of {runs} runs on fresh targets"));
        if (trace?.Shrunk is var (before, after, tries))
        {
            parts.Add(tries == 0 ? string.Create(CultureInfo.InvariantCulture, $"not made smaller ({before} steps)")
                : before == after ? string.Create(CultureInfo.InvariantCulture, $"no smaller program with the same failure in {tries} runs ({before} steps)")
                : string.Create(CultureInfo.InvariantCulture, $"made smaller from {before} to {after} steps in {tries} runs"));
        }

        return parts.Count == 0 ? null : string.Join("; ", parts);
    }

    private static void Links(HtmlWriter html, RequirementView requirement)
    {
        if (requirement.Case is null && requirement.Capture is null) return;
        html.Element("dt", "Files").Open("dd");
        if (requirement.Case is { } path) html.Element("a", "case file", ("href", path)).Text(requirement.Capture is null ? "" : " · ");
        if (requirement.Capture is { } capture) html.Element("a", "capture (pcapng)", ("href", capture)).Element("span", " – in Wireshark: frame.comment", ("class", "quiet"));
        html.Close();
    }

    private static void Side(HtmlWriter html, string name, string? text)
    {
        if (text is null) return;
        html.Open("div", ("class", name)).Element("h4", char.ToUpperInvariant(name[0]) + name[1..]).Element("p", text).Close();
    }

    private static void Row(HtmlWriter html, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text)) html.Element("dt", name).Element("dd", text);
    }
}
