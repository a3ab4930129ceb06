using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SockConformance.Captures;

/// <summary>Which way a packet went, seen from the interface that captured it (pcapng's epb_flags, bits 0 and 1).</summary>
internal enum PacketDirection
{
    /// <summary>Not told; no flags are written.</summary>
    Unknown = 0,
    Inbound = 1,
    Outbound = 2,
}

/// <summary>The interface that packets were captured on.</summary>
/// <param name="LinkType">The LINKTYPE number of its frames, 0 to 65535.</param>
internal sealed record CaptureInterface(string Name, int LinkType)
{
    /// <summary>What libpcap takes for “whole frames”.</summary>
    public const int WholeFrames = 262_144;

    /// <summary>At most this many bytes of a frame are kept; 0 for no limit.</summary>
    public int SnapLength { get; init; } = WholeFrames;

    /// <summary>The capture filter in libpcap's language; null where it is not known.</summary>
    public string? Filter { get; init; }
}

/// <summary>What an interface counted from the start of a capture to its end.</summary>
/// <param name="Received">Packets that came to the capture.</param>
/// <param name="Dropped">Those of them that it lost.</param>
internal sealed record CaptureStatistics(DateTimeOffset Start, DateTimeOffset End, long Received, long Dropped);

/// <summary>
/// Writes one section of pcapng (draft-ietf-opsawg-pcapng) with one interface, little-endian, time stamps in nanoseconds. Call
/// <see cref="Section"/>, <see cref="Interface"/>, then, in any order and number, <see cref="Names"/>, <see cref="TlsSecrets"/> and
/// <see cref="Packet"/>, at last <see cref="Statistics"/>; a file is whole after each call. libpcap itself writes only the classic format, which has no place for comments.
/// </summary>
/// <remarks>
/// The stream is neither flushed nor closed; its exceptions are passed on. Text is written as UTF-8, what is no Unicode as U+FFFD, and cut to
/// what an option can hold, between two characters. Text from elsewhere is to be made harmless before it comes here.
/// </remarks>
internal sealed class PcapngWriter(Stream output)
{
    /// <summary>The most bytes of an option, and so of a comment.</summary>
    public const int MaxOption = ushort.MaxValue;

    private const uint SectionHeader = 0x0A0D0D0A, InterfaceDescription = 1, NameResolution = 4, InterfaceStatistics = 5, EnhancedPacket = 6, DecryptionSecrets = 10;
    private const uint ByteOrderMagic = 0x1A2B3C4D, TlsKeyLog = 0x544c534b;
    private const ushort Comment = 1, UserApplication = 4, InterfaceName = 2, TimeResolution = 9, InterfaceFilter = 11, PacketFlags = 2;
    private const ushort StatisticsStart = 2, StatisticsEnd = 3, StatisticsReceived = 4, StatisticsDropped = 5, NameIPv4 = 1, NameIPv6 = 2;
    private const byte Nanoseconds = 9;
    private CaptureInterface? nic;
    private bool begun;

