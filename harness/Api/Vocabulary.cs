namespace SockConformance.Api;

/// <summary>The primitives of the socket API that a driver carries out (docs/driver-protocol.md).</summary>
internal enum Primitive : byte
{
    Socket,
    Bind,
    Listen,
    Accept,
    Connect,
    Send,
    Recv,
    Shutdown,
    Close,
    Getsockname,
    Getpeername,
    Setsockopt,
    Getsockopt,
    Nonblocking,
    Poll,
    Dup,

    /// <summary>A descriptor that is no socket.</summary>
    Open,

    /// <summary>How many more descriptors may be had.</summary>
    Limit,

    /// <summary>A signal to a call that is blocked.</summary>
    Interrupt,
}

/// <summary>How the address of bind, connect or sendto is chosen.</summary>
internal enum Where : byte
{
    /// <summary>No address is given.</summary>
    None,

    /// <summary>The name of another socket of the program (or the same), as getsockname tells it; a wildcard is reached by loopback.</summary>
    NameOf,

    /// <summary>127.0.0.1, port 0.</summary>
    Loopback,

    /// <summary>0.0.0.0, port 0.</summary>
    Any,

    /// <summary>A loopback port where nobody listens or is bound.</summary>
    Nobody,

    /// <summary>An address that no interface of this machine has (RFC 5737).</summary>
    NotLocal,

    /// <summary>An address of another family than the socket's.</summary>
    OtherFamily,

    /// <summary>AF_UNSPEC.</summary>
    Unspecified,

    /// <summary>A right address with a length that is none of its family's.</summary>
    BadLength,

    /// <summary>The broadcast address of the loopback network.</summary>
    Broadcast,

    /// <summary>127.0.0.1, port 1.</summary>
    Protected,
}

[Flags]
internal enum CallFlags : byte
{
    None = 0,
    Peek = 1,
    WaitAll = 2,
    DontWait = 4,
    OutOfBand = 8,
    NoSignal = 16,
}

internal enum SocketOption : byte
{
    ReuseAddr,
    NoDelay,
    Broadcast,
    Linger,
    RcvTimeo,
    SndTimeo,
    RcvBuf,
    SndBuf,
    Error,
    Type,
    AcceptConn,

    /// <summary>How long what was sent, a SYN too, may stay without an acknowledgment, in milliseconds.</summary>
    UserTimeout,
}

internal enum How : byte
{
    Rd,
    Wr,
    RdWr,
    Unknown,
}

internal enum Domain : byte
{
    Inet,
    Inet6,
    Unknown,
}

internal enum SocketType : byte
{
    Stream,
    Dgram,
    Unknown,
}

/// <summary>What poll reports.</summary>
[Flags]
internal enum Ready : byte
{
    None = 0,
    In = 1,
    Out = 2,
    Err = 4,
    Hup = 8,
    Nval = 16,
}

/// <summary>The error numbers of the socket API by their POSIX names; <see cref="None"/> is success.</summary>
public enum Errno : byte
{
    None,
    EACCES,
    EADDRINUSE,
    EADDRNOTAVAIL,
    EAFNOSUPPORT,
    EAGAIN,
    EALREADY,
    EBADF,
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EDESTADDRREQ,
    EFAULT,
    EHOSTUNREACH,
    EINPROGRESS,
    EINTR,
    EINVAL,
    EIO,
    EISCONN,
    EMFILE,
    EMSGSIZE,
    ENETDOWN,
    ENETUNREACH,
    ENFILE,
    ENOBUFS,
    ENOMEM,
    ENOPROTOOPT,
    ENOSYS,
    ENOTCONN,
    ENOTSOCK,
    EOPNOTSUPP,
    EPERM,
    EPIPE,
    EPROTO,
    EPROTONOSUPPORT,
    EPROTOTYPE,
    ETIMEDOUT,
    EDOM,
    EISDIR,
    ELOOP,
    ENAMETOOLONG,
    ENOENT,
    ENOSR,
    ENOTDIR,
    EROFS,
    ESPIPE,
    ENXIO,
    EDQUOT,
    EFBIG,
    ENOSPC,
    ERANGE,
    EBUSY,
    EEXIST,
    ENODEV,
    ENOTTY,
    ESTALE,
    EOVERFLOW,
    ENETRESET,
}

/// <summary>A set of answers: success and errors, as POSIX lists them for a call.</summary>
public readonly record struct Answers(ulong Bits)
{
    /// <summary>Whatever is answered: the standard does not say.</summary>
    public static Answers Anything => new(ulong.MaxValue);

    public static Answers Success => Of(Errno.None);

    public bool IsAnything => Bits == ulong.MaxValue;

    public static Answers Of(Errno errno) => new(1ul << (int)errno);

    public bool Has(Errno errno) => (Bits & (1ul << (int)errno)) != 0;

    public static Answers operator |(Answers one, Answers other) => new(one.Bits | other.Bits);

    /// <summary>Reads “0 EAGAIN”: names with spaces between them, 0 for success, * for anything.</summary>
    public static Answers Parse(string text)
    {
        var set = default(Answers);
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries)) set |= word switch { "*" => Anything, "0" => Success, _ => Of(Enum.Parse<Errno>(word)) };
        return set;
    }

    public override string ToString()
    {
        if (IsAnything) return "anything";
        var bits = this;
        return string.Join(" or ", Enum.GetValues<Errno>().Where(errno => bits.Has(errno)).Select(errno => errno == Errno.None ? "success" : errno.ToString()));
    }
}
