using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using SockConformance.Model;
using SockConformance.Report;

namespace SockConformance.Cli;

/// <summary>One of several parts that a run is cut into, so that machines can share it.</summary>
/// <param name="ByHash">By the id alone: a new requirement moves no other to another part.</param>
internal sealed partial record Partition(bool ByHash, int Number, int Parts)
{
    private const int MostParts = 1000;

    /// <exception cref="UsageException">It is none.</exception>
    public static Partition? Read(string? text)
    {
        if (text is null) return null;
        var match = Pattern().Match(text);
        if (!match.Success) throw new UsageException($"--partition {Printable.Line(text)}: write slice:1/4 or hash:1/4, the first of four parts");
        var (number, parts) = (int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture));
        if (parts is < 1 or > MostParts || number < 1 || number > parts) throw new UsageException($"--partition {text}: parts are numbered from 1 to their number, which is at most {MostParts}");
        return new Partition(match.Groups[1].Value == "hash", number, parts);
    }

    /// <summary>
    /// This part of the requirements. What is judged on the cases of all others, and what others rest on, is in every part: each run decides for
    /// itself whether the target serves clients side by side, and does not report one fault twenty times.
    /// </summary>
    public ImmutableArray<Requirement> Of(ImmutableArray<Requirement> all, string? concurrencyProbe)
    {
        var needed = all.Select(requirement => requirement.After).Append(concurrencyProbe).ToHashSet();
        bool Shared(Requirement requirement) => requirement.Always || needed.Contains(requirement.Id);
        var own = Of([.. all.Where(requirement => !Shared(requirement)).Cast<Demand>()]).Select(requirement => requirement.Id).ToHashSet();
        return [.. all.Where(requirement => Shared(requirement) || own.Contains(requirement.Id))];
    }

    public ImmutableArray<Demand> Of(ImmutableArray<Demand> all) => [.. all.Where((demand, index) => (ByHash ? Fnv1a.Of(demand.Id) : (uint)index) % Parts == Number - 1)];

    [GeneratedRegex(@"^(slice|hash):([0-9]{1,6})/([0-9]{1,6})\z")]
    private static partial Regex Pattern();
}
