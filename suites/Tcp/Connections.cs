using System.Collections.Immutable;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tcp;

/// <summary>How a connection comes about, and what names it.</summary>
public static class Connections
{
    public const string ThreeWayHandshake = WireRules.ThreeWayHandshake;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = ThreeWayHandshake,
            Title = "every connect is a complete three-way handshake",
            Clause = "RFC 9293 §3.5",
            Statement = "SYN is answered by SYN+ACK that acknowledges ISS+1, and our ACK completes the handshake; no connect is refused or left unanswered.",
            Why = "nobody listens at that moment: the listener was closed, or is opened again only after each client",
            Fix = "open the listening socket once, before anything else, and keep it",
            Always = true,
            Fixed = [Talk.Scenario("one client", talk.WholeVisit(0, 0, 20)), Talk.Scenario("three clients", Talk.Each([0, 1, 2], i => talk.Visit(i, i, 20)))],
            Judge = Judges.WhileAlive(HandshakeJudge.Complete),
        },
        new()
        {
            Id = "tcp/tuple/one-per-connection",
            Title = "one 5-tuple per connection, the same at both ends and on the wire",
            Clause = "RFC 9293 §3.3.1, §3.9.1.1 (MUST-45)",
            Statement = "A connection is named by protocol, source and destination address and port; both ends and the wire agree on it, and the server uses no other for the same client.",
            Why = "the server answers over a connection that it opens itself, or from another socket",
            Fix = "answer on the descriptor that accept() returned",
            Always = true,
            After = ThreeWayHandshake,
            Fixed =
            [
                Talk.Scenario("three clients at a time", Talk.Each([0, 1, 2], talk.Enter), Talk.Each([0, 1, 2], i => talk.Exchange(i, i, 40)), Talk.Each([0, 1, 2], talk.Leave)),
                Talk.Scenario("one after another", Talk.Each([0, 1], i => talk.Visit(i, i, 40))),
            ],
            Judge = TupleJudge.OnePerConnection,
        },
    ];
}
