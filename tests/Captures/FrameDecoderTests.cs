using System.Buffers.Binary;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using PacketDotNet;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Captures;

public class FrameDecoderTests
{
    private const int EthernetHeader = 14;
    private static readonly IPEndPoint A = new(IPAddress.Parse("127.0.0.2"), 40000), B = new(IPAddress.Parse("127.0.0.1"), 7);
    private static readonly IPEndPoint A6 = new(IPAddress.Parse("2001:db8::1"), 40000), B6 = new(IPAddress.IPv6Loopback, 7);

    /// <summary>The facts of a frame that is whole on the wire; null for none that is looked at.</summary>
    private sealed record Seen(bool IsTcp, IPEndPoint Source, IPEndPoint Destination, TcpFlags Flags, uint Sequence, uint Acknowledgment, ushort Window, int PayloadOffset, int PayloadLength)
    {
        public int Checksum { get; init; }

        public IPAddress? Reporter { get; init; }
    }

    private static Seen? Decode(LinkType link, ReadOnlySpan<byte> frame)
    {
        FrameDecoder.Decode(link, frame, frame.Length, out var facts);
        if (facts.Kind is PacketKind.Other or PacketKind.Fragment) return null;
        return new Seen(
            facts.Kind == PacketKind.Tcp, facts.Source.ToIPEndPoint(), facts.Destination.ToIPEndPoint(), facts.Flags, facts.Sequence, facts.Acknowledgment, facts.Window, facts.PayloadOffset, facts.Captured)
        { Checksum = facts.Checksum, Reporter = facts.Kind == PacketKind.Unreachable ? facts.Reporter.Ip : null };
    }

    /// <summary>Any well-formed frame: both versions of IP, both transports, any field.</summary>
    private static Gen<byte[]> Frame =>
        from v6 in Gen.Elements(false, true)
        from addresses in Gen.ArrayOf(Gen.Choose(0, 255).Select(b => (byte)b), 32)
        from ports in Gen.ArrayOf(Gen.Choose(0, 65535), 2)
        from numbers in Gen.ArrayOf(Gen.Choose(int.MinValue, int.MaxValue), 2)
        from window in Gen.Choose(0, 65535)
        from flags in Gen.Choose(0, 63)
        from payload in Gen.Choose(0, 1400)
        from udp in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
        let size = v6 ? 16 : 4
        let source = new IPEndPoint(new IPAddress(addresses[..size]), ports[0])
        let destination = new IPEndPoint(new IPAddress(addresses[16..(16 + size)]), ports[1])
        select udp ? Frames.Udp(source, destination, payload) : Frames.Tcp(source, destination, tcp =>
        {
            (tcp.SequenceNumber, tcp.AcknowledgmentNumber, tcp.WindowSize) = ((uint)numbers[0], (uint)numbers[1], (ushort)window);
            tcp.Flags = (byte)flags;
        }, payload);

    /// <summary>Some of them, the same in every run.</summary>
    internal static IReadOnlyList<byte[]> Some(int count) => Law.Some(Frame, count);

    [Test]
    public void A_frame_cut_short_within_the_options_has_no_payload()
    {
        var frame = Frames.Tcp(A, B, payload: 12 + 9);
        frame[46] = 0x80; // a TCP header of 32 bytes
        for (var length = EthernetHeader + 20 + 20; length < EthernetHeader + 20 + 32; length++)
        {
            FrameDecoder.Decode(LinkType.Ethernet, frame.AsSpan(0, length), frame.Length, out var facts);
            Assert.That((facts.Kind, facts.PayloadOffset, facts.Captured, facts.Length), Is.EqualTo((PacketKind.Tcp, length, 0, 9)));
        }
    }

