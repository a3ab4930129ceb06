using System.Buffers.Binary;
using System.Text;

namespace SockConformance.Captures;

/// <summary>A capture file that ends where it should not, or says what cannot be: where, and why. Packets before that place have been read.</summary>
/// <param name="offset">In bytes from the start of the file.</param>
internal sealed class CaptureFormatException(long offset, string reason) : Exception($"at byte {offset}: {reason}")
{
    public long Offset { get; } = offset;

    public string Reason { get; } = reason;
}

/// <summary>
/// Reads captures: pcap (draft-ietf-opsawg-pcap; microseconds or nanoseconds, either byte order, and the older variant with longer
/// packet headers) and pcapng (draft-ietf-opsawg-pcapng; any number of sections and interfaces). One packet at a time, in a buffer
/// that never grows beyond one block; for any bytes the answer is packets, and then the end or one <see cref="CaptureFormatException"/>.
/// </summary>
/// <param name="room">How large the buffer is at first.</param>
internal sealed class CaptureReader(Stream input, int room = CaptureReader.FirstBuffer) : IDisposable
{
    private const int FirstBuffer = 1 << 18, MaxBlock = 16 << 20, MaxPacket = 262_144, MaxInterfaces = 65_536;
    private const int CommentOption = 1;
    private const uint SectionHeader = 0x0A0D0D0A, InterfaceDescription = 1, OldPacket = 2, SimplePacket = 3, EnhancedPacket = 6, ByteOrder = 0x1A2B3C4D;

    private readonly List<Interface> interfaces = [];
    private byte[] buffer = new byte[room];
    private int start, end, dataStart, dataLength, optionsEnd;
    private long passed; // bytes of the file before buffer[0]
    private bool ended, bigEndian, begun, hasSection;
    private Classic? classic;

    /// <summary>Counts the packets from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Nanoseconds since 1970-01-01 UTC; what does not fit is as near as it can be.</summary>
    public long Time { get; private set; }

    /// <summary>The length of the frame on the wire.</summary>
    public int WireLength { get; private set; }

    public LinkType Link { get; private set; }

    /// <summary>What was captured of the frame; valid until the next call of <see cref="Next"/>.</summary>
    public ReadOnlySpan<byte> Frame => buffer.AsSpan(dataStart, dataLength);

    /// <summary>How far the file has been read, in bytes.</summary>
    public long Position => passed + start;

    /// <summary>The comment of the first section; null without one.</summary>
    public string? Comment { get; private set; }

