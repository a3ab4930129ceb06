using System.Buffers.Binary;
using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>The link types that are taken apart (libpcap's registry of LINKTYPE values).</summary>
public enum LinkType
{
    Null = 0,
    Ethernet = 1,
    Raw12 = 12,
    Raw14 = 14,
    Raw = 101,
    Loop = 108,
    LinuxSll = 113,
    IPv4 = 228,
    IPv6 = 229,
    LinuxSll2 = 276,
}

internal enum PacketKind : byte
{
    /// <summary>Nothing that is looked at here: another protocol, or too damaged to be one.</summary>
    Other,
    Tcp,
    Udp,

    /// <summary>ICMP port unreachable about a UDP datagram: source and destination are those of the datagram.</summary>
    Unreachable,

    /// <summary>A part of an IP packet; see <see cref="Fragments"/>.</summary>
    Fragment,
}

/// <summary>One frame as facts; sizes in bytes. What does not belong to its kind is zero.</summary>
internal struct PacketFacts
{
    public PacketKind Kind;
    public Endpoint Source, Destination;
    public TcpFlags Flags;
    public uint Sequence, Acknowledgment;
    public ushort Window;

    /// <summary>The window scale option of a SYN (RFC 7323 §2.2); -1 without one.</summary>
    public sbyte WindowScale;

    /// <summary>The checksum field of a UDP datagram; zero for none.</summary>
    public ushort Checksum;

    /// <summary>Where the payload begins in the frame, or in the bytes that were put together from fragments.</summary>
    public int PayloadOffset;

    /// <summary>The payload on the wire, as the IP header has it: padding is none, and a frame that was cut short has more.</summary>
    public int Length;

    /// <summary>How much of the payload is in the frame.</summary>
    public int Captured;

    /// <summary>Who says by ICMP that nobody is bound to the destination.</summary>
    public Endpoint Reporter;

    /// <summary>The identification of the packet that a fragment is of, the fragment's place in it, and whether more come behind it.</summary>
    public uint FragmentId;
    public int FragmentOffset;
    public bool MoreFragments;
    public byte Protocol;

    public readonly bool Has(TcpFlags flags) => (Flags & flags) == flags;
}

/// <summary>
/// Frames to facts, bounds-checked and without allocation: for any bytes there is an answer and never an exception. Checksums are
/// not looked at: on loopback the kernel leaves them unfinished.
/// </summary>
internal static class FrameDecoder
{
    private const int EtherTypeIPv4 = 0x0800, EtherTypeIPv6 = 0x86dd, VlanTag = 0x8100, ServiceTag = 0x88a8, OldServiceTag = 0x9100, PppoeSession = 0x8864;
    private const int MaxTags = 4, MaxExtensions = 16, MaxEtherLength = 1500;
    private const byte Icmp = 1, Tcp = 6, Udp = 17, IcmpV6 = 58;
    private const byte HopByHop = 0, Routing = 43, FragmentHeader = 44, Authentication = 51, DestinationOptions = 60, Mobility = 135;

    /// <param name="wire">The length of the frame on the wire, of which a capture may have only the beginning.</param>
    public static void Decode(LinkType link, ReadOnlySpan<byte> frame, int wire, out PacketFacts facts)
    {
        facts = default;
        facts.WindowScale = -1;
        if (wire < frame.Length) wire = frame.Length;
        var offset = link switch
        {
            LinkType.Ethernet when frame.Length >= 14 => Network(frame, 12),
            LinkType.LinuxSll when frame.Length >= 16 => Network(frame, 14),
            LinkType.LinuxSll2 when frame.Length >= 20 => Network(frame, 0) is var at and >= 0 ? (at == 2 ? 20 : at + 18) : -1,
            LinkType.Null or LinkType.Loop => 4,
            LinkType.Raw or LinkType.Raw12 or LinkType.Raw14 or LinkType.IPv4 or LinkType.IPv6 => 0,
            _ => -1,
        };
        if (offset < 0 || offset >= frame.Length) return;
        switch (frame[offset] >> 4)
        {
            case 4:
                DecodeIPv4(frame, offset, wire, ref facts);
                break;
            case 6:
                DecodeIPv6(frame, offset, wire, ref facts);
                break;
        }
    }

    /// <summary>Whether frames of this link type are taken apart at all.</summary>
    public static bool Knows(LinkType link) => Enum.IsDefined(link);

    /// <summary>What fragments were put together to: the payload of an IP packet, whose addresses the facts have already.</summary>
    public static void DecodeReassembled(ReadOnlySpan<byte> payload, byte protocol, ref PacketFacts facts)
    {
        facts.Kind = PacketKind.Other;
        Transport(payload, 0, payload.Length, protocol, ref facts);
    }

    /// <summary>Where the IP header begins behind a type at <paramref name="at"/>, behind the tags of VLANs (IEEE 802.1Q), SNAP or PPPoE; -1 if there is none.</summary>
    private static int Network(ReadOnlySpan<byte> frame, int at)
    {
        // SLL2 has its type in front and its other fields between it and what follows: tags there begin 18 bytes later.
        for (var tags = 0; tags <= MaxTags && at + 2 <= frame.Length; tags++)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
            switch (type)
            {
                case EtherTypeIPv4 or EtherTypeIPv6:
                    return at + 2;
                case VlanTag or ServiceTag or OldServiceTag:
                    at += at == 0 ? 22 : 4;
                    continue;
                case PppoeSession when at + 10 <= frame.Length && BinaryPrimitives.ReadUInt16BigEndian(frame[(at + 8)..]) is 0x0021 or 0x0057:
                    return at + 10;
                case <= MaxEtherLength when at + 10 <= frame.Length && frame.Slice(at + 2, 6).SequenceEqual<byte>([0xaa, 0xaa, 3, 0, 0, 0]):
                    at += 8;
                    continue;
                default:
                    return -1;
            }
        }

        return -1;
    }

    private static void DecodeIPv4(ReadOnlySpan<byte> frame, int offset, int wire, ref PacketFacts facts)
    {
        var ip = frame[offset..];
        if (ip.Length < 20) return;
        var header = (ip[0] & 0x0f) * 4;
        var total = (int)BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        var stated = total;
        if (total == 0 || total > wire - offset) total = wire - offset; // a segment left to the network card to cut up (TSO) may carry no length
        if (header < 20 || total < header || header > ip.Length) return;
        facts.Source = Endpoint.Of(ip[12..], 0, false);
        facts.Destination = Endpoint.Of(ip[16..], 0, false);
        var fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]);
        if ((fragment & 0x3fff) != 0)
            Part(frame, offset + header, Math.Max(stated, total) - header, BinaryPrimitives.ReadUInt16BigEndian(ip[4..]), (fragment & 0x1fff) * 8, (fragment & 0x2000) != 0, ip[9], ref facts);
        else
            Transport(frame, offset + header, total - header, ip[9], ref facts);
    }

    private static void DecodeIPv6(ReadOnlySpan<byte> frame, int offset, int wire, ref PacketFacts facts)
    {
        var ip = frame[offset..];
        if (ip.Length < 40) return;
        var length = (int)BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        var stated = length;
        if (length == 0 || length > wire - offset - 40) length = wire - offset - 40; // a jumbo or TSO frame
        facts.Source = Endpoint.Of(ip[8..], 0, true);
        facts.Destination = Endpoint.Of(ip[24..], 0, true);
        var next = ip[6];
        var at = offset + 40;
        var end = at + length;
        for (var extensions = 0; extensions < MaxExtensions; extensions++) // RFC 8200 §4
        {
            if (next is not (HopByHop or Routing or DestinationOptions or Authentication or Mobility or FragmentHeader))
            {
                Transport(frame, at, end - at, next, ref facts);
                return;
            }

            if (at + 8 > frame.Length || at + 8 > end) return;
            var (following, size) = (frame[at], next == Authentication ? (frame[at + 1] + 2) * 4 : (frame[at + 1] + 1) * 8);
            if (next == FragmentHeader)
            {
                var place = BinaryPrimitives.ReadUInt16BigEndian(frame[(at + 2)..]);
                if ((place & 0xfff9) != 0)
                {
                    Part(frame, at + 8, offset + 40 + Math.Max(stated, length) - at - 8, BinaryPrimitives.ReadUInt32BigEndian(frame[(at + 4)..]), place & 0xfff8, (place & 1) != 0, following, ref facts);
                    return;
                }

                size = 8; // an atomic fragment (RFC 6946)
            }

            at += size;
            next = following;
            if (at > end) return;
        }
    }

    private static void Part(ReadOnlySpan<byte> frame, int offset, int length, uint id, int place, bool more, byte protocol, ref PacketFacts facts)
    {
        if (offset > frame.Length || length < 0) return;
        if (place == 0 && protocol == Udp && length > frame.Length - offset)
        {
            // It can never be put together, but it has the ports and the length of the datagram. A segment does not say how long it is.
            Transport(frame, offset, length, protocol, ref facts, isPart: true);
            return;
        }

        facts.Kind = PacketKind.Fragment;
        (facts.FragmentId, facts.FragmentOffset, facts.MoreFragments, facts.Protocol) = (id, place, more, protocol);
        (facts.PayloadOffset, facts.Length, facts.Captured) = (offset, length, Math.Min(length, frame.Length - offset));
    }

    private static void Transport(ReadOnlySpan<byte> frame, int offset, int length, byte protocol, ref PacketFacts facts, bool isPart = false)
    {
        if (offset > frame.Length || length < 8 || frame.Length - offset < 8) return;
        var transport = frame[offset..];
        switch (protocol)
        {
            case Tcp when transport.Length >= 20 && length >= 20:
                var header = (transport[12] >> 4) * 4;
                if (header < 20 || header > length) return;
                facts.Kind = PacketKind.Tcp;
                facts.Flags = (TcpFlags)(transport[13] & 0x3f);
                facts.Sequence = BinaryPrimitives.ReadUInt32BigEndian(transport[4..]);
                facts.Acknowledgment = BinaryPrimitives.ReadUInt32BigEndian(transport[8..]);
                facts.Window = BinaryPrimitives.ReadUInt16BigEndian(transport[14..]);
                // A frame may be cut short within the options.
                (facts.PayloadOffset, facts.Length, facts.Captured) = (offset + Math.Min(header, transport.Length), length - header, Math.Max(0, Math.Min(length, transport.Length) - header));
                if ((facts.Flags & TcpFlags.Syn) != 0) facts.WindowScale = ScaleIn(transport[20..Math.Min(header, transport.Length)]);
                break;
            case Udp:
                facts.Kind = PacketKind.Udp;
                var stated = BinaryPrimitives.ReadUInt16BigEndian(transport[4..]);
                if (stated >= 8 && (stated < length || isPart)) length = stated; // a packet may have more bytes than its datagram (RFC 768); a part of it has fewer
                facts.Checksum = BinaryPrimitives.ReadUInt16BigEndian(transport[6..]);
                (facts.PayloadOffset, facts.Length, facts.Captured) = (offset + 8, length - 8, Math.Min(length, transport.Length) - 8);
                break;
            case Icmp when !facts.Source.V6 && transport[0] == 3 && transport[1] == 3:
            case IcmpV6 when facts.Source.V6 && transport[0] == 1 && transport[1] == 4:
                Unreachable(transport[8..Math.Min(length, transport.Length)], offset + 8, ref facts);
                return;
            default:
                return;
        }

        facts.Source = facts.Source with { Port = BinaryPrimitives.ReadUInt16BigEndian(transport) };
        facts.Destination = facts.Destination with { Port = BinaryPrimitives.ReadUInt16BigEndian(transport[2..]) };
    }

    private static sbyte ScaleIn(ReadOnlySpan<byte> options)
    {
        const byte End = 0, Nothing = 1, Scale = 3;
        for (var at = 0; at < options.Length && options[at] != End;)
        {
            if (options[at] == Nothing)
            {
                at++;
                continue;
            }

            if (at + 1 >= options.Length || options[at + 1] < 2) break;
            if (options[at] == Scale && options[at + 1] == 3 && at + 2 < options.Length) return (sbyte)Math.Min(options[at + 2], (byte)14);
            at += options[at + 1];
        }

        return -1;
    }

    /// <summary>Behind eight bytes of its own an ICMP message has the start of the packet that it speaks of, which must be UDP.</summary>
    private static void Unreachable(ReadOnlySpan<byte> about, int start, ref PacketFacts facts)
    {
        var v6 = facts.Source.V6;
        if (about.Length < (v6 ? 40 : 20) || about[0] >> 4 != (v6 ? 6 : 4)) return;
        var header = v6 ? 40 : (about[0] & 0x0f) * 4;
        if (header < 20 || about.Length < header + 8 || about[v6 ? 6 : 9] != Udp || (!v6 && (BinaryPrimitives.ReadUInt16BigEndian(about[6..]) & 0x1fff) != 0)) return;
        facts.Kind = PacketKind.Unreachable;
        facts.Reporter = facts.Source;
        facts.Source = Endpoint.Of(about[(v6 ? 8 : 12)..], BinaryPrimitives.ReadUInt16BigEndian(about[header..]), v6);
        facts.Destination = Endpoint.Of(about[(v6 ? 24 : 16)..], BinaryPrimitives.ReadUInt16BigEndian(about[(header + 2)..]), v6);
        facts.PayloadOffset = start;
    }
}
