using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Udp;

/// <summary>What a server must live through.</summary>
public static partial class Datagrams
{
    /// <summary>Peers that are gone, bursts, garbage, silence.</summary>
    private static ImmutableArray<Requirement> Survival(Conversation talk) =>
    [
        new()
        {
            Id = "udp/survive/unreachable-peer",
            Applies = talk.Answers,
            Title = "survives a client that is gone when its answer comes",
            Clause = "RFC 1122 §4.1.3.3 (ICMP port unreachable is passed to the application); POSIX.1-2024 XSH recv(): ECONNREFUSED",
            Statement = "The answer to a closed socket brings an ICMP port unreachable back. That is one client's matter: the others are answered as before.",
            Why = "ECONNREFUSED from a connected socket, or from one with IP_RECVERR, is taken for an error of the server's own and ends it",
            Fix = "do not connect() the socket of a server; treat errors of recvfrom() and sendto() as one datagram's, and go on",
            After = Answers,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("clients that ask and are gone",
                    talk.Enter(Witness), talk.Exchange(Witness, 90), Talk.Each(Enumerable.Range(0, 8), i => [.. talk.Enter(i), Conversation.Send(i, talk.Message(i)), .. talk.Leave(i)]), Talk.Wait(40), talk.Exchange(Witness, 91), talk.Visit(Newcomer, 92), talk.Leave(Witness)),
                Talk.Scenario("a client that asks three times and is gone",
                    talk.Enter(Witness), talk.Exchange(Witness, 90), talk.Enter(0), Talk.Each([1, 2, 3], i => [Conversation.Send(0, talk.Message(i, 200))]), talk.Leave(0), Talk.Wait(40), talk.Exchange(Witness, 91), talk.Visit(Newcomer, 92), talk.Leave(Witness)),
            ],
            Judge = DatagramJudge.Survives,
        },
        new()
        {
            Id = "udp/survive/burst",
            Title = "survives a burst",
            Clause = "RFC 8085 §3.1 (UDP has no flow control: what is too much is lost); course",
            Statement = $"{BurstSize} datagrams without a pause may lose some of theirs, but when it is over the server answers as before, also who sent them.",
            Why = "a full queue ends the program; a “flood guard” never forgives; threads without number use up what there is",
            Fix = "drop what is too much, one datagram at a time, and keep nothing of it",
            After = talk.Probe,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario($"{BurstSize} datagrams without a pause", talk.Enter(0), Talk.Each(Enumerable.Range(0, BurstSize), i => [Conversation.Send(0, talk.Message(i, 24))]), DatagramPrograms.UntilSilence(0, 200), Alive(talk, 0, 200), talk.Enter(Newcomer), Alive(talk, Newcomer, 201), Talk.Each([0, Newcomer], talk.Leave)),
            ],
            Judge = DatagramJudge.Survives,
        },
        new()
        {
            Id = "udp/survive/garbage",
            Title = "survives datagrams that make no sense",
            Clause = "RFC 1122 §1.2.2 (be prepared for any datagram); course",
            Statement = "Whatever bytes somebody sends, of whatever length, the server lives, and answers who talks sense.",
            Why = "decoding errors, a length or number taken from the datagram without a look at it, or a fixed buffer end the program",
            Fix = "check before use, and treat an error as that one datagram's",
            After = talk.Probe,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("odd bytes", talk.Enter(0), Odd.SelectMany(data => (Step[])[new Step.Send(0, data), .. DatagramPrograms.UntilSilence(0, 15)]), DatagramPrograms.UntilSilence(0, 100), Alive(talk, 0, 200), talk.Enter(Newcomer), Alive(talk, Newcomer, 201), Talk.Each([0, Newcomer], talk.Leave)),
                Talk.Scenario("odd sizes", talk.Enter(0), Talk.Each([1, 513, 1473, 9000, 40_000, Framing.Datagram.Largest], size => [new Step.Send(0, new Payload.Generated(size, 77, Alphabet.Bytes)), .. DatagramPrograms.UntilSilence(0, 30)]),
                    DatagramPrograms.UntilSilence(0, 100), Alive(talk, 0, 200), talk.Enter(Newcomer), Alive(talk, Newcomer, 201), Talk.Each([0, Newcomer], talk.Leave)),
            ],
            Judge = DatagramJudge.Survives,
        },
        new()
        {
            Id = "udp/idle/still-answers",
            Applies = talk.Answers && talk.Service.MustSurviveIdle > TimeSpan.Zero,
            Title = "answers after a rest",
            Clause = "course; RFC 862: the server serves until it is stopped",
            Statement = "When nothing has come for a while (2 s, if the spec does not say) the next datagram is answered.",
            Why = "a receive timeout whose expiry ends the loop",
            Fix = "let recvfrom() wait as long as it takes; take a timeout for “nothing yet”, not for the end",
            After = Answers,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario($"{Idle(talk) / 1000.0:0.#} s after a datagram", talk.Enter(0), talk.Exchange(0, 0), Talk.Wait(Idle(talk)), talk.Exchange(0, 1), talk.Leave(0)),
                Talk.Scenario($"{Idle(talk) / 1000.0:0.#} s before the first", talk.Enter(0), Talk.Wait(Idle(talk)), talk.Exchange(0, 0), talk.Leave(0)),
            ],
            Judge = DatagramJudge.Survives,
        },
    ];

    /// <summary>An exchange; where nothing is due, a look whether the socket is still there: else the kernel answers with ICMP.</summary>
    private static IEnumerable<Step> Alive(Conversation talk, int socket, int number) =>
        talk.Answers ? talk.Exchange(socket, number, 30) : [Conversation.Send(socket, talk.Message(number)), .. DatagramPrograms.UntilSilence(socket, 50), new Step.Observe()];

    private static int Idle(Conversation talk) => (int)Math.Min(60_000, talk.Service.MustSurviveIdle.TotalMilliseconds);

    private static ImmutableArray<Payload> Odd { get; } =
    [
        Bytes([]), Bytes([0]), Bytes([0xff]), Bytes([0xc3, 0x28]), Bytes([0xed, 0xa0, 0x80]), Bytes("%n%s%x%d"u8), Bytes("\r\n\r\n"u8), Bytes("{\"a\":[[[["u8), Bytes([0xff, 0xff, 0xff, 0xff]), Bytes([0x80, 0, 0, 0]), Bytes(new byte[64]),
        Bytes([.. Enumerable.Range(0, 256).Select(i => (byte)(255 - i))]), new Payload.Generated(300, 71, Alphabet.Bytes), new Payload.Generated(600, 72, Alphabet.Letters),
    ];
}