    /// <summary>The comments of this packet, of which only pcapng has any; to be asked for before the next call of <see cref="Next"/>.</summary>
    public IReadOnlyList<string> PacketComments()
    {
        var comments = new List<string>();
        for (var at = dataStart + ((dataLength + 3) & ~3); at + 4 <= optionsEnd;)
        {
            var (code, length) = bigEndian
                ? (BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at)), BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at + 2)))
                : (BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at)), BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + 2)));
            if (code == 0 || at + 4 + length > optionsEnd) break;
            if (code == CommentOption) comments.Add(Encoding.UTF8.GetString(buffer, at + 4, length));
            at += 4 + ((length + 3) & ~3);
        }

        return comments;
    }

    public static CaptureReader Open(string path) =>
        new(new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite, BufferSize = 0, Options = FileOptions.SequentialScan }));

    /// <summary>Whether a file begins like a capture that can be read.</summary>
    public static bool Begins(ReadOnlySpan<byte> head) => head.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(head) is SectionHeader or 0xa1b2c3d4 or 0xd4c3b2a1 or 0xa1b23c4d or 0x4d3cb2a1 or 0xa1b2cd34 or 0x34cdb2a1;

    /// <summary>Goes on to the next packet; false at the end of the file.</summary>
    /// <exception cref="CaptureFormatException">The file is damaged, cut short, or no capture.</exception>
    public bool Next()
    {
        if (!begun) Begin();
        begun = true;
        return classic is { } header ? NextRecord(header) : NextBlock();
    }

    public void Dispose() => input.Dispose();

    private void Begin()
    {
        if (!Fill(4)) throw Broken(end == 0 ? "the file is empty" : "the file is too short to be a capture");
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(buffer);
        if (magic == SectionHeader) return;
        classic = magic switch
        {
            0xa1b2c3d4 => new Classic(false, 1000, 16),
            0xd4c3b2a1 => new Classic(true, 1000, 16),
            0xa1b23c4d => new Classic(false, 1, 16),
            0x4d3cb2a1 => new Classic(true, 1, 16),
            0xa1b2cd34 => new Classic(false, 1000, 24),
            0x34cdb2a1 => new Classic(true, 1000, 24),
            _ => throw Broken(Foreign(buffer.AsSpan(0, Math.Min(end, 16)))),
        };
        bigEndian = classic.Value.BigEndian;
        if (!Fill(24)) throw Broken("the file ends within its header");
        if (Read16(4) != 2) throw Broken($"the file is of pcap version {Read16(4)}.{Read16(6)}; versions 2.x are known", 4);
        Link = (LinkType)(Read32(20) & 0xffff); // the upper bits tell of a frame check sequence
        start = 24;
    }

    private static string Foreign(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith<byte>([0x1f, 0x8b])) return "the file is compressed (gzip): gunzip -c FILE | sockconf analyze -";
        if (head.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd])) return "the file is compressed (zstd): zstd -dc FILE | sockconf analyze -";
        if (head.StartsWith<byte>([0x04, 0x22, 0x4d, 0x18])) return "the file is compressed (lz4): lz4 -dc FILE | sockconf analyze -";
        if (head.StartsWith<byte>([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'])) return "the file is compressed (xz): xz -dc FILE | sockconf analyze -";
        if (head.StartsWith<byte>([(byte)'B', (byte)'Z', (byte)'h'])) return "the file is compressed (bzip2): bzip2 -dc FILE | sockconf analyze -";
        if (head.StartsWith("snoop\0\0\0"u8)) return "this is a capture of snoop: editcap -F pcapng FILE OTHER makes one that can be read";
        return "this is no capture: neither pcap nor pcapng begins so";
    }

    private bool NextRecord(Classic header)
    {
        if (!Fill(header.RecordHeader))
        {
            if (start == end) return false;
            throw Broken($"the file ends within the header of packet {Number + 1}", end - start);
        }

        var (seconds, fraction, captured, wire) = (Read32(0), Read32(4), Read32(8), Read32(12));
        if (captured > MaxPacket) throw Broken($"packet {Number + 1} claims {captured} captured bytes; more than {MaxPacket} is damage", 8);
        if (wire > int.MaxValue) throw Broken($"packet {Number + 1} claims a length of {wire} bytes", 12);
        if (!Fill(header.RecordHeader + (int)captured)) throw Broken($"the file ends within packet {Number + 1}: {captured} bytes were announced, {end - start - header.RecordHeader} are there", end - start);
        (dataStart, dataLength, WireLength) = (start + header.RecordHeader, (int)captured, (int)wire);
        Time = (seconds * 1_000_000_000L) + ((long)fraction * header.Unit);
        start += header.RecordHeader + (int)captured;
        Number++;
        return true;
    }

    private bool NextBlock()
    {
        while (true)
        {
            if (!Fill(12))
            {
                if (start == end && hasSection) return false;
                throw Broken("the file ends within the header of a block", end - start);
            }

            var type = Read32(0);
            if (type == SectionHeader)
            {
                var order = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(start + 8));
                if (order is not (ByteOrder or 0x4D3C2B1A)) throw Broken($"a section header has the byte-order magic 0x{order:x8}", 8);
                bigEndian = order != ByteOrder;
            }
            else if (!hasSection)
            {
                throw Broken("the file does not begin with a section header");
            }

            hasSection = true;
            var length = Read32(4);
            if (length < 12 || length % 4 != 0) throw Broken($"a block claims a length of {length} bytes: at least 12, and a multiple of 4", 4);
            if (length > MaxBlock) throw Broken($"a block claims a length of {length} bytes; more than {MaxBlock} is damage", 4);
            if (!Fill((int)length)) throw Broken($"the file ends within a block: {length} bytes were announced, {end - start} are there", end - start);
            if (Read32((int)length - 4) is var again && again != length) throw Broken($"a block has the length {length} at its start and {again} at its end", (int)length - 4);
            var found = Block(type, (int)length - 12);
            start += (int)length;
            if (!found) continue;
            Number++;
            return true;
        }
    }

    /// <summary>Takes the body of one block; true if it has a packet. Blocks of other kinds are passed over, as the format wants it.</summary>
    private bool Block(uint type, int size)
    {
        switch (type)
        {
            case SectionHeader:
                if (size < 16) throw Broken("a section header is too short", 4);
                if (Read16(12) != 1) throw Broken($"a section is of pcapng version {Read16(12)}.{Read16(14)}; version 1 is known", 12);
                interfaces.Clear();
                var none = default(Interface);
                if (Number == 0 && Comment is null) ReadOptions(24, size - 16, ref none);
                return false;
            case InterfaceDescription:
                if (size < 8) throw Broken("an interface description is too short", 4);
                if (interfaces.Count == MaxInterfaces) throw Broken($"a section has more than {MaxInterfaces} interfaces");
                var nic = new Interface { Link = (LinkType)Read16(8), Snapshot = Read32(12), Resolution = 6, Multiplier = 1000 };
                ReadOptions(16, size - 8, ref nic, describesInterface: true);
                interfaces.Add(nic);
                return false;
            case EnhancedPacket or OldPacket:
                if (size < 20) throw Broken("a packet block is too short", 4);
                Packet(type == EnhancedPacket ? Read32(8) : Read16(8), ((ulong)Read32(12) << 32) | Read32(16), Read32(20), Read32(24), 28, size - 20);
                return true;
            case SimplePacket:
                if (size < 4) throw Broken("a packet block is too short", 4);
                if (interfaces.Count == 0) throw Broken("a packet comes before any interface is described");
                var most = interfaces[0].Snapshot == 0 ? uint.MaxValue : interfaces[0].Snapshot;
                Packet(0, null, Math.Min(Read32(8), Math.Min(most, (uint)(size - 4))), Read32(8), 12, size - 4);
                return true;
            default:
                return false;
        }
    }

    private void Packet(uint number, ulong? ticks, uint captured, uint wire, int offset, int room)
    {
        if (number >= interfaces.Count) throw Broken($"packet {Number + 1} is of interface {number}, which is not described", 8);
        if (captured > room) throw Broken($"packet {Number + 1} claims {captured} captured bytes in a block that has room for {room}", offset - 8);
        if (wire > int.MaxValue) throw Broken($"packet {Number + 1} claims a length of {wire} bytes", offset - 4);
        var nic = interfaces[(int)number];
        Link = nic.Link;
        (dataStart, dataLength, WireLength) = (start + offset, (int)captured, (int)wire);
        optionsEnd = ticks is null ? 0 : start + offset + room; // a simple packet has none
        if (ticks is not { } time) return; // a simple packet has no time: that of the one before stands
        Time = nic.Multiplier > 0 && time <= (ulong)(long.MaxValue / 2 / nic.Multiplier)
            ? (long)(time * (ulong)nic.Multiplier) + nic.Offset
            : Exactly(time, nic);
    }

    /// <summary>Where nanoseconds are no multiple of ticks, or are too many. Apart, as methods that touch an Int128 are not compiled ahead of time.</summary>
    private static long Exactly(ulong ticks, in Interface nic)
    {
        var (multiplier, divisor) = Unit(nic.Resolution);
        return (long)Int128.Clamp(((Int128)ticks * multiplier / divisor) + nic.Offset, 0, long.MaxValue);
    }

    private void ReadOptions(int offset, int size, ref Interface nic, bool describesInterface = false)
    {
        const int Resolution = 9, Shift = 14;
        for (var at = offset; at + 4 <= offset + size;)
        {
            var (code, length) = (Read16(at), Read16(at + 2));
            if (code == 0) break;
            if (at + 4 + length > offset + size) throw Broken($"an option claims {length} bytes; its block has {offset + size - at - 4}", at);
            var value = buffer.AsSpan(start + at + 4, length);
            if (code == CommentOption && !describesInterface) Comment ??= Encoding.UTF8.GetString(value);
            if (code == Resolution && describesInterface && length == 1) (nic.Resolution, nic.Multiplier) = (value[0], Whole(value[0]));
            if (code == Shift && describesInterface && length == 8)
            {
                var seconds = bigEndian ? BinaryPrimitives.ReadInt64BigEndian(value) : BinaryPrimitives.ReadInt64LittleEndian(value);
                nic.Offset = Math.Clamp(seconds, -4_000_000_000, 4_000_000_000) * 1_000_000_000;
            }

            at += 4 + ((length + 3) & ~3);
        }
    }

    /// <summary>Nanoseconds per tick; 0 if that is no whole number.</summary>
    private static long Whole(byte resolution) => Unit(resolution) is var (multiplier, divisor) && divisor == 1 ? multiplier : 0;

    /// <summary>Nanoseconds per tick, as a fraction: a power of ten or, with the top bit set, of two.</summary>
    private static (long Multiplier, Int128 Divisor) Unit(byte resolution)
    {
        var exponent = resolution & 0x7f;
        if (resolution >= 0x80) return (1_000_000_000, Int128.One << Math.Min(exponent, 126));
        Int128 divisor = 1;
        long multiplier = 1;
        for (var i = exponent; i < 9; i++) multiplier *= 10;
        for (var i = 9; i < Math.Min(exponent, 36); i++) divisor *= 10;
        return (multiplier, divisor);
    }

    /// <summary>Has at least so many bytes from <see cref="start"/> on in the buffer; false if the file ends before.</summary>
    private bool Fill(int wanted)
    {
        if (end - start >= wanted) return true;
        if (start + wanted > buffer.Length || start > buffer.Length / 2)
        {
            var target = wanted > buffer.Length ? new byte[wanted + room] : buffer;
            buffer.AsSpan(start, end - start).CopyTo(target);
            passed += start;
            (buffer, end, start) = (target, end - start, 0);
        }

        while (end - start < wanted && !ended)
        {
            var read = input.Read(buffer, end, buffer.Length - end);
            ended = read == 0;
            end += read;
        }

        return end - start >= wanted;
    }

    private ushort Read16(int offset) => bigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(start + offset)) : BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(start + offset));

    private uint Read32(int offset) => bigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(start + offset)) : BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(start + offset));

    private CaptureFormatException Broken(string reason, int further = 0) => new(passed + start + further, reason);

    private readonly record struct Classic(bool BigEndian, long Unit, int RecordHeader);

    private struct Interface
    {
        public LinkType Link;
        public uint Snapshot;
        public byte Resolution;
        public long Multiplier, Offset; // a multiplier of 0: see Exactly
    }
}
