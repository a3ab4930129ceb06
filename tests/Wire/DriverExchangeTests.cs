using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Wire;

/// <summary>The driver against servers that do as they should.</summary>
public class DriverExchangeTests
{
    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void An_exchange_is_carried_out_and_written_down(string address)
    {
        using var server = new LocalServer(LocalServer.Echo, IPAddress.Parse(address));
        var trace = server.Drive(LocalServer.Long, Told.Visit(0, Talk.Text(300)));
        var connection = trace.On(0)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                trace.Outcomes.Select(outcome => outcome.Result),
                Is.EqualTo([StepResult.Done, StepResult.Done, StepResult.Done, StepResult.Done, StepResult.EndOfFile, StepResult.Done]));
            Assert.That(connection.Received.ToArray(), Is.EqualTo(Talk.Text(300).ToBytes()));
            Assert.That(connection.Accepted, Is.EqualTo(300));
            Assert.That(connection.Peer, Is.EqualTo(server.Endpoint));
            Assert.That(connection.Tuple?.Server, Is.EqualTo(server.Endpoint));
            Assert.That(connection.ServerSide, Is.EqualTo(new ServerSocket(server.Endpoint, connection.Tuple!.Value.Client, TcpState.Established)));
            Assert.That(connection.LeftBehind, Is.Null);
        }
    }

    [Test]
    public void Steps_are_timed_in_their_order()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var outcomes = server.Drive(LocalServer.Long, Told.Visit(0, Talk.Text(30))).Outcomes;
        Assert.That(outcomes.SelectMany(outcome => (TimeSpan[])[outcome.Start, outcome.End]), Is.Ordered);
    }

    [Test]
    public void The_harness_is_told_from_the_target_by_its_address()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var client = server.Drive(LocalServer.Long, Told.Visit(0, Talk.Text(30))).On(0)!.Tuple!.Value.Client.Address;
        Assert.That((IPAddress.IsLoopback(client), client.Equals(IPAddress.Loopback)), Is.EqualTo((true, false)));
    }

    [TestCase(1)]
    [TestCase(7)]
    public void A_message_cut_into_pieces_is_sent_whole(int piece)
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = server.Drive(LocalServer.Long, Talk.Connect(0), Talk.Exchange(0, Talk.Letters(100), [piece]), Talk.Finish(0));
        Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo(Talk.Letters(100).ToBytes()));
    }

    // Neither end reads while it cannot write: without reading in between, both would wait for ever.
    [Test]
    public void A_message_larger_than_all_buffers_does_not_bring_both_ends_to_a_standstill()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var data = Talk.Letters(7 << 20);
        var trace = server.Drive(LocalServer.Long, Talk.Connect(0), Talk.Exchange(0, data), Talk.Finish(0));
        Assert.That(trace.On(0)!.Received.Span.SequenceEqual(data.ToBytes()), Is.True, $"{trace.Outcomes[2]}");
    }

    [Test]
    public void As_much_as_a_case_file_may_send_at_once_comes_back()
    {
        var largest = ((int[])[64 << 20, 16 << 20, 8 << 20, 1 << 20]).First(MayBeSent);
        using var server = new LocalServer(LocalServer.Echo);
        var trace = server.Drive(LocalServer.Long, Talk.Connect(0), Talk.Exchange(0, Talk.Letters(largest)));
        Assert.That((trace.Outcomes[2].Result, trace.On(0)!.Received.Length), Is.EqualTo((StepResult.Done, largest)), $"{trace.Outcomes[2]}");
    }

    [Test]
    public void A_slow_reader_with_a_small_window_gets_everything()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var data = Talk.Letters(60_000);
        var trace = server.Drive(LocalServer.Long, [new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 3000, ReadPause: 1)], Talk.Exchange(0, data), Talk.Finish(0));
        Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo(data.ToBytes()));
    }

    [Test]
    public void After_a_half_close_the_answer_is_still_received()
    {
        using var server = new LocalServer(LocalServer.EchoAtTheEnd);
        var trace = server.Drive(LocalServer.Long, Talk.Connect(0), [new Step.Send(0, Talk.Text(5000)), new Step.ShutdownWrite(0), new Step.Receive(0, null), new Step.Close(0)]);
        Assert.That((trace.Outcomes[3].Result, trace.Outcomes[3].Bytes), Is.EqualTo((StepResult.EndOfFile, 5000)));
    }

    [Test]
    public void A_receive_asks_for_more_than_all_those_before_it()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = server.Drive(LocalServer.Long, Talk.Connect(0), [new Step.Send(0, Talk.Text(30)), new Step.Receive(0, 10), new Step.Receive(0, 20), new Step.Close(0)]);
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Has.All.EqualTo(StepResult.Done));
        Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo(Talk.Text(30).ToBytes()));
    }

    [Test]
    public void Connections_are_kept_apart()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var trace = server.Drive(
            LocalServer.Long, Talk.Each([0, 1, 2], Talk.Connect),
            Talk.Each([0, 1, 2], i => [new Step.Send(i, Talk.Text(40, i))]), Talk.Each([2, 0, 1], i => [new Step.Receive(i, 40)]), Talk.Each([0, 1, 2], Talk.Finish));
        foreach (var i in (int[])[0, 1, 2]) Assert.That(trace.On(i)!.Received.ToArray(), Is.EqualTo(Talk.Text(40, i).ToBytes()), $"#{i}");
    }

    [Test]
    public void Connects_in_the_background_are_waited_for_by_the_next_step()
    {
        using var server = new LocalServer(LocalServer.Echo);
        int[] twenty = [.. Enumerable.Range(0, 20)];
        var trace = server.Drive(
            LocalServer.Long, Talk.Each(twenty, i => [new Step.Connect(i, Background: true)]), Talk.Each(twenty, i => Talk.Exchange(i, Talk.Text(20, i))), Talk.Each(twenty, Talk.Finish));
        Assert.That(trace.Connections.Select(connection => (connection.Established, connection.Received.Length)), Has.All.EqualTo((true, 20)));
    }

    // The answer makes the server delay its acknowledgments: Nagle's algorithm would keep the last piece back until one comes, and an abort would throw it away.
    [Test]
    public void What_was_sent_before_an_abort_has_left()
    {
        var received = new List<byte>();
        using var ended = new ManualResetEventSlim();
        using var server = new LocalServer(client =>
        {
            var buffer = new byte[16];
            try
            {
                client.Receive(buffer, 1, SocketFlags.None);
                client.Send(buffer, 1, SocketFlags.None);
                while (client.Receive(buffer) is var count and > 0) received.AddRange(buffer.AsSpan(0, count));
            }
            catch (SocketException)
            {
                ended.Set(); // the reset
            }
        });
        server.Drive(LocalServer.Long, Talk.Connect(0), [Sent("a"u8), new Step.Receive(0, 1), Sent("b"u8), Sent("c"u8), new Step.Abort(0)]);
        Assert.That(ended.Wait(TimeSpan.FromSeconds(20)), "the reset was seen");
        Assert.That(received, Is.EqualTo("bc"u8.ToArray()));

        static Step Sent(ReadOnlySpan<byte> data) => new Step.Send(0, Payload.Literal.Of(data));
    }

    [Test]
    public void A_look_at_the_table_finds_the_listener()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var observation = server.Drive(LocalServer.Long, Talk.Wait(1), [new Step.Observe()]).Observations.Single();
        Assert.That((observation.Step, observation.Listening.Single()), Is.EqualTo((1, server.Endpoint)));
    }

    private static bool MayBeSent(int size)
    {
        try
        {
            CaseFile.Parse($$"""
                {
                  "sockcase": 1, "id": "", "requirement": "", "spec": "", "tool": "", "seed": "", "expected": "", "observed": "",
                  "scenario": { "situation": "", "steps": [{ "do": "receive", "bytes": {{size}} }] }
                }
                """, "");
            return true;
        }
        catch (InputException)
        {
            return false;
        }
    }
}
