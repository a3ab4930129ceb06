using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tcp;

/// <summary>Many clients: in a row, at a time, in a burst, interleaved, and a silent one among them.</summary>
public static class Concurrency
{
    private const int MostClients = 500, Much = 300_000;

    public const string SilentClientBlocksNobody = "tcp/accept/silent-client-blocks-nobody";

    public static ImmutableArray<Requirement> For(Conversation talk) => For(talk, [.. Enumerable.Range(0, Math.Min(talk.Service.Clients, MostClients))]);

    private static ImmutableArray<Requirement> For(Conversation talk, ImmutableArray<int> all) =>
    [
        new()
        {
            Id = SilentClientBlocksNobody,
            Applies = talk.Service.SilentClientMustNotBlock,
            Title = "a silent client keeps nobody from being served",
            Clause = "course (concurrent server); POSIX.1-2024 XSH accept()",
            Statement = "A client that connects and says nothing must not keep another from being accepted and answered.",
            Why = "one client is served to its end before the next accept(); or the first message is read in the accept loop",
            Fix = "a thread or process per connection, or poll()/epoll over all of them; never a blocking read in the accept loop",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Talk.Scenario("one silent client, one that talks", talk.Enter(0), Talk.Wait(30), talk.Visit(1, 0, 20), talk.Leave(0)),
                Talk.Scenario("a client that fell silent", talk.Enter(0), talk.Exchange(0, 0, 20), talk.Visit(1, 1, 20), talk.Leave(0)),
            ],
            Judge = Judges.WhileAlive(DataJudge.Served),
        },
        new()
        {
            Id = "tcp/accept/slow-reader-blocks-nobody",
            Applies = talk.KeepsOpen && talk.Answers && talk.Service.SilentClientMustNotBlock,
            Title = "a client that does not read keeps nobody from being served",
            Clause = "course (concurrent server); POSIX.1-2024 XSH send(): it blocks while there is no room",
            Statement = "While one client has much coming to it and reads nothing, others are accepted and answered.",
            Why = "one loop over poll() or select() for all, and in it a send() that blocks until its client has read",
            Fix = "make the connections non-blocking and keep the unsent rest (POLLOUT); or a thread or process per connection",
            Company = Company.Alone,
            After = SilentClientBlocksNobody,
            Fixed =
            [
                Talk.Scenario($"{Much / 1000} KB owed to a client that does not read", talk.Enter(new Step.Connect(0, ReceiveBuffer: 4096)), [Conversation.Send(0, talk.Messages(Much))], Talk.Wait(50), talk.Visit(1, 0, 20), talk.Visit(2, 1, 20), [new Step.Abort(0)]),
            ],
            Judge = Judges.WhileAlive(DataJudge.Served),
        },
        new()
        {
            Id = "tcp/accept/one-after-another",
            Title = $"serves {InARow(talk)} clients one after the other",
            Clause = "POSIX.1-2024 XSH accept(), close()",
            Statement = "The last of many clients (200; 50 over TLS) is served as the first was; nothing is used up by those before.",
            Why = "a descriptor, thread or process is leaked per connection, or a counter or table is full",
            Fix = "release everything that belongs to a connection when it ends",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed = [Talk.Scenario($"{InARow(talk)} clients in a row", Talk.Each(Enumerable.Range(0, InARow(talk)), i => talk.Visit(i, i, 20)))],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tcp/accept/fifty-at-once",
            Applies = talk.Service is { SilentClientMustNotBlock: true, Clients: > 1 },
            Title = $"serves {talk.Service.Clients} clients at the same time",
            Clause = "course (concurrent server); RFC 9293 §3.3.1",
            Statement = "As many connections as the service has to serve (50, if its spec does not say) are open at once, and each is answered while all others stay open.",
            Why = "a table or pool of workers of fixed size; select() with a set of its own making",
            Fix = "let the table grow, or start a worker per connection",
            Company = Company.Alone,
            After = SilentClientBlocksNobody,
            Fixed =
            [
                Talk.Scenario($"{talk.Service.Clients} clients at a time",
                    Talk.Each(all, talk.Enter), talk.KeepsOpen && talk.Answers ? [.. Talk.Each(all, i => [Conversation.Send(i, talk.Message(i, 30))]), .. Talk.Each(all, i => talk.Receive(i, talk.Message(i, 30)))] : [],
                    Talk.Each(all, i => talk.Exchange(i, 100 + i, 30)), Talk.Each(all, talk.Leave)),
            ],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tcp/accept/burst",
            Title = "serves a burst of 50 connects",
            Clause = "POSIX.1-2024 XSH listen(): backlog; RFC 9293 §3.8.1 (a lost SYN is sent again)",
            Statement = "Fifty connects without a pause are all served within a few seconds, though a short backlog may make some SYNs come twice.",
            Why = "slow work between two accept() calls with a short backlog; or pending connections are accepted and dropped",
            Fix = "listen() with a backlog of 128 or more, and do nothing slow in the accept loop",
            Company = Company.Alone,
            After = talk.Probe,
            PatienceScale = 2,
            CaseLimit = TimeSpan.FromSeconds(10),
            Fixed =
            [
                Talk.Scenario("50 connects without a pause",
                    Talk.Each(Enumerable.Range(0, 50), i => [new Step.Connect(i, Background: true)]), Talk.Each(Enumerable.Range(0, 50), i => [.. talk.AfterConnect(i), .. talk.Exchange(i, i, 30), .. talk.Leave(i)])),
            ],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tcp/isolation/interleaved",
            Applies = talk.KeepsOpen && talk.Answers && talk.Service.SilentClientMustNotBlock,
            Title = "interleaved connections do not mix",
            Clause = "RFC 9293 §2.2, §3.3.1: data belongs to the connection of its 5-tuple",
            Statement = "Clients that take turns each get their own bytes, whole and in order.",
            Why = "one buffer, one “current client” or one pending length shared by all connections",
            Fix = "keep all state of a connection with that connection (a struct, an object, locals of its thread)",
            After = SilentClientBlocksNobody,
            Fixed =
            [
                Talk.Scenario("two clients taking turns",
                    Talk.Each([0, 1], talk.Enter), [Conversation.Send(0, talk.Message(1, 40)), Conversation.Send(1, talk.Message(2, 60)), .. talk.Receive(0, talk.Message(1, 40)), .. talk.Receive(1, talk.Message(2, 60))],
                    [Conversation.Send(1, talk.Message(3, 50)), Conversation.Send(0, talk.Message(4, 70)), .. talk.Receive(0, talk.Message(4, 70)), .. talk.Receive(1, talk.Message(3, 50))], Talk.Each([0, 1], talk.Leave)),
                Talk.Scenario("four clients with 20,000 bytes each",
                    Talk.Each([0, 1, 2, 3], talk.Enter), Talk.Each([0, 1, 2, 3], i => [Conversation.Send(i, talk.Message(i, 20_000))]), Talk.Each([3, 1, 0, 2], i => talk.Receive(i, talk.Message(i, 20_000))), Talk.Each([0, 1, 2, 3], talk.Leave)),
            ],
            Random = () => Generate.Programs.Interleaved(talk),
            RandomCases = 12,
            Judge = Judges.WhileAlive(DataJudge.NotMixed),
        },
    ];

    /// <summary>A TLS handshake costs both sides as much as dozens of plain connections.</summary>
    private static int InARow(Conversation talk) => talk.Service.Tls is null ? 200 : 50;
}
