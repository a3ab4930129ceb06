using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>Bytes that a regular expression matches, drawn from a seed.</summary>
public static class PatternText
{
    /// <summary>The same for the same pattern and seed, on every machine. Where the pattern only says what may not come, printable characters do.</summary>
    /// <exception cref="ArgumentException">The pattern has something that cannot be drawn: look-around, a back-reference, an anchor in the middle.</exception>
    public static byte[] Draw(string pattern, ulong seed)
    {
        var drawn = new List<byte>();
        Draw(PatternSyntax.Parse(pattern), ref seed, drawn);
        return [.. drawn];
    }

    private static void Draw(PatternSyntax node, ref ulong state, List<byte> drawn)
    {
        switch (node)
        {
            case PatternSyntax.Bytes bytes:
                drawn.Add(bytes.Values[bytes.Values.Length == 1 ? 0 : Below(bytes.Values.Length, ref state)]);
                break;
            case PatternSyntax.Sequence sequence:
                foreach (var item in sequence.Items) Draw(item, ref state, drawn);
                break;
            case PatternSyntax.Choice choice:
                Draw(choice.Branches[Below(choice.Branches.Length, ref state)], ref state, drawn);
                break;
            case PatternSyntax.Repeat repeat:
                for (var times = repeat.Times + Below(repeat.AtMost - repeat.Times + 1, ref state); times > 0; times--) Draw(repeat.Item, ref state, drawn);
                break;
        }
    }

    /// <summary>splitmix64.</summary>
    private static int Below(int bound, ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (int)((z ^ (z >> 31)) % (ulong)bound);
    }
}
