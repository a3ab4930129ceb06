using System.Buffers.Binary;
using System.Security.Cryptography;
using SockConformance.Tests.Captures;

namespace SockConformance.Bench;

/// <summary>
/// A pcap of any length, made as it is read: orderly TCP connections of ten packets, many at a time, and bursts of one bulk transfer between them. Ethernet,
/// IPv4, the options that Linux sends (MSS, SACK permitted, timestamps, window scale); checksums are left out, as a sender that offloads them leaves them.
/// </summary>
/// <param name="packets">At most so many; fewer by less than one round of connections.</param>
/// <param name="interleaved">How many connections are open at a time.</param>
/// <param name="endless">Connections that carry their request and answer again and again and never close: few flows with many packets.</param>
internal sealed class GeneratedCapture(long packets, int interleaved = 64, bool endless = false) : ReadOnlyStream
{
    private const int FileHeader = 24, RecordHeader = 16, Ethernet = 14, Ip = 20, Tcp = 20, Payload = 64, BulkPayload = 1448, TimestampOption = 12;
    private const byte Fin = 1, Syn = 2, Psh = 8, Ack = 16;
    private const long Start = 1_700_000_000_000_000; // microseconds

    /// <summary>What an echo and an orderly close look like: who sends, flags, how much was sent by each before, and how much it carries.</summary>
    private static readonly (bool Client, byte Flags, uint Sent, uint Received, int Length)[] Script =
    [
        (true, Syn, 0, 0, 0), (false, Syn | Ack, 0, 1, 0), (true, Ack, 1, 1, 0),
        (true, Psh | Ack, 1, 1, Payload), (false, Ack, 1, 1 + Payload, 0), (false, Psh | Ack, 1, 1 + Payload, Payload), (true, Ack, 1 + Payload, 1 + Payload, 0),
        (true, Fin | Ack, 1 + Payload, 1 + Payload, 0), (false, Fin | Ack, 1 + Payload, 2 + Payload, 0), (true, Ack, 2 + Payload, 2 + Payload, 0),
    ];

    private static readonly byte[] SynOptions = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];
    private static readonly byte[] Options = [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Content = SHA512.HashData([1, 2, 3]);

    private readonly byte[] round = new byte[FileHeader + (interleaved * Script.Length * (RecordHeader + 200)) + (interleaved * 3 * (RecordHeader + BulkPayload + 200))];
    private int filled, taken;
    private long begun, exchanges;
    private uint bulk = 1;

    public long Packets { get; private set; }

    /// <summary>The bulk transfer is one of them.</summary>
    public long Connections => begun + 1;

    public override int Read(Span<byte> buffer)
    {
        if (taken == filled) MakeRound();
        var count = Math.Min(buffer.Length, filled - taken);
        round.AsSpan(taken, count).CopyTo(buffer);
        taken += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>So many connections from their first to their last packet, in turns: the first packet of each, the second of each, and so on.</summary>
    private void MakeRound()
    {
        (filled, taken) = (0, 0);
        if (Packets == 0) Header();
        var exchangeAgain = endless && exchanges++ > 0;
        var (from, to) = !endless ? (0, Script.Length) : exchangeAgain ? (3, 7) : (0, 7);
        if (Packets + ((to - from) * interleaved) + (3L * interleaved / 2) > packets) return;
        for (var step = from; step < to; step++)
        {
            for (var i = 0; i < interleaved; i++) Segment(endless ? i : begun + i, Script[step], endless ? (uint)(exchanges - 1) * Payload : 0);
            Bulk(interleaved / Script.Length);
        }

        if (!exchangeAgain) begun += interleaved;
    }

    private void Header()
    {
        var header = round.AsSpan(0, filled = FileHeader);
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 262_144);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
    }

    private void Segment(long connection, (bool Client, byte Flags, uint Sent, uint Received, int Length) step, uint further)
    {
        // 28,000 ephemeral ports for each address of a client, 10.x.y.z.
        var (address, port) = ((uint)(0x0a00_0001 + (connection / 28_000)), (ushort)(32_768 + (connection % 28_000)));
        var (client, server) = (((uint)connection * 2_654_435_761u) + further, ((uint)connection * 2_246_822_519u) + further);
        Frame(step.Client, address, port, 7777, step.Flags, (step.Client ? client : server) + step.Sent, (step.Client ? server : client) + step.Received, step.Length);
    }

    /// <summary>A server sends segments as large as they go, and every second is acknowledged.</summary>
    private void Bulk(int segments)
    {
        if (bulk == 1)
        {
            Frame(true, 0x0b00_0001, 40_000, 5001, Syn, 0, 0, 0);
            Frame(false, 0x0b00_0001, 40_000, 5001, Syn | Ack, 0, 1, 0);
            Frame(true, 0x0b00_0001, 40_000, 5001, Ack, 1, 1, 0);
        }

        for (var i = 0; i < segments; i++, bulk += BulkPayload)
        {
            Frame(false, 0x0b00_0001, 40_000, 5001, Ack, bulk, 1, BulkPayload);
            if (i % 2 == 1) Frame(true, 0x0b00_0001, 40_000, 5001, Ack, 1, bulk + BulkPayload, 0);
        }
    }

    private void Frame(bool fromClient, uint address, ushort port, ushort serverPort, byte flags, uint sequence, uint acknowledgment, int length)
    {
        const uint Server = 0x0a80_0001;
        var syn = (flags & Syn) != 0;
        var options = syn ? SynOptions : Options;
        var total = Ip + Tcp + options.Length + length;
        var record = round.AsSpan(filled, RecordHeader + Ethernet + total);
        record.Clear();
        filled += record.Length;
        var time = Start + (Packets * 4);
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(time / 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(time % 1_000_000));
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], Ethernet + total);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], Ethernet + total);
        var ethernet = record[RecordHeader..];
        ethernet[fromClient ? 5 : 11] = 1;
        ethernet[fromClient ? 11 : 5] = 2;
        ethernet[0] = ethernet[6] = 2; // locally administered
        BinaryPrimitives.WriteUInt16BigEndian(ethernet[12..], 0x0800);
        var ip = ethernet[Ethernet..];
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)total);
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)Packets);
        (ip[6], ip[8], ip[9]) = (0x40, 64, 6); // not to be fragmented; TTL; TCP
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], fromClient ? address : Server);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], fromClient ? Server : address);
        var tcp = ip[Ip..];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, fromClient ? port : serverPort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], fromClient ? serverPort : port);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], acknowledgment);
        (tcp[12], tcp[13]) = ((byte)((Tcp + options.Length) / 4 << 4), flags);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], (ushort)(syn ? 64_240 : 502));
        options.CopyTo(tcp[Tcp..]);
        var stamp = tcp[(Tcp + (syn ? 8 : TimestampOption - 8))..];
        BinaryPrimitives.WriteUInt32BigEndian(stamp, (uint)(time / 1000));
        if (flags != Syn) BinaryPrimitives.WriteUInt32BigEndian(stamp[4..], (uint)((time - 100) / 1000));
        for (var rest = tcp[(Tcp + options.Length)..]; rest.Length > 0; rest = rest[Math.Min(rest.Length, Content.Length)..]) Content.AsSpan(0, Math.Min(rest.Length, Content.Length)).CopyTo(rest);
        Packets++;
    }
}
