using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Wire;

namespace SockConformance.Tests.Shared;

/// <summary>A real connection: our end is the harness's socket, the other one a socket of the runtime's.</summary>
internal sealed class ConnectedPair : IDisposable
{
    public static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    public ConnectedPair(IPAddress listening, IPAddress connecting)
    {
        Listener = Listen(listening);
        Target = new IPEndPoint(connecting, ((IPEndPoint)Listener.LocalEndPoint!).Port);
        Ours = PosixSocket.Stream(connecting.AddressFamily);
        var call = Ours.Connect(Target);
        Assert.That(call.Ok || call.WouldBlock, Is.True, call.Errno);
        Theirs = Listener.Accept();
        Assert.That(Ours.Wait(readable: false, writable: true, Enough, CancellationToken.None), Is.True);
        Assert.That(Ours.PendingError(), Is.EqualTo(new CallResult(0, null)));
    }

    public ConnectedPair() : this(IPAddress.Loopback, IPAddress.Loopback) { }

    public Socket Listener { get; }

    public IPEndPoint Target { get; }

    public PosixSocket Ours { get; }

    public Socket Theirs { get; }

    public static Socket Listen(IPAddress address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.Equals(IPAddress.IPv6Any)) listener.DualMode = true;
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        return listener;
    }

    public bool AwaitReadable() => Ours.Wait(readable: true, writable: false, Enough, CancellationToken.None);

    public void Dispose()
    {
        Ours.Dispose();
        Theirs.Dispose();
        Listener.Dispose();
    }
}
