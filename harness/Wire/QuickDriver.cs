using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>How a step of a quick run ended.</summary>
internal enum QuickEnd : byte
{
    /// <summary>What was waited for came.</summary>
    Met,
    EndOfFile,
    Reset,
    Refused,
    TimedOut,

    /// <summary>So much came that reading was stopped.</summary>
    Flooded,
}

/// <summary>What one receiving step of a quick run brought.</summary>
/// <param name="Step">Its index in the scenario.</param>
/// <param name="From">Where its bytes begin among those received on the socket.</param>
internal readonly record struct QuickEvent(int Step, int Socket, int From, int To, QuickEnd End);

/// <summary>
/// Carries out scenarios of plain TCP at the speed of the kernel: the same primitives as <see cref="ScenarioDriver"/>, with nothing written down but what came
/// back. What looks odd here is carried out again by that one, with all the evidence. One thread uses it; its memory is used again for each run.
/// </summary>
internal sealed unsafe class QuickDriver : IDisposable
{
    public const int MostSockets = 64;
    private const int MostReceived = 1 << 20, Chunk = 64 * 1024, BindWithoutPort = 24, SendTimeout = 21, QuickAck = 12, DontWait = 0x40;
    private const int SecondOctet = 16;

    /// <summary>All addresses of all drivers, as capture filters name them, and how many drivers can run at once.</summary>
    public const string Network = "127.16.0.0/12";
    public const int Networks = 16;

    private readonly Connection[] connections = new Connection[MostSockets];
    private readonly byte[] target, source = new byte[16];
    private readonly List<QuickEvent> events = [];
    private readonly List<uint> addresses = [];
    private readonly CancellationToken cancellation;
    private uint nextAddress;

    /// <param name="number">Of several that run at once: each has addresses of its own, 127.16.0.0/16 and on.</param>
    public QuickDriver(IPEndPoint endpoint, int number, CancellationToken cancellation)
    {
        this.cancellation = cancellation;
        target = new byte[PosixSocket.Format(endpoint, stackalloc byte[28])];
        PosixSocket.Format(endpoint, target);
        IsLocal = endpoint.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(endpoint.Address);
        BinaryPrimitives.WriteUInt16LittleEndian(source, Libc.AfInet);
        (source[4], source[5]) = (127, (byte)(SecondOctet + (number % Networks)));
        for (var i = 0; i < MostSockets; i++) connections[i] = new Connection();
    }

    private bool IsLocal { get; }

    /// <summary>How long an answer, or a handshake, may take.</summary>
    public int PatienceMilliseconds { get; set; } = 1000;

    /// <summary>How many primitives were called in all runs.</summary>
    public long Primitives { get; private set; }

    /// <summary>What the receiving steps of the last run brought, in order.</summary>
    public ReadOnlySpan<QuickEvent> Events => CollectionsMarshal.AsSpan(events);

    /// <summary>The IPv4 addresses of this end that the last run took, one for each connection; none where the target is not on this machine's IPv4 loopback.</summary>
    public ReadOnlySpan<uint> Addresses => CollectionsMarshal.AsSpan(addresses);

    /// <summary>Of the last run: the index of the first step that did not do what it should, or -1.</summary>
    public int Unmet { get; private set; }

    /// <summary>How that step ended.</summary>
    public QuickEnd UnmetEnd { get; private set; }

    /// <summary>The bytes that came on a socket in the last run.</summary>
    public ReadOnlySpan<byte> Received(int socket) => connections[socket].Buffer.AsSpan(0, connections[socket].Count);

    /// <summary>Whether a scenario is made of what this driver knows.</summary>
    public static bool Knows(ImmutableArray<Step> steps) => steps.All(step => step is Step.Idle
        || (step is Step.Connect or Step.Send { Raw: false } or Step.Receive or Step.ReceiveMessages or Step.Await or Step.ShutdownWrite or Step.Close or Step.Abort && step.On < MostSockets));

    /// <summary>Runs all steps, up to the first one that is not met. Every socket is closed at the end.</summary>
    public void Run(ImmutableArray<Step> steps)
    {
        events.Clear();
        addresses.Clear();
        (Unmet, UnmetEnd) = (-1, QuickEnd.Met);
        var most = -1;
        try
        {
            for (var i = 0; i < steps.Length; i++)
            {
                if (steps[i].On is { } number && number > most)
                {
                    for (var n = most + 1; n <= number; n++) connections[n].Begin();
                    most = number;
                }

                var end = Carry(i, steps[i]);
                if (end == QuickEnd.Met || steps[i].IsTolerant || (end == QuickEnd.EndOfFile && steps[i] is Step.Receive { Bytes: null })) continue;
                (Unmet, UnmetEnd) = (i, end);
                return;
            }
        }
        finally
        {
            for (var n = 0; n <= most; n++) connections[n].End();
        }
    }

