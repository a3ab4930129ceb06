using System.Text;
using System.Text.RegularExpressions;

namespace SockConformance.Grade;

/// <summary>Whose submission something is, by the name that a learning platform gave it.</summary>
/// <param name="Id">The platform's number or name for the student; empty if it gives none.</param>
internal sealed partial record StudentName(string Name, string Id)
{
    private static readonly string[] Endings = [".tar.gz", ".tar.xz", ".tgz", ".tar", ".zip"];

    /// <param name="entry">The name of a file or folder.</param>
    /// <param name="isFolder">Whether a point in it is no extension.</param>
    /// <param name="assignment">What GitHub Classroom puts before each name: “hw1-”; empty for none.</param>
    public static StudentName Of(string entry, bool isFolder, string assignment)
    {
        var stem = isFolder ? entry : WithoutEnding(entry);
        if (Moodle().Match(stem) is { Success: true } moodle) return new StudentName(moodle.Groups["name"].Value.Trim(), moodle.Groups["id"].Value);
        if (!isFolder && Canvas().Match(stem) is { Success: true } canvas) return new StudentName(canvas.Groups["name"].Value, canvas.Groups["id"].Value);
        if (Gradescope().Match(stem) is { Success: true } gradescope) return new StudentName(stem, gradescope.Groups["id"].Value);
        if (assignment.Length > 0 && stem.StartsWith(assignment, StringComparison.Ordinal) && stem.Length > assignment.Length) return new StudentName(stem[assignment.Length..], stem[assignment.Length..]);
        return new StudentName(stem, "");
    }

    /// <summary>“hw1-” for the folder hw1-submissions, as GitHub Classroom's client makes it; else empty.</summary>
    public static string AssignmentOf(string folder) => folder.EndsWith("-submissions", StringComparison.Ordinal) ? folder[..^"submissions".Length] : "";

    /// <summary>
    /// The students of Gradescope's export, by the names of their folders. Of submission_metadata.yml only a few lines are looked at, wherever they stand:
    /// the file may be larger than a rubric may be, and is written by Ruby.
    /// </summary>
    public static IReadOnlyDictionary<string, StudentName> FromGradescope(IEnumerable<string> metadata)
    {
        var students = new Dictionary<string, StudentName>();
        var folder = "";
        foreach (var line in metadata)
        {
            if (GradescopeFolder().Match(line) is { Success: true } begins) folder = begins.Groups[1].Value;
            else if (folder.Length > 0 && GradescopeStudent().Match(line) is { Success: true } told)
            {
                var value = told.Groups["value"].Value.Trim().Trim('"', '\'');
                var known = students.GetValueOrDefault(folder, new StudentName("", ""));
                students[folder] = told.Groups["key"].Value == "name" ? known with { Name = Joined(known.Name, value) } : known with { Id = Joined(known.Id, value) };
            }
        }

        return students;
    }

    /// <summary>A name for a folder: short, of harmless characters, like what it is made from.</summary>
    public static string Slug(string name)
    {
        const int Most = 60;
        var slug = new StringBuilder();
        foreach (var c in WithoutEnding(name))
        {
            if (slug.Length >= Most) break;
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') slug.Append(c);
            else if (c < 128 && slug.Length > 0 && slug[^1] != '-') slug.Append('-');
        }

        var text = slug.ToString().Trim('-', '.');
        return text.Length > 0 ? text : "submission";
    }

    private static string Joined(string known, string more) => known.Length == 0 ? more : more.Length == 0 ? known : $"{known}, {more}";

    private static string WithoutEnding(string file)
    {
        var ending = Endings.FirstOrDefault(one => file.EndsWith(one, StringComparison.OrdinalIgnoreCase)) ?? Path.GetExtension(file);
        return ending.Length is > 0 and <= 8 && ending.Length < file.Length ? file[..^ending.Length] : file;
    }

    [GeneratedRegex(@"^(?<name>.+)_(?<id>[0-9]+)_assignsubmission_", RegexOptions.NonBacktracking)]
    private static partial Regex Moodle();

    [GeneratedRegex(@"^(?<name>[^_]+)_(?:LATE_)?(?<id>[0-9]+)_[0-9]+_", RegexOptions.NonBacktracking)]
    private static partial Regex Canvas();

    [GeneratedRegex(@"^submission_(?<id>[0-9]+)$", RegexOptions.NonBacktracking)]
    private static partial Regex Gradescope();

    [GeneratedRegex(@"^""?(submission_[0-9]+)""?:\s*$", RegexOptions.NonBacktracking)]
    private static partial Regex GradescopeFolder();

    [GeneratedRegex(@"^\s+(?:- )?:(?<key>name|sid): (?<value>.+)$", RegexOptions.NonBacktracking)]
    private static partial Regex GradescopeStudent();
}
