using System.Net.Sockets;
using System.Text;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Wire;

/// <summary>The driver as the server of real clients, which are threads of the test.</summary>
public class DriverServeTests
{
    private static readonly byte[] Request = "three blind mice\n"u8.ToArray();

    private static readonly ServiceSpec Lines = new()
    {
        Name = "lines",
        Request = new Framing.Line("0A", 100, Unterminated.Reply),
        Reply = new Framing.Line("0A", 100, Unterminated.Ignore),
        Rules = [new Rule(new When(Literal: "bye"u8.ToArray()), Generation.None, new Reply.Literal("farewell"u8.ToArray()), Then.Close), new Rule(new When(), Generation.None, new Reply.Transformed(Transform.Upper), Then.Keep)],
    };

    [Test]
    public void A_client_is_served_and_what_it_sent_and_got_is_written_down()
    {
        using var client = new LocalClient(socket =>
        {
            socket.Send(Request);
            Assert.That(ReadExactly(socket, Request.Length), Is.EqualTo(Request));
            socket.Shutdown(SocketShutdown.Send);
            Assert.That(ReadToEnd(socket), Is.Empty);
        });
        var trace = client.Drive(ServiceSpec.Echo, Guests.One("one"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Is.All.EqualTo(StepResult.Done));
            var connection = trace.On(0)!;
            Assert.That(connection.Received.ToArray(), Is.EqualTo(Request));
            Assert.That((connection.Owed, connection.Accepted, connection.Answered), Is.EqualTo((Request.Length, Request.Length, Request.Length)));
            Assert.That(connection.Tuple, Is.EqualTo(new FiveTuple(connection.Peer!, client.Endpoint)));
            Assert.That(trace.Uninvited, Is.Zero);
        }

        client.MustHaveDoneWell();
    }

    [Test]
    public void A_reply_comes_in_the_pieces_that_it_is_cut_into()
    {
        var pieces = new List<int>();
        using var client = new LocalClient(socket =>
        {
            socket.Send(Request);
            for (var left = Request.Length; left > 0; left -= pieces[^1]) pieces.Add(socket.Receive(new byte[1000]));
        });
        client.Drive(ServiceSpec.Echo, Guests.One("cut", [1, 5, 100], pause: 60));
        client.MustHaveDoneWell();
        Assert.That(pieces, Is.EqualTo([1, 5, Request.Length - 6]));
    }

    [Test]
    public void A_message_is_answered_when_it_is_whole_however_it_comes()
    {
        using var client = new LocalClient(socket =>
        {
            foreach (var b in Request) socket.Send([b]);
            Assert.That(ReadExactly(socket, Request.Length), Is.EqualTo("THREE BLIND MICE\n"u8.ToArray()));
            socket.Send("one\ntwo\nthr"u8);
            Assert.That(ReadExactly(socket, 8), Is.EqualTo("ONE\nTWO\n"u8.ToArray()));
            socket.Send("ee"u8);
            socket.Shutdown(SocketShutdown.Send);
            Assert.That(ReadToEnd(socket), Is.EqualTo("THREE\n"u8.ToArray()));
        });
        MustServe(client, Lines);
    }

    [Test]
    public void The_server_closes_where_its_spec_says_so()
    {
        using var client = new LocalClient(socket =>
        {
            socket.Send("bye\nmore\n"u8);
            Assert.That(ReadToEnd(socket), Is.EqualTo("farewell\n"u8.ToArray()));
        });
        var connection = MustServe(client, Lines).On(0)!;
        Assert.That((connection.Answered, connection.Received.Length), Is.EqualTo((4, 9)));
    }

    [Test]
    public void A_greeting_comes_first()
    {
        using var client = new LocalClient(socket => Assert.That(ReadExactly(socket, 6), Is.EqualTo("hello\n"u8.ToArray())));
        MustServe(client, Lines with { Greeting = new Reply.Literal("hello"u8.ToArray()) });
    }

    [Test]
    public void A_reply_that_is_a_pattern_is_drawn()
    {
        var service = Lines with { Rules = [new Rule(new When(), Generation.None, new Reply.Matching(new BytePattern("^[0-9]+$")), Then.Keep)] };
        using var client = new LocalClient(socket =>
        {
            socket.Send("a\nb\n"u8);
            Assert.That(ReadExactly(socket, 4), Is.EqualTo("0\n1\n"u8.ToArray()));
        });
        MustServe(client, service);
    }

