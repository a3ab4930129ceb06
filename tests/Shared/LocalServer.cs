using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Tests.Shared;

/// <summary>A real listening socket in the test's own process, with a thread per connection that does what the test says.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly Socket listener;
    private readonly ConcurrentBag<Socket> accepted = [];
    private readonly Action<Socket> serve;

    public LocalServer(Action<Socket> serve, IPAddress? address = null)
    {
        this.serve = serve;
        listener = new Socket((address ?? IPAddress.Loopback).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        listener.Listen(64);
        new Thread(AcceptAll) { IsBackground = true, Name = "local server" }.Start();
    }

    public IPEndPoint Endpoint => (IPEndPoint)listener.LocalEndPoint!;

    /// <summary>Patience for steps that are to succeed: a busy machine is no failure.</summary>
    public static Patience Long { get; } = new(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60));

    /// <summary>Patience for an answer that is not to come.</summary>
    public static Patience Short { get; } = Long with { Reply = TimeSpan.FromMilliseconds(80), Close = TimeSpan.FromMilliseconds(80) };

    /// <summary>Patience for an answer that is not to come, after others that are.</summary>
    public static Patience ShortForAnswers { get; } = Long with { Reply = TimeSpan.FromMilliseconds(600) };

    /// <summary>Patience for an answer that is to come, and an end that is not.</summary>
    public static Patience ShortForTheEnd { get; } = Long with { Close = TimeSpan.FromMilliseconds(80) };

    /// <summary>Sends back what comes, until the end; the most ordinary server.</summary>
    public static void Echo(Socket client)
    {
        var buffer = new byte[64 * 1024];
        while (client.Receive(buffer) is var count and > 0) SendAll(client, buffer.AsSpan(0, count));
        client.Close();
    }

    /// <summary>Reads to the end of file, then answers all at once.</summary>
    public static void EchoAtTheEnd(Socket client)
    {
        var all = new List<byte>();
        var buffer = new byte[4096];
        while (client.Receive(buffer) is var count and > 0) all.AddRange(buffer.AsSpan(0, count));
        SendAll(client, all.ToArray());
        client.Close();
    }

    /// <summary>Reads and never answers; closes at the end of file.</summary>
    public static void Swallow(Socket client)
    {
        var buffer = new byte[4096];
        while (client.Receive(buffer) > 0) { }
        client.Close();
    }

    /// <summary>Echoes, and forgets to close at the end of file.</summary>
    public static void EchoAndStay(Socket client)
    {
        var buffer = new byte[4096];
        while (client.Receive(buffer) is var count and > 0) SendAll(client, buffer.AsSpan(0, count));
    }

    /// <summary>Closes as soon as the first bytes were read.</summary>
    public static void HangUp(Socket client)
    {
        client.Receive(new byte[4096]);
        client.Close();
    }

    /// <summary>Resets as soon as the first bytes were read.</summary>
    public static void Reset(Socket client)
    {
        client.Receive(new byte[4096]);
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    /// <summary>Sends without end and reads nothing.</summary>
    public static void Flood(Socket client)
    {
        var noise = new byte[64 * 1024];
        while (true) SendAll(client, noise);
    }

    public Trace Drive(Patience patience, params IEnumerable<Step>[] parts) => Drive(patience, null, CancellationToken.None, parts);

    public Trace Drive(Patience patience, ITargetControl? control, CancellationToken cancellation, params IEnumerable<Step>[] parts) =>
        Drive(Endpoint, patience, control, cancellation, parts);

    public static Trace Drive(IPEndPoint endpoint, Patience patience, ITargetControl? control, CancellationToken cancellation, params IEnumerable<Step>[] parts) =>
        new ScenarioDriver(new DriveContext(endpoint, ServiceSpec.Echo, patience, patience.Close, control), cancellation).Run(new Scenario("driven by a test", [.. parts.SelectMany(part => part)]));

    public void Dispose()
    {
        listener.Dispose();
        foreach (var client in accepted) client.Dispose();
    }

    private static void SendAll(Socket client, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty) data = data[client.Send(data)..];
    }

    private void AcceptAll()
    {
        try
        {
            while (true)
            {
                var client = listener.Accept();
                accepted.Add(client);
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Serve(Socket client)
    {
        try
        {
            serve(client);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client left, or the test is over.
        }
    }
}
