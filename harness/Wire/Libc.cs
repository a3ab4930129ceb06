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
    internal static string Errno(int number) => number switch
    {
        0 => "0",
        1 => "EPERM",
        4 => "EINTR",
        9 => "EBADF",
        11 => "EAGAIN",
        12 => "ENOMEM",
        13 => "EACCES",
        14 => "EFAULT",
        22 => "EINVAL",
        23 => "ENFILE",
        24 => "EMFILE",
        32 => "EPIPE",
        88 => "ENOTSOCK",
        89 => "EDESTADDRREQ",
        90 => "EMSGSIZE",
        91 => "EPROTOTYPE",
        93 => "EPROTONOSUPPORT",
        95 => "EOPNOTSUPP",
        97 => "EAFNOSUPPORT",
        98 => "EADDRINUSE",
        99 => "EADDRNOTAVAIL",
        101 => "ENETUNREACH",
        103 => "ECONNABORTED",
        104 => "ECONNRESET",
        105 => "ENOBUFS",
        106 => "EISCONN",
        107 => "ENOTCONN",
        110 => "ETIMEDOUT",
        111 => "ECONNREFUSED",
        113 => "EHOSTUNREACH",
        114 => "EALREADY",
        115 => "EINPROGRESS",
        _ => $"errno {number}",
    };
}
