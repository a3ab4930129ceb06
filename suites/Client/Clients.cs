using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Client;

/// <summary>Programs that connect: the harness is their server. Not for datagrams; in TLS they have more to keep (<see cref="SecureClients"/>).</summary>
public static class Clients
{
    internal const string Once = "client/connect/once", Right = "client/request/right", Silence = "client/silence/gives-up";

    private const string Told = "client/connect/told-address", InTime = "client/exit/in-time", Whole = "client/reply/whole", Status = "client/exit/status";

    private const string Stream = "RFC 9293 §2.2 (a stream of bytes without record boundaries)";

    /// <summary>Six seconds: enough for a time-out of five to come true.</summary>
    private const double LongPatience = 3;

    public static ImmutableArray<Requirement> For(Conversation talk)
    {
        if (talk.Service.Transport == Transport.Udp) return [];
        var speaks = talk.Answers || talk.IsAnnouncement || talk.IsEndless || talk.Service.Kind == "http" || talk.Service.Greeting is not null;
        ImmutableArray<Requirement> plain = [.. Connecting, .. Ending, .. speaks ? Receiving(talk) : [], Silent];
        return talk.Service.Tls is null ? plain : SecureClients.For(plain);
    }

    private static ImmutableArray<Requirement> Connecting =>
    [
        new()
        {
            Id = Told,
            Title = "connects to the port it was told",
            Clause = "POSIX.1-2024 XSH connect()",
            Statement = "The client opens a connection to 127.0.0.1 and the port in its command line.",
            Why = "the port is written into the program, or in the order of the host's bytes (htons() is missing)",
            Fix = "take the port from the command line, and htons() of it",
            Fixed = [Guests.One("one client")],
            Judge = ClientJudge.ConnectsWhereTold,
        },
        new()
        {
            Id = Once,
            Title = "connects once",
            Clause = "course",
            Statement = "One connection is opened for one conversation.",
            Why = "a first connection is to find out whether the server is there; for the server that is a client of its own",
            Fix = "connect, and use that connection",
            After = Told,
            Fixed = [Guests.One("one client")],
            Judge = ClientJudge.ConnectsOnce,
        },
        new()
        {
            Id = "client/connect/refused",
            Title = "ends when the connection is refused",
            Clause = "POSIX.1-2024 XSH connect(): ECONNREFUSED",
            Statement = "Where nobody listens the client ends within a few seconds, by itself, with an exit status other than 0.",
            Why = "the result of connect() is not looked at; or the client tries again without limit",
            Fix = "if connect() fails say why on stderr and exit(1)",
            Fixed = [Talk.Scenario("nobody listens", [new Step.Launch(), new Step.AwaitExit()])],
            Judge = ClientJudge.EndsWhenRefused,
        },
        new()
        {
            Id = Right,
            Title = "sends requests that the service knows",
            Clause = "the spec: request",
            Statement = "Everything the client sends is a sequence of whole requests in the frame of the service, each of which a rule of the service is for.",
            Why = "a terminator or length is missing, counts too much or too little, or is in the order of the host's bytes; a terminating NUL is sent, too",
            Fix = "look at the bytes (strace -e trace=network, or the capture) and compare them with the protocol",
            After = Once,
            Fixed = [Guests.One("one client")],
            Judge = ClientJudge.AsksRightly,
        },
    ];

