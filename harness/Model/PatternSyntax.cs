using System.Collections.Immutable;
using System.Globalization;

namespace SockConformance.Model;

/// <summary>A regular expression as bytes can be drawn from it; sizes in bytes.</summary>
internal abstract record PatternSyntax(long Least, long Most)
{
    /// <summary>Repetitions that have no bound are drawn at most this often beyond what must be.</summary>
    public const int Extra = 8;

    private const int MostDrawn = 1 << 20;

    /// <summary>One of these bytes.</summary>
    internal sealed record Bytes(ImmutableArray<byte> Values) : PatternSyntax(1, 1);

    internal sealed record Sequence(ImmutableArray<PatternSyntax> Items) : PatternSyntax(Items.Sum(item => item.Least), Items.Sum(item => item.Most));

    internal sealed record Choice(ImmutableArray<PatternSyntax> Branches) : PatternSyntax(Branches.Min(branch => branch.Least), Branches.Max(branch => branch.Most));

    internal sealed record Repeat(PatternSyntax Item, int Times, int AtMost) : PatternSyntax(Item.Least * Times, Item.Most * AtMost);

    /// <summary>A place, not a byte: the start, the end, or the edge of a word.</summary>
    internal sealed record Edge(char Kind) : PatternSyntax(0, 0);

    /// <exception cref="ArgumentException">Bytes cannot be drawn from it; the message says why.</exception>
    public static PatternSyntax Parse(string pattern)
    {
        var root = new Parser(pattern).Whole();
        if (root.Most > MostDrawn) throw new ArgumentException($"the pattern can be longer than {MostDrawn} bytes");
        MustFit(root, atStart: true, atEnd: true);
        return root;
    }

    /// <summary>Whether this byte may come out.</summary>
    public bool CanDraw(byte value) => this switch
    {
        Bytes bytes => bytes.Values.Contains(value),
        Sequence sequence => sequence.Items.Any(item => item.CanDraw(value)),
        Choice choice => choice.Branches.Any(branch => branch.CanDraw(value)),
        Repeat repeat => repeat.AtMost > 0 && repeat.Item.CanDraw(value),
        _ => false,
    };

    /// <summary>Edges are right only where the drawn bytes really have one.</summary>
    private static void MustFit(PatternSyntax node, bool atStart, bool atEnd)
    {
        switch (node)
        {
            case Edge { Kind: 'b' }:
                throw new ArgumentException("\\b can be drawn only at the start or the end, beside a letter, a digit or _");
            case Edge edge when edge.Kind == '^' ? !atStart : !atEnd:
                throw new ArgumentException(edge.Kind == '^' ? "^ can stand only at the start" : "$ can stand only at the end");
            case Choice choice:
                foreach (var branch in choice.Branches) MustFit(branch, atStart, atEnd);
                break;
            case Repeat repeat:
                MustFit(repeat.Item, atStart && repeat.AtMost <= 1, atEnd && repeat.AtMost <= 1);
                break;
            case Sequence { Items: var items }:
                for (var i = 0; i < items.Length; i++)
                {
                    var (first, last) = (atStart && items[..i].All(item => item.Most == 0), atEnd && items[(i + 1)..].All(item => item.Most == 0));
                    if (items[i] is Edge { Kind: 'b' } && ((first && IsWord(items[(i + 1)..], fromStart: true)) || (last && IsWord(items[..i], fromStart: false)))) continue;
                    MustFit(items[i], first, last);
                }

                break;
        }
    }

    /// <summary>Whether what these begin (or end) with is a letter, a digit or _ for sure.</summary>
    private static bool IsWord(ImmutableArray<PatternSyntax> items, bool fromStart) =>
        (fromStart ? items.FirstOrDefault(item => item.Most > 0) : items.LastOrDefault(item => item.Most > 0)) switch
        {
            Bytes bytes => bytes.Values.All(value => ByteClass.Word[value]),
            Sequence sequence => IsWord(sequence.Items, fromStart),
            Choice choice => choice.Branches.All(branch => IsWord([branch], fromStart)),
            Repeat repeat => repeat.Times > 0 && IsWord([repeat.Item], fromStart),
            _ => false,
        };

    /// <summary>The classes of .NET's regular expressions, of the characters 0 to FF.</summary>
    private static class ByteClass
    {
        public static bool[] Digit { get; } = Of(char.IsDigit);

        public static bool[] Space { get; } = Of(char.IsWhiteSpace);

        public static bool[] Word { get; } = Of(c => char.IsLetter(c) || char.IsDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark);

        public static bool[] Of(Func<char, bool> holds) => [.. Enumerable.Range(0, 256).Select(value => holds((char)value))];

