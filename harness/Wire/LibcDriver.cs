using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SockConformance.Api;

namespace SockConformance.Wire;

/// <summary>The API of this machine's kernel, called in this process: the harness's own host, and the fastest target there is.</summary>
internal sealed unsafe class LibcDriver : IDriver
{
    private const int AddressSize = 16, MaxOpen = 128, MaxWaiting = 16;
    private readonly int[] open = new int[MaxOpen];
    private readonly Waiting?[] waiting = new Waiting?[MaxWaiting];
    private int openCount;

    public string Name => "libc, in process";

    public string Profile => "linux";

    public bool LacksBackground => false;

    public bool LacksNetwork => false;

    public bool TellsSignals => false;

    /// <summary>The rest of the harness opens descriptors, too.</summary>
    public bool NumbersDescriptors => false;

    /// <summary>The limit of descriptors and signals to threads would be the harness's own; so would a SIGPIPE.</summary>
    public bool Lacks(in Call call) => call.Op is Primitive.Limit or Primitive.Interrupt;

    public Answer Do(in Request request, ReadOnlySpan<byte> data, Span<byte> room, out int received)
    {
        received = 0;
        var call = request.Call;
        var fd = call.On < 0 || Owns(request.Descriptor) ? request.Descriptor : int.MaxValue; // a closed number may be another's by now
        var address = stackalloc byte[AddressSize + 12];
        int length;
        switch (call.Op)
        {
            case Primitive.Socket:
                return Opened(Libc.socket(call.Domain == Domain.Inet ? Libc.AfInet : call.Domain == Domain.Inet6 ? Libc.AfInet6 : 9999,
                    (call.Type == SocketType.Stream ? Libc.SockStream : call.Type == SocketType.Dgram ? Libc.SockDgram : 99) | (call.Type == SocketType.Unknown ? 0 : Libc.SockCloexec), call.Size));
            case Primitive.Bind:
                length = Format(request, address);
                return Result(Libc.bind(fd, address, length));
            case Primitive.Connect:
                length = Format(request, address);
                return Result(Libc.connect(fd, address, length));
            case Primitive.Listen: return Result(Libc.listen(fd, call.Size));
            case Primitive.Accept:
                length = AddressSize;
                var accepted = Opened(Libc.accept4(fd, address, &length, Libc.SockCloexec));
                return accepted.Ok ? accepted with { Name = Parse(address) } : accepted;
            case Primitive.Send:
                var flags = Libc.MsgNoSignal | Flags(call.Flags);
                fixed (byte* p = data)
                {
                    if (call.Where == Where.None) return Result(Libc.send(fd, p, data.Length, flags));
                    length = Format(request, address);
                    return Result(Libc.sendto(fd, p, data.Length, flags, address, length));
                }

            case Primitive.Recv:
                length = AddressSize;
                nint count;
                fixed (byte* p = room) count = Libc.recvfrom(fd, p, Math.Min(call.Size, room.Length), Flags(call.Flags), address, &length);
                received = (int)Math.Max(0, count);
                var answer = Result(count);
                return answer.Ok && length >= AddressSize ? answer with { Name = Parse(address) } : answer;
            case Primitive.Shutdown: return Result(Libc.shutdown(fd, call.How switch { How.Rd => 0, How.Wr => 1, How.RdWr => 2, _ => 77 }));
            case Primitive.Close:
                return Forget(fd) ? Result(Libc.close(fd)) : Answer.Failed(Errno.EBADF);
            case Primitive.Getsockname or Primitive.Getpeername:
                length = call.Size > 0 ? call.Size : AddressSize;
                var named = Result(call.Op == Primitive.Getsockname ? Libc.getsockname(fd, address, &length) : Libc.getpeername(fd, address, &length));
                return named.Ok ? call.Size > 0 ? named with { NameLength = length } : named with { Name = Parse(address) } : named;
            case Primitive.Setsockopt: return Set(fd, call.Option, call.Size);
            case Primitive.Getsockopt: return Get(fd, call.Option);
            case Primitive.Nonblocking:
                var on = call.Size;
                return Result(Libc.ioctl(fd, Libc.FioNbio, (byte*)&on));
            case Primitive.Poll:
                var entry = new Libc.PollFd { Fd = fd, Events = Libc.PollIn | Libc.PollOut };
                var polled = Result(Libc.poll(&entry, 1, call.Size));
                return polled.Ok ? polled with { Ready = (Ready)(((entry.Revents & 1) != 0 ? 1 : 0) | ((entry.Revents & 4) != 0 ? 2 : 0) | ((entry.Revents & 8) != 0 ? 4 : 0) | ((entry.Revents & 16) != 0 ? 8 : 0) | ((entry.Revents & 32) != 0 ? 16 : 0)) } : polled;
            case Primitive.Dup: return Opened(Libc.dup(fd));
            case Primitive.Open: return Opened(Libc.open("/dev/null", 0));
            default: return default(Answer) with { Unsupported = true };
        }
    }

