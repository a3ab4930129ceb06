using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites.Message;

/// <summary>Messages in a stream: lines, length prefixes, records. TCP keeps bytes and their order, never the cuts (RFC 9293 §2.2).</summary>
public static class Messages
{
    private const string Stream = "RFC 9293 §2.2 (a stream of bytes without record boundaries); the spec: framing", Spec = "the spec: dialogue";
    private const int Newcomer = 8, Reaction = 1500, Endless = 48 << 20, Part = 16 << 20, Piece = 64 * 1024;

    public static ImmutableArray<Requirement> For(Conversation talk)
    {
        if (!talk.Service.Request.HasMessages) return [];
        var service = talk.Service;
        var (request, longest) = (service.Request, service.LongestRequest);
        var (answers, keeps) = (talk.Answers, talk.Answers && talk.KeepsOpen);
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
            new()
            {
                Id = "message/cut/byte-by-byte",
                Applies = answers,
                Title = "a message that comes byte by byte is one message",
                Clause = Stream,
                Statement = "The reply is the same when each byte of the message comes in a segment of its own.",
                Why = "one recv() is taken for one message",
                Fix = "collect bytes in a buffer of the connection until the message is whole",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("byte by byte", talk.Enter(0), talk.Exchange(0, talk.Message(0), [1]), talk.Leave(0)),
                    Talk.Scenario("byte by byte, 10 ms apart", talk.Enter(0), talk.Exchange(0, talk.Message(1, 6), [1], pause: 10), talk.Leave(0)),
                    .. keeps ? [Talk.Scenario("three messages, byte by byte", talk.Enter(0), Talk.Each([0, 1, 2], i => talk.Exchange(0, talk.Message(i, 30), [1])), talk.Leave(0))] : Array.Empty<Scenario>(),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/cut/anywhere",
                Applies = answers,
                Title = "the replies do not depend on how the messages are cut",
                Clause = Stream,
                Statement = "However a sequence of messages is cut into segments, the replies are the same (segmentation invariance).",
                Why = "bytes behind the first message of a recv() are dropped; or a message that is not whole yet is answered or dropped",
                Fix = "loop: take whole messages out of the buffer, keep the rest for the next recv()",
                After = talk.Probe,
                Random = () => Generate.Programs.CutMessages(talk, keeps ? 4 : 1),
                RandomCases = 24,
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/cut/with-pauses",
                Applies = answers,
                Title = "a pause in the middle of a message changes nothing",
                Clause = Stream,
                Statement = "A message whose second half comes later is still one message; time is no boundary.",
                Why = "a short receive timeout, or a non-blocking read that finds nothing yet, is taken for the end of the message",
                Fix = "wait for the rest for as long as the connection is open",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("in two pieces, 150 ms apart", talk.Enter(0), talk.Exchange(0, talk.Message(0), Half(talk.Message(0)), pause: 150), talk.Leave(0)),
                    Talk.Scenario("in two pieces, 600 ms apart", talk.Enter(0), talk.Exchange(0, talk.Message(1), Half(talk.Message(1)), pause: 600), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/cut/in-the-frame",
                Applies = answers,
                Title = "the frame itself may be cut",
                Clause = Stream,
                Statement = "A terminator or a length prefix whose bytes come in different segments is still one; so is a message whose last byte comes alone.",
                Why = "the terminator is looked for in one segment only; or the prefix is read by one recv() that is taken to be whole",
                Fix = "look for the frame in the buffer of the connection, never in what one recv() returned",
                After = talk.Probe,
                Fixed =
                [
                    .. from at in FrameCuts(request, talk.Message(0).Size).Distinct()
                       select Talk.Scenario($"cut after {at} of {talk.Message(0).Size} bytes, 40 ms apart", talk.Enter(0), talk.Exchange(0, talk.Message(0), [at, talk.Message(0).Size], pause: 40), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/join/two-in-one-segment",
                Applies = keeps,
                Title = "two messages in one segment are two messages",
                Clause = Stream,
                Statement = "Messages that come together are all answered, in order (coalescing invariance).",
                Why = "one recv() is taken for one message, and what is behind the first is dropped",
                Fix = "loop over the buffer until no whole message is left in it",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("two messages in one send", talk.Enter(0), talk.Exchange(0, Together(talk, 0, 2)), talk.Leave(0)),
                    Talk.Scenario("five messages in one send", talk.Enter(0), talk.Exchange(0, Together(talk, 3, 5)), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/join/message-and-a-half",
                Applies = keeps,
                Title = "a message and the beginning of the next in one segment",
                Clause = Stream,
                Statement = "The whole one is answered at once; the half one waits for its rest and is answered then.",
                Why = "the rest of the buffer is thrown away with the message that was taken out of it; or the reply waits until the buffer is empty",
                Fix = "keep what is behind the last whole message for the next recv()",
                After = talk.Probe,
                Fixed = [Talk.Scenario("a message and a half, then the rest", talk.Enter(0), OneAndAHalf(talk, 0), talk.Leave(0)), Talk.Scenario("twice", talk.Enter(0), OneAndAHalf(talk, 0), OneAndAHalf(talk, 4), talk.Leave(0))],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/pipeline/all-in-order",
                Applies = keeps,
                Title = "messages sent without waiting are all answered, in order",
                Clause = Stream,
                Statement = "A client may send many messages before it reads the first reply; each is answered, in the order of the messages.",
                Why = "replies are sent by several threads; or a queue of one message is overwritten",
                Fix = "answer the messages of a connection one after the other",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("40 messages, then 40 replies", talk.Enter(0), Talk.Each(Enumerable.Range(0, 40), i => [Conversation.Send(0, talk.Message(i, 10 + i % 7))]), talk.Receive(0, Joined(Enumerable.Range(0, 40).Select(i => talk.Message(i, 10 + i % 7)))), talk.Leave(0)),
                    Talk.Scenario("300 messages in one send", talk.Enter(0), talk.Exchange(0, Together(talk, 0, 300)), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/size/empty",
                Applies = keeps && request is not Framing.Fixed && Replies.Respond(service, []) is { Then: Then.Keep },
                Title = "an empty message is a message",
                Clause = Spec,
                Statement = "A message without a payload is answered by its rule like any other, and the connection goes on.",
                Why = "a length of 0, or an empty line, is taken for the end of file or skipped",
                Fix = "tell “no bytes in the message” from recv() == 0",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("an empty message, then another", talk.Enter(0), talk.Exchange(0, talk.Framed([])), talk.Exchange(0, 0), talk.Leave(0)),
                    Talk.Scenario("an empty message between two others in one send", talk.Enter(0), talk.Exchange(0, Joined([talk.Message(0), talk.Framed([]), talk.Message(1)])), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/size/longest",
                Applies = Longest(talk, 0) is not null,
                Title = "the longest message allowed is answered",
                Clause = "the spec: framing (max), limits (request_max)",
                Statement = "A message of exactly the longest allowed size is answered like any other.",
                Why = "“less than” where “at most” was meant; or a buffer without room for the terminator",
                Fix = "compare with the limit itself, and make the buffer larger by the frame",
                After = talk.Probe,
                Fixed = Longest(talk, 0) is { } whole
                    ? [
                        Talk.Scenario($"{longest} bytes at once", talk.Enter(0), talk.Exchange(0, whole), keeps ? talk.Exchange(0, 0) : [], talk.Leave(0)),
                        Talk.Scenario($"{longest} bytes in pieces", talk.Enter(0), talk.Exchange(0, Longest(talk, 1)!, [Math.Max(1, longest / 3)], pause: 5), talk.Leave(0)),
                    ] : [],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "message/size/one-over",
                Applies = CanExceed(service),
                Title = "a message that is one byte too long is refused as the spec says",
                Clause = "the spec: limits (oversize)",
                Statement = "A message one byte longer than allowed gets what the spec says: the end of the connection, an error reply, or a reply to the part that fits; and others are served.",
                Why = "the limit is not looked at; or the bytes beyond it overwrite something; or what is left of the message is taken for the next one",
                Fix = "count the bytes of a message, and at the limit do what the spec says",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = CanExceed(service)
                    ? [Talk.Scenario($"{longest + 1} bytes", talk.Enter(0), [new Step.Send(0, Over(talk, longest + 1), [], MayFail: true)], React(talk, 0), talk.Visit(Newcomer))] : [],
                Judge = Judges.WhileAlive(MessageJudge.RefusedAsTheSpecSays),
            },
            new()
            {
                Id = "message/size/endless",
                Applies = CanExceed(service) && longest <= Endless / 8,
                Title = "a message that never ends costs no memory",
                Clause = "the spec: limits; RFC 9293 §3.8.6 (the receiver decides how much it takes)",
                Statement = "A message far longer than allowed does not make the server keep it: its memory stays as it was.",
                Why = "the buffer of a connection grows until the terminator comes, or has the announced size from the start",
                Fix = "stop collecting at the limit; never allocate what a client merely announces",
                Company = Company.Alone,
                After = talk.Probe,
                PatienceScale = 1,
                Fixed = CanExceed(service)
                    ? [
                        Talk.Scenario($"{Endless >> 20} MiB without an end",
                            talk.Visit(1), [new Step.Sample("before")], talk.Enter(0), [new Step.Send(0, NeverEnding(talk), [Piece], MayFail: true), new Step.Sample("with the message under way"), new Step.Close(0)], talk.Visit(Newcomer)),
                    ] : [],
                Judge = MessageJudge.CostsNoMemory,
            },
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
            .. Lengths(talk),
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

    private static ImmutableArray<Requirement> Lengths(Conversation talk)
    {
        if (talk.Service.Request is not Framing.LengthPrefix prefix) return [];
        var widest = prefix.Bytes == 8 ? ulong.MaxValue : (1ul << (8 * prefix.Bytes)) - 1;
        Scenario Lie(string situation, ulong length, int bytes) => Talk.Scenario(
            situation, talk.Visit(1), [new Step.Sample("before")], talk.Enter(0), [new Step.Send(0, Payload.Literal.Of([.. prefix.Prefix(length), .. Talk.Letters(bytes).ToBytes()]), [], MayFail: true)], React(talk, 0), talk.Visit(Newcomer), [new Step.Sample("after")]);
        var refused = Judges.All(MessageJudge.RefusedAsTheSpecSays, MessageJudge.CostsNoMemory);
        return
        [
            new()
            {
                Id = "message/length/negative",
                Applies = widest > (ulong)prefix.Max,
                Title = "a length with its highest bit set is refused",
                Clause = "the spec: framing (length_prefix), limits (oversize)",
                Statement = "A length of all ones is a very large number, not -1; it is beyond the limit and refused as the spec says.",
                Why = "the length is read into a signed integer: -1 passes “length <= max” and becomes a huge size later",
                Fix = "use an unsigned type, and compare with the limit before anything else",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = widest > (ulong)prefix.Max ? [Lie("a length of all ones", widest, 20), Lie("a length with only the highest bit set", widest / 2 + 1, 20)] : [],
                Judge = refused,
            },
            new()
            {
                Id = "message/length/huge",
                Applies = widest / 2 > (ulong)prefix.Max,
                Title = "a huge length is refused and costs no memory",
                Clause = "the spec: framing (length_prefix), limits (oversize)",
                Statement = "A length far beyond the limit is refused as the spec says; the server does not make room for it.",
                Why = "malloc(length) or bytearray(length) before the length is compared with anything",
                Fix = "compare the length with the limit first",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = widest / 2 > (ulong)prefix.Max ? [Lie("the largest positive length", widest / 2, 100), .. (ulong)prefix.Max < 100_000_000 && widest > 400_000_000 ? [Lie("400 MB announced", 400_000_000, 4000)] : Array.Empty<Scenario>()] : [],
                Judge = refused,
            },
            new()
            {
                Id = "message/length/short",
                Title = "the length is what was announced, neither less nor more",
                Clause = "the spec: framing (length_prefix)",
                Statement = "If fewer bytes come than the length announced and the client ends its side, there is no message: nothing is answered, and the connection is closed. What comes beyond the announced length is the next message.",
                Why = "recv() is trusted to return all bytes; the rest of the buffer is whatever was there before",
                Fix = "read in a loop until the announced number is there, and stop at recv() == 0",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("10 of 20 bytes, then half-close", talk.Enter(0), [Conversation.Send(0, Payload.Literal.Of([.. prefix.Prefix(20), .. Talk.Letters(10).ToBytes()]))], talk.Finish(0), talk.Visit(Newcomer)),
                    .. talk.Answers && talk.KeepsOpen && Replies.Respond(talk.Service, "abc"u8) is { Then: Then.Keep } && Replies.Respond(talk.Service, "defgh"u8) is { Then: Then.Keep }
                        ? [Talk.Scenario("3 bytes announced, and more behind them", talk.Enter(0), talk.Exchange(0, Joined([talk.Framed("abc"u8.ToArray()), talk.Framed("defgh"u8.ToArray())])), talk.Leave(0))] : Array.Empty<Scenario>(),
                    Talk.Scenario("a length and nothing else, then half-close", talk.Enter(0), [Conversation.Send(0, Payload.Literal.Of(prefix.Prefix(5)))], talk.Finish(0), talk.Visit(Newcomer)),
                ],
                Judge = Judges.All(DataJudge.Unchanged, MessageJudge.NotAnswered, CloseJudge.FinAnswered),
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

    private static Payload Together(Conversation talk, int first, int count) => Joined(Enumerable.Range(first, count).Select(i => talk.Message(i, 8 + i % 11)));

    private static IEnumerable<Step> OneAndAHalf(Conversation talk, int number)
    {
        var (one, two) = (talk.Message(number).ToBytes(), talk.Message(number + 1).ToBytes());
        var half = Math.Max(1, two.Length / 2);
        return
        [
            Conversation.Send(0, Payload.Literal.Of([.. one, .. two[..half]])), .. talk.Receive(0, Payload.Literal.Of(one)),
            Conversation.Send(0, Payload.Literal.Of(two.AsSpan(half))), .. talk.Receive(0, Payload.Literal.Of(two)),
        ];
    }

    private static ImmutableArray<int> Half(Payload message) => [Math.Max(1, message.Size / 2), message.Size];

    /// <summary>Where a cut hits the frame.</summary>
    private static IEnumerable<int> FrameCuts(Framing framing, int size) => framing switch
    {
        Framing.Line line => [.. Enumerable.Range(1, line.End.Length).Select(back => size - back).Where(at => at > 0)],
        Framing.LengthPrefix prefix => [.. Enumerable.Range(1, prefix.Bytes).Where(at => at < size), .. size > 1 ? [size - 1] : Array.Empty<int>()],
        _ => size > 1 ? [1, size - 1] : [],
    };

    /// <summary>A message over the limit can be written in this framing.</summary>
    private static bool CanExceed(ServiceSpec service) => service.LongestRequest < 1 << 24 && service.Request switch
    {
        Framing.Line => true,
        Framing.LengthPrefix { Bytes: var bytes } => bytes >= 4 || service.LongestRequest + 1 < 1 << (8 * bytes),
        _ => false,
    };

    private static Payload Over(Conversation talk, int size) => talk.Service.Request switch
    {
        Framing.LengthPrefix prefix => new Payload.Joined([Payload.Literal.Of(prefix.Prefix((ulong)(size + (prefix.CountsFrame ? prefix.Bytes : 0)))), Talk.Letters(size)]),
        Framing.Line line => new Payload.Joined([Talk.Letters(size), Payload.Literal.Of(line.End)]),
        _ => Talk.Letters(size),
    };

    private static Payload NeverEnding(Conversation talk) =>
        new Payload.Joined(
        [
            .. talk.Service.Request is Framing.LengthPrefix { Bytes: >= 4 } prefix ? [Payload.Literal.Of(prefix.Prefix(Endless))] : Array.Empty<Payload>(),
            .. Enumerable.Range(0, Endless / Part).Select(i => Talk.Letters(Part, i)), // a case file has payloads of at most this many bytes
        ]);

    /// <summary>Wait for a reply or the end, and once more: a server may say why before it closes.</summary>
    private static IEnumerable<Step> React(Conversation talk, int socket) => [new Step.Await(socket, Reaction, talk.Service.Reply), new Step.Await(socket, Reaction / 3, talk.Service.Reply), new Step.Close(socket)];

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

    /// <summary>The longest message allowed, where it is said what is due for it.</summary>
    private static Payload? Longest(Conversation talk, int number)
    {
        var longest = talk.Service.LongestRequest;
        if (talk.Service.Request is Framing.Fixed || longest > 1 << 24 || !talk.Answers) return null;
        if (talk.Sizeable is { } rule && rule.Generate.MaxBytes >= longest) return talk.Message(rule, number, longest);
        var letters = Talk.Letters(longest, number).ToBytes();
        return Replies.Respond(talk.Service, letters) is { Then: Then.Keep } ? talk.Framed(letters) : null;
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
