using System.Collections.Immutable;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 8446 §2, §9; RFC 5246 §7.3; RFC 9325 §3.1.1, §4.1: how a session comes about, in which versions, and in which not.</summary>
internal static class Handshakes
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = Phrases.Answers,
            Title = "answers a TLS handshake",
            Clause = "RFC 8446 §2; RFC 5246 §7.3",
            Statement = "A client that offers TLS 1.3 and 1.2 gets a session, and its message is answered in it.",
            Why = "the port speaks in clear; the certificate or its key is not loaded; the server speaks before the client's hello",
            Fix = "load the certificate with its chain and the key, wrap each accepted socket for the server's side, and do the handshake before anything else",
            After = Connections.ThreeWayHandshake,
            Fixed = [Talk.Scenario("one client", talk.Visit(0, 0, 20)), Talk.Scenario("three clients in a row", Talk.Each([0, 1, 2], i => talk.Visit(i, i, 20)))],
            Judge = Judges.WhileAlive(Judges.All(TlsJudge.Answers, DataJudge.AnswersWhileOpen)),
        },
        new()
        {
            Id = Phrases.Tls13,
            Title = "speaks TLS 1.3 with what every server must know",
            Clause = "RFC 8446 §9.1, §9.2",
            Statement = "A client that offers TLS 1.3 only gets a session; the suite TLS_AES_128_GCM_SHA256 and the group secp256r1 are enough for it.",
            Why = "a setting that stands for one version is taken for “this or better” (PROTOCOL_TLSv1_2, TLSv1_2_method); or the library is too old",
            Fix = "leave the highest version open and set only the lowest one, TLS 1.2; keep the library's own list of suites and groups",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("a client of TLS 1.3 only", talk.WholeVisit(0, Phrases.Only13)),
                Talk.Scenario("the one suite and the one group that all must know", Phrases.Probe(0, (ClientHello.ForTls13 with { Ciphers = [ClientHello.Modern[0]], Groups = [ClientHello.Secp256R1], Shares = [ClientHello.Secp256R1] }).ToPayload())),
            ],
            Judge = Judges.WhileAlive(Judges.All(TlsJudge.Answers, TlsJudge.HelloAnswered(ClientHello.Tls13))),
        },
        new()
        {
            Id = "tls/handshake/tls12",
            Applies = talk.Service.Tls?.Min <= new Version(1, 2),
            Title = "still speaks TLS 1.2",
            Clause = "RFC 9325 §3.1.1",
            Statement = "A client that offers TLS 1.2 only gets a session with forward secrecy.",
            Why = "only the newest version is allowed, or only a suite of another kind of certificate",
            Fix = "set the lowest version to TLS 1.2, and leave the list of suites to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("a client of TLS 1.2 only", talk.WholeVisit(0, Phrases.Only12)),
                Talk.Scenario("a hello as clients of TLS 1.2 send it", Phrases.Probe(0, (ClientHello.ForTls12 with { Ciphers = ClientHello.Strong }).ToPayload())),
            ],
            Judge = Judges.WhileAlive(Judges.All(TlsJudge.Answers, TlsJudge.HelloAnswered(ClientHello.Tls12))),
        },
        new()
        {
            Id = TlsRules.Order,
            Title = "sends its messages in the order of the protocol",
            Clause = "RFC 8446 §2, §4, §5.1; RFC 5246 §7.3",
            Statement = "A ClientHello, and nothing else, is answered by a ServerHello; in TLS 1.3 all after it is encrypted, in TLS 1.2 the other messages follow in their order, and no handshake record is empty.",
            Why = "a handshake made by hand, or a library that is given bytes of the program's own in the middle of it",
            Fix = "leave the whole handshake to the library, and write nothing to the socket beside it",
            After = Connections.ThreeWayHandshake,
            Fixed =
            [
                Talk.Scenario("a session of any version", talk.Visit(0, 0, 20)),
                Talk.Scenario("a hello of TLS 1.3", Phrases.Probe(0, ClientHello.ForTls13.ToPayload())),
                Talk.Scenario("a hello of TLS 1.2", [new Step.Connect(0), new Step.Send(0, ClientHello.ForTls12.ToPayload()), Phrases.Look(0), Phrases.Look(0), new Step.Abort(0)]),
                Talk.Scenario("another message in place of a hello", Phrases.Probe(0, Payload.Literal.Of(ClientHello.Record(TlsContent.Handshake, [(byte)TlsMessageType.Finished, 0, 0, 12, .. new byte[12]], ClientHello.Tls10)))),
            ],
            Judge = Judges.WhileAlive(TlsJudge.Order),
        },
        Refused(
            TlsRules.NoSsl3, ClientHello.Ssl30, "RFC 7568 §3; RFC 8446 App. D.5", "protocols are set to “all that are supported”, or to a list from an article about old clients"),
        Refused(
            TlsRules.NoTls10, ClientHello.Tls10, "RFC 8996 §4", "the lowest version was set down until some old client worked"),
        Refused(
            TlsRules.NoTls11, ClientHello.Tls11, "RFC 8996 §5", "the lowest version was set down until some old client worked"),
        new()
        {
            Id = TlsRules.LegacyField,
            Title = "says TLS 1.3 where it belongs, and looks for it there",
            Clause = "RFC 8446 §4.1.3, §5.1",
            Statement = "A ServerHello of TLS 1.3 has 0x0303 in legacy_version and in the header of its record, and 0x0304 in supported_versions; the version in the header of the client's record is passed over.",
            Why = "a handshake made by hand that takes the old fields for the version of the connection",
            Fix = "leave the handshake to the library",
            After = Connections.ThreeWayHandshake,
            Fixed =
            [
                Talk.Scenario("a hello of TLS 1.3", Phrases.Probe(0, ClientHello.ForTls13.ToPayload())),
                .. from version in (ushort[])[ClientHello.Ssl30, ClientHello.Tls11, ClientHello.Tls12, ClientHello.Tls13]
                   select Talk.Scenario($"in a record of {TlsServerHello.NameOfVersion(version)}", Phrases.Probe(0, (ClientHello.ForAny with { RecordVersion = version }).ToPayload())),
            ],
            Judge = Judges.WhileAlive(TlsJudge.LegacyField),
        },
        new()
        {
            Id = "tls/cipher/weak-refused",
            Title = "agrees to no suite that protects nothing",
            Clause = "RFC 9325 §4.1; RFC 5246 App. F.1.1.1; RFC 7465 §2",
            Statement = "A client that offers only suites without encryption, without a certificate, with RC4 or with keys of 40 or 56 bits is refused.",
            Why = "a list such as “ALL”, or “all supported suites”, that was to cure “no shared cipher”",
            Fix = "leave the list of suites to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Weak("no encryption", ClientHello.Null), Weak("no certificate", ClientHello.Anonymous), Weak("RC4", ClientHello.Rc4), Weak("export suites and single DES", ClientHello.Export),
                Weak("all of them", [.. ClientHello.Null, .. ClientHello.Anonymous, .. ClientHello.Rc4, .. ClientHello.Export]),
            ],
            Judge = Judges.WhileAlive(TlsJudge.HelloRefused),
        },
    ];

    private static Requirement Refused(string id, ushort version, string clause, string why) => new()
    {
        Id = id,
        Title = $"does not speak {TlsServerHello.NameOfVersion(version)}",
        Clause = clause,
        Statement = $"A client that knows nothing better than {TlsServerHello.NameOfVersion(version)} gets an alert or the end of the connection, never a session.",
        Why = why,
        Fix = "set the lowest version to TLS 1.2 (minimum_version, minVersion, setEnabledProtocols)",
        After = Phrases.Answers,
        Fixed =
        [
            Talk.Scenario("a hello of its time", Phrases.Probe(0, ClientHello.ForOld(version).ToPayload())),
            .. version > ClientHello.Ssl30
                ? [Talk.Scenario("the same in words of today", Phrases.Probe(0, (ClientHello.ForTls12 with { Versions = [version], Ciphers = ClientHello.Classic }).ToPayload()))]
                : Array.Empty<Scenario>(),
        ],
        Judge = Judges.WhileAlive(TlsJudge.NeverIn(version)),
    };

    // 3DES is not among them: RFC 9325 says SHOULD NOT of it.
    private static Scenario Weak(string situation, ImmutableArray<ushort> suites) => Talk.Scenario(situation, Phrases.Probe(0, (ClientHello.ForTls12 with { Ciphers = suites }).ToPayload()));
}
