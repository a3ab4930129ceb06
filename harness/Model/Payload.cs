using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>Which bytes a generated payload is made of.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Alphabet>))]
public enum Alphabet
{
    /// <summary>ASCII letters only: no line end, nothing a text protocol could trip over.</summary>
    Letters,

    /// <summary>Printable ASCII in lines of at most 64 bytes; the last byte is a line feed.</summary>
    Text,

    /// <summary>All 256 byte values.</summary>
    Bytes,

    /// <summary>Printable ASCII, the space among it, in one line.</summary>
    Printable,

    /// <summary>Characters of two bytes in UTF-8; an odd last byte is an ASCII letter.</summary>
    Utf8,
}

/// <summary>What a SEND puts on the connection, described so that a case file stays small: by a seed, or byte by byte.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Generated), "generated")]
[JsonDerivedType(typeof(Literal), "literal")]
[JsonDerivedType(typeof(Joined), "joined")]
public abstract record Payload
{
    private Payload() { }

    /// <summary>The number of bytes.</summary>
    [JsonIgnore]
    public abstract int Size { get; }

    /// <summary>The bytes themselves; the same for the same description, on every machine and in every version.</summary>
    public abstract byte[] ToBytes();

    /// <summary>Bytes drawn from an alphabet by splitmix64, so that no two connections carry the same content.</summary>
    public sealed record Generated(int Length, ulong Seed, Alphabet Alphabet) : Payload
    {
        [JsonIgnore]
        public override int Size => Length;

        public override byte[] ToBytes()
        {
            var bytes = new byte[Length];
            var numbers = new SplitMix(Seed);
            for (var i = 0; i < bytes.Length; i += 8)
            {
                var word = numbers.Next();
                for (var k = i; k < Math.Min(i + 8, bytes.Length); k++, word >>= 8) bytes[k] = Draw((byte)word, k);
            }

            if (Alphabet == Alphabet.Text && Length > 0) bytes[^1] = (byte)'\n';
            return bytes;
        }

        public override string ToString() => $"{Length} bytes of {Alphabet.ToString().ToLowerInvariant()}";

        private byte Draw(byte random, int position) => Alphabet switch
        {
            Alphabet.Letters => (byte)('a' + random % 26),
            Alphabet.Text => position % 64 == 63 ? (byte)'\n' : (byte)(' ' + random % 95),
            Alphabet.Bytes => random,
            Alphabet.Printable => (byte)(' ' + random % 95),
            Alphabet.Utf8 => position % 2 == 1 ? (byte)(0x80 | (random & 0x3f)) : position == Length - 1 ? (byte)'z' : (byte)(0xc4 + random % 16),
            _ => throw new ArgumentOutOfRangeException(nameof(random)),
        };
    }

    /// <summary>Exactly these bytes, written in hexadecimal in a case file.</summary>
    public sealed record Literal(string Hex) : Payload
    {
        public static Literal Of(ReadOnlySpan<byte> bytes) => new(Convert.ToHexString(bytes));

        [JsonIgnore]
        public override int Size => Hex.Length / 2;

        public override byte[] ToBytes() => Convert.FromHexString(Hex);

        public override string ToString()
        {
            var text = new StringBuilder("\"");
            foreach (var b in ToBytes().Take(48))
                text.Append(b switch { (byte)'\n' => "\\n", (byte)'\r' => "\\r", (byte)'"' or (byte)'\\' => $"\\{(char)b}", >= 0x20 and < 0x7f => ((char)b).ToString(), _ => $"\\x{b:x2}" });
            return text.Append(Size > 48 ? $"…\" ({Size} bytes)" : "\"").ToString();
        }
    }

    /// <summary>Payloads one after the other: a frame around generated content, or messages in one piece.</summary>
    public sealed record Joined(ImmutableArray<Payload> Parts) : Payload
    {
        [JsonIgnore]
        public override int Size => Parts.Sum(part => part.Size);

        public override byte[] ToBytes() => [.. Parts.SelectMany(part => part.ToBytes())];

        public bool Equals(Joined? other) => other is not null && Parts.SequenceEqual(other.Parts);

        public override int GetHashCode() => Parts.Aggregate(0, HashCode.Combine);

        public override string ToString() => string.Join(" + ", Parts.Take(4)) + (Parts.Length > 4 ? $" + … ({Size} bytes)" : "");
    }
}
