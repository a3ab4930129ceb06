using System.Globalization;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What a ServerHello picks, laid beside what the ClientHello of a probe offers.</summary>
public static class TlsChoiceJudge
{
    private const ushort Tls12 = 0x0303, Tls13 = 0x0304;

    /// <summary>Extensions of a server that nobody need ask for: a cookie, and an answer to the suite that stands for “renegotiation is safe with me”.</summary>
    private const ushort Cookie = 44, RenegotiationInfo = 0xff01, RenegotiationSuite = 0x00ff;

    /// <summary>
    /// RFC 8446 §4.2.1: where there is a supported_versions it alone counts, without one TLS 1.2 is the newest that may be picked. To pick
    /// none is right in any case.
    /// </summary>
    public static Verdict Version(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (probe is not { Client: { } client, Server.Hello: { } hello }) continue;
            var expected = client.Versions.IsDefault
                ? hello.Version <= Math.Min(client.LegacyVersion, Tls12) ? null : $"{TlsServerHello.NameOfVersion(Math.Min(client.LegacyVersion, Tls12))} at most"
                : client.Versions.Contains(hello.Version) ? null : $"none but {string.Join(", ", client.Versions.Select(TlsServerHello.NameOfVersion))}";
            if (expected is not null) return new Verdict.Violation($"{expected}, or a fatal alert, on #{probe.Socket}", $"{hello}", probe.AnswerAt);
        }

        return Verdict.Holds;
    }

    /// <summary>Suite, group, session id and extensions are such as a client takes: it must end the handshake otherwise.</summary>
    public static Verdict Offered(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (probe is { Client: { } client, Server.Hello: { } hello } && Wrong(client, hello) is { } wrong) return new Verdict.Violation($"{wrong.Expected} on #{probe.Socket}", wrong.Observed, probe.AnswerAt);
        }

        return Verdict.Holds;
    }

    /// <summary>A HelloRetryRequest after which the client could only say the same again (RFC 8446 §4.1.4).</summary>
    internal static bool AsksForNothing(TlsClientHello client, TlsServerHello hello) =>
        hello.IsRetry && !hello.Extensions.Contains(Cookie) && (hello.Group is not { } group || !client.Groups.Contains(group) || Keys(client).Contains(group));

    private static (string Expected, string Observed)? Wrong(TlsClientHello client, TlsServerHello hello)
    {
        if (!client.Ciphers.Contains(hello.Cipher)) return ("a suite that was offered", $"{hello}");
        foreach (var extension in hello.Extensions)
        {
            if (client.Extensions.Contains(extension) || (extension == Cookie && hello.IsRetry) || (extension == RenegotiationInfo && client.Ciphers.Contains(RenegotiationSuite))) continue;
            return ("extensions that were asked for", string.Create(CultureInfo.InvariantCulture, $"extension {extension}"));
        }

        if (hello.Version < Tls13) return null;
        if (!hello.SessionId.Span.SequenceEqual(client.SessionId.Span)) return ("the session id of the client", string.Create(CultureInfo.InvariantCulture, $"another one, of {hello.SessionId.Length} bytes"));
        if (hello.IsRetry) return AsksForNothing(client, hello) ? ("a HelloRetryRequest for a key that was offered and not sent", Told(hello)) : null;
        return hello.Group is { } group && Keys(client).Contains(group) ? null : ("a key of one of the groups that a key was sent for", Told(hello));
    }

    private static IEnumerable<ushort> Keys(TlsClientHello client) => client.Shares.IsDefault ? [] : client.Shares;

    private static string Told(TlsServerHello hello) => hello.Group is { } group ? string.Create(CultureInfo.InvariantCulture, $"{hello} with group {group}") : $"{hello} without a group";
}
