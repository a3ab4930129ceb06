using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Tests.Shared;

/// <summary>A real TLS server in the test's own process, with a certificate that the harness made; it notes the bytes that its clients send.</summary>
internal sealed class SecureServer : IDisposable
{
    private readonly TestCertificates certificates = new(null);
    private readonly SslStreamCertificateContext context;
    private readonly ConcurrentQueue<byte[]> came = new();
    private readonly LocalServer server;

    public SecureServer(Action<SslStream, Socket> serve, SslProtocols versions = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificates.Files.Chain);
        using var own = X509Certificate2.CreateFromPemFile(certificates.Files.Chain, certificates.Files.Key);
        context = SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null), [.. chain.Skip(1)], offline: true);
        server = new LocalServer(socket => Serve(socket, serve, versions));
    }

    public IPEndPoint Endpoint => server.Endpoint;

    /// <summary>The certificate that it shows.</summary>
    public ReadOnlyMemory<byte> Certificate => context.TargetCertificate.RawData;

    public TlsTrust Trust => new([certificates.Root], "localhost");

    /// <summary>The bytes of all its clients, in one.</summary>
    public byte[] Came => [.. came.SelectMany(bytes => bytes)];

    /// <summary>Sends back what comes, until the client's close_notify; then its own, and the end of file.</summary>
    public static void Echo(SslStream session, Socket client)
    {
        var buffer = new byte[16 * 1024];
        while (session.Read(buffer) is var count and > 0) session.Write(buffer, 0, count);
        Leave(session, client);
    }

    /// <summary>Our close_notify and our FIN; then what still comes is thrown away.</summary>
    public static void Leave(SslStream session, Socket client)
    {
        session.ShutdownAsync().GetAwaiter().GetResult();
        LeaveInClear(client);
    }

    public static void LeaveInClear(Socket client)
    {
        client.Shutdown(SocketShutdown.Send);
        var buffer = new byte[4096];
        while (client.Receive(buffer) > 0) { }
    }

    public Trace Drive(Patience patience, params IEnumerable<Step>[] parts) => Drive(Endpoint, Trust, patience, parts);

    public Trace Drive(TlsTrust trust, params IEnumerable<Step>[] parts) => Drive(Endpoint, trust, LocalServer.Long, parts);

    public static Trace Drive(IPEndPoint endpoint, TlsTrust trust, Patience patience, params IEnumerable<Step>[] parts) =>
        new ScenarioDriver(new DriveContext(endpoint, ServiceSpec.Echo with { Tls = TlsSpec.Default }, patience, patience.Close, null, trust), CancellationToken.None)
            .Run(new Scenario("driven by a test", [.. parts.SelectMany(part => part)]));

    public void Dispose()
    {
        server.Dispose();
        certificates.Dispose();
    }

    private void Serve(Socket socket, Action<SslStream, Socket> serve, SslProtocols versions)
    {
        try
        {
            using var session = new SslStream(new Overheard(socket, came));
            session.AuthenticateAsServer(new SslServerAuthenticationOptions { ServerCertificateContext = context, EnabledSslProtocols = versions });
            serve(session, socket);
        }
        catch (Exception e) when (e is IOException or AuthenticationException or InvalidOperationException)
        {
            // What the client did is the test's matter.
        }
        finally
        {
            socket.Close();
        }
    }

    /// <summary>A socket whose input is noted.</summary>
    private sealed class Overheard(Socket socket, ConcurrentQueue<byte[]> came) : NetworkStream(socket)
    {
        public override int Read(Span<byte> buffer)
        {
            var count = base.Read(buffer);
            came.Enqueue(buffer[..count].ToArray());
            return count;
        }
    }
}
