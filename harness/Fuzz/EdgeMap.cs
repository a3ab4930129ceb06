using System.Globalization;
using System.Runtime.InteropServices;

namespace SockConformance.Fuzz;

/// <summary>
/// Which edges of its own code the target has run: a map of 64 KiB of counters in shared memory, as the programs that AFL++'s compilers make, and those built with
/// docs/examples/coverage.c, find it by the variable __AFL_SHM_ID. It is read after each case; the target goes on.
/// </summary>
internal sealed unsafe partial class EdgeMap : IDisposable
{
    public const string Variable = "__AFL_SHM_ID";
    private const int Size = 65536, Private = 0, Create = 512, OwnersOnly = 0x180, Everybodys = 0x1b6, Remove = 0;
    private readonly int id;
    private readonly byte* map;
    private readonly EdgeCount known;

    /// <param name="known">What all workers have seen so far.</param>
    /// <param name="forOthers">The target is another user than the harness.</param>
    /// <exception cref="IOException">There is no shared memory to be had.</exception>
    public EdgeMap(EdgeCount known, bool forOthers)
    {
        this.known = known;
        id = shmget(Private, Size, Create | (forOthers ? Everybodys : OwnersOnly));
        var address = id < 0 ? -1 : shmat(id, 0, 0);
        if (address == -1) throw new IOException("no shared memory for the coverage of the target (shmget)");
        map = (byte*)address;
    }

    /// <summary>The variable as it is to be set for the target.</summary>
    public string Setting => string.Create(CultureInfo.InvariantCulture, $"{Variable}={id}");

    /// <summary>Takes in what the last case has run, and empties the map: whether there was an edge, or a number of times, that no case had run before.</summary>
    public bool TakeNew()
    {
        var all = new Span<byte>(map, Size);
        if (!all.ContainsAnyExcept((byte)0)) return false;
        var isNew = known.Add(all);
        all.Clear();
        return isNew;
    }

    public void Dispose()
    {
        _ = shmdt((nint)map);
        _ = shmctl(id, Remove, 0);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shmget(int key, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint shmat(int id, nint address, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shmdt(nint address);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shmctl(int id, int command, nint buffer);
}

/// <summary>The edges that all workers together have seen, each with how often it was run, in eight classes (1, 2, 3, 4-7, 8-15, 16-31, 32-127, more), as AFL counts.</summary>
internal sealed class EdgeCount
{
    private static readonly byte[] Class = [.. Enumerable.Range(0, 256).Select(times => (byte)(times switch { 0 => 0, 1 => 1, 2 => 2, 3 => 4, < 8 => 8, < 16 => 16, < 32 => 32, < 128 => 64, _ => 128 }))];
    private readonly byte[] seen = new byte[65536];
    private readonly Lock gate = new();
    private int edges;

    /// <summary>How many edges.</summary>
    public int Seen => edges;

    public bool Add(ReadOnlySpan<byte> map)
    {
        var found = false;
        lock (gate)
        {
            for (var at = 0; at < map.Length;)
            {
                var next = map[at..].IndexOfAnyExcept((byte)0);
                if (next < 0) break;
                at += next;
                var times = Class[map[at]];
                if ((seen[at] & times) == 0)
                {
                    found = true;
                    if (seen[at] == 0) edges++;
                    seen[at] |= times;
                }

                at++;
            }
        }

        return found;
    }
}