    [Test]
    public void Every_field_of_a_well_formed_frame_is_what_another_decoder_reads() => Law.Holds(Frame, frame =>
    {
        var packet = Packet.ParsePacket(LinkLayers.Ethernet, frame);
        var ip = packet.Extract<IPPacket>();
        var decoded = Decode(LinkType.Ethernet, frame);
        Seen expected;
        if (packet.Extract<TcpPacket>() is { } tcp)
        {
            expected = new Seen(
                true, new IPEndPoint(ip.SourceAddress, tcp.SourcePort), new IPEndPoint(ip.DestinationAddress, tcp.DestinationPort),
                (TcpFlags)(tcp.Flags & 0x3f), tcp.SequenceNumber, tcp.AcknowledgmentNumber, tcp.WindowSize, frame.Length - tcp.PayloadData.Length, tcp.PayloadData.Length);
        }
        else
        {
            var udp = packet.Extract<UdpPacket>();
            expected = new Seen(
                false, new IPEndPoint(ip.SourceAddress, udp.SourcePort), new IPEndPoint(ip.DestinationAddress, udp.DestinationPort),
                TcpFlags.None, 0, 0, 0, frame.Length - udp.PayloadData.Length, udp.PayloadData.Length)
            { Checksum = udp.Checksum };
        }

        Assert.That(decoded, Is.EqualTo(expected));
    }, times: 1000);

    [TestCase("fin", TcpFlags.Fin)]
    [TestCase("syn", TcpFlags.Syn)]
    [TestCase("rst", TcpFlags.Rst)]
    [TestCase("psh", TcpFlags.Psh)]
    [TestCase("ack", TcpFlags.Ack)]
    [TestCase("urg", TcpFlags.Urg)]
    public void Each_flag_is_in_its_place(string name, TcpFlags flag)
    {
        var frame = Frames.Tcp(A, B, tcp => (tcp.Finished, tcp.Synchronize, tcp.Reset, tcp.Push, tcp.Acknowledgment, tcp.Urgent) =
            (name == "fin", name == "syn", name == "rst", name == "psh", name == "ack", name == "urg"));
        Assert.That(Decode(LinkType.Ethernet, frame)!.Flags, Is.EqualTo(flag));
    }

    [TestCase(LinkType.Raw, "", "")]
    [TestCase(LinkType.Null, "02000000", "1e000000")]
    [TestCase(LinkType.LinuxSll, "00000304000600000000000000000800", "000003040006000000000000000086dd")]
    [TestCase(LinkType.LinuxSll2, "0800000000000001030400060000000000000000", "86dd000000000001030400060000000000000000")]
    public void The_same_packet_is_read_behind_every_link_layer(LinkType link, string headerV4, string headerV6)
    {
        foreach (var (header, frame) in ((string, byte[])[])[(headerV4, Frames.Tcp(A, B, payload: 5)), (headerV6, Frames.Tcp(A6, B6, payload: 5))])
        {
            var prefix = Convert.FromHexString(header);
            var expected = Decode(LinkType.Ethernet, frame)!;
            var decoded = Decode(link, [.. prefix, .. frame[EthernetHeader..]]);
            Assert.That(decoded, Is.EqualTo(expected with { PayloadOffset = expected.PayloadOffset - EthernetHeader + prefix.Length }));
        }
    }

    [Test]
    public void A_frame_of_an_unknown_link_layer_is_nothing() =>
        Assert.That(Decode((LinkType)147, Frames.Tcp(A, B)), Is.Null);

    [Test]
    public void Padding_is_no_payload() =>
        Assert.That(Decode(LinkType.Ethernet, [.. Frames.Tcp(A, B, payload: 2), .. new byte[40]])!.PayloadLength, Is.EqualTo(2));

    [Test]
    public void Options_are_no_payload()
    {
        var frame = Frames.Tcp(A, B, payload: 12 + 9);
        frame[46] = 0x80; // a TCP header of 32 bytes: the first 12 bytes after the usual 20 are options now
        var decoded = Decode(LinkType.Ethernet, frame)!;
        Assert.That((decoded.PayloadOffset, decoded.PayloadLength), Is.EqualTo((EthernetHeader + 20 + 32, 9)));
    }

    [Test]
    public void A_length_of_zero_means_the_whole_frame()
    {
        // What the kernel hands to a network card for segmentation may carry no length.
        foreach (var (frame, at) in ((byte[], int)[])[(Frames.Tcp(A, B, payload: 30), EthernetHeader + 2), (Frames.Tcp(A6, B6, payload: 30), EthernetHeader + 4)])
        {
            frame.AsSpan(at, 2).Clear();
            Assert.That(Decode(LinkType.Ethernet, frame)!.PayloadLength, Is.EqualTo(30));
        }
    }

