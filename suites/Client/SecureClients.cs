using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Client;

/// <summary>Clients of TLS servers: all that is demanded of any client, in a session, and whom they may trust.</summary>
internal static class SecureClients
{
    private const string Handshake = "client/tls/handshake", Issuer = "client/tls/untrusted-issuer", Name = "client/tls/wrong-name";
    private const int ToTheEnd = 2000;

    public static ImmutableArray<Requirement> For(ImmutableArray<Requirement> plain) =>
        [.. plain.Select(Secured), .. Sessions, .. Certificates];

    /// <summary>The same requirement with the same scenarios in TLS. A request is looked at where there is a session; one who is silent before it is silent, too.</summary>
    private static Requirement Secured(Requirement plain) => plain with
    {
        After = plain.Id == Clients.Right ? Handshake : plain.After,
        Fixed = [.. plain.Fixed.Select(Guests.Secured), .. plain.Id == Clients.Silence ? plain.Fixed : []],
        Random = plain.Random is { } random ? () => Guests.Secured(random()) : null,
    };

    private static ImmutableArray<Requirement> Sessions =>
    [
        new()
        {
            Id = Handshake,
            Title = "speaks TLS and trusts the certificate that it was told to trust",
            Clause = "RFC 8446 §4; RFC 9525 §6",
            Statement = "The client begins with a TLS handshake, in version 1.2 or 1.3, and accepts a certificate for localhost whose chain leads to the authority in its command line ({ca}).",
            Why = "the socket is used as it is, without TLS; the file of {ca} is not loaded; or the name asked for is not localhost",
            Fix = "trust the file of {ca} (cafile, ca, a KeyStore made from it), and connect for the name localhost",
            After = Clients.Once,
            Fixed = [Guests.Secured(Guests.One("one client"))],
            Judge = ClientJudge.Secures,
        },
        new()
        {
            Id = "client/tls/nothing-in-clear",
            Title = "sends nothing in clear",
            Clause = "RFC 8446 §5",
            Statement = "From the first byte to the last all that the client sends is TLS records.",
            Why = "the plain socket beneath is written to; or unwrap() gave it back, and something was still to be said",
            Fix = "keep the secured socket alone, write to that one only, and close it when the session has ended",
            After = Handshake,
            Fixed =
            [
                Talk.Scenario(
                    "one client, to the end of its connection", Guests.Secured(Guests.One("")).Steps.TakeWhile(step => step is not Step.Close),
                    [new Step.Await(0, ToTheEnd, new Framing.UntilEof(1 << 20)), new Step.Close(0), new Step.AwaitExit()]),
            ],
            Judge = ClientJudge.SendsNothingInClear,
        },
        new()
        {
            Id = "client/tls/close-notify",
            Title = "ends its session with a close_notify",
            Clause = "RFC 8446 §6.1; RFC 5246 §7.2.1",
            Level = Level.Should,
            Statement = "Before its FIN the client sends a close_notify: without one the server cannot tell the end from an attacker's cut.",
            Why = "close() of the socket is thought to end the session, too",
            Fix = "end the session first (unwrap(), SSL_shutdown, SSLSocket.close(), end()), then the socket",
            After = Clients.Right,
            Fixed = [Guests.Secured(Guests.One("one client"))],
            Judge = ClientJudge.SaysGoodbye,
        },
        new()
        {
            Id = "client/tls/truncation",
            Title = "takes a connection that is cut off for no success",
            Clause = "RFC 8446 §6.1",
            Statement = "An end of file without a close_notify, before all has come, ends the client within a few seconds with a status other than 0: anybody on the way can send a FIN.",
            Why = "the library's “unexpected end of file” is caught and ignored, or it was told to take it for an end (suppress_ragged_eofs, SSL_OP_IGNORE_UNEXPECTED_EOF)",
            Fix = "take only a close_notify for the end of a reply, and everything else for an error",
            After = Clients.Right,
            Fixed = [Truncated("cut off before the reply", 0), Truncated("cut off after two bytes of the reply", 2)],
            Judge = ClientJudge.NoticesTruncation,
        },
    ];

