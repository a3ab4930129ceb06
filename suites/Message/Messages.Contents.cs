using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Message;

/// <summary>Messages that are not whole, not text, no command, or the last.</summary>
public static partial class Messages
{
    /// <summary>What is no whole message when the client goes.</summary>
    private static ImmutableArray<Requirement> Ends(Conversation talk)
    {
        var (request, answers, keeps) = (talk.Service.Request, talk.Answers, talk.Answers && talk.KeepsOpen);
        return
        [
            new()
            {
                Id = "message/end/unterminated",
                Applies = answers && request is Framing.Line,
                Title = "a last line without a terminator gets what the spec says",
                Clause = "the spec: framing (unterminated_at_eof)",
                Statement = "If the client half-closes in the middle of a line, the line is answered or dropped as the spec says, and the connection is closed.",
                Why = "at end of file the buffer is forgotten; or answered although it is no whole line",
                Fix = "decide at recv() == 0 what to do with a buffer that is not empty",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("a line without its end", talk.Enter(0), [Conversation.Send(0, WithoutEnd(talk, 0))], talk.Finish(0)),
                    .. keeps ? [Talk.Scenario("a whole line, then one without its end", talk.Enter(0), talk.Exchange(0, 1), [Conversation.Send(0, WithoutEnd(talk, 0))], talk.Finish(0))] : Array.Empty<Scenario>(),
                ],
                Judge = Judges.WhileAlive(Judges.All(DataJudge.Drained, DataJudge.NothingAdded)),
            },
            new()
            {
                Id = "message/end/half-a-message",
                Title = "survives clients that leave in the middle of a message",
                Clause = "RFC 9293 §3.6; the spec: framing",
                Statement = "A client that closes, half-closes or resets before its message is whole ends its own connection, nothing else; the half message is not answered.",
                Why = "the read of “the rest” never returns, or throws, or the half message is processed",
                Fix = "treat end of file and ECONNRESET in the middle of a message as the end of that connection",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("a close", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), Conversation.Send(i, Inside(talk, i)), .. Talk.Wait(10), .. talk.Leave(i)]), talk.Visit(Newcomer)),
                    Talk.Scenario("a reset", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), Conversation.Send(i, Inside(talk, i)), .. Talk.Wait(10), new Step.Abort(i)]), talk.Visit(Newcomer)),
                    .. request is Framing.Line { AtEof: Unterminated.Reply } ? Array.Empty<Scenario>() : [Talk.Scenario("a half-close", Talk.Each([0, 1], i => [.. talk.Enter(i), Conversation.Send(i, Inside(talk, i)), .. talk.Finish(i)]), talk.Visit(Newcomer))],
                ],
                Judge = MessageJudge.NotAnswered,
            },
        ];
    }

    /// <summary>Odd bytes, unknown commands, and the last message.</summary>
    private static ImmutableArray<Requirement> Contents(Conversation talk)
    {
        var service = talk.Service;
        var (request, keeps) = (service.Request, talk.Answers && talk.KeepsOpen);
        return
        [
            new()
            {
                Id = "message/line/terminator-exact",
                Applies = keeps && request is Framing.Line && Replies.Respond(service, Lone(request)) is { Then: Then.Keep },
                Title = "only the terminator ends a line",
                Clause = "the spec: framing (terminator)",
                Statement = "A carriage return or line feed that is not the whole terminator belongs to the line like any other byte.",
                Why = "readline() or strip() of the language, which takes CR, LF and CRLF for the same",
                Fix = "look for exactly the bytes of the terminator, and remove only those",
                After = talk.Probe,
                Fixed = request is Framing.Line ? [Talk.Scenario("a line with a lone CR or LF in it", talk.Enter(0), talk.Exchange(0, talk.Framed(Lone(request))), talk.Exchange(0, 1), talk.Leave(0))] : [],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/bytes/wrong",
                Title = "bytes that are no text harm nobody",
                Clause = Spec + "; RFC 9293 §2.2 (bytes, not characters)",
                Statement = "NUL, 0xFF and bytes that are no UTF-8 are answered by the rule that matches them, and whatever the rule, the server goes on serving.",
                Why = "decode() throws; a NUL ends a C string; char is signed",
                Fix = "work with bytes and lengths; decode, if at all, with an answer ready for failure",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = [.. WrongBytes(talk)],
                Judge = MessageJudge.AnswersWhereItIsTold,
            },
            new()
            {
                Id = "message/malformed/answered",
                Applies = keeps && Unknown(talk).Any(),
                Title = "what is no command gets the reply that the spec has for such",
                Clause = Spec + ": when: { malformed: true } or { any: true } behind all others",
                Statement = "A message that is none of the commands, however near it comes to one, gets the reply that the spec has for such, and the connection goes on as the spec says.",
                Why = "an unknown command is ignored, ends the connection, or raises an exception; commands are trimmed, or compared without regard to case",
                Fix = "end the chain of cases with one for everything else",
                After = talk.Probe,
                Fixed = [.. Unknown(talk).Select(payload => Talk.Scenario("a message that is no command, then another", talk.Enter(0), talk.Exchange(0, talk.Framed(payload)), talk.Exchange(0, 0), talk.Leave(0)))],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/then/closes",
                Applies = service.Rules.Any(rule => !rule.When.Malformed && rule.Then != Then.Keep) || service.ServerCloses == ServerCloses.AfterReply,
                Title = "ends the connection where the spec says so",
                Clause = Spec + ": then; lifecycle: server_closes",
                Statement = "After a reply with which the spec ends the connection, the server's FIN comes without a further word of the client.",
                Why = "the loop over messages is not left; or another descriptor of the connection stays open",
                Fix = "after that reply leave the loop and close() the connection",
                After = talk.Probe,
                JudgesClose = true,
                Fixed =
                [
                    .. from rule in service.Rules
                       where !rule.When.Malformed && (rule.Then != Then.Keep || service.ServerCloses == ServerCloses.AfterReply)
                       select Talk.Scenario("a message whose reply is the last", talk.Enter(0), talk.Exchange(0, talk.Message(rule, 0)), [new Step.Receive(0, null), new Step.Close(0)]),
                ],
                Judge = Judges.WhileAlive(MessageJudge.ClosesAfterReply),
            },
        ];
    }

    private static Payload WithoutEnd(Conversation talk, int number)
    {
        var whole = talk.Message(number).ToBytes();
        return Payload.Literal.Of(whole.AsSpan(0, whole.Length - (talk.Service.Request is Framing.Line line ? line.End.Length : 0)));
    }

    private static Payload Inside(Conversation talk, int number)
    {
        var whole = talk.Message(number).ToBytes();
        return Payload.Literal.Of(whole.AsSpan(0, Math.Max(1, whole.Length / 2)));
    }

    /// <summary>A line with those of CR and LF in it that do not end it.</summary>
    private static byte[] Lone(Framing framing) => framing is Framing.Line { Terminator: "0A" } ? "one\rtwo\r"u8.ToArray() : framing is Framing.Line { Terminator: "0D" } ? "one\ntwo\n"u8.ToArray() : "one\ntwo\rthree"u8.ToArray();

    private static IEnumerable<Scenario> WrongBytes(Conversation talk)
    {
        var fixedSize = (talk.Service.Request as Framing.Fixed)?.Size;
        var edges = talk.Service.Request is Framing.Line line ? "\r\n"u8.ToArray().Except(line.End).ToArray() : "\r\n\0"u8.ToArray();
        foreach (var (situation, bytes) in ((string, byte[])[])[("white space at both ends", [.. " \ta word."u8, .. fixedSize is { } room ? new byte[Math.Max(0, room - 11 - edges.Length)] : [], .. " \t"u8, .. edges]), ("a line feed at the end of a record", [.. "a record"u8, .. fixedSize is { } space ? new byte[Math.Max(0, space - 9)] : [], .. fixedSize is null ? [] : "\n"u8.ToArray()]), ("NUL bytes in a message", "ab\0cd\0"u8.ToArray()), ("bytes of 0xFF", [0xff, 0xff, 0xfe, 0xff]), ("broken UTF-8", [0x61, 0xc3, 0x28, 0xe2, 0x82, 0xf0, 0x9f])])
        {
            byte[] payload = fixedSize is { } size ? [.. Enumerable.Range(0, size).Select(i => bytes[i % bytes.Length])] : bytes;
            var determined = Replies.Respond(talk.Service, payload) is { Then: Then.Keep };
            yield return determined
                ? Talk.Scenario(situation, talk.Visit(0, talk.Framed(payload)), talk.Visit(Newcomer))
                : Talk.Scenario(situation, talk.Enter(0), [new Step.Send(0, talk.Framed(payload), [], MayFail: true)], [new Step.Await(0, 200, talk.Service.Reply), new Step.Close(0)], talk.Visit(Newcomer));
        }
    }

    /// <summary>Payloads that are no command of a service that has some: others, and near misses; each is answered by the rule for such.</summary>
    private static IEnumerable<byte[]> Unknown(Conversation talk)
    {
        var service = talk.Service;
        var commands = service.Rules.Where(rule => rule.When is { Malformed: false } and not { Literal: null, Prefix: null, Regex: null }).ToList();
        if (commands.Count == 0) return [];
        var near = from command in commands
                   let text = command.When.Literal ?? command.When.Prefix
                   where text is not null
                   from changed in (byte[][])[[.. " "u8, .. text], [.. text, .. " "u8], [.. text.Select(b => (byte)(char.IsAsciiLetter((char)b) ? b ^ 0x20 : b))], text[..^1]]
                   select changed;
        var others = service.Rules.Where(rule => !commands.Contains(rule)).SelectMany(rule => rule.Generate.Examples);
        return
        [
            .. from payload in others.Concat(((string[])["NO-SUCH-COMMAND", "?", "xyzzy 1 2 3", " "]).Select(System.Text.Encoding.ASCII.GetBytes)).Concat(near)
               where service.Request is Framing.Fixed { Size: var size } ? payload.Length == size : payload.Length <= service.LongestRequest
               where Replies.Respond(service, payload) is { Then: Then.Keep } rule && !commands.Contains(rule)
               select payload,
        ];
    }
}
