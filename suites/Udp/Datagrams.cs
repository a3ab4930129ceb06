using System.Collections.Immutable;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Udp;

/// <summary>RFC 768, RFC 1122 §4.1.3, RFC 8085: one answer per datagram, from the address and port that was asked.</summary>
public static partial class Datagrams
{
    public const string Answers = "udp/reply/answers";

    /// <summary>Where this fails, cases on one server would get each other's answers.</summary>
    public const string PeersKeptApart = "udp/peers/interleaved";

    private const string RightAnswer = "udp/data/right-answer";

    private const int Witness = 90, Newcomer = 91, MostPeers = 50, BurstSize = 150, Ordinary = 500;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
        talk.Service.Transport != Transport.Udp ? [] : [.. Addresses(talk), .. Peers(talk), .. Contents(talk), .. Order(talk), .. Survival(talk)];

    /// <summary>Who answers, whom, how often, and from where.</summary>
    private static ImmutableArray<Requirement> Addresses(Conversation talk) =>
    [
        new()
        {
            Id = "udp/listen/told-address",
            Title = "is bound to the address and port it was told",
            Clause = "POSIX.1-2024 XSH bind(); RFC 768",
            Statement = "A UDP server has a socket bound to the port it was given, at the wildcard or the loopback address.",
            Why = "binding to gethostname(), which Debian maps to 127.0.1.1, or to an address written into the program",
            Fix = "bind to INADDR_ANY (0.0.0.0), or to 127.0.0.1, and the port from the command line",
            Fixed = [Talk.Scenario("one datagram", [new Step.Observe(), .. talk.Visit(0)])],
            Judge = Judges.WhileAlive(DatagramJudge.BoundWhereTold),
        },
        new()
        {
            Id = Answers,
            Applies = talk.Answers,
            Title = "answers a datagram",
            Clause = "RFC 768; RFC 862, 864, 867, 868 (UDP based service): an answering datagram is sent",
            Statement = "A datagram is answered by a datagram, at once and without any connection before it.",
            Why = "send() on a socket that has no peer fails and its result is not looked at; or the server waits for a second datagram, or for an end that UDP does not have",
            Fix = "take the sender's address from recvfrom() and answer with sendto() on the same socket",
            Fixed = [Talk.Scenario("a datagram each of two clients", talk.Visit(0), talk.Visit(1, 1))],
            Judge = Judges.WhileAlive(DatagramJudge.Answers),
        },
        new()
        {
            Id = "udp/reply/one-per-datagram",
            Applies = talk.Answers,
            Title = "sends one answer for each datagram",
            Clause = "RFC 862, 864, 867, 868 (UDP based service)",
            Statement = "Each datagram gets one answering datagram: not two, and not one for several.",
            Why = "answers are sent twice “because UDP loses some”, or in parts; or what came in is gathered and answered in one",
            Fix = "one sendto() for each recvfrom(); let the client ask again if it misses an answer",
            After = Answers,
            Fixed =
            [
                Talk.Scenario("one datagram", talk.Enter(0), talk.Exchange(0), DatagramPrograms.UntilSilence(0, 150), talk.Leave(0)),
                Talk.Scenario("three, each after the answer to the one before", talk.Enter(0), Talk.Each([0, 1, 2], i => talk.Exchange(0, i)), DatagramPrograms.UntilSilence(0, 150), talk.Leave(0)),
                Talk.Scenario("four without waiting", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, Some(talk, 4)), talk.Leave(0)),
            ],
            Judge = Judges.WhileAlive(DatagramJudge.OnePerDatagram),
        },
        new()
        {
            Id = "udp/reply/to-sender",
            Applies = talk.Answers,
            Title = "answers who asked, and nobody else",
            Clause = "RFC 768 (source port: where a reply should be addressed); RFC 862: sent back to the originating source",
            Statement = "The answer goes to the address and port from which the datagram came; a client that asked earlier, or never, gets nothing.",
            Why = "answers go to everybody who was ever heard of, as in a chat; or to a peer remembered from an earlier datagram",
            Fix = "send each answer to the address that recvfrom() gave with its datagram",
            After = Answers,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("a client that only listens", Talk.Each([0, 1], talk.Enter), talk.Exchange(0), DatagramPrograms.UntilSilence(1, 100), Talk.Each([0, 1], talk.Leave)),
                Talk.Scenario("a client that has asked before",
                    Talk.Each([0, 1, 2], talk.Enter), talk.Exchange(0, 0), talk.Exchange(1, 1), talk.Exchange(2, 2), talk.Exchange(0, 3), DatagramPrograms.UntilSilence(1, 100), Talk.Each([0, 1, 2], talk.Leave)),
            ],
            Judge = Judges.WhileAlive(DatagramJudge.ToSender),
        },
        new()
        {
            Id = "udp/reply/from-asked-port",
            Applies = talk.Answers,
            Title = "answers from the address and port that was asked",
            Clause = "RFC 1122 §4.1.3.5; POSIX.1-2024 XSH connect() (a connected socket takes datagrams of its peer only)",
            Statement = "The source of an answer is the address and port to which the datagram was sent; a client whose socket is connected gets no other.",
            Why = "a new socket is made for the answer, as accept() does in TCP; the kernel gives it a port of its own",
            Fix = "answer with sendto() on the socket that received",
            After = Answers,
            Fixed =
            [
                Talk.Scenario("one datagram", talk.Visit(0)),
                Talk.Scenario("two clients in turns", Talk.Each([0, 1], talk.Enter), Talk.Each([0, 1, 2], i => [.. talk.Exchange(0, 2 * i), .. talk.Exchange(1, 2 * i + 1)]), Talk.Each([0, 1], talk.Leave)),
            ],
            Judge = Judges.WhileAlive(DatagramJudge.FromAskedPort),
        },
        new()
        {
            Id = "udp/reply/none",
            Applies = Silent(talk) is not null,
            Title = "sends nothing where no answer is due",
            Clause = talk.Service.Kind == "discard" ? "RFC 863 (UDP based discard service): no response is sent" : "the spec: reply none",
            Statement = "Nothing comes back: no data, no acknowledgement, not even an empty datagram.",
            Why = "the program was made from an echo server, or wants to say that the datagram has arrived",
            Fix = "receive, throw away, and send nothing",
            Fixed =
            [
                Talk.Scenario("one datagram", talk.Enter(0), Quietly(talk, 0, [1]), DatagramPrograms.UntilSilence(0, 200), talk.Leave(0)),
                Talk.Scenario("five in a row", talk.Enter(0), Quietly(talk, 0, [1, 2, 3, 4, 5]), DatagramPrograms.UntilSilence(0, 200), talk.Leave(0)),
                .. talk.Service.Kind == "discard" ? [Talk.Scenario("an empty one", talk.Enter(0), [new Step.Send(0, Payload.Literal.Of([]))], DatagramPrograms.UntilSilence(0, 200), talk.Leave(0))] : Array.Empty<Scenario>(),
            ],
            Judge = Judges.All(DatagramJudge.NoReply, DatagramJudge.Living(DatagramJudge.StillBound)),
        },
        new()
        {
            Id = WireRules.Checksum,
            Applies = talk.Answers,
            Title = "its datagrams have a checksum",
            Clause = "RFC 8085 §3.4; RFC 1122 §4.1.3.4 (on by default)",
            Level = Level.Should,
            Statement = "Over IPv4 a UDP checksum of zero says that there is none, and then nobody notices a damaged datagram; applications should leave the checksum on.",
            Why = "SO_NO_CHECK was set to be faster",
            Fix = "leave SO_NO_CHECK alone; network cards compute the checksum themselves",
            After = Answers,
            Fixed = [Talk.Scenario("three datagrams of two clients", talk.Enter(0), talk.Exchange(0, 0, 10), talk.Exchange(0, 1, 33), talk.Leave(0), talk.Visit(1, 2, 200))],
            Judge = Judges.WhileAlive(DatagramJudge.HasChecksum),
        },
    ];

    /// <summary>The answers depend on what was asked, and the spec says how.</summary>
    private static bool Depends(Conversation talk) => talk.Answers && talk.Service.Kind is not ("daytime" or "time" or "chargen");

    private static string Clause(Conversation talk) => talk.Service.Kind switch
    {
        "echo" => "RFC 862 (UDP based echo service)",
        "discard" => "RFC 863 (UDP based discard service)",
        "chargen" => "RFC 864 (UDP based character generator service)",
        "daytime" => "RFC 867 (UDP based daytime service)",
        "time" => "RFC 868 (via UDP)",
        _ => "the spec",
    };

    private static Payload[] Some(Conversation talk, int count) => [.. Enumerable.Range(0, count).Select(i => talk.Message(i))];

    private static Payload.Literal Bytes(ReadOnlySpan<byte> bytes) => Payload.Literal.Of(bytes);

    /// <summary>A rule by which nothing is due.</summary>
    private static Rule? Silent(Conversation talk) => talk.Service.Rules.FirstOrDefault(rule => rule is { Reply: Reply.None, When.Malformed: false });

    private static IEnumerable<Step> Quietly(Conversation talk, int socket, IEnumerable<int> numbers) =>
        Silent(talk) is { } rule ? numbers.Select(i => Conversation.Send(socket, talk.Message(rule, i))) : [];

    /// <summary>A look whether more comes: answers that are sent twice must not be taken for those to come.</summary>
    private static IEnumerable<Step> Quiet => DatagramPrograms.UntilSilence(0, 60);
}
