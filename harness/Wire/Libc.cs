using System.Runtime.InteropServices;

namespace SockConformance.Wire;

/// <summary>The socket calls of the C library, as they are: no wrapper stands between the harness and the API it tests.</summary>
internal static partial class Libc
{
    internal const int AfInet = 2, AfInet6 = 10, AfNetlink = 16, SockStream = 1, SockDgram = 2, SockRaw = 3, SockNonblock = 0x800, SockCloexec = 0x80000;
    internal const int SolSocket = 1, SoReuseAddr = 2, SoError = 4, SoRcvBuf = 8, SoLinger = 13, IpProtoTcp = 6, TcpNoDelay = 1, TcpMaxSeg = 2;
    internal const int IpProtoIp = 0, IpRecvErr = 11, IpProtoIpv6 = 41, Ipv6RecvErr = 25;
    internal const int MsgErrQueue = 0x2000, MsgNoSignal = 0x4000, MsgMore = 0x8000, ShutWr = 1;
    internal const short PollIn = 1, PollOut = 4;
    internal const nuint SiocGifFlags = 0x8913, SiocSifFlags = 0x8914, FioNbio = 0x5421;

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events, Revents;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int bind(int fd, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int connect(int fd, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int getsockname(int fd, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int getpeername(int fd, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial nint send(int fd, byte* data, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial nint sendto(int fd, byte* data, nint length, int flags, byte* address, int addressLength);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial nint recv(int fd, byte* data, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial nint recvfrom(int fd, byte* data, nint length, int flags, byte* address, int* addressLength);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int accept4(int fd, byte* address, int* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int dup(int fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int setsockopt(int fd, int level, int name, int* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int getsockopt(int fd, int level, int name, int* value, int* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int ioctl(int fd, nuint request, byte* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int sched_setaffinity(int pid, nint size, ulong* mask);

    /// <summary>Keeps the calling thread, and what it starts from now on, on one processor.</summary>
    internal static unsafe bool StayOn(int processor)
    {
        var mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        mask[processor / 64 % 16] = 1UL << (processor % 64);
        return sched_setaffinity(0, 16 * sizeof(ulong), mask) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(int fd, byte* data, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(int fd, byte* data, nint length);

    /// <summary>How many bytes were read; 0 at the end, below 0 for an error.</summary>
    internal static unsafe int Read(int fd, Span<byte> room)
    {
        fixed (byte* p = room)
        {
            nint count;
            do count = read(fd, p, room.Length);
            while (count < 0 && Marshal.GetLastPInvokeError() == 4);
            return (int)count;
        }
    }

    /// <summary>How many bytes were taken: 0 if there is no room, below 0 for an error.</summary>
    internal static unsafe int Write(int fd, ReadOnlySpan<byte> data)
    {
        fixed (byte* p = data)
        {
            var count = write(fd, p, data.Length);
            return count < 0 && Marshal.GetLastPInvokeError() is 4 or 11 ? 0 : (int)count;
        }
    }

    internal static unsafe void SetNonblocking(int fd)
    {
        var on = 1;
        _ = ioctl(fd, FioNbio, (byte*)&on);
    }

    /// <summary>Waits for an event on a descriptor; false when the time is over.</summary>
    internal static unsafe bool WaitFor(int fd, short events, int milliseconds)
    {
        var entry = new PollFd { Fd = fd, Events = events };
        return poll(&entry, 1, milliseconds) > 0;
    }

    /// <summary>The POSIX name of an errno of this machine, for example "ECONNRESET".</summary>
    internal static string Errno(int number) => number == 0 ? "0" : Known(number) is { } known ? known.ToString() : $"errno {number}";

    /// <summary>The same as a value; ENOSYS for what no socket call gives.</summary>
    internal static Api.Errno Named(int number) => Known(number) ?? Api.Errno.ENOSYS;

    private static Api.Errno? Known(int number) => number switch
    {
        1 => Api.Errno.EPERM,
        4 => Api.Errno.EINTR,
        5 => Api.Errno.EIO,
        9 => Api.Errno.EBADF,
        11 => Api.Errno.EAGAIN,
        12 => Api.Errno.ENOMEM,
        13 => Api.Errno.EACCES,
        14 => Api.Errno.EFAULT,
        22 => Api.Errno.EINVAL,
        23 => Api.Errno.ENFILE,
        24 => Api.Errno.EMFILE,
        25 => Api.Errno.ENOTTY,
        28 => Api.Errno.ENOSPC,
        32 => Api.Errno.EPIPE,
        33 => Api.Errno.EDOM,
        88 => Api.Errno.ENOTSOCK,
        89 => Api.Errno.EDESTADDRREQ,
        90 => Api.Errno.EMSGSIZE,
        91 => Api.Errno.EPROTOTYPE,
        92 => Api.Errno.ENOPROTOOPT,
        93 => Api.Errno.EPROTONOSUPPORT,
        95 => Api.Errno.EOPNOTSUPP,
        97 => Api.Errno.EAFNOSUPPORT,
        98 => Api.Errno.EADDRINUSE,
        99 => Api.Errno.EADDRNOTAVAIL,
        100 => Api.Errno.ENETDOWN,
        101 => Api.Errno.ENETUNREACH,
        103 => Api.Errno.ECONNABORTED,
        104 => Api.Errno.ECONNRESET,
        105 => Api.Errno.ENOBUFS,
        106 => Api.Errno.EISCONN,
        107 => Api.Errno.ENOTCONN,
        110 => Api.Errno.ETIMEDOUT,
        111 => Api.Errno.ECONNREFUSED,
        113 => Api.Errno.EHOSTUNREACH,
        114 => Api.Errno.EALREADY,
        115 => Api.Errno.EINPROGRESS,
        _ => null,
    };
}
