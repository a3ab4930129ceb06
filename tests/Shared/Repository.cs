using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace SockConformance.Tests.Shared;

/// <summary>The source tree that these tests were compiled from.</summary>
internal static class Repository
{
    private const string Mark = "SockConformance.sln";

    public static string Root { get; } = Find();

    // Build output may lie anywhere, and a deterministic build hides where the sources lay: so look upwards from both.
    private static string Find([CallerFilePath] string thisFile = "")
    {
        foreach (var start in (string[])[Path.GetDirectoryName(thisFile)!, TestContext.CurrentContext.TestDirectory, Environment.CurrentDirectory])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, Mark))) return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no folder above the tests or their output has {Mark}: run them inside the source tree");
    }
}
