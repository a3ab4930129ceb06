using System.Buffers.Binary;
using System.Net;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>The link types a capture on this system can have (the registry of libpcap's LINKTYPE values).</summary>
public enum LinkType
{
    Null = 0,
    Ethernet = 1,
    Raw = 101,
    LinuxSll = 113,
    LinuxSll2 = 276,
}

/// <summary>A TCP segment or UDP datagram as decoded from one frame; or an ICMP port unreachable, with the names of the datagram that it speaks of.</summary>
public readonly record struct Decoded(
    bool IsTcp, IPEndPoint Source, IPEndPoint Destination, TcpFlags Flags, uint Sequence, uint Acknowledgment, ushort Window, int PayloadOffset, int PayloadLength)
{
    /// <summary>The checksum field of a UDP datagram; zero for none.</summary>
    public ushort Checksum { get; init; }

    /// <summary>Who says by ICMP that nobody is bound to the destination; null for a packet of TCP or UDP itself.</summary>
    public IPAddress? Reporter { get; init; }
}

/// <summary>
/// Frames to facts, bounds-checked: for any bytes the answer is a decoded packet or null, never an exception. Checksums are
/// not looked at: on loopback the kernel leaves them unfinished. Lengths come from the IP header, so padding is no payload.
/// </summary>
public static class PacketDecoder
{
    private const int EtherTypeIPv4 = 0x0800, EtherTypeIPv6 = 0x86dd, Icmp = 1, Tcp = 6, Udp = 17, IcmpV6 = 58;

    public static Decoded? Decode(LinkType link, ReadOnlySpan<byte> frame)
    {
        var (offset, known) = link switch
        {
            LinkType.Ethernet when frame.Length >= 14 => (14, IsIp(frame[12..])),
            LinkType.LinuxSll when frame.Length >= 16 => (16, IsIp(frame[14..])),
            LinkType.LinuxSll2 when frame.Length >= 20 => (20, IsIp(frame)),
            LinkType.Null when frame.Length >= 4 => (4, true),
            LinkType.Raw => (0, true),
            _ => (0, false),
        };
        if (!known || frame.Length <= offset) return null;
        return (frame[offset] >> 4) switch
        {
            4 => DecodeIPv4(frame, offset),
            6 => DecodeIPv6(frame, offset),
            _ => null,
        };
    }

    private static bool IsIp(ReadOnlySpan<byte> etherType) => BinaryPrimitives.ReadUInt16BigEndian(etherType) is EtherTypeIPv4 or EtherTypeIPv6;

    private static Decoded? DecodeIPv4(ReadOnlySpan<byte> frame, int offset)
    {
        var ip = frame[offset..];
        if (ip.Length < 20) return null;
        var header = (ip[0] & 0x0f) * 4;
        var total = (int)BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        if (total == 0) total = ip.Length; // a segment left to the network card to cut up (TSO) may carry no length
        var fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3fff;
        if (header < 20 || total < header || header > ip.Length || fragment != 0) return null;
        return ip[9] == Icmp
            ? DecodeUnreachable(frame, offset + header, Math.Min(total, ip.Length) - header, 3, 3, new IPAddress(ip.Slice(12, 4)))
            : DecodeTransport(frame, offset + header, Math.Min(total, ip.Length) - header, ip[9], new IPAddress(ip.Slice(12, 4)), new IPAddress(ip.Slice(16, 4)));
    }

    private static Decoded? DecodeIPv6(ReadOnlySpan<byte> frame, int offset)
    {
        var ip = frame[offset..];
        if (ip.Length < 40) return null;
        var length = (int)BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        if (length == 0) length = ip.Length - 40; // a jumbo or TSO frame
        length = Math.Min(length, ip.Length - 40);
        return ip[6] == IcmpV6
            ? DecodeUnreachable(frame, offset + 40, length, 1, 4, new IPAddress(ip.Slice(8, 16)))
            : DecodeTransport(frame, offset + 40, length, ip[6], new IPAddress(ip.Slice(8, 16)), new IPAddress(ip.Slice(24, 16)));
    }

    private static Decoded? DecodeTransport(ReadOnlySpan<byte> frame, int offset, int length, int protocol, IPAddress source, IPAddress destination)
    {
        var transport = frame.Slice(offset, length);
        if (transport.Length < 8 || protocol is not (Tcp or Udp)) return null;
        var from = new IPEndPoint(source, BinaryPrimitives.ReadUInt16BigEndian(transport));
        var to = new IPEndPoint(destination, BinaryPrimitives.ReadUInt16BigEndian(transport[2..]));
        if (protocol == Udp)
            return new Decoded(false, from, to, TcpFlags.None, 0, 0, 0, offset + 8, transport.Length - 8) { Checksum = BinaryPrimitives.ReadUInt16BigEndian(transport[6..]) };

        if (transport.Length < 20) return null;
        var header = (transport[12] >> 4) * 4;
        if (header < 20 || header > transport.Length) return null;
        return new Decoded(
            true, from, to, (TcpFlags)(transport[13] & 0x3f), BinaryPrimitives.ReadUInt32BigEndian(transport[4..]), BinaryPrimitives.ReadUInt32BigEndian(transport[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(transport[14..]), offset + header, transport.Length - header);
    }

    /// <summary>Port unreachable: behind eight bytes of its own an ICMP message has the start of the packet that it speaks of, which must be UDP.</summary>
    private static Decoded? DecodeUnreachable(ReadOnlySpan<byte> frame, int offset, int length, byte type, byte code, IPAddress reporter)
    {
        var about = frame.Slice(offset, length);
        if (about.Length < 8 || about[0] != type || about[1] != code) return null;
        var v6 = type == 1;
        var start = offset + 8;
        about = about[8..];
        if (about.Length < (v6 ? 40 : 20) || about[0] >> 4 != (v6 ? 6 : 4)) return null;
        var header = v6 ? 40 : (about[0] & 0x0f) * 4;
        if (header < 20 || about.Length < header + 8 || about[v6 ? 6 : 9] != Udp || (!v6 && (BinaryPrimitives.ReadUInt16BigEndian(about[6..]) & 0x1fff) != 0)) return null;
        var from = new IPAddress(v6 ? about.Slice(8, 16) : about.Slice(12, 4));
        var to = new IPAddress(v6 ? about.Slice(24, 16) : about.Slice(16, 4));
        return new Decoded(
            false, new IPEndPoint(from, BinaryPrimitives.ReadUInt16BigEndian(about[header..])), new IPEndPoint(to, BinaryPrimitives.ReadUInt16BigEndian(about[(header + 2)..])),
            TcpFlags.None, 0, 0, 0, start, 0)
        { Reporter = reporter };
    }
}