    private static ImmutableArray<Requirement> Ending =>
    [
        new()
        {
            Id = InTime,
            Title = "ends when its connection is over",
            Clause = "course",
            Statement = "When it has its reply, or its connection is gone, the client ends within a few seconds.",
            Why = "it reads until an end of file that the server owes only after the client's own; or a timer, a thread, an open socket keeps it running",
            Fix = "stop reading when the reply is whole, shutdown() or close(), and end what still runs",
            Always = true,
            After = Right,
            Fixed = [Guests.One("one client")],
            Judge = ClientJudge.EndsInTime,
        },
        new()
        {
            Id = "client/life/no-signal",
            Title = "is not killed by a signal",
            Clause = "POSIX.1-2024 XSH send(): SIGPIPE",
            Statement = "Whatever its server does the client ends by itself: no SIGPIPE, no crash, no abort.",
            Why = "it goes on sending after the server has gone, with SIGPIPE at its default; or the -1 of a failed call is used as a length",
            Fix = "look at the result of every call; ignore SIGPIPE or send with MSG_NOSIGNAL",
            Always = true,
            After = Told,
            Fixed = [Guests.One("one client"), Guests.BrokenOff("a server that resets", 2, abort: true), Guests.BrokenOff("a server that leaves before it answers", 0, abort: false)],
            Judge = ClientJudge.NoSignal,
        },
        new()
        {
            Id = "client/close/orderly",
            Title = "closes in order",
            Clause = "RFC 9293 §3.6",
            Statement = "When it has read its reply the client ends its side by FIN; an RST is an abort, with which the server may lose what was on the way.",
            Why = "bytes are still unread when the socket is closed; or SO_LINGER is zero",
            Fix = "read the whole reply before close(); do not set SO_LINGER",
            After = Right,
            Fixed = [Guests.One("one client")],
            Judge = ClientJudge.ClosesInOrder,
        },
        new()
        {
            Id = Status,
            Title = "says by its exit status how it went",
            Clause = "POSIX.1-2024 XSH exit(); course",
            Statement = "The status is 0 after a conversation that went well, and another where the connection was reset (or refused, which is checked apart).",
            Why = "errors are printed and forgotten; or main() returns some number",
            Fix = "exit(0) at the end of what went well, exit(1) everywhere else",
            After = Whole,
            Fixed = [Guests.One("one client"), Guests.BrokenOff("a server that resets", 2, abort: true)],
            Judge = ClientJudge.RightStatus,
        },
    ];

    private static Requirement Silent => new()
    {
        Id = Silence,
        Title = "gives up on a server that says nothing",
        Clause = "course",
        Level = Level.Should,
        Statement = "A server that accepts and never answers is not waited for without limit: the client ends within six seconds.",
        Why = "recv() without a time-out waits for ever",
        Fix = "setsockopt(SO_RCVTIMEO), poll() with a timeout, settimeout()",
        After = Told,
        PatienceScale = LongPatience,
        Company = Company.Alone,
        Fixed = [Talk.Scenario("a server that says nothing", Guests.Listen(), Guests.Come(0), [new Step.AwaitExit()])],
        Judge = ClientJudge.GivesUp,
    };

