using System.Collections.Immutable;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>One submission as it was handed in.</summary>
/// <param name="Key">The name of its folder among the results; no two have the same.</param>
/// <param name="Path">A folder, an archive or a source file.</param>
internal sealed record Submission(string Key, StudentName Student, string Path);

/// <summary>Finds submissions: each entry of a folder is one, in the layouts in which learning platforms export them.</summary>
internal static class Submissions
{
    private const int Most = 5000, MostMetadata = 64 << 20;
    private const string GradescopeMetadata = "submission_metadata.yml";

    /// <summary>What systems and platforms leave beside submissions.</summary>
    private static readonly string[] Ignored = [GradescopeMetadata, "__MACOSX", "Thumbs.db", "desktop.ini"];

    /// <param name="results">The folder of the results, which may lie among the submissions.</param>
    /// <exception cref="InputException">There is none, or there are too many.</exception>
    public static ImmutableArray<Submission> In(string folder, string results)
    {
        try
        {
            if (!Directory.Exists(folder)) throw new InputException($"there is no folder {Printable.Line(folder)}: name the one with the submissions");
            var entries = new List<FileSystemInfo>();
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                if (entry.Name.StartsWith('.') || Ignored.Contains(entry.Name) || entry.FullName == results) continue;
                entries.Add(entry);
                if (entries.Count > Most) throw new InputException($"{Printable.Line(folder)} has more than {Most} entries: each would be a submission; is it the right folder? (For a single submission add --single.)");
            }

            if (entries.Count == 0) throw new InputException($"{Printable.Line(folder)} is empty: name the folder with the submissions");
            var metadata = new FileInfo(Path.Combine(folder, GradescopeMetadata));
            var known = metadata is { Exists: true, Length: <= MostMetadata } ? StudentName.FromGradescope(InputFile.Lines(metadata.FullName, MostMetadata)) : ImmutableDictionary<string, StudentName>.Empty;
            var assignment = StudentName.AssignmentOf(new DirectoryInfo(folder).Name);
            var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            return
            [
                .. from entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)
                   let student = known.GetValueOrDefault(entry.Name) ?? StudentName.Of(entry.Name, entry is DirectoryInfo, assignment)
                   select new Submission(Unused(StudentName.Slug(entry.Name), taken), student, entry.FullName),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{Printable.Line(folder)} cannot be read: {Printable.Line(e.Message)}");
        }
    }

    /// <summary>A folder that is one submission itself, as in a Gradescope autograder.</summary>
    public static ImmutableArray<Submission> Single(string path)
    {
        if (!Directory.Exists(path) && !File.Exists(path)) throw new InputException($"there is no {Printable.Line(path)}: name the submission");
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return [new Submission(StudentName.Slug(name), StudentName.Of(name, Directory.Exists(path), ""), Path.GetFullPath(path))];
    }

    private static string Unused(string slug, HashSet<string> taken)
    {
        var key = slug;
        for (var n = 2; !taken.Add(key); n++) key = $"{slug}-{n}";
        return key;
    }
}
