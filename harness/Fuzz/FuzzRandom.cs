using SockConformance.Model;

namespace SockConformance.Fuzz;

/// <summary>The draws of a campaign, from <see cref="SplitMix"/>: the same for the same seed in every version.</summary>
internal struct FuzzRandom(ulong seed)
{
    private SplitMix numbers = new(seed);

    /// <summary>The generator of one case: cases do not depend on how many numbers the one before has drawn.</summary>
    public static FuzzRandom Of(ulong seed, ulong number) => new(SplitMix.Mix(seed + (number * SplitMix.Stride)));

    public ulong Next() => numbers.Next();

    /// <summary>A number from 0 up to, and without, a limit above 0.</summary>
    public int Below(int limit) => (int)((UInt128)Next() * (uint)limit >> 64);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];
}
