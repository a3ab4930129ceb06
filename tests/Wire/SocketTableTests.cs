using System.Net;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

public class SocketTableTests
{
    [TestCase("127.0.0.1", "127.0.0.1")]
    [TestCase("0.0.0.0", "127.0.0.1")]
    [TestCase("::1", "::1")]
    [TestCase("::", "::1")]
    [TestCase("::", "127.0.0.1", Description = "an IPv4 client of a dual-stack listener: mapped addresses")]
    public void Both_ends_and_the_kernel_agree_on_the_names(string listening, string connecting)
    {
        using var pair = new ConnectedPair(IPAddress.Parse(listening), IPAddress.Parse(connecting));
        var (ours, theirs) = (pair.Ours.LocalName()!, pair.Ours.PeerName()!);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(theirs, Is.EqualTo(pair.Target));
            Assert.That(Plain(pair.Theirs.RemoteEndPoint!), Is.EqualTo(ours));
            Assert.That(Plain(pair.Theirs.LocalEndPoint!), Is.EqualTo(theirs));
            Assert.That(SocketTable.Find(theirs, ours), Is.EqualTo(new ServerSocket(theirs, ours, TcpState.Established)));
            Assert.That(SocketTable.Find(ours, theirs), Is.EqualTo(new ServerSocket(ours, theirs, TcpState.Established)));
        }
    }

    [TestCase("127.0.0.1")]
    [TestCase("0.0.0.0")]
    [TestCase("::1")]
    [TestCase("::")]
    public void A_listening_socket_is_found_until_it_is_closed(string address)
    {
        var listener = ConnectedPair.Listen(IPAddress.Parse(address));
        var endpoint = (IPEndPoint)listener.LocalEndPoint!;
        Assert.That(SocketTable.Listeners(), Does.Contain(endpoint));
        listener.Close();
        Assert.That(SocketTable.Listeners(), Does.Not.Contain(endpoint));
    }

    [Test]
    public void More_listeners_than_one_answer_of_the_kernel_holds_are_all_found()
    {
        var listeners = Enumerable.Range(0, 300).Select(_ => ConnectedPair.Listen(IPAddress.Loopback)).ToList();
        try
        {
            Assert.That(SocketTable.Listeners(), Is.SupersetOf(listeners.Select(listener => listener.LocalEndPoint)));
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }

    [Test]
    public void A_listener_is_not_taken_for_the_connection_that_was_asked_for()
    {
        using var listener = ConnectedPair.Listen(IPAddress.Loopback);
        Assert.That(SocketTable.Find((IPEndPoint)listener.LocalEndPoint!, new IPEndPoint(IPAddress.Parse("127.0.0.3"), 1)), Is.Null);
    }

    [Test]
    public void A_connection_that_its_client_closed_waits_for_its_server()
    {
        using var pair = new ConnectedPair();
        var (ours, theirs) = (pair.Ours.LocalName()!, pair.Ours.PeerName()!);
        pair.Ours.Close();
        Assert.That(pair.Theirs.Receive(new byte[1]), Is.Zero);
        Assert.That(SocketTable.Find(theirs, ours)?.State, Is.EqualTo(TcpState.CloseWait));
    }

    [Test]
    public void The_side_that_closed_first_waits_for_late_segments()
    {
        using var pair = new ConnectedPair();
        var (ours, theirs) = (pair.Ours.LocalName()!, pair.Ours.PeerName()!);
        pair.Theirs.Close();
        Assert.That(pair.AwaitReadable(), Is.True);
        pair.Ours.Close();
        var state = Clock.Until(() => SocketTable.Find(theirs, ours) is { State: TcpState.TimeWait } found ? found : null, ConnectedPair.Enough, CancellationToken.None);
        Assert.That(state, Is.EqualTo(new ServerSocket(theirs, ours, TcpState.TimeWait)));
    }

    [Test]
    public void A_connection_that_was_aborted_is_gone()
    {
        using var pair = new ConnectedPair();
        var (ours, theirs) = (pair.Ours.LocalName()!, pair.Ours.PeerName()!);
        pair.Ours.LingerZero();
        pair.Ours.Close();
        Assert.That(pair.Theirs.Poll(ConnectedPair.Enough, System.Net.Sockets.SelectMode.SelectRead), Is.True);
        Assert.That((SocketTable.Find(theirs, ours), SocketTable.Find(ours, theirs)), Is.EqualTo(((ServerSocket?)null, (ServerSocket?)null)));
    }

    private static IPEndPoint Plain(EndPoint endpoint) =>
        endpoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port) : (IPEndPoint)endpoint;
}
