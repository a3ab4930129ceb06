using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Where the test programs are.</summary>
internal static class Machine
{
    public static string Targets { get; } = Path.Combine(Repository.Root, "tests", "targets");
}
