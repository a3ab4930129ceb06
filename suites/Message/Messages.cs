using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites.Message;

/// <summary>Messages in a stream: lines, length prefixes, records. TCP keeps bytes and their order, never the cuts (RFC 9293 §2.2).</summary>
public static partial class Messages
{
    private const string Stream = "RFC 9293 §2.2 (a stream of bytes without record boundaries); the spec: framing", Spec = "the spec: dialogue";
    private const int Newcomer = 8, Reaction = 1500, Endless = 48 << 20, Part = 16 << 20, Piece = 64 * 1024, Flood = 200_000;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
        !talk.Service.Request.HasMessages ? [] : [.. Answering(talk), .. Cuts(talk), .. Sizes(talk), .. Ends(talk), .. Lengths(talk), .. Contents(talk)];

    /// <summary>A message, and what is due for it.</summary>
    private static ImmutableArray<Requirement> Answering(Conversation talk)
    {
        var service = talk.Service;
        var (request, longest, answers, keeps) = (service.Request, service.LongestRequest, talk.Answers, talk.Answers && talk.KeepsOpen);
        return
        [
            new()
            {
                Id = "message/reply/answers-while-open",
                Applies = answers,
                Title = "answers a message while the connection is open",
                Clause = Spec,
                Statement = "The reply to a message comes when the message is whole, not only when the client has ended its side.",
                Why = "the server reads until end of file before it answers; or its output is buffered (stdio) and never flushed",
                Fix = "answer each message as soon as it is whole; flush, or do without stdio",
                After = Connections.ThreeWayHandshake,
                Fixed = [Talk.Scenario("one message", talk.Visit(0))],
                Judge = Judges.WhileAlive(MessageJudge.AnswersWhileOpen),
            },
            new()
            {
                Id = "message/greeting/first",
                Applies = service.Greeting is not null && !talk.IsAnnouncement,
                Title = "greets before it is spoken to",
                Clause = Spec + ": greeting",
                Statement = "The greeting comes once, right after the connection is there, without a word of the client.",
                Why = "the greeting is sent with the first reply; or is missing, or written with another line end",
                Fix = "send the greeting right after accept()",
                After = Connections.ThreeWayHandshake,
                Fixed =
                [
                    Talk.Scenario("a client that waits for the greeting", talk.Enter(0), Talk.Wait(100), talk.Leave(0)),
                    Talk.Scenario("two clients", talk.Enter(0), talk.Enter(1), talk.Exchange(1, 1), talk.Exchange(0, 0), talk.Leave(0), talk.Leave(1)),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/reply/right-answer",
                Applies = answers,
                Title = "gives each message the reply that the spec says",
                Clause = Spec + ": rules",
                Statement = "Each kind of message is answered by the first rule that matches it.",
                Why = "a case forgotten or compared wrongly; white space or line ends kept or removed where they should not be",
                Fix = "compare what was received and sent byte for byte with the rule; mind the line end",
                After = talk.Probe,
                Fixed = [.. EachRule(talk)],
                Random = () => Generate.Programs.OneMessage(talk),
                RandomCases = 16,
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/reply/nothing-added",
                Applies = answers,
                Title = "one reply per message, and nothing else",
                Clause = Spec,
                Statement = "Nothing comes that the spec does not say: no prompt, no second reply, no terminator of its own.",
                Why = "a prompt; the terminating NUL of a C string is sent, too; a reply is sent twice",
                Fix = "send exactly the bytes of the reply and its frame",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("a client that only listens", talk.Enter(0), Talk.Wait(100), talk.Finish(0)),
                    Talk.Scenario("one message", talk.WholeVisit(0)),
                    .. keeps ? [Talk.Scenario("three messages", talk.Enter(0), Talk.Each([0, 1, 2], i => talk.Exchange(0, i)), talk.Finish(0))] : Array.Empty<Scenario>(),
                ],
                Judge = Judges.WhileAlive(DataJudge.NothingAdded),
            },
            new()
            {
                Id = "message/reply/every-size",
                Applies = talk.Sizeable is not null && request is not Framing.Fixed,
                Title = "messages of every size up to the longest are answered whole",
                Clause = "the spec: framing (max); POSIX.1-2024 XSH send() (a short count is no error)",
                Statement = "Sizes around every power of two, to the longest that is allowed, are answered in full.",
                Why = "a buffer or a terminator one too small; the count that send() returns is ignored",
                Fix = "keep room for the frame; send in a loop until everything is gone (or sendall)",
                After = talk.Probe,
                Fixed =
                [
                    .. from power in Enumerable.Range(0, 21)
                       from off in (int[])[-1, 0, 1]
                       let size = (1 << power) + off
                       where size >= (talk.Sizeable is { } rule ? Math.Max(1, rule.Generate.MinBytes) : 1) && size <= Math.Min(longest, talk.Sizeable?.Generate.MaxBytes ?? 0) && (power > 1 || off == 0)
                       select Talk.Scenario($"a message of {size} bytes", talk.Visit(0, talk.Message(talk.Sizeable!, power, size))),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
        ];
    }

    private static IEnumerable<Scenario> EachRule(Conversation talk)
    {
        foreach (var (index, rule) in talk.Service.Rules.Index())
        {
            if (rule.When.Malformed || (rule.Then != Then.Keep && !talk.Answers)) continue;
            var kinds = Math.Clamp(rule.Generate.Examples.Length * talk.Service.Rules.Length, 3, 40);
            for (var number = 0; number < kinds; number++)
            {
                var message = talk.Message(rule, number, 5 + number * 7);
                yield return Talk.Scenario($"a message of rule {index + 1}", talk.Visit(0, message));
            }
        }
    }

    private static Payload Joined(IEnumerable<Payload> parts) => new Payload.Joined([.. parts]) is { Size: <= 2048 } small ? Payload.Literal.Of(small.ToBytes()) : new Payload.Joined([.. parts]);
}
