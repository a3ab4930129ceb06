using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 8446 §5.1: data in a session, however its records fall.</summary>
internal static class SecuredData
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tls/wire/nothing-in-clear",
            Title = "puts nothing on the wire in clear",
            Clause = "RFC 8446 §5, §5.2",
            Statement = "From its first byte to the last a connection is TLS records and nothing else, and what is said in the session cannot be read on the wire.",
            Why = "something is written to the socket beneath the session: a banner before the handshake, a farewell after its end",
            Fix = "write to the session only; after its end write nothing",
            After = Connections.ThreeWayHandshake,
            Fixed =
            [
                Talk.Scenario("a session of any version", talk.WholeVisit(0, TlsOffer.Any, 0, 40)), Talk.Scenario("a session of TLS 1.3", talk.WholeVisit(0, Phrases.Only13, 1, 40)),
                Talk.Scenario("a session of TLS 1.2", talk.WholeVisit(0, Phrases.Only12, 2, 40)),
            ],
            Judge = Judges.WhileAlive(TlsJudge.NothingInClear),
        },
        new()
        {
            Id = "tls/data/records-cut",
            Applies = talk.Answers,
            Title = "takes records that come in pieces",
            Clause = "RFC 8446 §5.1; RFC 9293 §2.2",
            Statement = "A record may come in many segments; while some of it is missing the server waits, and then answers as ever.",
            Why = "“more bytes are needed” (SSLWantReadError, SSL_ERROR_WANT_READ) is taken for an error or for the end",
            Fix = "on “want read” wait for the socket and call again; close only on errors and at the end",
            After = Phrases.Answers,
            Fixed =
            [
                Cut(talk, "byte by byte", 1, 20), Cut(talk, "in pieces of 7 bytes", 7, 300), Cut(talk, "a large record in pieces", 1000, 16_000), Cut(talk, "many bytes in pieces", 900, 60_000),
            ],
            Judge = Judges.WhileAlive(Judges.All(TlsJudge.Answers, DataJudge.Unchanged)),
        },
        new()
        {
            Id = "tls/data/records-joined",
            Applies = talk is { Answers: true, IsHttp: false, KeepsOpen: true },
            Title = "takes all records that come together",
            Clause = "RFC 8446 §5.1",
            Statement = "Several records may come in one segment; all of them are answered, without another byte having to come.",
            Why = "after one read the server waits for the socket, while the library holds more data already",
            Fix = "read until the library has nothing more (pending(), SSL_pending, until “want read”), then wait for the socket",
            After = Phrases.Answers,
            Fixed =
            [
                Joined(talk, "a message in records of 10 bytes", 10, 60), Joined(talk, "a message in records of 1 byte", 1, 40), Joined(talk, "a long message in records of 500 bytes", 500, 9_000),
                Talk.Scenario("five times in a row", talk.Enter(0, TlsOffer.Any with { Record = 8 }), Talk.Each([0, 1, 2, 3, 4], i => talk.Exchange(0, i, 64)), talk.Leave(0)),
            ],
            Judge = Judges.WhileAlive(Judges.All(TlsJudge.Answers, DataJudge.Unchanged)),
        },
    ];

    private static Scenario Cut(Conversation talk, string situation, int piece, int size) =>
        Talk.Scenario(situation, talk.Enter(0, TlsOffer.Any with { Piece = piece }), talk.Exchange(0, 0, size), talk.Leave(0));

    private static Scenario Joined(Conversation talk, string situation, int record, int size) =>
        Talk.Scenario(situation, talk.Enter(0, TlsOffer.Any with { Record = record }), talk.Exchange(0, 0, size), talk.Leave(0));
}
