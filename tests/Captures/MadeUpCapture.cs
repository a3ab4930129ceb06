using System.Buffers.Binary;

namespace SockConformance.Tests.Captures;

/// <summary>A capture of any number of packets, none of which is stored anywhere: each is written when it is read.</summary>
/// <param name="packets">How many there are.</param>
internal sealed class MadeUpCapture(MadeUpCapture.Kind kind, long packets) : ReadOnlyStream
{
    private const int Room = 20_000;

    private readonly byte[] record = new byte[Room];
    private long number = -1;
    private int at, length;

    internal enum Kind
    {
        /// <summary>Frames of a single byte.</summary>
        Tiny,

        /// <summary>Each a SYN of another connection.</summary>
        Syns,

        /// <summary>Each a fragment of another packet, and no packet has all of them.</summary>
        Fragments,

        /// <summary>Each a datagram between others.</summary>
        Datagrams,

        /// <summary>Connections with SYN, SYN+ACK and 16 KiB of a TLS handshake from each side; none of them ends.</summary>
        Tls,

        /// <summary>Connections with data from both sides, which end by a reset.</summary>
        Resets,
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var given = 0;
        while (given < count)
        {
            if (at == length && !Write()) break;
            var some = Math.Min(count - given, length - at);
            record.AsSpan(at, some).CopyTo(buffer.AsSpan(offset + given));
            (at, given) = (at + some, given + some);
        }

        return given;
    }

    private bool Write()
    {
        if (number == packets) return false;
        at = 0;
        var bytes = record.AsSpan();
        bytes[..100].Clear();
        if (number++ < 0)
        {
            FileHeader(bytes);
            length = 24;
            return true;
        }

        var size = kind switch
        {
            Kind.Tiny => 1,
            Kind.Syns => Tcp(bytes[16..], (uint)number, true, 2, 0),
            Kind.Fragments => Fragment(bytes[16..], (uint)number),
            Kind.Datagrams => Udp(bytes[16..], (uint)number),
            Kind.Tls => Tcp(bytes[16..], (uint)(number / 4), number % 2 == 0, (number % 4) switch { 0 => 2, 1 => 18, _ => 16 }, number % 4 < 2 ? 0 : 16_384),
            _ => Tcp(bytes[16..], (uint)(number / 5), number % 5 is 0 or 2 or 4, (number % 5) switch { 0 => 2, 1 => 18, 4 => 20, _ => 16 }, number % 5 is 2 or 3 ? 600 : 0),
        };
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)(number / 1000));
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], size);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], size);
        length = 16 + size;
        return true;
    }

    private static void FileHeader(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], 101);
    }

    private static int Ip(Span<byte> ip, uint who, bool fromClient, byte protocol, int size)
    {
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + size));
        ip[9] = protocol;
        BinaryPrimitives.WriteUInt32BigEndian(ip[(fromClient ? 12 : 16)..], 0x0b000000 + who);
        BinaryPrimitives.WriteUInt32BigEndian(ip[(fromClient ? 16 : 12)..], 0x0a000001);
        return 20 + size;
    }

    private static int Tcp(Span<byte> ip, uint who, bool fromClient, byte flags, int payload)
    {
        var tcp = ip[20..];
        BinaryPrimitives.WriteUInt16BigEndian(tcp[(fromClient ? 0 : 2)..], 1234);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[(fromClient ? 2 : 0)..], 443);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], flags == 20 ? 601u : (flags & 2) != 0 ? 0u : 1u);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], 1);
        (tcp[12], tcp[13], tcp[14]) = (0x50, flags, 0xff);
        if (payload > 0) (tcp[20], tcp[21], tcp[22], tcp[23], tcp[24]) = (22, 3, 3, 0x40, 0);
        return Ip(ip, who, fromClient, 6, 20 + payload);
    }

    private static int Udp(Span<byte> ip, uint who)
    {
        BinaryPrimitives.WriteUInt16BigEndian(ip[20..], 53);
        BinaryPrimitives.WriteUInt16BigEndian(ip[22..], 53);
        BinaryPrimitives.WriteUInt16BigEndian(ip[24..], 9);
        return Ip(ip, who, true, 17, 9);
    }

    /// <summary>The last one of the longest packet there may be.</summary>
    private static int Fragment(Span<byte> ip, uint who)
    {
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)who);
        BinaryPrimitives.WriteUInt16BigEndian(ip[6..], 0x1ff0);
        return Ip(ip, who, true, 17, 100);
    }
}
