using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Message;

/// <summary>How long a message may be, and what it says of that itself.</summary>
public static partial class Messages
{
    /// <summary>From the empty message to one without an end.</summary>
    private static ImmutableArray<Requirement> Sizes(Conversation talk)
    {
        var service = talk.Service;
        var (request, longest, keeps) = (service.Request, service.LongestRequest, talk.Answers && talk.KeepsOpen);
        return
        [
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
        ];
    }

    /// <summary>Prefixes that say what is not so.</summary>
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

    /// <summary>The longest message allowed, where it is said what is due for it.</summary>
    private static Payload? Longest(Conversation talk, int number)
    {
        var longest = talk.Service.LongestRequest;
        if (talk.Service.Request is Framing.Fixed || longest > 1 << 24 || !talk.Answers) return null;
        if (talk.Sizeable is { } rule && rule.Generate.MaxBytes >= longest) return talk.Message(rule, number, longest);
        var letters = Talk.Letters(longest, number).ToBytes();
        return Replies.Respond(talk.Service, letters) is { Then: Then.Keep } ? talk.Framed(letters) : null;
    }
}
