using SharpPcap;
using SharpPcap.LibPcap;
using SockConformance.Captures;

namespace SockConformance.Wire;

/// <summary>
/// The heads of all packets on the loopback interface that pass a filter, as they come: nothing is kept. One thread of its own tells of them, and a slow
/// listener costs packets, which are counted.
/// </summary>
internal sealed class LoopbackTap : IDisposable
{
    /// <summary>Ethernet, IPv6 and TCP with all the options that there is room for.</summary>
    private const int HeadBytes = 14 + 40 + 60;

    private const int BlockTimeout = 10, RingBytes = 32 << 20;
    private readonly LibPcapLiveDevice device;
    private long number;

    private LoopbackTap(LibPcapLiveDevice device, Listener listener)
    {
        this.device = device;
        device.OnPacketArrival += (_, packet) => listener(new CapturedFrame(
            packet.Data, Link, packet.Header is PcapHeader header ? (int)header.PacketLength : packet.Data.Length,
            (packet.Header.Timeval.Date - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick, ++number));
    }

    public delegate void Listener(CapturedFrame packet);

    public long Lost => PacketCapture.CountsOf(device).Dropped;

    private LinkType Link { get; set; }

    /// <summary>Null where there is no right to capture.</summary>
    /// <param name="filter">In libpcap's language.</param>
    public static LoopbackTap? TryOpen(string filter, Listener listener)
    {
        _ = PacketCapture.Backend; // it knows where libpcap is
        LoopbackTap? tap = null;
        try
        {
            if (PcapInterface.GetAllPcapInterfaces().FirstOrDefault(nic => nic.Name == "lo") is not { } loopback) return null;
            tap = new LoopbackTap(new LibPcapLiveDevice(loopback), listener);
            tap.device.Open(new DeviceConfiguration { Snaplen = HeadBytes, ReadTimeout = BlockTimeout, BufferSize = RingBytes, Immediate = false });
            tap.device.Filter = filter;
            tap.Link = (LinkType)(int)tap.device.LinkType;
            tap.device.StartCapture();
            return tap;
        }
        catch (Exception e) when (e is PcapException or DllNotFoundException or TypeInitializationException or InvalidOperationException)
        {
            tap?.Dispose();
            return null;
        }
    }

    public void Dispose()
    {
        if (device.Started) device.StopCapture();
        device.Dispose();
    }
}
