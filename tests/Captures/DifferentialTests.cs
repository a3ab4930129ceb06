using System.Globalization;
using NUnit.Framework;
using PacketDotNet;
using PacketDotNet.Utils;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Captures;

/// <summary>Our decoder beside others, field by field: tshark on every packet of the golden captures, PacketDotNet on frames that are built here.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class DifferentialTests
{
    private static readonly string[] Fields =
    [
        "frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.window_size_value", "tcp.len",
        "udp.srcport", "udp.dstport", "udp.length", "icmp.type", "icmpv6.type",
    ];

    private static IEnumerable<string> Names => GoldenIndex.Files.Select(file => file.File);

    [TestCaseSource(nameof(Names))]
    public void Every_field_of_every_packet_is_what_tshark_reads(string file)
    {
        Tools.Needs("tshark");
        var (exit, output, errors) = Dissection.Run("tshark", ["-n", "-r", GoldenIndex.PathOf(file), "-T", "fields", "-E", "separator=|", "-E", "occurrence=f", .. Fields.SelectMany(field => (string[])["-e", field])]);
        Assert.That(exit, Is.Zero, errors);
        var theirs = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Fields.Zip(line.Split('|')).ToDictionary(pair => pair.First, pair => pair.Second)).Select(Theirs).ToList();
        Assert.That(Ours(file), Is.EqualTo(theirs));
    }

    private static string Theirs(Dictionary<string, string> frame)
    {
        var stamp = frame["frame.time_epoch"]; // none for simple packets; ours have the time of the one before, which is 0 at the start
        var time = stamp.Length == 0 ? 0 : decimal.Parse(stamp, CultureInfo.InvariantCulture) * 1_000_000_000;
        var (source, destination) = (frame["ip.src"] + frame["ipv6.src"], frame["ip.dst"] + frame["ipv6.dst"]);
        if (frame["icmp.type"].Length + frame["icmpv6.type"].Length > 0) return $"{time:0} icmp";
        if (frame["tcp.srcport"].Length > 0)
        {
            // Wireshark counts three reserved bits among the flags, and two that are for congestion.
            var flags = Convert.ToInt32(frame["tcp.flags"], 16) & 0x3f;
            return $"{time:0} tcp {source} {frame["tcp.srcport"]} {destination} {frame["tcp.dstport"]} {flags} {frame["tcp.seq_raw"]} {frame["tcp.ack_raw"]} {frame["tcp.window_size_value"]} {frame["tcp.len"]}";
        }

        return frame["udp.srcport"].Length > 0
            ? $"{time:0} udp {source} {frame["udp.srcport"]} {destination} {frame["udp.dstport"]} {int.Parse(frame["udp.length"], CultureInfo.InvariantCulture) - 8}"
            : $"{time:0} other";
    }

    private static List<string> Ours(string file)
    {
        var table = new FlowTable(_ => { });
        var lines = new List<string>();
        using var reader = CaptureReader.Open(GoldenIndex.PathOf(file));
        while (reader.Next())
        {
            table.Add(reader, out var facts, out _);
            var (source, destination) = (facts.Source, facts.Destination);
            lines.Add($"{reader.Time} " + facts.Kind switch
            {
                PacketKind.Tcp => $"tcp {source.Ip} {source.Port} {destination.Ip} {destination.Port} {(int)facts.Flags} {facts.Sequence} {facts.Acknowledgment} {facts.Window} {facts.Length}",
                PacketKind.Udp => $"udp {source.Ip} {source.Port} {destination.Ip} {destination.Port} {facts.Length}",
                PacketKind.Unreachable => "icmp",
                _ => "other",
            });
        }

        return lines;
    }

    internal static readonly string[] Wraps = ["vlan", "qinq", "options", "hop-by-hop", "destination", "routing", "two-extensions", "sll", "null", "raw", "sll2"];

    [TestCaseSource(nameof(Wraps))]
    public void Whatever_is_around_and_between_the_headers_is_passed_over_as_another_decoder_does(string wrap)
    {
        var random = new System.Random(20260101);
        var compared = 0;
        foreach (var plain in FrameDecoderTests.Some(400))
        {
            var v6 = plain[12] == 0x86;
            if ((wrap == "options" && v6) || (wrap is "hop-by-hop" or "destination" or "routing" or "two-extensions" && !v6)) continue;
            var ip = plain[14..];
            var type = plain[12..14];
            var inner = wrap switch
            {
                "options" => WithOptions(ip, random.Next(1, 11)),
                "hop-by-hop" => WithExtension(ip, 0, random.Next(0, 4)),
                "destination" => WithExtension(ip, 60, random.Next(0, 3)),
                "two-extensions" => WithExtension(WithExtension(ip, 60, random.Next(0, 3)), 0, random.Next(0, 3)),
                "routing" => WithExtension(ip, 43, random.Next(0, 3)),
                _ => ip,
            };
            var (link, frame) = wrap switch
            {
                "vlan" => (LinkType.Ethernet, (byte[])[.. plain[..12], 0x81, 0, (byte)random.Next(256), (byte)random.Next(256), .. type, .. ip]),
                "qinq" => (LinkType.Ethernet, [.. plain[..12], 0x88, 0xa8, (byte)random.Next(256), 1, 0x81, 0, 0, 2, .. type, .. ip]),
                "sll" => (LinkType.LinuxSll, [0, 4, 3, 4, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, .. type, .. ip]),
                "sll2" => (LinkType.LinuxSll2, [.. type, 0, 0, 0, 0, 0, 1, 3, 4, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0, .. ip]),
                "null" => (LinkType.Null, [v6 ? (byte)30 : (byte)2, 0, 0, 0, .. ip]),
                "raw" => (LinkType.Raw, ip),
                _ => (LinkType.Ethernet, [.. plain[..14], .. inner]),
            };

            // What stands around it the other decoder knows in part only, and of two extension headers it loses the second; so it reads the IP packet, with one at most.
            var read = wrap == "two-extensions" ? ip : inner;
            IPPacket other = v6 ? new IPv6Packet(new ByteArraySegment(read)) : new IPv4Packet(new ByteArraySegment(read));
            FrameDecoder.Decode(link, frame, frame.Length, out var facts);
            string seen = $"{facts.Kind} {facts.Source} {facts.Destination} {facts.Flags} {facts.Sequence} {facts.Acknowledgment} {facts.Window} {Convert.ToHexString(frame.AsSpan(facts.PayloadOffset, facts.Captured))}", expected;
            if (other.PayloadPacket is TcpPacket tcp)
                expected = $"Tcp {new System.Net.IPEndPoint(other.SourceAddress, tcp.SourcePort)} {new System.Net.IPEndPoint(other.DestinationAddress, tcp.DestinationPort)} {(TcpFlags)(tcp.Flags & 0x3f)} {tcp.SequenceNumber} {tcp.AcknowledgmentNumber} {tcp.WindowSize} {Convert.ToHexString(tcp.PayloadData)}";
            else if (other.PayloadPacket is UdpPacket udp)
                expected = $"Udp {new System.Net.IPEndPoint(other.SourceAddress, udp.SourcePort)} {new System.Net.IPEndPoint(other.DestinationAddress, udp.DestinationPort)} None 0 0 0 {Convert.ToHexString(udp.PayloadData)}";
            else
                continue;
            Assert.That(seen, Is.EqualTo(expected));
            compared++;
        }

        Assert.That(compared, Is.GreaterThan(100));
    }

    private static byte[] WithOptions(byte[] ip, int words)
    {
        byte[] longer = [.. ip[..20], .. Enumerable.Repeat((byte)1, 4 * words), .. ip[20..]];
        longer[0] += (byte)words;
        (longer[2], longer[3]) = ((byte)(longer.Length >> 8), (byte)longer.Length);
        return longer;
    }

    private static byte[] WithExtension(byte[] ip, byte kind, int eights)
    {
        byte[] longer = [.. ip[..40], ip[6], (byte)eights, 1, 4, 0, 0, 0, 0, .. Enumerable.Range(0, eights).SelectMany(_ => (byte[])[1, 6, 0, 0, 0, 0, 0, 0]), .. ip[40..]];
        longer[6] = kind;
        (longer[4], longer[5]) = ((byte)((longer.Length - 40) >> 8), (byte)(longer.Length - 40));
        return longer;
    }
}
