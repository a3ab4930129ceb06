using System.Collections.Immutable;

namespace SockConformance.Api;

/// <summary>
/// The full matrix, not by chance: brings a socket to each state, makes each call there, blocking and non-blocking, and then shows that what worked
/// before still works. And the situations that need more than one socket in a state: queues, limits, signals, waiting calls.
/// </summary>
internal static class Situations
{
    private const string Pair = "s0 = socket stream; bind s0 loopback; listen s0 4; s1 = socket stream; connect s1 @s0; s2 = accept s0; ";
    private const string Mail = "s0 = socket dgram; bind s0 loopback; s1 = socket dgram; bind s1 loopback; ";

    /// <summary>How to bring a socket (the slot) to a state; another socket that its calls may name.</summary>
    private static readonly (string Name, string Steps, int Slot, int Other)[] Prologues =
    [
        ("closed", "s0 = socket stream; close s0", 0, 0),
        ("a file", "s0 = open", 0, 0),
        ("unbound", "s1 = socket stream; bind s1 loopback; listen s1 4; s0 = socket stream", 0, 1),
        ("bound", "s1 = socket stream; bind s1 loopback; listen s1 4; s0 = socket stream; bind s0 loopback", 0, 1),
        ("bound, beside another that is bound", "s1 = socket stream; bind s1 loopback; s0 = socket stream; bind s0 loopback", 0, 1),
        ("listening", "s1 = socket stream; s0 = socket stream; bind s0 loopback; listen s0 4", 0, 1),
        ("listening, a connection pending", "s0 = socket stream; bind s0 loopback; listen s0 4; s1 = socket stream; connect s1 @s0", 0, 1),
        ("connecting", "s0 = socket stream; bind s0 loopback; listen s0 0; s1 = socket stream; connect s1 @s0; s2 = socket stream; nonblocking s2 on; connect s2 @s0", 2, 0),
        ("refused", "s1 = socket stream; bind s1 loopback; listen s1 4; s0 = socket stream; connect s0 nobody", 0, 1),
        ("refused, not told yet", "s1 = socket stream; bind s1 loopback; listen s1 4; s0 = socket stream; nonblocking s0 on; connect s0 nobody", 0, 1),
        ("connected, not asked yet", "s0 = socket stream; bind s0 loopback; listen s0 4; s1 = socket stream; nonblocking s1 on; connect s1 @s0; s2 = accept s0", 1, 0),
        ("established, the one that connected", Pair, 1, 0),
        ("established, the one that was accepted", Pair, 2, 0),
        ("readable", Pair + "send s2 10 nosignal", 1, 0),
        ("full", Pair + "setsockopt s1 sndbuf 4096; setsockopt s2 rcvbuf 4096; nonblocking s1 on; send s1 until full nosignal", 1, 0),
        ("write shut", Pair + "shutdown s1 wr", 1, 0),
        ("read shut", Pair + "shutdown s1 rd", 1, 0),
        ("shut both ways", Pair + "shutdown s1 rdwr", 1, 0),
        ("the peer has shut its direction", Pair + "shutdown s2 wr", 1, 0),
        ("the peer has shut its direction, data unread", Pair + "send s2 10 nosignal; shutdown s2 wr", 1, 0),
        ("the peer has closed", Pair + "close s2", 1, 0),
        ("ended, the peer first", Pair + "shutdown s2 wr; shutdown s1 wr", 1, 0),
        ("ended, we first", Pair + "shutdown s1 wr; shutdown s2 wr; recv s1 1", 1, 0),
        ("reset", Pair + "setsockopt s2 linger 0; close s2", 1, 0),
        ("reset, data unread", Pair + "send s2 10 nosignal; setsockopt s2 linger 0; close s2", 1, 0),
        ("reset because the peer left data unread", Pair + "send s1 10 nosignal; close s2", 1, 0),
        ("reset, told", Pair + "setsockopt s2 linger 0; close s2; getsockopt s1 error", 1, 0),
        ("reset, told by recv", Pair + "setsockopt s2 linger 0; close s2; recv s1 5", 1, 0),
        ("a copy of the peer's descriptor is closed", Pair + "s3 = dup s2; close s2", 1, 0),
        ("datagrams, unbound", "s1 = socket dgram; bind s1 loopback; s0 = socket dgram", 0, 1),
        ("datagrams, bound", Mail, 0, 1),
        ("datagrams, connected", Mail + "connect s0 @s1", 0, 1),
        ("datagrams, connected both ways", Mail + "connect s0 @s1; connect s1 @s0", 0, 1),
        ("datagrams, readable", Mail + "send s1 20 to @s0; send s1 0 to @s0; send s1 7 to @s0", 0, 1),
        ("datagrams, connected, readable", Mail + "connect s0 @s1; send s1 20 to @s0", 0, 1),
        ("datagrams, refused", "s1 = socket dgram; bind s1 loopback; s0 = socket dgram; connect s0 nobody; send s0 5", 0, 1),
        ("datagrams, connected, shut", Mail + "connect s0 @s1; shutdown s0 rdwr", 0, 1),
    ];

