using System.Collections.Immutable;
using System.Reflection;
using SockConformance.Model;

namespace SockConformance.Report;

/// <summary>What was asked for and what the machine gave, as every report begins.</summary>
/// <param name="Target">The command, or the address after --connect.</param>
/// <param name="Sandbox">The tier, and why it is not a better one.</param>
/// <param name="Capture">Its backend, or why there is none.</param>
/// <param name="Command">The words of the target's command; empty with --connect.</param>
internal sealed record RunHeader(
    string Target, string Spec, ulong Seed, string Sandbox, string Capture, bool Captured, ImmutableArray<string> Command, bool Strict)
{
    public Suite Suite { get; init; } = new("", "", [], null);

    public static string Version { get; } = typeof(RunHeader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public string SeedText => $"0x{Seed:X}";
}
