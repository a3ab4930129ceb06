using System.Collections.Immutable;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Udp;

/// <summary>RFC 768, RFC 1122 §4.1.3, RFC 8085: one answer per datagram, from the address and port that was asked.</summary>
public static class Datagrams
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

    /// <summary>What the answers are, where they depend on what was asked.</summary>
    private static ImmutableArray<Requirement> Contents(Conversation talk)
    {
        var largest = Largest(talk);
        return
        [
            new()
            {
                Id = RightAnswer,
                Applies = Depends(talk),
                Title = "the answer is the right one",
                Clause = Clause(talk),
                Statement = talk.Service.Kind == "echo" ? "The data of a datagram comes back as it was, and nothing else." : "The answer to each datagram is what the spec says.",
                Why = "the whole buffer is sent instead of what was received; remains of an earlier datagram stand behind the data; or something is put before it",
                Fix = "send exactly the bytes and the count that recvfrom() returned",
                After = Answers,
                Fixed =
                [
                    Talk.Scenario("some datagrams", talk.Enter(0), Talk.Each(Enumerable.Range(0, 6), i => talk.Exchange(0, i, 20 + 30 * i)), Quiet, talk.Leave(0)),
                    Talk.Scenario("a short one after a long one", talk.Enter(0), talk.Exchange(0, 0, Ordinary), talk.Exchange(0, 1, 12), Quiet, talk.Leave(0)),
                ],
                Random = () => DatagramPrograms.Exchanges(talk, Ordinary),
                RandomCases = 12,
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/binary",
                Applies = Depends(talk) && IsBinary(talk),
                Title = "takes every byte for data",
                Clause = Clause(talk) + "; RFC 768 (data octets)",
                Statement = "All 256 byte values come through: NUL does not end the data, and nothing has to be valid text.",
                Why = "the data is treated as text: strlen() stops at NUL, decode() replaces or refuses bytes, strip() removes some",
                Fix = "work with bytes and with the length that recvfrom() returned",
                After = RightAnswer,
                Fixed =
                [
                    Talk.Scenario("all 256 byte values", talk.Enter(0), talk.Exchange(0, Bytes([.. Enumerable.Range(0, 256).Select(i => (byte)i)])), talk.Leave(0)),
                    Talk.Scenario("NUL in front, in the middle and at the end", talk.Enter(0), talk.Exchange(0, Bytes("\0front"u8)), talk.Exchange(0, Bytes("mid\0dle"u8)), talk.Exchange(0, Bytes("end\0"u8)), Quiet, talk.Leave(0)),
                    Talk.Scenario("what is no UTF-8", talk.Enter(0), talk.Exchange(0, Bytes([0xc3, 0x28, 0xff, 0xfe, 0x80, (byte)'a'])), talk.Leave(0)),
                    Talk.Scenario("white space around a word", talk.Enter(0), talk.Exchange(0, Bytes("  a word\r\n\t "u8)), talk.Leave(0)),
                ],
                Random = () => DatagramPrograms.Exchanges(talk, Ordinary, bytes: true),
                RandomCases = 8,
                Judge = DatagramJudge.Living(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/boundaries",
                Applies = Depends(talk),
                Title = "keeps the boundaries of datagrams",
                Clause = "RFC 768; POSIX.1-2024 XSH 2.10.6 (SOCK_DGRAM: each datagram by itself)",
                Statement = "A datagram is a message: however fast they come, each is answered by itself, none is joined with another or cut in two.",
                Why = "the data is taken for a stream and gathered in a buffer; or only the latest of several is kept",
                Fix = "treat what one recvfrom() returns as one whole message and answer it before the next",
                After = RightAnswer,
                Fixed =
                [
                    Talk.Scenario("five of different sizes without waiting", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, [.. ((int[])[9, 300, 20, 480, 5]).Select((size, i) => talk.Message(i, size))]), talk.Leave(0)),
                    Talk.Scenario("two without waiting, and two more", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, Some(talk, 2)), DatagramPrograms.InOneGo(talk, 0, [talk.Message(2, 40), talk.Message(3, 40)]), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/empty",
                Applies = talk.Answers && TakesEmpty(talk),
                Title = "an empty datagram is a datagram",
                Clause = "RFC 768 (a length of eight: no data); " + (talk.Service.Kind == "time" ? "RFC 868: send an empty datagram" : Clause(talk)),
                Statement = "A datagram without data is legal and is answered as any other. It is no end of file: UDP has none.",
                Why = "recvfrom() == 0 is taken for the end, or for an error, as with TCP",
                Fix = "take only a negative result for an error, and answer what came, even if it is nothing",
                After = Depends(talk) ? RightAnswer : Answers,
                Fixed =
                [
                    Talk.Scenario("an empty one", talk.Enter(0), talk.Exchange(0, Bytes([])), talk.Leave(0)),
                    Talk.Scenario("an empty one between others", talk.Enter(0), talk.Exchange(0, 0), talk.Exchange(0, Bytes([])), talk.Exchange(0, 1), Quiet, talk.Leave(0), talk.Visit(1, 2)),
                ],
                Judge = DatagramJudge.Living(Judges.All(DatagramJudge.RightAnswer, DataJudge.Served)),
            },
            new()
            {
                Id = "udp/data/every-size",
                Applies = Depends(talk) && Sizes(largest).Length > 0,
                Title = $"datagrams of every size up to {Sizes(largest).LastOrDefault():N0} bytes are answered",
                Clause = Clause(talk) + "; RFC 768",
                Statement = "Sizes around every power of two are answered right and whole.",
                Why = "the buffer is too small: recvfrom() throws away what does not fit, and the next call does not bring it",
                Fix = "receive into a buffer of 65,536 bytes",
                After = RightAnswer,
                Company = Company.Alone,
                Fixed =
                [
                    Talk.Scenario("sizes up to 1500 bytes", talk.Enter(0), Sizes(largest).Where(size => size <= 1500).SelectMany((size, i) => talk.Exchange(0, Sized(talk, i, size))), Quiet, talk.Leave(0)),
                    .. Sizes(largest).Any(size => size > 1500) ? [Talk.Scenario("sizes above 1500 bytes", talk.Enter(0), Sizes(largest).Where(size => size > 1500).SelectMany((size, i) => talk.Exchange(0, Sized(talk, i, size)).Concat(DatagramPrograms.UntilSilence(0, 10))), talk.Leave(0))] : Array.Empty<Scenario>(),
                ],
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/largest",
                Applies = Depends(talk) && largest > 0,
                Title = $"the largest datagram ({largest:N0} bytes) is answered",
                Clause = Clause(talk) + (largest == Framing.Datagram.Largest ? "; RFC 768, RFC 791 §3.1: a total length of 65,535 leaves 65,507 for data" : ""),
                Statement = largest == Framing.Datagram.Largest ? "IPv4 carries up to 65,507 bytes of data in one datagram; such a one is answered whole." : "The largest datagram that the spec allows is answered.",
                Why = "a buffer of 65,000 or 65,500 bytes, “about 64K”; what does not fit is thrown away",
                Fix = "receive into a buffer of 65,536 bytes",
                After = RightAnswer,
                Company = Company.Alone,
                Fixed = [Talk.Scenario($"{largest:N0} bytes", talk.Enter(0), talk.Exchange(0, Sized(talk, 0, largest)), talk.Leave(0)), Talk.Scenario($"{largest - 1:N0} bytes", talk.Enter(0), talk.Exchange(0, Sized(talk, 1, largest - 1)), talk.Leave(0))],
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
        ];
    }

    /// <summary>Several clients.</summary>
    private static ImmutableArray<Requirement> Peers(Conversation talk)
    {
        ImmutableArray<int> all = [.. Enumerable.Range(0, Math.Min(MostPeers, talk.Service.Clients))];
        return
        [
            new()
            {
                Id = PeersKeptApart,
                Applies = talk.Answers && talk.Service.Clients > 1,
                Title = "keeps its peers apart",
                Clause = "RFC 768: a datagram has its own source; nothing else names its sender",
                Statement = "Clients whose datagrams come interleaved each get the answers to their own, whatever came in between.",
                Why = "the sender's address, or the data, is kept in one variable for all; by the time of the answer it is another's",
                Fix = "keep address and data of a datagram together until it is answered",
                After = Answers,
                Company = Company.Alone,
                Fixed =
                [
                    Talk.Scenario("two clients taking turns",
                        Talk.Each([0, 1], talk.Enter), Talk.Each([1, 2, 3], i => [Conversation.Send(0, talk.Message(2 * i, 40)), Conversation.Send(1, talk.Message(2 * i + 1, 40)), .. talk.Receive(1, talk.Message(2 * i + 1, 40)), .. talk.Receive(0, talk.Message(2 * i, 40))]),
                        Quiet, Talk.Each([0, 1], talk.Leave)),
                    Talk.Scenario("four clients, read in another order",
                        Talk.Each([0, 1, 2, 3], talk.Enter), Talk.Each([0, 1, 2, 3], i => [Conversation.Send(i, talk.Message(i, 300))]), Talk.Each([3, 1, 0, 2], i => talk.Receive(i, talk.Message(i, 300))), Talk.Each([0, 1, 2, 3], talk.Leave)),
                ],
                Random = () => DatagramPrograms.Peers(talk),
                RandomCases = 8,
                Judge = Judges.WhileAlive(DatagramJudge.ToSender),
            },
            new()
            {
                Id = "udp/peers/many",
                Applies = talk.Answers && talk.Service.Clients > 1,
                Title = $"answers {all.Length} peers that ask at the same time",
                Clause = "course (concurrent server)",
                Statement = "A datagram from each of many clients, without a pause between them, is answered to each.",
                Why = "a table of peers of fixed size; a queue that is full after a few; work done on one datagram while the others are lost",
                Fix = "keep no table of peers: a datagram has its sender with it; answer at once, or let the queue grow",
                After = PeersKeptApart,
                Company = Company.Alone,
                Fixed =
                [
                    Talk.Scenario($"{all.Length} clients at once", Talk.Each(all, talk.Enter), Talk.Each(all, i => [Conversation.Send(i, talk.Message(i, 30))]), Talk.Each(all, i => talk.Receive(i, talk.Message(i, 30))), Talk.Each(all, talk.Leave)),
                    Talk.Scenario($"{all.Length} clients one after the other", Talk.Each(all, i => talk.Visit(i, i, 30))),
                ],
                Judge = DatagramJudge.Living(DatagramJudge.OwnAnswers),
            },
        ];
    }

    /// <summary>What a network does to datagrams.</summary>
    private static ImmutableArray<Requirement> Order(Conversation talk) =>
    [
        new()
        {
            Id = "udp/order/duplicated",
            Applies = Depends(talk),
            Title = "answers a datagram that comes twice, twice",
            Clause = "RFC 768: delivery and duplicate protection are not guaranteed; RFC 8085 §3.3",
            Statement = "A network may deliver a datagram twice, and a client that misses the answer sends it again: each is answered as if it were the only one.",
            Why = "a datagram equal to the one before is dropped as the network's copy, though the answer may have been lost",
            Fix = "answer each datagram by itself; leave it to the client to ignore an answer too many",
            After = RightAnswer,
            Fixed =
            [
                Talk.Scenario("again after the answer", talk.Enter(0), talk.Exchange(0, 3), talk.Exchange(0, 3), talk.Leave(0)),
                Talk.Scenario("twice without waiting", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, [talk.Message(4), talk.Message(4)]), talk.Leave(0)),
                Talk.Scenario("two clients with the same datagram", Talk.Each([0, 1], talk.Enter), Talk.Each([0, 1, 0], i => [Conversation.Send(i, talk.Message(5))]), Talk.Each([0, 1, 0], i => talk.Receive(i, talk.Message(5))), Quiet, Talk.Each([0, 1], talk.Leave)),
            ],
            Random = () => DatagramPrograms.Doubled(talk),
            RandomCases = 6,
            Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
        },
        new()
        {
            Id = "udp/order/reordered",
            Applies = Depends(talk),
            Title = "answers datagrams in whatever order they come",
            Clause = "RFC 8085 §3.3: datagrams may be delivered in another order; RFC 768",
            Statement = "Several datagrams of one client under way at a time, in any order, each get the answer to themselves; the order of the answers does not matter.",
            Why = "one buffer or one slot per client: what comes before the answer is out replaces what was there",
            Fix = "give each datagram a buffer of its own until it is answered",
            After = RightAnswer,
            Fixed =
            [
                Talk.Scenario("3, 1, 2, 5, 4", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, [.. ((int[])[3, 1, 2, 5, 4]).Select(i => talk.Message(i, 30 * i))]), talk.Leave(0)),
                Talk.Scenario("2, 1", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, [talk.Message(2, 50), talk.Message(1, 50)]), talk.Leave(0)),
            ],
            Random = () => DatagramPrograms.Shuffled(talk),
            RandomCases = 8,
            Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
        },
        new()
        {
            Id = "udp/order/lost",
            Applies = Depends(talk),
            Title = "does not wait for a datagram that was lost",
            Clause = "RFC 768: delivery is not guaranteed; RFC 8085 §3.3",
            Statement = "A datagram or its answer may be lost on the way. What comes next is answered all the same, also while an earlier answer is not out yet.",
            Why = "a client is “busy” until its answer is out, and what it sends meanwhile is dropped; or the server waits for the number that is missing",
            Fix = "keep no state between the datagrams of a client: each stands for itself",
            After = RightAnswer,
            Fixed =
            [
                Talk.Scenario("1, 2, 4, 7: three are missing", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, [.. ((int[])[1, 2, 4, 7]).Select(i => talk.Message(i, 40))]), talk.Leave(0)),
                Talk.Scenario("asked again after 30 ms, as if the first were lost", talk.Enter(0), AskedAgain(talk, talk.Message(1, 40), talk.Message(1, 40)), talk.Leave(0)),
                Talk.Scenario("something else after 30 ms, as if the answer were lost", talk.Enter(0), AskedAgain(talk, talk.Message(1, 40), talk.Message(2, 40)), talk.Leave(0)),
            ],
            Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
        },
    ];

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

    private static bool IsBinary(Conversation talk) => talk.Service.IsDatagramEcho || talk.Sizeable is { When: { Literal: null, Prefix: null, Regex: null }, Generate.Alphabet: Alphabet.Bytes };

    private static bool TakesEmpty(Conversation talk) =>
        Replies.ToDatagram(talk.Service, []) is not null && (!Depends(talk) || talk.Sizeable is { When: { Literal: null, Prefix: null, Regex: null }, Generate: { HasBytes: true, MinBytes: 0 } });

    /// <summary>The size of the largest datagram that the service takes; 0 where it does not take just any size.</summary>
    private static int Largest(Conversation talk) =>
        talk.Service.IsDatagramEcho ? Math.Min(talk.Service.LongestRequest, Framing.Datagram.Largest) : talk.Sizeable is { } rule ? Math.Min(talk.Message(rule, 0, Framing.Datagram.Largest).Size, Framing.Datagram.Largest) : 0;

    /// <summary>Sizes around powers of two, well below the largest, which has a requirement of its own.</summary>
    private static ImmutableArray<int> Sizes(int largest) =>
    [
        .. from power in Enumerable.Range(0, 16)
           from off in (int[])[-1, 0, 1]
           let size = (1 << power) + off
           where size > 0 && size < largest && (power > 1 || off == 0)
           select size,
    ];

    private static Payload Sized(Conversation talk, int number, int size) =>
        talk.Service.IsDatagramEcho ? new Payload.Generated(size, 5000 + (ulong)number, Alphabet.Printable) : talk.Sizeable is { } rule ? talk.Message(rule, number, size) : talk.Message(number, size);

    private static Payload[] Some(Conversation talk, int count) => [.. Enumerable.Range(0, count).Select(i => talk.Message(i))];

    private static Payload.Literal Bytes(ReadOnlySpan<byte> bytes) => Payload.Literal.Of(bytes);

    /// <summary>A rule by which nothing is due.</summary>
    private static Rule? Silent(Conversation talk) => talk.Service.Rules.FirstOrDefault(rule => rule is { Reply: Reply.None, When.Malformed: false });

    private static IEnumerable<Step> Quietly(Conversation talk, int socket, IEnumerable<int> numbers) =>
        Silent(talk) is { } rule ? numbers.Select(i => Conversation.Send(socket, talk.Message(rule, i))) : [];

    /// <summary>An exchange; where nothing is due, a look whether the socket is still there: else the kernel answers with ICMP.</summary>
    private static IEnumerable<Step> Alive(Conversation talk, int socket, int number) =>
        talk.Answers ? talk.Exchange(socket, number, 30) : [Conversation.Send(socket, talk.Message(number)), .. DatagramPrograms.UntilSilence(socket, 50), new Step.Observe()];

    private static IEnumerable<Step> AskedAgain(Conversation talk, Payload first, Payload second) =>
        [Conversation.Send(0, first), .. Talk.Wait(30), Conversation.Send(0, second), .. talk.Receive(0, first), .. talk.Receive(0, second), .. Quiet];

    /// <summary>A look whether more comes: answers that are sent twice must not be taken for those to come.</summary>
    private static IEnumerable<Step> Quiet => DatagramPrograms.UntilSilence(0, 60);

    private static int Idle(Conversation talk) => (int)Math.Min(60_000, talk.Service.MustSurviveIdle.TotalMilliseconds);

    private static ImmutableArray<Payload> Odd { get; } =
    [
        Bytes([0]), Bytes([0xff]), Bytes([0xc3, 0x28]), Bytes([0xed, 0xa0, 0x80]), Bytes("%n%s%x%d"u8), Bytes("\r\n\r\n"u8), Bytes("{\"a\":[[[["u8), Bytes([0xff, 0xff, 0xff, 0xff]), Bytes([0x80, 0, 0, 0]), Bytes(new byte[64]),
        Bytes([.. Enumerable.Range(0, 256).Select(i => (byte)(255 - i))]), new Payload.Generated(300, 71, Alphabet.Bytes), new Payload.Generated(600, 72, Alphabet.Letters),
    ];
}
