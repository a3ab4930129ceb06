using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>Bytes that a regular expression matches, drawn from a seed.</summary>
public static class PatternText
{
    /// <summary>The same for the same pattern and seed, on every machine. Where the pattern only says what may not come, printable characters do.</summary>
    /// <exception cref="ArgumentException">The pattern has something that cannot be drawn: look-around, a back-reference, an anchor in the middle.</exception>
    public static byte[] Draw(string pattern, ulong seed)
    {
        var (drawn, numbers) = (new List<byte>(), new SplitMix(seed));
        Draw(PatternSyntax.Parse(pattern), ref numbers, drawn);
        return [.. drawn];
    }

    private static void Draw(PatternSyntax node, ref SplitMix numbers, List<byte> drawn)
    {
        switch (node)
        {
            case PatternSyntax.Bytes bytes:
                drawn.Add(bytes.Values[bytes.Values.Length == 1 ? 0 : Below(bytes.Values.Length, ref numbers)]);
                break;
            case PatternSyntax.Sequence sequence:
                foreach (var item in sequence.Items) Draw(item, ref numbers, drawn);
                break;
            case PatternSyntax.Choice choice:
                Draw(choice.Branches[Below(choice.Branches.Length, ref numbers)], ref numbers, drawn);
                break;
            case PatternSyntax.Repeat repeat:
                for (var times = repeat.Times + Below(repeat.AtMost - repeat.Times + 1, ref numbers); times > 0; times--) Draw(repeat.Item, ref numbers, drawn);
                break;
        }
    }

    private static int Below(int bound, ref SplitMix numbers) => (int)(numbers.Next() % (ulong)bound);
}
