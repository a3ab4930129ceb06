using System.Net;
using System.Net.Sockets;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Tests.Shared;

/// <summary>A real UDP socket in the test's own process, with a thread that does with each datagram what the test says.</summary>
internal sealed class PostOffice : IDisposable
{
    private readonly Socket socket;

    public PostOffice(Action<Socket, byte[], EndPoint> serve, IPAddress? address = null)
    {
        socket = new Socket((address ?? IPAddress.Loopback).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        var any = new IPEndPoint(address?.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        new Thread(() => ServeAll(serve, any)) { IsBackground = true, Name = "post office" }.Start();
    }

    public IPEndPoint Endpoint => (IPEndPoint)socket.LocalEndPoint!;

    public static void Echo(Socket socket, byte[] data, EndPoint peer) => socket.SendTo(data, peer);

    public static void Swallow(Socket socket, byte[] data, EndPoint peer) { }

    public Trace Drive(Patience patience, params IEnumerable<Step>[] parts) => Drive(Endpoint, patience, parts);

    public static Trace Drive(IPEndPoint endpoint, Patience patience, params IEnumerable<Step>[] parts) =>
        new ScenarioDriver(new DriveContext(endpoint, Mail.Spec("echo-udp"), patience, patience.Close, null), CancellationToken.None).Run(new Scenario("driven by a test", [.. parts.SelectMany(part => part)]));

    public void Dispose() => socket.Dispose();

    private void ServeAll(Action<Socket, byte[], EndPoint> serve, EndPoint any)
    {
        var buffer = new byte[65536];
        while (true)
        {
            try
            {
                var peer = any;
                var count = socket.ReceiveFrom(buffer, ref peer);
                serve(socket, buffer[..count], peer);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                // A peer is gone.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // the test is over
            }
        }
    }
}
