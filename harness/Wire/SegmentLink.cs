using System.Net;
using System.Net.Sockets;
using SharpPcap;
using SharpPcap.LibPcap;
using SockConformance.Captures;

namespace SockConformance.Wire;

/// <summary>Where the frames of the harness's own TCP go, and where the answers come from.</summary>
internal interface ISegmentLink : IDisposable
{
    /// <summary>Told of every frame that comes, with its time on the clock of the run; from one thread at a time.</summary>
    Action<TimeSpan, byte[]>? Arrived { get; set; }

    void Send(byte[] frame);

    /// <summary>A socket of the TCP on the other side, with a name and no connection yet.</summary>
    ISegmentCaller NewCaller();
}

/// <summary>Lets the TCP on the other side open a connection, which ends with this.</summary>
internal interface ISegmentCaller : IDisposable
{
    IPEndPoint Name { get; }

    /// <summary>Sends the SYN, and does not wait.</summary>
    void Call(IPEndPoint to);
}

/// <summary>The far end of the <see cref="VirtualEthernet"/>, through libpcap: frames go out and come in as they are.</summary>
internal sealed class SegmentLink : ISegmentLink
{
    private const int Snapshot = 65536, Ring = 8 << 20, Timeout = 10;
    private readonly LibPcapLiveDevice device;
    private readonly Lock sending = new();

    private SegmentLink(LibPcapLiveDevice device)
    {
        this.device = device;
        device.OnPacketArrival += (_, packet) => Arrived?.Invoke(Clock.At(new DateTimeOffset(packet.Header.Timeval.Date, TimeSpan.Zero)), packet.Data.ToArray());
    }

    public Action<TimeSpan, byte[]>? Arrived { get; set; }

    /// <summary>Lays the cable and listens at its far end. Only in a network namespace of the harness's own; once.</summary>
    /// <exception cref="IOException">It cannot be had; the message says why.</exception>
    public static SegmentLink Open()
    {
        _ = PacketCapture.Backend; // it knows where libpcap is
        VirtualEthernet.Make();
        LibPcapLiveDevice? device = null;
        try
        {
            var end = PcapInterface.GetAllPcapInterfaces().FirstOrDefault(nic => nic.Name == VirtualEthernet.Far) ?? throw new IOException("libpcap does not see the virtual cable");
            device = new LibPcapLiveDevice(end);
            device.Open(new DeviceConfiguration { Mode = DeviceModes.Promiscuous, Snaplen = Snapshot, ReadTimeout = Timeout, BufferSize = Ring, Immediate = true });
            if ((LinkType)(int)device.LinkType != LinkType.Ethernet) throw new IOException("the virtual cable is no Ethernet");
            device.Filter = $"tcp and dst net {SegmentWire.Network}";
            var link = new SegmentLink(device);
            device.StartCapture();
            device = null; // the link's from here on
            return link;
        }
        catch (Exception e) when (e is PcapException or DllNotFoundException or TypeInitializationException)
        {
            throw new IOException(e is PcapException ? e.Message.Trim() : "libpcap is not installed", e);
        }
        finally
        {
            device?.Dispose();
        }
    }

    public void Send(byte[] frame)
    {
        lock (sending) device.SendPacket(frame);
    }

    public ISegmentCaller NewCaller() => new KernelCaller();

    public void Dispose()
    {
        if (device.Started) device.StopCapture();
        device.Dispose();
    }

    private sealed class KernelCaller : ISegmentCaller
    {
        private readonly PosixSocket socket = PosixSocket.Stream(AddressFamily.InterNetwork);

        public KernelCaller()
        {
            socket.LingerZero(); // nothing of it is left when the case is over
            if (socket.Bind(new IPEndPoint(VirtualEthernet.NearAddress, 0)) is { Errno: { } refused })
            {
                socket.Dispose();
                throw new IOException($"bind: {refused}");
            }

            Name = socket.LocalName()!;
        }

        public IPEndPoint Name { get; }

        public void Call(IPEndPoint to) => socket.Connect(to);

        public void Dispose() => socket.Dispose();
    }
}
