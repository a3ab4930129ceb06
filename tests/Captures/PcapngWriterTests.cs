using System.Buffers.Binary;
using System.Net;
using System.Text;
using FsCheck.Fluent;
using NUnit.Framework;
using SharpPcap;
using SharpPcap.LibPcap;
using SockConformance.Captures;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Captures;

public class PcapngWriterTests
{
    private const uint Section = 0x0A0D0D0A, Interface = 1, Names = 4, Statistics = 5, Packet = 6, Secrets = 10;
    private static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero).AddTicks(1234567);
    private static readonly IPEndPoint Client = new(IPAddress.Parse("127.0.0.2"), 40000), Server = new(IPAddress.Loopback, 7);
    private static readonly byte[] Frame = Frames.Tcp(Client, Server, payload: 5);

    [Test]
    public void Every_block_is_as_long_as_it_says_at_both_ends()
    {
        // Lengths that need 0 to 3 bytes of padding, in frames, comments, names and secrets.
        foreach (var extra in Enumerable.Range(0, 5))
        {
            var file = Write(writer =>
            {
                writer.Names((IPAddress.Loopback, new string('n', 1 + extra)), (IPAddress.IPv6Loopback, "six"));
                writer.TlsSecrets(new string('k', extra));
                writer.Packet(Noon, Frame.AsSpan(0, 50 - extra), PacketDirection.Outbound, new string('x', 10 + extra), "a second one");
                writer.Packet(Noon, Frame.AsSpan(0, 50 + extra), PacketDirection.Unknown);
                writer.Statistics(new CaptureStatistics(Noon, Noon, 1, 0));
            });
            Assert.That(PcapngBlock.All(file).Select(block => block.Type), Is.EqualTo([Section, Interface, Names, Secrets, Packet, Packet, Statistics]));
        }
    }

    [Test]
    public void The_section_names_the_program_and_has_its_comments()
    {
        var section = PcapngBlock.All(Write(_ => { }))[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(section.Body[..16], Is.EqualTo((byte[])[0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0, .. Enumerable.Repeat((byte)0xff, 8)]), "magic, version 1.0, length not told");
            Assert.That(section.Texts(16, 1), Is.EqualTo(["what it is about", "line 1\nline 2"]));
            Assert.That(section.Texts(16, 4), Is.EqualTo(["sockconf test"]));
        }
    }

    [Test]
    public void The_interface_has_its_name_its_link_layer_nanoseconds_and_no_more_than_is_known()
    {
        var nic = PcapngBlock.All(Write(_ => { }))[1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That((BinaryPrimitives.ReadUInt16LittleEndian(nic.Body), BinaryPrimitives.ReadInt32LittleEndian(nic.Body.AsSpan(4))), Is.EqualTo(((ushort)1, 262144)));
            Assert.That(nic.Options(8).Select(option => option.Code), Is.EqualTo([2, 9]), "neither operating system nor hardware");
            Assert.That(nic.Texts(8, 2), Is.EqualTo(["lo"]));
            Assert.That(nic.Texts(8, 9), Is.EqualTo(["\t"]), "ten to the minus nine");
        }
    }

    [Test]
    public void A_filter_that_is_known_is_told_in_the_language_of_libpcap()
    {
        using var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        writer.Section("sockconf test");
        writer.Interface(new CaptureInterface("lo", 1) { Filter = "tcp or udp" });
        Assert.That(PcapngBlock.All(stream.ToArray())[1].Texts(8, 11), Is.EqualTo(["\0tcp or udp"]));
    }

    [Test]
    public void A_packet_has_its_time_its_bytes_its_direction_and_its_comments()
    {
        var packet = PcapngBlock.All(Write(writer => writer.Packet(Noon, Frame, PacketDirection.Outbound, "step 1: connect →", "and more")))[2];
        var length = BinaryPrimitives.ReadInt32LittleEndian(packet.Body.AsSpan(12));
        var options = 20 + ((length + 3) & ~3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(packet.Time(4), Is.EqualTo((ulong)(Noon - DateTimeOffset.UnixEpoch).Ticks * 100));
            Assert.That(packet.Body[20..(20 + length)], Is.EqualTo(Frame));
            Assert.That(BinaryPrimitives.ReadInt32LittleEndian(packet.Body.AsSpan(16)), Is.EqualTo(Frame.Length));
            Assert.That(packet.Texts(options, 1), Is.EqualTo(["step 1: connect →", "and more"]));
            Assert.That(packet.Options(options).Single(option => option.Code == 2).Value, Is.EqualTo((byte[])[2, 0, 0, 0]));
        }
    }

    [Test]
    public void A_frame_beyond_the_snap_length_is_cut_and_its_true_length_told()
    {
        using var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        writer.Section("sockconf test");
        writer.Interface(new CaptureInterface("lo", 1) { SnapLength = 30 });
        writer.Packet(Noon, Frame, PacketDirection.Inbound);
        var packet = PcapngBlock.All(stream.ToArray())[2].Body;
        Assert.That(
            (BinaryPrimitives.ReadInt32LittleEndian(packet.AsSpan(12)), BinaryPrimitives.ReadInt32LittleEndian(packet.AsSpan(16)), packet[20..50]),
            Is.EqualTo((30, Frame.Length, Frame[..30])));
    }

    [Test]
    public void Names_are_told_for_both_families()
    {
        var body = PcapngBlock.All(Write(writer => writer.Names((Client.Address, "harness"), (IPAddress.IPv6Loopback, "target"))))[2].Body;
        byte[] expected =
        [
            1, 0, 12, 0, 127, 0, 0, 2, .. "harness\0"u8,
            2, 0, 23, 0, .. IPAddress.IPv6Loopback.GetAddressBytes(), .. "target\0"u8, 0,
            0, 0, 0, 0,
        ];
        Assert.That(body, Is.EqualTo(expected));
    }

    [TestCase("")]
    [TestCase("a\0b")]
    public void A_name_that_cannot_be_written_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => Write(writer => writer.Names((IPAddress.Loopback, name))));

    [Test]
    public void Secrets_are_a_key_log_as_it_is()
    {
        var body = PcapngBlock.All(Write(writer => writer.TlsSecrets("CLIENT_RANDOM 00 11\n")))[2].Body;
        Assert.That(body, Is.EqualTo((byte[])[.. "KSLT"u8, 20, 0, 0, 0, .. "CLIENT_RANDOM 00 11\n"u8]));
    }

    [Test]
    public void Statistics_have_the_time_of_the_capture_and_both_counts()
    {
        var block = PcapngBlock.All(Write(writer => writer.Statistics(new CaptureStatistics(Noon, Noon.AddSeconds(1), 5_000_000_000, 7))))[2];
        var options = block.Options(12).ToDictionary(option => option.Code, option => option.Value);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(block.Time(4), Is.EqualTo((ulong)(Noon.AddSeconds(1) - DateTimeOffset.UnixEpoch).Ticks * 100));
            Assert.That(options.Keys, Is.EquivalentTo([2, 3, 4, 5]));
            Assert.That(BinaryPrimitives.ReadInt64LittleEndian(options[4]), Is.EqualTo(5_000_000_000));
            Assert.That(BinaryPrimitives.ReadInt64LittleEndian(options[5]), Is.EqualTo(7));
            Assert.That(options[3], Is.EqualTo(block.Body[4..12]), "the end of the capture");
        }
    }

    [TestCase(100_000, "x")]
    [TestCase(40_000, "→")]
    [TestCase(20_000, "😀")]
    public void A_comment_longer_than_an_option_can_be_is_cut_between_two_characters(int times, string text)
    {
        var packet = PcapngBlock.All(Write(writer => writer.Packet(Noon, Frame, PacketDirection.Unknown, string.Concat(Enumerable.Repeat(text, times)))))[2];
        var comment = packet.Options(20 + ((Frame.Length + 3) & ~3)).Single().Value;
        var size = Encoding.UTF8.GetByteCount(text);
        Assert.That(comment, Has.Length.EqualTo(65535 / size * size));
        Assert.That(Encoding.UTF8.GetString(comment), Is.EqualTo(string.Concat(Enumerable.Repeat(text, 65535 / size))));
    }

    [Test]
    public void Any_text_gives_whole_blocks_of_valid_utf8() => Law.Holds(
        from one in Runs.Hostile
        from two in Runs.Hostile
        select (one, two), texts =>
    {
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var packet = PcapngBlock.All(Write(writer => writer.Packet(Noon, Frame, PacketDirection.Inbound, texts.one, texts.two)))[2];
        Assert.That(packet.Options(20 + ((Frame.Length + 3) & ~3)).Where(option => option.Code == 1).Select(option => strict.GetString(option.Value)).ToList(), Has.Count.EqualTo(2));
    });

    [Test]
    public void An_empty_frame_and_an_empty_comment_are_written()
    {
        var file = Write(writer => writer.Packet(Noon, [], PacketDirection.Unknown, ""));
        Assert.That(PcapngBlock.All(file)[2].Texts(20, 1), Is.EqualTo([""]));
    }

    [Test]
    public void What_comes_out_of_order_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var early in (Action<PcapngWriter>[])
                [
                    writer => writer.Interface(new CaptureInterface("lo", 1)), writer => writer.Names((IPAddress.Loopback, "one")), writer => writer.TlsSecrets(""),
                    writer => writer.Packet(Noon, Frame, PacketDirection.Unknown), writer => writer.Statistics(new CaptureStatistics(Noon, Noon, 0, 0)),
                ])
                Assert.Throws<InvalidOperationException>(() => early(new PcapngWriter(new MemoryStream())));
            Assert.Throws<InvalidOperationException>(() => Write(writer => writer.Section("again")));
            Assert.Throws<InvalidOperationException>(() => Write(writer => writer.Interface(new CaptureInterface("again", 1))));
            Assert.Throws<ArgumentOutOfRangeException>(() => Write(writer => writer.Packet(DateTimeOffset.UnixEpoch.AddTicks(-1), Frame, PacketDirection.Unknown)));
            Assert.Throws<ArgumentOutOfRangeException>(() => Write(writer => writer.Packet(new DateTimeOffset(2555, 1, 1, 0, 0, 0, TimeSpan.Zero), Frame, PacketDirection.Unknown)));
        }
    }

    [Test]
    public void Libpcap_reads_the_same_packets()
    {
        using var folder = new TempFolder();
        using var reader = new CaptureFileReaderDevice(Everything(folder));
        reader.Open();
        var frames = new List<(DateTime At, byte[] Bytes)>();
        while (reader.GetNextPacket(out var packet) == GetPacketStatus.PacketRead) frames.Add((packet.Header.Timeval.Date, packet.Data.ToArray()));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reader.LastError, Is.Null.Or.Empty);
            Assert.That(frames.Select(frame => frame.Bytes), Is.EqualTo([Frame, Frame, Frame]));
            Assert.That(frames[0].At, Is.EqualTo(Noon.UtcDateTime).Within(TimeSpan.FromMicroseconds(1)));
        }
    }

    [Test]
    public async Task Wireshark_reads_every_block_without_complaint()
    {
        using var folder = new TempFolder();
        var path = Everything(folder);
        var packets = await Wireshark.Read("tshark", "-r", path, "-N", "nd", "-T", "fields", "-E", "separator=|", "-E", "aggregator=;", "-e", "ip.src_host", "-e", "ip.dst_host", "-e", "frame.p2p_dir", "-e", "frame.comment");
        var about = await Wireshark.Read("capinfos", path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(packets.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('|')[^1]), Is.EqualTo(["[sockconf] step 1: #0 connect;[sockconf] and a second", "", @"[sockconf] step 2: \x1b]0;title\x07 😀"]));
            Assert.That(packets.Split('\n')[0], Does.StartWith("harness|target"), "the names are told");
            Assert.That(about, Does.Match(@"Capture comment:\s+what it is about").And.Match("decryption secrets in file: 1").And.Match("resolved IPv4 addresses in file: 2").And.Match("resolved IPv6 addresses in file: 1"));
            Assert.That(about, Does.Contain("Time precision = nanoseconds").And.Contain("Number of stat entries = 1").And.Contain("Number of packets = 3"));
        }
    }

    /// <summary>A file with each kind of block.</summary>
    private static string Everything(TempFolder folder)
    {
        var path = Path.Combine(folder.Path, "case.pcapng");
        File.WriteAllBytes(path, Write(writer =>
        {
            writer.Names((Client.Address, "harness"), (Server.Address, "target"), (IPAddress.IPv6Loopback, "harness-and-target"));
            writer.TlsSecrets($"CLIENT_RANDOM {new string('0', 64)} {new string('1', 96)}\n");
            writer.Packet(Noon, Frame, PacketDirection.Outbound, "[sockconf] step 1: #0 connect", "[sockconf] and a second");
            writer.Packet(Noon.AddMilliseconds(1), Frame, PacketDirection.Inbound);
            writer.Packet(Noon.AddMilliseconds(2), Frame, PacketDirection.Unknown, SockConformance.Report.Printable.Line("[sockconf] step 2: \e]0;title\a 😀"));
            writer.Statistics(new CaptureStatistics(Noon, Noon.AddSeconds(1), 3, 0));
        }));
        return path;
    }

    private static byte[] Write(Action<PcapngWriter> more)
    {
        using var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        writer.Section("sockconf test", "what it is about", "line 1\nline 2");
        writer.Interface(new CaptureInterface("lo", 1));
        more(writer);
        return stream.ToArray();
    }
}
