using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites.Echo;

/// <summary>RFC 862: once a connection is there, any data received is sent back, until the client ends the connection.</summary>
public static class EchoData
{
    public const string AnswersWhileOpen = "echo/data/answers-while-open";

    private const string Clause = "RFC 862 (TCP based echo service)";

    public static ImmutableArray<Requirement> For(Conversation talk) => !talk.Service.IsEcho ? [] :
    [
        new()
        {
            Id = AnswersWhileOpen,
            Title = "answers while the connection is open",
            Clause = Clause,
            Statement = "Data is sent back when it is received, not only when the client has ended its side.",
            Why = "the server reads until end of file before it writes; or its output is buffered (stdio) and never flushed",
            Fix = "write back each chunk as soon as recv() returns it; flush, or do without stdio",
            After = Connections.ThreeWayHandshake,
            Fixed = [Talk.Scenario("one line", talk.Visit(0, Talk.Text(20)))],
            Judge = Judges.WhileAlive(DataJudge.AnswersWhileOpen),
        },
        new()
        {
            Id = "echo/data/unchanged",
            Title = "every byte comes back unchanged",
            Clause = Clause,
            Statement = "All 256 byte values come back as they were sent, in order.",
            Why = "the data is treated as text: strlen() stops at NUL, decode() replaces bytes, strip() removes some, 0xFF becomes EOF in a char",
            Fix = "work with bytes and with the length that recv() returned",
            After = AnswersWhileOpen,
            Fixed =
            [
                Talk.Scenario("all 256 byte values", talk.Visit(0, Payload.Literal.Of([.. Enumerable.Range(0, 256).Select(i => (byte)i)]))),
                Talk.Scenario("white space around a word", talk.Visit(0, Payload.Literal.Of("  a word\r\n\t "u8))),
                Talk.Scenario("NUL bytes only", talk.Visit(0, Payload.Literal.Of(new byte[16]))),
            ],
            Random = () => Generate.Programs.CutExchange(talk, Alphabet.Bytes, 2000),
            RandomCases = 8,
            Judge = Judges.WhileAlive(DataJudge.Unchanged),
        },
        new()
        {
            Id = "echo/data/every-segmentation",
            Title = "the echo does not depend on how the data is cut",
            Clause = "RFC 9293 §2.2 (a stream of bytes without record boundaries); " + Clause,
            Statement = "A message comes back whole whether it is sent at once, byte by byte or in any pieces with any pauses between them.",
            Why = "one recv() is taken for one message, or a reply waits for a line end or a minimum length",
            Fix = "send back what recv() returned, whatever its length, and loop",
            After = AnswersWhileOpen,
            Fixed =
            [
                Talk.Scenario("one byte", talk.Visit(0, Talk.Letters(1))),
                Talk.Scenario("letters without a line end", talk.Visit(0, Talk.Letters(50))),
                Talk.Scenario("byte by byte", talk.Enter(0), talk.Exchange(0, Talk.Letters(300), [1]), talk.Leave(0)),
                Talk.Scenario("byte by byte, 20 ms apart", talk.Enter(0), talk.Exchange(0, Talk.Letters(12), [1], pause: 20), talk.Leave(0)),
                Talk.Scenario("in two pieces, 120 ms apart", talk.Enter(0), talk.Exchange(0, Talk.Letters(100), [60], pause: 120), talk.Leave(0)),
                Talk.Scenario("three messages without waiting for answers", talk.Enter(0), Talk.Each([0, 1, 2], i => [new Step.Send(0, Talk.Text(30, i))]), [new Step.Receive(0, 90)], talk.Leave(0)),
            ],
            Random = () => Generate.Programs.CutExchange(talk, Alphabet.Letters, 4000),
            RandomCases = 24,
            Judge = Judges.WhileAlive(DataJudge.Unchanged),
        },
        new()
        {
            Id = "echo/data/every-size",
            Title = "messages of every size up to 1 MiB come back whole",
            Clause = Clause + "; POSIX.1-2024 XSH send() (a short count is no error)",
            Statement = "Sizes around every power of two, to 1 MiB, come back whole.",
            Why = "the count that send() returns is ignored, so the rest of a short write is lost; or a buffer, a length or a terminator is one too small",
            Fix = "send in a loop until everything is gone (or sendall); keep what EAGAIN left over until the socket is writable again",
            After = AnswersWhileOpen,
            Fixed =
            [
                .. from power in Enumerable.Range(0, 21)
                   from off in (int[])[-1, 0, 1]
                   let size = (1 << power) + off
                   where size is > 0 and <= 1 << 20 && (power > 1 || off == 0)
                   select Talk.Scenario($"{size} bytes at once", talk.Visit(0, Talk.Text(size))),
            ],
            Judge = Judges.WhileAlive(DataJudge.Unchanged),
        },
        new()
        {
            Id = "echo/data/nothing-added",
            Title = "nothing comes that was not sent",
            Clause = Clause,
            Statement = "No greeting, no prompt, no terminator, nothing twice: the bytes that come back are as many as were sent.",
            Why = "a banner or prompt; the terminating NUL is sent, too; a chunk is sent a second time after a short write",
            Fix = "send exactly the bytes and the count that recv() returned",
            After = AnswersWhileOpen,
            Fixed =
            [
                Talk.Scenario("a client that only listens", talk.Enter(0), Talk.Wait(100), talk.Finish(0)),
                Talk.Scenario("one line", talk.WholeVisit(0, 0, 20)),
                Talk.Scenario("three lines", talk.Enter(0), Talk.Each([0, 1, 2], i => talk.Exchange(0, Talk.Text(20, i))), talk.Finish(0)),
                Talk.Scenario("20,000 bytes", talk.WholeVisit(0, 0, 20_000)),
            ],
            Judge = Judges.WhileAlive(DataJudge.NothingAdded),
        },
        new()
        {
            Id = "tcp/data/slow-reader",
            Title = "a slow reader with a small window gets everything",
            Clause = "RFC 9293 §3.8.6 (flow control); POSIX.1-2024 XSH send(): EAGAIN",
            Statement = "To a client that reads slowly through a small window everything comes in the end: the server waits for room and drops nothing.",
            Why = "EAGAIN of a non-blocking send is taken for success or for an error; or a send timeout closes the connection",
            Fix = "keep the unsent rest and wait for the socket to be writable (POLLOUT); set no send timeout",
            After = AnswersWhileOpen,
            Fixed =
            [
                Talk.Scenario("1 MiB through a window of 4 KiB",
                    [.. talk.Enter(new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 16_384, ReadPause: 1)), .. talk.Exchange(0, Talk.Text(1 << 20)), .. talk.Leave(0)]),
                Talk.Scenario("256 KiB, read 4 KiB each 5 ms", [.. talk.Enter(new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 4096, ReadPause: 5)), .. talk.Exchange(0, Talk.Text(1 << 18)), .. talk.Leave(0)]),
                Talk.Scenario("200,000 bytes, with rests of 300 ms",
                    [.. talk.Enter(new Step.Connect(0, ReceiveBuffer: 32_768, ReadChunk: 65_536, ReadPause: 300)), .. talk.Exchange(0, Talk.Text(200_000)), .. talk.Leave(0)]),
            ],
            Judge = Judges.WhileAlive(DataJudge.Unchanged),
        },
    ];
}