    /// <summary>The header of the file: must come first, once.</summary>
    /// <param name="application">The program that writes it, with its version.</param>
    /// <param name="comments">What the file is about, each at most <see cref="MaxOption"/> bytes.</param>
    /// <exception cref="InvalidOperationException">There is a section already.</exception>
    public void Section(string application, params ReadOnlySpan<string> comments)
    {
        if (begun) throw new InvalidOperationException("a file of this writer has one section");
        begun = true;
        var body = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(body, ByteOrderMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(4), 1); // version 1.0
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(8), -1); // length of the section: not told
        Block(SectionHeader, body, [.. Comments(comments), (UserApplication, Utf8(application))]);
    }

    /// <summary>The interface that all packets of the file are from: once, before the first of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The link type or the snap length is no such number.</exception>
    /// <exception cref="InvalidOperationException">There is no section yet, or an interface already.</exception>
    public void Interface(CaptureInterface captured)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(captured.SnapLength);
        ArgumentOutOfRangeException.ThrowIfNegative(captured.LinkType);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(captured.LinkType, ushort.MaxValue);
        if (!begun || nic is not null) throw new InvalidOperationException("one interface, after the section");
        nic = captured;
        var body = new byte[8];
        BinaryPrimitives.WriteUInt16LittleEndian(body, (ushort)captured.LinkType);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), captured.SnapLength);
        List<(ushort, byte[])> options = [(InterfaceName, Utf8(captured.Name)), (TimeResolution, [Nanoseconds])];
        if (captured.Filter is { } filter) options.Add((InterfaceFilter, Utf8("\0" + filter))); // NUL: libpcap's language follows
        Block(InterfaceDescription, body, [.. options]);
    }

    /// <summary>Names of addresses, of IPv4 and IPv6, for those who read the file.</summary>
    /// <exception cref="ArgumentException">A name is empty, longer than 255 bytes or has a NUL in it.</exception>
    /// <exception cref="InvalidOperationException">There is no section yet.</exception>
    public void Names(params IReadOnlyCollection<(IPAddress Address, string Name)> names)
    {
        if (!begun) throw new InvalidOperationException("the section comes first");
        using var records = new MemoryStream();
        Span<byte> header = stackalloc byte[4];
        foreach (var (address, name) in names)
        {
            byte[] value = [.. address.GetAddressBytes(), .. Encoding.UTF8.GetBytes(name), 0];
            if (name.Length is 0 or > 255 || name.Contains('\0', StringComparison.Ordinal)) throw new ArgumentException("a name has 1 to 255 bytes and no NUL", nameof(names));
            BinaryPrimitives.WriteUInt16LittleEndian(header, address.AddressFamily == AddressFamily.InterNetworkV6 ? NameIPv6 : NameIPv4);
            BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)value.Length);
            records.Write(header);
            records.Write(value);
            records.Write(new byte[Padding(value.Length)]);
        }

        header.Clear();
        records.Write(header); // nrb_record_end
        Block(NameResolution, records.ToArray());
    }

    /// <summary>Secrets of TLS sessions in the form of a key log (NSS): before the packets that they decrypt. Whoever has the file can read what was said.</summary>
    /// <exception cref="InvalidOperationException">There is no section yet.</exception>
    public void TlsSecrets(string keyLog)
    {
        if (!begun) throw new InvalidOperationException("the section comes first");
        var secrets = Encoding.ASCII.GetBytes(keyLog);
        var body = new byte[8 + secrets.Length + Padding(secrets.Length)];
        BinaryPrimitives.WriteUInt32LittleEndian(body, TlsKeyLog);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), secrets.Length);
        secrets.CopyTo(body, 8);
        Block(DecryptionSecrets, body);
    }

    /// <summary>A packet. What goes beyond the interface's snap length is left out, and its true length told.</summary>
    /// <param name="at">When it was captured: from 1970 to 2554.</param>
    /// <param name="frame">Its bytes from the link layer on.</param>
    /// <param name="comments">Shown by Wireshark at the packet (frame.comment), each at most <see cref="MaxOption"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time cannot be written.</exception>
    /// <exception cref="InvalidOperationException">There is no interface yet.</exception>
    public void Packet(DateTimeOffset at, ReadOnlySpan<byte> frame, PacketDirection direction, params ReadOnlySpan<string> comments)
    {
        if (nic is null) throw new InvalidOperationException("the interface comes before its packets");
        var kept = nic.SnapLength > 0 ? frame[..Math.Min(frame.Length, nic.SnapLength)] : frame;
        var body = new byte[20 + kept.Length + Padding(kept.Length)];
        WriteTime(body.AsSpan(4), at);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(12), kept.Length);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(16), frame.Length);
        kept.CopyTo(body.AsSpan(20));
        List<(ushort, byte[])> options = [.. Comments(comments)];
        if (direction != PacketDirection.Unknown) options.Add((PacketFlags, [(byte)direction, 0, 0, 0]));
        Block(EnhancedPacket, body, [.. options]);
    }

    /// <summary>What the interface counted: once, after the packets.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time cannot be written.</exception>
    /// <exception cref="InvalidOperationException">There is no interface yet.</exception>
    public void Statistics(CaptureStatistics counted)
    {
        if (nic is null) throw new InvalidOperationException("the interface comes before its statistics");
        var body = new byte[12];
        WriteTime(body.AsSpan(4), counted.End);
        Block(
            InterfaceStatistics, body, (StatisticsStart, Time(counted.Start)), (StatisticsEnd, Time(counted.End)), (StatisticsReceived, Number(counted.Received)), (StatisticsDropped, Number(counted.Dropped)));

        static byte[] Time(DateTimeOffset at)
        {
            var bytes = new byte[8];
            WriteTime(bytes, at);
            return bytes;
        }

        static byte[] Number(long count)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, count);
            return bytes;
        }
    }

    /// <summary>Nanoseconds since 1970, the upper half first.</summary>
    private static void WriteTime(Span<byte> room, DateTimeOffset at)
    {
        const ulong NanosecondsPerTick = 100;
        var ticks = (at - DateTimeOffset.UnixEpoch).Ticks;
        ArgumentOutOfRangeException.ThrowIfNegative(ticks, nameof(at));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)ticks, ulong.MaxValue / NanosecondsPerTick, nameof(at));
        var time = (ulong)ticks * NanosecondsPerTick;
        BinaryPrimitives.WriteUInt32LittleEndian(room, (uint)(time >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(room[4..], (uint)time);
    }

    private static List<(ushort Code, byte[] Value)> Comments(ReadOnlySpan<string> comments)
    {
        var options = new List<(ushort, byte[])>(comments.Length);
        foreach (var comment in comments) options.Add((Comment, Utf8(comment)));
        return options;
    }

    private static byte[] Utf8(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length <= MaxOption) return bytes;
        var end = MaxOption;
        while ((bytes[end] & 0xC0) == 0x80) end--; // not in the middle of a character
        return bytes[..end];
    }

    private static int Padding(int length) => -length & 3;

    private void Block(uint type, ReadOnlySpan<byte> body, params ReadOnlySpan<(ushort Code, byte[] Value)> options)
    {
        var length = 12 + body.Length;
        foreach (var (_, value) in options) length += 4 + value.Length + Padding(value.Length);
        if (options.Length > 0) length += 4;

        var block = new byte[length];
        var rest = block.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(rest, type);
        BinaryPrimitives.WriteInt32LittleEndian(rest[4..], length);
        body.CopyTo(rest[8..]);
        rest = rest[(8 + body.Length)..];
        foreach (var (code, value) in options)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, code);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)value.Length);
            value.CopyTo(rest[4..]);
            rest = rest[(4 + value.Length + Padding(value.Length))..];
        }

        if (options.Length > 0) rest = rest[4..]; // opt_endofopt is all zero
        BinaryPrimitives.WriteInt32LittleEndian(rest, length);
        output.Write(block);
    }
}
