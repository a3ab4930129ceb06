using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

public class UdpTableTests
{
    [TestCase("127.0.0.1")]
    [TestCase("0.0.0.0")]
    [TestCase("127.0.1.1")]
    [TestCase("::1")]
    [TestCase("::")]
    public void A_bound_socket_is_found_until_it_is_closed(string address)
    {
        var socket = Bound(IPAddress.Parse(address));
        var endpoint = (IPEndPoint)socket.LocalEndPoint!;
        Assert.That(SocketTable.BoundUdp(), Does.Contain(endpoint));
        Assert.That((SocketTable.IsListening(endpoint.Port, Transport.Udp), SocketTable.IsListening(endpoint.Port)), Is.EqualTo((true, false)));
        socket.Close();
        Assert.That(SocketTable.BoundUdp(), Does.Not.Contain(endpoint));
    }

    [Test]
    public void A_socket_with_a_peer_comes_after_those_that_anybody_can_reach()
    {
        using var free = Bound(IPAddress.Loopback);
        using var taken = Bound(IPAddress.Loopback);
        taken.Connect(free.LocalEndPoint!);
        var found = SocketTable.BoundUdp();
        Assert.That(found.IndexOf((IPEndPoint)free.LocalEndPoint!), Is.InRange(0, found.IndexOf((IPEndPoint)taken.LocalEndPoint!)));
    }

    [Test]
    public void The_port_of_a_bound_socket_is_not_free_for_udp()
    {
        using var socket = Bound(IPAddress.Loopback);
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        Assert.That((Ports.IsFree(port, Transport.Udp), Ports.IsFree(port)), Is.EqualTo((false, true)));
    }

    // The two lines are those of a kernel; the rest is what no kernel writes.
    [Test]
    public void The_kernels_file_tells_the_same()
    {
        string[] lines =
        [
            "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
            " 1234: 0100007F:1E61 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0",
            " 1235: 0200007F:9C40 0100007F:1E61 01 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0",
            " 1236: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0 0",
            "", "1237: 0100007F 00000000:0000 07", "1238: 0100007F:xyz1 00000000:0000 07", "1239: 01:1E61 00000000:0000 07",
        ];
        Assert.That(ProcNet.Sockets(lines), Is.EqualTo(new[]
        {
            new ServerSocket(new IPEndPoint(IPAddress.Loopback, 7777), new IPEndPoint(IPAddress.Any, 0), TcpState.Closed),
            new ServerSocket(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 40000), new IPEndPoint(IPAddress.Loopback, 7777), TcpState.Established),
            new ServerSocket(new IPEndPoint(IPAddress.IPv6Loopback, 53), new IPEndPoint(IPAddress.IPv6Any, 0), TcpState.Closed),
        }));
    }

    [TestCase("127.0.0.1", "/proc/net/udp")]
    [TestCase("::1", "/proc/net/udp6")]
    public void The_file_of_this_machine_has_the_sockets_of_this_test(string address, string file)
    {
        using var socket = Bound(IPAddress.Parse(address));
        Assert.That(ProcNet.Sockets(File.ReadLines(file)).Select(one => one.Local), Does.Contain(socket.LocalEndPoint));
    }

    private static Socket Bound(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
