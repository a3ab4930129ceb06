using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace SockConformance.Wire;

/// <summary>The answer of one call: a value of 0 or more, or the name of an errno.</summary>
internal readonly record struct CallResult(int Value, string? Errno)
{
    public bool Ok => Errno is null;

    public bool WouldBlock => Errno is "EAGAIN" or "EINPROGRESS";
}

/// <summary>A non-blocking stream socket of the harness. Waiting is done by <see cref="Wait"/>, with a deadline, never by a call.</summary>
internal sealed unsafe class PosixSocket : IDisposable
{
    private const int MaxAddress = 28;
    private int fd = -1;

    private PosixSocket(int fd) => this.fd = fd;

    public static PosixSocket Stream(AddressFamily family) => New(family, Libc.SockStream);

    public static PosixSocket Datagram(AddressFamily family) => New(family, Libc.SockDgram);

    private static PosixSocket New(AddressFamily family, int type)
    {
        var fd = Libc.socket(family == AddressFamily.InterNetworkV6 ? Libc.AfInet6 : Libc.AfInet, type | Libc.SockNonblock | Libc.SockCloexec, 0);
        return fd >= 0 ? new PosixSocket(fd) : throw new IOException($"socket(): {Libc.Errno(Marshal.GetLastPInvokeError())}");
    }

    public CallResult Bind(IPEndPoint local) => WithAddress(local, (address, length) => Libc.bind(fd, (byte*)address, length));

    public CallResult Connect(IPEndPoint remote) => WithAddress(remote, (address, length) => Libc.connect(fd, (byte*)address, length));

    /// <param name="more">What comes next, our FIN for one, may leave together with it.</param>
    public CallResult Send(ReadOnlySpan<byte> data, bool more = false)
    {
        fixed (byte* p = data) return Result(Libc.send(fd, p, data.Length, Libc.MsgNoSignal | (more ? Libc.MsgMore : 0)));
    }

    public CallResult Receive(Span<byte> buffer)
    {
        fixed (byte* p = buffer) return Result(Libc.recv(fd, p, buffer.Length, 0));
    }

    public CallResult SendTo(ReadOnlySpan<byte> data, IPEndPoint remote)
    {
        var address = stackalloc byte[MaxAddress];
        var length = Format(remote, new Span<byte>(address, MaxAddress));
        fixed (byte* p = data) return Result(Libc.sendto(fd, p, data.Length, Libc.MsgNoSignal, address, length));
    }

    public CallResult ReceiveFrom(Span<byte> buffer, out IPEndPoint? source)
    {
        var address = stackalloc byte[MaxAddress];
        var length = MaxAddress;
        CallResult result;
        fixed (byte* p = buffer) result = Result(Libc.recvfrom(fd, p, buffer.Length, 0, address, &length));
        source = result.Ok ? Parse(new ReadOnlySpan<byte>(address, length)) : null;
        return result;
    }

    /// <summary>IP_RECVERR: ICMP errors, such as “port unreachable”, come back as an errno of the next call, on an unconnected socket, too.</summary>
    public CallResult ReportErrors(AddressFamily family) =>
        family == AddressFamily.InterNetworkV6 ? SetOption(Libc.IpProtoIpv6, Libc.Ipv6RecvErr, [1]) : SetOption(Libc.IpProtoIp, Libc.IpRecvErr, [1]);

    /// <summary>Takes the next of those errors off their queue; false if there is none. While one is there, poll() does not wait.</summary>
    public bool TakeError()
    {
        byte ignored;
        return Libc.recv(fd, &ignored, 1, Libc.MsgErrQueue) >= 0;
    }

    public CallResult ReuseAddress() => SetOption(Libc.SolSocket, Libc.SoReuseAddr, [1]);

    public CallResult Listen(int backlog) => Result(Libc.listen(fd, backlog));

    /// <summary>The next connection of a listening socket, non-blocking as this one; null with the errno in <paramref name="answer"/>.</summary>
    public PosixSocket? Accept(out CallResult answer)
    {
        answer = Result(Libc.accept4(fd, null, null, Libc.SockNonblock | Libc.SockCloexec));
        return answer.Ok ? new PosixSocket(answer.Value) : null;
    }

    public CallResult ShutdownWrite() => Result(Libc.shutdown(fd, Libc.ShutWr));

