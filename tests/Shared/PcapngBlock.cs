using System.Buffers.Binary;
using System.Text;
using NUnit.Framework;

namespace SockConformance.Tests.Shared;

/// <summary>A block of a pcapng file as a strict reader takes it, written apart from ours: aligned, with the same length before and after.</summary>
internal sealed record PcapngBlock(uint Type, byte[] Body)
{
    public static List<PcapngBlock> All(ReadOnlySpan<byte> file)
    {
        var blocks = new List<PcapngBlock>();
        while (!file.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file[4..]);
            Assert.That(length % 4, Is.Zero);
            Assert.That(BinaryPrimitives.ReadInt32LittleEndian(file[(length - 4)..]), Is.EqualTo(length));
            blocks.Add(new PcapngBlock(BinaryPrimitives.ReadUInt32LittleEndian(file), file[8..(length - 4)].ToArray()));
            file = file[length..];
        }

        return blocks;
    }

    /// <summary>The options behind the fixed part of the body, which end with option 0 where there are any.</summary>
    public List<(int Code, byte[] Value)> Options(int from)
    {
        ReadOnlySpan<byte> options = Body.AsSpan(from);
        var found = new List<(int, byte[])>();
        if (options.IsEmpty) return found;
        while (BinaryPrimitives.ReadUInt16LittleEndian(options) is var code && code != 0)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(options[2..]);
            found.Add((code, options.Slice(4, length).ToArray()));
            options = options[(4 + ((length + 3) & ~3))..];
        }

        Assert.That(options.ToArray(), Is.EqualTo(new byte[4]), "the end of options is the end of the block");
        return found;
    }

    public IEnumerable<string> Texts(int from, int code) => Options(from).Where(option => option.Code == code).Select(option => Encoding.UTF8.GetString(option.Value));

    /// <summary>Nanoseconds since 1970, in two halves.</summary>
    public ulong Time(int at) => ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(Body.AsSpan(at)) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(Body.AsSpan(at + 4));
}
