namespace SockConformance.Report.Html;

/// <summary>Each verdict with a word and a symbol: colour alone tells nothing to many.</summary>
internal static class Verdicts
{
    public static (string Class, string Word, string Symbol)[] All { get; } =
    [
        ("fail", "fail", "✗"), ("warn", "should", "!"), ("error", "error", "‼"), ("flaky", "flaky", "≈"), ("inconclusive", "inconclusive", "?"), ("known", "known", "⚑"), ("skip", "not tested", "–"), ("info", "info", "i"),
        ("pass", "pass", "✓"), ("other", "?", "?"),
    ];

    public static (string Class, string Word, string Symbol) Of(RequirementView requirement)
    {
        var name = requirement.Baseline == "xfail" ? "known" : requirement.Verdict;
        return All.FirstOrDefault(one => one.Class == name, All[^1]);
    }

    public static void Badge(HtmlWriter html, RequirementView requirement)
    {
        var (name, word, symbol) = Of(requirement);
        Badge(html, name, word, symbol);
    }

    public static void Badge(HtmlWriter html, string name, string word, string symbol) =>
        html.Open("span", ("class", $"badge {name}")).Element("span", symbol, ("aria-hidden", "true")).Text($" {word}").Close();
}
