namespace SockConformance.Fuzz;

/// <summary>splitmix64: the same numbers for the same seed on every machine and in every version, and a state of eight bytes.</summary>
internal struct FuzzRandom(ulong seed)
{
    private ulong state = seed;

    /// <summary>The generator of one case: cases do not depend on how many numbers the one before has drawn.</summary>
    public static FuzzRandom Of(ulong seed, ulong number) => new(Mix(seed + (number * 0x9E3779B97F4A7C15)));

    public ulong Next() => Mix(state += 0x9E3779B97F4A7C15);

    /// <summary>A number from 0 up to, and without, a limit above 0.</summary>
    public int Below(int limit) => (int)((UInt128)Next() * (uint)limit >> 64);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
