using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

/// <summary>The driver against servers that do not do as they should.</summary>
public class DriverTroubleTests
{
    [Test]
    public void An_answer_that_does_not_come_is_a_time_out_and_the_rest_is_not_run()
    {
        using var server = new LocalServer(LocalServer.Swallow);
        var trace = server.Drive(LocalServer.Short, Told.Visit(0, Talk.Text(20)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                trace.Outcomes.Select(outcome => outcome.Result),
                Is.EqualTo([StepResult.Done, StepResult.Done, StepResult.TimedOut, StepResult.NotRun, StepResult.NotRun, StepResult.NotRun]));
            Assert.That(trace.Outcomes[2].Detail, Is.EqualTo("no more bytes came"));
        }
    }

    [Test]
    public void An_end_of_file_that_does_not_come_is_a_time_out_and_the_socket_is_left_behind()
    {
        using var server = new LocalServer(LocalServer.EchoAndStay);
        var trace = server.Drive(LocalServer.ShortForTheEnd, Told.Visit(0, Talk.Text(20)));
        Assert.That(
            (trace.Outcomes[4].Result, trace.Outcomes[4].Detail, trace.On(0)!.LeftBehind),
            Is.EqualTo((StepResult.TimedOut, "no end of file came", (TcpState?)TcpState.CloseWait)));
    }

    [Test]
    public void A_socket_that_is_left_behind_after_our_close_is_noticed()
    {
        using var server = new LocalServer(LocalServer.EchoAndStay);
        var trace = server.Drive(LocalServer.ShortForTheEnd, Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), [new Step.Close(0)]);
        Assert.That(trace.On(0)!.LeftBehind, Is.EqualTo(TcpState.CloseWait));
    }

    [Test]
    public void An_end_of_file_where_bytes_were_wanted_is_unasked()
    {
        using var server = new LocalServer(LocalServer.HangUp);
        var trace = server.Drive(LocalServer.Long, Told.Visit(0, Talk.Text(20)));
        Assert.That((trace.Outcomes[2].Result, trace.Outcomes[3].Result), Is.EqualTo((StepResult.EndOfFile, StepResult.NotRun)));
    }

    [Test]
    public void A_reset_is_told_by_its_errno()
    {
        using var server = new LocalServer(LocalServer.Reset);
        var trace = server.Drive(LocalServer.Long, Told.Visit(0, Talk.Text(20)));
        Assert.That((trace.Outcomes[2].Result, trace.Outcomes[2].Errno), Is.EqualTo((StepResult.Failed, "ECONNRESET")));
    }

    [Test]
    public void A_refused_connect_is_told_by_its_errno_and_establishes_nothing()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var trace = LocalServer.Drive((IPEndPoint)silent.LocalEndPoint!, LocalServer.Long, null, CancellationToken.None, Told.Visit(0, Talk.Text(20)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                (trace.Outcomes[0].Result, trace.Outcomes[0].Errno, trace.On(0)!.Established),
                Is.EqualTo((StepResult.Failed, "ECONNREFUSED", false)));
            Assert.That(trace.Outcomes.Skip(1).Select(outcome => outcome.Result), Has.All.EqualTo(StepResult.NotRun));
        }
    }

    [Test]
    public void Bytes_that_nobody_asked_for_are_kept()
    {
        using var server = new LocalServer(client =>
        {
            client.Send("hello\n"u8);
            LocalServer.Echo(client);
        });
        var trace = server.Drive(LocalServer.Long, Told.Visit(0, Talk.Letters(10)));
        Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo((byte[])[.. "hello\n"u8, .. Talk.Letters(10).ToBytes()]));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_target_that_sends_for_ever_does_not_fill_the_memory(bool whileWeSend)
    {
        using var server = new LocalServer(LocalServer.Flood);
        var patience = LocalServer.Long with { Case = TimeSpan.FromMilliseconds(whileWeSend ? 400 : 20_000) };
        var trace = server.Drive(patience, Talk.Connect(0), whileWeSend ? [new Step.Send(0, Talk.Letters(8 << 20))] : [new Step.Receive(0, null)]);
        Assert.That(trace.On(0)!.Received.Length, Is.LessThan(32 << 20));
        Assert.That(trace.Outcomes[1].Result, Is.AnyOf(StepResult.Failed, StepResult.TimedOut));
    }

    // With a full queue of connections the kernel answers no further SYN: the handshake stays open for as long as we like.
    [TestCase("send")]
    [TestCase("receive")]
    [TestCase("shutdown")]
    public void The_step_after_a_connect_in_the_background_waits_for_the_handshake(string next)
    {
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var endpoint = (IPEndPoint)full.LocalEndPoint!;
        using var fills = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        fills.Connect(endpoint);
        Step step = next switch { "send" => new Step.Send(0, Talk.Letters(5)), "receive" => new Step.Receive(0, 5), _ => new Step.ShutdownWrite(0) };
        var patience = LocalServer.Short with { Connect = TimeSpan.FromMilliseconds(80) };
        var trace = LocalServer.Drive(endpoint, patience, null, CancellationToken.None, [new Step.Connect(0, Background: true), step]);
        Assert.That((trace.Outcomes[1].Result, trace.Outcomes[1].Detail), Is.EqualTo((StepResult.TimedOut, "the handshake was not answered")));
    }

    [Test]
    public void A_run_that_is_over_ends_the_scenario()
    {
        using var server = new LocalServer(LocalServer.Echo);
        using var over = new CancellationTokenSource();
        over.Cancel();
        Assert.That(
            () => server.Drive(LocalServer.Long, null, over.Token, Talk.Connect(0), [new Step.Receive(0, 1)]),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_target_that_is_not_ours_cannot_be_started_again()
    {
        using var server = new LocalServer(LocalServer.Echo);
        var outcome = server.Drive(LocalServer.Long, [new Step.Restart()]).Outcomes[0];
        Assert.That((outcome.Result, outcome.Errno), Is.EqualTo((StepResult.Failed, (string?)null)));
        Assert.That(outcome.Detail, Is.Not.Empty);
    }

    [TestCase(null, StepResult.Done)]
    [TestCase("it does not listen again", StepResult.Failed)]
    public void A_restart_is_left_to_the_target(string? trouble, StepResult result)
    {
        using var server = new LocalServer(LocalServer.Echo);
        var outcome = server.Drive(LocalServer.Long, new Control(trouble), CancellationToken.None, [new Step.Restart()]).Outcomes[0];
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((result, trouble)));
    }

    private sealed class Control(string? trouble) : ITargetControl
    {
        public string? Restart(CancellationToken cancellation) => trouble;

        public ProcessSample? Sample() => null;

        public string? Stop(CancellationToken cancellation) => trouble;

        public string? Launch() => trouble;

        public bool AwaitExit(TimeSpan atMost, CancellationToken cancellation) => trouble is null;
    }
}
