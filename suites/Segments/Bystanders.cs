using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Segments;

using static Phrases;

/// <summary>What is the program's own matter: it lives through all of it, and ordinary clients are served.</summary>
public static class Bystanders
{
    private const int Newcomer = 900, Floods = 100;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = Group + "survives",
            Applies = Fits(talk),
            OnDemand = true,
            Title = "lives through illegal segments and serves others",
            Clause = "RFC 9293 §3.10.7; POSIX.1-2024 XSH recv(): ECONNRESET; accept(): ECONNABORTED",
            Statement = "However a peer misbehaves on the wire, the worst a program sees of it is an error on that one connection, or an exceptional condition; it lives on and serves its other clients.",
            Why = "an error or an exceptional condition (urgent data) of one connection ends the program or its loop",
            Fix = "treat what happens on one connection as the matter of that connection; ignore urgent data, or read it",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Among(talk, "resets of all kinds", Enter(talk, 0), [new Step.Inject(0, TcpFlags.Rst, 10), Listen(0), new Step.Inject(0, TcpFlags.Rst)], HalfOpen(1), [new Step.Inject(1, TcpFlags.Rst)]),
                Among(talk, "a reset with unread data before it", Enter(talk, 0), [Data(0, talk.HalfMessage(1, 50)), new Step.Inject(0, TcpFlags.Rst)]),
                Among(talk, "urgent data", Enter(talk, 0), [new Step.Inject(0, TcpFlags.Urg | TcpFlags.Psh | TcpFlags.Ack, Data: Talk.Letters(6), Urgent: 3), Listen(0)]),
                Among(talk, "a peer that vanishes with a closed window", Enter(talk, 0, 0), [new Step.Send(0, talk.Message(1, 200)), Listen(0)]),
                Among(talk, "odd flags", [new Step.Craft(0), new Step.Inject(0, TcpFlags.Syn | TcpFlags.Fin), Listen(0), new Step.Craft(1), new Step.Inject(1, TcpFlags.None)], Enter(talk, 2), [new Step.Inject(2, TcpFlags.Fin | TcpFlags.Psh | TcpFlags.Urg), Listen(2)]),
                Among(talk, $"{Floods} handshakes that nobody ends", Talk.Each(Enumerable.Range(0, Floods), i => [new Step.Craft(i), Syn(i)])),
            ],
            Judge = evidence => SegmentJudge.Observed(evidence, LifeJudge.Survives),
        },
    ];

    private static Scenario Among(Conversation talk, string situation, params IEnumerable<Step>[] rudeness) => Talk.Scenario(situation, [.. rudeness, talk.Visit(Newcomer, 90, 30)]);
}
