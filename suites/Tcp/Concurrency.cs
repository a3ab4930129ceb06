using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Echo;

namespace SockConformance.Suites.Tcp;

/// <summary>Many clients: in a row, at a time, in a burst, interleaved, and a silent one among them.</summary>
public static class Concurrency
{
    public const string SilentClientBlocksNobody = "tcp/accept/silent-client-blocks-nobody";

    public static ImmutableArray<Requirement> Requirements { get; } =
    [
        new()
        {
            Id = SilentClientBlocksNobody,
            Title = "a silent client keeps nobody from being served",
            Clause = "course (concurrent server); POSIX.1-2024 XSH accept()",
            Statement = "A client that connects and says nothing must not keep another from being accepted and answered.",
            Why = "one client is served to its end before the next accept(); or the first message is read in the accept loop",
            Fix = "a thread or process per connection, or poll()/epoll over all of them; never a blocking read in the accept loop",
            Company = Company.Alone,
            After = EchoData.AnswersWhileOpen,
            Fixed =
            [
                Talk.Scenario("one silent client, one that talks", Talk.Connect(0), Talk.Wait(30), Talk.Visit(1, Talk.Text(20)), Talk.Close(0)),
                Talk.Scenario("a client that fell silent", Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), Talk.Visit(1, Talk.Text(20, 1)), Talk.Close(0)),
            ],
            Judge = Judges.WhileAlive(DataJudge.Served),
        },
        new()
        {
            Id = "tcp/accept/one-after-another",
            Title = "serves 200 clients one after the other",
            Clause = "POSIX.1-2024 XSH accept(), close()",
            Statement = "The 200th client is served as the first was; nothing is used up by those before.",
            Why = "a descriptor, thread or process is leaked per connection, or a counter or table is full",
            Fix = "release everything that belongs to a connection when it ends",
            Company = Company.Alone,
            After = EchoData.AnswersWhileOpen,
            Fixed = [Talk.Scenario("200 clients in a row", Talk.Each(Enumerable.Range(0, 200), i => Talk.Visit(i, Talk.Text(20, i))))],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tcp/accept/fifty-at-once",
            Title = "serves 50 clients at the same time",
            Clause = "course (concurrent server); RFC 9293 §3.3.1",
            Statement = "Fifty connections are open at once, and each is answered while all others stay open.",
            Why = "a table or pool of workers of fixed size; select() with a set of its own making",
            Fix = "let the table grow, or start a worker per connection",
            Company = Company.Alone,
            After = SilentClientBlocksNobody,
            Fixed =
            [
                Talk.Scenario("50 clients at a time",
                    Talk.Each(Enumerable.Range(0, 50), Talk.Connect), Talk.Each(Enumerable.Range(0, 50), i => [new Step.Send(i, Talk.Text(30, i))]), Talk.Each(Enumerable.Range(0, 50), i => [new Step.Receive(i, 30)]),
                    Talk.Each(Enumerable.Range(0, 50), i => Talk.Exchange(i, Talk.Text(30, 100 + i))), Talk.Each(Enumerable.Range(0, 50), Talk.Close)),
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
            After = EchoData.AnswersWhileOpen,
            PatienceScale = 2,
            CaseLimit = TimeSpan.FromSeconds(10),
            Fixed =
            [
                Talk.Scenario("50 connects without a pause",
                    Talk.Each(Enumerable.Range(0, 50), i => [new Step.Connect(i, Background: true)]), Talk.Each(Enumerable.Range(0, 50), i => [.. Talk.Exchange(i, Talk.Text(30, i)), .. Talk.Close(i)])),
            ],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tcp/isolation/interleaved",
            Title = "interleaved connections do not mix",
            Clause = "RFC 9293 §2.2, §3.3.1: data belongs to the connection of its 5-tuple",
            Statement = "Clients that take turns each get their own bytes, whole and in order.",
            Why = "one buffer, one “current client” or one pending length shared by all connections",
            Fix = "keep all state of a connection with that connection (a struct, an object, locals of its thread)",
            After = SilentClientBlocksNobody,
            Fixed =
            [
                Talk.Scenario("two clients taking turns",
                    Talk.Each([0, 1], Talk.Connect), [new Step.Send(0, Talk.Letters(40, 1)), new Step.Send(1, Talk.Letters(60, 2)), new Step.Receive(0, 40), new Step.Receive(1, 60)],
                    [new Step.Send(1, Talk.Text(50, 3)), new Step.Send(0, Talk.Text(70, 4)), new Step.Receive(0, 70), new Step.Receive(1, 50)], Talk.Each([0, 1], Talk.Close)),
                Talk.Scenario("four clients with 20,000 bytes each",
                    Talk.Each([0, 1, 2, 3], Talk.Connect), Talk.Each([0, 1, 2, 3], i => [new Step.Send(i, Talk.Letters(20_000, i))]), Talk.Each([3, 1, 0, 2], i => [new Step.Receive(i, 20_000)]), Talk.Each([0, 1, 2, 3], Talk.Close)),
            ],
            Random = Generate.Programs.Interleaved,
            RandomCases = 12,
            Judge = Judges.WhileAlive(DataJudge.NotMixed),
        },
    ];
}
