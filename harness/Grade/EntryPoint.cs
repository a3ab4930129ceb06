using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Grade;

/// <summary>How one submission is made and started.</summary>
/// <param name="Build">Empty if there is nothing to build.</param>
/// <param name="Command">Empty if the spec says how it is launched.</param>
internal sealed record ProgramPlan(ImmutableArray<string> Build, ImmutableArray<string> Command);

/// <summary>Finds the program in a submission by the names of its files. Pure.</summary>
internal static class EntryPoint
{
    /// <summary>What is looked for where the rubric says nothing, in this order; the stem is “server”, or “client” where clients are graded.</summary>
    public static ImmutableArray<ProgramRule> Usual(string stem)
    {
        var capital = char.ToUpperInvariant(stem[0]) + stem[1..];
        ImmutableArray<string> nothing = [], binary = [$"./{stem}", "{port}"], own = ["./{stem}", "{port}"];
        return
        [
            new("Makefile", ["make"], binary), new("makefile", ["make"], binary), new("GNUmakefile", ["make"], binary),
            new("run.sh", nothing, ["sh", "run.sh", "{port}"]),
            new($"{stem}.py", nothing, ["python3", "{file}", "{port}"]),
            new($"{stem}.js", nothing, ["node", "{file}", "{port}"]),
            new($"{capital}.java", ["javac", "{file}"], ["java", "{stem}", "{port}"]),
            new($"{stem}.c", ["cc", "-O1", "-pthread", "-o", "{stem}", "{file}"], own),
            new($"{stem}.cpp", ["c++", "-O1", "-pthread", "-o", "{stem}", "{file}"], own),
            new($"{stem}.rs", ["rustc", "-o", "{stem}", "{file}"], own),
            new($"{stem}.go", ["go", "build", "-o", "{stem}", "{file}"], own),
            new($"{stem}.pl", nothing, ["perl", "{file}", "{port}"]),
            new($"{stem}.rb", nothing, ["ruby", "{file}", "{port}"]),
            new("main.py", nothing, ["python3", "{file}", "{port}"]),
            new("*.py", nothing, ["python3", "{file}", "{port}"]),
            new("*.js", nothing, ["node", "{file}", "{port}"]),
            new("*.java", ["javac", "{file}"], ["java", "{stem}", "{port}"]),
            new("*.c", ["cc", "-O1", "-pthread", "-o", $"{stem}", "{file}"], binary),
            new("*.cpp", ["c++", "-O1", "-pthread", "-o", $"{stem}", "{file}"], binary),
            new("*.rs", ["rustc", "-o", $"{stem}", "{file}"], binary),
            new("*.go", ["go", "build", "-o", $"{stem}", "{file}"], binary),
            new("*.pl", nothing, ["perl", "{file}", "{port}"]),
            new("*.rb", nothing, ["ruby", "{file}", "{port}"]),
        ];
    }

    /// <param name="files">The names of the files in the submission's own folder.</param>
    /// <param name="launched">The spec has a command of its own.</param>
    /// <param name="whyNot">What was looked for, where nothing is found.</param>
    public static ProgramPlan? Find(Rubric rubric, IReadOnlyCollection<string> files, bool launched, string stem, out string whyNot)
    {
        whyNot = "";
        if (!rubric.Run.IsEmpty || launched) return new ProgramPlan(rubric.Build.IsEmpty && files.Contains("Makefile") ? ["make"] : rubric.Build, rubric.Run);
        var rules = rubric.Programs.IsEmpty ? Usual(stem) : rubric.Programs;
        foreach (var rule in rules)
        {
            var matching = rule.File.Contains('*', StringComparison.Ordinal) ? files.Where(file => IdPattern.Matches(file, rule.File)).Take(2).ToList() : [.. files.Where(file => file == rule.File)];
            if (matching is not [var only]) continue;
            return new ProgramPlan(rubric.Build.IsEmpty ? Filled(rule.Build, only) : rubric.Build, Filled(rule.Command, only));
        }

        whyNot = $"no program was found: there is no {string.Join(", ", rules.Where(rule => !rule.File.Contains('*', StringComparison.Ordinal)).Select(rule => rule.File).Take(4))}, … and {(files.Count == 0 ? "no file at all" : "not just one file of a known language")}";
        return null;
    }

    private static ImmutableArray<string> Filled(ImmutableArray<string> words, string file) =>
        [.. words.Select(word => word.Replace("{file}", file, StringComparison.Ordinal).Replace("{stem}", Path.GetFileNameWithoutExtension(file), StringComparison.Ordinal))];
}
