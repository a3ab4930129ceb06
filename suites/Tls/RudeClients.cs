using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>Clients that speak no TLS, or break off: the server lives on, and others do not notice.</summary>
internal static class RudeClients
{
    private static readonly byte[] Hello = ClientHello.ForTls13.ToBytes();

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tls/survive/plain-text-client",
            Title = "survives a client that speaks in clear, and does not serve it",
            Clause = "RFC 8446 §5, §6.2; course",
            Statement = "A client that takes the port for one in clear gets an alert or the end of its connection; it is not served, and harms nobody.",
            Why = "the exception of a failed handshake leaves the accept loop; or the plain socket is served when the handshake has failed",
            Fix = "do the handshake where one connection is served, and on its failure close that connection",
            Company = Company.Alone,
            After = Phrases.Answers,
            Fixed =
            [
                talk.Among("its message in clear", Talk.Each([0, 1, 2], i => Phrases.Probe(i, talk.Message(i, 40)))),
                talk.Among("a request of HTTP in clear", Talk.Each([0, 1], i => Phrases.Probe(i, Payload.Literal.Of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8)))),
            ],
            Judge = Judges.All(LifeJudge.Survives, TlsJudge.NotServedInClear, TlsJudge.Reacts),
        },
        new()
        {
            Id = "tls/survive/garbage",
            Title = "survives garbage in place of a hello",
            Clause = "RFC 8446 §6.2; course",
            Statement = "Whatever comes first on a connection, at most that connection is lost; nothing is answered in clear.",
            Why = "the exception of a failed handshake is not caught, or ends the loop that accepts",
            Fix = "treat any error of a handshake as the end of that connection only",
            Company = Company.Alone,
            After = Phrases.Answers,
            Fixed =
            [
                talk.Among("noise", Talk.Each([0, 1, 2], i => Phrases.Probe(i, new Payload.Generated(300, 40 + (ulong)i, Alphabet.Bytes)))),
                talk.Among("zeros", Phrases.Probe(0, Payload.Literal.Of(new byte[300]))),
                talk.Among("a record of noise", Phrases.Probe(0, Payload.Literal.Of(ClientHello.Record(TlsContent.Handshake, new Payload.Generated(200, 50, Alphabet.Bytes).ToBytes(), ClientHello.Tls10)))),
                talk.Among("a hello with noise in it", Phrases.Probe(0, Payload.Literal.Of([.. Hello.AsSpan(0, 80), .. new Payload.Generated(Hello.Length - 80, 51, Alphabet.Bytes).ToBytes()]))),
            ],
            Judge = Judges.All(LifeJudge.Survives, TlsJudge.NotServedInClear),
        },
        new()
        {
            Id = "tls/survive/silent-client",
            Title = "a client that does not begin its handshake keeps nobody out",
            Clause = "course (concurrent server); RFC 8446 §2",
            Statement = "While a client is connected and silent, or has sent half a hello, others get their sessions.",
            Why = "the handshake is done in the accept loop (a wrapped listening socket, startHandshake() between two accepts)",
            Fix = "accept the plain connection, hand it on, and do its handshake there",
            Company = Company.Alone,
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("a silent client", [new Step.Connect(0)], Talk.Wait(50), talk.Visit(1, 0, 20), talk.Visit(2, 1, 20), [new Step.Abort(0)]),
                Talk.Scenario("half a hello", [new Step.Connect(0), Half(0)], Talk.Wait(50), talk.Visit(1, 0, 20), talk.Visit(2, 1, 20), [new Step.Abort(0)]),
            ],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tls/survive/broken-off",
            Title = "survives a handshake that is broken off",
            Clause = "RFC 8446 §6.2; RFC 9293 §3.5.3",
            Statement = "A client that leaves in the middle of its handshake, by FIN or by RST, ends its own connection, nothing else.",
            Why = "a reset or an end of file within the handshake is an exception that nobody expected there",
            Fix = "catch every error of a handshake, also those of the socket, and release what was taken for it (finally, with)",
            Company = Company.Alone,
            After = Phrases.Answers,
            Fixed =
            [
                talk.Among("a close after half a hello", Talk.Each([0, 1], i => [new Step.Connect(i), Half(i), .. Talk.Wait(10), new Step.Close(i)])),
                talk.Among("a reset after half a hello", Talk.Each([0, 1], i => [new Step.Connect(i), Half(i), .. Talk.Wait(10), new Step.Abort(i)])),
                talk.Among("a half-close after half a hello", Talk.Each([0, 1], i => [new Step.Connect(i), Half(i), new Step.ShutdownWrite(i), new Step.Await(i, 500, new Framing.UntilEof(1 << 20)), new Step.Abort(i)])),
                talk.Among("a reset after the ServerHello", Talk.Each([0, 1], i => Phrases.Probe(i, ClientHello.ForTls13.ToPayload()))),
                talk.Among("a close after the ServerHello", Talk.Each([0, 1], i => [new Step.Connect(i), new Step.Send(i, ClientHello.ForTls12.ToPayload()), Phrases.Look(i), new Step.Close(i)])),
            ],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tls/survive/truncation",
            Title = "survives a client that leaves without a close_notify",
            Clause = "RFC 8446 §6.1; RFC 9293 §3.5.3",
            Statement = "A FIN or RST without a close_notify is an error of one session; the server ends that session and serves the others.",
            Why = "the library reports a cut session as an exception that is not caught (SSLEOFError, “closing inbound before receiving peer's close_notify”)",
            Fix = "catch it, close the connection, and do not take what came for complete where its length was not known",
            Company = Company.Alone,
            After = Phrases.Answers,
            Fixed =
            [
                talk.Among("a FIN after an exchange", Talk.Each([0, 1], i => [.. talk.Enter(i), .. talk.Exchange(i, i), new Step.ShutdownWrite(i), new Step.Await(i, 500, new Framing.UntilEof(1 << 20)), new Step.Abort(i)])),
                talk.Among("a close after an exchange", Talk.Each([0, 1], i => [.. talk.Enter(i), .. talk.Exchange(i, i), new Step.Close(i)])),
                talk.Among("a close right after the handshake", Talk.Each([0, 1], i => [.. talk.Enter(i), new Step.Close(i)])),
                talk.Among("a reset after an exchange", Talk.Each([0, 1], i => [.. talk.Enter(i), .. talk.Exchange(i, i), new Step.Abort(i)])),
                talk.Among("a FIN in the middle of a record", Talk.Each([0, 1], i =>
                    [.. talk.Enter(i), .. talk.KeepsOpen ? talk.Exchange(i, i) : [], Phrases.Raw(i, ClientHello.Record(TlsContent.ApplicationData, new byte[20], announced: 200)), new Step.ShutdownWrite(i), new Step.Await(i, 500, new Framing.UntilEof(1 << 20)), new Step.Abort(i)])),
            ],
            Judge = LifeJudge.Survives,
        },
    ];

    private static Step.Send Half(int socket) => new(socket, Payload.Literal.Of(Hello.AsSpan(0, Hello.Length / 2)));
}
