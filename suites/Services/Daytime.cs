using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;
using SockConformance.Suites.Udp;

namespace SockConformance.Suites.Services;

/// <summary>RFC 867: date and time as a line of text.</summary>
public static class Daytime
{
    private const string Clause = "RFC 867 (TCP based daytime service)";

    public static ImmutableArray<Requirement> For(Conversation talk) => talk.Service.Transport == Transport.Udp ? OverUdp(talk) :
    [
        new()
        {
            Id = "daytime/reply/at-once",
            Title = "says date and time without being asked",
            Clause = Clause + ": once a connection is established the current date and time is sent",
            Statement = "The connection itself is the question: the text comes as soon as it is there, though the client sends nothing.",
            Why = "the server waits for a request before it answers",
            Fix = "send the line right after accept()",
            After = Connections.ThreeWayHandshake,
            Fixed = [Talk.Scenario("a client that only listens", Talk.Connect(0), [new Step.Receive(0, 1), new Step.Close(0)])],
            Judge = Judges.WhileAlive(ServiceJudge.SaysSomething),
        },
        new()
        {
            Id = "daytime/reply/printable",
            Title = "says it in printing characters",
            Clause = "RFC 867 (daytime syntax: recommended that it be limited to the ASCII printing characters, space, CR and LF)",
            Level = Level.Should,
            Statement = "The text has no control characters, no escape sequences, no terminating NUL, and nothing beyond ASCII.",
            Why = "strlen() + 1 bytes are sent; colours for a terminal; a locale with letters of its own",
            Fix = "send the characters of the line and its CR LF, and nothing else",
            After = talk.Probe,
            Fixed = [Talk.Scenario("the whole text", talk.Visit(0))],
            Judge = Judges.WhileAlive(ServiceJudge.Printable),
        },
        new()
        {
            Id = "daytime/reply/one-line",
            Title = "says it in one line",
            Clause = "RFC 867 (daytime syntax: should be just one line)",
            Level = Level.Should,
            Statement = "Date and time are one line, with an end of line behind it or none.",
            Why = "a welcome before it, or date and time in a line each",
            Fix = "one line, then CR LF",
            After = talk.Probe,
            Fixed = [Talk.Scenario("the whole text", talk.Visit(0))],
            Judge = Judges.WhileAlive(ServiceJudge.OneLine),
        },
        new()
        {
            Id = "daytime/reply/goes-on",
            Title = "says a later time when it is asked later",
            Clause = Clause + ": the current date and time",
            Statement = "A text with seconds in it is another one two seconds later: each client gets the time of its own connection.",
            Why = Time.WhyFrozen,
            Fix = Time.GoesOnFix,
            After = talk.Probe,
            Fixed = [Talk.Scenario("two clients, two seconds apart", talk.Visit(0), Talk.Wait(Time.Later), talk.Visit(1))],
            Judge = Judges.WhileAlive(ServiceJudge.GoesOn),
        },
        new()
        {
            Id = "daytime/input/discarded",
            Title = "throws away what the client sends",
            Clause = Clause + ": any data received is thrown away",
            Statement = "A client may send something: it still gets date and time, nothing of what it sent, and no reset that could destroy the answer.",
            Why = "the input is taken for a format or a command; or the connection is closed with input unread, which makes the kernel reset it",
            Fix = "send the line, shutdown(SHUT_WR), read to the end of file, then close()",
            After = talk.Probe,
            Fixed = SaidToIt,
            Judge = Judges.WhileAlive(ServiceJudge.InputDiscarded),
        },
        new()
        {
            Id = "daytime/close/after-sending",
            Title = "closes the connection after the text",
            Clause = Clause + ": the service closes the connection after sending the quote",
            Statement = "The server's FIN follows the text; it does not wait for the client to end first.",
            Why = "the server waits for its client's end, or for a request",
            Fix = "close(), or shutdown(SHUT_WR), when the line is sent",
            After = talk.Probe,
            JudgesClose = true,
            Fixed = [Talk.Scenario("a client that reads to the end", Talk.Connect(0), [new Step.Receive(0, null), new Step.Close(0)]), Talk.Scenario("two of them", Talk.Each([0, 1], Talk.Connect), Talk.Each([1, 0], i => [new Step.Receive(i, null), new Step.Close(i)]))],
            Judge = Judges.WhileAlive(ServiceJudge.ClosesAfterSending),
        },
    ];

    /// <summary>Clients that send something to a service which does not listen.</summary>
    internal static ImmutableArray<Scenario> SaidToIt { get; } =
    [
        Talk.Scenario("a client that says a line", Talk.Connect(0), [Said(0, Payload.Literal.Of("tell me the time, please\r\n"u8))], [new Step.Receive(0, null), new Step.Close(0)]),
        Talk.Scenario("a client that says much", Talk.Connect(0), [Said(0, Talk.Letters(30_000))], [new Step.Receive(0, null), new Step.Close(0)]),
        Talk.Scenario("two clients, one of which says something", Talk.Each([0, 1], Talk.Connect), [Said(1, Payload.Literal.Of("what time is it now\n"u8)), new Step.Receive(0, null), new Step.Receive(1, null), new Step.Close(0), new Step.Close(1)]),
    ];

    private static Step.Send Said(int socket, Payload data) => new(socket, data, [], MayFail: true);

    private static ImmutableArray<Requirement> OverUdp(Conversation talk) =>
    [
        new()
        {
            Id = "daytime/udp/text",
            Title = "answers date and time as text",
            Clause = "RFC 867 (UDP based daytime service): an ASCII character string",
            Statement = "The answering datagram has date and time in ASCII characters, for people to read.",
            Why = "a number or a structure is sent as it stands in memory; or a NUL is sent with the string",
            Fix = "format the time with strftime() or ctime() and send strlen() bytes of it",
            After = Datagrams.Answers,
            Fixed = [Talk.Scenario("two datagrams", talk.Enter(0), talk.Exchange(0, 0), talk.Exchange(0, 1), talk.Leave(0))],
            Judge = Judges.WhileAlive(ServiceJudge.TextInDatagrams),
        },
        new()
        {
            Id = "daytime/udp/goes-on",
            Title = "answers a later time when it is asked later",
            Clause = "RFC 867 (UDP based daytime service): the current date and time",
            Statement = "A text with seconds in it is another one two seconds later: each datagram is answered with the time of its own.",
            Why = Time.WhyFrozen,
            Fix = Time.GoesOnFix,
            After = Datagrams.Answers,
            Fixed = [Talk.Scenario("two datagrams, two seconds apart", talk.Enter(0), talk.Exchange(0, 0), Talk.Wait(Time.Later), talk.Exchange(0, 1), talk.Leave(0))],
            Judge = Judges.WhileAlive(ServiceJudge.GoesOn),
        },
    ];
}
