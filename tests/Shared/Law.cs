using FsCheck;
using FsCheck.Fluent;

namespace SockConformance.Tests.Shared;

/// <summary>A statement about all values of a generator, checked on the same few hundred of them in every run.</summary>
internal static class Law
{
    // The seed is fixed: a law that fails fails for everybody, and a red build can be run again at a desk.
    private const ulong Seed = 20260101, Gamma = 7919;

    public static void Holds<T>(Gen<T> values, Action<T> check, int times = 200) =>
        Prop.ForAll(values.ToArbitrary(), check).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(times).WithReplay(Seed, Gamma));

    /// <summary>Some values of a generator, the same in every run.</summary>
    public static IReadOnlyList<T> Some<T>(Gen<T> values, int count, int size = 50) => [.. values.Sample(count, new Rnd(Seed, Gamma), size)];
}
