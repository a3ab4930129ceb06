using System.Buffers.Binary;
using NUnit.Framework;
using SockConformance.Captures;

namespace SockConformance.Tests.Captures;

/// <summary>For any bytes the reader answers with packets, and then with the end or one typed error; whatever lies about its length is refused with words.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class CaptureReaderTests
{
    private static readonly string[] Whole =
    [
        "pcap-big-endian.pcap", "pcap-nanoseconds.pcap", "pcap-nanoseconds-big-endian.pcap", "keep-alive.pcapng", "pcapng-big-endian.pcapng", "pcapng-simple-packets.pcapng",
        "pcapng-two-interfaces.pcapng", "pcapng-two-sections.pcapng", "snap-length.pcap",
    ];

    private sealed record Packet(long Time, LinkType Link, int Wire, string Bytes);

    /// <summary>What there is, and how it ended: null for the end of the file.</summary>
    private static (List<Packet> Packets, CaptureFormatException? Broken) Read(byte[] file, int room = 1 << 18) => Read(new MemoryStream(file), room);

    private static (List<Packet> Packets, CaptureFormatException? Broken) Read(Stream file, int room = 1 << 18)
    {
        var packets = new List<Packet>();
        using var reader = new CaptureReader(file, room);
        try
        {
            while (reader.Next())
            {
                packets.Add(new Packet(reader.Time, reader.Link, reader.WireLength, Convert.ToHexString(reader.Frame)));
                Assert.That(reader.Number, Is.EqualTo(packets.Count));
            }
        }
        catch (CaptureFormatException e)
        {
            Assert.That(e.Offset, Is.InRange(0, reader.Position + (17 << 20)));
            Assert.That(e.Message, Does.Not.Match("[\\x00-\\x1f]"));
            return (packets, e);
        }

        return (packets, null);
    }

    [TestCaseSource(nameof(Whole))]
    public void A_file_cut_at_any_byte_gives_the_packets_before_and_says_where_it_ends(string name)
    {
        var file = File.ReadAllBytes(GoldenIndex.PathOf(name));
        var (whole, broken) = Read(file);
        Assert.That(broken, Is.Null);
        var clean = 0;
        for (var length = 0; length < file.Length; length++)
        {
            var (packets, cut) = Read(file[..length], room: length % 64);
            if (packets.Count > whole.Count || !packets.SequenceEqual(whole.Take(packets.Count))) Assert.Fail($"{length} bytes: other packets");
            if (cut is null) clean++;
            else if (cut.Offset > length) Assert.Fail($"{length} bytes: damage at {cut.Offset}");
        }

        // Only behind a packet or a block can a file end well.
        Assert.That(clean, Is.InRange(whole.Count, 3 * (whole.Count + 4)));
    }

    [TestCaseSource(nameof(Whole))]
    public void Any_bit_may_be_wrong(string name)
    {
        var file = File.ReadAllBytes(GoldenIndex.PathOf(name));
        for (var bit = 0; bit < 8 * Math.Min(file.Length, 1200); bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Pipeline.Run(file, drawn: bit % 8 == 0 ? 1 : null).MustBeClean();
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [TestCaseSource(nameof(Whole))]
    public void How_the_bytes_come_makes_no_difference(string name)
    {
        var file = File.ReadAllBytes(GoldenIndex.PathOf(name));
        var whole = Read(file).Packets;
        foreach (var room in (int[])[0, 1, 60, 1000]) Assert.That(Read(new Dribble(file), room).Packets, Is.EqualTo(whole));
    }

    [Test]
    public void A_golden_capture_damaged_in_ten_thousand_ways_is_packets_and_an_end()
    {
        var originals = Directory.EnumerateFiles(GoldenIndex.Folder, "*.pcap*").Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(bytes => bytes.Length <= 2000).ToList();
        var mangler = new Mangler(originals, 20260101);
        for (var number = 0; number < 15_000; number++)
        {
            var bytes = mangler.Next();
            try
            {
                Pipeline.Run(bytes, drawn: number % 8 == 0 ? 1 + (number / 8 % 3) : null, room: number % 3 == 0 ? number % 100 : 4096).MustBeClean();
            }
            catch (Exception e) when (e is not ResultStateException)
            {
                Assert.Fail($"input {number}: {e}\n{Convert.ToHexString(bytes)}");
            }
        }
    }

    // A block of a pcapng file: its length, and what is said of it.
    [TestCase(0u, "at least 12")]
    [TestCase(11u, "at least 12")]
    [TestCase(13u, "a multiple of 4")]
    [TestCase(0x80000000, "more than 16777216 is damage")]
    [TestCase(0xfffffffc, "more than 16777216 is damage")]
    [TestCase((16u << 20) + 4, "more than 16777216 is damage")]
    [TestCase(16u << 20, "16777216 bytes were announced, 12 are there")]
    [TestCase(16u, "the file ends within a block: 16 bytes were announced, 12 are there")]
    public void A_block_that_lies_about_its_length_is_refused(uint length, string reason)
    {
        byte[] before = [.. Section(), .. Interface(), .. Enhanced(0, 1, [1, 2, 3, 4])];
        var (packets, broken) = Read([.. before, .. U32(5), .. U32(length), .. U32(length)]);
        Assert.That(packets, Has.Count.EqualTo(1));
        Assert.That(broken!.Reason, Does.Contain(reason));
        Assert.That(broken.Offset, Is.InRange(before.Length, before.Length + 12));
    }

    [TestCase(1u)]
    [TestCase(6u)]
    [TestCase(2u)]
    [TestCase(3u)]
    [TestCase(0x0A0D0D0Au)]
    public void A_known_block_without_a_body_is_too_short(uint type)
    {
        var body = type == 0x0A0D0D0A ? U32(0x1A2B3C4D) : [];
        var (packets, broken) = Read([.. Section(), .. Interface(), .. Block(type, body)]);
        Assert.That((packets.Count, broken!.Reason), Is.EqualTo((0, type switch { 1 => "an interface description is too short", 0x0A0D0D0A => "a section header is too short", _ => "a packet block is too short" })));
    }

    [Test]
    public void A_block_without_a_body_that_is_not_known_is_passed_over() =>
        Assert.That(Read([.. Section(), .. Interface(), .. Block(0x7000, []), .. Enhanced(0, 1, [1, 2, 3, 4])]).Packets, Has.Count.EqualTo(1));

    [Test]
    public void Blocks_of_other_kinds_are_passed_over()
    {
        // Name resolution, interface statistics, journal, decryption secrets, custom (to be copied and not), and one from nowhere.
        byte[] others = [.. ((uint[])[4, 5, 9, 10, 0xBAD, 0x40000BAD, 0x7fffffff]).SelectMany(type => Block(type, new byte[400]))];
        var (packets, broken) = Read([.. Section(), .. others, .. Interface(), .. others, .. Enhanced(0, 7, [1, 2, 3, 4]), .. others]);
        Assert.That(packets, Is.EqualTo([new Packet(7000, LinkType.Raw, 4, "01020304")]));
        Assert.That(broken, Is.Null);
    }

    [TestCase(4u, 4u, null)]
    [TestCase(5u, 5u, "claims 5 captured bytes in a block that has room for 4")]
    [TestCase(uint.MaxValue, 4u, "claims 4294967295 captured bytes in a block that has room for 4")]
    [TestCase(4u, 0x80000000u, "claims a length of 2147483648 bytes")]
    [TestCase(4u, 3u, null, Description = "more was captured than there was: readers take it")]
    public void A_packet_that_claims_more_than_its_block_has_is_refused(uint captured, uint wire, string? reason)
    {
        byte[] body = [.. U32(0), .. U32(0), .. U32(1), .. U32(captured), .. U32(wire), 1, 2, 3, 4];
        Assert.That(Read([.. Section(), .. Interface(), .. Block(6, body)]).Broken?.Reason, reason is null ? Is.Null : Does.Contain(reason));
    }

    [Test]
    public void A_packet_of_an_interface_that_is_not_described_is_refused()
    {
        Assert.That(Read([.. Section(), .. Enhanced(0, 1, [])]).Broken!.Reason, Does.Contain("interface 0, which is not described"));
        Assert.That(Read([.. Section(), .. Interface(), .. Enhanced(uint.MaxValue, 1, [])]).Broken!.Reason, Does.Contain("interface 4294967295"));
        Assert.That(Read([.. Section(), .. Block(3, U32(0))]).Broken!.Reason, Does.Contain("before any interface"));

        // A further section begins with no interfaces.
        Assert.That(Read([.. Section(), .. Interface(), .. Section(), .. Enhanced(0, 1, [])]).Broken!.Reason, Does.Contain("not described"));
    }

    [Test]
    public void An_option_that_is_longer_than_its_block_is_refused_and_a_missing_end_of_options_is_not()
    {
        Assert.That(Read([.. Section(), .. Block(1, [101, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0xff, 0xff, 1, 0, 0, 0])]).Broken!.Reason, Is.EqualTo("an option claims 65535 bytes; its block has 4"));
        Assert.That(Read([.. Section(), .. Interface([9, 0, 1, 0, 9, 0, 0, 0]), .. Enhanced(0, 5, [])]).Packets.Single().Time, Is.EqualTo(5));

        // Half an option behind the last one is no option.
        Assert.That(Read([.. Section(), .. Block(1, [101, 0, 0, 0, 0, 0, 0, 0, 9, 0])]).Broken, Is.Not.Null, "a block's length is a multiple of four");
    }

    [Test]
    public void The_time_is_right_in_every_resolution([Range(0, 20)] int exponent)
    {
        var ticks = exponent >= 9 ? (ulong)Math.Min(Math.Pow(10, exponent - 9) * 1234, 1e19) : 1234;
        var expected = exponent <= 9 ? 1234 * (long)Math.Pow(10, 9 - exponent) : (long)(ticks / Math.Pow(10, exponent - 9));
        Assert.That(Read([.. Section(), .. Interface([9, 0, 1, 0, (byte)exponent, 0, 0, 0]), .. Enhanced(0, ticks, [])]).Packets.Single().Time, Is.EqualTo(expected).Within(1));
        var half = Read([.. Section(), .. Interface([9, 0, 1, 0, (byte)(0x80 + exponent), 0, 0, 0]), .. Enhanced(0, 3UL << exponent, [])]).Packets.Single().Time;
        Assert.That(half, Is.EqualTo(3_000_000_000));
    }

    [TestCase((byte)0xff, ulong.MaxValue, 0L)]
    [TestCase((byte)(0x80 + 64), 1UL << 63, 500_000_000L)]
    [TestCase((byte)0x7f, ulong.MaxValue, 0L)]
    [TestCase((byte)0, ulong.MaxValue, long.MaxValue)]
    [TestCase((byte)9, ulong.MaxValue, long.MaxValue)]
    public void A_time_beyond_all_bounds_is_as_near_as_it_can_be(byte resolution, ulong ticks, long expected) =>
        Assert.That(Read([.. Section(), .. Interface([9, 0, 1, 0, resolution, 0, 0, 0]), .. Enhanced(0, ticks, [])]).Packets.Single().Time, Is.EqualTo(expected));

    [TestCase(-5L, 10_000_000UL, 5_000_000_000L)]
    [TestCase(5L, 1UL, 5_000_001_000L)]
    [TestCase(long.MinValue, 0UL, -4_000_000_000_000_000_000L)]
    [TestCase(long.MaxValue, ulong.MaxValue, long.MaxValue)]
    public void The_clock_of_an_interface_may_be_shifted(long seconds, ulong ticks, long expected)
    {
        var shift = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(shift, seconds);
        Assert.That(Read([.. Section(), .. Interface([14, 0, 8, 0, .. shift]), .. Enhanced(0, ticks, [])]).Packets.Single().Time, Is.EqualTo(expected));
    }

    [Test]
    public void Time_may_go_backwards_and_a_section_may_turn_the_bytes_round()
    {
        byte[] turned = [.. Turned(0x0A0D0D0A, 0x1A2B3C4D, 0x00010000, 0xffffffff, 0xffffffff), .. Turned(1, 0x00650000, 0), .. Turned(6, 0, 0, 3, 2, 2, 0x0a0b0000)];
        var (packets, broken) = Read([.. Section(), .. Interface(), .. Enhanced(0, 9, [1]), .. Enhanced(0, 5, [2]), .. turned, .. Section(), .. Interface(), .. Enhanced(0, 1, [3])]);
        Assert.That(broken, Is.Null);
        Assert.That(packets.Select(packet => (packet.Time, packet.Bytes)), Is.EqualTo([(9000L, "01"), (5000, "02"), (3000, "0A0B"), (1000, "03")]));
    }

    [Test]
    public void A_simple_packet_is_as_long_as_the_snap_length_allows_and_an_obsolete_one_is_read()
    {
        byte[] simple = Block(3, [.. U32(6), 1, 2, 3, 4, 5, 6, 0, 0]);
        var obsolete = Block(2, [0, 0, 7, 0, .. U32(0), .. U32(8), .. U32(2), .. U32(9), 0xaa, 0xbb, 0, 0]);
        var (packets, _) = Read([.. Section(), .. Interface(snap: 4), .. simple, .. obsolete, .. simple]);
        Assert.That(packets, Is.EqualTo([new Packet(0, LinkType.Raw, 6, "01020304"), new Packet(8000, LinkType.Raw, 9, "AABB"), new Packet(8000, LinkType.Raw, 6, "01020304")]));
        Assert.That(Read([.. Section(), .. Interface(snap: uint.MaxValue), .. simple]).Packets.Single().Bytes, Is.EqualTo("010203040506"));
    }

    [Test]
    public void A_section_does_not_describe_interfaces_without_end()
    {
        byte[] file = [.. Section(), .. Enumerable.Repeat(Interface(), 65_537).SelectMany(one => one)];
        Assert.That(Read(file).Broken!.Reason, Is.EqualTo("a section has more than 65536 interfaces"));
    }

    [TestCase(262_144u, 262_144u, null)]
    [TestCase(262_145u, 262_145u, "claims 262145 captured bytes; more than 262144 is damage")]
    [TestCase(uint.MaxValue, 60u, "claims 4294967295 captured bytes")]
    [TestCase(4u, uint.MaxValue, "claims a length of 4294967295 bytes")]
    public void A_record_that_claims_too_much_is_refused(uint captured, uint wire, string? reason)
    {
        var (_, broken) = Read([.. Classic(), .. U32(0), .. U32(0), .. U32(captured), .. U32(wire), .. new byte[Math.Min(captured, 262_144)]]);
        Assert.That(broken?.Reason, reason is null ? Is.Null : Does.Contain(reason));
    }

    // The upper bits of the field say whether a frame check sequence is there, and how long it is.
    [TestCase(101u)]
    [TestCase(0x24000065u)]
    [TestCase(0xf4000065u)]
    [TestCase(0x03ff0065u, Description = "bits that readers must not look at")]
    public void The_link_type_is_in_the_lower_bits(uint field) =>
        Assert.That(Read([.. Classic(field), .. U32(0), .. U32(0), .. U32(0), .. U32(0)]).Packets.Single().Link, Is.EqualTo(LinkType.Raw));

    [TestCase("1f8b08", "gunzip -c")]
    [TestCase("28b52ffd04", "zstd -dc")]
    [TestCase("04224d1864", "lz4 -dc")]
    [TestCase("fd377a585a00", "xz -dc")]
    [TestCase("425a683931", "bzip2 -dc")]
    [TestCase("736e6f6f7000000000000002", "snoop")]
    [TestCase("504b0304", "this is no capture")]
    [TestCase("48656c6c6f2c20776f726c640a", "this is no capture")]
    public void What_is_no_capture_is_called_by_its_name(string head, string named)
    {
        var (packets, broken) = Read([.. Convert.FromHexString(head), .. new byte[100]]);
        Assert.That((packets.Count, broken!.Offset), Is.EqualTo((0, 0L)));
        Assert.That(broken.Reason, Does.Contain(named));
    }

    [Test]
    public void A_file_with_less_than_a_header_is_too_short([Range(0, 23)] int length)
    {
        var reason = Read(Classic()[..length]).Broken!.Reason;
        Assert.That(reason, Is.EqualTo(length switch { 0 => "the file is empty", < 4 => "the file is too short to be a capture", _ => "the file ends within its header" }));
    }

    [Test]
    public void Zeros_without_end_are_refused_at_once()
    {
        var zeros = new Endless([]);
        Assert.That(Read(zeros).Broken!.Reason, Does.Contain("no capture"));
        Assert.That(zeros.Taken, Is.LessThanOrEqualTo(1 << 18));
        var blocks = new Endless([.. Section(), .. Interface()]);
        Assert.That(Read(blocks).Broken!.Reason, Does.Contain("a length of 0 bytes"));
        Assert.That(blocks.Taken, Is.LessThanOrEqualTo(1 << 18));
    }

    [Test]
    public void The_buffer_grows_no_further_than_one_block()
    {
        // The largest blocks there may be, one after the other, and between them small ones.
        byte[] large = Block(0x7000, new byte[(16 << 20) - 12]), small = Enhanced(0, 1, [1]);
        var file = new Repeated([.. Section(), .. Interface()], [.. large, .. small], 6);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using (var reader = new CaptureReader(file))
        {
            while (reader.Next())
            {
            }

            Assert.That(reader.Number, Is.EqualTo(6));
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(20 << 20));
    }

    [Test]
    public void A_comment_may_be_anything_and_is_not_part_of_any_text()
    {
        byte[] evil = [.. "\e]0;title\a\e[2J\0"u8, 0xff, 0xfe, 0xc3];
        byte[] padded = [.. evil, .. new byte[-evil.Length & 3]];
        byte[] section = Block(0x0A0D0D0A, [.. U32(0x1A2B3C4D), 1, 0, 0, 0, .. Enumerable.Repeat((byte)0xff, 8), 1, 0, (byte)evil.Length, 0, .. padded]);
        using var reader = new CaptureReader(new MemoryStream([.. section, .. Interface(), .. Enhanced(0, 1, [1])]));
        Assert.That(reader.Next(), Is.True);
        Assert.That(SockConformance.Report.Printable.Line(reader.Comment!), Does.Not.Match("[\\x00-\\x1f\\x7f]").And.Contain("\\x1b]0;title"));
    }

    internal static byte[] U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    internal static byte[] Classic(uint link = 101) => [.. U32(0xa1b2c3d4), 2, 0, 4, 0, .. U32(0), .. U32(0), .. U32(262_144), .. U32(link)];

    internal static byte[] Section() => Block(0x0A0D0D0A, [.. U32(0x1A2B3C4D), 1, 0, 0, 0, .. Enumerable.Repeat((byte)0xff, 8)]);

    private static byte[] Interface(byte[]? options = null, uint snap = 0) => Block(1, [101, 0, 0, 0, .. U32(snap), .. options ?? []]);

    private static byte[] Enhanced(uint nic, ulong ticks, byte[] frame) =>
        Block(6, [.. U32(nic), .. U32((uint)(ticks >> 32)), .. U32((uint)ticks), .. U32((uint)frame.Length), .. U32((uint)frame.Length), .. frame, .. new byte[-frame.Length & 3]]);

    private static byte[] Block(uint type, byte[] body) => [.. U32(type), .. U32((uint)body.Length + 12), .. body, .. U32((uint)body.Length + 12)];

    /// <summary>A block in the other byte order, of 32-bit words.</summary>
    private static byte[] Turned(uint type, params uint[] words) =>
        [.. ((uint[])[type, (uint)(12 + (4 * words.Length)), .. words, (uint)(12 + (4 * words.Length))]).SelectMany(word => U32(BinaryPrimitives.ReverseEndianness(word)))];

    /// <summary>Gives a byte at a time, as a pipe may.</summary>
    private sealed class Dribble(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1));
    }

    /// <summary>Some bytes, and then zeros for ever.</summary>
    private sealed class Endless(byte[] head) : ReadOnlyStream
    {
        public long Taken { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Clear();
            if (Taken == 0) head.CopyTo(buffer, offset);
            Taken += count;
            return count;
        }
    }

    /// <summary>A head, and then the same bytes several times.</summary>
    private sealed class Repeated(byte[] head, byte[] piece, int times) : ReadOnlyStream
    {
        private long at;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var (bytes, from) = at < head.Length ? (head, (int)at) : (piece, (int)((at - head.Length) % piece.Length));
            if (at >= head.Length + ((long)piece.Length * times)) return 0;
            var some = Math.Min(count, bytes.Length - from);
            bytes.AsSpan(from, some).CopyTo(buffer.AsSpan(offset));
            at += some;
            return some;
        }
    }
}
