using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Message;

/// <summary>Where messages are cut and joined.</summary>
public static partial class Messages
{
    /// <summary>The same messages in other segments.</summary>
    private static ImmutableArray<Requirement> Cuts(Conversation talk)
    {
        var (request, answers, keeps) = (talk.Service.Request, talk.Answers, talk.Answers && talk.KeepsOpen);
        return
        [
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
                Id = "message/flow/slow-reader",
                Applies = keeps,
                Title = "a slow reader with a small window gets every reply",
                Clause = "RFC 9293 §3.8.6 (flow control); POSIX.1-2024 XSH send(): EAGAIN",
                Statement = "A client that sends many messages and reads their replies slowly gets all of them, whole and in order: the server waits for room and drops nothing.",
                Why = "EAGAIN of a non-blocking send is taken for success, or a short send for a whole one; or a send timeout closes the connection",
                Fix = "keep the unsent rest of a reply, and send it when the socket is writable (POLLOUT), before the next",
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario($"{Flood / 1000} KB of messages, read 8 KiB each 2 ms", talk.Enter(new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 8192, ReadPause: 2)), talk.Exchange(0, talk.Messages(Flood)), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
        ];
    }

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
}
