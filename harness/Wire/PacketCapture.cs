using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SharpPcap;
using SharpPcap.LibPcap;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>Packets that libpcap counted for the whole run.</summary>
internal readonly record struct CaptureCounts(long Received, long Dropped);

/// <summary>
/// One capture for a run, on the loopback interface. It is open only when a sentinel datagram has been seen in it; another
/// sentinel is the barrier after a case: what was sent before it has been captured before it. Cases are told apart by 5-tuple.
/// </summary>
/// <remarks>
/// Block mode, 64 MiB, 10 ms: measured to lose nothing at 115,000 packets/s, where immediate mode with a small buffer loses 1–5%.
/// </remarks>
internal sealed unsafe partial class PacketCapture : IDisposable
{
    private const string Library = "libpcap";
    private const int BlockTimeout = 10, RingBytes = 64 << 20, Snapshot = 262144, MaxBytesKept = 256 << 20;

    // Of ICMP only port unreachable.
    private const string DatagramFilter = " or udp or (icmp[0] = 3 and icmp[1] = 3) or (icmp6 and ip6[40] = 1 and ip6[41] = 4)";
    private const int NameService = 53;
    private static readonly TimeSpan SentinelPatience = TimeSpan.FromSeconds(3);

    private readonly LibPcapLiveDevice device;
    private readonly Socket sentinel;
    private readonly IPEndPoint sentinelAddress;
    private readonly ConcurrentDictionary<long, TaskCompletionSource> awaited = new();
    private readonly ConcurrentDictionary<(bool IsTcp, IPEndPoint A, IPEndPoint B), List<Segment>> flows = new();
    private readonly ConcurrentDictionary<int, bool> targetPorts = new();
    private readonly Lock counting = new(); // libpcap adds the kernel's counters up in the handle, which is no place for two threads
    private long sentinels, bytesKept;
    private bool overflowed, keepsAll;

    // Distributions do not agree on the number in its name.
    static PacketCapture() => NativeLibrary.SetDllImportResolver(typeof(PacketCapture).Assembly, (name, _, _) =>
        name != Library ? 0 : new[] { "libpcap.so.0.8", "libpcap.so.1", "libpcap.so" }.Select(file => NativeLibrary.TryLoad(file, out var handle) ? handle : 0).FirstOrDefault(handle => handle != 0));

    private PacketCapture(LibPcapLiveDevice device)
    {
        this.device = device;
        sentinel = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sentinel.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        sentinelAddress = (IPEndPoint)sentinel.LocalEndPoint!;
        device.OnPacketArrival += OnPacket;
    }

    /// <summary>The library and its version, as the first line of a run names it.</summary>
    public static string Backend => Pcap.LibpcapVersion is { } version ? $"libpcap {version}" : "libpcap";

    public LinkType Link => (LinkType)(int)device.LinkType;

    /// <summary>The filter that packets have passed, in libpcap's language.</summary>
    public string? Filter => device.Filter;

    /// <summary>Opens the capture, or says in one line why it cannot be had.</summary>
    /// <param name="datagrams">UDP and what ICMP says about it, too; else TCP only, so that others' datagrams are no load.</param>
    /// <param name="except">A network whose packets are left out, such as 127.16.0.0/12; null for none.</param>
    public static PacketCapture? TryOpen(out string whyNot, bool datagrams = false, string? except = null)
    {
        PacketCapture? capture = null;
        try
        {
            var loopback = PcapInterface.GetAllPcapInterfaces().FirstOrDefault(nic => nic.Name == "lo");
            if (loopback is null)
            {
                whyNot = "libpcap shows no loopback interface (no right to capture)";
                return null;
            }

            capture = new PacketCapture(new LibPcapLiveDevice(loopback));
            capture.device.Open(new DeviceConfiguration { Snaplen = Snapshot, ReadTimeout = BlockTimeout, BufferSize = RingBytes, Immediate = false });
            var wanted = $"tcp or (udp and port {capture.sentinelAddress.Port})" + (datagrams ? DatagramFilter : "");
            capture.device.Filter = except is null ? wanted : $"({wanted}) and not net {except}";
            capture.device.StartCapture();
            if (capture.Drain())
            {
                whyNot = "";
                return capture;
            }

            whyNot = "the capture was opened but did not see the harness's own datagram";
        }
        catch (Exception e) when (e is PcapException or DllNotFoundException or TypeInitializationException or InvalidOperationException)
        {
            whyNot = e is PcapException ? e.Message.Trim() : "libpcap is not installed";
        }

        capture?.Dispose();
        return null;
    }