    /// <summary>Each call, with S for the socket and O for the other.</summary>
    private static readonly string[] Calls =
    [
        "bind S loopback", "bind S any", "bind S @sO", "bind S notlocal", "bind S otherfamily", "bind S unspecified", "bind S badlength", "bind S protected",
        "listen S 4", "listen S 0", "listen S -1", "s10 = accept S", "connect S @sO", "connect S nobody", "connect S otherfamily", "connect S unspecified", "connect S badlength", "connect S loopback",
        "send S 10 nosignal", "send S 10", "send S 0 nosignal", "send S 10 dontwait,nosignal", "send S 10 nosignal to @sO", "send S 65508 nosignal to @sO", "send S 5 nosignal to broadcast", "send S 5 nosignal to nobody",
        "recv S 10", "recv S 4", "recv S 0", "recv S 10 peek", "recv S 10 waitall", "recv S 10 dontwait", "recv S 1 outofband",
        "shutdown S rd", "shutdown S wr", "shutdown S rdwr", "shutdown S unknown", "close S", "getsockname S", "getpeername S", "getsockname S room 4", "getpeername S room 4",
        "setsockopt S reuseaddr 1", "setsockopt S nodelay 1", "setsockopt S linger 5", "setsockopt S broadcast 1", "getsockopt S error", "getsockopt S type", "getsockopt S acceptconn", "getsockopt S reuseaddr", "getsockopt S linger",
        "nonblocking S on", "nonblocking S off", "poll S", "s10 = dup S",
    ];

    /// <summary>What must still be as the model has it after any call: asked of all sockets there are; the model leaves out what makes no sense.</summary>
    private const string StillThere =
        "getsockname sS; getpeername sS; poll sS; getsockopt sS error; setsockopt sS reuseaddr 1; getsockopt sS reuseaddr; send s2 3 nosignal,dontwait; send s1 4 nosignal,dontwait; recv s1 2 dontwait; recv s1 9 dontwait; recv s2 9 dontwait; recv s0 30 dontwait; "
        + "s20 = socket stream; nonblocking s20 on; connect s20 @sS; nonblocking sS on; s21 = accept sS; s22 = accept sS; send s20 5 nosignal; recv s21 9 dontwait; bind sS loopback; listen sS 3; s23 = socket stream; connect s23 @sS; s24 = accept sS; "
        + "shutdown s1 wr; recv s2 9 dontwait; recv s2 9 dontwait; close s2; recv s1 9 dontwait; recv s1 9 dontwait; poll s1; close s1; close sS; poll s21";

