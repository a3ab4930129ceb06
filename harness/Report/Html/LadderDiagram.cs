using System.Globalization;

namespace SockConformance.Report.Html;

/// <summary>A ladder as SVG, and as a table for those who cannot see it.</summary>
internal static class LadderDiagram
{
    private const double Width = 1060, TimeX = 58, StepX = 70, LeftX = 400, RightX = 756, NoteX = 770, Top = 46, RowHeight = 23, LineHeight = 14, Slope = 5;
    private const int StepText = 46, PacketText = 50, NoteText = 40, MostNoteLines = 5;

    public static void Write(HtmlWriter html, TraceView trace, IReadOnlyList<LadderRow> rows, string title)
    {
        var places = new double[rows.Count];
        var y = Top;
        foreach (var (index, row) in rows.Index())
        {
            places[index] = y + (RowHeight / 2);
            y += RowHeight + (Math.Max(0, LinesOf(row) - 1) * LineHeight);
        }

        var height = y + 10;
        html.Open("svg", ("class", "ladder"), ("viewBox", $"0 0 {F(Width)} {F(height)}"), ("width", F(Width)), ("height", F(height)), ("role", "img"), ("aria-label", title));
        foreach (var (index, row) in rows.Index().Where(one => one.Item.IsBad && one.Item.Kind != RowKind.Answer))
            html.Void("rect", ("class", "blamed"), ("x", "0"), ("y", F(places[index] - (RowHeight / 2))), ("width", F(Width)), ("height", F(RowHeight + (Math.Max(0, LinesOf(row) - 1) * LineHeight))));
        Label(html, "head end", TimeX, 20, "ms");
        Label(html, "head", StepX, 20, trace.Ends.Left == "harness" ? "primitives of the harness" : "calls of the driver");
        Label(html, "head middle", LeftX, 20, trace.Ends.Left);
        Label(html, "head middle", RightX, 20, trace.Ends.Right);
        Lifeline(html, LeftX, rows, places, height);
        Lifeline(html, RightX, rows, places, height);
        Bars(html, rows, places);
        var several = trace.Connections.Length > 1;
        foreach (var (index, row) in rows.Index()) Row(html, row, places[index], several);
        html.Close();
    }

    /// <summary>The same for screen readers, for paper, and for copying.</summary>
    public static void WriteTable(HtmlWriter html, TraceView trace, IReadOnlyList<LadderRow> rows)
    {
        html.Open("table", ("class", "events")).Open("thead").Open("tr");
        foreach (var name in (string[])["ms", "who", "what", "bytes"]) html.Element("th", name, ("scope", "col"));
        html.Close().Close().Open("tbody");
        foreach (var row in rows)
        {
            html.Open("tr", ("class", row.IsBad ? "bad" : null));
            html.Element("td", row.Kind == RowKind.Gap ? "" : Stamp(row.At), ("class", "num"));
            html.Element("td", row.Kind switch
            {
                RowKind.Step or RowKind.Answer => trace.Ends.Left,
                RowKind.Packet => row.FromLeft ? $"{trace.Ends.Left} → {trace.Ends.Right}" : $"{trace.Ends.Right} → {trace.Ends.Left}",
                RowKind.Target => trace.Ends.Right,
                RowKind.Missing => "missing",
                _ => "",
            });
            html.Open("td");
            html.Text(row.Kind switch { RowKind.Step => $"{row.Step + 1}. {row.Text}", RowKind.Missing => $"expected: {row.Text}", _ => row.Text });
            if (row.Result is { Length: > 0 } result) html.Text($" — {result}");
            if (row.Illegal is { } illegal) html.Element("div", $"⊘ not allowed here: {illegal}", ("class", "quiet"));
            foreach (var note in row.Packet?.Notes ?? []) html.Element("div", note, ("class", "quiet"));
            html.Close().Open("td");
            if (row.Packet is { Payload.Length: > 0 } packet) html.Open("pre").Lines(packet.Dump()).Close();
            html.Close().Close();
        }

        html.Close().Close();
    }

    private static void Row(HtmlWriter html, LadderRow row, double y, bool several)
    {
        var socket = several && row.Socket is { } number ? $"#{number} " : "";
        if (row.Kind != RowKind.Gap) Label(html, "time end", TimeX, y + 4, Stamp(row.At));
        switch (row.Kind)
        {
            case RowKind.Gap:
                html.Open("g", ("class", "gap"));
                Label(html, "middle", (LeftX + RightX) / 2, y + 4, $"⋮  {row.Text}  ⋮");
                html.Close();
                break;
            case RowKind.Step:
                html.Open("g", ("class", row.IsBad ? "step bad" : "step")).Element("title", $"{row.Step + 1}. {row.Text}{(row.Result is { Length: > 0 } said ? $": {said}" : "")}");
                var inline = row.Result is null or "ok" or "" ? "" : $"  {row.Result}";
                Label(html, "", StepX, y + 4, Clip($"{row.Step + 1}. {row.Text}{inline}", StepText));
                if (row.Illegal is { } illegal) Label(html, "refused", StepX + 14, y + 4 + LineHeight, Clip($"⊘ not allowed: {illegal}", StepText));
                html.Void("circle", ("cx", F(LeftX)), ("cy", F(y)), ("r", "3"));
                html.Close();
                break;
            case RowKind.Answer:
                html.Open("g", ("class", row.IsBad ? "answer bad" : "answer")).Element("title", row.Text);
                Label(html, "end", LeftX - 10, y + 4, Clip($"{(row.IsBad ? "✗" : "↳")} {row.Text}", StepText));
                html.Close();
                break;
            case RowKind.Packet:
                Arrow(html, row, y, row.IsReset ? "packet reset" : "packet", Clip($"{socket}{row.Text}", PacketText), Tip(row));
                Notes(html, row, y);
                break;
            case RowKind.Missing:
                Arrow(html, row, y, "packet missing", "never came", $"expected, and never came: {row.Text}");
                Notes(html, row with { Blame = [$"missing: {row.Text}"] }, y);
                break;
            case RowKind.Target:
                html.Open("g", ("class", row.IsBad ? "target bad" : "target")).Element("title", row.Text);
                html.Void("circle", ("cx", F(RightX)), ("cy", F(y)), ("r", "3"));
                foreach (var (index, line) in Wrapped(row.Text).Index()) Label(html, "", NoteX, y + 4 + (index * LineHeight), line);
                html.Close();
                break;
        }
    }