    public int Begin(in Request request, ReadOnlySpan<byte> data, out Answer? atOnce)
    {
        var token = Array.IndexOf(waiting, null);
        if (token < 0) throw new InvalidOperationException("too many calls wait at once");
        var begun = waiting[token] = new Waiting(this, request, data.ToArray());
        atOnce = begun.Done.Wait(TimeSpan.FromMilliseconds(5)) ? begun.Answer : null;
        if (atOnce is not null) waiting[token] = null;
        return token;
    }

    public bool Finish(int token, TimeSpan within, Span<byte> room, out int received, out Answer answer)
    {
        var one = waiting[token]!;
        (received, answer) = (0, default);
        if (!one.Done.Wait(within)) return false;
        (received, answer) = (one.Received, one.Answer);
        one.Room.AsSpan(0, received).CopyTo(room);
        waiting[token] = null;
        return true;
    }

    public bool Interrupt(int token) => false;

    public void Reset()
    {
        for (var i = 0; i < openCount; i++) _ = Libc.shutdown(open[i], 2); // wakes whoever waits
        foreach (var one in waiting)
        {
            if (one is { Closes: false }) one.Done.Wait(TimeSpan.FromSeconds(5));
        }

        while (openCount > 0) _ = Libc.close(open[--openCount]);
        foreach (var one in waiting) one?.Done.Wait(TimeSpan.FromSeconds(5)); // a close that lingers ends with its peer
        Array.Clear(waiting);
    }

    public void Dispose() => Reset();

    private bool Forget(int descriptor)
    {
        lock (open)
        {
            var at = Array.IndexOf(open, descriptor, 0, openCount);
            if (at >= 0) open[at] = open[--openCount];
            return at >= 0;
        }
    }

    private bool Owns(int descriptor)
    {
        for (var i = 0; i < openCount; i++)
        {
            if (open[i] == descriptor) return true;
        }

        return false;
    }

    private static int Flags(CallFlags flags) =>
        ((flags & CallFlags.Peek) != 0 ? 2 : 0) | ((flags & CallFlags.WaitAll) != 0 ? 0x100 : 0) | ((flags & CallFlags.DontWait) != 0 ? 0x40 : 0) | ((flags & CallFlags.OutOfBand) != 0 ? 1 : 0);

    private static Answer Result(nint value)
    {
        var errno = value < 0 ? Marshal.GetLastPInvokeError() : 0;
        return value < 0 ? Answer.Failed(Libc.Named(errno)) : new Answer((int)value, Errno.None);
    }

    private Answer Opened(int descriptor)
    {
        var answer = Result(descriptor);
        if (!answer.Ok) return answer;
        lock (open)
        {
            if (openCount == MaxOpen) throw new InvalidOperationException("too many descriptors in one program");
            open[openCount++] = descriptor;
        }

        return answer;
    }

