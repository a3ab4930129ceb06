using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Process;

/// <summary>What the process uses, prints, and how it stops.</summary>
public static class Resources
{
    /// <summary>How often an operation is done: to warm up, twice to see what grows, and once more where something did.</summary>
    private static readonly int[] Rounds = [10, 40, 40, 270];

    /// <summary>The same where each time costs a TLS handshake.</summary>
    private static readonly int[] ShortRounds = [6, 16, 16, 80];

    public static ImmutableArray<Requirement> For(Conversation talk)
    {
        var clause = talk.Service.Transport == Transport.Udp ? "course" : "course; POSIX.1-2024 XSH close()";
        return
        [
            new()
            {
                Id = "process/leak/descriptors",
                Title = "gives back the descriptors of a connection",
                Clause = clause,
                Statement = "However a connection ends, everything the server opened for it is closed: after hundreds of them it has as many descriptors as before.",
                Why = "close() is forgotten on one of the paths out of a handler: the client left without a word, or in the middle, or reset",
                Fix = "close() on every path (finally, with, defer, goto out); look at ls -l /proc/PID/fd after each kind of client",
                Always = true,
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = Operations(talk),
                Judge = ProcessJudge.NoDescriptorLeak,
            },
            new()
            {
                Id = "process/leak/threads",
                Title = "ends the threads and processes of a connection",
                Clause = "course",
                Statement = "A thread or process that serves one client ends with it.",
                Why = "the thread waits for something that never comes: a queue, a lock, another thread, a peer that is gone",
                Fix = "leave the thread's loop at end of file and at every error; a fixed pool is fine",
                Always = true,
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = [talk.KeepsOpen && talk.Service.Tls is null ? Repeated(talk, "exchange, half-close", i => talk.WholeVisit(i, i)) : Repeated("coming and going", i => Silent(talk, i))],
                Judge = ProcessJudge.NoThreadLeak,
            },
            new()
            {
                Id = "process/leak/zombies",
                Title = "waits for its children",
                Clause = "POSIX.1-2024 XSH waitpid(), _Exit()",
                Statement = "A child that has ended is waited for: the number of zombies does not grow with the clients served.",
                Why = "fork() without waitpid(); or one waitpid() per SIGCHLD, though signals that come together are one",
                Fix = "in the SIGCHLD handler while (waitpid(-1, NULL, WNOHANG) > 0); or signal(SIGCHLD, SIG_IGN)",
                Always = true,
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = [talk.Service.Tls is null ? Repeated(talk, "exchange", i => talk.Visit(i, i)) : Repeated("coming and going", i => Silent(talk, i))],
                Judge = ProcessJudge.NoZombies,
            },
            new()
            {
                Id = "process/leak/memory",
                Title = "gives back the memory of a connection",
                Clause = "course",
                Statement = "Memory does not grow with the number of clients served. (Not judged where a garbage collector decides when memory goes back.)",
                Why = "malloc() without free() on one path; a list of clients or messages from which nothing is removed",
                Fix = "free() where the connection is closed; run it under -fsanitize=address or valgrind, which name the line",
                Always = true,
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = [Repeated(talk, "exchange of a large message", i => talk.Visit(i, i, 8000))],
                Judge = ProcessJudge.NoMemoryLeak,
            },
            new()
            {
                Id = "process/idle/no-busy-wait",
                Title = "uses no processor while nothing happens",
                Clause = "course; POSIX.1-2024 XSH poll()",
                Statement = "A server without clients waits in the kernel: accept(), poll(), epoll_wait().",
                Why = "a loop over non-blocking calls, or poll() with a timeout of 0; or the descriptor of a client that left is still polled",
                Fix = "let poll() wait (timeout -1) and take descriptors out of it before they are closed",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = [Talk.Scenario("after a client", talk.Visit(0), talk.Enter(1), talk.Leave(1), Talk.Wait(250), At("at rest"), Talk.Wait(400), At("at rest"), Talk.Wait(400), At("at rest"))],
                Judge = ProcessJudge.NoBusyWait,
            },
            .. talk.Service.Transport == Transport.Udp ? [] : WithClients(talk),
            new()
            {
                Id = "process/output/sanitizer-clean",
                Title = "no sanitizer reports anything",
                Clause = "course",
                Statement = "AddressSanitizer, LeakSanitizer, UndefinedBehaviorSanitizer, ThreadSanitizer, MemorySanitizer, valgrind, the C library's checks and the like, where the server runs with them, print no report.",
                Why = "a buffer one too small, a use after free, a counter that overflows, a variable that two threads write",
                Fix = "the report names the line: mend the first one first",
                Always = true,
                Company = Company.Alone,
                Fixed = [Talk.Scenario("some clients, then SIGTERM", Talk.Each([0, 1, 2], i => talk.Visit(i, i)), Silent(talk, 3), [new Step.Stop()])],
                Judge = ProcessJudge.SanitizerClean,
            },
            new()
            {
                Id = "process/output/no-uncaught-error",
                Title = "no error comes out at the top",
                Clause = "course",
                Level = Level.Should,
                Statement = "What one client does is handled in the code that serves it: no stack trace of an uncaught exception, no panic, no failed assertion on stderr.",
                Why = "ECONNRESET, EPIPE or a bad message was not expected, and the runtime ends the thread or task and prints its stack",
                Fix = "catch the errors of one connection where it is served, and close it",
                Always = true,
                Company = Company.Alone,
                After = talk.Probe,
                Fixed = [Talk.Scenario("clients that leave in every way", talk.Visit(0), Rude(talk, 1), Silent(talk, 2), talk.Visit(3, 3), Talk.Wait(50))],
                Judge = Judges.WhileAlive(ProcessJudge.NoUncaughtError),
            },
            new()
            {
                Id = "process/stop/on-sigterm",
                Title = "stops when it is asked to",
                Clause = "course; POSIX.1-2024 XBD <signal.h>: SIGTERM, termination signal",
                Level = Level.Should,
                Statement = "After SIGTERM the process ends within a few seconds, with or without clients, and nobody listens on its port any more.",
                Why = "the handler sets a flag that nobody looks at while accept() or recv() waits; SIGTERM is ignored; or workers outlive the first process",
                Fix = "leave SIGTERM at its default; or let the handler wake the loop (a self-pipe, signalfd, close the listener) and end the workers, too",
                Company = Company.Alone,
                After = talk.Probe,
                Fixed =
                [
                    Talk.Scenario("after a client has left", talk.Visit(0), At("before SIGTERM"), [new Step.Stop(), new Step.Observe()]),
                    .. talk.KeepsOpen ? [Talk.Scenario("with a client connected", talk.Enter(0), talk.Exchange(0), [new Step.Stop(), new Step.Observe(), new Step.Close(0)])] : Array.Empty<Scenario>(),
                ],
                Judge = ProcessJudge.StopsOnSigterm,
            },
        ];
    }

