using System.Buffers.Binary;
using System.Text;

namespace SockConformance.Report;

/// <summary>
/// A small writer of pcapng (draft-ietf-opsawg-pcapng): one section, one interface with nanosecond time stamps, packets with
/// comments. libpcap itself writes only the classic format, which has no place for comments.
/// </summary>
public sealed class PcapngWriter(Stream output)
{
    private const uint SectionHeader = 0x0A0D0D0A, InterfaceDescription = 1, EnhancedPacket = 6;
    private const ushort OptEnd = 0, OptComment = 1, UserApplication = 4, InterfaceName = 2, TimeResolution = 9;

    /// <summary>Must come first, once.</summary>
    /// <param name="linkType">The LINKTYPE number of the frames.</param>
    public void Begin(int linkType, string application, string comment)
    {
        var section = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(section, 0x1A2B3C4D);
        BinaryPrimitives.WriteUInt16LittleEndian(section.AsSpan(4), 1);
        BinaryPrimitives.WriteInt64LittleEndian(section.AsSpan(8), -1); // length of the section: not told
        Block(SectionHeader, section, (OptComment, Encoding.UTF8.GetBytes(comment)), (UserApplication, Encoding.UTF8.GetBytes(application)));

        var nic = new byte[8];
        BinaryPrimitives.WriteUInt16LittleEndian(nic, (ushort)linkType);
        Block(InterfaceDescription, nic, (InterfaceName, "lo"u8.ToArray()), (TimeResolution, [9]));
    }

    /// <param name="comment">Shown by Wireshark at the packet; null for none.</param>
    public void Packet(DateTimeOffset at, ReadOnlySpan<byte> frame, string? comment)
    {
        var padded = (frame.Length + 3) & ~3;
        var body = new byte[20 + padded];
        var time = (ulong)(at - DateTimeOffset.UnixEpoch).Ticks * 100;
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(4), (uint)(time >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(8), (uint)time);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(12), frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(16), frame.Length);
        frame.CopyTo(body.AsSpan(20));
        Block(EnhancedPacket, body, comment is null ? [] : [(OptComment, Encoding.UTF8.GetBytes(comment))]);
    }

    private void Block(uint type, ReadOnlySpan<byte> body, params ReadOnlySpan<(ushort Code, byte[] Value)> options)
    {
        var length = 12 + body.Length;
        foreach (var (_, value) in options) length += 4 + ((Math.Min(value.Length, ushort.MaxValue) + 3) & ~3);
        if (options.Length > 0) length += 4;

        var block = new byte[length];
        var rest = block.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(rest, type);
        BinaryPrimitives.WriteInt32LittleEndian(rest[4..], length);
        body.CopyTo(rest[8..]);
        rest = rest[(8 + body.Length)..];
        foreach (var (code, value) in options)
        {
            var size = Math.Min(value.Length, ushort.MaxValue);
            BinaryPrimitives.WriteUInt16LittleEndian(rest, code);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)size);
            value.AsSpan(0, size).CopyTo(rest[4..]);
            rest = rest[(4 + ((size + 3) & ~3))..];
        }

        if (options.Length > 0) rest = rest[4..]; // opt_endofopt is all zero
        BinaryPrimitives.WriteInt32LittleEndian(rest, length);
        output.Write(block);
    }
}
