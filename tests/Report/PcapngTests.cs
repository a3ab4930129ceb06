using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Text;
using NUnit.Framework;
using SharpPcap;
using SharpPcap.LibPcap;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class PcapngTests
{
    private static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero).AddTicks(1234567);
    private static readonly byte[] Frame = Frames.Tcp(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 40000), new IPEndPoint(IPAddress.Loopback, 7), payload: 5);

    [Test]
    public void Every_block_is_as_long_as_it_says_at_both_ends()
    {
        // Lengths that need 0 to 3 bytes of padding, in frames and in comments.
        foreach (var extra in Enumerable.Range(0, 5))
        {
            var file = Write(writer =>
            {
                writer.Packet(Noon, Frame.AsSpan(0, 50 - extra), new string('x', 10 + extra));
                writer.Packet(Noon, Frame.AsSpan(0, 50 + extra), null);
            });
            Assert.That(Blocks(file).Select(block => block.Type), Is.EqualTo([0x0A0D0D0Au, 1u, 6u, 6u]));
        }
    }

    [Test]
    public void The_section_names_the_program_and_has_the_comment()
    {
        var options = Options(Blocks(Write(_ => { }))[0].Body, 16);
        Assert.That((options[1], options[4]), Is.EqualTo(("what it is about", "sockconf test")));
    }

    [Test]
    public void The_interface_counts_nanoseconds_on_the_given_link_layer()
    {
        var nic = Blocks(Write(_ => { }))[1].Body;
        Assert.That((BinaryPrimitives.ReadUInt16LittleEndian(nic), Options(nic, 8)[9]), Is.EqualTo(((ushort)1, "\t")));
    }

    [Test]
    public void A_packet_has_its_time_its_bytes_and_its_comment()
    {
        var packet = Blocks(Write(writer => writer.Packet(Noon, Frame, "step 1: connect →")))[2].Body;
        var time = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(packet.AsSpan(4)) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(packet.AsSpan(8));
        var length = BinaryPrimitives.ReadInt32LittleEndian(packet.AsSpan(12));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(time, Is.EqualTo((ulong)(Noon - DateTimeOffset.UnixEpoch).Ticks * 100));
            Assert.That(packet[20..(20 + length)], Is.EqualTo(Frame));
            Assert.That(BinaryPrimitives.ReadInt32LittleEndian(packet.AsSpan(16)), Is.EqualTo(Frame.Length));
            Assert.That(Options(packet, 20 + ((length + 3) & ~3))[1], Is.EqualTo("step 1: connect →"));
        }
    }

    [Test]
    public void A_comment_longer_than_an_option_can_be_is_cut_and_the_file_stays_whole()
    {
        var file = Write(writer => writer.Packet(Noon, Frame, new string('x', 100_000)));
        Assert.That(Options(Blocks(file)[2].Body, 20 + ((Frame.Length + 3) & ~3))[1], Has.Length.EqualTo(65535));
    }

    [Test]
    public void An_empty_frame_and_an_empty_comment_are_written()
    {
        var file = Write(writer => writer.Packet(Noon, [], ""));
        Assert.That(Options(Blocks(file)[2].Body, 20)[1], Is.Empty);
    }

    // Wireshark's reader where it is installed, libpcap's elsewhere: neither is ours.
    [Test]
    public void Other_programs_can_read_it()
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "case.pcapng");
        File.WriteAllBytes(path, Write(writer =>
        {
            writer.Packet(Noon, Frame, "[sockconf] step 1: #0 connect");
            writer.Packet(Noon.AddMilliseconds(1), Frame, null);
            writer.Packet(Noon.AddMilliseconds(2), Frame, "[sockconf] step 2: #0 close");
        }));
        if (Tshark(path) is { } lines)
        {
            Assert.That(lines, Is.EqualTo(["127.0.0.2|[sockconf] step 1: #0 connect", "127.0.0.2|", "127.0.0.2|[sockconf] step 2: #0 close"]));
            return;
        }

        using var reader = new CaptureFileReaderDevice(path);
        reader.Open();
        var frames = new List<(DateTime At, byte[] Bytes)>();
        while (reader.GetNextPacket(out var packet) == GetPacketStatus.PacketRead) frames.Add((packet.Header.Timeval.Date, packet.Data.ToArray()));
        Assert.That(frames.Select(frame => frame.Bytes), Is.EqualTo([Frame, Frame, Frame]));
        Assert.That(frames[0].At, Is.EqualTo(Noon.UtcDateTime).Within(TimeSpan.FromMicroseconds(1)));
    }

    private static byte[] Write(Action<PcapngWriter> packets)
    {
        using var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        writer.Begin(1, "sockconf test", "what it is about");
        packets(writer);
        return stream.ToArray();
    }

    /// <summary>The blocks of a file, as a strict reader takes them: aligned, with the same length before and after.</summary>
    private static List<(uint Type, byte[] Body)> Blocks(ReadOnlySpan<byte> file)
    {
        var blocks = new List<(uint, byte[])>();
        while (!file.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file[4..]);
            Assert.That(length % 4, Is.Zero);
            Assert.That(BinaryPrimitives.ReadInt32LittleEndian(file[(length - 4)..]), Is.EqualTo(length));
            blocks.Add((BinaryPrimitives.ReadUInt32LittleEndian(file), file[8..(length - 4)].ToArray()));
            file = file[length..];
        }

        return blocks;
    }

    /// <summary>The options at the end of a block's body; they end with option 0.</summary>
    private static Dictionary<int, string> Options(byte[] body, int from)
    {
        ReadOnlySpan<byte> options = body.AsSpan(from);
        var found = new Dictionary<int, string>();
        while (BinaryPrimitives.ReadUInt16LittleEndian(options) is var code && code != 0)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(options[2..]);
            found.Add(code, Encoding.UTF8.GetString(options.Slice(4, length)));
            options = options[(4 + ((length + 3) & ~3))..];
        }

        Assert.That(options.ToArray(), Is.EqualTo(new byte[4]), "the end of options is the end of the block");
        return found;
    }

    private static string[]? Tshark(string path)
    {
        string[] arguments = ["-n", "-r", path, "-T", "fields", "-E", "separator=|", "-e", "ip.src", "-e", "frame.comment"];
        var start = new ProcessStartInfo("tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var tshark = Process.Start(start)!;
            tshark.ErrorDataReceived += (_, _) => { };
            tshark.BeginErrorReadLine();
            var output = tshark.StandardOutput.ReadToEnd();
            tshark.WaitForExit();
            Assert.That(tshark.ExitCode, Is.Zero);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