    public void Dispose()
    {
        foreach (var connection in connections) connection.End();
    }

    private QuickEnd Carry(int index, Step step)
    {
        if (step is Step.Idle idle)
        {
            Clock.Pause(TimeSpan.FromMilliseconds(idle.Milliseconds), cancellation);
            return QuickEnd.Met;
        }

        Primitives++;
        var connection = connections[step.On!.Value];
        switch (step)
        {
            case Step.Connect connect:
                return Connect(connection, connect);
            case Step.Send send:
                return connection.Fd < 0 ? QuickEnd.Reset : Send(connection, send);
            case Step.ShutdownWrite:
                if (connection.Fd >= 0) _ = Libc.shutdown(connection.Fd, Libc.ShutWr);
                return QuickEnd.Met;
            case Step.Close:
                connection.End();
                return QuickEnd.Met;
            case Step.Abort:
                connection.Abort();
                return QuickEnd.Met;
        }

        var from = connection.Begun = connection.Count;
        var ended = connection.Fd < 0 ? QuickEnd.Reset : step switch
        {
            Step.Receive receive => Receive(connection, receive.Bytes is { } bytes ? connection.Asked += bytes : int.MaxValue),
            Step.ReceiveMessages receive => ReceiveMessages(connection, receive.Count, receive.Framing, PatienceMilliseconds),
            Step.Await awaited => ReceiveMessages(connection, 1, awaited.Framing, awaited.Milliseconds),
            _ => throw new InvalidOperationException($"no quick way to carry out {step}"),
        };
        events.Add(new QuickEvent(index, step.On!.Value, from, connection.Count, ended));
        return ended;
    }

    private QuickEnd Connect(Connection connection, Step.Connect step)
    {
        connection.Fd = Libc.socket(IsLocal ? Libc.AfInet : BinaryPrimitives.ReadUInt16LittleEndian(target), Libc.SockStream | Libc.SockCloexec | (step.Background ? Libc.SockNonblock : 0), 0);
        if (connection.Fd < 0) throw new IOException($"socket(): {Libc.Errno(Marshal.GetLastPInvokeError())}");
        Set(connection, Libc.TcpNoDelay); // small sends one after the other would wait for acknowledgments that are delayed
        if (step.ReceiveBuffer > 0)
        {
            var size = step.ReceiveBuffer;
            _ = Libc.setsockopt(connection.Fd, Libc.SolSocket, Libc.SoRcvBuf, &size, sizeof(int));
        }

        if (!step.Background)
        {
            var timeout = stackalloc long[2] { PatienceMilliseconds / 1000, PatienceMilliseconds % 1000 * 1000 };
            _ = Libc.setsockopt(connection.Fd, Libc.SolSocket, SendTimeout, (int*)timeout, 2 * sizeof(long)); // it limits connect, too
        }

        if (IsLocal)
        {
            // Another address each time, and the port chosen by connect: ports in TIME-WAIT are never in the way.
            var later = 1;
            _ = Libc.setsockopt(connection.Fd, Libc.IpProtoIp, BindWithoutPort, &later, sizeof(int));
            nextAddress = (nextAddress + 1) % 65_000;
            BinaryPrimitives.WriteUInt16BigEndian(source.AsSpan(6), (ushort)(nextAddress + 1));
            addresses.Add(BinaryPrimitives.ReadUInt32BigEndian(source.AsSpan(4)));
            fixed (byte* p = source) _ = Libc.bind(connection.Fd, p, source.Length);
        }

        fixed (byte* p = target)
        {
            if (Libc.connect(connection.Fd, p, target.Length) == 0) return QuickEnd.Met;
        }

        return Marshal.GetLastPInvokeError() switch { 115 => step.Background ? QuickEnd.Met : QuickEnd.TimedOut, 110 => QuickEnd.TimedOut, 104 => QuickEnd.Reset, _ => QuickEnd.Refused };
    }

