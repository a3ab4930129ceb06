using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Udp;

/// <summary>Several clients, and what a network does to datagrams.</summary>
public static partial class Datagrams
{
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

    private static IEnumerable<Step> AskedAgain(Conversation talk, Payload first, Payload second) =>
        [Conversation.Send(0, first), .. Talk.Wait(30), Conversation.Send(0, second), .. talk.Receive(0, first), .. talk.Receive(0, second), .. Quiet];
}
