using System.Collections.Immutable;
using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>
/// A TLS session of the harness, as a client or as the server of a client under test, over one of its sockets. Nothing here blocks but the
/// handshake, which has a deadline; nothing is thrown for what the target does. A server's certificate is looked at, written down and accepted,
/// whatever it is.
/// </summary>
internal sealed partial class TlsChannel : IDisposable
{
    /// <summary>The “errno” of a session that the protocol ended: <see cref="Trouble"/> says how.</summary>
    public const string ProtocolError = "EPROTO";

    private const int MaxRecord = 1 << 14, MaxAfter = 4096, AlertReasons = 1000;
    private readonly PosixSocket socket;
    private readonly TlsOffer offer;
    private readonly TlsTrust trust;
    private readonly CancellationToken cancellation;
    private readonly SslStreamCertificateContext? shown;
    private readonly TlsPipe pipe;
    private readonly SslStream session;
    private readonly byte[] plain = new byte[MaxRecord];
    private readonly List<byte> after = [];
    private ImmutableArray<string> chainStatus = [];
    private ReadOnlyMemory<byte> certificate;
    private SslPolicyErrors policyErrors;
    private string? version, cipher, failure, alert;
    private bool notified, truncated, over, saidGoodbye;
    private int at, end, encrypted;

    /// <param name="shown">The certificate of a server; null for a client.</param>
    public TlsChannel(PosixSocket socket, TlsOffer offer, TlsTrust trust, CancellationToken cancellation, SslStreamCertificateContext? shown = null)
    {
        (this.socket, this.offer, this.trust, this.cancellation, this.shown) = (socket, offer, trust, cancellation, shown);
        pipe = new TlsPipe(socket, offer.Piece, cancellation);
        session = new SslStream(pipe, leaveInnerStreamOpen: true);
    }

    /// <summary>What ended the session out of order, in plain words; null for nothing.</summary>
    public string? Trouble { get; private set; }

    /// <summary>
    /// From now on the secrets of all sessions of this process are appended to a file (NSS format: tshark -o tls.keylog_file:FILE).
    /// It must come before the first session: the library asks once.
    /// </summary>
    public static void LogKeysTo(string path)
    {
        Environment.SetEnvironmentVariable("SSLKEYLOGFILE", path);
        AppContext.SetSwitch("System.Net.EnableSslKeyLogging", true);
    }

    /// <summary>Null when it is done, or how it failed.</summary>
    public Outcome? Handshake(TimeSpan atMost)
    {
        pipe.Deadline = Clock.Now + atMost;
        try
        {
            if (shown is null) session.AuthenticateAsClient(Options());
            else session.AuthenticateAsServer(new SslServerAuthenticationOptions { ServerCertificateContext = shown, EnabledSslProtocols = offer.Protocols, AllowTlsResume = false });
            pipe.Deadline = null;
            (version, cipher) = (session.SslProtocol == SslProtocols.Tls13 ? "1.3" : "1.2", $"{session.NegotiatedCipherSuite}");
            return null;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or InvalidOperationException or CryptographicException or ArgumentException or NotSupportedException)
        {
            cancellation.ThrowIfCancellationRequested();
            over = true;
            var outcome = HandshakeFailure(e);
            failure = Trouble = outcome.Detail;
            return outcome;
        }
    }

    /// <summary>As SEND: the number of payload bytes taken, or an errno. After EAGAIN the same bytes must be given again.</summary>
    public CallResult Send(ReadOnlySpan<byte> data)
    {
        try
        {
            if (encrypted == 0)
            {
                if (over) return new CallResult(0, pipe.Errno ?? "EPIPE");
                var size = offer.Record > 0 ? Math.Min(offer.Record, MaxRecord) : MaxRecord;
                encrypted = offer.Record > 0 ? Math.Min(data.Length, MaxRecord) : Math.Min(data.Length, size);
                for (var from = 0; from < encrypted; from += size) session.Write(data[from..Math.Min(encrypted, from + size)]);
            }

            if (pipe.Flush(apart: true) is { Ok: false } call) return call;
            var taken = encrypted;
            encrypted = 0;
            return new CallResult(taken, null);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return Failed(e);
        }
    }

    /// <summary>
    /// As RECEIVE: payload bytes, 0 at close_notify or end of file, EAGAIN where nothing is there yet. Once the session has ended, what
    /// TCP says: 0 at its end, EAGAIN before.
    /// </summary>
    public CallResult Receive(Span<byte> buffer)
    {
        if (at < end) return Take(buffer);
        if (notified || over) return Drain();
        var call = pipe.Fill();
        if (!call.Ok) return call;
        try
        {
            (at, end) = (0, session.Read(plain));
            if (end > 0) return Take(buffer);
            (notified, truncated) = (!pipe.Ended, pipe.Ended);
            return new CallResult(0, null);
        }
        catch (TlsPipe.WouldBlock)
        {
            return new CallResult(0, "EAGAIN"); // a record without payload: tickets, new keys
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            if (!pipe.Ended) return Failed(e);
            (over, truncated) = (true, true); // in the middle of a record
            return new CallResult(0, null);
        }
    }

