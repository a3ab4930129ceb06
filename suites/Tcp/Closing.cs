using System.Collections.Immutable;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tcp;

/// <summary>RFC 9293 §3.6, Closing a Connection; §3.6.1, Half-Closed Connections.</summary>
public static class Closing
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tcp/close/fin-answered-by-fin",
            Applies = !talk.IsEndless,
            Title = "answers our FIN with its own when it has sent all it owes",
            Clause = "RFC 9293 §3.6 case 2",
            Statement = "A FIN means that the client sends no more; the server reads end of file, sends what it still owes and closes its side.",
            Why = "recv() == 0 is taken for “try again”; or another descriptor of the connection is still open (the parent after fork(), a list, a thread)",
            Fix = "on recv() == 0 leave the loop and close() the connection; after fork() the parent closes the connection's descriptor at once",
            Always = true,
            After = talk.Probe,
            Fixed = [Talk.Scenario("half-close after an exchange", talk.WholeVisit(0, 0, 20)), Talk.Scenario("close after an exchange", talk.Enter(0), talk.Exchange(0, 0, 20), talk.Leave(0))],
            JudgesClose = true,
            Judge = Judges.WhileAlive(CloseJudge.FinAnswered),
        },
        new()
        {
            Id = WireRules.NoReset,
            Applies = !talk.IsEndless,
            Title = "does not reset a connection on which everything was read",
            Clause = "RFC 9293 §3.6, §3.6.1 (SHLD-3), §3.10.4",
            Statement = "When both sides have read all there is, the connection ends by FIN from each side; an RST is an abort and can destroy data under way.",
            Why = "SO_LINGER with zero, or close() while bytes of the client are still unread",
            Fix = "read to the end of file before close(); do not set SO_LINGER to zero",
            Always = true,
            After = talk.Probe,
            Fixed =
            [
                Talk.Scenario("half-close after an exchange", talk.WholeVisit(0, 0, 20)),
                Talk.Scenario("close after an exchange", talk.Enter(0), talk.Exchange(0, 0, 20), talk.Leave(0)),
                Talk.Scenario("half-close after 20,000 bytes", talk.WholeVisit(0, 0, 20_000)),
            ],
            Judge = Judges.WhileAlive(CloseJudge.NoReset),
        },
        new()
        {
            Id = "tcp/close/empty-connection",
            Applies = !talk.IsEndless,
            Title = "closes a connection without data in order",
            Clause = "RFC 9293 §3.6 case 2",
            Statement = "A client may connect and leave without a word; the server answers its FIN with its own.",
            Why = "the code after the first recv() expects at least one byte; or the close is in a branch that only data reaches",
            Fix = "treat recv() == 0 the same way, whether it is the first answer or the last",
            After = Connections.ThreeWayHandshake,
            Fixed =
            [
                Talk.Scenario("connect, half-close", talk.Enter(0), talk.Finish(0)),
                Talk.Scenario("connect, close", talk.Enter(0), talk.Leave(0)),
                Talk.Scenario("connect, wait, close", talk.Enter(0), Talk.Wait(50), talk.Leave(0)),
            ],
            JudgesClose = true,
            Judge = Judges.All(LifeJudge.Survives, CloseJudge.Orderly),
        },
        new()
        {
            Id = "tcp/close/nothing-left-in-close-wait",
            Title = "leaves no socket in CLOSE_WAIT",
            Clause = "RFC 9293 §3.6 case 2, §3.3.2",
            Statement = "CLOSE-WAIT waits for the program to close; when all clients have left, no connection of the server is in it.",
            Why = "a path on which close() is forgotten: the client left without data, or in the middle, or an error was returned",
            Fix = "close() the connection on every path out of its handler (finally, with, defer, goto out)",
            After = talk.Probe,
            Fixed =
            [
                Talk.Scenario("clients that leave after an exchange", Talk.Each([0, 1, 2], i => talk.Visit(i, i, 20))),
                Talk.Scenario("clients that leave without a word", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), .. Talk.Wait(10), .. talk.Leave(i)])),
                Talk.Scenario("clients whose last message and end come together",
                    Talk.Each([0, 1, 2], i => [.. talk.Enter(i), Conversation.Send(i, talk.Message(i, 100)), .. talk.End(i), .. talk.Receive(i, talk.Message(i, 100)), new Step.Close(i)])),
                Talk.Scenario("clients that leave in the order in which they came and in the other",
                    Talk.Each([0, 1, 2, 3], talk.Enter), Talk.Each([0, 1, 2, 3], i => talk.Exchange(i, i, 3000)), Talk.Each([0, 1, 3, 2], talk.Leave)),
            ],
            JudgesClose = true,
            Judge = Judges.WhileAlive(CloseJudge.NothingInCloseWait),
        },
        new()
        {
            Id = "tcp/close/server-waits-for-client",
            Applies = talk.KeepsOpen && talk.Answers,
            Title = "does not end a connection that the client still uses",
            Clause = "RFC 862: until the calling user terminates the connection",
            Statement = "The echo goes on for as many messages as the client cares to send, with rests between them; the server never closes first.",
            Why = "the connection is closed after the first answer, as in HTTP/1.0; or “would block” is taken for end of file",
            Fix = "loop until recv() returns 0; with a non-blocking socket treat EAGAIN as “nothing yet”",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Talk.Scenario("twenty messages", talk.Enter(0), Talk.Each(Enumerable.Range(0, 20), i => talk.Exchange(0, i, 20)), talk.Leave(0)),
                Talk.Scenario("messages with rests between them", talk.Enter(0), Talk.Each(Enumerable.Range(0, 4), i => [.. talk.Exchange(0, i, 20), .. Talk.Wait(150 * (i + 1))]), talk.Exchange(0, 9, 20), talk.Leave(0)),
            ],
            Judge = Judges.WhileAlive(CloseJudge.TargetWaitsForClient),
        },
        new()
        {
            Id = "tcp/half-close/drains-then-closes",
            Applies = (talk.KeepsOpen || talk.EndsAfterReply) && talk.Answers && talk.Service.HalfClose == HalfClose.DrainThenClose,
            Title = "after our half-close sends all it owes, then its FIN",
            Clause = "RFC 9293 §3.6.1",
            Statement = "A half-close ends one direction only: everything sent before it still comes back, and only then the server's FIN.",
            Why = "output that waits to be sent is dropped at end of file; or the poll handler looks at “hang-up” before “readable”",
            Fix = "at end of file stop reading, send what is queued, and close when the queue is empty",
            After = talk.Probe,
            Fixed = talk.EndsAfterReply ?
            [
                Talk.Scenario("a message, then half-close", Talk.Each([0, 1], i => [.. talk.Enter(i), Conversation.Send(i, talk.Message(i)), .. talk.End(i), new Step.Receive(i, null), new Step.Close(i)])),
            ] :
            [
                .. from size in (int[])[1, 100, 5000, 65_536, 300_000]
                   select Talk.Scenario($"{size} bytes, then half-close", talk.Enter(0), [Conversation.Send(0, talk.Message(0, size)), .. talk.Finish(0)]),
                Talk.Scenario("many small messages, then half-close",
                    talk.Enter(0), Talk.Each(Enumerable.Range(0, 30), i => [Conversation.Send(0, talk.Message(i, 37))]), [.. talk.Finish(0)]),
                Talk.Scenario("two half-closes at a time", Talk.Each([0, 1], talk.Enter), Talk.Each([0, 1], i => [Conversation.Send(i, talk.Message(i, 5000)), .. talk.End(i)]), Talk.Each([0, 1], i => [new Step.Receive(i, null), new Step.Close(i)])),
                Talk.Scenario("half-close, and a slow reader",
                    [.. talk.Enter(new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 8192, ReadPause: 1)), Conversation.Send(0, talk.Message(0, 200_000)), .. talk.Finish(0)]),
            ],
            Judge = Judges.WhileAlive(DataJudge.Drained),
        },
        new()
        {
            Id = "tcp/idle/stays-open",
            Applies = talk.KeepsOpen && talk.Answers && talk.Service.MustSurviveIdle > TimeSpan.Zero,
            Title = "an idle connection is still served",
            Clause = "RFC 9293 §3.8.4 (keep-alives are off by default; a connection may be idle for ever); RFC 862",
            Statement = "A connection on which nothing is sent for a while (2 s, if the spec does not say) stays open, and the next message is answered.",
            Why = "a receive timeout (SO_RCVTIMEO, settimeout) whose expiry closes the connection, or a sweeper of idle clients",
            Fix = "let a read wait as long as it takes; take a timeout for “nothing yet”, not for the end",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Talk.Scenario($"idle for {Idle(talk) / 1000.0:0.#} s after a message", talk.Enter(0), talk.Exchange(0, 0, 20), Talk.Wait(Idle(talk)), talk.Exchange(0, 1, 20), talk.Leave(0)),
                Talk.Scenario($"idle for {Idle(talk) / 1000.0:0.#} s before the first message", talk.Enter(0), Talk.Wait(Idle(talk)), talk.Exchange(0, 0, 20), talk.Leave(0)),
            ],
            Judge = Judges.WhileAlive(DataJudge.Served),
        },
    ];

    /// <summary>How long a connection must survive idleness, in milliseconds; no more than a minute is tried.</summary>
    private static int Idle(Conversation talk) => (int)Math.Min(60_000, talk.Service.MustSurviveIdle.TotalMilliseconds);
}
