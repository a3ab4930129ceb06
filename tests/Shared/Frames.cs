using System.Net;
using System.Net.NetworkInformation;
using PacketDotNet;

namespace SockConformance.Tests.Shared;

/// <summary>Well-formed Ethernet frames, built by a library that the harness's own decoder shares nothing with.</summary>
internal static class Frames
{
    public static byte[] Tcp(IPEndPoint from, IPEndPoint to, Action<TcpPacket>? change = null, int payload = 0)
    {
        var tcp = new TcpPacket((ushort)from.Port, (ushort)to.Port) { PayloadData = Bytes(payload) };
        change?.Invoke(tcp);
        return Ethernet(from.Address, to.Address, tcp);
    }

    public static byte[] Udp(IPEndPoint from, IPEndPoint to, int payload = 0) =>
        Ethernet(from.Address, to.Address, new UdpPacket((ushort)from.Port, (ushort)to.Port) { PayloadData = Bytes(payload) });

    /// <summary>ICMP port unreachable from a host, about a datagram of which it saw so many bytes of the IP packet.</summary>
    public static byte[] Unreachable(IPAddress reporter, IPEndPoint from, IPEndPoint to, int seen = 60)
    {
        var packet = Udp(from, to, 40)[14..];
        var about = packet[..Math.Min(seen, packet.Length)];
        var v6 = reporter.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        byte[] icmp = [v6 ? (byte)1 : (byte)3, v6 ? (byte)4 : (byte)3, 0, 0, 0, 0, 0, 0, .. about];
        IPPacket ip = v6 ? new IPv6Packet(reporter, from.Address) : new IPv4Packet(reporter, from.Address);
        ip.Protocol = v6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp;
        ip.PayloadData = icmp;
        return new EthernetPacket(PhysicalAddress.Parse("020000000001"), PhysicalAddress.Parse("020000000002"), v6 ? EthernetType.IPv6 : EthernetType.IPv4) { PayloadPacket = ip }.Bytes;
    }

    public static byte[] Ethernet(IPAddress from, IPAddress to, Packet transport)
    {
        var v6 = from.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        IPPacket ip = v6 ? new IPv6Packet(from, to) : new IPv4Packet(from, to);
        ip.Protocol = transport is TcpPacket ? ProtocolType.Tcp : ProtocolType.Udp;
        ip.PayloadPacket = transport;
        var ethernet = new EthernetPacket(PhysicalAddress.Parse("020000000001"), PhysicalAddress.Parse("020000000002"), v6 ? EthernetType.IPv6 : EthernetType.IPv4) { PayloadPacket = ip };
        return ethernet.Bytes;
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)i)];
}
