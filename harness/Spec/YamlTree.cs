using System.Collections.Immutable;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Tokens;

namespace SockConformance.Spec;

/// <summary>
/// YAML text as a tree. Only what a spec or a baseline needs: one document of maps, lists and texts; no anchors, aliases, tags, merge keys,
/// directives or duplicate keys. Bounded in size, depth and number of nodes.
/// </summary>
internal static class YamlTree
{
    public const int MostBytes = 256 * 1024, MostDepth = 16, MostNodes = 20_000;

    /// <exception cref="SpecException">It is no such text.</exception>
    public static YamlNode Parse(string text, string file)
    {
        if (text.StartsWith('\uFEFF')) text = text[1..];
        if (text.Length > MostBytes || Encoding.UTF8.GetByteCount(text) > MostBytes) throw TooLarge(file);
        MustBePrintable(text, file);
        var reader = new TokenReader(text, file);
        try
        {
            return reader.Document();
        }
        catch (YamlException e)
        {
            var hint = e.Message.Contains("escape", StringComparison.Ordinal) ? "; in double quotes a backslash is written twice, in single quotes once" : "";
            throw new SpecException(new Place(file, Math.Max(1, e.Start.Line), Math.Max(1, e.Start.Column)), $"this is no YAML: {OneLine(e.Message)}{hint}");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new SpecException(reader.Here, $"this is no YAML: {OneLine(e.Message)}; if it is an escape such as \\U0010FFFF, it must be a character");
        }
    }

