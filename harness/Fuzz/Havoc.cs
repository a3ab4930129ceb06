using System.Buffers.Binary;

namespace SockConformance.Fuzz;

/// <summary>Changes to bytes that have broken programs before: flipped bits, lengths at the edges, repeated and missing pieces, tokens of the protocol.</summary>
internal static class Havoc
{
    public const int MostBytes = 64 * 1024;
    private static readonly int[] Edges = [0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 129, 255, 256, 257, 511, 512, 1000, 1023, 1024, 1025, 2047, 2048, 4095, 4096, 4097, 8191, 8192, 16384, 32767, 32768, 65535, 65536, int.MaxValue, int.MinValue];

    private static readonly byte[][] Nasty =
    [
        "%s%s%s%n"u8.ToArray(), "../../../../etc/passwd"u8.ToArray(), "\0"u8.ToArray(), "\r\n"u8.ToArray(), "\n"u8.ToArray(), "\r"u8.ToArray(), "\"'\\"u8.ToArray(), [0xff, 0xfe, 0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
        "-1"u8.ToArray(), "0"u8.ToArray(), "99999999999999999999"u8.ToArray(), "1e309"u8.ToArray(), "nan"u8.ToArray(), " \t "u8.ToArray(), "$(id)"u8.ToArray(), "{{{{{{{{"u8.ToArray(), [0x1b, (byte)'[', (byte)'2', (byte)'J'], [0xe2, 0x80, 0xae],
    ];

    /// <summary>Sizes that are often limits of buffers.</summary>
    public static int EdgeSize(ref FuzzRandom random)
    {
        if (random.OneIn(4)) return 1 + random.Below(300);
        var size = random.Below(3) == 0 ? (int)Math.Pow(10, 1 + random.Below(4)) : 1 << (2 + random.Below(14));
        return Math.Clamp(size + random.Below(5) - 2, 1, MostBytes);
    }

    /// <summary>A few changes, one on top of the other.</summary>
    public static byte[] Mutate(byte[] original, ref FuzzRandom random, IReadOnlyList<byte[]> tokens, byte[] other)
    {
        var bytes = new List<byte>(original);
        for (var rounds = 1 << random.Below(4); rounds > 0; rounds--) Change(bytes, ref random, tokens, other);
        if (bytes.Count > MostBytes) bytes.RemoveRange(MostBytes, bytes.Count - MostBytes);
        return [.. bytes];
    }

    private static void Change(List<byte> bytes, ref FuzzRandom random, IReadOnlyList<byte[]> tokens, byte[] other)
    {
        var at = random.Below(bytes.Count + 1);
        var inside = bytes.Count == 0 ? 0 : random.Below(bytes.Count);
        switch (random.Below(13))
        {
            case 0 when bytes.Count > 0:
                bytes[inside] ^= (byte)(1 << random.Below(8));
                break;
            case 1 when bytes.Count > 0:
                bytes[inside] = (byte)random.Next();
                break;
            case 2 when bytes.Count > 0:
                bytes[inside] += (byte)(random.Below(71) - 35);
                break;
            case 3 when bytes.Count > 0:
                bytes.RemoveRange(inside, Math.Min(bytes.Count - inside, 1 + random.Below(Math.Max(1, bytes.Count / 2))));
                break;
            case 4 when bytes.Count > 0:
                var piece = bytes.GetRange(inside, Math.Min(bytes.Count - inside, 1 + random.Below(64)));
                for (var times = 1 << random.Below(8); times > 0 && bytes.Count < MostBytes; times--) bytes.InsertRange(at, piece);
                break;
            case 5:
                bytes.InsertRange(at, random.Pick(Nasty));
                break;
            case 6 or 7 when tokens.Count > 0:
                bytes.InsertRange(at, random.Pick(tokens));
                break;
            case 8:
                bytes.InsertRange(at, Enumerable.Repeat((byte)(random.OneIn(3) ? random.Next() : 'A'), EdgeSize(ref random)));
                break;
            case 9:
                Overwrite(bytes, inside, ref random);
                break;
            case 10:
                ChangeNumber(bytes, ref random);
                break;
            case 11 when other.Length > 0:
                var from = random.Below(other.Length);
                bytes.RemoveRange(Math.Min(at, bytes.Count), bytes.Count - Math.Min(at, bytes.Count));
                bytes.AddRange(other.AsSpan(from));
                break;
            case 12 when bytes.Count > 1:
                bytes.RemoveRange(inside, bytes.Count - inside);
                break;
        }
    }

    /// <summary>A number of one, two or four bytes at an edge, in either order.</summary>
    private static void Overwrite(List<byte> bytes, int at, ref FuzzRandom random)
    {
        var edge = random.Pick(Edges);
        Span<byte> number = stackalloc byte[4];
        var width = 1 << random.Below(3);
        if (random.OneIn(2)) BinaryPrimitives.WriteInt32LittleEndian(number, edge);
        else BinaryPrimitives.WriteInt32BigEndian(number, edge << (32 - (8 * width)));
        for (var i = 0; i < width && at + i < bytes.Count; i++) bytes[at + i] = number[i];
    }

    /// <summary>A decimal number that stands in the text becomes another one.</summary>
    private static void ChangeNumber(List<byte> bytes, ref FuzzRandom random)
    {
        var start = bytes.FindIndex(random.Below(bytes.Count + 1), b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0) return;
        var end = bytes.FindIndex(start, b => b is < (byte)'0' or > (byte)'9');
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, System.Text.Encoding.ASCII.GetBytes($"{random.Pick(Edges)}"));
    }
}
