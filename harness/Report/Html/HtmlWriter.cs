using System.Text;

namespace SockConformance.Report.Html;

/// <summary>
/// Writes HTML and SVG in which no text can be anything but text: names of elements and attributes come from the code, everything else is made printable and
/// escaped here. What was opened must be closed, so the outcome is well-formed XML, too.
/// </summary>
internal sealed class HtmlWriter
{
    private const int MostText = 4000;
    private readonly StringBuilder html = new();
    private readonly Stack<string> open = [];

    /// <param name="attributes">One without a value is left out; the empty text stands for a mere name.</param>
    public HtmlWriter Open(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes);
        html.Append('>');
        open.Push(name);
        return this;
    }

    public HtmlWriter Close()
    {
        html.Append("</").Append(open.Pop()).Append('>');
        return this;
    }

    /// <summary>An element that has no content, as br or an SVG line.</summary>
    public HtmlWriter Void(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes);
        html.Append("/>");
        return this;
    }

    /// <summary>An element with nothing but text in it.</summary>
    public HtmlWriter Element(string name, string? text, params ReadOnlySpan<(string Name, string? Value)> attributes) => Open(name, attributes).Text(text).Close();

    /// <summary>One line of text, from anybody.</summary>
    public HtmlWriter Text(string? text, int most = MostText)
    {
        Escape(Printable.Line(text ?? "", most));
        return this;
    }

    /// <summary>Several lines of text, for pre and title.</summary>
    public HtmlWriter Lines(string? text)
    {
        Escape(Printable.Text(text ?? ""));
        return this;
    }

    /// <summary>For readers of the source, and for pages that are compared line by line.</summary>
    public HtmlWriter Break()
    {
        html.Append('\n');
        return this;
    }

    /// <summary>The style and the script of our own, which stand in the program and are not escaped.</summary>
    public HtmlWriter Verbatim(string own)
    {
        if (own.Contains("</", StringComparison.Ordinal)) throw new ArgumentException("it would end its element", nameof(own));
        html.Append(own);
        return this;
    }

    public override string ToString() => open.Count == 0 ? html.ToString() : throw new InvalidOperationException($"{open.Peek()} is still open");

    private void Start(string name, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        html.Append('<').Append(name);
        foreach (var (attribute, value) in attributes)
        {
            if (value is null) continue;
            html.Append(' ').Append(attribute).Append("=\"");
            Escape(Printable.Line(value, MostText));
            html.Append('"');
        }
    }

    private void Escape(string text)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '&' => html.Append("&amp;"),
                '<' => html.Append("&lt;"),
                '>' => html.Append("&gt;"),
                '"' => html.Append("&quot;"),
                '\'' => html.Append("&#39;"),
                _ => html.Append(c),
            };
        }
    }
}
