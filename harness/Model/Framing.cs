using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>What a server does with a line that has no terminator when its client ends.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Unterminated>))]
public enum Unterminated
{
    Ignore,
    Reply,
    Close,
}

/// <summary>What a look at the start of a stream of bytes found.</summary>
public enum FrameStatus
{
    Whole,

    /// <summary>More bytes are needed.</summary>
    Partial,

    /// <summary>It can never become a message: longer than allowed, or a length that makes no sense.</summary>
    Broken,
}

/// <param name="Total">The bytes of the whole message, frame included; of what is known to be broken where it is.</param>
/// <param name="Start">Where in it the payload begins.</param>
/// <param name="Length">The bytes of the payload.</param>
public readonly record struct Frame(FrameStatus Status, int Total, int Start, int Length)
{
    public static Frame Partial { get; } = new(FrameStatus.Partial, 0, 0, 0);

    public static Frame Broken(int total) => new(FrameStatus.Broken, total, 0, 0);

    public ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> stream) => stream.Slice(Start, Length);
}

/// <summary>How messages stand in a stream of bytes. Pure; sizes in bytes.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Stream), "stream")]
[JsonDerivedType(typeof(Line), "line")]
[JsonDerivedType(typeof(LengthPrefix), "length-prefix")]
[JsonDerivedType(typeof(Fixed), "fixed")]
[JsonDerivedType(typeof(UntilEof), "until-eof")]
[JsonDerivedType(typeof(Datagram), "datagram")]
[JsonDerivedType(typeof(Http), "http")]
[JsonDerivedType(typeof(TlsRecord), "tls-record")]
public abstract record Framing
{
    private Framing() { }

    /// <summary>Whether the stream is a sequence of messages at all.</summary>
    [JsonIgnore]
    public bool HasMessages => this is Line or LengthPrefix or Fixed;

    /// <summary>The longest payload that is allowed.</summary>
    [JsonIgnore]
    public virtual int Most => int.MaxValue;

    /// <summary>The message at the start of the stream.</summary>
    public abstract Frame Take(ReadOnlySpan<byte> stream);

    /// <summary>A payload as it is sent.</summary>
    public virtual byte[] Wrap(ReadOnlySpan<byte> payload) => payload.ToArray();

    /// <summary>The number of whole messages that a stream begins with.</summary>
    public int Count(ReadOnlySpan<byte> stream)
    {
        var count = 0;
        while (stream.Length > 0 && Take(stream) is { Status: FrameStatus.Whole, Total: > 0 } frame)
        {
            count++;
            stream = stream[frame.Total..];
        }

        return count;
    }

    /// <summary>No boundaries: every byte counts for itself.</summary>
    public sealed record Stream : Framing
    {
        public override Frame Take(ReadOnlySpan<byte> stream) => stream.IsEmpty ? Frame.Partial : new Frame(FrameStatus.Whole, stream.Length, 0, stream.Length);
    }

    /// <param name="Terminator">In hexadecimal.</param>
    /// <param name="Max">The longest line without its terminator.</param>
    public sealed record Line(string Terminator, int Max, Unterminated AtEof) : Framing
    {
        private Tuple<string, byte[]>? known; // a copy with another terminator has this one's

        [JsonIgnore]
        public byte[] End => (known is { } one && one.Item1 == Terminator ? one : known = Tuple.Create(Terminator, Convert.FromHexString(Terminator))).Item2;

        // What is kept for speed is no part of what it is.
        public bool Equals(Line? other) => other is not null && Terminator == other.Terminator && Max == other.Max && AtEof == other.AtEof;

        public override int GetHashCode() => HashCode.Combine(Terminator, Max, AtEof);

        [JsonIgnore]
        public override int Most => Max;

        public override Frame Take(ReadOnlySpan<byte> stream)
        {
            var at = stream.IndexOf(End);
            if (at > Max) return Frame.Broken(at + End.Length);
            return at >= 0 ? new Frame(FrameStatus.Whole, at + End.Length, 0, at) : stream.Length >= Max + End.Length ? Frame.Broken(stream.Length) : Frame.Partial;
        }

        public override byte[] Wrap(ReadOnlySpan<byte> payload) => [.. payload, .. End];
    }

