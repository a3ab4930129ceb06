using System.CommandLine;
using System.Net;
using System.Net.Sockets;

namespace SockConformance.Suites;

/// <summary>The built-in reference echo server: what `./run-conformance.sh` checks when it is given nothing else.</summary>
internal static class ReferenceServer
{
    private const int Backlog = 512, BufferSize = 64 * 1024;

    public static Command Command
    {
        get
        {
            var service = new Argument<string>("service") { Description = "echo" };
            var port = new Argument<int>("port");
            var command = new Command("reference", "Runs a built-in reference server.") { service, port };
            command.Hidden = true;
            service.AcceptOnlyFromAmong("echo");
            command.SetAction(async (parsed, cancellation) => await Echo(parsed.GetValue(port), cancellation));
            return command;
        }
    }

    private static async Task<int> Echo(int port, CancellationToken cancellation)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Any, port));
        listener.Listen(Backlog);
        while (true)
        {
            try
            {
                _ = Serve(await listener.AcceptAsync(cancellation), cancellation);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // A client that left between its handshake and our accept.
            }
        }
    }

    private static async Task Serve(Socket client, CancellationToken cancellation)
    {
        using (client)
        {
            try
            {
                var buffer = new byte[BufferSize];
                for (int read; (read = await client.ReceiveAsync(buffer, cancellation)) > 0;)
                {
                    for (var sent = 0; sent < read;) sent += await client.SendAsync(buffer.AsMemory(sent, read - sent), cancellation);
                }

                client.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The client reset the connection: nothing is owed to it any more.
            }
        }
    }
}
