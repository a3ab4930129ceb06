using System.Text.RegularExpressions;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A program of tests/targets: good/c_epoll.c, faulty/upper_case.py.</summary>
internal sealed partial record TargetProgram(string Source)
{
    public string Name => Path.GetFileName(Source);

    private string Stem => Path.GetFileNameWithoutExtension(Source);

    /// <summary>What build.sh makes of it, if it is compiled.</summary>
    public string Binary => Path.Combine(Machine.Targets, ".bin", $"{Path.GetFileName(Path.GetDirectoryName(Source))}-{Stem}");

    /// <summary>The words that start it.</summary>
    public IReadOnlyList<string> Command => Path.GetExtension(Source) switch
    {
        ".c" or ".cpp" or ".rs" => [Binary, "{port}"],
        ".py" => ["python3", Source, "{port}"],
        ".js" => ["node", Source, "{port}"],
        ".pl" => ["perl", Source, "{port}"],
        ".sh" => ["sh", Source, "{port}"],
        ".java" => ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", Binary, Stem, "{port}"],
        var other => throw new NotSupportedException($"{Name}: nobody has said how to start a {other} file"),
    };

    /// <summary>The requirements that a faulty server says it violates, the one it is about first.</summary>
    public IReadOnlyList<string> Trips =>
        [.. File.ReadLines(Source).Take(5).Select(line => TripsPattern().Match(line)).First(match => match.Success).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)];

    /// <summary>All programs of a folder whose language the machine has, by name.</summary>
    public static IReadOnlyList<TargetProgram> In(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Machine.Targets, folder)).Order(StringComparer.Ordinal).Select(path => new TargetProgram(path)).Where(program => program.Needs.All(Machine.Has))];

    public static TargetProgram Named(string path) => new(Path.Combine(Machine.Targets, path));

    public override string ToString() => Name;

    /// <summary>What has to be on the PATH to build and run it.</summary>
    private IEnumerable<string> Needs => Path.GetExtension(Source) switch
    {
        ".c" => ["gcc"],
        ".cpp" => ["g++"],
        ".rs" => ["rustc"],
        ".py" => ["python3"],
        ".js" => ["node"],
        ".pl" => ["perl"],
        ".java" => ["javac", "java"],
        ".sh" => ExecPattern().Matches(File.ReadAllText(Source)).Select(match => match.Groups[1].Value),
        _ => [],
    };

    [GeneratedRegex(@"^\W*trips:\s*(.+)$")]
    private static partial Regex TripsPattern();

    [GeneratedRegex(@"^exec (\w+)", RegexOptions.Multiline)]
    private static partial Regex ExecPattern();
}
