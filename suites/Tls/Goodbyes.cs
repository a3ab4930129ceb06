using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 8446 §6.1, RFC 5246 §7.2.1: how a session ends in order.</summary>
internal static class Goodbyes
{
    /// <summary>How long an answer that must not come is waited for; in milliseconds.</summary>
    private const int Reaction = 500;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tls/close/notify",
            Applies = talk.Service.Tls!.CloseNotifyRequired && !talk.IsEndless,
            Title = "ends each session with a close_notify",
            Clause = "RFC 8446 §6.1; RFC 5246 §7.2.1",
            Statement = "Before its FIN the server sends a close_notify: without one a client cannot tell the end from an attacker's cut.",
            Why = "close() of the socket is thought to end the session, too; or the plain socket beneath is closed",
            Fix = "end the session first (unwrap(), SSL_shutdown, SSLSocket.close(), end()), then the socket",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("a session of TLS 1.3", talk.WholeVisit(0, Phrases.Only13)), Talk.Scenario("a session of TLS 1.2", talk.WholeVisit(0, Phrases.Only12)),
                Talk.Scenario("a session without a message", talk.Enter(0), talk.IsAnnouncement ? talk.Exchange(0) : [], talk.Finish(0)),
            ],
            JudgesClose = true,
            Judge = Judges.WhileAlive(TlsJudge.ClosesWithNotify),
        },
        new()
        {
            Id = "tls/close/answers-notify",
            Applies = talk is { KeepsOpen: true, Service.Tls: { CloseNotifyRequired: true, Min: { } min } } && min <= new Version(1, 2),
            Title = "in TLS 1.2 answers a close_notify with its own",
            Clause = "RFC 5246 §7.2.1",
            Statement = "A close_notify is answered by one at once, though the client's TCP connection is still open both ways.",
            Why = "only the end of the TCP connection is taken for an end; or the end of the session is read and nobody acts on it",
            Fix = "when the library says that the session has ended (read returns 0, 'end'), end yours and close",
            After = "tls/handshake/tls12",
            Fixed =
            [
                Talk.Scenario("after an exchange", talk.Enter(0, Phrases.Only12), talk.Exchange(0), [new Step.CloseNotify(0), new Step.Receive(0, null), new Step.Close(0)]),
                Talk.Scenario("at once", talk.Enter(0, Phrases.Only12), [new Step.CloseNotify(0), new Step.Receive(0, null), new Step.Close(0)]),
            ],
            JudgesClose = true,
            Judge = Judges.WhileAlive(TlsJudge.AnswersNotify),
        },
        new()
        {
            Id = "tls/close/half-close",
            Applies = talk is { KeepsOpen: true, Answers: true, Service.HalfClose: HalfClose.DrainThenClose },
            Title = "in TLS 1.3 sends all it owes after the client's close_notify",
            Clause = "RFC 8446 §6.1",
            Statement = "A close_notify ends one direction only: what was sent before it is still answered, and then comes the server's own.",
            Why = "the end of the client's direction is taken for the end of both, and output that waits is dropped; or it is acted upon before the data that came with it",
            Fix = "answer what was read, send what is queued, then end the session (allowHalfOpen in Node)",
            After = Phrases.Tls13,
            Fixed =
            [
                .. from size in (int[])[20, 3000, 60_000, 300_000]
                   select Talk.Scenario($"{size} bytes, then close_notify", talk.Enter(0, Phrases.Only13), [Conversation.Send(0, talk.Message(0, size)), new Step.CloseNotify(0), new Step.Receive(0, null), new Step.Close(0)]),
                Talk.Scenario("ten times a message and the close_notify together",
                    Talk.Each(Enumerable.Range(0, 10), i => [.. talk.Enter(i, Phrases.Only13), Conversation.Send(i, talk.Message(i, 20)), new Step.CloseNotify(i), new Step.Receive(i, null), new Step.Close(i)])),
            ],
            Judge = Judges.WhileAlive(TlsJudge.ServesAfterNotify),
        },
        new()
        {
            Id = "tls/close/after-notify-ignored",
            Applies = talk.KeepsOpen,
            Title = "ignores what comes after a close_notify",
            Clause = "RFC 8446 §6.1",
            Statement = "Bytes behind the client's close_notify are not answered, whatever they are, and harm nobody.",
            Why = "the plain socket that is left when the session has ended (unwrap()) is served like any other",
            Fix = "after the end of the session close the socket; read nothing from it but to throw it away",
            After = Phrases.Answers,
            Fixed =
            [
                talk.Among("a line in clear behind the close_notify", Behind(talk, TlsOffer.Any, "a line for an attacker\r\n"u8)),
                talk.Among("the same in TLS 1.2", Behind(talk, Phrases.Only12, "a line for an attacker\r\n"u8)),
                talk.Among("a record that nobody encrypted", Behind(talk, TlsOffer.Any, ClientHello.Record(TlsContent.ApplicationData, "a line for an attacker\r\n"u8))),
            ],
            Company = Company.Alone,
            Judge = TlsJudge.WhereSpoken(Judges.All(LifeJudge.Survives, TlsJudge.IgnoresAfterNotify)),
        },
        new()
        {
            Id = "tls/close/cut-is-no-end",
            Applies = talk.Answers && talk.Service.Request is Framing.UntilEof or Framing.Line { AtEof: Unterminated.Reply },
            Title = "does not take a cut connection for the end of a message",
            Clause = "RFC 8446 §6.1; RFC 5246 §7.2.1",
            Level = Level.Should,
            Statement = "Where the end of the session ends the last message, a FIN without a close_notify does not: anybody on the way can send one, and half a message is not answered as if it were whole.",
            Why = "the library is told to take such an end for an orderly one (SSL_OP_IGNORE_UNEXPECTED_EOF, suppress_ragged_eofs), or does so by itself",
            Fix = "have the library report it, and throw away what has no end",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("a FIN in the middle of a message", talk.Enter(0), Half(talk, 0)),
                .. talk.KeepsOpen ? [Talk.Scenario("the same after an exchange", talk.Enter(0), talk.Exchange(0, 1), Half(talk, 0))] : Array.Empty<Scenario>(),
            ],
            Judge = Judges.WhileAlive(TlsJudge.NotAnsweredWhenCut),
        },
    ];

    private static IEnumerable<Step> Half(Conversation talk, int socket) =>
        [Conversation.Send(socket, talk.HalfMessage(socket)), new Step.ShutdownWrite(socket), new Step.Await(socket, Reaction, new Framing.UntilEof(1 << 20)), new Step.Abort(socket)];

    private static IEnumerable<Step> Behind(Conversation talk, TlsOffer offer, ReadOnlySpan<byte> bytes) =>
        [.. talk.Enter(0, offer), .. talk.Exchange(0), new Step.CloseNotify(0), Phrases.Raw(0, bytes), .. Phrases.AwaitEnd(0), new Step.Abort(0)];
}
