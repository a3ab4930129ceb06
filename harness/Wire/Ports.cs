using System.Net;

namespace SockConformance.Wire;

/// <summary>Ports for targets: below the range from which the kernel takes client ports, so that none is taken by a client first.</summary>
internal sealed class Ports(ulong seed)
{
    private const int First = 20000, Count = 10000;
    private int given;

    /// <summary>A port that nobody is bound to at this moment.</summary>
    public int Next()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = First + (int)((seed + (ulong)Interlocked.Increment(ref given) * 7) % Count);
            if (IsFree(port)) return port;
        }

        throw new IOException($"no port from {First} to {First + Count - 1} is free");
    }

    public static bool IsFree(int port)
    {
        using var probe = PosixSocket.Stream(System.Net.Sockets.AddressFamily.InterNetworkV6);
        return probe.Bind(new IPEndPoint(IPAddress.IPv6Any, port)).Ok;
    }
}
