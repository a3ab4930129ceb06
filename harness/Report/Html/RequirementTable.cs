using System.Collections.Immutable;
using System.Globalization;

namespace SockConformance.Report.Html;

/// <summary>All requirements of a run, to be searched and filtered; without a script it is a plain table.</summary>
internal static class RequirementTable
{
    public static void Write(HtmlWriter html, ImmutableArray<RequirementView> requirements)
    {
        html.Open("section", ("id", "requirements"), ("aria-labelledby", "requirements-title")).Element("h2", "Requirements", ("id", "requirements-title"));
        Controls(html, requirements);
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "requirements")).Open("table", ("id", "table"), ("class", "requirements")).Open("thead").Open("tr");
        foreach (var (name, kind) in (ReadOnlySpan<(string, string?)>)[("verdict", null), ("requirement", null), ("clause", null), ("level", null), ("charged to", null), ("close", null), ("cases", "num"), ("seconds", "num")]) html.Element("th", name, ("scope", "col"), ("class", kind));
        html.Close().Close().Open("tbody").Break();
        foreach (var requirement in requirements) Row(html, requirement);
        html.Close().Close().Close().Close().Break();
    }

    private static void Row(HtmlWriter html, RequirementView requirement)
    {
        var shown = requirement.IsShown;
        html.Open("tr", ("data-verdict", Verdicts.Of(requirement).Class));
        html.Open("td");
        Verdicts.Badge(html, requirement);
        html.Close().Open("th", ("scope", "row"));
        if (shown) html.Open("a", ("href", $"#{requirement.Anchor}")).Element("code", requirement.Id).Close();
        else html.Element("code", requirement.Id);
        if (requirement.Statement is { Length: > 0 } statement) html.Open("details").Element("summary", requirement.Title).Element("p", statement).Close();
        else html.Element("span", requirement.Title, ("class", "title"));
        if (!shown && requirement.Why is { Length: > 0 } why) html.Element("span", why, ("class", "quiet title"));
        html.Close();
        html.Element("td", requirement.Clause).Element("td", requirement.Level.ToUpperInvariant()).Element("td", requirement.Subject).Element("td", requirement.Close is "none" ? "–" : requirement.Close);
        html.Element("td", requirement.Cases.ToString("#,0", CultureInfo.InvariantCulture), ("class", "num")).Element("td", requirement.Duration is { } time ? time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) : "", ("class", "num"));
        html.Close().Break();
    }

    /// <summary>Shown by the script, which they need.</summary>
    private static void Controls(HtmlWriter html, ImmutableArray<RequirementView> requirements)
    {
        html.Open("div", ("class", "controls"), ("id", "controls"), ("hidden", ""), ("role", "search"), ("aria-label", "Requirements"));
        html.Element("label", "Search", ("for", "search")).Void("input", ("type", "search"), ("id", "search"), ("placeholder", "id, title, clause, reason"), ("autocomplete", "off"), ("spellcheck", "false"), ("aria-controls", "table"));
        html.Open("div", ("class", "chips"), ("role", "group"), ("aria-label", "Verdicts to show"));
        foreach (var (name, word, symbol) in Verdicts.All)
        {
            var count = requirements.Count(requirement => Verdicts.Of(requirement).Class == name);
            if (count > 0) html.Open("button", ("type", "button"), ("class", $"chip {name}"), ("aria-pressed", "true"), ("data-verdict", name)).Element("span", symbol, ("aria-hidden", "true")).Text($" {word} {count}").Close();
        }

        html.Close().Element("p", $"{requirements.Length} of {requirements.Length} shown", ("id", "shown"), ("role", "status"), ("aria-live", "polite")).Close();
    }
}
