using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Tests.Shared;

/// <summary>A client that is a thread of the test: it is launched, connects, does what the test says, and closes.</summary>
internal sealed class LocalClient(Action<Socket>? talk) : ITargetControl, IDisposable
{
    private readonly List<Socket> sockets = [];
    private Thread? thread;
    private Exception? failure;

    public IPEndPoint Endpoint { get; } = new(IPAddress.Loopback, new Ports().Next());

    /// <summary>What it is shown in TLS.</summary>
    public IReadOnlyDictionary<ShownCertificate, SslStreamCertificateContext>? Shown { get; init; }

    public Trace Drive(ServiceSpec service, Scenario scenario, Patience? patience = null, bool draw = true) => new ScenarioDriver(
        new DriveContext(Endpoint, service, patience ?? LocalServer.Long, TimeSpan.FromSeconds(5), this, Draw: draw ? (_, number) => Encoding.ASCII.GetBytes($"{number}") : null) { Shown = Shown }, CancellationToken.None)
        .Run(scenario);

    public string? Launch()
    {
        thread = new Thread(Talk) { IsBackground = true, Name = "local client" };
        thread.Start();
        return null;
    }

    public bool AwaitExit(TimeSpan atMost, CancellationToken cancellation) => thread!.Join(atMost);

    public void MustHaveDoneWell()
    {
        Assert.That(thread!.Join(ConnectedPair.Enough), Is.True);
        Assert.That(failure, Is.Null);
    }

    public Exception? MustHaveFailed()
    {
        Assert.That(thread!.Join(ConnectedPair.Enough), Is.True);
        Assert.That(failure, Is.Not.Null);
        return failure;
    }

    public string? Restart(CancellationToken cancellation) => "a thread is not restarted";

    public ProcessSample? Sample() => null;

    public string? Stop(CancellationToken cancellation) => "a thread is not stopped";

    public void Dispose()
    {
        foreach (var socket in sockets) socket.Dispose();
    }

    private void Talk()
    {
        if (talk is null) return;
        try
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            sockets.Add(socket);
            socket.Connect(Endpoint);
            using (socket) talk(socket);
        }
        catch (Exception e)
        {
            failure = e;
        }
    }
}