    /// <summary>Flows to or from this port are kept from now on.</summary>
    public void Watch(int targetPort) => targetPorts[targetPort] = true;

    /// <summary>Returns when all that was sent before the call has been captured; false if that could not be confirmed.</summary>
    public bool Drain()
    {
        var number = Interlocked.Increment(ref sentinels);
        var seen = awaited[number] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var datagram = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(datagram, number);
        sentinel.SendTo(datagram, sentinelAddress);
        try
        {
            return seen.Task.Wait(SentinelPatience);
        }
        finally
        {
            awaited.TryRemove(number, out _);
        }
    }

    /// <summary>
    /// Takes the flows of these connections out of the capture, each in order of its packets, with those that share an endpoint
    /// of the harness with them but are none of its connections.
    /// </summary>
    public (ImmutableArray<Flow> Own, ImmutableArray<Flow> Strangers) Take(IReadOnlyCollection<FiveTuple> tuples)
    {
        var clients = tuples.DistinctBy(tuple => (tuple.Protocol, tuple.Client)).ToDictionary(tuple => (tuple.Protocol, tuple.Client));
        var own = ImmutableArray.CreateBuilder<Flow>();
        var strangers = ImmutableArray.CreateBuilder<Flow>();
        foreach (var key in flows.Keys)
        {
            var protocol = key.IsTcp ? Transport.Tcp : Transport.Udp;
            var (client, other) = clients.ContainsKey((protocol, key.A)) ? (key.A, key.B) : (key.B, key.A);
            if (!clients.TryGetValue((protocol, client), out var tuple)) continue;

            // Over ::1 all cases share one address, and one client port may serve two targets: that flow is another case's.
            if (!other.Equals(tuple.Server) && targetPorts.ContainsKey(other.Port)) continue;
            if (!flows.TryRemove(key, out var segments)) continue;
            lock (segments)
            {
                Interlocked.Add(ref bytesKept, -segments.Sum(segment => (long)segment.Frame.Length));
                var flow = new Flow(new FiveTuple(client, other, protocol), [.. segments.Select(segment => segment with { FromClient = Source(segment).Equals(client) })]);
                if (other.Equals(tuple.Server)) own.Add(flow);
                else if (!IsAnotherHarness(flow)) strangers.Add(flow);
            }
        }

        return (own.ToImmutable(), strangers.ToImmutable());
    }

    /// <summary>
    /// An endpoint of ours has opened it, and it is no connection of ours: where loopback is shared, another harness had that port before or after.
    /// What such an endpoint sends is not kept: the answer to its SYN tells.
    /// </summary>
    private static bool IsAnotherHarness(Flow flow) => flow.Segments.FirstOrDefault(segment => segment.Has(TcpFlags.Syn)) is { } opening && opening.FromClient != opening.Has(TcpFlags.Ack);

    /// <summary>Keeps every flow there is from now on: where the namespace is the harness's own, all of them belong to the program that runs.</summary>
    public void WatchAll() => keepsAll = true;

    /// <summary>Takes all flows out of the capture. The client is who sent the first segment.</summary>
    public ImmutableArray<Flow> TakeAll()
    {
        var taken = ImmutableArray.CreateBuilder<Flow>();
        foreach (var key in flows.Keys)
        {
            if (!flows.TryRemove(key, out var segments)) continue;
            lock (segments)
            {
                Interlocked.Add(ref bytesKept, -segments.Sum(segment => (long)segment.Frame.Length));
                var client = Source(segments[0]);
                var server = client.Equals(key.A) ? key.B : key.A;
                taken.Add(new Flow(new FiveTuple(client, server, key.IsTcp ? Transport.Tcp : Transport.Udp), [.. segments.Select(segment => segment with { FromClient = Source(segment).Equals(client) })]));
            }
        }

        return taken.ToImmutable();
    }

