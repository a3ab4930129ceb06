using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Wire;

public class DriverDatagramTests
{
    private static readonly Conversation Echo = Mail.Talk();

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void A_datagram_is_sent_and_its_answer_is_received(string address)
    {
        using var post = new PostOffice(PostOffice.Echo, IPAddress.Parse(address));
        var trace = post.Drive(LocalServer.Long, Echo.Visit(0));
        var socket = trace.On(0)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Has.All.EqualTo(StepResult.Done));
            Assert.That(socket.Tuple!.Value.ToString(), Does.StartWith("{UDP, "));
            Assert.That((socket.Datagrams.Single().Source, socket.Datagrams.Single().Step), Is.EqualTo((post.Endpoint, 2)));
            Assert.That(socket.Datagrams.Single().Data.ToArray(), Is.EqualTo(Echo.Message(0).ToBytes()));
            Assert.That((socket.Established, socket.LeftBehind, socket.UnreachableAt), Is.EqualTo((false, (TcpState?)null, (int?)null)));
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(1473)]
    [TestCase(65507)]
    public void Datagrams_of_every_size_go_and_come_whole(int size)
    {
        using var post = new PostOffice(PostOffice.Echo);
        var data = new Payload.Generated(size, 1, Alphabet.Bytes);
        var trace = post.Drive(LocalServer.Long, Echo.Enter(0), Echo.Exchange(0, data));
        Assert.That(trace.On(0)!.Datagrams.Single().Data.ToArray(), Is.EqualTo(data.ToBytes()));
    }

    [Test]
    public void Each_send_is_one_datagram_whatever_its_cuts()
    {
        using var post = new PostOffice(PostOffice.Echo);
        var trace = post.Drive(LocalServer.Long, Echo.Enter(0), [new Step.Send(0, Talk.Letters(100), [7], Pause: 1), new Step.ReceiveMessages(0, 1, new Framing.Datagram())]);
        Assert.That(trace.On(0)!.Datagrams.Single().Data.Length, Is.EqualTo(100));
    }

    [Test]
    public void A_receive_asks_for_more_than_all_those_before_it()
    {
        using var post = new PostOffice(PostOffice.Echo);
        var trace = post.Drive(LocalServer.Long, Echo.Enter(0), Talk.Each([0, 1, 2], i => [Conversation.Send(0, Echo.Message(i))]), Talk.Each([0, 1, 2], i => Echo.Receive(0, Echo.Message(i))), Echo.Leave(0));
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Has.All.EqualTo(StepResult.Done));
        Assert.That(trace.On(0)!.Datagrams.Select(datagram => Convert.ToHexString(datagram.Data.Span)), Is.EquivalentTo(((int[])[0, 1, 2]).Select(i => Convert.ToHexString(Echo.Message(i).ToBytes()))));
    }

    [Test]
    public void What_comes_until_silence_is_taken_and_the_next_receive_waits_for_more()
    {
        using var post = new PostOffice((socket, data, peer) =>
        {
            for (var i = 0; i < data[0]; i++) socket.SendTo(data, peer);
        });
        var trace = post.Drive(
            LocalServer.Long, Echo.Enter(0), [new Step.Send(0, Payload.Literal.Of([3]))], DatagramPrograms.UntilSilence(0, 100), [new Step.Send(0, Payload.Literal.Of([1])), new Step.ReceiveMessages(0, 1, new Framing.Datagram())]);
        Assert.That(trace.On(0)!.Datagrams.Select(datagram => (datagram.Data.Span[0], datagram.Step)), Is.EqualTo([((byte)3, 2), ((byte)3, 2), ((byte)3, 2), ((byte)1, 4)]));
    }

    [Test]
    public void Silence_is_no_failure_where_it_is_waited_for()
    {
        using var post = new PostOffice(PostOffice.Swallow);
        var trace = post.Drive(LocalServer.Long, Echo.Enter(0), [Conversation.Send(0, Echo.Message(0))], DatagramPrograms.UntilSilence(0, 20), Echo.Leave(0));
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Is.EqualTo([StepResult.Done, StepResult.Done, StepResult.TimedOut, StepResult.Done]));
    }

    [Test]
    public void No_answer_ends_the_scenario()
    {
        using var post = new PostOffice(PostOffice.Swallow);
        var trace = post.Drive(LocalServer.Short, Echo.Visit(0), Echo.Visit(1));
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result).Take(4), Is.EqualTo([StepResult.Done, StepResult.Done, StepResult.TimedOut, StepResult.NotRun]));
        Assert.That(trace.Outcomes[2].Detail, Is.EqualTo("no datagram came"));
    }

    [Test]
    public void An_answer_from_another_port_is_received_with_its_source()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var post = new PostOffice((_, data, peer) => other.SendTo(data, peer));
        Assert.That(post.Drive(LocalServer.Long, Echo.Visit(0)).On(0)!.Datagrams.Single().Source, Is.EqualTo(other.LocalEndPoint));
    }

    [Test]
    public void Answers_too_many_are_read_at_the_close_and_at_the_end()
    {
        using var post = new PostOffice((socket, data, peer) =>
        {
            for (var i = 0; i < 3; i++) socket.SendTo(data, peer);
        });
        var trace = post.Drive(LocalServer.Long, Echo.Enter(0), Echo.Exchange(0), Echo.Enter(1), Echo.Exchange(1), Talk.Wait(100), Echo.Leave(0));
        Assert.That(trace.Connections.Select(socket => (socket.Datagrams.Length, socket.Datagrams[^1].Step)), Is.EqualTo([(3, 7), (3, 8)]));
    }

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void A_port_that_nobody_is_bound_to_is_told_as_what_it_is(string address)
    {
        var trace = PostOffice.Drive(Nobody(IPAddress.Parse(address)), LocalServer.Long, Echo.Visit(0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((trace.Outcomes[2].Result, trace.Outcomes[2].Errno), Is.EqualTo((StepResult.Failed, "ECONNREFUSED")));
            Assert.That(trace.Outcomes[2].Detail, Does.StartWith("ICMP port unreachable"));
            Assert.That(trace.On(0)!.UnreachableAt, Is.EqualTo(2));
        }
    }

    // The error of one datagram is told by the next call; the datagram of that call is sent all the same.
    [Test]
    public void Errors_of_earlier_datagrams_keep_no_later_one_from_being_sent()
    {
        var trace = PostOffice.Drive(Nobody(IPAddress.Loopback), LocalServer.Long, Echo.Enter(0), Talk.Each(Enumerable.Range(0, 20), i => [Conversation.Send(0, Echo.Message(i))]), DatagramPrograms.UntilSilence(0, 50), Echo.Leave(0));
        Assert.That(trace.Outcomes.Take(21).Select(outcome => outcome.Result), Has.All.EqualTo(StepResult.Done));
        Assert.That(trace.Outcomes[21].Result, Is.EqualTo(StepResult.Failed).Or.EqualTo(StepResult.TimedOut));
        Assert.That((trace.Outcomes[22].Result, trace.On(0)!.UnreachableAt is not null), Is.EqualTo((StepResult.Done, true)));
    }

    // The queue of errors must be emptied: while something is in it poll() returns at once.
    [Test]
    public void Waiting_for_silence_after_errors_ends()
    {
        var before = Clock.Now;
        PostOffice.Drive(Nobody(IPAddress.Loopback), LocalServer.Long, Echo.Enter(0), Talk.Each([0, 1, 2], i => [Conversation.Send(0, Echo.Message(i))]), DatagramPrograms.UntilSilence(0, 30), DatagramPrograms.UntilSilence(0, 30));
        Assert.That(Clock.Now - before, Is.LessThan(LocalServer.Long.Case / 2));
    }

    [Test]
    public void A_server_that_sends_without_end_does_not_fill_the_memory()
    {
        using var post = new PostOffice((socket, data, peer) =>
        {
            for (var i = 0; i < 400_000; i++) socket.SendTo([], peer);
        });
        var trace = post.Drive(LocalServer.Long, Echo.Enter(0), [Conversation.Send(0, Echo.Message(0))], DatagramPrograms.UntilSilence(0, 200), Echo.Leave(0));
        Assert.That(trace.On(0)!.Datagrams, Has.Length.LessThan(200_000));
    }

    [Test]
    public void Sockets_take_different_addresses_and_a_wanted_port()
    {
        using var post = new PostOffice(PostOffice.Echo);
        var port = Nobody(IPAddress.Loopback).Port;
        var trace = post.Drive(LocalServer.Long, [new Step.Open(0, port), new Step.Open(1)], Echo.Exchange(0));
        Assert.That(trace.On(0)!.Tuple!.Value.Client.Port, Is.EqualTo(port));
        Assert.That(trace.Connections.Select(socket => socket.Tuple!.Value.Client.Address), Is.Unique.And.None.EqualTo(IPAddress.Loopback));
    }

    [Test]
    public void A_look_at_the_table_finds_the_bound_socket()
    {
        using var post = new PostOffice(PostOffice.Echo);
        var observation = post.Drive(LocalServer.Long, [new Step.Observe()]).Observations.Single();
        Assert.That(observation.Listening.Single(), Is.EqualTo(post.Endpoint));
    }

    /// <summary>A port that was free a moment ago.</summary>
    private static IPEndPoint Nobody(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
