using System.Collections.Immutable;

namespace SockConformance.Model;

/// <summary>Failures that are known, each with the reason why it is put up with.</summary>
public sealed record Baseline(ImmutableSortedDictionary<string, string> Reasons)
{
    public static Baseline Empty { get; } = new(ImmutableSortedDictionary<string, string>.Empty);
}
