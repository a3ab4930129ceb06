using System.Globalization;
using System.Text;
using SockConformance.Api;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>A program as people read it: each call with its answer and the packets of that time, on one axis; and as a short program that shows the same.</summary>
internal static class Transcript
{
    private const int MostComment = 1000;

    /// <summary>A line per call, packets between them: seconds, then what was called and answered, then what was on the wire.</summary>
    public static string Text(ProgramFailure failure)
    {
        var lines = new List<(TimeSpan At, string Line)>();
        foreach (var call in failure.Calls) lines.Add((call.Start, $"{C(call)} = {call.Answer}" + (call.Refused ? "      (illegal here)" : "")));
        foreach (var flow in failure.Flows)
        {
            foreach (var segment in flow.Segments) lines.Add((segment.At, $"    {flow.Tuple.Client.Port} {segment.ToString().Insert(1, $" {flow.Tuple.Server.Port} ")}"));
        }

        var start = lines.Count > 0 ? lines.Min(line => line.At) : default;
        var text = new StringBuilder();
        foreach (var (at, line) in lines.OrderBy(line => line.At)) text.AppendLine(CultureInfo.InvariantCulture, $"{(at - start).TotalSeconds,9:0.000000}  {line}");
        text.AppendLine(CultureInfo.InvariantCulture, $"           expected {failure.Violation.Expected}, observed {failure.Violation.Observed}");
        return text.ToString();
    }

    /// <summary>The same as a program in C: it prints what each call returns.</summary>
    public static string CProgram(ProgramFailure failure, ApiRule rule)
    {
        var body = new StringBuilder();
        var threads = new StringBuilder();
        foreach (var call in failure.Calls)
        {
            if (call.Answer == "waits")
            {
                threads.AppendLine(CultureInfo.InvariantCulture, $"static void *wait{call.Step}(void *unused) {{ (void)unused; {Say(call)} return 0; }}");
                body.AppendLine(CultureInfo.InvariantCulture, $"    pthread_create(&thread, 0, wait{call.Step}, 0); usleep(50000);");
            }
            else if (call.Call.Op is not (Primitive.Limit or Primitive.Interrupt))
            {
                body.AppendLine(CultureInfo.InvariantCulture, $"    {Say(call)}");
            }
        }

        return $$"""
            // {{rule.Id}}: {{rule.Title}} ({{rule.Clause}})
            // expected {{Printable.Line(failure.Violation.Expected, MostComment)}}; observed {{Printable.Line(failure.Violation.Observed, MostComment)}} at the last call
            // cc -o show show.c -pthread && ./show
            #include <arpa/inet.h>
            #include <errno.h>
            #include <fcntl.h>
            #include <netinet/tcp.h>
            #include <poll.h>
            #include <pthread.h>
            #include <signal.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/socket.h>
            #include <unistd.h>

            static int s[32];
            static char data[70000];
            static struct sockaddr_in at;
            static socklen_t size;

            static struct sockaddr *address(unsigned ip, int port) {
                memset(&at, 0, sizeof at);
                at.sin_family = AF_INET; at.sin_addr.s_addr = htonl(ip); at.sin_port = htons(port);
                return (struct sockaddr *)&at;
            }

            static struct sockaddr *name(int fd) {
                size = sizeof at; getsockname(fd, (struct sockaddr *)&at, &size);
                if (!at.sin_addr.s_addr) at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                return (struct sockaddr *)&at;
            }

            static int option(int fd, int level, int number) { int value = -1; size = sizeof value; return getsockopt(fd, level, number, &value, &size) ? -1 : value; }
            static int set(int fd, int level, int number, int value) { return setsockopt(fd, level, number, &value, sizeof value); }
            static int linger(int fd, int seconds) { struct linger l = {seconds >= 0, seconds < 0 ? 0 : seconds}; return setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l); }
            static int timeout(int fd, int number, int ms) { struct timeval t = {ms / 1000, ms % 1000 * 1000}; return setsockopt(fd, SOL_SOCKET, number, &t, sizeof t); }
            static int events(int fd) { struct pollfd p = {fd, POLLIN | POLLOUT, 0}; poll(&p, 1, 0); return p.revents; }
            static long say(const char *call, long value) { printf("%-48s %ld%s%s\n", call, value, value < 0 ? " " : "", value < 0 ? strerror(errno) : ""); return value; }

            {{threads}}
            int main(void) {
                pthread_t thread; (void)thread; (void)set; (void)option; (void)linger; (void)timeout; (void)events; (void)name; (void)address;
                signal(SIGPIPE, SIG_IGN);
            {{body.ToString().TrimEnd()}}
                return 0;
            }

            """;
    }

