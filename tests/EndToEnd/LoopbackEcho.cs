using System.Net;
using System.Net.Sockets;

namespace SockConformance.Tests.EndToEnd;

/// <summary>An echo server in this process, for checks of a server that runs already.</summary>
internal sealed class LoopbackEcho : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public LoopbackEcho()
    {
        listener.Start(128);
        _ = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose() => listener.Dispose();

    private async Task Accept()
    {
        try
        {
            while (true) _ = Answer(await listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static async Task Answer(Socket client)
    {
        using (client)
        {
            try
            {
                var buffer = new byte[65536];
                for (int count; (count = await client.ReceiveAsync(buffer)) > 0;)
                {
                    for (var sent = 0; sent < count;) sent += await client.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }
            catch (SocketException)
            {
                // Reset by the client.
            }
        }
    }
}