    private static readonly (string Name, string Steps)[] Particular =
    [
        ("a request of full length", "s0 = socket stream; send s0 65536 nosignal"),
        ("the options of a new socket", "s0 = socket stream; getsockopt s0 error; getsockopt s0 type; getsockopt s0 acceptconn; s1 = socket dgram; getsockopt s1 type; getsockopt s1 error"),
        ("sockets that cannot be", "s0 = socket stream domain unknown; s1 = socket unknown; s2 = socket stream protocol 17; s3 = socket dgram protocol 6; s4 = socket stream protocol 6; s5 = socket dgram protocol 17"),
        ("descriptors are the lowest free", "s0 = socket stream; s1 = socket stream; s2 = socket dgram; close s1; close s0; s3 = socket stream; s4 = dup s2; s5 = socket stream; close s3; s6 = open"),
        ("descriptors of accepted sockets, too", Pair + "close s2; close s1; s3 = socket stream; connect s3 @s0; s4 = accept s0"),
        ("no descriptors are left, neither for socket nor for dup", "s0 = socket stream; limit 0; s1 = socket stream; s2 = dup s0; limit -1; s3 = socket stream"),
        ("no descriptors are left for accept, and nothing is lost", "s0 = socket stream; bind s0 loopback; listen s0 4; s1 = socket stream; connect s1 @s0; send s1 3; limit 0; s2 = accept s0; limit -1; s3 = accept s0; recv s3 9"),
        ("no descriptors are left at the end, and the next program has all", "limit 0; s0 = socket stream"),
        ("closing twice", "s0 = socket stream; close s0; close s0"),
        ("two listeners on one address", "s0 = socket stream; setsockopt s0 reuseaddr 1; bind s0 loopback; s1 = socket stream; setsockopt s1 reuseaddr 1; bind s1 @s0; listen s0 2; listen s1 2"),
        ("an address in use, without and with SO_REUSEADDR", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; bind s1 @s0; setsockopt s1 reuseaddr 1; bind s1 @s0; bind s1 loopback; listen s1 1"),
        ("a bind that failed, then one that must not", "s0 = socket stream; bind s0 notlocal; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; s2 = accept s0"),
        ("a bind that failed is no other socket's matter", "s0 = socket stream; bind s0 notlocal; s1 = socket stream; bind s1 loopback; listen s1 1; s2 = socket dgram; bind s2 loopback"),
        ("one port number for TCP and for UDP", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket dgram; bind s1 @s0; s2 = socket dgram; send s2 9 to @s1; recv s1 20"),
        ("the same address twice, datagrams", "s0 = socket dgram; bind s0 loopback; s1 = socket dgram; bind s1 @s0"),
        ("the address is free again when the socket is closed", "s0 = socket stream; bind s0 loopback; getsockname s0; s1 = socket stream; close s0; bind s1 @s0; listen s1 2"),
        ("the queue is in order", "s0 = socket stream; bind s0 loopback; listen s0 8; s1 = socket stream; connect s1 @s0; s2 = socket stream; connect s2 @s0; s3 = socket stream; connect s3 @s0; getsockname s1; getsockname s2; getsockname s3; "
            + "send s2 5; s4 = accept s0; s5 = accept s0; s6 = accept s0; recv s5 9; getpeername s4; getpeername s6"),
        ("a second listen keeps the queue", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; send s1 4; listen s0 8; s2 = accept s0; recv s2 9; s3 = socket stream; connect s3 @s0; s4 = accept s0"),
        ("a listener goes on after an accept", Pair + "s3 = socket stream; connect s3 @s0; s4 = accept s0; send s3 2; recv s4 5; close s2; close s1; s5 = socket stream; connect s5 @s0; s6 = accept s0"),
        ("listening without an address", "s0 = socket stream; listen s0 2; getsockname s0; s1 = socket stream; connect s1 @s0; s2 = accept s0"),
        ("listening on any address", "s0 = socket stream; bind s0 any; listen s0 2; s1 = socket stream; connect s1 @s0; s2 = accept s0; getsockname s2; getpeername s1; getpeername s2; getsockname s1"),
        ("a client with an address of its own", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; bind s1 loopback; getsockname s1; connect s1 @s0; s2 = accept s0; getpeername s2"),
        ("the names of both ends", Pair + "getsockname s1; getpeername s2; getpeername s1; getsockname s2"),
        ("a bound socket that does not listen", "s0 = socket stream; bind s0 loopback; s1 = socket stream; connect s1 @s0"),
        ("a closed listener refuses", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; s2 = accept s0; s3 = dup s2; getsockname s0; close s0; send s1 3; recv s2 9"),
        ("nobody is where a listener was", "s0 = socket stream; bind s0 loopback; listen s0 2; getsockname s0; s1 = socket stream; bind s1 loopback; close s0; connect s1 @s0; s2 = socket stream; bind s2 loopback; nonblocking s2 on; connect s2 @s0; poll s2; getsockopt s2 error"),
        ("pending connections of a closed listener", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; close s0; recv s1 5; recv s1 5"),
        ("a connection that was reset while it waited", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; setsockopt s1 linger 0; close s1; s2 = accept s0; s3 = socket stream; connect s3 @s0; s4 = accept s0"),
        ("a client that has said all and gone before the accept", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; send s1 6; close s1; s2 = accept s0; recv s2 4; recv s2 4; recv s2 4"),
        ("a client that has gone before the accept", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; close s1; s2 = accept s0; recv s2 4; close s2; s3 = socket stream; connect s3 @s0; shutdown s3 wr; s4 = accept s0; recv s4 4"),
        ("a mode that is set back", "s0 = socket stream; bind s0 loopback; listen s0 2; nonblocking s0 on; nonblocking s0 off; s1 = accept s0; s2 = socket stream; connect s2 @s0"),
        ("an accept that waits", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = accept s0; s2 = socket stream; connect s2 @s0; send s2 3; recv s1 9"),
        ("an accept that is interrupted", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = accept s0; interrupt s0; s2 = socket stream; connect s2 @s0; s3 = accept s0"),
        ("an accept on a non-blocking listener", "s0 = socket stream; bind s0 loopback; listen s0 2; nonblocking s0 on; s1 = accept s0; s2 = socket stream; connect s2 @s0; s3 = accept s0; s4 = accept s0"),
        ("a socket that was accepted without waiting", "s0 = socket stream; bind s0 loopback; listen s0 2; nonblocking s0 on; s1 = socket stream; connect s1 @s0; s2 = accept s0; recv s2 5; send s1 3; recv s2 5 dontwait"),
        ("a recv that waits for data", Pair + "recv s2 10; send s1 4"),
        ("two calls that wait", Pair + "s3 = socket stream; connect s3 @s0; s4 = accept s0; recv s2 10; recv s4 10; send s3 2; send s1 3"),
        ("a recv that waits for the end", Pair + "recv s2 10; shutdown s1 wr; recv s2 10"),
        ("a recv that waits for the close", Pair + "recv s2 10; close s1; recv s2 10"),
        ("a recv that waits for a reset", Pair + "recv s2 10; setsockopt s1 linger 0; close s1"),
        ("a recv that is interrupted", Pair + "recv s2 10; interrupt s2; send s1 4; recv s2 10"),
        ("a recv that waits for a datagram", Mail + "recv s0 10; send s1 4 to @s0"),
        ("a recv with a time-out", Pair + "setsockopt s2 rcvtimeo 60; recv s2 10; send s1 4; recv s2 10"),
        ("a recv with a time-out, datagrams", Mail + "setsockopt s0 rcvtimeo 60; recv s0 10; send s1 4 to @s0; recv s0 10"),
        ("a connect that waits for room in the queue", "s0 = socket stream; bind s0 loopback; listen s0 0; s1 = socket stream; connect s1 @s0; s2 = socket stream; connect s2 @s0; interrupt s2; nonblocking s2 on; connect s2 @s0; poll s2; getpeername s2"),
        ("a full buffer, then room", Pair + "setsockopt s1 sndbuf 4096; setsockopt s2 rcvbuf 4096; nonblocking s1 on; send s1 until full nosignal; poll s1; send s1 10 nosignal; recv s2 30000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000"),
        ("a send that waits for room behind MSG_DONTWAIT", Pair + "setsockopt s1 sndbuf 4096; setsockopt s2 rcvbuf 4096; send s1 until full dontwait,nosignal; send s1 10 nosignal"),
        ("a send that waits for room", Pair + "setsockopt s1 sndbuf 4096; setsockopt s2 rcvbuf 4096; nonblocking s1 on; send s1 until full nosignal; nonblocking s1 off; send s1 10 nosignal"),
        ("MSG_WAITALL", Pair + "send s1 4; recv s2 10 waitall; send s1 6; send s1 12; recv s2 10 waitall; recv s2 10"),
        ("MSG_WAITALL at the end", Pair + "send s1 3; recv s2 10 waitall; shutdown s1 wr; recv s2 10 waitall"),
        ("MSG_PEEK", Pair + "send s1 8; recv s2 5 peek; recv s2 20 peek; recv s2 3; recv s2 20 peek; recv s2 20; recv s2 4 peek,dontwait"),
        ("MSG_PEEK, datagrams", Mail + "send s1 8 to @s0; send s1 5 to @s0; recv s0 20 peek; recv s0 20; recv s0 3 peek; recv s0 20"),
        ("MSG_DONTWAIT", Pair + "recv s2 5 dontwait; send s1 4; recv s2 5 dontwait; recv s2 5 dontwait"),
        ("read in pieces", Pair + "send s1 30; send s1 20; recv s2 1; recv s2 7; recv s2 11; recv s2 100; send s1 5; recv s2 2; recv s2 2; recv s2 2"),
        ("small pieces that are held back until an acknowledgment", Pair + "send s1 1; send s2 1; send s1 1; send s1 1; send s1 1"),
        ("large pieces", Pair + "send s1 3000; recv s2 1000; recv s2 1; recv s2 3000; send s2 4000; recv s1 65536; recv s1 5 dontwait"),
        ("data, then the end, again and again", Pair + "send s1 6; shutdown s1 wr; recv s2 4; recv s2 4; recv s2 4; recv s2 4; send s2 5; recv s1 9; close s2; recv s1 4; recv s1 4"),
        ("half-closed, data the other way", Pair + "shutdown s2 wr; recv s1 5; send s1 7; recv s2 20; send s1 3; recv s2 20; shutdown s1 wr; recv s2 5"),
        ("both ends at once", Pair + "shutdown s1 wr; shutdown s2 wr; recv s1 4; recv s2 4; close s1; close s2"),
        ("shut for reading, then data", Pair + "shutdown s1 rd; recv s1 4; send s2 5; recv s1 9; send s1 4; recv s2 9"),
        ("shut both ways, what the peer sees", Pair + "shutdown s1 rdwr; recv s2 4; recv s1 4; send s1 3 nosignal; send s1 3"),
        ("writing to a closed peer", Pair + "close s2; send s1 3 nosignal; send s1 3 nosignal; send s1 3; send s1 3 nosignal; recv s1 3"),
        ("writing to a peer that has reset", Pair + "setsockopt s2 linger 0; close s2; send s1 3 nosignal; send s1 3 nosignal; send s1 3; recv s1 4"),
        ("reading from a peer that has reset", Pair + "setsockopt s2 linger 0; close s2; poll s1; recv s1 4; getsockopt s1 error; recv s1 4; send s1 2 nosignal; getpeername s1"),
        ("the pending error is told once", Pair + "setsockopt s2 linger 0; close s2; getsockopt s1 error; getsockopt s1 error; send s1 2 nosignal"),
        ("SO_LINGER read back", "s0 = socket stream; setsockopt s0 linger 0; getsockopt s0 linger; setsockopt s0 linger 3; getsockopt s0 linger; setsockopt s0 linger -1; getsockopt s0 linger"),
        ("options read back", "s0 = socket stream; getsockopt s0 reuseaddr; setsockopt s0 reuseaddr 1; getsockopt s0 reuseaddr; setsockopt s0 nodelay 1; getsockopt s0 nodelay; s1 = socket dgram; setsockopt s1 broadcast 1; getsockopt s1 broadcast; setsockopt s1 broadcast 0; getsockopt s1 broadcast"),
        ("options are kept when a socket is connected", "s0 = socket stream; listen s0 2; s1 = socket stream; setsockopt s1 nodelay 1; connect s1 @s0; getsockopt s1 nodelay"),
        ("SO_LINGER with seconds, nothing left to send", Pair + "setsockopt s1 linger 20; close s1; recv s2 5; recv s2 5"),
        ("SO_LINGER with seconds, nothing left to send, and nobody asks", Pair + "setsockopt s1 linger 20; close s1"),
        ("SO_LINGER with seconds, what was sent is with the peer", Pair + "send s1 6; setsockopt s1 linger 20; close s1; recv s2 9; recv s2 5"),
        ("SO_LINGER with seconds, unread data", Pair + "send s2 6; setsockopt s1 linger 20; close s1; recv s2 9"),
        ("SO_LINGER with seconds, data that finds no room", "s0 = socket stream; setsockopt s0 rcvbuf 4096; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; setsockopt s1 sndbuf 4096; send s1 until full dontwait,nosignal; setsockopt s1 linger 20; close s1; s2 = accept s0; "
            + "recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 9 dontwait"),
        ("SO_LINGER with seconds, data that finds no room, without MSG_DONTWAIT", Pair + "setsockopt s1 sndbuf 4096; setsockopt s2 rcvbuf 4096; nonblocking s1 on; send s1 until full nosignal; nonblocking s1 off; setsockopt s1 linger 20; close s1; "
            + "recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 60000; recv s2 9 dontwait"),
        ("SO_LINGER with seconds, data that finds no room, and the peer goes", "s0 = socket stream; setsockopt s0 rcvbuf 4096; bind s0 loopback; listen s0 2; s1 = socket stream; connect s1 @s0; setsockopt s1 sndbuf 4096; send s1 until full dontwait,nosignal; setsockopt s1 linger 20; s2 = accept s0; close s1; close s2"),
        ("a copy of a bound socket", "s0 = socket stream; bind s0 loopback; getsockname s0; s1 = dup s0; getsockname s1; listen s1 2; s2 = socket stream; connect s2 @s0; s3 = accept s0"),
        ("a copy keeps the connection open", Pair + "s3 = dup s1; close s1; recv s2 4 dontwait; send s3 5; recv s2 9; close s3; recv s2 4"),
        ("a copy shares the mode", Pair + "s3 = dup s2; nonblocking s3 on; recv s2 4; nonblocking s2 off; send s1 2; recv s3 4"),
        ("a copy of a listener", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = dup s0; close s0; s2 = socket stream; connect s2 @s1; s3 = accept s1"),
        ("non-blocking is for all calls", Pair + "nonblocking s2 on; recv s2 4; send s1 3; recv s2 9; recv s2 9; nonblocking s0 on; s3 = accept s0; nonblocking s2 off; recv s2 5; send s1 1"),
        ("a non-blocking connect, asked in all ways", "s0 = socket stream; bind s0 loopback; listen s0 2; s1 = socket stream; nonblocking s1 on; connect s1 @s0; poll s1; getsockopt s1 error; connect s1 @s0; connect s1 @s0; getpeername s1; send s1 2; s2 = accept s0; recv s2 4"),
        ("a non-blocking connect that is refused", "s0 = socket stream; nonblocking s0 on; connect s0 nobody; poll s0; getsockopt s0 error; getsockopt s0 error"),
        ("a second connect while the first is under way", "s0 = socket stream; bind s0 loopback; listen s0 0; s1 = socket stream; connect s1 @s0; s2 = socket stream; nonblocking s2 on; connect s2 @s0; connect s2 @s0; send s2 3 nosignal; recv s2 3; getpeername s2; poll s2; shutdown s2 wr"),
        ("datagrams keep their boundaries", Mail + "send s1 3 to @s0; send s1 0 to @s0; send s1 9 to @s0; recv s0 20; recv s0 20; recv s0 20"),
        ("datagrams are cut, and only they", Mail + "send s1 12 to @s0; send s1 6 to @s0; recv s0 5; recv s0 20"),
        ("datagrams bring their sender's name", Mail + "getsockname s1; s2 = socket dgram; send s2 4 to @s0; send s1 5 to @s0; recv s0 9; recv s0 9; getsockname s2"),
        ("an unbound socket of datagrams gets an address by sending", "s0 = socket dgram; bind s0 loopback; s1 = socket dgram; send s1 4 to @s0; getsockname s1; recv s0 9; send s0 3 to @s1; recv s1 9"),
        ("the largest datagram and one more", Mail + "setsockopt s1 sndbuf 200000; setsockopt s0 rcvbuf 200000; send s1 65507 to @s0; send s1 65508 to @s0; send s1 4 to @s0; recv s0 65536; recv s0 9"),
        ("a connected socket of datagrams hears its peer only", Mail + "s2 = socket dgram; bind s2 loopback; connect s0 @s1; send s2 4 to @s0; recv s0 9 dontwait; send s1 5 to @s0; recv s0 9; getpeername s0; send s0 6; recv s1 9"),
        ("a datagram past the peer", Mail + "s2 = socket dgram; bind s2 loopback; connect s0 @s1; send s0 5 to @s2; recv s2 9 dontwait; recv s1 9 dontwait"),
        ("another peer, then none", Mail + "s2 = socket dgram; bind s2 loopback; connect s0 @s1; getpeername s0; connect s0 @s2; getpeername s0; send s0 4; recv s2 9; send s2 5 to @s0; recv s0 9; connect s0 unspecified; getpeername s0"),
        ("an unreachable port, told by send", "s0 = socket dgram; connect s0 nobody; send s0 4; send s0 4; getsockopt s0 error"),
        ("an unreachable port, told by recv", "s0 = socket dgram; connect s0 nobody; nonblocking s0 on; send s0 4; recv s0 9; recv s0 9"),
        ("an unreachable port, told by SO_ERROR", "s0 = socket dgram; connect s0 nobody; send s0 4; poll s0; getsockopt s0 error; getsockopt s0 error"),
        ("a broadcast without and with leave", "s0 = socket dgram; send s0 4 to broadcast; setsockopt s0 broadcast 1; getsockopt s0 broadcast"),
        ("many sockets, and all work", "s0 = socket stream; bind s0 loopback; listen s0 8; s1 = socket stream; connect s1 @s0; s2 = accept s0; s3 = socket stream; connect s3 @s0; s4 = accept s0; s5 = socket stream; connect s5 @s0; s6 = accept s0; "
            + "send s1 3; send s3 4; send s5 5; recv s6 9; recv s4 9; recv s2 9; send s2 2; close s3; recv s1 9; recv s4 9; send s6 7; recv s5 9; close s6; recv s5 9"),
    ];

    /// <summary>Programs whose calls wait first and are due then: an accept in one, a recv in the other.</summary>
    internal static ImmutableArray<ApiProgram> Waiting { get; } = [.. Particular.Where(one => one.Name is "an accept that waits" or "a recv that waits for data").Select(one => Of(one.Name, one.Steps, withPeer: false))];

    /// <summary>
    /// Nobody answers, and there is a limit to how long that is put up with. Each takes a second, after which the SYN is sent again: the queue of the listener is full.
    /// </summary>
    public static ImmutableArray<ApiProgram> Slow { get; } =
    [
        Of("a connect that nobody answers", "s0 = socket stream; bind s0 loopback; listen s0 0; s1 = socket stream; connect s1 @s0; s2 = socket stream; setsockopt s2 usertimeout 100; connect s2 @s0; getsockopt s2 error", withPeer: false),
        Of("a connect that nobody answers, non-blocking", "s0 = socket stream; bind s0 loopback; listen s0 0; s1 = socket stream; connect s1 @s0; s2 = socket stream; setsockopt s2 usertimeout 100; nonblocking s2 on; connect s2 @s0; getsockopt s2 error; getsockopt s2 error", withPeer: false),
    ];

    /// <summary>The ways to bring a socket to a state, as programs, with the slot of that socket.</summary>
    internal static ImmutableArray<(ApiProgram Program, int Slot)> Beginnings { get; } = [.. Prologues.Select(one => (Of(one.Name, one.Steps, withPeer: false), one.Slot))];

    /// <summary>All programs but the slow ones; those of the matrix come after the particular ones.</summary>
    /// <param name="withPeer">The sockets that connect are those of the other host.</param>
    public static IEnumerable<ApiProgram> All(bool withPeer)
    {
        foreach (var (name, steps) in Particular) yield return Of(name, steps, withPeer: false);
        if (withPeer)
        {
            foreach (var (name, steps) in Particular.Where(one => one.Steps.Contains("connect", StringComparison.Ordinal) && !one.Steps.Contains("dgram", StringComparison.Ordinal))) yield return Of(name + ", to another host", steps, withPeer: true);
        }

        foreach (var program in Matrix()) yield return program;
    }

    /// <summary>Each call in each state, in both modes.</summary>
    public static IEnumerable<ApiProgram> Matrix()
    {
        foreach (var (name, steps, slot, other) in Prologues)
        {
            foreach (var call in Calls)
            {
                foreach (var mode in (string[])["off", "on"])
                {
                    if (mode == "on" && (slot, name) is (0, "closed" or "a file")) continue;
                    var made = call.Replace("sO", $"s{other}", StringComparison.Ordinal).Replace(" S", $" s{slot}", StringComparison.Ordinal);
                    yield return Of($"{name}: {made}", $"{steps}; nonblocking s{slot} {mode}; {made}; {StillThere.Replace("sS", $"s{slot}", StringComparison.Ordinal)}", withPeer: false);
                }
            }
        }
    }

    private static ApiProgram Of(string name, string steps, bool withPeer)
    {
        var calls = ApiProgram.Parse(name, steps.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Calls;
        if (!withPeer) return new ApiProgram(name, calls);
        var connecting = calls.Where(call => call.Op == Primitive.Connect).Select(call => call.On).ToImmutableHashSet();
        return new ApiProgram(name, [.. calls.Select(call => call.Op == Primitive.Socket && connecting.Contains(call.Gives) ? call with { AtPeer = true } : call)]);
    }
}