    private static ImmutableArray<Requirement> WithClients(Conversation talk) =>
    [
        new()
        {
            Id = "process/idle/no-busy-wait-with-clients",
            Title = "uses no processor while its clients are silent",
            Clause = "course; POSIX.1-2024 XSH poll()",
            Statement = "Connections on which nothing happens cost no processor time, nor do clients that do not read.",
            Why = "EAGAIN is answered by trying again at once; POLLOUT is asked for with nothing to send; end of file is not handled, so that poll() reports it for ever",
            Fix = "ask for POLLOUT only while something waits to be sent; close at end of file; never loop on EAGAIN",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Talk.Scenario("silent clients", Unoccupied(talk), Talk.Each([1, 2], Talk.Connect), talk.KeepsOpen ? [.. talk.Enter(3), .. talk.Exchange(3)] : [], Talk.Wait(100), Occupied),
                .. talk.Service.IsEcho ? [Talk.Scenario("a client that does not read", Unoccupied(talk), talk.Enter(new Step.Connect(1, ReceiveBuffer: 4096)), [new Step.Send(1, Talk.Text(300_000))], Talk.Wait(100), Occupied)] : Array.Empty<Scenario>(),
                .. talk.KeepsOpen && talk.Service.Tls is null ? [Talk.Scenario("a client that has half-closed", Unoccupied(talk), talk.Enter(1), talk.Exchange(1), [new Step.ShutdownWrite(1)], Talk.Wait(100), Occupied)] : Array.Empty<Scenario>(),
            ],
            Judge = ProcessJudge.NoBusyWaitWithClients,
        },
    ];

    private static IEnumerable<Step> Unoccupied(Conversation talk) => [.. talk.Visit(0), .. Talk.Wait(150), .. At("without clients"), .. Talk.Wait(300), .. At("without clients")];

    private static IEnumerable<Step> Occupied => [.. At("with clients"), .. Talk.Wait(400), .. At("with clients"), .. Talk.Wait(400), .. At("with clients")];

    private static IEnumerable<Step> At(string label) => [new Step.Sample(label)];

    /// <summary>One scenario for each way in which a client can come and go; the leak requirements are all judged on the cases of each other.</summary>
    private static ImmutableArray<Scenario> Operations(Conversation talk)
    {
        if (talk.Service.Transport == Transport.Udp) return [Repeated(talk, "exchange", i => talk.Visit(i, i)), Repeated(talk, "a datagram, without waiting", i => Silent(talk, i))];
        return
        [
            Repeated(talk, "exchange", i => talk.Visit(i, i)),
            Repeated("connect, close", i => [new Step.Connect(i), new Step.Close(i)]),
            Repeated("connect, abort", i => [new Step.Connect(i), new Step.Abort(i)]),
            .. talk.IsAnnouncement || talk.IsEndless ? Array.Empty<Scenario>() : [Repeated(talk, "abort in the middle of a message", i => Rude(talk, i))],
        ];
    }

    private static Scenario Repeated(Conversation talk, string operation, Func<int, IEnumerable<Step>> steps) => Repeated(operation, steps, talk.Service.Tls is null ? Rounds : ShortRounds);

    private static Scenario Repeated(string operation, Func<int, IEnumerable<Step>> steps) => Repeated(operation, steps, Rounds);

    private static Scenario Repeated(string operation, Func<int, IEnumerable<Step>> steps, int[] rounds)
    {
        var all = new List<Step>();
        var first = 0;
        foreach (var (number, times) in rounds.Index())
        {
            all.AddRange(Talk.Each(Enumerable.Range(first, times), steps));
            all.Add(new Step.Sample(operation, EndsIfSteady: number == rounds.Length - 2));
            first += times;
        }

        return new Scenario($"again and again: {operation}", [.. all]);
    }

    /// <summary>A client that sends half a message and resets; of a datagram service, one that sends and is gone.</summary>
    private static IEnumerable<Step> Rude(Conversation talk, int socket)
    {
        if (talk.Service.Transport == Transport.Udp) return Silent(talk, socket);
        var message = talk.Message(socket, 60).ToBytes();
        return talk.IsAnnouncement || talk.IsEndless ? [new Step.Connect(socket), new Step.Abort(socket)]
            : [.. talk.Enter(socket), new Step.Send(socket, Payload.Literal.Of(message.AsSpan(0, Math.Max(1, message.Length / 2)))), new Step.Abort(socket)];
    }

    /// <summary>A client that comes and goes without a word; of a datagram service, one that does not wait for an answer.</summary>
    private static IEnumerable<Step> Silent(Conversation talk, int socket) => talk.Service.Transport == Transport.Udp
        ? [new Step.Open(socket), Conversation.Send(socket, talk.Message(socket)), new Step.Close(socket)]
        : [new Step.Connect(socket), new Step.Close(socket)];
}
