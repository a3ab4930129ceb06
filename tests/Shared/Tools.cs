using System.Diagnostics.CodeAnalysis;
using NUnit.Framework;

namespace SockConformance.Tests.Shared;

/// <summary>Programs of other people that tests use.</summary>
internal static class Tools
{
    /// <summary>Where a program is: on the PATH, among those of the administrator, or at its own path. Null if it is not there.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':').Append("/usr/sbin").Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    public static bool Has(string program) => Find(program) is not null;

    /// <summary>The test cannot be carried out without it.</summary>
    public static void Needs(string program)
    {
        if (!Has(program)) Lacks($"{program} is not installed");
    }

    /// <summary>The test is ignored; but it fails where CI promises the program (.ci/run), as nobody would notice there that it is not carried out any more.</summary>
    [DoesNotReturn]
    public static void Lacks(string what)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true") throw new AssertionException(what);
        throw new IgnoreException(what);
    }
}
