using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SockConformance.Report.Html;

/// <summary>report.html: what a run found, as one file that opens from disk and asks nothing of anybody. Made from the report folder alone.</summary>
public static class HtmlReport
{
    public const string FileName = "report.html";
    private const int MostCards = 40, OpenLadders = 5;

    /// <summary>Writes it into the folder of a run, and returns its path.</summary>
    /// <exception cref="InputException">There is no run in the folder, or it cannot be written to.</exception>
    public static string Write(string folder)
    {
        try
        {
            RunFolder.Write(folder, FileName, Render(folder));
            return Path.Combine(folder, FileName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{Path.Combine(folder, FileName)} cannot be written: {e.Message}");
        }
    }

    internal static string Render(string folder)
    {
        var run = new RunReader(folder).Read();
        var html = new HtmlWriter();
        var (style, script) = (Resource("style.css"), Resource("script.js"));
        var shown = run.Requirements.Where(requirement => requirement.IsShown).OrderBy(requirement => Rank(Verdicts.Of(requirement).Class)).ToList();
        html.Open("html", ("lang", "en")).Open("head");
        html.Void("meta", ("charset", "utf-8"));
        html.Void("meta", ("http-equiv", "Content-Security-Policy"), ("content", $"default-src 'none'; style-src '{HashOf(style)}'; script-src '{HashOf(script)}'; base-uri 'none'; form-action 'none'"));
        html.Void("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1")).Void("meta", ("name", "color-scheme"), ("content", "light dark")).Void("meta", ("name", "referrer"), ("content", "no-referrer"));
        html.Element("title", $"{Headline.Of(run).Text} – {run.Target} – sockconf");
        html.Open("style").Verbatim(style).Close().Close().Break();
        html.Open("body").Element("a", "Skip to the results", ("class", "skip-link"), ("href", "#main"));
        Page.Header(html, run);
        Page.Navigation(html, run, shown.Count);
        html.Open("main", ("id", "main"), ("tabindex", "-1")).Break();
        Page.Notes(html, run);
        Failures(html, shown, folder);
        Page.NotTested(html, run);
        RequirementTable.Write(html, run.Requirements);
        Page.Model(html, run);
        Page.Connections(html, run);
        Page.Files(html, run);
        html.Close();
        html.Open("footer").Element("p", $"{run.Tool}. This page is whole in itself: it loads nothing, and sends nothing.").Close();
        html.Open("script").Verbatim(script).Close();
        return $"<!DOCTYPE html>\n{html.Close().Close()}\n";
    }

    private static void Failures(HtmlWriter html, List<RequirementView> shown, string folder)
    {
        if (shown.Count == 0) return;
        html.Open("section", ("id", "failures"), ("aria-labelledby", "failures-title")).Element("h2", "What is wrong", ("id", "failures-title"));
        foreach (var (index, requirement) in shown.Take(MostCards).Index()) FailureCard.Write(html, requirement, folder, index < OpenLadders);
        if (shown.Count > MostCards) html.Element("p", string.Create(CultureInfo.InvariantCulture, $"{shown.Count - MostCards} more are in the table below and in results.json, without a card."), ("class", "note-line"));
        html.Close().Break();
    }

    private static int Rank(string verdict) => Array.FindIndex(Verdicts.All, one => one.Class == verdict);

    private static string HashOf(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    private static string Resource(string name)
    {
        using var stream = new StreamReader(typeof(HtmlReport).Assembly.GetManifestResourceStream($"report/{name}")!);
        return stream.ReadToEnd().ReplaceLineEndings("\n");
    }
}
