using System.Net;
using System.Net.NetworkInformation;
using PacketDotNet;
using PacketDotNet.Utils;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>Everything that one segment says, with its true numbers.</summary>
internal readonly record struct CraftedSegment(TcpFlags Flags, uint Sequence, uint Acknowledgment, ReadOnlyMemory<byte> Data, ushort Window)
{
    public ushort Urgent { get; init; }

    /// <summary>Filled up with zeros to a multiple of four.</summary>
    public ReadOnlyMemory<byte> Options { get; init; }

    public bool BadChecksum { get; init; }
}

/// <summary>Segments as frames of Ethernet.</summary>
internal static class SegmentCrafter
{
    private const int Header = 20, DataOffset = 12;
    private const byte TimeToLive = 64;

    public static byte[] Frame(IPEndPoint from, IPEndPoint to, in CraftedSegment segment)
    {
        // The options are laid into the header's bytes: what is no legal option is wanted here, too.
        var header = new byte[Header + ((segment.Options.Length + 3) & ~3)];
        header[DataOffset] = (byte)(header.Length / 4 << 4);
        segment.Options.Span.CopyTo(header.AsSpan(Header));
        var tcp = new TcpPacket(new ByteArraySegment(header))
        {
            SourcePort = (ushort)from.Port,
            DestinationPort = (ushort)to.Port,
            SequenceNumber = segment.Sequence,
            AcknowledgmentNumber = segment.Acknowledgment,
            Flags = (ushort)segment.Flags,
            WindowSize = segment.Window,
            UrgentPointer = segment.Urgent,
            PayloadData = segment.Data.ToArray(),
        };
        var ip = new IPv4Packet(from.Address, to.Address) { TimeToLive = TimeToLive, PayloadPacket = tcp };
        var frame = new EthernetPacket(new PhysicalAddress(VirtualEthernet.FarHardware), new PhysicalAddress(VirtualEthernet.NearHardware), EthernetType.IPv4) { PayloadPacket = ip };
        tcp.UpdateTcpChecksum();
        ip.UpdateIPChecksum();
        if (segment.BadChecksum) tcp.Checksum ^= 0x5555;
        return frame.Bytes;
    }
}
