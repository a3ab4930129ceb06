using System.Net;
using System.Net.Sockets;
using SockConformance.Wire;

namespace SockConformance.Run;

/// <summary>
/// The reference target of the deadlines: an echo server in the harness itself, asked again and again for as long as the run lasts. How
/// long it takes for a few bytes on this machine at this moment scales the patience that other targets are given.
/// </summary>
internal sealed class ControlRun : IDisposable
{
    private const int Exchanges = 8, Remembered = 6, MostFactor = 8;

    /// <summary>What an exchange may take before it counts as slow: a hundred times what an idle machine needs.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(30), Beat = TimeSpan.FromMilliseconds(400), Patience = TimeSpan.FromSeconds(10);
    private readonly CancellationTokenSource stop = new();
    private readonly Queue<TimeSpan> worst = new();
    private readonly Lock gate = new();
    private readonly PosixSocket listener;
    private readonly IPEndPoint endpoint;

    public ControlRun()
    {
        listener = PosixSocket.Stream(AddressFamily.InterNetwork);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4);
        endpoint = listener.LocalName() ?? throw new IOException("no loopback address to listen on");
        new Thread(() => Quietly(Serve)) { IsBackground = true, Name = "reference server" }.Start();
        new Thread(() => Quietly(Ask)) { IsBackground = true, Name = "control run" }.Start();
    }

    /// <summary>How much more patience than usual a target deserves now: 1 on a machine that is not busy.</summary>
    public double Factor
    {
        get
        {
            lock (gate) return worst.Count == 0 ? 1 : Math.Clamp(worst.Max() / Usual, 1, MostFactor);
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
    }

    private static void Quietly(Action loop)
    {
        try
        {
            loop();
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private void Serve()
    {
        var buffer = new byte[64];
        while (listener.Wait(readable: true, writable: false, Patience, stop.Token) || !stop.IsCancellationRequested)
        {
            using var client = listener.Accept(out _);
            while (client is not null && client.Wait(readable: true, writable: false, Patience, stop.Token) && client.Receive(buffer) is { Ok: true, Value: > 0 and var count }) client.Send(buffer.AsSpan(0, count));
        }
    }

    private void Ask()
    {
        var buffer = new byte[64];
        while (true)
        {
            var slowest = TimeSpan.Zero;
            using (var socket = PosixSocket.Stream(AddressFamily.InterNetwork))
            {
                socket.Connect(endpoint);
                for (var i = 0; i < Exchanges; i++)
                {
                    var start = Clock.Now;
                    if (!socket.Wait(readable: false, writable: true, Patience, stop.Token)) break;
                    socket.Send("control\n"u8);
                    if (!socket.Wait(readable: true, writable: false, Patience, stop.Token) || socket.Receive(buffer) is not { Ok: true, Value: > 0 }) break;
                    if (Clock.Now - start is var took && took > slowest) slowest = took;
                }
            }

            lock (gate)
            {
                worst.Enqueue(slowest);
                if (worst.Count > Remembered) worst.Dequeue();
            }

            Clock.Pause(Beat, stop.Token);
        }
    }
}
