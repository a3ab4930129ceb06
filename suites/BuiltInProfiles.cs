using SockConformance.Api;
using SockConformance.Spec;

namespace SockConformance.Suites;

/// <summary>What implementations of the socket API are judged by (profiles/*.yaml): POSIX, and where a platform differs from it.</summary>
public static class BuiltInProfiles
{
    public static IReadOnlyList<string> Names { get; } =
        ["posix", .. typeof(BuiltInProfiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith("profiles/", StringComparison.Ordinal)).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!];

    /// <summary>A profile by its name or by the path of its file; null if there is none of that name.</summary>
    /// <exception cref="SpecException">The file cannot be used.</exception>
    public static Profile? Find(string nameOrPath)
    {
        if (nameOrPath == "posix") return Profile.Posix;
        using var stream = typeof(BuiltInProfiles).Assembly.GetManifestResourceStream($"profiles/{nameOrPath}.yaml");
        if (stream is null) return nameOrPath.Contains('.', StringComparison.Ordinal) || nameOrPath.Contains('/', StringComparison.Ordinal) ? ProfileReader.ReadFile(nameOrPath, Find) : null;
        using var reader = new StreamReader(stream);
        return ProfileReader.Read(reader.ReadToEnd(), $"{nameOrPath}.yaml", Find);
    }
}
