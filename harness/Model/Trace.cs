using System.Collections.Immutable;
using System.Net;

namespace SockConformance.Model;

/// <summary>How a step ended.</summary>
public enum StepResult
{
    Done,

    /// <summary>RECEIVE found the end of file; asked for or not.</summary>
    EndOfFile,

    /// <summary>What was waited for did not come within the step's deadline.</summary>
    TimedOut,

    /// <summary>The API answered with an errno.</summary>
    Failed,

    /// <summary>An earlier step ended the scenario.</summary>
    NotRun,
}

/// <param name="Errno">Its name where the API answered with one, else null.</param>
/// <param name="Detail">What else is known, for people.</param>
public sealed record Outcome(StepResult Result, TimeSpan Start, TimeSpan End, int Bytes = 0, string? Errno = null, string? Detail = null)
{
    public static Outcome NotRun(TimeSpan at) => new(StepResult.NotRun, at, at);

    public bool Is(params ReadOnlySpan<string> errnos) => Errno is { } errno && errnos.Contains(errno);
}

/// <summary>The states of RFC 9293 §3.3.2 as the kernel's table of sockets shows them.</summary>
public enum TcpState
{
    Established = 1,
    SynSent = 2,
    SynReceived = 3,
    FinWait1 = 4,
    FinWait2 = 5,
    TimeWait = 6,
    Closed = 7,
    CloseWait = 8,
    LastAck = 9,
    Listen = 10,
    Closing = 11,
}

/// <summary>One of the target's sockets in the kernel's table.</summary>
public sealed record ServerSocket(IPEndPoint Local, IPEndPoint Remote, TcpState State);

/// <summary>What an <see cref="Step.Observe"/> saw: listening sockets on the target's port.</summary>
public sealed record Observation(int Step, ImmutableArray<IPEndPoint> Listening);

/// <summary>One of the harness's sockets over the whole scenario.</summary>
/// <param name="Tuple">As getsockname answered when the connect began; null if it never began.</param>
/// <param name="Peer">As getpeername answered when the handshake was over; null if it never was.</param>
/// <param name="ServerSide">The target's end in the kernel's table right after the connect; null if it was not found there.</param>
/// <param name="Accepted">Bytes that SEND took.</param>
/// <param name="Received">Bytes that RECEIVE gave, in order.</param>
/// <param name="LeftBehind">The state of the target's end when the scenario was over and had time to settle; null if it was gone.</param>
public sealed record ConnectionTrace(
    int Socket, FiveTuple? Tuple, IPEndPoint? Peer, ServerSocket? ServerSide, int Accepted, ReadOnlyMemory<byte> Received, TcpState? LeftBehind)
{
    public bool Established => Peer is not null;

    /// <summary>What came on a datagram socket, one by one.</summary>
    public ImmutableArray<ReceivedDatagram> Datagrams { get => field.IsDefault ? [] : field; init; }

    /// <summary>The step during which a datagram socket was first told by ICMP that nobody is bound to the target's port; null if it never was.</summary>
    public int? UnreachableAt { get; init; }

    /// <summary>How many of the bytes of a client under test have been looked at: those after them came when its server had closed.</summary>
    public int Answered { get; init; }

    /// <summary>Bytes that were due to a client under test for what it sent; it was given <see cref="Accepted"/> of them.</summary>
    public int Owed { get; init; }

    /// <summary>What the TLS session was; null where there was none.</summary>
    public TlsTrace? Tls { get; init; }
}

/// <param name="Step">The index of the step during which it was read; the number of steps for what was left at the end.</param>
public sealed record ReceivedDatagram(IPEndPoint Source, ReadOnlyMemory<byte> Data, TimeSpan At, int Step);

/// <summary>One look at the processes of the target.</summary>
/// <param name="Memory">Resident bytes that belong to it alone.</param>
/// <param name="Processor">Processor time used so far, by those that live and those that were waited for.</param>
public sealed record ProcessSample(int Step, string Label, TimeSpan At, int Processes, int Descriptors, int Threads, int Zombies, long Memory, TimeSpan Processor)
{
    private const int NoteworthyCount = 10, NoteworthyMemory = 64 * 1024;

    /// <summary>Memory that is not used any more may stay for long: a garbage collector is at work, or a sanitizer that quarantines it.</summary>
    public bool Collected { get; init; }

    /// <summary>Some of its descriptors are not counted: they could not be seen.</summary>
    public bool HidesDescriptors { get; init; }

    /// <summary>Time that threads which live now have spent running, or waiting for a processor that others had; zero where the kernel does not tell.</summary>
    public TimeSpan Runnable { get; init; }

    /// <summary>Descriptors, threads, processes and zombies are no more than they were.</summary>
    public bool IsDownTo(ProcessSample earlier) =>
        Descriptors <= earlier.Descriptors && Threads <= earlier.Threads && Processes <= earlier.Processes && Zombies <= earlier.Zombies;

    /// <summary>So much more of something than earlier that it is worth a longer look.</summary>
    public bool IsFarAbove(ProcessSample earlier) =>
        Math.Max(Math.Max(Descriptors - earlier.Descriptors, Threads - earlier.Threads), Math.Max(Processes - earlier.Processes, Zombies - earlier.Zombies)) >= NoteworthyCount
        || (!Collected && Memory - earlier.Memory >= NoteworthyMemory);
}

/// <summary>What the sockets answered, step by step; outcomes are in the order of the scenario's steps.</summary>
public sealed record Trace(ImmutableArray<Outcome> Outcomes, ImmutableArray<ConnectionTrace> Connections, ImmutableArray<Observation> Observations)
{
    public ImmutableArray<ProcessSample> Samples { get => field.IsDefault ? [] : field; init; }

    /// <summary>The connections of the harness's own TCP; they are none of <see cref="Connections"/>.</summary>
    public ImmutableArray<CraftedTrace> Crafted { get => field.IsDefault ? [] : field; init; }

    /// <summary>How many connections a client under test opened that no step accepted.</summary>
    public int Uninvited { get; init; }

    public ConnectionTrace? On(int socket) => Connections.FirstOrDefault(connection => connection.Socket == socket);
}
