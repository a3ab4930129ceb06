using System.Runtime.CompilerServices;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Where the sources of this project are, and which programs the machine has.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Targets { get; } = Path.Combine(Root, "tests", "targets");

    /// <summary>Whether a program is on the PATH.</summary>
    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string Find([CallerFilePath] string here = "")
    {
        // The compiler's path is of no use where the tests run elsewhere than they were built; then the folder of the assembly has to do.
        foreach (var start in (ReadOnlySpan<string?>)[Path.GetDirectoryName(here), AppContext.BaseDirectory])
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "SockConformance.sln"))) return folder;
            }
        }

        throw new DirectoryNotFoundException("SockConformance.sln was found neither above the sources of the tests nor above their assembly");
    }
}
