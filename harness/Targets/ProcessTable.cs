using System.Globalization;
using System.Text;

namespace SockConformance.Targets;

/// <summary>Which processes there are, from /proc.</summary>
internal static class ProcessTable
{
    /// <summary>All process numbers in the pid namespace of this /proc.</summary>
    public static IEnumerable<int> All() =>
        from entry in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(entry)
        where char.IsAsciiDigit(name[0])
        select int.Parse(name, CultureInfo.InvariantCulture);

    /// <summary>The processes whose innermost pid namespace is that of <paramref name="member"/>.</summary>
    public static IReadOnlyList<int> InNamespaceOf(int member)
    {
        var wanted = Namespace(member);
        return wanted is null ? [] : [.. All().Where(pid => pid != member && Namespace(pid) == wanted)];
    }

    /// <summary>The living descendants of a process, itself not among them.</summary>
    public static IReadOnlyList<int> DescendantsOf(int ancestor)
    {
        var parents = All().Select(pid => (Pid: pid, Parent: ParentOf(pid))).Where(entry => entry.Parent > 0).ToLookup(entry => entry.Parent, entry => entry.Pid);
        var found = new List<int>();
        var open = new Queue<int>([ancestor]);
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in parents[parent])
            {
                found.Add(child);
                open.Enqueue(child);
            }
        }

        return found;
    }

    /// <summary>The direct children of a process.</summary>
    public static IReadOnlyList<int> ChildrenOf(int parent) => [.. All().Where(pid => ParentOf(pid) == parent)];

    /// <summary>The processes of these users, those that have ended and were not waited for among them.</summary>
    /// <param name="most">The last of the users; those between count, too.</param>
    public static IReadOnlyList<int> OwnedBy(int least, int most) => [.. All().Where(pid => UserOf(pid) is { } user && user >= least && user <= most)];

    /// <summary>Whether it has ended and nobody has waited for it.</summary>
    public static bool IsZombie(int pid) => FieldsOf(pid) is ["Z" or "X", ..];

    /// <summary>All its threads wait for something that is not a processor or a disk; so does a process that has ended.</summary>
    public static bool IsAsleep(int pid)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{pid}/task").All(task => FieldsIn(task) is not ["R" or "D", ..]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>
    /// The fields of /proc/PID/stat from the third on (proc_pid_stat(5)); none if the process is gone. The command name before them
    /// stands in parentheses and may contain anything.
    /// </summary>
    public static string[] FieldsOf(int pid) => FieldsIn($"/proc/{pid}");

    private static string[] FieldsIn(string folder)
    {
        try
        {
            using var stat = File.OpenHandle($"{folder}/stat");
            Span<byte> text = stackalloc byte[1024];
            text = text[..RandomAccess.Read(stat, text, 0)];
            return Encoding.Latin1.GetString(text[(text.LastIndexOf((byte)')') + 1)..]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The real user; null if the process is gone.</summary>
    private static int? UserOf(int pid)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/status"))
            {
                if (line.StartsWith("Uid:", StringComparison.Ordinal)) return int.TryParse(line.Split('\t')[1], CultureInfo.InvariantCulture, out var user) ? user : null;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
        }

        return null;
    }

    private static string? Namespace(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/ns/pid").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>0 if the process is gone or a zombie: nothing needs to be done about either.</summary>
    private static int ParentOf(int pid) => FieldsOf(pid) is [not "Z", var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;
}
