using System.Collections.Concurrent;
using System.Net;
using SockConformance.Captures;

namespace SockConformance.Wire;

/// <summary>The wire of the harness's own TCPs: gives each an address and brings it what comes for it.</summary>
internal sealed class SegmentWire : IDisposable
{
    public const string Network = "10.99.0.0/16";
    private const int FirstPort = 10_000, Ports = 50_000;
    private readonly ISegmentLink link;
    private readonly ConcurrentDictionary<IPEndPoint, SegmentPeer> peers = new();
    private uint last;

    public SegmentWire(ISegmentLink link)
    {
        this.link = link;
        link.Arrived = Deliver;
    }

    /// <summary>A new end of a connection to somewhere; no two have the same address and port for a long time.</summary>
    public SegmentPeer NewPeer(IPEndPoint remote, ushort window, bool unused)
    {
        var local = NewName();
        return peers[local] = new SegmentPeer(this, local, remote, window) { Unused = unused };
    }

    /// <summary>A new end of a connection which the TCP on the other side opens.</summary>
    /// <exception cref="IOException">It has no socket for that.</exception>
    public SegmentPeer NewCalledPeer(ushort window)
    {
        var (local, caller) = (NewName(), link.NewCaller());
        var peer = peers[local] = new SegmentPeer(this, local, caller.Name, window) { Caller = caller };
        caller.Call(local);
        return peer;
    }

    public void Remove(SegmentPeer peer) => peers.TryRemove(peer.Local, out _);

    public void Send(byte[] frame) => link.Send(frame);

    public void Dispose() => link.Dispose();

    private IPEndPoint NewName()
    {
        var number = Interlocked.Increment(ref last);
        return new IPEndPoint(new IPAddress([10, 99, (byte)(number / 253 % 250), (byte)(2 + number % 253)]), FirstPort + (int)(number * 7 % Ports));
    }

    private void Deliver(TimeSpan at, byte[] frame)
    {
        FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, out var facts);
        if (facts.Kind != PacketKind.Tcp || !peers.TryGetValue(facts.Destination.ToIPEndPoint(), out var peer) || facts.Source.Port != peer.Remote.Port) return;
        peer.Take(at, frame, facts);
    }
}

/// <summary>The one wire of a run, laid when a scenario first needs it.</summary>
/// <param name="open">Null where there is no network namespace of the harness's own.</param>
internal sealed class LazyWire(Func<ISegmentLink>? open) : IDisposable
{
    private readonly Lock gate = new();
    private SegmentWire? wire;
    private string? trouble = open is null ? "crafted segments need a network namespace of the harness's own (tier A)" : null;

    /// <summary>The wire; or null, and why not in one line.</summary>
    public SegmentWire? TryGet(out string whyNot)
    {
        lock (gate)
        {
            try
            {
                if (trouble is null) wire ??= new SegmentWire(open!());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                trouble = $"no wire for crafted segments: {e.Message}";
            }

            whyNot = trouble ?? "";
            return wire;
        }
    }

    public void Dispose() => wire?.Dispose();
}