    private static Answer Set(int fd, SocketOption option, int value)
    {
        var two = stackalloc int[4];
        switch (option)
        {
            case SocketOption.Linger:
                (two[0], two[1]) = (value >= 0 ? 1 : 0, Math.Max(value, 0));
                return Result(Libc.setsockopt(fd, Libc.SolSocket, Libc.SoLinger, two, 8));
            case SocketOption.RcvTimeo or SocketOption.SndTimeo:
                ((long*)two)[0] = value / 1000;
                ((long*)two)[1] = value % 1000 * 1000;
                return Result(Libc.setsockopt(fd, Libc.SolSocket, option == SocketOption.RcvTimeo ? 20 : 21, two, 16));
            default: return Result(Libc.setsockopt(fd, Level(option), Number(option), &value, sizeof(int)));
        }
    }

    private static Answer Get(int fd, SocketOption option)
    {
        var value = stackalloc int[4];
        var length = option is SocketOption.RcvTimeo or SocketOption.SndTimeo ? 16 : option == SocketOption.Linger ? 8 : 4;
        var answer = Result(Libc.getsockopt(fd, Level(option), Number(option), value, &length));
        return !answer.Ok ? answer : option switch
        {
            SocketOption.Error => answer with { Pending = value[0] == 0 ? Errno.None : Libc.Named(value[0]) },
            SocketOption.Linger => answer with { Value = value[0] != 0 ? value[1] : -1 },
            SocketOption.RcvTimeo or SocketOption.SndTimeo => answer with { Value = (int)((((long*)value)[0] * 1000) + (((long*)value)[1] / 1000)) },
            _ => answer with { Value = value[0] },
        };
    }

    private static int Level(SocketOption option) => option is SocketOption.NoDelay or SocketOption.UserTimeout ? Libc.IpProtoTcp : Libc.SolSocket;

    private static int Number(SocketOption option) => option switch
    {
        SocketOption.ReuseAddr => Libc.SoReuseAddr,
        SocketOption.NoDelay => Libc.TcpNoDelay,
        SocketOption.Broadcast => 6,
        SocketOption.Linger => Libc.SoLinger,
        SocketOption.RcvTimeo => 20,
        SocketOption.SndTimeo => 21,
        SocketOption.RcvBuf => Libc.SoRcvBuf,
        SocketOption.SndBuf => 7,
        SocketOption.Error => Libc.SoError,
        SocketOption.Type => 3,
        SocketOption.UserTimeout => 18,
        _ => 30,
    };

    /// <summary>struct sockaddr_in of a request's address, or what is wrong in its place.</summary>
    private static int Format(in Request request, byte* address)
    {
        new Span<byte>(address, AddressSize + 12).Clear();
        var family = request.Call.Where switch { Where.OtherFamily => Libc.AfInet6, Where.Unspecified => 0, _ => Libc.AfInet };
        BinaryPrimitives.WriteUInt16LittleEndian(new Span<byte>(address, 2), (ushort)family);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)request.Address.Port);
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(address + 4, 4), request.Address.Ip);
        if (request.Call.Where != Where.OtherFamily) return request.Call.Where == Where.BadLength ? 7 : AddressSize;
        new Span<byte>(address + 4, 20).Clear();
        address[23] = 1;
        return AddressSize + 12;
    }

    private static Name Parse(byte* address) => new(BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(address + 4, 4)), BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2)));

    /// <summary>A call on a thread of its own.</summary>
    private sealed class Waiting
    {
        public Waiting(LibcDriver driver, Request request, byte[] data)
        {
            Room = new byte[Math.Max(request.Call.Size, 1)];
            Closes = request.Call.Op == Primitive.Close;
            new Thread(() =>
            {
                Answer = driver.Do(request, data, Room, out var received);
                Received = received;
                Done.Set();
            })
            { IsBackground = true, Name = "waits in the kernel" }.Start();
        }

        public ManualResetEventSlim Done { get; } = new();

        public bool Closes { get; }

        public byte[] Room { get; }

        public int Received { get; private set; }

        public Answer Answer { get; private set; }
    }
}
