using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;
using SockConformance.Suites.Udp;

namespace SockConformance.Suites.Services;

/// <summary>RFC 864: characters without end, as fast as they are read.</summary>
public static class Chargen
{
    private const string Clause = "RFC 864 (TCP based character generator service)";
    private const int Witness = 9, Newcomer = 10, SmallBuffer = 4096;

    public static ImmutableArray<Requirement> For(Conversation talk) => talk.Service.Transport == Transport.Udp ? OverUdp(talk) : [.. Stream(talk), .. Flow(talk)];

    private static ImmutableArray<Requirement> Stream(Conversation talk) =>
    [
        new()
        {
            Id = "chargen/stream/at-once",
            Title = "begins without being asked",
            Clause = Clause + ": once a connection is established a stream of data is sent",
            Statement = "The stream begins as soon as the connection is there, though the client sends nothing.",
            Why = "the server waits for a request before it answers",
            Fix = "start sending right after accept()",
            After = Connections.ThreeWayHandshake,
            Fixed = [Talk.Scenario("a client that only listens", Talk.Connect(0), [new Step.Receive(0, 64), new Step.Close(0)])],
            Judge = Judges.WhileAlive(ServiceJudge.SaysSomething),
        },
        new()
        {
            Id = "chargen/stream/goes-on",
            Title = "goes on until the client ends it",
            Clause = Clause + ": this continues until the calling user terminates the connection",
            Statement = "The stream has no end of its own: not after a screen, not after a round of the pattern, not after a rest of the reader.",
            Why = "the loop has a limit; or the pattern is sent once",
            Fix = "loop until send() fails or the client's end is read",
            After = talk.Probe,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("300,000 bytes", Talk.Connect(0), [new Step.Receive(0, 300_000), new Step.Close(0)]),
                Talk.Scenario("with a rest", Talk.Connect(0), [new Step.Receive(0, 2000), new Step.Idle(400), new Step.Receive(0, 300_000), new Step.Close(0)]),
            ],
            Judge = Judges.WhileAlive(DataJudge.Served),
        },
        new()
        {
            Id = "chargen/stream/printable",
            Title = "is made of printing characters",
            Clause = "RFC 864 (data syntax): the data may be anything; recommended is a recognizable pattern of ASCII printing characters",
            Level = Level.Should,
            Statement = "The stream has no control characters but CR and LF, and nothing beyond ASCII.",
            Why = "“character” was read as char, with all 256 values; or the ring of characters is one too long and has DEL in it",
            Fix = "take the 95 characters from 0x20 to 0x7e, in lines of 72",
            After = talk.Probe,
            Fixed = [Talk.Scenario("30,000 bytes", Talk.Connect(0), [new Step.Receive(0, 30_000), new Step.Close(0)])],
            Judge = Judges.WhileAlive(ServiceJudge.Printable),
        },
        new()
        {
            Id = "chargen/input/discarded",
            Title = "goes on without regard to the input",
            Clause = Clause + ": any data received is thrown away",
            Statement = "What the client sends neither ends nor holds up the stream, and does not turn up in it.",
            Why = "input is taken for “enough”, or for a request; or the program was made from an echo server",
            Fix = "read the input and throw it away; only its end counts",
            After = talk.Probe,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("a word now and then to a fast stream", Talk.Connect(0), Talk.Each(Enumerable.Range(0, 6), i => [new Step.Receive(0, 60_000), Said(0, i), .. Talk.Wait(10)]), [new Step.Receive(0, 300_000), new Step.Close(0)]),
                Talk.Scenario("a word at first, then much through a small window", [new Step.Connect(0, ReceiveBuffer: SmallBuffer), Said(0, 7), new Step.Receive(0, 2000), Said(0, 8), new Step.Receive(0, 600_000), new Step.Close(0)]),
            ],
            Judge = Judges.WhileAlive(ServiceJudge.StreamIgnoresInput),
        },
    ];

    private static ImmutableArray<Requirement> Flow(Conversation talk) =>
    [
        new()
        {
            Id = "chargen/flow/slow-reader",
            Title = "waits for a slow reader, and serves others meanwhile",
            Clause = "RFC 864: the data flow is limited by the normal TCP flow control mechanisms; RFC 9293 §3.8.6; POSIX.1-2024 XSH send(): EAGAIN",
            Statement = "A client that reads slowly, or not for a while, gets the stream without a gap, and keeps nobody else from getting it.",
            Why = "“would block” is taken for an error, or for sent; a send timeout takes the client for dead; or one blocking send() holds up all",
            Fix = "after a short write or EAGAIN go on at the same place when the socket is writable again (POLLOUT)",
            After = talk.Probe,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("4 KiB of room, and a rest of 0.4 s",
                    [new Step.Connect(0, ReceiveBuffer: SmallBuffer, ReadChunk: 4096, ReadPause: 2), new Step.Receive(0, 30_000), new Step.Idle(400)], talk.Enter(1), [new Step.Receive(1, 400_000)], [new Step.Receive(0, 300_000)], Talk.Each([0, 1], talk.Leave)),
                Talk.Scenario("two slow readers, and one that does not read",
                    [new Step.Connect(0, ReceiveBuffer: SmallBuffer, ReadChunk: 1000, ReadPause: 2), new Step.Connect(1, ReceiveBuffer: SmallBuffer, ReadChunk: 3000, ReadPause: 2), new Step.Connect(2, ReceiveBuffer: SmallBuffer)],
                    Talk.Wait(300), talk.Enter(3), [new Step.Receive(3, 60_000), new Step.Receive(0, 20_000), new Step.Receive(1, 40_000), new Step.Receive(0, 20_000)], Talk.Each([0, 1, 2, 3], talk.Leave)),
            ],
            Judge = Judges.WhileAlive(ServiceJudge.SlowReaderMissesNothing),
        },
        new()
        {
            Id = "chargen/flow/bounded-memory",
            Title = "keeps no stream for who does not read",
            Clause = "RFC 864: the data flow is limited by the normal TCP flow control mechanisms; course",
            Statement = "While its clients do not read the server makes no data for them: its memory stays as it is.",
            Why = "the result of write() is not looked at, and what the socket does not take piles up in the process (Node streams, asyncio without drain())",
            Fix = "stop when write() says that the buffer is full, and go on at 'drain' (asyncio: await writer.drain())",
            After = talk.Probe,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("three clients that do not read", talk.Visit(Witness), Talk.Each([0, 1, 2], i => [new Step.Connect(i, ReceiveBuffer: SmallBuffer), new Step.Receive(i, 500)]),
                    Talk.Wait(400), Look, Talk.Wait(700), Look, Talk.Wait(700), Look, Talk.Each([0, 1, 2], talk.Leave)),
            ],
            Judge = ServiceJudge.BoundedMemory,
        },
        new()
        {
            Id = "chargen/close/ends-with-client",
            Title = "ends when the client ends",
            Clause = "RFC 864: until the calling user terminates the connection; prepared for the careful close",
            Statement = "After the client's FIN, or its close, the stream ends and the server closes its side: nothing of the connection stays.",
            Why = "the input, and with it its end, is never read; or its end is not handled while there is still something to send",
            Fix = "watch for input, too (POLLIN beside POLLOUT, or a second thread); when recv() returns 0, close()",
            After = talk.Probe,
            Company = Company.Alone,
            JudgesClose = true,
            Fixed =
            [
                Talk.Scenario("a half-close", Talk.Connect(0), [new Step.Receive(0, 2000), new Step.ShutdownWrite(0), new Step.Receive(0, null), new Step.Close(0)]),
                Talk.Scenario("a close", Talk.Connect(0), [new Step.Receive(0, 2000), new Step.Close(0)]),
                Talk.Scenario("a half-close and a close at a time", Talk.Each([0, 1], Talk.Connect), Talk.Each([0, 1], i => [new Step.Receive(i, 500)]), [new Step.ShutdownWrite(0), new Step.Close(1), new Step.Receive(0, null), new Step.Close(0)]),
            ],
            Judge = Judges.WhileAlive(ServiceJudge.EndsWithClient),
        },
        new()
        {
            Id = "chargen/survive/rude-abort",
            Title = "survives a rude abort",
            Clause = "RFC 864: the service should be prepared for either the careful close or the rude abort; POSIX.1-2024 XSH send(): EPIPE and SIGPIPE",
            Statement = "Users of this service have enough at some point and just abort; that ends their connection and nothing else.",
            Why = "SIGPIPE kills the process; ECONNRESET is an exception, or an 'error' event, that nobody handles",
            Fix = "ignore SIGPIPE (or send with MSG_NOSIGNAL), and treat an error of send() as the end of that connection",
            After = talk.Probe,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("clients that abort in mid-stream", talk.Visit(Witness), Talk.Each(Enumerable.Range(0, 5), i => [.. Talk.Connect(i), new Step.Receive(i, 2000), new Step.Abort(i)]), Talk.Wait(40), talk.Visit(Newcomer)),
                Talk.Scenario("clients that abort while the server waits for them",
                    talk.Visit(Witness), Talk.Each([0, 1, 2], i => [new Step.Connect(i, ReceiveBuffer: SmallBuffer), new Step.Receive(i, 500)]), Talk.Wait(60), Talk.Each([0, 1, 2], i => [new Step.Abort(i)]), Talk.Wait(40), talk.Visit(Newcomer)),
                Talk.Scenario("clients that abort at once", talk.Visit(Witness), Talk.Each([0, 1, 2, 3], i => [.. Talk.Connect(i), new Step.Abort(i)]), Talk.Wait(40), talk.Visit(Newcomer)),
            ],
            Judge = LifeJudge.Survives,
        },
    ];

    private static ImmutableArray<Requirement> OverUdp(Conversation talk) =>
    [
        new()
        {
            Id = "chargen/udp/at-most-512",
            Title = "answers 0 to 512 characters",
            Clause = "RFC 864 (UDP based character generator service): a random number (between 0 and 512) of characters",
            Statement = "No answering datagram has more than 512 characters, ends of lines among them.",
            Why = "the whole pattern is sent, as over TCP; or the ends of lines were not counted",
            Fix = "draw a number from 0 to 512 and send so many bytes",
            After = Datagrams.Answers,
            Fixed = [Talk.Scenario("thirty datagrams", talk.Enter(0), Talk.Each(Enumerable.Range(0, 30), i => talk.Exchange(0, i)), talk.Leave(0))],
            Judge = Judges.WhileAlive(ServiceJudge.AtMost512),
        },
    ];

    private static IEnumerable<Step> Look => [new Step.Sample("unread")];

    private static Step.Send Said(int socket, int number) => new(socket, Talk.Letters(40, number));
}
