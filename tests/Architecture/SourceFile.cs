using System.Text.RegularExpressions;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Architecture;

/// <summary>One source file without its comments: they may speak of what the code may not use.</summary>
/// <param name="Path">From the root of the repository, with slashes.</param>
internal sealed partial record SourceFile(string Path, string Code)
{
    /// <summary>The sources of the library and of the program, as they are now.</summary>
    public static IReadOnlyList<SourceFile> All { get; } =
    [
        .. from part in (string[])["harness", "suites"]
           from path in Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, part), "*.cs", SearchOption.AllDirectories)
           let name = System.IO.Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')
           where !name.Contains("/obj/", StringComparison.Ordinal) && !name.Contains("/bin/", StringComparison.Ordinal)
           orderby name
           select Of(name, File.ReadAllText(path)),
    ];

    /// <summary>The folder below harness that a file lies in: "Wire"; the empty text for its root and for other parts.</summary>
    public string Folder => Path.Split('/') is ["harness", var folder, _, ..] ? folder : "";

    public static SourceFile Of(string path, string text) => new(path, Comments().Replace(text, ""));

    [GeneratedRegex(@"(?<=^|\s)//.*?$|/\*.*?\*/", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Comments();
}
