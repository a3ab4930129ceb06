namespace SockConformance.Captures;

/// <summary>One packet as it was captured, from a file or just now.</summary>
internal readonly ref struct CapturedFrame(ReadOnlySpan<byte> bytes, LinkType link, int wireLength, long time, long number)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public LinkType Link { get; } = link;

    /// <summary>The bytes that it had, those that were not captured among them.</summary>
    public int WireLength { get; } = wireLength;

    /// <summary>Nanoseconds since 1970.</summary>
    public long Time { get; } = time;

    /// <summary>From 1.</summary>
    public long Number { get; } = number;
}