    /// <summary>The text of a file's bytes.</summary>
    /// <exception cref="SpecException">It is too large, or not in UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string file)
    {
        if (bytes.Length > MostBytes + 3) throw TooLarge(file);
        long line = 1, column = 1;
        for (var rest = bytes; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var length) != System.Buffers.OperationStatus.Done)
                throw new SpecException(new Place(file, line, column), $"the byte {rest[0]:X2} is not UTF-8; save the file as UTF-8");
            rest = rest[length..];
            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + 1);
        }

        return Encoding.UTF8.GetString(bytes);
    }

    private static SpecException TooLarge(string file) => new($"{file}: the file has more than {MostBytes / 1024} KiB; make it smaller");

    private static void MustBePrintable(string text, string file)
    {
        long line = 1, column = 1;
        for (var i = 0; i < text.Length; i++, column++)
        {
            var c = text[i];
            if (c == '\n') (line, column) = (line + 1, 0);
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (c is < ' ' and not ('\t' or '\r') or (>= '\x7f' and < '\xa0') or '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF' || char.IsSurrogate(c))
                throw new SpecException(new Place(file, line, column), $"the character U+{(int)c:X4} may not stand here; write it as an escape in double quotes, or {{ hex: \"…\" }}");
        }
    }

    private static string OneLine(string message) => SpecException.Show(message.TrimEnd('.')).Trim('\'');

    /// <summary>Reads the scanner's tokens by recursive descent. (YamlDotNet's own parser is left out: it compiles regular expressions when it starts.)</summary>
    private sealed class TokenReader(string text, string file)
    {
        private readonly Scanner scanner = new(new StringReader(text), skipComments: true);
        private int nodes;

        public Place Here => Of(scanner.CurrentPosition);

        private Token Current => scanner.Current!;

        public YamlNode Document()
        {
            Next(); // StreamStart
            Next();
            if (Current is DocumentStart) Next();
            var root = Current is StreamEnd or DocumentEnd ? new YamlNode.Map(new Place(file, 1, 1), []) : Node(0, Of(Current.Start));
            if (Current is DocumentEnd) Next();
            return Current switch
            {
                StreamEnd => root,
                DocumentStart => throw Wrong("a second document begins; write one in a file"),
                _ => throw Wrong("this belongs to nothing; look at its indentation"),
            };
        }

        /// <param name="empty">Where an empty value stands, if this is one.</param>
        /// <param name="afterKey">A list may begin here without being indented.</param>
        private YamlNode Node(int depth, Place empty, bool afterKey = false)
        {
            if (++nodes > MostNodes) throw Wrong($"the file has more than {MostNodes} values; leave some out");
            if (depth > MostDepth) throw Wrong($"this is nested more than {MostDepth} deep; no key needs that");
            switch (Current)
            {
                case Scalar scalar:
                    Next();
                    return Read(scalar);
                case BlockMappingStart:
                    return Map(depth, flow: false);
                case FlowMappingStart:
                    return Map(depth, flow: true);
                case BlockSequenceStart:
                    return List(depth, indented: true);
                case BlockEntry when afterKey:
                    return List(depth, indented: false);
                case FlowSequenceStart:
                    return FlowList(depth);
                default:
                    return new YamlNode.Scalar(empty, "", Quotes.None, null);
            }
        }

        private YamlNode.Map Map(int depth, bool flow)
        {
            var place = Of(Current.Start);
            var entries = ImmutableArray.CreateBuilder<YamlNode.Entry>();
            var known = new HashSet<string>(StringComparer.Ordinal);
            Next();
            while (!IsEnd(flow))
            {
                if (Current is not Key) throw Wrong(flow ? "here a key should be, with its value; write { key: value, … }" : "here a key should be, with its value; write key: value");
                Next();
                if (Node(depth + 1, Of(Current.Start)) is not YamlNode.Scalar key) throw Wrong("a key is a word; write key: value");
                if (key is { Quotes: Quotes.None, Text: "<<" }) throw key.Wrong("merge keys (<<) are not read; write the keys out");
                if (!known.Add(key.Text)) throw key.Wrong($"the key {SpecException.Show(key.Text)} stands here twice; leave one of them out");
                var value = new YamlNode.Scalar(key.Place, "", Quotes.None, null) as YamlNode;
                if (Current is Value)
                {
                    var after = Of(Current.End);
                    Next();
                    value = Node(depth + 1, after, afterKey: !flow);
                }

                entries.Add(new YamlNode.Entry(key, value));
                if (flow && Current is FlowEntry) Next();
                else if (flow && Current is not FlowMappingEnd) throw Wrong("here a comma or a closing brace should be; write { key: value, … }");
            }

            Next();
            return new YamlNode.Map(place, entries.ToImmutable());

            bool IsEnd(bool flow) => flow ? Current is FlowMappingEnd : Current is BlockEnd;
        }

        /// <param name="indented">It has a start and an end of its own; below a key at the same column it has not.</param>
        private YamlNode.List List(int depth, bool indented)
        {
            var place = Of(Current.Start);
            var items = ImmutableArray.CreateBuilder<YamlNode>();
            if (indented) Next();
            while (Current is BlockEntry)
            {
                var after = Of(Current.End);
                Next();
                items.Add(Node(depth + 1, after));
            }

            if (!indented) return new YamlNode.List(place, items.ToImmutable());
            if (Current is not BlockEnd) throw Wrong("here an entry should be; write - value");
            Next();
            return new YamlNode.List(place, items.ToImmutable());
        }

        private YamlNode.List FlowList(int depth)
        {
            var place = Of(Current.Start);
            var items = ImmutableArray.CreateBuilder<YamlNode>();
            Next();
            while (Current is not FlowSequenceEnd)
            {
                if (Current is FlowEntry) throw Wrong("here a value should be; write [value, value]");
                if (Current is Key or Value) throw Wrong("a map in a list has braces; write [{ key: value }]");
                items.Add(Node(depth + 1, Of(Current.Start)));
                if (Current is FlowEntry) Next();
                else if (Current is not FlowSequenceEnd) throw Wrong("here a comma or a closing bracket should be; write [value, value]");
            }

            Next();
            return new YamlNode.List(place, items.ToImmutable());
        }

        private YamlNode.Scalar Read(Scalar scalar)
        {
            var quotes = scalar.Style switch { ScalarStyle.SingleQuoted => Quotes.Single, ScalarStyle.DoubleQuoted => Quotes.Double, ScalarStyle.Literal or ScalarStyle.Folded => Quotes.Block, _ => Quotes.None };
            return new YamlNode.Scalar(Of(scalar.Start), scalar.Value, quotes, quotes == Quotes.Double ? ByteEscape(text.AsSpan((int)scalar.Start.Index..(int)scalar.End.Index)) : null);
        }

        private static string? ByteEscape(ReadOnlySpan<char> raw)
        {
            while (raw.IndexOf('\\') is var at and >= 0 && at + 3 < raw.Length)
            {
                if (raw[at + 1] == 'x' && raw[at + 2] >= '8') return raw.Slice(at, 4).ToString();
                raw = raw[(at + 2)..];
            }

            return null;
        }

        private void Next()
        {
            if (!scanner.MoveNext()) throw new SpecException(Here, "the file ends too early; look for a bracket or a quote that is not closed");
            switch (Current)
            {
                case Error error:
                    throw Wrong($"this is no YAML: {OneLine(error.Value)}; look at its indentation and quotes");
                case Anchor or AnchorAlias:
                    throw Wrong("anchors and aliases (& and *) are not read; write the value out, or put it in quotes if it is a text");
                case Tag:
                    throw Wrong("tags (!) are not read; leave it out, or put the value in quotes if it is a text");
                case VersionDirective or TagDirective:
                    throw Wrong("directives (%) are not read; leave the line out");
            }
        }

        private SpecException Wrong(string message) => new(Of(Current.Start), message);

        private Place Of(Mark mark) => new(file, Math.Max(1, mark.Line), Math.Max(1, mark.Column));
    }
}
