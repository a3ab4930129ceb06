using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 8446 §4.1.3, §4.1.4, §4.2.1: a server picks from what it is offered.</summary>
internal static class Choices
{
    private const ushort KeyShare = 51;

    private static readonly ClientHello NoKeyYet = ClientHello.ForTls13 with { Shares = [], More = [(KeyShare, [0, 0])] };

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tls/handshake/only-offered",
            Title = "picks a suite and a group that were offered",
            Clause = "RFC 8446 §4.1.3, §4.1.4, §4.2, §4.2.8",
            Statement = "Suite and key of a ServerHello are of those in the hello that it answers, its session id is that of the client, no extension is there that nobody asked for; a HelloRetryRequest asks for a key that the client can still send.",
            Why = "a handshake made by hand, or a terminator that answers with what it was configured for and not with what it was offered",
            Fix = "look for what both sides know, and refuse with handshake_failure where there is nothing; leave hellos to the library",
            After = Phrases.Answers,
            Fixed =
            [
                .. from suite in ClientHello.Modern select Talk.Scenario($"{TlsServerHello.NameOfCipher(suite)} alone", Phrases.Probe(0, (ClientHello.ForTls13 with { Ciphers = [suite] }).ToPayload())),
                .. from suites in (ImmutableArray<ushort>[])[[0xc02b, 0xc02f], [0xc02c, 0xc030], [0xcca9, 0xcca8]]
                   select Talk.Scenario($"suites of TLS 1.2 like {TlsServerHello.NameOfCipher(suites[0])} alone", Phrases.Probe(0, (ClientHello.ForTls12 with { Ciphers = suites }).ToPayload())),
                Talk.Scenario("suites of both versions and a key of P-256", Phrases.Probe(0, (ClientHello.ForAny with { Shares = [ClientHello.Secp256R1] }).ToPayload())),
                Talk.Scenario("the group X25519 alone", Phrases.Probe(0, (ClientHello.ForTls13 with { Groups = [ClientHello.X25519], Shares = [ClientHello.X25519] }).ToPayload())),
                Talk.Scenario("groups, and no key yet", Phrases.Probe(0, NoKeyYet.ToPayload())),
                Talk.Scenario("one group, and no key yet", Phrases.Probe(0, (NoKeyYet with { Groups = [ClientHello.Secp256R1] }).ToPayload())),
            ],
            Judge = Judges.WhileAlive(TlsChoiceJudge.Offered),
        },
        new()
        {
            Id = "tls/version/only-offered",
            Title = "picks a version that was offered",
            Clause = "RFC 8446 §4.2.1",
            Statement = "Where a hello has supported_versions, the version is one of those, whatever else the hello looks like; where it has none, it is TLS 1.2 or older, whatever legacy_version says. To refuse is right, too.",
            Why = "legacy_version, or the suites, are taken for what the client speaks",
            Fix = "look at supported_versions first, and answer with protocol_version where nothing in it is known; leave hellos to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Offer("a version that is not there yet, and suites of TLS 1.2", ClientHello.ForAny with { Versions = [0x0305] }),
                Offer("the same without suites of TLS 1.3", ClientHello.ForTls12 with { Versions = [0x0305] }),
                Offer("TLS 1.1 alone, and suites of TLS 1.2", ClientHello.ForTls12 with { Versions = [ClientHello.Tls11] }),
                Offer("TLS 1.2 alone, and all that belongs to TLS 1.3", ClientHello.ForAny with { Versions = [ClientHello.Tls12] }),
                Offer("TLS 1.3 alone, and suites of TLS 1.2", ClientHello.ForAny with { Versions = [ClientHello.Tls13], Ciphers = ClientHello.Strong }),
                Offer("TLS 1.3 in legacy_version", ClientHello.ForTls12 with { LegacyVersion = ClientHello.Tls13 }),
                Offer("TLS 1.3 in legacy_version, and all that belongs to it", ClientHello.ForAny with { LegacyVersion = ClientHello.Tls13, Versions = [] }),
            ],
            Judge = Judges.WhileAlive(TlsChoiceJudge.Version),
        },
    ];

    private static Scenario Offer(string situation, ClientHello hello) => Talk.Scenario(situation, Phrases.Probe(0, hello.ToPayload()));
}
