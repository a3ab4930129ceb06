using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

/// <summary>Real datagrams on the loopback interface. Skipped where there is no right to capture.</summary>
[NonParallelizable]
public class DatagramCaptureTests
{
    private static readonly Conversation Echo = Mail.Talk();

    [Test]
    public void Datagrams_of_a_target_are_its_flow()
    {
        using var capture = Open();
        using var post = new PostOffice(PostOffice.Echo);
        var (own, strangers, trace) = Captured(capture, post.Endpoint, Echo.Enter(0), Echo.Exchange(0, 0, 20), Echo.Exchange(0, 1, 30), Echo.Leave(0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(own.Single().Tuple, Is.EqualTo(trace.On(0)!.Tuple));
            Assert.That(own.Single().Segments.Select(segment => (segment.FromClient, segment.Length, segment.Flags)), Is.EqualTo([(true, 20, TcpFlags.None), (false, 20, TcpFlags.None), (true, 30, TcpFlags.None), (false, 30, TcpFlags.None)]));
            Assert.That(own.Single().Segments.Select(segment => segment.Checksum), Has.All.GreaterThan(0));
            Assert.That(strangers, Is.Empty);
        }
    }

    [Test]
    public void Checksums_that_were_switched_off_are_seen_as_zero()
    {
        using var capture = Open();
        using var post = new PostOffice((socket, data, peer) =>
        {
            socket.SetRawSocketOption(1, 11, BitConverter.GetBytes(1)); // SOL_SOCKET, SO_NO_CHECK
            socket.SendTo(data, peer);
        });
        var (own, _, _) = Captured(capture, post.Endpoint, Echo.Visit(0));
        Assert.That(own.Single().FromServer.Select(segment => segment.Checksum), Has.All.Zero);
    }

    [Test]
    public void An_answer_from_another_port_is_a_strangers_flow()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var capture = Open();
        using var post = new PostOffice((_, data, peer) => other.SendTo(data, peer));
        var (own, strangers, trace) = Captured(capture, post.Endpoint, Echo.Visit(0));
        Assert.That((own.Single().FromServer.Count(), strangers.Single().Tuple), Is.EqualTo((0, new FiveTuple(trace.On(0)!.Tuple!.Value.Client, (IPEndPoint)other.LocalEndPoint!, Transport.Udp))));
    }

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void Port_unreachable_belongs_to_the_flow_that_it_speaks_of(string address)
    {
        using var capture = Open();
        var nobody = Nobody(IPAddress.Parse(address));
        var (own, _, trace) = Captured(capture, nobody, Echo.Visit(0));
        var client = trace.On(0)!.Tuple!.Value.Client;
        var error = own.Single().Segments[^1];
        Assert.That((error.FromClient, error.Unreachable), Is.EqualTo((false, new PortUnreachable(nobody.Address, client, nobody))));
        Assert.That($"{error}", Is.EqualTo($"< ICMP port unreachable: {nobody}"));
    }

    [Test]
    public void Port_unreachable_of_a_client_that_is_gone_comes_from_its_side()
    {
        using var capture = Open();
        using var gone = new ManualResetEventSlim();
        using var answered = new ManualResetEventSlim();
        using var post = new PostOffice((socket, data, peer) =>
        {
            gone.Wait(ConnectedPair.Enough);
            socket.SendTo(data, peer);
            answered.Set();
        });
        capture.Watch(post.Endpoint.Port);
        var trace = post.Drive(LocalServer.Long, Echo.Enter(0), [Conversation.Send(0, Echo.Message(0))], Echo.Leave(0));
        gone.Set();
        Assert.That(answered.Wait(ConnectedPair.Enough), Is.True);
        Assert.That(capture.Drain(), Is.True);
        var error = capture.Take([trace.On(0)!.Tuple!.Value]).Own.Single().Segments[^1];
        Assert.That((error.FromClient, error.Unreachable?.To), Is.EqualTo((true, trace.On(0)!.Tuple!.Value.Client)));
    }

    [Test]
    public void Datagrams_of_others_are_not_kept()
    {
        using var capture = Open();
        using var watched = new PostOffice(PostOffice.Echo);
        using var other = new PostOffice(PostOffice.Echo);
        capture.Watch(watched.Endpoint.Port);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        client.SendTo("hello"u8, other.Endpoint);
        client.Receive(new byte[10]);
        Assert.That(capture.Drain(), Is.True);
        var (own, strangers) = capture.Take([new FiveTuple((IPEndPoint)client.LocalEndPoint!, other.Endpoint, Transport.Udp)]);
        Assert.That((own.Length, strangers.Length), Is.EqualTo((0, 0)));
    }

    [TestCase(true, 0)]
    [TestCase(false, 1)]
    public void A_connection_is_a_strangers_only_if_the_other_side_has_opened_it(bool fromOurs, int strangers)
    {
        using var capture = Open();
        using var server = new LocalServer(LocalServer.Echo);
        capture.Watch(server.Endpoint.Port);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var (ours, theirs) = fromOurs ? (caller, listener) : (listener, caller);
        ours.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0)); // an address of the harness's sockets
        theirs.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        caller.Connect(listener.LocalEndPoint!);
        Assert.That(capture.Drain(), Is.True);
        Assert.That(capture.Take([new FiveTuple((IPEndPoint)ours.LocalEndPoint!, server.Endpoint)]).Strangers, Has.Length.EqualTo(strangers));
    }

    [Test]
    public void A_tcp_and_a_udp_flow_of_the_same_numbers_are_two()
    {
        using var capture = Open();
        using var server = new LocalServer(LocalServer.Echo);
        capture.Watch(server.Endpoint.Port);
        var tcp = server.Drive(LocalServer.Long, Talk.Visit(0, Talk.Text(20))).On(0)!.Tuple!.Value;
        using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            client.Bind(tcp.Client);
            client.SendTo("hello"u8, server.Endpoint);
        }

        Assert.That(capture.Drain(), Is.True);
        var udp = tcp with { Protocol = Transport.Udp };
        Assert.That(capture.Take([udp]).Own.Single().Segments[0].Checksum, Is.Not.Null);
        Assert.That(capture.Take([tcp]).Own.Single().Segments[0].Has(TcpFlags.Syn), Is.True);
    }

    [Test]
    public void Without_being_asked_for_datagrams_a_capture_has_none()
    {
        using var capture = PacketCapture.TryOpen(out var whyNot);
        if (capture is null) Assert.Ignore(whyNot);
        using var post = new PostOffice(PostOffice.Echo);
        Assert.That(Captured(capture!, post.Endpoint, Echo.Visit(0)).Own, Is.Empty);
    }

    private static (System.Collections.Immutable.ImmutableArray<Flow> Own, System.Collections.Immutable.ImmutableArray<Flow> Strangers, Trace Trace) Captured(PacketCapture capture, IPEndPoint target, params IEnumerable<Step>[] parts)
    {
        capture.Watch(target.Port);
        var trace = PostOffice.Drive(target, LocalServer.Long, parts);
        Assert.That(capture.Drain(), Is.True);
        var (own, strangers) = capture.Take([.. trace.Connections.Select(connection => connection.Tuple!.Value)]);
        return (own, strangers, trace);
    }

    private static PacketCapture Open()
    {
        var capture = PacketCapture.TryOpen(out var whyNot, datagrams: true);
        if (capture is null) Assert.Ignore(whyNot);
        return capture!;
    }

    private static IPEndPoint Nobody(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
