using System.Diagnostics;
using System.Net;
using NUnit.Framework;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Tests.Shared;

/// <summary>openssl s_server, where the machine has it: what comes back is each line reversed.</summary>
internal sealed class OpenSslServer : IDisposable
{
    private readonly TestCertificates certificates = new(null);
    private readonly Process process;

    private OpenSslServer(int port, params IEnumerable<string> options)
    {
        Endpoint = new IPEndPoint(IPAddress.Loopback, port);
        string[] words = ["s_server", "-accept", $"127.0.0.1:{port}", "-cert", certificates.Files.Chain, "-cert_chain", certificates.Files.Chain, "-key", certificates.Files.Key, "-rev", "-quiet", .. options];
        process = Process.Start(new ProcessStartInfo("openssl", words) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public IPEndPoint Endpoint { get; }

    public TlsTrust Trust => new([certificates.Root], "localhost");

    public static OpenSslServer Start(params IEnumerable<string> options)
    {
        Tools.Needs("openssl");
        var server = new OpenSslServer(new Ports().Next(), options);
        Assert.That(Clock.Until(() => SocketTable.IsListening(server.Endpoint.Port) ? server : null, ConnectedPair.Enough, CancellationToken.None), Is.Not.Null, "openssl s_server does not listen");
        return server;
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        certificates.Dispose();
    }
}
