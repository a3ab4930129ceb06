using System.Collections.Immutable;

namespace SockConformance.Spec;

/// <summary>How a scalar is written.</summary>
internal enum Quotes
{
    None,
    Single,
    Double,
    Block,
}

/// <summary>A piece of a YAML file: a text, a list or a map.</summary>
internal abstract record YamlNode(Place Place)
{
    /// <summary>What it is, in the words of an error.</summary>
    public abstract string Kind { get; }

    public SpecException Wrong(string message) => new(Place, message);

    /// <param name="ByteEscape">Where in it a character above 7F is written as a byte (\xFF): in UTF-8 it is two.</param>
    internal sealed record Scalar(Place Place, string Text, Quotes Quotes, string? ByteEscape) : YamlNode(Place)
    {
        /// <summary>No value at all: nothing after the colon, or the null of YAML.</summary>
        public bool IsNull => Quotes == Quotes.None && Text is "" or "~" or "null" or "Null" or "NULL";

        public override string Kind => IsNull ? "empty" : SpecException.Show(Text);
    }

    internal sealed record List(Place Place, ImmutableArray<YamlNode> Items) : YamlNode(Place)
    {
        public override string Kind => "a list";
    }

    internal sealed record Entry(Scalar Key, YamlNode Value);

    internal sealed record Map(Place Place, ImmutableArray<Entry> Entries) : YamlNode(Place)
    {
        public override string Kind => "a map";

        public YamlNode? this[string key]
        {
            get
            {
                foreach (var (name, value) in Entries)
                {
                    if (name.Text == key) return value;
                }

                return null;
            }
        }

        /// <summary>This map with the entries of another one that it has not.</summary>
        public Map Over(Map other) => this with { Entries = [.. Entries, .. other.Entries.Where(entry => this[entry.Key.Text] is null)] };
    }
}
