using System.Runtime.InteropServices;

namespace SockConformance.Wire;

/// <summary>The loopback interface of a new network namespace is down.</summary>
internal static unsafe class Loopback
{
    private const short InterfaceUp = 1;

    /// <exception cref="IOException">The interface cannot be switched on.</exception>
    public static void Up()
    {
        var request = stackalloc byte[40]; // struct ifreq: 16 bytes of name, then the flags
        new Span<byte>(request, 40).Clear();
        "lo"u8.CopyTo(new Span<byte>(request, 16));
        var fd = Libc.socket(Libc.AfInet, Libc.SockDgram | Libc.SockCloexec, 0);
        try
        {
            if (Libc.ioctl(fd, Libc.SiocGifFlags, request) != 0) throw new IOException($"lo: {Libc.Errno(Marshal.GetLastPInvokeError())}");
            *(short*)(request + 16) |= InterfaceUp;
            if (Libc.ioctl(fd, Libc.SiocSifFlags, request) != 0) throw new IOException($"lo cannot be switched on: {Libc.Errno(Marshal.GetLastPInvokeError())}");
        }
        finally
        {
            Libc.close(fd);
        }
    }
}