    /// <summary>The true counts. SharpPcap 6.3.1 reads them with the wrong field width on 64-bit Linux, so libpcap is asked itself.</summary>
    public CaptureCounts Counts()
    {
        CaptureCounts counts;
        lock (counting) counts = CountsOf(device);
        return counts with { Dropped = counts.Dropped + (overflowed ? 1 : 0) };
    }

    internal static CaptureCounts CountsOf(LibPcapLiveDevice device)
    {
        var stats = stackalloc uint[3]; // struct pcap_stat: ps_recv, ps_drop, ps_ifdrop, each u_int
        return pcap_stats(device.Handle.DangerousGetHandle(), stats) == 0 ? new CaptureCounts(stats[0], stats[1]) : default;
    }

    public void Dispose()
    {
        if (device.Started) device.StopCapture();
        device.Dispose();
        sentinel.Dispose();
    }

    private IPEndPoint Source(Segment segment)
    {
        if (segment.Unreachable is { } about) return about.To;
        FrameDecoder.Decode(Link, segment.Frame.Span, segment.Frame.Length, out var facts);
        return facts.Source.ToIPEndPoint();
    }

    private void OnPacket(object sender, SharpPcap.PacketCapture packet)
    {
        FrameDecoder.Decode(Link, packet.Data, packet.Data.Length, out var facts);
        if (facts.Kind is PacketKind.Other or PacketKind.Fragment) return;
        var (source, destination, isTcp) = (facts.Source.ToIPEndPoint(), facts.Destination.ToIPEndPoint(), facts.Kind == PacketKind.Tcp);
        if (!isTcp && source.Equals(sentinelAddress))
        {
            if (facts.Captured == sizeof(long) && awaited.TryGetValue(BinaryPrimitives.ReadInt64BigEndian(packet.Data[facts.PayloadOffset..]), out var waiter)) waiter.TrySetResult();
            return;
        }

        // A flow that touches no target is not ours: without a namespace of our own, the loopback is shared.
        if (!keepsAll && !targetPorts.ContainsKey(destination.Port) && !targetPorts.ContainsKey(source.Port) && !IsHarness(destination)) return;
        if (bytesKept > MaxBytesKept)
        {
            overflowed = true;
            return;
        }

        var frame = packet.Data.ToArray();
        Interlocked.Add(ref bytesKept, frame.Length);
        var segment = new Segment(
            Clock.At(new DateTimeOffset(packet.Header.Timeval.Date, TimeSpan.Zero)), false, facts.Flags, facts.Sequence, facts.Acknowledgment, facts.Length, facts.Window, frame);
        if (facts.Kind == PacketKind.Unreachable) segment = segment with { Unreachable = new PortUnreachable(facts.Reporter.Ip, source, destination) };
        else if (!isTcp) segment = segment with { Checksum = facts.Checksum };
        var (a, b) = Key(source, destination);
        var key = (isTcp, a, b);
        var segments = flows.GetOrAdd(key, _ => []);
        lock (segments) segments.Add(segment);
    }

    /// <summary>The harness binds its IPv4 sockets to 127.0.0.2 and up; see <see cref="ScenarioDriver"/>. So does many a machine's own name server.</summary>
    private static bool IsHarness(IPEndPoint endpoint) =>
        endpoint is { AddressFamily: AddressFamily.InterNetwork, Port: not NameService } && endpoint.Address.GetAddressBytes() is [127, 0, 0, >= 2];

    private static (IPEndPoint, IPEndPoint) Key(IPEndPoint a, IPEndPoint b)
    {
        var order = a.Port != b.Port ? a.Port - b.Port : a.Address.GetAddressBytes().AsSpan().SequenceCompareTo(b.Address.GetAddressBytes());
        return order <= 0 ? (a, b) : (b, a);
    }

    [LibraryImport(Library)]
    private static partial int pcap_stats(nint handle, uint* stats);
}
