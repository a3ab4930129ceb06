using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tcp;

/// <summary>The server as a process.</summary>
public static class Life
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "process/life/keeps-running",
            Title = "the process lives through all of it",
            Clause = "course; RFC 862: the server serves until it is stopped",
            Statement = "No sequence of primitives of a client ends the server: no exit, no crash, no death by signal.",
            Why = "an uncaught exception, an out-of-bounds write, an assert, an exit() in an error path",
            Fix = "look at what the process printed last and at the primitive that was under way; run it again with a sanitizer",
            Always = true,
            After = talk.Service.Transport == Transport.Udp ? talk.Probe : Connections.ThreeWayHandshake,
            Fixed =
            [
                Talk.Scenario("a message of 2000 bytes", talk.Visit(0, 0, 2000)),
                Talk.Scenario("thirty clients in a row", Talk.Each(Enumerable.Range(0, 30), i => talk.Visit(i, i, 20))),
                Talk.Scenario("five half-closes in a row", Talk.Each(Enumerable.Range(0, 5), i => [.. talk.Enter(i), Conversation.Send(i, talk.Message(i, 200)), .. talk.Finish(i)])),
            ],
            Company = Company.Alone,
            Judge = LifeJudge.KeepsRunning,
        },
        new()
        {
            Id = "process/restart/same-port",
            Applies = talk.Service.Transport == Transport.Tcp,
            Title = "restarts on its port at once",
            Clause = "POSIX.1-2024 XSH setsockopt(): SO_REUSEADDR; RFC 9293 §3.6.1 (TIME-WAIT)",
            Level = Level.Should,
            Statement = "Stopped with a client connected and started again at once, the server listens on the same port, although the old connection is still in FIN-WAIT or TIME-WAIT.",
            Why = "bind() without SO_REUSEADDR fails with EADDRINUSE while an old connection of the port is still known to the kernel",
            Fix = "setsockopt(SO_REUSEADDR) on the listening socket before bind()",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Talk.Scenario("stopped with a client connected",
                    talk.Enter(0), talk.Exchange(0, 0, 20), [new Step.Restart(), new Step.Close(0)], talk.Visit(1, 1, 20)),
            ],
            Judge = LifeJudge.Restarts,
        },
    ];
}
