using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using PacketDotNet;
using SockConformance.Captures;

namespace SockConformance.Bench;

/// <summary>The same frames through our decoder and through PacketDotNet, in turns; both read the fields that a judge needs.</summary>
internal static class DecodeBench
{
    private const int Frames = 200_000, Rounds = 7;

    public static int Run()
    {
        var frame = Frame();
        var (ours, theirs) = (new List<double>(), new List<double>());
        long check = 0;
        for (var round = 0; round < Rounds; round++)
        {
            ours.Add(Rate(() => check += Ours(frame)));
            theirs.Add(Rate(() => check -= Theirs(frame)));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"decode Ethernet/IPv4/TCP: {Rounds} rounds of {Frames} frames, million frames/s, median"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  ours {Median(ours):0.00}   PacketDotNet {Median(theirs):0.00}   ratio {Median(ours) / Median(theirs):0.0}   (check {check})"));
        return 0;
    }

    private static uint Ours(byte[] frame)
    {
        FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, out var facts);
        return facts.Sequence;
    }

    private static uint Theirs(byte[] frame)
    {
        var ip = Packet.ParsePacket(LinkLayers.Ethernet, frame).Extract<IPPacket>();
        var tcp = ip.Extract<TcpPacket>();
        _ = (ip.SourceAddress, ip.DestinationAddress, tcp.SourcePort, tcp.DestinationPort, tcp.Flags, tcp.AcknowledgmentNumber, tcp.WindowSize, tcp.PayloadData?.Length);
        return tcp.SequenceNumber;
    }

    private static double Rate(Action decode)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Frames; i++) decode();
        return Frames / watch.Elapsed.TotalSeconds / 1e6;
    }

    private static byte[] Frame()
    {
        var tcp = new TcpPacket(40000, 7) { SequenceNumber = 12345, AcknowledgmentNumber = 54321, Flags = 0x18, WindowSize = 512, PayloadData = new byte[100] };
        var ip = new IPv4Packet(IPAddress.Parse("127.0.0.2"), IPAddress.Loopback) { PayloadPacket = tcp };
        var none = PhysicalAddress.Parse("000000000000");
        return new EthernetPacket(none, none, EthernetType.IPv4) { PayloadPacket = ip }.Bytes;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
