using System.Buffers.Binary;

namespace SockConformance.Tests.Captures;

/// <summary>
/// Captures that are damaged the way files are, and the way somebody would who means harm: bits, lengths, pieces lost, doubled, or taken from
/// another file. The same seed makes the same bytes.
/// </summary>
internal sealed class Mangler(IReadOnlyList<byte[]> originals, int seed)
{
    private const int Largest = 64 * 1024;

    private static readonly uint[] Lies = [0, 1, 4, 11, 12, 13, 16, 20, 28, 32, 0x7f, 0xff, 0xffff, 0x10000, 262_144, 262_145, 16 << 20, (16 << 20) + 4, int.MaxValue, 0x80000000, 0xfffffffc, uint.MaxValue];

    private readonly Random random = new(seed);

    /// <summary>The next input.</summary>
    public byte[] Next()
    {
        var bytes = (byte[])Some().Clone();
        for (var n = random.Next(1, 5); n > 0 && bytes.Length > 0; n--)
        {
            bytes = random.Next(12) switch
            {
                0 or 1 or 2 => Flipped(bytes),
                3 or 4 => Lied(bytes),
                5 => InHeader(bytes),
                6 => bytes[..random.Next(bytes.Length + 1)],
                7 => Without(bytes),
                8 => Doubled(bytes),
                9 => Spliced(bytes, Some()),
                10 => Swapped(bytes),
                _ => Aligned(bytes, Some()),
            };
        }

        return bytes.Length > Largest ? bytes[..Largest] : bytes;
    }

    private byte[] Some() => originals[random.Next(originals.Count)];

    private byte[] Flipped(byte[] bytes)
    {
        for (var n = random.Next(1, 9); n > 0; n--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    /// <summary>A number where one may stand is one that readers stumble over.</summary>
    private byte[] Lied(byte[] bytes)
    {
        var at = random.Next(bytes.Length) & ~1;
        var lie = Lies[random.Next(Lies.Length)];
        if (at + 4 > bytes.Length) return bytes;
        if (random.Next(3) == 0) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)lie);
        else if (random.Next(2) == 0) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at & ~3), lie);
        else BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at & ~3), lie);
        return bytes;
    }

    private byte[] InHeader(byte[] bytes)
    {
        bytes[random.Next(Math.Min(bytes.Length, 160))] = (byte)random.Next(256);
        return bytes;
    }

    private byte[] Without(byte[] bytes)
    {
        var (from, count) = Piece(bytes.Length);
        return [.. bytes.AsSpan(0, from), .. bytes.AsSpan(from + count)];
    }

    private byte[] Doubled(byte[] bytes)
    {
        var (from, count) = Piece(bytes.Length);
        return [.. bytes.AsSpan(0, from + count), .. bytes.AsSpan(from)];
    }

    private byte[] Spliced(byte[] bytes, byte[] other) => [.. bytes.AsSpan(0, random.Next(bytes.Length + 1)), .. other.AsSpan(random.Next(other.Length + 1))];

    /// <summary>Another file's packets behind this one's, both at a multiple of four, so that more of it is still in step.</summary>
    private byte[] Aligned(byte[] bytes, byte[] other) => [.. bytes.AsSpan(0, random.Next(bytes.Length + 1) & ~3), .. other.AsSpan(random.Next(other.Length + 1) & ~3)];

    private byte[] Swapped(byte[] bytes)
    {
        var (from, count) = Piece(bytes.Length / 2);
        var to = random.Next(bytes.Length - count + 1);
        var piece = bytes.AsSpan(from, count).ToArray();
        bytes.AsSpan(to, count).CopyTo(bytes.AsSpan(from));
        piece.CopyTo(bytes.AsSpan(to));
        return bytes;
    }

    private (int From, int Count) Piece(int length)
    {
        if (length == 0) return (0, 0);
        var from = random.Next(length);
        return (from, Math.Min(random.Next(3) == 0 ? random.Next(4096) : random.Next(128), length - from));
    }
}
