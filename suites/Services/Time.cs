using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;
using SockConformance.Suites.Udp;

namespace SockConformance.Suites.Services;

/// <summary>RFC 868: seconds since 1900 in four octets.</summary>
public static class Time
{
    private const string Clause = "RFC 868 (via TCP)", FourOctets = "time/reply/four-octets";
    private const string WhyNotCurrent = "time() counts from 1970 and not from 1900; or the octets are in the machine's order";
    internal const string WhyFrozen = "the time is taken once, when the program starts, and not for each answer", GoesOnFix = "call time() when there is somebody to be answered";
    internal const int Later = 2100;
    private const string CurrentFix = "htonl((uint32_t)time(NULL) + 2208988800u)";

    public static ImmutableArray<Requirement> For(Conversation talk) => talk.Service.Transport == Transport.Udp ? OverUdp(talk) :
    [
        new()
        {
            Id = FourOctets,
            Title = "sends four octets without being asked",
            Clause = Clause + ": when the connection is established, the server returns a 32-bit time value",
            Statement = "The connection itself is the question, and the answer is a number of 32 bits: four octets, not more.",
            Why = "time_t has eight octets today; the number is sent as text; or the server waits for a request",
            Fix = "put the time into a uint32_t and send its four octets right after accept()",
            After = Connections.ThreeWayHandshake,
            Fixed = [Talk.Scenario("a client that only listens", Talk.Connect(0), [new Step.Receive(0, 4), new Step.Idle(80)])],
            Judge = Judges.WhileAlive(ServiceJudge.FourOctets),
        },
        new()
        {
            Id = "time/reply/current",
            Title = "tells the current time",
            Clause = "RFC 868 (the time): seconds since 00:00 1 January 1900 GMT; RFC 1700 (data notation): the most significant octet first",
            Statement = "The number is that of the seconds since 1900, in network byte order, and no more than two minutes off this machine's own clock.",
            Why = WhyNotCurrent,
            Fix = CurrentFix,
            After = talk.Probe,
            Fixed = [Talk.Scenario("a client that only listens", Talk.Connect(0), [new Step.Receive(0, 4), new Step.Close(0)])],
            Judge = Judges.WhileAlive(ServiceJudge.CurrentTime),
        },
        new()
        {
            Id = "time/reply/goes-on",
            Title = "tells a later time when it is asked later",
            Clause = "RFC 868 (the time): the number of seconds since 00:00 1 January 1900 GMT, at the time of the answer",
            Statement = "Two seconds later the number is larger: each client gets the time of its own connection.",
            Why = WhyFrozen,
            Fix = GoesOnFix,
            After = talk.Probe,
            Fixed = [Talk.Scenario("two clients, two seconds apart", Talk.Connect(0), [new Step.Receive(0, 4), new Step.Close(0)], Talk.Wait(Later), Talk.Connect(1), [new Step.Receive(1, 4), new Step.Close(1)])],
            Judge = Judges.WhileAlive(ServiceJudge.GoesOn),
        },
        new()
        {
            Id = "time/input/discarded",
            Title = "answers whatever the client sends",
            Clause = Clause + ": the protocol has no request",
            Statement = "A client that sends something gets the time as any other, and no reset that could destroy it.",
            Why = "a client that talks is turned away; or the connection is closed with input unread, which makes the kernel reset it",
            Fix = "send the four octets, shutdown(SHUT_WR), read to the end of file, then close()",
            After = talk.Probe,
            Fixed = Daytime.SaidToIt,
            Judge = Judges.WhileAlive(ServiceJudge.InputDiscarded),
        },
        new()
        {
            Id = "time/close/after-sending",
            Title = "closes the connection after the time",
            Clause = Clause + ": the server returns a 32-bit time value and closes the connection",
            Statement = "The server's FIN follows the four octets; it does not wait for the client to end first.",
            Why = "close() is thought to be the client's business",
            Fix = "close(), or shutdown(SHUT_WR), when the four octets are sent",
            After = talk.Probe,
            JudgesClose = true,
            Fixed = [Talk.Scenario("a client that reads to the end", Talk.Connect(0), [new Step.Receive(0, null), new Step.Close(0)]), Talk.Scenario("two of them", Talk.Each([0, 1], Talk.Connect), Talk.Each([1, 0], i => [new Step.Receive(i, null), new Step.Close(i)]))],
            Judge = Judges.WhileAlive(ServiceJudge.ClosesAfterSending),
        },
    ];

    private static ImmutableArray<Requirement> OverUdp(Conversation talk) =>
    [
        new()
        {
            Id = "time/udp/four-octets",
            Title = "answers four octets",
            Clause = "RFC 868 (via UDP): a datagram containing the 32-bit time value",
            Statement = "The answering datagram is a number of 32 bits: four octets, not less and not more.",
            Why = "time_t has eight octets today; or the number is sent as text",
            Fix = "put the time into a uint32_t and send its four octets",
            After = Datagrams.Answers,
            Fixed = [Talk.Scenario("two datagrams", talk.Enter(0), talk.Exchange(0, 0), talk.Exchange(0, 1), talk.Leave(0))],
            Judge = Judges.WhileAlive(ServiceJudge.FourOctetsInDatagrams),
        },
        new()
        {
            Id = "time/udp/current",
            Title = "answers the current time",
            Clause = "RFC 868 (the time): seconds since 00:00 1 January 1900 GMT; RFC 1700 (data notation): the most significant octet first",
            Statement = "The number is that of the seconds since 1900, in network byte order, and no more than two minutes off this machine's own clock.",
            Why = WhyNotCurrent,
            Fix = CurrentFix,
            After = Datagrams.Answers,
            Fixed = [Talk.Scenario("two datagrams", talk.Enter(0), talk.Exchange(0, 0), talk.Exchange(0, 1), talk.Leave(0))],
            Judge = Judges.WhileAlive(ServiceJudge.CurrentTimeInDatagrams),
        },
        new()
        {
            Id = "time/udp/goes-on",
            Title = "answers a later time when it is asked later",
            Clause = "RFC 868 (the time): the number of seconds since 00:00 1 January 1900 GMT, at the time of the answer",
            Statement = "Two seconds later the number is larger: each datagram is answered with the time of its own.",
            Why = WhyFrozen,
            Fix = GoesOnFix,
            After = Datagrams.Answers,
            Fixed = [Talk.Scenario("two datagrams, two seconds apart", talk.Enter(0), talk.Exchange(0, 0), Talk.Wait(Later), talk.Exchange(0, 1), talk.Leave(0))],
            Judge = Judges.WhileAlive(ServiceJudge.GoesOn),
        },
    ];
}