    private QuickEnd Send(Connection connection, Step.Send step)
    {
        var data = step.Data.ToBytes();
        int sent = 0, segment = 0;
        while (sent < data.Length)
        {
            var end = step.Cuts.Length == 0 ? data.Length : Math.Min(data.Length, sent + Math.Max(1, step.Cuts[segment++ % step.Cuts.Length]));
            while (sent < end)
            {
                nint taken;
                fixed (byte* p = &data[sent]) taken = Libc.send(connection.Fd, p, end - sent, Libc.MsgNoSignal | DontWait);
                if (taken > 0)
                {
                    sent += (int)taken;
                    continue;
                }

                if (Marshal.GetLastPInvokeError() != 11) return QuickEnd.Reset;
                if (!Wait(connection.Fd, connection.AtEnd ? Libc.PollOut : (short)(Libc.PollIn | Libc.PollOut), PatienceMilliseconds)) return QuickEnd.TimedOut;
                if (ReadOnce(connection) is var read and (QuickEnd.Reset or QuickEnd.Flooded)) return read;
            }

            if (step.Pause > 0 && sent < data.Length) Clock.Pause(TimeSpan.FromMilliseconds(step.Pause), cancellation);
        }

        return QuickEnd.Met;
    }

    private QuickEnd Receive(Connection connection, int wanted)
    {
        while (connection.Count < wanted)
        {
            if (Next(connection, PatienceMilliseconds) is var end and not QuickEnd.Met) return end;
        }

        return QuickEnd.Met;
    }

    private QuickEnd ReceiveMessages(Connection connection, int count, Framing framing, int milliseconds)
    {
        while (true)
        {
            while (count > 0 && framing.Take(connection.Buffer.AsSpan(connection.Taken, connection.Count - connection.Taken)) is { Status: FrameStatus.Whole } frame)
            {
                connection.Taken += frame.Total;
                count--;
            }

            if (count == 0) return QuickEnd.Met;
            var end = Next(connection, milliseconds);
            if (end == QuickEnd.EndOfFile && count == 1 && framing is Framing.UntilEof or Framing.Http && connection.Count > connection.Taken)
            {
                connection.Taken = connection.Count;
                return QuickEnd.Met;
            }

            if (end != QuickEnd.Met) return end;
        }
    }

    private QuickEnd Next(Connection connection, int milliseconds)
    {
        if (connection.AtEnd) return QuickEnd.EndOfFile;
        if (connection.Count > connection.Begun) Set(connection, QuickAck); // what is still to come may wait at the target for our acknowledgment
        return Wait(connection.Fd, Libc.PollIn, milliseconds) ? ReadOnce(connection) : QuickEnd.TimedOut;
    }

    /// <summary>One recv() that does not wait; <see cref="QuickEnd.Met"/> where there was something, or nothing yet.</summary>
    private static QuickEnd ReadOnce(Connection connection)
    {
        if (connection.Count >= MostReceived) return QuickEnd.Flooded;
        if (connection.AtEnd) return QuickEnd.EndOfFile;
        if (connection.Buffer.Length - connection.Count < 1024) Array.Resize(ref connection.Buffer, connection.Buffer.Length + Chunk);
        nint count;
        fixed (byte* p = &connection.Buffer[connection.Count]) count = Libc.recv(connection.Fd, p, connection.Buffer.Length - connection.Count, DontWait);
        if (count > 0)
        {
            connection.Count += (int)count;
            return QuickEnd.Met;
        }

        if (count < 0) return Marshal.GetLastPInvokeError() switch { 11 => QuickEnd.Met, 111 => QuickEnd.Refused, _ => QuickEnd.Reset };
        connection.AtEnd = true;
        return QuickEnd.EndOfFile;
    }

    private static void Set(Connection connection, int option)
    {
        var on = 1;
        _ = Libc.setsockopt(connection.Fd, Libc.IpProtoTcp, option, &on, sizeof(int));
    }

    private bool Wait(int fd, short events, int milliseconds)
    {
        const int Slice = 200; // so that an interruption is heard
        for (var left = milliseconds; ; left -= Slice)
        {
            if (Libc.WaitFor(fd, events, Math.Min(left, Slice))) return true;
            if (left <= Slice) return false;
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private sealed class Connection
    {
        public int Fd = -1, Count, Asked, Taken, Begun;
        public bool AtEnd;
        public byte[] Buffer = new byte[Chunk];

        public void Begin() => (Fd, Count, Asked, Taken, Begun, AtEnd) = (-1, 0, 0, 0, 0, false);

        public void End()
        {
            if (Fd >= 0) _ = Libc.close(Fd);
            Fd = -1;
        }

        public void Abort()
        {
            if (Fd < 0) return;
            var linger = stackalloc int[2] { 1, 0 };
            _ = Libc.setsockopt(Fd, Libc.SolSocket, Libc.SoLinger, linger, 2 * sizeof(int));
            End();
        }
    }
}