    [Test]
    public void The_checksum_of_a_datagram_is_read_as_it_stands()
    {
        foreach (var frame in (byte[][])[Frames.Udp(A, B, 5), Frames.Udp(A6, B6, 5)])
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(frame.Length - 7), 0xbeef);
            Assert.That(Decode(LinkType.Ethernet, frame)!.Checksum, Is.EqualTo(0xbeef));
        }
    }

    [TestCase(8 + 5, 5)]
    [TestCase(8, 0)]
    [TestCase(8 + 20, 20)]
    [TestCase(8 + 21, 20, Description = "longer than the packet: the packet counts")]
    [TestCase(0, 20, Description = "none, as in a jumbogram")]
    [TestCase(7, 20, Description = "less than its own header")]
    public void Bytes_behind_the_length_of_a_datagram_are_none_of_it(int stated, int length)
    {
        foreach (var frame in (byte[][])[Frames.Udp(A, B, 20), Frames.Udp(A6, B6, 20)])
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(frame.Length - 24), (ushort)stated);
            FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, out var facts);
            Assert.That((facts.Length, facts.Captured), Is.EqualTo((length, length)));
        }
    }

    // The total length in the IP header, and how much of the frame there was on the wire.
    [TestCase(1028, 1042, Description = "cut short by the capture")]
    [TestCase(1028, 94, Description = "shorter than it says, which no reassembly can mend")]
    public void A_first_fragment_that_is_not_whole_still_shows_whose_it_is(int total, int wire)
    {
        var frame = Frames.Udp(A, B, 52);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)total);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(20), 0x2000);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(38), 8 + 3000);
        FrameDecoder.Decode(LinkType.Ethernet, frame, wire, out var facts);
        Assert.That((facts.Kind, facts.Source.ToIPEndPoint(), facts.Length, facts.Captured), Is.EqualTo((PacketKind.Udp, A, 3000, 52)));
        frame[21] = 100; // a later one has no ports, and is never whole
        FrameDecoder.Decode(LinkType.Ethernet, frame, wire, out facts);
        Assert.That(facts.Kind == PacketKind.Fragment && facts.Captured < facts.Length);
    }

    [Test]
    public void Port_unreachable_names_the_datagram_and_who_says_so()
    {
        foreach (var (reporter, from, to) in ((IPAddress, IPEndPoint, IPEndPoint)[])[(B.Address, A, B), (IPAddress.Parse("192.0.2.1"), A, B), (B6.Address, A6, B6)])
        {
            var decoded = Decode(LinkType.Ethernet, Frames.Unreachable(reporter, from, to))!;
            Assert.That((decoded.IsTcp, decoded.Reporter, decoded.Source, decoded.Destination, decoded.PayloadLength), Is.EqualTo((false, reporter, from, to, 0)));
        }
    }

    // RFC 792 promises the IP header and eight bytes, and that is all that is needed.
    [TestCase(28, true)]
    [TestCase(27, false)]
    [TestCase(19, false)]
    [TestCase(0, false)]
    public void Port_unreachable_needs_the_ports_of_the_datagram(int seen, bool enough) =>
        Assert.That(Decode(LinkType.Ethernet, Frames.Unreachable(B.Address, A, B, seen)) is not null, Is.EqualTo(enough));

    // Offset, value: other messages of ICMP, and port unreachable about something else than a datagram.
    [TestCase(34, 0x00, Description = "echo reply")]
    [TestCase(35, 0x01, Description = "host unreachable")]
    [TestCase(42, 0x65, Description = "about IP version 6 in IPv4")]
    [TestCase(42, 0x43, Description = "about a packet with too short a header")]
    [TestCase(49, 0x07, Description = "about a later fragment")]
    [TestCase(51, 0x06, Description = "about TCP")]
    public void Other_icmp_is_nothing(int offset, int value)
    {
        var frame = Frames.Unreachable(B.Address, A, B);
        Assert.That(Decode(LinkType.Ethernet, frame), Is.Not.Null);
        frame[offset] = (byte)value;
        Assert.That(Decode(LinkType.Ethernet, frame), Is.Null);
    }

    // Offset, value: what makes a frame no whole TCP segment or UDP datagram over IP.
    [TestCase(12, 0x08, 0x06, Description = "ARP")]
    [TestCase(12, 0x81, 0x00, Description = "a VLAN tag")]
    [TestCase(14, 0x55, 0x00, Description = "IP version 5")]
    [TestCase(14, 0x44, 0x00, Description = "an IP header of 16 bytes")]
    [TestCase(14, 0x4f, 0x00, Description = "an IP header longer than the packet")]
    [TestCase(16, 0x00, 0x13, Description = "a total length below the header's")]
    [TestCase(20, 0x20, 0x00, Description = "a first fragment")]
    [TestCase(20, 0x00, 0x01, Description = "a later fragment")]
    [TestCase(22, 0x40, 0x01, Description = "ICMP")]
    [TestCase(46, 0x40, 0x00, Description = "a TCP header of 16 bytes")]
    [TestCase(46, 0xf0, 0x00, Description = "a TCP header longer than the segment")]
    public void Anything_else_is_nothing(int offset, int first, int second)
    {
        var frame = Frames.Tcp(A, B, payload: 3);
        Assert.That(Decode(LinkType.Ethernet, frame), Is.Not.Null);
        (frame[offset], frame[offset + 1]) = ((byte)first, (byte)second);
        Assert.That(Decode(LinkType.Ethernet, frame), Is.Null);
    }

    [Test]
    public void A_frame_cut_at_any_offset_is_nothing_or_less_payload()
    {
        foreach (var whole in (byte[][])[Frames.Tcp(A, B, payload: 25), Frames.Tcp(A6, B6, payload: 25), Frames.Udp(A, B, 25), Frames.Udp(A6, B6, 25)])
        {
            var full = Decode(LinkType.Ethernet, whole)!;
            for (var length = 0; length < whole.Length; length++)
            {
                var cut = Decode(LinkType.Ethernet, whole.AsSpan(0, length));
                if (length < full.PayloadOffset) Assert.That(cut, Is.Null, $"{length} bytes");
                else Assert.That(cut, Is.EqualTo(full with { PayloadLength = length - full.PayloadOffset }), $"{length} bytes");
            }
        }
    }

    [Test]
    public void A_hundred_thousand_random_and_mutated_frames_are_decoded_or_nothing()
    {
        var links = Enum.GetValues<LinkType>();
        var random = new System.Random(20260101);
        var whole = Law.Some(Frame, 50).Append(Frames.Unreachable(B.Address, A, B)).Append(Frames.Unreachable(B6.Address, A6, B6)).ToList();
        for (var i = 0; i < 100_000; i++)
        {
            var frame = i % 4 == 0 ? new byte[random.Next(0, 200)] : [.. whole[random.Next(whole.Count)]];
            if (i % 4 == 0) random.NextBytes(frame);
            else Mutate(frame, random);
            var cut = frame.AsSpan(0, i % 3 == 0 ? random.Next(frame.Length + 1) : frame.Length);
            var link = i % 5 == 0 ? links[random.Next(links.Length)] : LinkType.Ethernet;
            if (Decode(link, cut) is not { } decoded) continue;
            if (decoded.PayloadOffset < 0 || decoded.PayloadLength < 0 || decoded.PayloadOffset + decoded.PayloadLength > cut.Length)
                Assert.Fail($"the payload of frame {i} lies outside of it: {decoded} in {Convert.ToHexString(cut)}");
        }
    }

    private static void Mutate(byte[] frame, System.Random random)
    {
        for (var n = random.Next(1, 6); n > 0; n--)
        {
            // Headers are where a decoder can go wrong.
            var at = random.Next(Math.Min(frame.Length, 80) - 1);
            ushort word = random.Next(4) switch { 0 => 0, 1 => 0xffff, 2 => 0x7fff, _ => (ushort)random.Next(65536) };
            if (random.Next(3) == 0) BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), word);
            else frame[at] ^= (byte)(1 << random.Next(8));
        }
    }
}