    [Test]
    public void One_that_nobody_can_draw_ends_the_case()
    {
        var service = Lines with { Rules = [new Rule(new When(), Generation.None, new Reply.Matching(new BytePattern("^x$")), Then.Keep)] };
        using var client = new LocalClient(socket => socket.Send("a\n"u8));
        var outcome = client.Drive(service, Guests.One("one"), draw: false).Outcomes[3];
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.Failed, "no reply can be made for a reply that matches /^x$/")));
    }

    [Test]
    public void A_message_that_the_end_of_file_ends_is_answered_then()
    {
        using var client = new LocalClient(socket =>
        {
            socket.Send("one "u8);
            socket.Send("two"u8);
            socket.Shutdown(SocketShutdown.Send);
            Assert.That(ReadToEnd(socket), Is.EqualTo("ONE TWO"u8.ToArray()));
        });
        MustServe(client, Lines with { Request = new Framing.UntilEof(100), Reply = new Framing.UntilEof(100) });
    }

    [Test]
    public void The_services_that_speak_first_do_so_and_close()
    {
        byte[] daytime = [], time = [];
        using (var client = new LocalClient(socket => daytime = ReadToEnd(socket))) MustServe(client, Announcing("daytime"));
        using (var client = new LocalClient(socket => time = ReadToEnd(socket))) MustServe(client, Announcing("time"));
        Assert.That(Encoding.ASCII.GetString(daytime), Does.Match("^[A-Z][a-z]+, [A-Z][a-z]+ [0-9]{2}, [0-9]{4} [0-9:]{8}-UTC\r\n$"));
        var seconds = (uint)((time[0] << 24) | (time[1] << 16) | (time[2] << 8) | time[3]);
        Assert.That(DateTimeOffset.FromUnixTimeSeconds(seconds - 2208988800L), Is.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(5)));
    }

    [Test]
    public void A_stream_ends_some_time_and_a_client_may_leave_it_as_it_likes()
    {
        byte[] all = [];
        using (var client = new LocalClient(socket => all = ReadToEnd(socket))) MustServe(client, Announcing("chargen"));
        Assert.That(Encoding.ASCII.GetString(all).Split("\r\n")[..^1].Select(line => line.Length), Is.All.EqualTo(72));
        using var rude = new LocalClient(socket => Reset(socket, afterReading: 100));
        Assert.That(MustServe(rude, Announcing("chargen")).Outcomes.Select(outcome => outcome.Result), Is.All.EqualTo(StepResult.Done));
    }

    [Test]
    public void Pages_are_served_one_after_another_until_the_client_has_enough()
    {
        using var client = new LocalClient(socket =>
        {
            socket.Send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8);
            var pages = Encoding.ASCII.GetString(ReadToEnd(socket));
            Assert.That(pages.Split("HTTP/1.1 200 OK\r\n"), Has.Length.EqualTo(4));
            Assert.That(pages.Split("a small page\n"), Has.Length.EqualTo(3), "HEAD has no body");
        });
        MustServe(client, new ServiceSpec { Name = "http", Kind = "http", Request = new Framing.Http(), Reply = new Framing.Http() });
    }

    [Test]
    public void A_client_that_leaves_in_the_middle_is_noticed_with_the_place()
    {
        using var client = new LocalClient(socket =>
        {
            socket.Send(Request);
            ReadExactly(socket, 3);
        });
        var outcome = client.Drive(ServiceSpec.Echo, Guests.One("cut", [1], pause: 30)).Outcomes[3];
        Assert.That((outcome.Result, outcome.Is("EPIPE", "ECONNRESET"), outcome.Bytes), Is.EqualTo((StepResult.Failed, true, 3)).Or.EqualTo((StepResult.Failed, true, 4)));
    }

    [Test]
    public void One_that_is_gone_before_the_reply_is_due_too()
    {
        using var client = new LocalClient(socket => socket.Send(Request));
        var outcome = client.Drive(ServiceSpec.Echo, Guests.One("late", delay: 300)).Outcomes[3];
        Assert.That((outcome.Result, outcome.Bytes), Is.EqualTo((StepResult.Failed, 0)));
    }

    [Test]
    public void One_that_aborts_when_it_has_everything_is_told_from_those()
    {
        using var client = new LocalClient(socket =>
        {
            socket.Send(Request);
            Reset(socket, afterReading: Request.Length);
        });
        var outcome = client.Drive(ServiceSpec.Echo, Guests.One("one")).Outcomes[3];
        Assert.That((outcome.Result, outcome.Errno, outcome.Bytes), Is.EqualTo((StepResult.Failed, "ECONNRESET", Request.Length)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_reply_is_broken_off_where_the_scenario_says_so(bool abort)
    {
        var (got, error) = (Array.Empty<byte>(), SocketError.Success);
        using var client = new LocalClient(socket =>
        {
            socket.Send(Request);
            try
            {
                got = ReadToEnd(socket);
            }
            catch (SocketException e)
            {
                error = e.SocketErrorCode;
            }
        });
        var trace = client.Drive(ServiceSpec.Echo, Guests.BrokenOff("after two bytes", 2, abort));
        client.MustHaveDoneWell();
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Is.All.EqualTo(StepResult.Done));
        Assert.That((trace.On(0)!.Accepted, trace.On(0)!.Owed), Is.EqualTo((2, Request.Length)));
        Assert.That(error, Is.EqualTo(abort ? SocketError.ConnectionReset : SocketError.Success));
        if (!abort) Assert.That(got, Is.EqualTo(Request[..2]));
    }

    [Test]
    public void Our_FIN_can_come_with_the_reply()
    {
        byte[] got = [];
        using var client = new LocalClient(socket =>
        {
            socket.Send(Request);
            got = ReadToEnd(socket);
        });
        var trace = client.Drive(ServiceSpec.Echo, Talk.Scenario("half-closed", Guests.Listen(), Guests.Come(0), [new Step.Serve(0, [], ThenShut: true), new Step.Close(0), new Step.AwaitExit()]));
        client.MustHaveDoneWell();
        Assert.That((trace.Outcomes[3].Result, got.Length), Is.EqualTo((StepResult.Done, Request.Length)));
    }

    [Test]
    public void A_client_that_says_nothing_is_not_waited_for_without_end()
    {
        using var client = new LocalClient(socket => ReadToEnd(socket));
        var outcome = client.Drive(ServiceSpec.Echo, Guests.One("one"), LocalServer.Short).Outcomes[3];
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.TimedOut, "the client neither sent nor ended")));
    }

    [Test]
    public void A_client_that_sends_for_ever_does_not_fill_the_memory()
    {
        using var client = new LocalClient(socket =>
        {
            var noise = new byte[64 * 1024];
            while (true) socket.Send(noise);
        });
        var trace = client.Drive(Lines with { Rules = [] }, Guests.One("one"));
        Assert.That(trace.Outcomes[3].Result, Is.EqualTo(StepResult.Failed));
        Assert.That(trace.On(0)!.Received.Length, Is.LessThan(20 << 20));
    }

    [Test]
    public void A_client_that_stops_reading_is_not_waited_for_without_end()
    {
        using var client = new LocalClient(socket =>
        {
            var noise = new byte[64 * 1024];
            for (var sent = 0; sent < 7 << 20;) sent += socket.Send(noise);
            socket.Poll(TimeSpan.FromSeconds(20), SelectMode.SelectError);
        });
        var outcome = client.Drive(ServiceSpec.Echo, Guests.One("one"), LocalServer.Short).Outcomes[3];
        Assert.That(outcome.Result, Is.EqualTo(StepResult.TimedOut));
    }

    [Test]
    public void Connections_that_nobody_accepts_are_counted()
    {
        using var client = new LocalClient(socket =>
        {
            using var second = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            second.Connect(socket.RemoteEndPoint!);
        });
        Assert.That(client.Drive(ServiceSpec.Echo, Guests.One("one")).Uninvited, Is.EqualTo(1));
    }

    [Test]
    public void Two_clients_can_come_one_after_the_other()
    {
        using var client = new LocalClient(socket =>
        {
            socket.Send(Request);
            ReadExactly(socket, Request.Length);
        });
        var trace = client.Drive(ServiceSpec.Echo, Talk.Scenario("two", Guests.Listen(), Guests.Visit(0), Guests.Visit(1, [1])));
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Is.All.EqualTo(StepResult.Done));
        Assert.That(trace.Connections.Select(connection => connection.Accepted), Is.All.EqualTo(Request.Length));
    }

    [Test]
    public void A_client_that_ends_without_a_connection_is_not_waited_for()
    {
        using var client = new LocalClient(null);
        var outcome = client.Drive(ServiceSpec.Echo, Guests.One("one")).Outcomes[2];
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.Failed, "the client ended without a connection")));
    }

    [Test]
    public void A_port_that_is_taken_is_told()
    {
        using var client = new LocalClient(null);
        using var owner = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        owner.Bind(client.Endpoint);
        owner.Listen();
        var outcome = client.Drive(ServiceSpec.Echo, Guests.One("one")).Outcomes[0];
        Assert.That((outcome.Result, outcome.Errno), Is.EqualTo((StepResult.Failed, "EADDRINUSE")));
    }

    [Test]
    public void Nobody_is_accepted_where_nobody_listens()
    {
        using var client = new LocalClient(null);
        Assert.That(client.Drive(ServiceSpec.Echo, Talk.Scenario("no listener", [new Step.Accept(0)])).Outcomes[0].Errno, Is.EqualTo("EINVAL"));
    }

    private static ServiceSpec Announcing(string kind) => new() { Name = kind, Kind = kind, Greeting = new Reply.Matching(new BytePattern("")), ServerCloses = ServerCloses.AfterReply };

    private static Trace MustServe(LocalClient client, ServiceSpec service)
    {
        var trace = client.Drive(service, Guests.One("one"));
        client.MustHaveDoneWell();
        Assert.That(trace.Outcomes[3].Result, Is.EqualTo(StepResult.Done), $"{trace.Outcomes[3]}");
        return trace;
    }

    private static byte[] ReadExactly(Socket socket, int count)
    {
        var all = new byte[count];
        for (var have = 0; have < count;)
        {
            var read = socket.Receive(all.AsSpan(have));
            Assert.That(read, Is.Positive, $"the end came after {have} of {count} bytes");
            have += read;
        }

        return all;
    }

    private static byte[] ReadToEnd(Socket socket)
    {
        var all = new List<byte>();
        var buffer = new byte[4096];
        while (socket.Receive(buffer) is var count and > 0) all.AddRange(buffer.AsSpan(0, count));
        return [.. all];
    }

    private static void Reset(Socket socket, int afterReading)
    {
        ReadExactly(socket, afterReading);
        socket.LingerState = new LingerOption(true, 0);
    }
}
