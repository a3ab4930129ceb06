using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>
/// The kernel's table of sockets in this network namespace, asked through netlink (sock_diag(7)): one exact look-up costs
/// microseconds, where reading /proc/net/tcp walks the hash table of the whole machine (5 ms measured). It sees both ends of a
/// loopback connection, so the state of the target's end is known without its help.
/// </summary>
internal static unsafe class SocketTable
{
    private const int NetlinkSockDiag = 4, SockDiagByFamily = 20, NlmsgDone = 3, NlmsgError = 2, RequestLength = 16 + 56;
    private const ushort FlagRequest = 1, FlagDump = 0x300;

    /// <summary>All listening TCP sockets.</summary>
    public static ImmutableArray<IPEndPoint> Listeners()
    {
        var found = ImmutableArray.CreateBuilder<IPEndPoint>();
        foreach (var family in (ReadOnlySpan<int>)[Libc.AfInet, Libc.AfInet6])
        {
            var request = Request(family, FlagRequest | FlagDump, 1u << (int)TcpState.Listen);
            Ask(request, socket => found.Add(socket.Local));
        }

        return found.ToImmutable();
    }

    /// <summary>All UDP sockets that are bound to a port, those without a peer first: any of them can receive.</summary>
    public static ImmutableArray<IPEndPoint> BoundUdp()
    {
        var found = new List<ServerSocket>();
        foreach (var (family, file) in (ReadOnlySpan<(int, string)>)[(Libc.AfInet, "/proc/net/udp"), (Libc.AfInet6, "/proc/net/udp6")])
        {
            // Not every kernel answers for UDP; all of them have the file, and its hash table is small.
            if (!Ask(Request(family, FlagRequest | FlagDump, uint.MaxValue, ProtocolType.Udp), found.Add) && File.Exists(file)) found.AddRange(ProcNet.Sockets(File.ReadLines(file)));
        }

        return [.. found.OrderBy(socket => socket.State == TcpState.Established).Select(socket => socket.Local)];
    }

    /// <summary>The sockets at which a server of this transport can be asked.</summary>
    public static ImmutableArray<IPEndPoint> Servers(Transport transport) => transport == Transport.Udp ? BoundUdp() : Listeners();

    /// <summary>Whether a TCP socket, on whichever address, listens on the port; or a UDP socket is bound to it.</summary>
    public static bool IsListening(int port, Transport transport = Transport.Tcp) => Servers(transport).Any(socket => socket.Port == port);

    /// <summary>The socket with exactly these names, or null. A TIME-WAIT socket counts.</summary>
    public static ServerSocket? Find(IPEndPoint local, IPEndPoint remote)
    {
        // A dual-stack listener's connections are IPv6 sockets with mapped addresses.
        var mapped = local.AddressFamily == AddressFamily.InterNetwork;
        return FindIn(Libc.AfInet, local, remote) ?? (mapped ? FindIn(Libc.AfInet6, Map(local), Map(remote)) : null);
    }

    private static ServerSocket? FindIn(int family, IPEndPoint local, IPEndPoint remote)
    {
        if (local.AddressFamily == AddressFamily.InterNetworkV6) family = Libc.AfInet6;
        var request = Request(family, FlagRequest, uint.MaxValue);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(24), (ushort)local.Port);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(26), (ushort)remote.Port);
        local.Address.TryWriteBytes(request.AsSpan(28), out _);
        remote.Address.TryWriteBytes(request.AsSpan(44), out _);
        ServerSocket? found = null;

        // The look-up falls back to a listening socket that would match; that is not the connection.
        Ask(request, socket => found = socket.State == TcpState.Listen ? found : socket);
        return found is null ? null : found with { Local = Unmap(found.Local), Remote = Unmap(found.Remote) };
    }

    /// <summary>struct nlmsghdr, then struct inet_diag_req_v2 with no cookie.</summary>
    private static byte[] Request(int family, int flags, uint states, ProtocolType protocol = ProtocolType.Tcp)
    {
        var request = new byte[RequestLength];
        var header = request.AsSpan();
        BinaryPrimitives.WriteInt32LittleEndian(header, RequestLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], SockDiagByFamily);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)flags);
        header[16] = (byte)family;
        header[17] = (byte)protocol;
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], states);
        header[64..72].Fill(0xff);
        return request;
    }

    /// <summary>False if the kernel does not know the question, or such a socket.</summary>
    private static bool Ask(byte[] request, Action<ServerSocket> found)
    {
        var fd = Libc.socket(Libc.AfNetlink, Libc.SockRaw | Libc.SockCloexec, NetlinkSockDiag);
        if (fd < 0) throw new IOException($"netlink socket: {Libc.Errno(Marshal.GetLastPInvokeError())}");
        try
        {
            fixed (byte* p = request)
            {
                if (Libc.send(fd, p, request.Length, 0) < 0) throw new IOException($"netlink send: {Libc.Errno(Marshal.GetLastPInvokeError())}");
            }

            var dump = (BinaryPrimitives.ReadUInt16LittleEndian(request.AsSpan(6)) & FlagDump) != 0;
            var buffer = new byte[16384];
            while (true)
            {
                nint length;
                fixed (byte* p = buffer) length = Libc.recv(fd, p, buffer.Length, 0);
                if (length <= 0) return false;
                if (Read(buffer.AsSpan(0, (int)length), found) is { } well) return well;
                if (!dump) return true;
            }
        }
        finally
        {
            Libc.close(fd);
        }
    }

    /// <summary>Reads the messages of one datagram; null while the answer goes on, and false if it is an error.</summary>
    private static bool? Read(ReadOnlySpan<byte> messages, Action<ServerSocket> found)
    {
        while (messages.Length >= 16)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(messages);
            var type = BinaryPrimitives.ReadUInt16LittleEndian(messages[4..]);
            if (type is NlmsgDone or NlmsgError || length < 16 || length > messages.Length) return type == NlmsgDone;
            if (type == SockDiagByFamily && length >= 16 + 56) found(Parse(messages[16..length]));
            messages = messages[Math.Min(messages.Length, (length + 3) & ~3)..];
        }

        return null;
    }

    /// <summary>struct inet_diag_msg.</summary>
    private static ServerSocket Parse(ReadOnlySpan<byte> message)
    {
        var size = message[0] == Libc.AfInet6 ? 16 : 4;
        return new ServerSocket(
            new IPEndPoint(new IPAddress(message.Slice(8, size)), BinaryPrimitives.ReadUInt16BigEndian(message[4..])),
            new IPEndPoint(new IPAddress(message.Slice(24, size)), BinaryPrimitives.ReadUInt16BigEndian(message[6..])),
            (TcpState)message[1]);
    }

    private static IPEndPoint Map(IPEndPoint endpoint) => new(endpoint.Address.MapToIPv6(), endpoint.Port);

    private static IPEndPoint Unmap(IPEndPoint endpoint) =>
        endpoint.Address.IsIPv4MappedToIPv6 ? new(endpoint.Address.MapToIPv4(), endpoint.Port) : endpoint;
}