    private static void Arrow(HtmlWriter html, LadderRow row, double y, string kind, string label, string tip)
    {
        var (from, to, back) = row.FromLeft ? (LeftX, RightX, -8) : (RightX, LeftX, 8);
        html.Open("g", ("class", row.IsBad && row.Kind == RowKind.Packet ? $"{kind} bad" : kind)).Open("title").Lines(tip).Close();
        html.Void("rect", ("class", "hit"), ("x", F(LeftX)), ("y", F(y - (RowHeight / 2))), ("width", F(RightX - LeftX)), ("height", F(RowHeight)));
        html.Void("line", ("x1", F(from)), ("y1", F(y + 3)), ("x2", F(to + (back / 2))), ("y2", F(y + 3 + Slope)));
        html.Void("path", ("d", $"M{F(to)} {F(y + 3 + Slope)}l{F(back)} -4v8z"));
        Label(html, "middle", (LeftX + RightX) / 2, y, label);
        html.Close();
    }

    private static void Notes(HtmlWriter html, LadderRow row, double y)
    {
        if (row.Blame.IsEmpty) return;
        html.Open("g", ("class", row.IsBad ? "note bad" : "note")).Element("title", string.Join("; ", row.Blame));
        foreach (var (index, line) in row.Blame.SelectMany(Wrapped).Take(MostNoteLines).Index()) Label(html, "", NoteX, y + 4 + (index * LineHeight), line);
        html.Close();
    }

    /// <summary>A line from top to bottom, broken where time is left out.</summary>
    private static void Lifeline(HtmlWriter html, double x, IReadOnlyList<LadderRow> rows, double[] places, double height)
    {
        var from = Top - 18;
        foreach (var (index, _) in rows.Index().Where(one => one.Item.Kind == RowKind.Gap))
        {
            html.Void("line", ("class", "life"), ("x1", F(x)), ("y1", F(from)), ("x2", F(x)), ("y2", F(places[index] - (RowHeight / 2))));
            html.Void("line", ("class", "life gone"), ("x1", F(x)), ("y1", F(places[index] - (RowHeight / 2))), ("x2", F(x)), ("y2", F(places[index] + (RowHeight / 2))));
            from = places[index] + (RowHeight / 2);
        }

        html.Void("line", ("class", "life"), ("x1", F(x)), ("y1", F(from)), ("x2", F(x)), ("y2", F(height - 6)));
    }

    /// <summary>For how long a call lasted.</summary>
    private static void Bars(HtmlWriter html, IReadOnlyList<LadderRow> rows, double[] places)
    {
        foreach (var (index, row) in rows.Index())
        {
            if (row is not { Kind: RowKind.Step, Until: { } until }) continue;
            var last = index;
            while (last + 1 < rows.Count && rows[last + 1] is { Kind: not RowKind.Step } next && next.At <= until) last++;
            if (last > index) html.Void("rect", ("class", rows[last] is { Kind: RowKind.Answer, IsBad: true } ? "call bad" : "call"), ("x", F(LeftX - 3)), ("y", F(places[index])), ("width", "6"), ("height", F(places[last] + 5 - places[index])), ("rx", "3"));
        }
    }

    private static string Tip(LadderRow row)
    {
        var packet = row.Packet!;
        List<string> lines = [$"{packet.Source} → {packet.Destination}", packet.What, .. packet.Notes];
        if (packet.Payload.Length > 0) lines.Add(packet.Dump());
        return string.Join('\n', lines);
    }

    private static int LinesOf(LadderRow row) => row.Kind switch
    {
        RowKind.Step => row.Illegal is null ? 1 : 2,
        RowKind.Target => Wrapped(row.Text).Count,
        RowKind.Missing => Wrapped($"missing: {row.Text}").Count,
        _ => Math.Min(MostNoteLines, row.Blame.Sum(note => Wrapped(note).Count)),
    };

    private static List<string> Wrapped(string text)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in Printable.Line(text, NoteText * MostNoteLines).Split(' '))
        {
            var whole = Clip(word, NoteText);
            if (line.Length > 0 && line.Length + 1 + whole.Length > NoteText)
            {
                lines.Add(line);
                line = whole;
            }
            else
            {
                line = line.Length == 0 ? whole : $"{line} {whole}";
            }
        }

        lines.Add(line);
        return lines.Count <= MostNoteLines ? lines : [.. lines[..(MostNoteLines - 1)], $"{lines[MostNoteLines - 1]}…"];
    }

    private static void Label(HtmlWriter html, string kind, double x, double y, string text) => html.Element("text", text, ("class", kind.Length > 0 ? kind : null), ("x", F(x)), ("y", F(y)));

    private static string Clip(string text, int most) => Printable.Line(text, most);

    private static string Stamp(double microseconds) => (Math.Round(microseconds / 1000, 3) + 0.0).ToString("0.000", CultureInfo.InvariantCulture);

    private static string F(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
