using System.Globalization;
using System.Net;
using System.Text;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>grades.html: who meets which requirement, a row for each submission. One file, no script, nothing from a network.</summary>
internal static class ClassMatrix
{
    private const string Style = """
        :root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #c62828; --open: #8a6d00 }
        @media (prefers-color-scheme: dark) { :root { --good: #5cc47a; --bad: #ff7b72; --open: #e0b84c } }
        body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: CanvasText; background: Canvas }
        h1 { font-size: 1.4rem; margin: 0 0 .3rem } p { margin: .2rem 0 }
        .wide { overflow-x: auto; margin-top: 1.2rem }
        table { border-collapse: collapse; font-size: 13px }
        th, td { border: 1px solid var(--line); padding: .2rem .45rem; text-align: left; vertical-align: bottom; font-weight: normal }
        thead th { font-weight: 600 } td.n { text-align: right; font-variant-numeric: tabular-nums } td.v { text-align: center }
        th.id { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; font: 12px/1.2 ui-monospace, monospace; max-height: 22rem }
        tbody th, td.remark { max-width: 26rem; overflow-wrap: anywhere; vertical-align: top } tfoot td, tfoot th { font-weight: 600 }
        .good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 } .open { color: var(--open) }
        @media print { body { margin: 0 } .wide { overflow: visible } }
        """;

    /// <param name="linkOf">Where the name of a submission leads, by its key.</param>
    public static string Html(Gradebook book, Func<string, string> linkOf)
    {
        var shares = book.Rubric.Groups.SelectMany(group => group.Shares).ToList();
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
        page.Append(Culture, $"<title>{Safe(book.Rubric.Title)}</title>\n<style>{Style}</style></head>\n<body>\n<h1>{Safe(book.Rubric.Title)}</h1>\n<p>{Safe(Statistics(book))}</p>\n");
        page.Append(Culture, $"<p>course {Safe(book.Rubric.Course)}, spec {Safe(book.Spec)}, seed {Safe(book.Seed)}</p>\n");
        page.Append("<p><span class=\"good\">✓ holds</span> &nbsp; <span class=\"bad\">✗ violated</span> &nbsp; <span class=\"bad\">– cannot hold: what it rests on is violated</span> &nbsp; <span class=\"open\">~ in part, ? undecided</span></p>\n");
        page.Append("<div class=\"wide\"><table>\n<thead>\n<tr><th rowspan=\"2\" scope=\"col\">submission</th><th rowspan=\"2\" scope=\"col\">points</th>");
        foreach (var group in book.Rubric.Groups) page.Append(Culture, $"<th colspan=\"{group.Shares.Length + 1}\" scope=\"colgroup\">{Safe(group.Name)} ({Csv.Number(group.Points)}{(group.Visibility == Visibility.Visible ? "" : ", hidden")})</th>");
        page.Append("<th rowspan=\"2\" scope=\"col\">remark</th></tr>\n<tr>");
        foreach (var group in book.Rubric.Groups)
        {
            foreach (var share in group.Shares) page.Append(Culture, $"<th class=\"id\" scope=\"col\">{Safe(share.Id)}</th>");
            page.Append("<th class=\"id\" scope=\"col\">points</th>");
        }

        page.Append("</tr>\n</thead>\n<tbody>\n");
        foreach (var row in book.Rows) Append(page, book.Rubric, row, linkOf);
        page.Append("</tbody>\n<tfoot><tr><th scope=\"row\">hold, of those judged</th><td></td>");
        foreach (var group in book.Rubric.Groups)
        {
            foreach (var share in group.Shares)
            {
                var words = book.Rows.Where(row => row.Marked.Outcome == Outcome.Graded).Select(row => row.Score!.Groups.SelectMany(one => one.Parts).First(part => part.Id == share.Id).Verdict).ToList();
                page.Append(Culture, $"<td class=\"v\">{words.Count(word => word is "pass" or "info")}</td>");
            }

            page.Append("<td></td>");
        }

        return page.Append("<td></td></tr></tfoot>\n</table></div>\n</body></html>\n").ToString();
    }

    /// <summary>How many there are, and how they did.</summary>
    public static string Statistics(Gradebook book)
    {
        var points = book.Rows.Where(row => row.Points is not null).Select(row => row.Points!.Value).Order().ToList();
        var middle = points.Count == 0 ? "" : $"; mean {Csv.Number(points.Average())}, median {Csv.Number((points[(points.Count - 1) / 2] + points[points.Count / 2]) / 2)} of {Csv.Number(book.Rubric.Total)}";
        var review = book.Rows.Count(row => row.Review.Length > 0);
        return $"{book.Rows.Length} submissions, {points.Count} with points{middle}{(review > 0 ? $"; {review} to be looked at" : "")}";
    }

    private static CultureInfo Culture => CultureInfo.InvariantCulture;

    private static void Append(StringBuilder page, Rubric rubric, Row row, Func<string, string> linkOf)
    {
        var (marked, score, points, review) = row;
        var student = marked.Submission.Student;
        page.Append(Culture, $"<tr><th scope=\"row\"><a href=\"{Safe(linkOf(marked.Submission.Key))}\">{Safe(student.Name)}</a>{(student.Id.Length > 0 && student.Id != student.Name ? $" ({Safe(student.Id)})" : "")}</th><td class=\"n\">{(points is null ? "?" : Csv.Number(points))}</td>");
        for (var at = 0; at < rubric.Groups.Length; at++)
        {
            if (score is null || marked.Outcome != Outcome.Graded) page.Append(Culture, $"<td colspan=\"{rubric.Groups[at].Shares.Length}\"></td>");
            else foreach (var part in score.Groups[at].Parts) page.Append(Cell(part));
            page.Append(Culture, $"<td class=\"n\">{(score?.Groups[at].Points is { } got ? Csv.Number(got) : "?")}</td>");
        }

        page.Append(Culture, $"<td class=\"remark\">{Safe(Gradebook.Remark(marked, review))}</td></tr>\n");
    }

    private static string Cell(Part part)
    {
        var (sign, style) = part switch
        {
            { Verdict: Scoring.Blocked } => ("–", "bad"),
            { Worth: Worth.LeftOut } => ("?", "open"),
            { Worth: Worth.Half } => ("~", "open"),
            { Worth: Worth.Full } => ("✓", "good"),
            _ => ("✗", "bad"),
        };
        return $"<td class=\"v {style}\" title=\"{Safe(part.Id)}: {Safe(part.Verdict)}\">{sign}</td>";
    }

    private static string Safe(string text) => WebUtility.HtmlEncode(Printable.Line(text, 500));
}