        public static bool[] Not(bool[] one) => [.. one.Select(holds => !holds)];
    }

    private sealed class Parser(string pattern)
    {
        private const int MostNested = 64;
        private int at, depth;

        private bool AtEnd => at >= pattern.Length;

        public PatternSyntax Whole()
        {
            var whole = Alternatives();
            return AtEnd ? whole : throw Wrong("a ) closes nothing");
        }

        private PatternSyntax Alternatives()
        {
            if (++depth > MostNested) throw Wrong($"groups are nested more than {MostNested} deep");
            var branches = ImmutableArray.CreateBuilder<PatternSyntax>();
            do branches.Add(Items());
            while (Take('|'));
            depth--;
            return branches.Count == 1 ? branches[0] : new Choice(branches.ToImmutable());
        }

        private Sequence Items()
        {
            var items = ImmutableArray.CreateBuilder<PatternSyntax>();
            while (!AtEnd && pattern[at] is not ('|' or ')'))
            {
                if (Atom() is not { } atom) continue;
                items.Add(Repeated(atom));
            }

            return new Sequence(items.ToImmutable());
        }

        /// <summary>Null for what is no part of the text: options.</summary>
        private PatternSyntax? Atom()
        {
            switch (pattern[at++])
            {
                case '(':
                    return Group();
                case '[':
                    return Class();
                case '.':
                    return Unsaid(ByteClass.Of(_ => true));
                case '^':
                    return new Edge('^');
                case '$':
                    return new Edge('$');
                case '\\':
                    return Escape();
                case '*' or '+' or '?':
                    throw Wrong("a repetition has nothing before it");
                case '{' when Bounds(at - 1) is not null:
                    throw Wrong("a repetition has nothing before it");
                case var c:
                    return Of(c);
            }
        }

        private PatternSyntax? Group()
        {
            if (Take('?'))
            {
                if (AtEnd) throw Wrong("a group is not closed");
                var kind = pattern[at];
                if (kind == '<' && at + 1 < pattern.Length && pattern[at + 1] is '=' or '!' || kind is '=' or '!') throw Wrong("look-around cannot be drawn");
                if (kind is '<' or '\'')
                {
                    var end = pattern.IndexOf(kind == '<' ? '>' : '\'', at + 1);
                    if (end < 0) throw Wrong("the name of a group does not end");
                    at = end + 1;
                }
                else
                {
                    while (!AtEnd && pattern[at] is 'i' or 'm' or 'n' or 's' or '-') at++;
                    if (Take(')')) return null;
                    if (!Take(':')) throw Wrong($"this kind of group, (?{(AtEnd ? "" : pattern[at])}, cannot be drawn");
                }
            }

            var inside = Alternatives();
            return Take(')') ? inside : throw Wrong("a group is not closed");
        }

        private PatternSyntax Repeated(PatternSyntax atom)
        {
            if (AtEnd) return atom;
            var (least, most) = (1, 1);
            switch (pattern[at])
            {
                case '?':
                    (least, most, at) = (0, 1, at + 1);
                    break;
                case '*':
                    (least, most, at) = (0, Extra, at + 1);
                    break;
                case '+':
                    (least, most, at) = (1, 1 + Extra, at + 1);
                    break;
                case '{' when Bounds(at) is { } bounds:
                    (least, most, at) = bounds;
                    break;
                default:
                    return atom;
            }

            if (least > most) throw Wrong("a repetition has its bounds in the wrong order");
            Take('?');
            if (!AtEnd && (pattern[at] is '*' or '+' or '?' || (pattern[at] == '{' && Bounds(at) is not null))) throw Wrong("a repetition is repeated");
            if (atom.Most * most > MostDrawn) throw Wrong($"the pattern can be longer than {MostDrawn} bytes");
            return atom.Most == 0 ? atom : new Repeat(atom, least, most);
        }

        /// <summary>{m}, {m,} or {m,n}; null for a brace that is only a brace.</summary>
        private (int Least, int Most, int After)? Bounds(int open)
        {
            var close = pattern.IndexOf('}', open);
            if (close < 0) return null;
            var words = pattern[(open + 1)..close].Split(',');
            if (words.Length > 2 || words[0].Length == 0 || !words.All(word => word.All(char.IsAsciiDigit))) return null;
            if (words.Any(word => word.Length > 7)) throw Wrong($"the pattern can be longer than {MostDrawn} bytes");
            var least = int.Parse(words[0], CultureInfo.InvariantCulture);
            return (least, words.Length == 1 ? least : words[1].Length == 0 ? least + Extra : int.Parse(words[1], CultureInfo.InvariantCulture), close + 1);
        }