    /// <summary>The same as a program in Python.</summary>
    public static string PythonProgram(ProgramFailure failure, ApiRule rule)
    {
        var body = new StringBuilder();
        foreach (var call in failure.Calls.Where(call => call.Call.Op is not (Primitive.Limit or Primitive.Interrupt)))
        {
            var waits = call.Answer == "waits";
            body.AppendLine(CultureInfo.InvariantCulture, $"{(waits ? "later" : "say")}(\"{call.Call}\", lambda: {Python(call)})");
        }

        return $$"""
            # {{rule.Id}}: {{rule.Title}} ({{rule.Clause}})
            # expected {{Printable.Line(failure.Violation.Expected, MostComment)}}; observed {{Printable.Line(failure.Violation.Observed, MostComment)}} at the last call
            import os, select, socket, struct, threading, time
            from socket import *

            s = {}


            def give(slot, made):
                s[slot] = made
                return made.fileno() if hasattr(made, "fileno") else made


            def accept(slot, listener):
                s[slot], peer = listener.accept()
                return s[slot].fileno(), peer


            def name(sock):
                ip, port = sock.getsockname()
                return ("127.0.0.1" if ip == "0.0.0.0" else ip), port


            def events(sock):
                poll = select.poll()
                poll.register(sock, select.POLLIN | select.POLLOUT)
                return poll.poll(0)


            def say(call, do):
                try:
                    print(f"{call:48} {do()}")
                except OSError as e:
                    print(f"{call:48} -1 {os.strerror(e.errno)}")


            def later(call, do):
                threading.Thread(target=say, args=(call, do), daemon=True).start()
                time.sleep(0.05)


            {{body.ToString().TrimEnd()}}

            """;
    }

    private static string Say(CallTrace call)
    {
        var gives = call.Call.Gives >= 0 ? $"s[{call.Call.Gives}] = " : "";
        return $"{gives}say(\"{call.Call}\", {C(call)});";
    }

    /// <summary>The call in C.</summary>
    private static string C(CallTrace trace)
    {
        var call = trace.Call;
        var fd = $"s[{call.On}]";
        return call.Op switch
        {
            Primitive.Socket => $"socket({(call.Domain == Domain.Inet ? "AF_INET" : call.Domain == Domain.Inet6 ? "AF_INET6" : "9999")}, {(call.Type == SocketType.Stream ? "SOCK_STREAM" : call.Type == SocketType.Dgram ? "SOCK_DGRAM" : "99")}, {call.Size})",
            Primitive.Bind => $"bind({fd}, {Address(call)})",
            Primitive.Connect => $"connect({fd}, {Address(call)})",
            Primitive.Listen => $"listen({fd}, {call.Size})",
            Primitive.Accept => $"accept({fd}, 0, 0)",
            Primitive.Send => call.Where == Where.None ? $"send({fd}, data, {call.Size}, {Flags(call.Flags)})" : $"sendto({fd}, data, {call.Size}, {Flags(call.Flags)}, {Address(call)})",
            Primitive.Recv => $"recv({fd}, data, {call.Size}, {Flags(call.Flags)})",
            Primitive.Shutdown => $"shutdown({fd}, {call.How switch { How.Rd => "SHUT_RD", How.Wr => "SHUT_WR", How.RdWr => "SHUT_RDWR", _ => "77" }})",
            Primitive.Close => $"close({fd})",
            Primitive.Getsockname => $"(size = {(call.Size > 0 ? $"{call.Size}" : "sizeof at")}, getsockname({fd}, (struct sockaddr *)&at, &size))",
            Primitive.Getpeername => $"(size = {(call.Size > 0 ? $"{call.Size}" : "sizeof at")}, getpeername({fd}, (struct sockaddr *)&at, &size))",
            Primitive.Setsockopt => call.Option switch
            {
                SocketOption.Linger => $"linger({fd}, {call.Size})",
                SocketOption.RcvTimeo or SocketOption.SndTimeo => $"timeout({fd}, {Number(call.Option)}, {call.Size})",
                _ => $"set({fd}, {Number(call.Option)}, {call.Size})",
            },
            Primitive.Getsockopt => $"option({fd}, {(call.Option is SocketOption.NoDelay or SocketOption.UserTimeout ? "" : "SOL_SOCKET, ")}{Number(call.Option).Replace("SOL_SOCKET, ", "", StringComparison.Ordinal)})",
            Primitive.Nonblocking => $"fcntl({fd}, F_SETFL, {(call.Size != 0 ? "O_NONBLOCK" : "0")})",
            Primitive.Poll => $"events({fd})",
            Primitive.Dup => $"dup({fd})",
            Primitive.Open => "open(\"/dev/null\", O_RDONLY)",
            _ => call.ToString(),
        };
    }

    private static string Address(Call call) => call.Where switch
    {
        Where.NameOf => $"name(s[{call.Other}]), sizeof at",
        Where.Any => "address(0, 0), sizeof at",
        Where.Loopback => "address(INADDR_LOOPBACK, 0), sizeof at",
        Where.Nobody => "address(INADDR_LOOPBACK, 4), sizeof at",
        Where.NotLocal => "address(0xC0000201, 0), sizeof at",
        Where.Broadcast => "address(0x7FFFFFFF, 9), sizeof at",
        Where.Protected => "address(INADDR_LOOPBACK, 1), sizeof at",
        Where.BadLength => "address(INADDR_LOOPBACK, 4), 7",
        Where.OtherFamily => "(address(0, 0)->sa_family = AF_INET6, (struct sockaddr *)&at), 28",
        _ => "(address(0, 0)->sa_family = AF_UNSPEC, (struct sockaddr *)&at), sizeof at",
    };

