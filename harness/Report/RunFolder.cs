using System.Globalization;
using System.IO.Enumeration;

namespace SockConformance.Report;

/// <summary>Where runs are kept: <c>.sockconf/runs/TIME-SEED/</c> below the working folder, or the folder given by --report.</summary>
internal static class RunFolder
{
    private const string State = ".sockconf";

    /// <summary>Where cases are kept that no run has found: by their ids, they are looked for there, too.</summary>
    public static string Saved => Path.Combine(State, "runs", "saved");

    /// <summary>Makes the folder of a new run.</summary>
    /// <exception cref="InputException">It cannot be made.</exception>
    public static string Create(string? wanted, ulong seed)
    {
        try
        {
            if (wanted is not null)
            {
                var given = Directory.CreateDirectory(wanted).FullName;
                Write(given, "events.ndjson", ""); // here rather than in the middle of the run
                return given;
            }

            Directory.CreateDirectory(State);
            var ignore = Path.Combine(State, ".gitignore");
            if (!File.Exists(ignore)) File.WriteAllText(ignore, "*\n");
            var runs = Path.Combine(State, "runs");
            var stem = $"{DateTimeOffset.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{seed:X}";
            var name = stem;
            for (var n = 2; Directory.Exists(Path.Combine(runs, name)); n++) name = $"{stem}-{n}";
            var folder = Path.Combine(runs, name);
            Directory.CreateDirectory(folder);
            PointLatest(runs, name);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the report folder {wanted ?? State} cannot be written: {e.Message} Name another with --report DIR.");
        }
    }

    /// <summary>Writes a file whole or not at all.</summary>
    public static void Write(string folder, string name, string text)
    {
        var path = Path.Combine(folder, name);
        var draft = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllText(draft, text);
            File.Move(draft, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(draft);
            throw;
        }
    }

    /// <summary>Takes a file away that is not whole, if it is there.</summary>
    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays as it is.
        }
    }

    /// <summary>The case files that an argument of replay means: a file, all of a folder, or the id of a case of an earlier run.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static IReadOnlyList<string> FindCases(string argument)
    {
        if (File.Exists(argument)) return [argument];
        if (Directory.Exists(argument))
        {
            var inFolder = CasesIn(argument);
            return inFolder.Count > 0 ? inFolder : throw new InputException($"there is no case file (*.json) in {argument}");
        }

        var runs = Path.Combine(State, "runs");
        var newest = argument.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-') || !Directory.Exists(runs) ? null
            : Directory.EnumerateFiles(runs, $"{argument}.json", SearchOption.AllDirectories).OrderDescending(StringComparer.Ordinal).FirstOrDefault();
        return newest is not null ? [newest] : throw new InputException($"there is no case file, folder or case id '{argument}' (ids are looked up in {runs})");
    }

    /// <summary>All JSON files but those of the report itself. Links to folders are not followed: what "latest" leads to is there anyway, and one may lead in a circle.</summary>
    private static List<string> CasesIn(string folder)
    {
        var files = new FileSystemEnumerable<string>(folder, (ref entry) => entry.ToSpecifiedFullPath(), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory && entry.FileName.EndsWith(".json", StringComparison.Ordinal) && entry.FileName is not "results.json" && !entry.FileName.SequenceEqual(Formats.FileOf(Format.Ctrf)),
            ShouldRecursePredicate = (ref entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        try
        {
            return [.. files.Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the folder {folder} cannot be read: {e.Message}");
        }
    }

    private static void PointLatest(string runs, string name)
    {
        var link = Path.Combine(runs, "latest");
        try
        {
            File.Delete(link);
            File.CreateSymbolicLink(link, name);
        }
        catch (IOException)
        {
            // Two runs at one moment, or a file system without links: the run's folder is printed anyway.
        }
    }
}