        private PatternSyntax Escape()
        {
            if (AtEnd) throw Wrong("a backslash ends the pattern");
            if (Named() is { } named) return Unsaid(named);
            switch (pattern[at++])
            {
                case 'b':
                    return new Edge('b');
                case 'A':
                    return new Edge('^');
                case 'z' or 'Z':
                    return new Edge('$');
                default:
                    at--;
                    return Of(EscapedCharacter());
            }
        }

        /// <summary>The character after a backslash that stands for one.</summary>
        private char EscapedCharacter()
        {
            var c = pattern[at++];
            switch (c)
            {
                case 'n':
                    return '\n';
                case 'r':
                    return '\r';
                case 't':
                    return '\t';
                case 'f':
                    return '\f';
                case 'v':
                    return '\v';
                case 'a':
                    return '\a';
                case 'e':
                    return '\e';
                case '0' when AtEnd || !char.IsAsciiDigit(pattern[at]):
                    return '\0';
                case 'x':
                    return Hexadecimal(2);
                case 'u':
                    return Hexadecimal(4);
                case var letter when char.IsAsciiLetterOrDigit(letter):
                    throw Wrong($"\\{letter} cannot be drawn");
                default:
                    return c;
            }
        }

        private char Hexadecimal(int digits)
        {
            if (at + digits > pattern.Length || !int.TryParse(pattern.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)) throw Wrong($"\\{(digits == 2 ? 'x' : 'u')} needs {digits} hexadecimal digits");
            at += digits;
            return (char)value;
        }

        private Bytes Class()
        {
            var negated = Take('^');
            var (members, drawn) = (new bool[256], new bool[256]);
            for (var first = true; ; first = false)
            {
                var c = Member();
                if (c == ']' && !first) break;
                if (c == '[' && !AtEnd && pattern[at] == ':') throw Wrong("[:name:] cannot be drawn");
                if (c == '-' && !first && !AtEnd && pattern[at] == '[') throw Wrong("the subtraction of classes cannot be drawn");
                if (c == '\\' && Named() is { } named)
                {
                    for (var value = 0; value < 256; value++)
                    {
                        members[value] |= named[value];
                        drawn[value] |= named[value] && value is >= ' ' and <= '~';
                    }

                    continue;
                }

                if (c == '\\') c = ClassEscape();
                var last = c;
                if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] is not (']' or '['))
                {
                    at++;
                    last = Member();
                    if (last == '\\') last = ClassEscape();
                    if (last < c) throw Wrong("a range has its ends in the wrong order");
                }

                for (var value = (int)c; value <= Math.Min(last, '\xff'); value++) members[value] = drawn[value] = true;
            }

            return negated ? Unsaid(ByteClass.Not(members)) : Said(Array.Exists(drawn, one => one) ? drawn : members);
        }

        private char Member() => AtEnd ? throw Wrong("a [ is not closed") : pattern[at++];

        private char ClassEscape()
        {
            if (AtEnd) throw Wrong("a [ is not closed");
            return Take('b') ? '\b' : EscapedCharacter();
        }

        /// <summary>The class that a letter after a backslash names; null for another character, which is left.</summary>
        private bool[]? Named()
        {
            if (AtEnd) return null;
            var named = pattern[at] switch
            {
                'd' => ByteClass.Digit,
                'w' => ByteClass.Word,
                's' => ByteClass.Space,
                'D' => ByteClass.Not(ByteClass.Digit),
                'W' => ByteClass.Not(ByteClass.Word),
                'S' => ByteClass.Not(ByteClass.Space),
                _ => null,
            };
            if (named is not null) at++;
            return named;
        }

        private Bytes Of(char c) => c <= '\xff' ? new Bytes([(byte)c]) : throw Wrong($"the character U+{(int)c:X4} is no byte");

        /// <summary>Any of the members.</summary>
        private Bytes Said(bool[] members)
        {
            var values = Enumerable.Range(0, 256).Where(value => members[value]).Select(value => (byte)value).ToImmutableArray();
            return values.IsEmpty ? throw Wrong("a class has no byte in it") : new Bytes(values);
        }

        /// <summary>Any printable member, if there is one: a dot does not mean that control characters are wanted.</summary>
        private Bytes Unsaid(bool[] members)
        {
            var printable = members.Select((member, value) => member && value is >= ' ' and <= '~').ToArray();
            return Said(Array.Exists(printable, one => one) ? printable : members);
        }

        private bool Take(char c)
        {
            if (AtEnd || pattern[at] != c) return false;
            at++;
            return true;
        }

        private ArgumentException Wrong(string what) => new($"{what} (at character {Math.Min(at, pattern.Length)})");
    }
}
