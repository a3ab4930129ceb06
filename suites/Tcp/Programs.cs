using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tcp;

/// <summary>Programs of primitives drawn at random: what nobody thought of.</summary>
public static class Programs
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tcp/random/legal-program",
            Applies = talk.KeepsOpen && talk.Answers && talk.Service.SilentClientMustNotBlock,
            Title = "answers random legal programs of primitives",
            Clause = "RFC 9293 §3.9.1; RFC 862",
            Statement = "Whatever legal sequence of connect, send, receive, shutdown, close and abort up to three clients carry out, what is due to them comes back.",
            Why = "a state that the program did not think of: two half-closes at a time, a slot used again, an abort between two messages",
            Fix = "replay the shrunk program step by step and look at the state kept for each connection",
            After = Concurrency.SilentClientBlocksNobody,
            Fixed =
            [
                Talk.Scenario("a newcomer after an abort with much owed",
                    [.. talk.Enter(new Step.Connect(0, ReceiveBuffer: 4096)), Conversation.Send(0, talk.Message(0, 30_000)), Conversation.Send(0, talk.Message(1, 30_000)), new Step.Idle(20), new Step.Abort(0)],
                    Talk.Wait(20), talk.Visit(1, 0, 50), talk.Visit(2, 2, 50)),
            ],
            Random = () => Generate.Programs.Legal(talk),
            RandomCases = 40,
            Judge = Judges.All(LifeJudge.Survives, DataJudge.Echoed),
        },
        new()
        {
            Id = "tcp/survive/illegal-step",
            Applies = talk.Service.Tls is null && talk.KeepsOpen && talk.Answers && talk.Service.SilentClientMustNotBlock,
            Title = "is not disturbed by a primitive that its client may not use",
            Clause = "POSIX.1-2024 XSH connect(), send(), recv(), shutdown()",
            Statement = "A client's illegal primitive (a second connect, a send after its shutdown, a receive before its connect) fails on its side and changes nothing: what worked before it still works.",
            Why = "as for random legal programs: the server sees only the legal part",
            Fix = "replay the shrunk program step by step and look at the state kept for each connection",
            After = Concurrency.SilentClientBlocksNobody,
            Random = () => Generate.Programs.WithOneIllegalStep(talk),
            RandomCases = 24,
            Judge = Judges.All(LifeJudge.Survives, LifeJudge.IllegalStepChangesNothing),
        },
    ];
}
