using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Where the test programs are, and which languages and tools the machine has.</summary>
internal static class Machine
{
    public static string Targets { get; } = Path.Combine(Repository.Root, "tests", "targets");

    /// <summary>Whether a program is on the PATH, or among those of the administrator.</summary>
    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program)));
}
