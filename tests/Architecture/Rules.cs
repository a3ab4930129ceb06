using System.Text.RegularExpressions;

namespace SockConformance.Tests.Architecture;

/// <summary>Who may name an outside thing: it lives in one place, so that it can be understood, replaced and tested there.</summary>
/// <param name="Thing">As a pattern in the code.</param>
/// <param name="Allowed">Files, or folders ending in a slash, that may name it.</param>
internal sealed record Rule(string Name, string Thing, params string[] Allowed)
{
    public static IReadOnlyList<Rule> All { get; } =
    [
        new("NUnit", @"\bNUnit\b"),
        new("the suites", @"\bSockConformance\.Suites\b", "suites/"),
        new("SharpPcap", @"\bSharpPcap\b", "harness/Wire/PacketCapture.cs", "harness/Wire/LoopbackTap.cs", "harness/Wire/SegmentLink.cs"),
        new("PacketDotNet", @"\bPacketDotNet\b", "harness/Wire/SegmentCrafter.cs"),
        new("posix_spawn", @"\bposix_spawn", "harness/Targets/ChildProcess.cs"),
        new("the runtime's processes", @"\bSystem\.Diagnostics\.Process\b|\bProcessStartInfo\b|\bProcess\.(Start|GetProcess|GetCurrentProcess)"),
        new("the users of targets", @"\bsetpriv\b", "harness/Targets/", "harness/Cli/HelpTopics.cs", "harness/Run/Diagnosis.cs"),
        new("the console", @"\bConsole\.", "harness/Cli/", "harness/Targets/OwnNamespace.cs"),
        new("System.CommandLine", @"\bSystem\.CommandLine\b", "harness/Cli/", "suites/"),
        new("YamlDotNet", @"\bYamlDotNet\b", "harness/Spec/YamlTree.cs"),
        new("archives", @"\bSystem\.(IO\.Compression|Formats\.Tar)\b", "harness/Grade/Sources.cs"),
        new("FsCheck", @"\bFsCheck\b", "harness/Generate/", "harness/Model/Requirement.cs"),
    ];

    /// <summary>The files that break the rule.</summary>
    public IEnumerable<string> BrokenBy(IEnumerable<SourceFile> files) =>
        from file in files
        where !Allowed.Any(allowed => allowed.EndsWith('/') ? file.Path.StartsWith(allowed, StringComparison.Ordinal) : file.Path == allowed)
        where Regex.IsMatch(file.Code, Thing)
        select $"{file.Path} names {Name}";

    public override string ToString() => Name;
}

/// <summary>Which folder of the harness may use which: the stages hand each other values of the model and do not call each other.</summary>
internal static class FolderOrder
{
    public static IReadOnlyDictionary<string, string[]> Allowed { get; } = new Dictionary<string, string[]>
    {
        [""] = [],
        ["Model"] = [],
        ["Captures"] = ["Model"],
        ["Api"] = ["Model"],
        ["Generate"] = ["Api", "Model"],
        ["Judge"] = ["Captures", "Model"],
        ["Spec"] = ["Api", "Captures", "Model"],
        ["Wire"] = ["Api", "Captures", "Model"],
        ["Targets"] = ["Api", "Model", "Wire"],
        ["Report"] = ["Api", "Captures", "Model", "Run", "Wire"],
        ["Run"] = ["Api", "Captures", "Generate", "Judge", "Model", "Report", "Targets", "Wire"],
        ["Fuzz"] = ["Captures", "Generate", "Judge", "Model", "Report", "Run", "Targets", "Wire"],
        ["Grade"] = ["Model", "Report", "Spec", "Targets"],
        ["Cli"] = ["Api", "Captures", "Fuzz", "Generate", "Grade", "Judge", "Model", "Report", "Run", "Spec", "Targets", "Wire"],
    };

    /// <summary>The uses that the order does not allow, in files of the harness.</summary>
    public static IEnumerable<string> BrokenBy(IEnumerable<SourceFile> files) =>
        from file in files
        where file.Path.StartsWith("harness/", StringComparison.Ordinal)
        from used in UsedBy(file)
        where used != file.Folder && !(Allowed.TryGetValue(file.Folder, out var allowed) && allowed.Contains(used))
        select $"{file.Path} uses {used}";

    /// <summary>Folders named in full, by a using directive or in the code, or from within the root namespace ("Judge.CloseJudge").</summary>
    private static IEnumerable<string> UsedBy(SourceFile file) =>
        Regex.Matches(file.Code, $@"(?:\bSockConformance\.|(?<![\w.]))(?<folder>{string.Join('|', Allowed.Keys.Where(key => key.Length > 0))})(?=;|\.[A-Z])")
            .Where(match => !IsNamespaceOf(file, match))
            .Select(match => match.Groups["folder"].Value)
            .Distinct();

    private static bool IsNamespaceOf(SourceFile file, Match match) =>
        file.Code[..match.Index].EndsWith("namespace ", StringComparison.Ordinal);
}