    private static ImmutableArray<Requirement> Certificates =>
    [
        new()
        {
            Id = Issuer,
            Title = "refuses a certificate that nobody whom it trusts has signed",
            Clause = "RFC 5280 §6.1; RFC 8446 §4.4.2.4",
            Statement = "A chain that does not lead to a trusted authority is refused: no request is sent, and the exit status is not 0.",
            Why = "verification is switched off (CERT_NONE, rejectUnauthorized: false, a trust manager that trusts all, SSL_VERIFY_NONE); or a handshake that fails is printed and forgotten",
            Fix = "leave verification on and trust the file of {ca}; where the handshake fails say why on stderr and exit(1)",
            After = Clients.Right,
            Fixed = [Guests.Shown("signed by itself", ShownCertificate.SelfSigned), Guests.Shown("signed by an authority of the same name that is another", ShownCertificate.OtherAuthority)],
            Judge = ClientJudge.Refuses,
        },
        new()
        {
            Id = "client/tls/expired",
            Title = "refuses a certificate that is not valid now",
            Clause = "RFC 5280 §4.1.2.5, §6.1.3",
            Statement = "A certificate whose dates are over, or lie ahead, is refused: no request is sent, and the exit status is not 0.",
            Why = "this one error is let through by a callback or a flag, because certificates of the test server expire so often",
            Fix = "let no error of the library through; renew the certificate instead",
            After = Issuer,
            Fixed = [Guests.Shown("expired yesterday", ShownCertificate.Expired), Guests.Shown("valid from tomorrow on", ShownCertificate.NotYetValid)],
            Judge = ClientJudge.Refuses,
        },
        new()
        {
            Id = Name,
            Title = "refuses a certificate for another name",
            Clause = "RFC 9525 §6.1, §6.6",
            Statement = "A certificate of a trusted authority for a name other than localhost is refused: no request is sent, and the exit status is not 0.",
            Why = "the name is not compared (check_hostname = False, checkServerIdentity, an SSLSocket without setEndpointIdentificationAlgorithm, no SSL_set1_host): anybody with a certificate may answer then",
            Fix = "leave check_hostname on, give the name to the library, and let it compare (\"HTTPS\" in Java)",
            After = Issuer,
            Fixed = [Guests.Shown("for another name", ShownCertificate.OtherName)],
            Judge = ClientJudge.Refuses,
        },
        new()
        {
            Id = "client/tls/name-only-in-cn",
            Title = "does not take the common name for a name",
            Clause = "RFC 9525 §2, §6.3",
            Level = Level.Should, // the libraries of Python, Node and Java still take it unless they are told otherwise
            Statement = "A certificate with its name in the subject's common name and no subjectAltName is refused: no request is sent, and the exit status is not 0.",
            Why = "the library falls back on the common name; or the program compares names by itself, and begins there",
            Fix = "switch it off (hostname_checks_common_name = False, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), or demand a subjectAltName after the handshake",
            After = Name,
            Fixed = [Guests.Shown("the name in the common name only", ShownCertificate.CommonNameOnly)],
            Judge = ClientJudge.Refuses,
        },
        new()
        {
            Id = "client/tls/partial-wildcard",
            Title = "takes no wildcard for a part of a name",
            Clause = "RFC 9525 §6.3",
            Statement = "A wildcard stands for a whole label, the first: a certificate for l*calhost is none for localhost and refused; no request is sent, and the exit status is not 0.",
            Why = "names are compared by the program itself, with a regular expression or the rules of file names",
            Fix = "let the library compare names",
            After = Name,
            Fixed = [Guests.Shown("a wildcard inside of the name", ShownCertificate.PartialWildcard)],
            Judge = ClientJudge.Refuses,
        },
    ];

    /// <summary>A FIN in the middle of the reply, without a close_notify.</summary>
    private static Scenario Truncated(string situation, int after)
    {
        var ended = Guests.Secured(Guests.BrokenOff(situation, after, abort: false));
        return ended with { Steps = [.. ended.Steps.Where(step => step is not Step.CloseNotify)] };
    }
}
