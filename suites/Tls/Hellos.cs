using System.Collections.Immutable;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 8446 §4.1.2, §5.1, §9.3: hellos as clients may send them.</summary>
internal static class Hellos
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tls/hello/unknown-ignored",
            Title = "passes over what it does not know in a hello",
            Clause = "RFC 8446 §4.1.2, §4.2.1, §9.3; RFC 8701",
            Statement = "Unknown versions, suites, groups, signature schemes and extensions beside known ones do not keep a client from getting a session.",
            Why = "the hello is looked through by hand, and what is not in the table ends the connection",
            Fix = "take what is known from each list and go on; leave hellos to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("values nobody knows among those of today", Phrases.Probe(0, Greased(ClientHello.ForAny with { Versions = [ClientHello.Grease[0], 0x7f1c, ClientHello.Tls13, ClientHello.Tls12] }).ToPayload())),
                Talk.Scenario("a version that is not there yet", Phrases.Probe(0, (ClientHello.ForAny with { Versions = [0x0305, ClientHello.Tls13, ClientHello.Tls12] }).ToPayload())),
            ],
            Judge = Judges.WhileAlive(TlsJudge.HelloAnswered()),
        },
        new()
        {
            Id = "tls/hello/byte-by-byte",
            Title = "takes a hello that comes in pieces",
            Clause = "RFC 8446 §5.1; RFC 9293 §2.2 (a stream of bytes without record boundaries)",
            Statement = "However the bytes of the handshake are cut into segments, with or without rests between them, the client gets its session.",
            Why = "a first recv() or a peek is taken for the whole hello, to tell TLS from something else",
            Fix = "wait until the five bytes of the record's header are there before looking at them; or leave it to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("the first byte, then the rest when even a busy server has looked", Cut([1, 500], 300)),
                Talk.Scenario("byte by byte", Cut([1, 1, 1, 1, 1, 1, 500], 25)),
                Talk.Scenario("within the header and the first lengths", Cut([3, 2, 1, 4, 30, 500], 25)),
                Talk.Scenario("the header, then the rest", Cut([5, 500], 60)),
                Talk.Scenario("a whole handshake byte by byte", [.. talk.Enter(0, TlsOffer.Any with { Piece = 1 }), .. talk.Exchange(0), .. talk.Leave(0)]),
            ],
            Judge = Judges.WhileAlive(Judges.All(TlsJudge.Answers, TlsJudge.HelloAnswered())),
        },
        new()
        {
            Id = "tls/hello/two-records",
            Title = "takes a hello that is spread over several records",
            Clause = "RFC 8446 §5.1",
            Statement = "A handshake message may be cut into several records; a ClientHello in two, or in many, is answered as one in a single record.",
            Why = "the hello is looked through by hand, and the first record is taken for all of it",
            Fix = "join the fragments of a message before reading it; leave hellos to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("in two records", Phrases.Probe(0, ClientHello.ForAny.ToPayload(60))),
                Talk.Scenario("cut within the header of the message", Phrases.Probe(0, ClientHello.ForAny.ToPayload(2))),
                Talk.Scenario("in six records", Phrases.Probe(0, ClientHello.ForAny.ToPayload(1, 3, 40, 40, 40))),
            ],
            Judge = Judges.WhileAlive(TlsJudge.HelloAnswered()),
        },
        new()
        {
            Id = TlsRules.Compression,
            Title = "never agrees to compression",
            Clause = "RFC 8446 §4.1.2, §4.1.3; RFC 9325 §3.3",
            Statement = "A hello that offers compression is refused or answered without it; what is compressed before it is encrypted gives itself away by its length.",
            Why = "compression was switched on to save bytes",
            Fix = "switch it off, or use a library that has none",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("offered with TLS 1.2", Phrases.Probe(0, (ClientHello.ForTls12 with { Compressions = [1, 0] }).ToPayload())),
                Talk.Scenario("offered with TLS 1.3", Phrases.Probe(0, (ClientHello.ForTls13 with { Compressions = [1, 0] }).ToPayload())),
            ],
            Judge = Judges.WhileAlive(TlsJudge.NoCompression),
        },
        new()
        {
            Id = "tls/hello/missing-extension",
            Title = "refuses a hello of TLS 1.3 that lacks what belongs to it",
            Clause = "RFC 8446 §9.2, §4.2.3, §4.2.8",
            Statement = "Without signature_algorithms, or with only one of supported_groups and key_share, a hello of TLS 1.3 is no offer: no ServerHello follows, and an alert says missing_extension.",
            Why = "a handshake made by hand that puts in what is usual where the client says nothing",
            Fix = "end the handshake with missing_extension; leave hellos to the library",
            After = Phrases.Tls13,
            Fixed =
            [
                Talk.Scenario("no signature_algorithms", Phrases.FatalProbe(0, (ClientHello.ForTls13 with { Signatures = [] }).ToPayload())),
                Talk.Scenario("no key_share", Phrases.FatalProbe(0, (ClientHello.ForTls13 with { Shares = [] }).ToPayload())),
                Talk.Scenario("no supported_groups", Phrases.FatalProbe(0, (ClientHello.ForTls13 with { Groups = [] }).ToPayload())),
                Talk.Scenario("neither groups nor keys", Phrases.FatalProbe(0, (ClientHello.ForTls13 with { Groups = [], Shares = [] }).ToPayload())),
            ],
            Judge = Judges.WhileAlive(TlsAlertJudge.ForLackOfExtension),
        },
        new()
        {
            Id = "tls/hello/unknown-name",
            Title = "goes on, or says so, where it does not know the name asked for",
            Clause = "RFC 6066 §3; RFC 8446 §9.2",
            Level = Level.Should,
            Statement = "A client that asks for a name the server does not know, or for none, gets a session or the alert unrecognized_name; others are served as before.",
            Why = "the name is looked up in a table of certificates by a callback, and what it throws for a missing one ends the handshake as any error would",
            Fix = "fall back to a certificate of your own, or return unrecognized_name from the callback",
            Company = Company.Alone,
            After = Phrases.Answers,
            Fixed =
            [
                talk.Among("a name nobody has", Talk.Each([0, 1], i => Phrases.Probe(i, (ClientHello.ForAny with { Name = "nobody.example" }).ToPayload()))),
                talk.Among("no name", Talk.Each([0, 1], i => Phrases.Probe(i, (ClientHello.ForAny with { Name = null }).ToPayload()))),
            ],
            Judge = Judges.All(LifeJudge.Survives, TlsAlertJudge.ForName),
        },
    ];

    private static ClientHello Greased(ClientHello hello) => hello with
    {
        Ciphers = [.. ClientHello.Grease, .. hello.Ciphers],
        Groups = [ClientHello.Grease[1], .. hello.Groups],
        Shares = [ClientHello.Grease[1], .. hello.Shares],
        Signatures = [ClientHello.Grease[2], .. hello.Signatures],
        More = [(ClientHello.Grease[3], []), (0xff77, [1, 2, 3, 4])],
    };

    private static Step[] Cut(ImmutableArray<int> cuts, int pause) => [new Step.Connect(0), new Step.Send(0, ClientHello.ForAny.ToPayload(), cuts, pause), Phrases.Look(0), new Step.Abort(0)];
}
