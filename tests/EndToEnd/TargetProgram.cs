using System.Text.RegularExpressions;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A program of tests/targets: good/c_epoll.c, faulty/upper_case.py. Its first lines say what it is (CONTRIBUTING.md).</summary>
internal sealed partial record TargetProgram(string Source)
{
    private const int HeaderLines = 60;

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

    /// <summary>Each service of a good program, and each defect of a faulty one.</summary>
    public IReadOnlyList<Role> Roles
    {
        get
        {
            var header = File.ReadLines(Source).Take(HeaderLines).ToList();
            var client = header.Select(line => ClientPattern().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
            var serves = header.Select(line => ServesPattern().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries) ?? [client ?? "echo"];
            var defects = header.Select(line => DefectPattern().Match(line)).Where(match => match.Success).ToList();
            if (defects.Count > 0) return [.. defects.Select(match => new Role(this, match.Groups[1].Value, match.Groups[2].Success ? match.Groups[2].Value : serves[0], client is not null, match.Groups[3].Value, Ids(match.Groups[4].Value)))];
            var trips = header.Select(line => TripsPattern().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
            var told = header.Select(line => SingleDefectPattern().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "";
            return [.. serves.Select(service => new Role(this, serves.Length > 1 ? service : null, service, client is not null, told, trips is null ? [] : Ids(trips)))];
        }
    }

    /// <summary>All programs of a folder whose language the machine has, by name.</summary>
    public static IReadOnlyList<TargetProgram> In(string folder) => [.. All(folder).Where(program => program.Needs.All(Tools.Has))];

    /// <summary>All programs of a folder.</summary>
    public static IReadOnlyList<TargetProgram> All(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Machine.Targets, folder)).Order(StringComparer.Ordinal).Select(path => new TargetProgram(path))];

    public static TargetProgram Named(string path) => new(Path.Combine(Machine.Targets, path));

    public override string ToString() => Name;

    private static string[] Ids(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>How it must be checked for its defect to be seen for sure.</summary>
    private IReadOnlyList<string> MoreOptions =>
        File.ReadLines(Source).Take(HeaderLines).Select(line => OptionsPattern().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value.Split(' ') ?? [];

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

    /// <summary>One way to start a program.</summary>
    /// <param name="Word">The last word of its command: a service or a defect; null where there is only one way.</param>
    /// <param name="Trips">The requirements that it says it violates, the one it is about first.</param>
    internal sealed record Role(TargetProgram Program, string? Word, string Spec, bool IsClient, string Defect, IReadOnlyList<string> Trips)
    {
        public string Name => Word is null ? Program.Name : $"{Program.Name} {Word}";

        /// <summary>A built-in spec, or the path of one of tests/targets/specs.</summary>
        public string SpecArgument => Spec.EndsWith(".yaml", StringComparison.Ordinal) ? Path.Combine(Machine.Targets, "specs", Spec) : Spec;

        public IReadOnlyList<string> Command => [.. Program.Command, .. !Spec.Contains("-tls", StringComparison.Ordinal) ? Array.Empty<string>() : IsClient ? ["{ca}"] : ["{cert}", "{key}"], .. Word is null ? Array.Empty<string>() : [Word]];

        public IReadOnlyList<string> Options => ["--spec", SpecArgument, .. IsClient ? ["--client"] : Array.Empty<string>(), .. Program.MoreOptions];

        public static Role Named(string folder, string name) => In(folder).SelectMany(program => program.Roles).Single(role => role.Name == name);
    }

    [GeneratedRegex(@"^\W*serves:\s*(.+?)\s*(?:\*/)?$")]
    private static partial Regex ServesPattern();

    [GeneratedRegex(@"^\W*client-of:\s*(.+?)\s*(?:\*/)?$")]
    private static partial Regex ClientPattern();

    [GeneratedRegex(@"^\W*trips:\s*(.+?)\s*(?:\*/)?$")]
    private static partial Regex TripsPattern();

    [GeneratedRegex(@"^\W*options:\s*(.+?)\s*(?:\*/)?$")]
    private static partial Regex OptionsPattern();

    [GeneratedRegex(@"^\W*defect:\s*(.+?)\s*(?:\*/)?$")]
    private static partial Regex SingleDefectPattern();

    [GeneratedRegex(@"^\W*defect (\S+?)(?: \(([^)]+)\))?:\s*(.*); trips: (.+?)\s*(?:\*/)?$")]
    private static partial Regex DefectPattern();

    [GeneratedRegex(@"^exec (\w+)", RegexOptions.Multiline)]
    private static partial Regex ExecPattern();
}