    private static ImmutableArray<Requirement> Receiving(Conversation talk) =>
    [
        new()
        {
            Id = Whole,
            Title = "reads the whole reply",
            Clause = Stream,
            Statement = "The client reads its reply to the end before it leaves.",
            Why = "the buffer is smaller than the reply, and recv() is called once",
            Fix = "receive in a loop until the reply is whole",
            After = InTime,
            Fixed = [Guests.One("the reply in one piece")],
            Judge = ClientJudge.TakesAll,
        },
        new()
        {
            Id = "client/reply/byte-by-byte",
            Title = "takes a reply byte by byte",
            Clause = Stream,
            Statement = "A reply that comes one byte at a time is as good as one that comes at once.",
            Why = "what one recv() returns is taken for the whole reply",
            Fix = "receive in a loop until the reply is whole: all the bytes, the line end, the announced length, or end of file",
            After = Status,
            Fixed = [Guests.One("byte by byte", [1], pause: 3)],
            Judge = ClientJudge.TakesPieces,
        },
        new()
        {
            Id = "client/reply/any-cut",
            Title = "takes a reply in any pieces",
            Clause = Stream,
            Statement = "Where the reply is cut means nothing: in the middle of a line, a number or a character.",
            Why = "each piece is decoded, split or printed for itself",
            Fix = "collect bytes, and take whole messages out of what was collected",
            After = Status,
            Fixed = [Guests.One("two bytes at a time", [2], pause: 3), Guests.One("two bytes at a time, from the second on", [1, .. Enumerable.Repeat(2, 100)], pause: 3), Guests.One("a long piece, then bytes", [30, 1, 1, 1], pause: 3)],
            Random = Guests.InAnyPieces,
            RandomCases = 4,
            Judge = ClientJudge.TakesPieces,
        },
        new()
        {
            Id = "client/reply/delayed",
            Title = "waits for a reply",
            Clause = "RFC 9293 §2.2; course",
            Statement = "A reply, or the rest of one, may take half a second.",
            Why = "a time-out as short as the author's own machine is quick; or “nothing there yet” is taken for the end",
            Fix = "wait for seconds, and only for what is still missing",
            After = Status,
            Fixed = [Guests.One("half a second later", delay: 500), Guests.One("with rests of 200 ms in the reply", [3, 5, 1 << 20], pause: 200)],
            Judge = ClientJudge.TakesPieces,
        },
        new()
        {
            Id = "client/reply/same-output",
            Title = "prints the same however the reply is cut",
            Clause = Stream,
            Statement = "Exit status and output do not depend on the pieces in which the reply comes. (Numbers in the output are not compared.)",
            Why = "each piece is printed for itself, with a line end or a prefix",
            Fix = "print what was received when it is whole",
            After = Status,
            Fixed = [Talk.Scenario("once in one piece, once byte by byte", Guests.Listen(), Guests.Visit(0), Guests.Visit(1, [1], pause: 3))],
            Judge = ClientJudge.SaysTheSame,
        },
        .. talk.IsEndless ? Array.Empty<Requirement>() : [EarlyEnd],
        new()
        {
            Id = "client/end/reset",
            Title = "ends when the connection is reset",
            Clause = "POSIX.1-2024 XSH recv(): ECONNRESET",
            Statement = "A reset in the middle of the reply ends the client within a few seconds, by itself, with a status other than 0.",
            Why = "the -1 of recv() is not looked at, or is taken for end of file",
            Fix = "if recv() fails say why on stderr and exit(1)",
            After = Whole,
            Fixed = [Guests.BrokenOff("before the reply", 0, abort: true), Guests.BrokenOff("after two bytes of the reply", 2, abort: true)],
            Judge = ClientJudge.EndsWhenReset,
        },
        new()
        {
            Id = "client/end/half-close",
            Title = "takes a reply with the server's FIN behind it",
            Clause = "RFC 9293 §3.6 case 2; POSIX.1-2024 XSH poll(): POLLHUP",
            Statement = "What came before the FIN counts: the client reads it, then closes.",
            Why = "“hang-up” is looked at before “readable”, or the end of file throws away what was received",
            Fix = "read until recv() returns 0, and only then close",
            After = Status,
            Fixed = [Talk.Scenario("reply and FIN in one segment", Guests.Listen(), Guests.Come(0), [new Step.Serve(0, [], Delay: 10, ThenShut: true), new Step.Close(0), new Step.AwaitExit()])],
            Judge = ClientJudge.TakesHalfClose,
        },
    ];

    private static Requirement EarlyEnd => new()
    {
        Id = "client/end/early-eof",
        Title = "notices that the reply was cut short",
        Clause = "POSIX.1-2024 XSH recv(): 0 at end of file; course",
        Level = Level.Should,
        Statement = "An end of file in the middle of the reply ends the client within a few seconds; where the reply has an end of its own, with a status other than 0.",
        Why = "recv() == 0 adds nothing to the count, and the loop goes on; or the loop ends and nobody asks whether all came",
        Fix = "on recv() == 0 leave the loop, and compare what came with what was due",
        After = Whole,
        Fixed = [Guests.BrokenOff("before the reply", 0, abort: false), Guests.BrokenOff("after two bytes of the reply", 2, abort: false)],
        Judge = ClientJudge.EndsEarly,
    };
}
