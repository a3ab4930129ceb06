using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace SockConformance.Wire;

/// <summary>
/// A cable inside the harness's own network namespace (a veth pair). The kernel has an address at the near end and reaches all of 10.99.0.0/16
/// through it; nobody has one at the far end, so what the harness says there is answered by no socket of its own.
/// </summary>
internal static unsafe partial class VirtualEthernet
{
    public const string Near = "sockconf0", Far = "sockconf1";
    private const int Route = 0, LinkLength = 16, Prefix = 16;
    private const ushort NewLink = 16, NewAddress = 20, Acknowledged = 0x5, New = 0x600, Error = 2;
    private const ushort LinkAddress = 1, LinkName = 3, LinkInfo = 18, InfoKind = 1, InfoData = 2, VethPeer = 1, LocalAddress = 2, PeerAddress = 1;
    private const uint Up = 1, NoArp = 0x80;
    private const nuint SiocEthTool = 0x8946;
    private const uint SetSendChecksum = 0x17;

    /// <summary>The hardware addresses of the ends.</summary>
    public static byte[] NearHardware => [2, 0, 0, 0, 0, 1];

    public static byte[] FarHardware => [2, 0, 0, 0, 0, 2];

    /// <summary>That of the kernel, at the near end.</summary>
    public static IPAddress NearAddress { get; } = new([10, 99, 0, 1]);

    /// <exception cref="IOException">The kernel refuses, or does not know such a device.</exception>
    public static void Make()
    {
        byte[] far = [.. Link(), .. Attribute(LinkName, Name(Far)), .. Attribute(LinkAddress, FarHardware)];
        Ask("a virtual cable", NewLink, [.. Link(), .. Attribute(LinkName, Name(Near)), .. Attribute(LinkAddress, NearHardware),
            .. Attribute(LinkInfo, [.. Attribute(InfoKind, "veth"u8), .. Attribute(InfoData, Attribute(VethPeer, far))])]);
        var index = if_nametoindex(Near);
        Ask("its far end", NewLink, Link(if_nametoindex(Far), Up), isNew: false);

        // Without ARP the kernel sends every frame at once, to an address that it need not ask for.
        Ask("its near end", NewLink, Link(index, Up | NoArp), isNew: false);
        byte[] ip = NearAddress.GetAddressBytes();
        byte[] address = [Libc.AfInet, Prefix, 0, 0, 0, 0, 0, 0, .. Attribute(LocalAddress, ip), .. Attribute(PeerAddress, ip)];
        BinaryPrimitives.WriteUInt32LittleEndian(address.AsSpan(4), index);
        Ask("its address", NewAddress, address);

        // A target that listens at 127.0.0.1 only is reached, too.
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{Near}/route_localnet", "1");
        FinishChecksums();
    }

    /// <summary>The kernel works checksums out itself, and cuts to the size of a frame, as on any wire.</summary>
    private static void FinishChecksums()
    {
        var value = stackalloc uint[2] { SetSendChecksum, 0 };
        var request = stackalloc byte[40]; // struct ifreq: 16 bytes of name, then a pointer
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(Near, new Span<byte>(request, 16));
        *(uint**)(request + 16) = value;
        var fd = Libc.socket(Libc.AfInet, Libc.SockDgram | Libc.SockCloexec, 0);
        var failed = Libc.ioctl(fd, SiocEthTool, request) != 0;
        Libc.close(fd);
        if (failed) throw new IOException("checksums of the virtual cable cannot be switched on");
    }

    private static byte[] Link(uint index = 0, uint flags = 0)
    {
        var link = new byte[LinkLength]; // struct ifinfomsg
        BinaryPrimitives.WriteUInt32LittleEndian(link.AsSpan(4), index);
        BinaryPrimitives.WriteUInt32LittleEndian(link.AsSpan(8), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(link.AsSpan(12), flags);
        return link;
    }

    private static byte[] Name(string name) => [.. Encoding.ASCII.GetBytes(name), 0];

    private static byte[] Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        var attribute = new byte[(4 + value.Length + 3) & ~3];
        BinaryPrimitives.WriteUInt16LittleEndian(attribute, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(attribute.AsSpan(2), type);
        value.CopyTo(attribute.AsSpan(4));
        return attribute;
    }

    private static void Ask(string what, ushort type, byte[] body, bool isNew = true)
    {
        var request = new byte[16 + body.Length]; // struct nlmsghdr
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), (ushort)(isNew ? Acknowledged | New : Acknowledged));
        body.CopyTo(request.AsSpan(16));
        var fd = Libc.socket(Libc.AfNetlink, Libc.SockRaw | Libc.SockCloexec, Route);
        try
        {
            var answer = new byte[4096];
            nint length;
            fixed (byte* p = request)
            {
                if (Libc.send(fd, p, request.Length, 0) < 0) throw new IOException($"{what}: {Libc.Errno(Marshal.GetLastPInvokeError())}");
            }

            fixed (byte* p = answer) length = Libc.recv(fd, p, answer.Length, 0);
            if (length < 20 || BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(4)) != Error) throw new IOException($"{what}: no answer of the kernel");
            if (BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(16)) is var code and not 0) throw new IOException($"{what} cannot be had: {Libc.Errno(-code)}");
        }
        finally
        {
            Libc.close(fd);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint if_nametoindex(string name);
}
