using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>
/// Ports for targets: below the range from which the kernel takes client ports, so that none is taken by a client first. They begin
/// anywhere, whatever the seed of the run: two runs beside each other that are given one seed must not be after the same ports.
/// </summary>
internal sealed class Ports
{
    private const int First = 20000, Count = 10000, FirstOfClients = 32768;
    private int given = RandomNumberGenerator.GetInt32(Count);

    /// <summary>A port that nobody is bound to at this moment.</summary>
    public int Next(Transport transport = Transport.Tcp)
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref given) * 7 % Count);
            if (IsFree(port, transport)) return port;
        }

        throw new IOException($"no port from {First} to {First + Count - 1} is free");
    }

    /// <summary>Not one that the kernel gave to a socket which asked for any; the harness's own are such.</summary>
    public static bool IsBelowClients(int port) => port < FirstOfClients;

    public static bool IsFree(int port, Transport transport = Transport.Tcp)
    {
        using var probe = transport == Transport.Udp ? PosixSocket.Datagram(AddressFamily.InterNetworkV6) : PosixSocket.Stream(AddressFamily.InterNetworkV6);
        return probe.Bind(new IPEndPoint(IPAddress.IPv6Any, port)).Ok;
    }
}