    /// <param name="Bytes">1, 2, 4 or 8.</param>
    /// <param name="CountsFrame">Whether the length counts the prefix, too.</param>
    /// <param name="Max">The longest payload.</param>
    public sealed record LengthPrefix(int Bytes, bool BigEndian, bool CountsFrame, int Max) : Framing
    {
        [JsonIgnore]
        public override int Most => Max;

        public override Frame Take(ReadOnlySpan<byte> stream)
        {
            if (stream.Length < Bytes) return Frame.Partial;
            var announced = Announced(stream);
            if (CountsFrame && announced < (ulong)Bytes) return Frame.Broken(Bytes);
            var length = announced - (CountsFrame ? (ulong)Bytes : 0);
            if (length > (ulong)Max) return Frame.Broken(stream.Length);
            return stream.Length < Bytes + (int)length ? Frame.Partial : new Frame(FrameStatus.Whole, Bytes + (int)length, Bytes, (int)length);
        }

        public override byte[] Wrap(ReadOnlySpan<byte> payload) => [.. Prefix((ulong)payload.Length + (CountsFrame ? (ulong)Bytes : 0)), .. payload];

        /// <summary>A prefix that announces any number, true or not; higher bits are lost.</summary>
        public byte[] Prefix(ulong number)
        {
            var prefix = new byte[8];
            if (BigEndian) BinaryPrimitives.WriteUInt64BigEndian(prefix, number);
            else BinaryPrimitives.WriteUInt64LittleEndian(prefix, number);
            return BigEndian ? prefix[^Bytes..] : prefix[..Bytes];
        }

        private ulong Announced(ReadOnlySpan<byte> stream)
        {
            var number = 0ul;
            for (var i = 0; i < Bytes; i++) number = (number << 8) | stream[BigEndian ? i : Bytes - 1 - i];
            return number;
        }
    }

    public sealed record Fixed(int Size) : Framing
    {
        [JsonIgnore]
        public override int Most => Size;

        public override Frame Take(ReadOnlySpan<byte> stream) => stream.Length < Size ? Frame.Partial : new Frame(FrameStatus.Whole, Size, 0, Size);
    }

    /// <summary>One message, which the end of file ends.</summary>
    public sealed record UntilEof(int Max) : Framing
    {
        [JsonIgnore]
        public override int Most => Max;

        public override Frame Take(ReadOnlySpan<byte> stream) => stream.Length > Max ? Frame.Broken(stream.Length) : Frame.Partial;
    }

    /// <summary>Every datagram is a message (RFC 768).</summary>
    public sealed record Datagram : Framing
    {
        public const int Largest = 65507;

        [JsonIgnore]
        public override int Most => Largest;

        public override Frame Take(ReadOnlySpan<byte> stream) => new(FrameStatus.Whole, stream.Length, 0, stream.Length);
    }

    /// <summary>HTTP/1 responses (RFC 9112 §6.3).</summary>
    /// <param name="Bodiless">It answers HEAD: whatever its header says, no body follows.</param>
    public sealed record Http(bool Bodiless = false) : Framing
    {
        public override Frame Take(ReadOnlySpan<byte> stream) => HttpMessage.Delimit(stream, Bodiless);
    }

    /// <summary>TLS records (RFC 8446 §5.1): type, version, length, fragment.</summary>
    public sealed record TlsRecord : Framing
    {
        private const int Header = 5;

        public override Frame Take(ReadOnlySpan<byte> stream)
        {
            if (stream.Length < Header) return Frame.Partial;
            var length = BinaryPrimitives.ReadUInt16BigEndian(stream[3..]);
            return stream.Length < Header + length ? Frame.Partial : new Frame(FrameStatus.Whole, Header + length, Header, length);
        }
    }

    public sealed override string ToString() => this switch
    {
        Line line => $"line ending in {Encoding.Latin1.GetString(line.End).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}",
        LengthPrefix prefix => string.Create(CultureInfo.InvariantCulture, $"message with a length of {prefix.Bytes} bytes before it"),
        Fixed record => string.Create(CultureInfo.InvariantCulture, $"record of {record.Size} bytes"),
        Datagram => "datagram",
        Http => "HTTP response",
        TlsRecord => "TLS record",
        _ => "reply",
    };
}
