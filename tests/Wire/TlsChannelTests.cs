using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

/// <summary>The harness's TLS sessions against a real TLS server of the runtime's.</summary>
public class TlsChannelTests
{
    private static readonly Payload Line = Talk.Text(40);

    [TestCase("1.2", 0)]
    [TestCase("1.3", 0)]
    [TestCase("1.2", 1)]
    [TestCase("1.3", 1)]
    [TestCase("1.3", 7)]
    public void A_session_is_made_used_and_ended_in_order(string version, int piece)
    {
        using var server = new SecureServer(SecureServer.Echo);
        var trace = server.Drive(LocalServer.Long, Enter(new TlsOffer([version], piece)), Talk.Exchange(0, Line), Goodbye(), [new Step.Close(0)]);
        var session = trace.On(0)!.Tls!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Is.EqualTo([StepResult.Done, StepResult.Done, StepResult.Done, StepResult.Done, StepResult.Done, StepResult.EndOfFile, StepResult.Done]));
            Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo(Line.ToBytes()));
            Assert.That((session.Version, session.Trouble, session.Alert), Is.EqualTo((version, (string?)null, (string?)null)));
            Assert.That((session.CloseNotify, session.Truncated), Is.EqualTo((true, false)));
            Assert.That(session.Cipher, Does.StartWith("TLS_"));
            Assert.That(session.Certificate.ToArray(), Is.EqualTo(server.Certificate.ToArray()));
            Assert.That((session.PolicyErrors, session.ChainStatus.Length), Is.EqualTo((SslPolicyErrors.None, 0)));
        }
    }

    [Test]
    public void Who_leaves_after_an_exchange_waits_for_the_goodbye_of_the_server()
    {
        using var server = new SecureServer(SecureServer.Echo);
        var talk = new Conversation(ServiceSpec.Echo with { Tls = TlsSpec.Default });
        var trace = server.Drive(LocalServer.Long, talk.Visit(0));
        Assert.That((trace.On(0)!.Tls!.CloseNotify, trace.Outcomes[^2].Result, trace.Outcomes[^1].Result), Is.EqualTo((true, StepResult.EndOfFile, StepResult.Done)));
    }

    [Test]
    public void What_is_said_in_a_session_does_not_stand_on_the_wire()
    {
        using var server = new SecureServer(SecureServer.Echo);
        server.Drive(LocalServer.Long, Enter(TlsOffer.Any), Talk.Exchange(0, Line), Goodbye());
        Assert.That(server.Came.AsSpan().IndexOf(Line.ToBytes().AsSpan(0, 12)), Is.EqualTo(-1));
        Assert.That(TlsRecords.Parse(server.Came).ForeignAt, Is.EqualTo(-1));
    }

    [Test]
    public void Records_are_as_small_as_asked()
    {
        using var server = new SecureServer(SecureServer.Echo);
        server.Drive(LocalServer.Long, Enter(new TlsOffer(["1.2"], Record: 10)), Talk.Exchange(0, Line), Goodbye());
        Assert.That(TlsRecords.Parse(server.Came).Records.Count(record => record.Type == TlsContent.ApplicationData), Is.EqualTo(4));
    }

    [TestCase("1.2")]
    [TestCase("1.3")]
    public void A_message_larger_than_all_buffers_does_not_bring_both_ends_to_a_standstill(string version)
    {
        using var server = new SecureServer(SecureServer.Echo);
        var data = Talk.Letters(7 << 20);
        var trace = server.Drive(LocalServer.Long, Enter(new TlsOffer([version])), Talk.Exchange(0, data), Goodbye());
        Assert.That(trace.On(0)!.Received.Span.SequenceEqual(data.ToBytes()), Is.True, $"{trace.Outcomes[3]}");
    }

    [Test]
    public void A_slow_reader_gets_everything()
    {
        using var server = new SecureServer(SecureServer.Echo);
        var data = Talk.Letters(60_000);
        var trace = server.Drive(LocalServer.Long, [new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 3000, ReadPause: 1), new Step.Handshake(0, TlsOffer.Any)], Talk.Exchange(0, data), Goodbye());
        Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo(data.ToBytes()));
    }

    [Test]
    public void A_target_that_reads_nothing_is_not_waited_for_longer_than_patience_allows()
    {
        using var over = new ManualResetEventSlim();
        using var server = new SecureServer((_, _) => over.Wait(ConnectedPair.Enough));
        var outcome = server.Drive(LocalServer.ShortForAnswers, Enter(TlsOffer.Any), [new Step.Send(0, Talk.Letters(16 << 20))]).Outcomes[^1];
        over.Set();
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.TimedOut, "the target stopped taking data")));
    }

    [Test]
    public void After_our_close_notify_we_still_receive()
    {
        using var server = new SecureServer((session, client) =>
        {
            var all = new MemoryStream();
            session.CopyTo(all);
            session.Write(all.ToArray());
            SecureServer.Leave(session, client);
        });
        var data = Talk.Text(200_000);
        var trace = server.Drive(LocalServer.Long, Enter(new TlsOffer(["1.3"])), [new Step.Send(0, data)], Goodbye(), [new Step.Close(0)]);
        Assert.That((trace.Outcomes[4].Result, trace.Outcomes[4].Bytes), Is.EqualTo((StepResult.EndOfFile, data.Size)));
        Assert.That(trace.On(0)!.Tls!.CloseNotify, Is.True);
    }

    [Test]
    public void The_end_of_file_without_a_close_notify_is_a_truncation()
    {
        using var server = new SecureServer((session, client) =>
        {
            session.ReadExactly(new byte[Line.Size]);
            session.Write(Line.ToBytes());
            SecureServer.LeaveInClear(client);
        });
        var trace = server.Drive(LocalServer.Long, Enter(TlsOffer.Any), Talk.Exchange(0, Line), Goodbye());
        Assert.That((trace.Outcomes[^1].Result, trace.On(0)!.Tls!.CloseNotify, trace.On(0)!.Tls!.Truncated), Is.EqualTo((StepResult.EndOfFile, false, true)));
    }

    [Test]
    public void A_reset_in_a_session_is_told_by_its_errno()
    {
        using var server = new SecureServer((session, client) =>
        {
            session.ReadExactly(new byte[Line.Size]);
            client.LingerState = new LingerOption(true, 0);
        });
        var trace = server.Drive(LocalServer.Long, Enter(TlsOffer.Any), [new Step.Send(0, Line), new Step.Receive(0, Line.Size)]);
        Assert.That((trace.Outcomes[^1].Result, trace.Outcomes[^1].Errno), Is.EqualTo((StepResult.Failed, "ECONNRESET")));
    }

    [Test]
    public void What_comes_after_the_session_is_kept_and_is_not_payload()
    {
        using var server = new SecureServer((session, client) =>
        {
            while (session.Read(new byte[100]) > 0) { }
            session.ShutdownAsync().GetAwaiter().GetResult();
            client.Send("goodbye\r\n"u8);
            SecureServer.LeaveInClear(client);
        });
        var trace = server.Drive(LocalServer.Long, Enter(TlsOffer.Any), Goodbye(), [new Step.Await(0, 5000, new Framing.UntilEof(1000))]);
        Assert.That(Encoding.ASCII.GetString(trace.On(0)!.Tls!.After.Span), Is.EqualTo("goodbye\r\n"));
        Assert.That((trace.On(0)!.Received.Length, trace.Outcomes[^1].Result), Is.EqualTo((0, StepResult.EndOfFile)));
    }

    [Test]
    public void A_version_that_the_server_does_not_speak_is_told_by_its_alert()
    {
        using var server = new SecureServer(SecureServer.Echo, SslProtocols.Tls12);
        var trace = server.Drive(LocalServer.Long, Enter(new TlsOffer(["1.3"])));
        var session = trace.On(0)!.Tls!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((trace.Outcomes[1].Result, trace.Outcomes[1].Errno), Is.EqualTo((StepResult.Failed, (string?)null)));
            Assert.That((session.Alert, session.Version), Is.EqualTo(("protocol_version", (string?)null)));
            Assert.That(session.Trouble, Is.EqualTo("the target refused the handshake with the fatal alert protocol_version").And.EqualTo(trace.Outcomes[1].Detail));
        }
    }

    [Test]
    public void A_server_that_speaks_in_clear_is_quoted()
    {
        using var server = new LocalServer(client => client.Send("220 ready\r\n"u8));
        var outcome = Plain(server, LocalServer.Long);
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.Failed, "the target answered with something that is no TLS: \"220 ready\\r\\n\"")));
    }

    [Test]
    public void A_server_that_ends_the_connection_instead_of_answering()
    {
        using var server = new LocalServer(LocalServer.HangUp);
        Assert.That(Plain(server, LocalServer.Long).Result, Is.EqualTo(StepResult.EndOfFile).Or.EqualTo(StepResult.Failed));
    }

    [Test]
    public void A_server_that_resets_the_connection_instead_of_answering()
    {
        using var server = new LocalServer(LocalServer.Reset);
        Assert.That(Plain(server, LocalServer.Long).Errno, Is.EqualTo("ECONNRESET"));
    }

    [Test]
    public void A_server_that_does_not_answer()
    {
        using var server = new LocalServer(LocalServer.Swallow);
        var outcome = Plain(server, LocalServer.Short);
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.TimedOut, "the ClientHello was not answered")));
    }

    [Test]
    public void A_server_that_sends_half_a_record_and_no_more()
    {
        using var server = new LocalServer(client =>
        {
            client.Send([22, 3, 3, 1, 0, 2]);
            LocalServer.Swallow(client);
        });
        var outcome = Plain(server, LocalServer.Short);
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.TimedOut, "the handshake stood still after 6 bytes of the TLS handshake")));
    }

    [Test]
    public void A_certificate_for_another_name_is_written_down_and_the_session_goes_on()
    {
        using var server = new SecureServer(SecureServer.Echo);
        var trace = server.Drive(LocalServer.Long, Enter(TlsOffer.Any with { Name = "other.example" }), Talk.Exchange(0, Line));
        Assert.That((trace.On(0)!.Received.Length, trace.On(0)!.Tls!.PolicyErrors), Is.EqualTo((Line.Size, SslPolicyErrors.RemoteCertificateNameMismatch)));
    }

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void A_name_may_be_an_address(string address)
    {
        using var server = new SecureServer(SecureServer.Echo);
        Assert.That(server.Drive(server.Trust with { Name = address }, Enter(TlsOffer.Any)).On(0)!.Tls!.PolicyErrors, Is.EqualTo(SslPolicyErrors.None));
    }

    [Test]
    public void A_chain_that_leads_elsewhere_is_written_down()
    {
        using var server = new SecureServer(SecureServer.Echo);
        using var others = new TestCertificates(null);
        var session = server.Drive(new TlsTrust([others.Root], "localhost"), Enter(TlsOffer.Any)).On(0)!.Tls!;
        Assert.That((session.Version, session.PolicyErrors), Is.EqualTo(("1.3", SslPolicyErrors.RemoteCertificateChainErrors)));
        Assert.That(session.ChainStatus, Is.Not.Empty);
    }

    [Test]
    public void Noise_beneath_the_session_is_answered_by_an_alert_of_a_server_that_people_use()
    {
        using var server = OpenSslServer.Start();
        var noise = new Step.Send(0, Payload.Literal.Of(ClientHello.Record(TlsContent.ApplicationData, new byte[50])), [], Raw: true);
        var wait = new Step.Await(0, 5000, new Framing.UntilEof(1000));
        foreach (var version in (string[])["1.2", "1.3"])
        {
            var trace = SecureServer.Drive(server.Endpoint, server.Trust, LocalServer.Long, Enter(new TlsOffer([version])), [noise, wait, wait, new Step.Abort(0)]);
            Assert.That(trace.On(0)!.Tls!.Alert, Is.EqualTo("bad_record_mac"), version);
            Assert.That((trace.Outcomes[3].Detail, trace.Outcomes[4].Result), Is.EqualTo(("the target's fatal alert bad_record_mac", StepResult.EndOfFile)), version);
        }
    }

    private static Outcome Plain(LocalServer server, Patience patience) => SecureServer.Drive(server.Endpoint, TlsTrust.None, patience, Enter(TlsOffer.Any)).Outcomes[1];

    private static IEnumerable<Step> Enter(TlsOffer offer) => [new Step.Connect(0), new Step.Handshake(0, offer)];

    private static IEnumerable<Step> Goodbye() => [new Step.CloseNotify(0), new Step.Receive(0, null)];
}