    /// <summary>Our close_notify, once; we receive on.</summary>
    public CallResult CloseNotify()
    {
        if (over) return new CallResult(0, pipe.Errno ?? "EPIPE");
        try
        {
            if (!saidGoodbye) session.ShutdownAsync().GetAwaiter().GetResult(); // it ends at once: the pipe takes what it is given
            saidGoodbye = true;
            return pipe.Flush(apart: false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return Failed(e);
        }
    }

    public TlsTrace ToTrace() => new(version, cipher, certificate, policyErrors, chainStatus, failure, notified, truncated)
    {
        Alert = alert ?? pipe.Alert?.Name,
        After = after.ToArray(),
    };

    public void Dispose() => session.Dispose();

    private SslClientAuthenticationOptions Options()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (!trust.Roots.IsEmpty)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(trust.Roots.ToArray());
        }

        return new SslClientAuthenticationOptions
        {
            TargetHost = offer.Name ?? trust.Name,
            EnabledSslProtocols = offer.Protocols,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = policy,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, shown, chain, errors) =>
            {
                policyErrors = errors;
                certificate = shown?.GetRawCertData() ?? [];
                chainStatus = [.. (chain?.ChainStatus ?? []).Select(status => $"{status.Status}: {status.StatusInformation.Trim().TrimEnd('.')}")];
                return true;
            },
        };
    }

    private Outcome HandshakeFailure(Exception e)
    {
        alert = pipe.Alert?.Name ?? AlertOf(e);
        var bytes = string.Create(CultureInfo.InvariantCulture, $"{pipe.Came} bytes of the TLS handshake");
        var quote = pipe.Quote();
        var (result, errno, detail) = pipe switch
        {
            _ when alert is not null => (StepResult.Failed, (string?)null, $"the target refused the handshake with the fatal alert {alert}"),
            _ when quote is not null => (StepResult.Failed, null, $"the target {(shown is null ? "answered" : "began")} with something that is no TLS: {quote}"),
            { Errno: { } answer } => (StepResult.Failed, answer, $"{answer} after {bytes}"),
            { Ended: true } => (StepResult.EndOfFile, null, $"the target ended the connection after {bytes}"),
            { Late: true, Came: 0 } => (StepResult.TimedOut, null, shown is null ? "the ClientHello was not answered" : "no ClientHello came"),
            { Late: true } => (StepResult.TimedOut, null, $"the handshake stood still after {bytes}"),
            _ => (StepResult.Failed, null, $"the handshake failed on our side: {Innermost(e)}"),
        };
        return new Outcome(result, default, default, 0, errno, detail);
    }

    private CallResult Take(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, end - at);
        plain.AsSpan(at, count).CopyTo(buffer);
        at += count;
        return new CallResult(count, null);
    }

    /// <summary>The session is over and the connection is not: what comes until its end belongs to nobody.</summary>
    private CallResult Drain()
    {
        var call = socket.Receive(plain);
        if (call is not { Ok: true, Value: > 0 }) return call;
        after.AddRange(plain.AsSpan(0, Math.Min(call.Value, Math.Max(0, MaxAfter - after.Count))));
        return new CallResult(0, "EAGAIN");
    }

    private CallResult Failed(Exception e)
    {
        cancellation.ThrowIfCancellationRequested();
        over = true;
        if (pipe.Foreign is { Count: > 0 } foreign)
        {
            after.AddRange(foreign);
            Drain();
        }

        if (pipe.Errno is { } errno) return new CallResult(0, errno);
        alert ??= AlertOf(e);
        Trouble = alert is not null ? $"the target's fatal alert {alert}" : $"the TLS session failed on our side: {Innermost(e)}";
        return new CallResult(0, ProtocolError);
    }

    /// <summary>OpenSSL's error for an alert of the peer has the alert's number in it; its text has other words than the RFC.</summary>
    private static string? AlertOf(Exception e)
    {
        for (var one = e; one is not null; one = one.InnerException)
        {
            if (ErrorCode().Match(one.Message) is { Success: true } match && int.Parse(match.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture) % 0x1000 - AlertReasons is >= 0 and <= 255 and var number)
                return TlsAlert.NameOf(number);
        }

        return null;
    }

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner) e = inner;
        return e.Message.TrimEnd('.');
    }

    [GeneratedRegex("error:([0-9A-Fa-f]{8})")]
    private static partial Regex ErrorCode();
}