    private static string Number(SocketOption option) => option switch
    {
        SocketOption.NoDelay => "IPPROTO_TCP, TCP_NODELAY",
        SocketOption.UserTimeout => "IPPROTO_TCP, TCP_USER_TIMEOUT",
        SocketOption.RcvTimeo => "SO_RCVTIMEO",
        SocketOption.SndTimeo => "SO_SNDTIMEO",
        SocketOption.ReuseAddr => "SOL_SOCKET, SO_REUSEADDR",
        SocketOption.Broadcast => "SOL_SOCKET, SO_BROADCAST",
        SocketOption.RcvBuf => "SOL_SOCKET, SO_RCVBUF",
        SocketOption.SndBuf => "SOL_SOCKET, SO_SNDBUF",
        SocketOption.Linger => "SOL_SOCKET, SO_LINGER",
        SocketOption.Error => "SOL_SOCKET, SO_ERROR",
        SocketOption.Type => "SOL_SOCKET, SO_TYPE",
        _ => "SOL_SOCKET, SO_ACCEPTCONN",
    };

    private static string Flags(CallFlags flags)
    {
        if (flags == CallFlags.None) return "0";
        var words = new List<string>();
        if ((flags & CallFlags.Peek) != 0) words.Add("MSG_PEEK");
        if ((flags & CallFlags.WaitAll) != 0) words.Add("MSG_WAITALL");
        if ((flags & CallFlags.DontWait) != 0) words.Add("MSG_DONTWAIT");
        if ((flags & CallFlags.OutOfBand) != 0) words.Add("MSG_OOB");
        if ((flags & CallFlags.NoSignal) != 0) words.Add("MSG_NOSIGNAL");
        return string.Join(" | ", words);
    }

    private static string Python(CallTrace trace)
    {
        var call = trace.Call;
        var sock = $"s[{call.On}]";
        var address = call.Where switch
        {
            Where.NameOf => $"name(s[{call.Other}])",
            Where.Any => "(\"0.0.0.0\", 0)",
            Where.Loopback => "(\"127.0.0.1\", 0)",
            Where.NotLocal => "(\"192.0.2.1\", 0)",
            Where.Broadcast => "(\"127.255.255.255\", 9)",
            Where.Protected => "(\"127.0.0.1\", 1)",
            _ => "(\"127.0.0.1\", 4)",
        };
        var option = call.Option switch
        {
            SocketOption.RcvTimeo => "SOL_SOCKET, SO_RCVTIMEO",
            SocketOption.SndTimeo => "SOL_SOCKET, SO_SNDTIMEO",
            _ => Number(call.Option),
        };
        return call.Op switch
        {
            Primitive.Socket => $"give({call.Gives}, socket({(call.Domain == Domain.Inet ? "AF_INET" : "9999")}, {(call.Type == SocketType.Stream ? "SOCK_STREAM" : call.Type == SocketType.Dgram ? "SOCK_DGRAM" : "99")}, {call.Size}))",
            Primitive.Bind => $"{sock}.bind({address})",
            Primitive.Connect => $"{sock}.connect({address})",
            Primitive.Listen => $"{sock}.listen({call.Size})",
            Primitive.Accept => $"accept({call.Gives}, {sock})",
            Primitive.Send => call.Where == Where.None ? $"{sock}.send(bytes({call.Size}), {Flags(call.Flags)})" : $"{sock}.sendto(bytes({call.Size}), {Flags(call.Flags)}, {address})",
            Primitive.Recv => $"{sock}.recv({call.Size}, {Flags(call.Flags)})",
            Primitive.Shutdown => $"{sock}.shutdown({call.How switch { How.Rd => "SHUT_RD", How.Wr => "SHUT_WR", How.RdWr => "SHUT_RDWR", _ => "77" }})",
            Primitive.Close => $"{sock}.close()",
            Primitive.Getsockname => $"{sock}.getsockname()",
            Primitive.Getpeername => $"{sock}.getpeername()",
            Primitive.Setsockopt when call.Option == SocketOption.Linger => $"{sock}.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack(\"ii\", {(call.Size >= 0 ? 1 : 0)}, {Math.Max(0, call.Size)}))",
            Primitive.Setsockopt when call.Option is SocketOption.RcvTimeo or SocketOption.SndTimeo => $"{sock}.setsockopt({option}, struct.pack(\"ll\", {call.Size / 1000}, {call.Size % 1000 * 1000}))",
            Primitive.Setsockopt => $"{sock}.setsockopt({option}, {call.Size})",
            Primitive.Getsockopt => $"{sock}.getsockopt({option})",
            Primitive.Nonblocking => $"{sock}.setblocking({(call.Size != 0 ? "False" : "True")})",
            Primitive.Poll => $"events({sock})",
            Primitive.Dup => $"give({call.Gives}, {sock}.dup())",
            Primitive.Open => $"give({call.Gives}, open(\"/dev/null\"))",
            _ => "None",
        };
    }
}
