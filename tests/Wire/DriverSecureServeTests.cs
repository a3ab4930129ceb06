using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Wire;

/// <summary>The driver as the TLS server of real clients, which are threads of the test.</summary>
public sealed class DriverSecureServeTests : IDisposable
{
    private static readonly byte[] Request = "three blind mice\n"u8.ToArray();
    private static readonly ServiceSpec Echo = ServiceSpec.Echo with { Tls = TlsSpec.Default };
    private readonly TestCertificates certificates = new(null);

    public void Dispose() => certificates.Dispose();

    [TestCase(SslProtocols.Tls12, "1.2")]
    [TestCase(SslProtocols.Tls13, "1.3")]
    public void A_client_is_served_in_its_session(SslProtocols protocol, string version)
    {
        using var client = Client((session, _) =>
        {
            Exchange(session);
            session.ShutdownAsync().GetAwaiter().GetResult();
            Assert.That(session.Read(new byte[10]), Is.Zero);
        }, protocol);
        var trace = client.Drive(Echo, Guests.Secured(Guests.One("cut", [1, 5, 100])));
        client.MustHaveDoneWell();
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Is.All.EqualTo(StepResult.Done));
        var connection = trace.On(0)!;
        Assert.That((connection.Owed, connection.Accepted, connection.Received.ToArray()), Is.EqualTo((Request.Length, Request.Length, Request)));
        Assert.That((connection.Tls!.Version, connection.Tls.CloseNotify, connection.Tls.Truncated), Is.EqualTo((version, true, false)));
    }

    [Test]
    public void The_scenario_goes_on_when_a_client_refuses()
    {
        using var client = Client((_, _) => { });
        MustEndUnserved(client.Drive(Echo, Guests.Shown("for another name", ShownCertificate.OtherName)));
        Assert.That(client.MustHaveFailed(), Is.InstanceOf<AuthenticationException>());
    }

    [Test]
    public void And_when_it_leaves_in_the_handshake()
    {
        using var client = new LocalClient(socket => socket.Shutdown(SocketShutdown.Send)) { Shown = certificates.Shown() };
        var trace = client.Drive(Echo, Guests.Shown("for another name", ShownCertificate.OtherName));
        MustEndUnserved(trace);
        Assert.That(trace.Outcomes[3].Result, Is.EqualTo(StepResult.EndOfFile));
    }

    [Test]
    public void One_that_trusts_all_is_served()
    {
        using var client = Client((session, _) => Exchange(session), trustsAll: true);
        var trace = client.Drive(Echo, Guests.Shown("signed by itself", ShownCertificate.SelfSigned));
        client.MustHaveDoneWell();
        Assert.That(trace.On(0)!.Received.ToArray(), Is.EqualTo(Request));
    }

    [Test]
    public void One_without_TLS_is_quoted()
    {
        using var client = new LocalClient(socket => socket.Send(Request)) { Shown = certificates.Shown() };
        var outcome = client.Drive(Echo, Guests.Secured(Guests.One("one"))).Outcomes[3];
        Assert.That((outcome.Result, outcome.Detail), Is.EqualTo((StepResult.Failed, "the target began with something that is no TLS: \"three blind mice\\n\"")));
    }

    [Test]
    public void What_comes_in_clear_between_its_records_is_kept()
    {
        using var client = Client((session, socket) =>
        {
            Exchange(session);
            socket.Send("in clear"u8);
        });
        var session = client.Drive(Echo, Guests.Secured(Guests.One("one"))).On(0)!.Tls!;
        Assert.That(session.After.ToArray(), Is.EqualTo("in clear"u8.ToArray()));
    }

    /// <summary>The kernel resets a connection that is closed with input unread: here that is the server's close_notify.</summary>
    [Test]
    public void One_that_leaves_a_close_notify_unread_has_missed_nothing()
    {
        using var client = Client((session, socket) =>
        {
            Exchange(session);
            Assert.That(socket.Poll(ConnectedPair.Enough, SelectMode.SelectRead), Is.True);
            socket.LingerState = new LingerOption(true, 0);
        });
        var trace = client.Drive(Echo, Guests.Secured(Talk.Scenario("half-closed", Guests.Listen(), Guests.Come(0), [new Step.Serve(0, [], ThenShut: true), new Step.Close(0), new Step.AwaitExit()])));
        client.MustHaveDoneWell();
        Assert.That(trace.Outcomes.Select(outcome => outcome.Result), Is.All.EqualTo(StepResult.Done));
    }

    [Test]
    public void Without_a_certificate_there_is_no_session()
    {
        using var client = new LocalClient(socket => socket.Receive(new byte[10]));
        Assert.That(client.Drive(Echo, Guests.Secured(Guests.One("one"))).Outcomes[3].Detail, Is.EqualTo("there is no certificate to show"));
    }

    private static void MustEndUnserved(Trace trace) => Assert.That((trace.Outcomes[^1].Result, trace.On(0)!.Received.Length), Is.EqualTo((StepResult.Done, 0)));

    private static void Exchange(SslStream session)
    {
        session.Write(Request);
        var reply = new byte[Request.Length];
        session.ReadExactly(reply);
        Assert.That(reply, Is.EqualTo(Request));
    }

    private LocalClient Client(Action<SslStream, Socket> talk, SslProtocols protocols = SslProtocols.None, bool trustsAll = false) => new(socket =>
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(certificates.Root);
        using var session = new SslStream(new NetworkStream(socket));
        session.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = trustsAll ? (_, _, _, errors) => errors != SslPolicyErrors.None : null,
        });
        talk(session, socket);
    })
    { Shown = certificates.Shown() };
}