    public CallResult Close()
    {
        var closing = Interlocked.Exchange(ref fd, -1);
        return closing < 0 ? new CallResult(0, "EBADF") : Result(Libc.close(closing));
    }

    public CallResult SetReceiveBuffer(int bytes) => SetOption(Libc.SolSocket, Libc.SoRcvBuf, [bytes]);

    /// <summary>TCP_MAXSEG: the MSS to announce.</summary>
    public CallResult SetMaximumSegment(int bytes) => SetOption(Libc.IpProtoTcp, Libc.TcpMaxSeg, [bytes]);

    /// <summary>TCP_NODELAY: what is sent leaves at once, however little it is.</summary>
    public CallResult NoDelay() => SetOption(Libc.IpProtoTcp, Libc.TcpNoDelay, [1]);

    /// <summary>Makes the next <see cref="Close"/> an abort: RST instead of FIN.</summary>
    public CallResult LingerZero() => SetOption(Libc.SolSocket, Libc.SoLinger, [1, 0]);

    /// <summary>SO_ERROR: the pending error, which reading clears (POSIX.1-2024 XSH 2.10.16).</summary>
    public CallResult PendingError()
    {
        int error = 0, length = sizeof(int);
        var result = Result(Libc.getsockopt(fd, Libc.SolSocket, Libc.SoError, &error, &length));
        return result.Ok && error != 0 ? new CallResult(0, Libc.Errno(error)) : result;
    }

    public IPEndPoint? LocalName()
    {
        var address = stackalloc byte[MaxAddress];
        var length = MaxAddress;
        return Libc.getsockname(fd, address, &length) == 0 ? Parse(new ReadOnlySpan<byte>(address, length)) : null;
    }

    public IPEndPoint? PeerName()
    {
        var address = stackalloc byte[MaxAddress];
        var length = MaxAddress;
        return Libc.getpeername(fd, address, &length) == 0 ? Parse(new ReadOnlySpan<byte>(address, length)) : null;
    }

    /// <summary>Waits until the socket is readable or writable, as asked; false when the time is over.</summary>
    public bool Wait(bool readable, bool writable, TimeSpan atMost, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var entry = new Libc.PollFd { Fd = fd, Events = (short)((readable ? Libc.PollIn : 0) | (writable ? Libc.PollOut : 0)) };
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var left = atMost - Stopwatch.GetElapsedTime(started);
            if (left < TimeSpan.Zero) left = TimeSpan.Zero;

            // In slices, so that Ctrl-C is heard; rounded up, so that the last slice does not spin.
            if (Libc.poll(&entry, 1, (int)Math.Min(100, Math.Ceiling(left.TotalMilliseconds))) > 0) return true;
            if (left == TimeSpan.Zero) return false;
        }
    }

    public void Dispose() => Close();

    /// <summary>The C library's form of an address (struct sockaddr_in or sockaddr_in6).</summary>
    internal static int Format(IPEndPoint endpoint, Span<byte> address)
    {
        address.Clear();
        var v6 = endpoint.AddressFamily == AddressFamily.InterNetworkV6;
        BinaryPrimitives.WriteUInt16LittleEndian(address, (ushort)(v6 ? Libc.AfInet6 : Libc.AfInet));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(address[(v6 ? 8 : 4)..], out _);
        return v6 ? 28 : 16;
    }

    private static IPEndPoint Parse(ReadOnlySpan<byte> address)
    {
        var v6 = BinaryPrimitives.ReadUInt16LittleEndian(address) == Libc.AfInet6;
        return new IPEndPoint(new IPAddress(v6 ? address.Slice(8, 16) : address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }

    private static CallResult WithAddress(IPEndPoint endpoint, Func<nint, int, int> call)
    {
        var address = stackalloc byte[MaxAddress];
        return Result(call((nint)address, Format(endpoint, new Span<byte>(address, MaxAddress))));
    }

    private CallResult SetOption(int level, int name, ReadOnlySpan<int> value)
    {
        fixed (int* p = value) return Result(Libc.setsockopt(fd, level, name, p, value.Length * sizeof(int)));
    }

    private static CallResult Result(nint value)
    {
        // The errno must be read before anything else can overwrite it.
        var errno = value < 0 ? Marshal.GetLastPInvokeError() : 0;
        return value < 0 ? new CallResult(0, Libc.Errno(errno)) : new CallResult((int)value, null);
    }
}
