using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tcp;

/// <summary>The listening socket: a half socket {TCP, address, port} that stays while its connections come and go.</summary>
public static class Listening
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tcp/listen/told-address",
            Title = "listens on the address and port it was told",
            Clause = "POSIX.1-2024 XSH bind(), listen(); RFC 9293 §3.9.1.1",
            Statement = "The passive open names a local socket; it must be the port the server was given, at the wildcard or the loopback address.",
            Why = "binding to gethostname(), which Debian maps to 127.0.1.1, or to an address written into the program",
            Fix = "bind to INADDR_ANY (0.0.0.0), or to 127.0.0.1, and the port from the command line",
            Fixed = [Talk.Scenario("one client served", [new Step.Observe(), .. talk.Visit(0, 0, 20)])],
            Judge = LifeJudge.ListensWhereTold,
        },
        new()
        {
            Id = "tcp/listen/keeps-listening",
            Title = "keeps listening while it serves and after",
            Clause = "POSIX.1-2024 XSH accept(): the original socket stays open and keeps accepting",
            Statement = "A connection gets a socket of its own; the listening one stays in LISTEN before, during and after connections.",
            Why = "the listening socket is closed after accept(), or when some limit of clients is reached",
            Fix = "close only the descriptor that accept() returned; keep the listening one open for the life of the server",
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("before, during and after one client", [new Step.Observe(), .. talk.Enter(0), .. talk.Exchange(0, 0, 20), new Step.Observe(), .. talk.Leave(0), .. Talk.Wait(20), new Step.Observe(), .. talk.Visit(1, 0, 20), new Step.Observe()]),
                Talk.Scenario("with eight clients at a time", [.. Talk.Each(Enumerable.Range(0, 8), i => [.. talk.Enter(i), .. talk.Exchange(i, i, 20), .. Talk.Wait(5), new Step.Observe()]), .. Talk.Each(Enumerable.Range(0, 8), talk.Leave), new Step.Observe()]),
                Talk.Scenario("after eight clients in a row", [.. Talk.Each(Enumerable.Range(0, 8), i => talk.Visit(i, i, 20)), new Step.Observe()]),
            ],
            Judge = Judges.WhileAlive(LifeJudge.ListenerSeen),
        },
    ];
}
