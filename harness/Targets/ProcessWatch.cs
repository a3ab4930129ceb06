using System.Collections.Concurrent;
using System.Globalization;
using SockConformance.Model;

namespace SockConformance.Targets;

/// <summary>
/// What the processes of a box use, from /proc: one look costs a few milliseconds where a hundred processes run. Memory is the share of each process in its
/// anonymous pages, which adds up over processes that forked from one another and does not depend on the rest of the machine.
/// </summary>
internal static class ProcessWatch
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every architecture that .NET runs on
    private const int KnownMost = 1000, ElfHead = 4096;
    private const long ShadowedPages = 1L << 28; // the address space of a sanitizer or of a large managed heap: a tebibyte and more

    /// <summary>Programs of runtimes that give memory back when they like. (CPython counts references, but an exception with its traceback is a cycle.)</summary>
    private static readonly string[] Collectors = ["python", "pypy", "java", "node", "nodejs", "bun", "deno", "dotnet", "mono", "ruby", "beam.smp", "lua", "luajit", "guile", "racket", "julia", "php", "ocamlrun"];

    private static readonly string[] CollectorLibraries = ["libjvm.so", "libcoreclr.so", "libmonosgen", "libnode.so", "libruby", "libgc.so", "libcamlrun", "libasan", "libtsan", "vgpreload"];

    /// <summary>How the threads of .NET are named, which a program of one file has within itself and maps from no library.</summary>
    private const string CollectorThread = ".NET ";

    /// <summary>The note that the Go linker puts first into its programs: owner "Go", type 4 (the build id).</summary>
    private static readonly byte[] GoNote = [4, 0, 0, 0, (byte)'G', (byte)'o', 0, 0];

    private static readonly ConcurrentDictionary<string, bool> Known = new();

    /// <param name="box">The processes of the box that are alive.</param>
    /// <returns>Null if none of them could be seen.</returns>
    public static ProcessSample? Look(IReadOnlyCollection<int> box)
    {
        int processes = 0, descriptors = 0, threads = 0, zombies = 0;
        long memory = 0, ticks = 0, runnable = 0;
        var (collected, unseen) = (false, false);
        var ours = box.ToHashSet();
        foreach (var pid in ProcessTable.All())
        {
            if (Stat.Of(pid) is not { } stat) continue;
            if (stat.Zombie)
            {
                // Its parent has not waited for it: until then its time is counted here, later with its parent's children.
                if (!ours.Contains(stat.Parent)) continue;
                zombies++;
                ticks += stat.Ticks;
                continue;
            }

            if (!ours.Contains(pid)) continue;
            processes++;
            threads += stat.Threads;
            ticks += stat.Ticks;
            runnable += RunnableOf(pid);
            descriptors += DescriptorsOf(pid, out var hidden);
            unseen |= hidden;
            memory += MemoryOf(pid);
            collected = collected || IsCollected(pid);
        }

        return processes == 0 ? null
            : new ProcessSample(-1, "", Clock.Now, processes, descriptors, threads, zombies, memory, TimeSpan.FromSeconds(ticks / TicksPerSecond))
            {
                Collected = collected,
                HidesDescriptors = unseen,
                Runnable = TimeSpan.FromMicroseconds(runnable / 1000d),
            };
    }

    /// <param name="hidden">They are another user's, and root in a container may not look at those.</param>
    private static int DescriptorsOf(int pid, out bool hidden)
    {
        hidden = false;
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Count();
        }
        catch (IOException)
        {
            return 0; // it has just ended
        }
        catch (UnauthorizedAccessException)
        {
            hidden = true;
            return 0;
        }
    }

    /// <summary>Nanoseconds that its threads ran, and waited for a processor (/proc/PID/task/TID/schedstat).</summary>
    private static long RunnableOf(int pid) => Try(() => Directory.EnumerateDirectories($"/proc/{pid}/task").Sum(task => Try(
        () => File.ReadAllText($"{task}/schedstat").Split(' ') is [var ran, var waited, ..] ? long.Parse(ran, CultureInfo.InvariantCulture) + long.Parse(waited, CultureInfo.InvariantCulture) : 0, 0L)), 0L);

    private static long MemoryOf(int pid) =>
        Sum(Lines($"/proc/{pid}/smaps_rollup"), "Pss_Anon:", "Pss_Shmem:", "SwapPss:") is var share and > 0 ? share : Sum(Lines($"/proc/{pid}/status"), "RssAnon:", "RssShmem:", "VmSwap:");

    /// <summary>Bytes, from lines such as "Pss_Anon:   116 kB".</summary>
    private static long Sum(IEnumerable<string> lines, params string[] names) =>
        lines.Where(line => names.Any(name => line.StartsWith(name, StringComparison.Ordinal)))
            .Sum(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var number, ..] && long.TryParse(number, CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes * 1024 : 0);

    private static string[] Lines(string path) => Try(() => File.ReadAllLines(path), []);

    private static bool IsCollected(int pid)
    {
        // What must not be looked at may be any program: nothing is concluded from its memory.
        if (Try(() => new FileInfo($"/proc/{pid}/exe").LinkTarget, null) is not { } program) return Directory.Exists($"/proc/{pid}");
        if (Known.TryGetValue(program, out var known)) return known;
        if (Known.Count > KnownMost) Known.Clear();
        var name = Path.GetFileName(program).TrimEnd("0123456789.-".ToCharArray());
        return Known[program] = Collectors.Contains(name) || IsShadowed(pid) || MapsCollector(pid) || HasCollectorThread(pid) || Try(() => IsGo(pid), false);
    }

    private static bool IsShadowed(int pid) => Lines($"/proc/{pid}/statm") is [var pages, ..] && long.TryParse(pages.Split(' ')[0], CultureInfo.InvariantCulture, out var size) && size > ShadowedPages;

    private static bool MapsCollector(int pid) => Lines($"/proc/{pid}/maps").Any(line => CollectorLibraries.Any(library => line.Contains(library, StringComparison.Ordinal)));

    private static bool HasCollectorThread(int pid) => Try(() => Directory.EnumerateDirectories($"/proc/{pid}/task").Any(task => Try(() => File.ReadAllText($"{task}/comm"), "").StartsWith(CollectorThread, StringComparison.Ordinal)), false);

    private static bool IsGo(int pid)
    {
        var head = new byte[ElfHead];
        using var program = File.OpenRead($"/proc/{pid}/exe");
        return head.AsSpan(0, program.ReadAtLeast(head, ElfHead, throwOnEndOfStream: false)).IndexOf(GoNote) >= 0;
    }

    private static T Try<T>(Func<T> read, T otherwise)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return otherwise; // it has just ended, or changed its user
        }
    }

    /// <param name="Ticks">Its own, and those of its children that were waited for.</param>
    private readonly record struct Stat(bool Zombie, int Parent, int Threads, long Ticks)
    {
        public static Stat? Of(int pid)
        {
            var fields = ProcessTable.FieldsOf(pid);
            if (fields.Length < 18) return null;
            long Number(int field) => long.Parse(fields[field - 3], CultureInfo.InvariantCulture);
            return new Stat(fields[0] is "Z" or "X", (int)Number(4), (int)Number(20), Number(14) + Number(15) + Number(16) + Number(17));
        }
    }
}
