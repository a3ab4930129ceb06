namespace SockConformance.Model;

/// <summary>splitmix64: the same numbers for the same seed on every machine and in every version, and a state of eight bytes.</summary>
internal struct SplitMix(ulong seed)
{
    /// <summary>What the state grows by with each number.</summary>
    public const ulong Stride = 0x9E3779B97F4A7C15;

    private ulong state = seed;

    public ulong Next() => Mix(state += Stride);

    /// <summary>What makes a number of a state.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
