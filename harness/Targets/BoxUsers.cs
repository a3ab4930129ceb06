using System.Globalization;
using System.Runtime.InteropServices;

namespace SockConformance.Targets;

/// <summary>
/// The users that targets of tier B run as: shares of a range that no distribution and no service manager gives to anybody. A share
/// is held by a lock on a file; so runs on one machine have different users, and a run that was killed holds nothing.
/// </summary>
internal sealed partial class BoxUsers : IDisposable
{
    private const int First = 60_600, Share = 32, Shares = 18; // 60578 to 61183 are kept free by systemd's allocation
    private const string Locks = "/run/sockconf";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Folders in which everybody may make files.</summary>
    private static readonly string[] Shared = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"];

    private static readonly string[] Segments = ["/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg"];

    private readonly Lock gate = new();
    private readonly List<(int First, FileStream Held)> shares = [];
    private readonly Queue<int> free = new();

    private BoxUsers() => ChildProcess.AdoptOrphans();

    /// <summary>Those of this run; null where it is of another tier.</summary>
    public static BoxUsers? Claimed { get; private set; }

    /// <summary>Tries a real box with a user of its own; true if this run has them from now on.</summary>
    /// <param name="whyNot">In one line.</param>
    public static bool Claim(out string whyNot)
    {
        whyNot = "sockconf is not root, so it has no users for its targets either";
        if (geteuid() != 0) return false;
        var users = new BoxUsers();
        try
        {
            using (var box = new UidBox(users))
            {
                box.Start(new TargetCommand(["true"], "/", []), 0, "");
                var end = box.Process!.End.Wait(TimeSpan.FromSeconds(10)) ? box.Process.End.Result : null;
                if (end is not { ExitCode: 0 }) throw new IOException($"a program with a user of its own did not run ({end}): {new StreamReader(new FileStream(box.Process.Pipe, FileAccess.Read)).ReadToEnd().Trim()}");
            }

            Claimed = users;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            users.Dispose();
            whyNot = e.Message.ReplaceLineEndings(" ");
            return false;
        }
    }

    /// <summary>Why a target could see one of these, in one line; null if none. Permissions are all that hides them from its user, and they are tried.</summary>
    public static string? WhySeen(IEnumerable<string> hidden)
    {
        const string look = "for path; do if [ -r \"$path\" ] || { [ -d \"$path\" ] && [ -x \"$path\" ]; }; then printf %s \"$path\"; exit 1; fi; done";
        return Tool.Run(["setpriv", $"--reuid={First}", $"--regid={First}", "--clear-groups", "sh", "-c", look, "sh", .. hidden]) is { } seen
            ? $"without namespaces only its permissions can hide {seen}, and they let everybody in: chmod go-rwx '{seen}'" : null;
    }

    /// <summary>The end of a run: nothing of its users is left, and others may have them.</summary>
    public static void Release()
    {
        Claimed?.Dispose();
        Claimed = null;
    }

    /// <summary>A user with no process, who was used longest ago.</summary>
    /// <exception cref="IOException">All are taken.</exception>
    public int Take()
    {
        lock (gate)
        {
            if (free.Count == 0) ClaimShare();
            return free.Dequeue();
        }
    }

    /// <summary>Gives a user back that has no process any more; one that has is never used again.</summary>
    public void Return(int user)
    {
        lock (gate)
        {
            if (ProcessTable.OwnedBy(user, user).Count == 0) free.Enqueue(user);
        }
    }

    /// <summary>
    /// Ends all processes of a user at once: kill(-1) as that user reaches each of them in one pass of the kernel, and a fork that is under way, too.
    /// Whoever is left after that, as they might end this one first, is ended one by one.
    /// </summary>
    public static void EndAll(int least, int most)
    {
        for (var sweep = 0; sweep < 100; sweep++)
        {
            var left = ProcessTable.OwnedBy(least, most);
            if (left.Count == 0) return;
            for (var user = least; user <= most; user++)
            {
                if (least == most || ProcessTable.OwnedBy(user, user).Any(pid => !ProcessTable.IsZombie(pid))) Tool.Run(["setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "--no-new-privs", "sh", "-c", "kill -9 -1"]);
            }

            foreach (var pid in left)
            {
                ChildProcess.Signal(pid, 9);
                if (!ChildProcess.IsOwn(pid)) ChildProcess.ReapOrphan(pid);
            }

            if (sweep > 0) Thread.CurrentThread.Join(Math.Min(sweep, 20)); // the kernel is taking them apart
        }
    }

    public void Dispose()
    {
        foreach (var (first, held) in shares)
        {
            EndAll(first, first + Share - 1);
            Sweep(first, first + Share - 1);
            held.Dispose();
        }

        shares.Clear();
        try
        {
            Directory.Delete(Locks);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another run has its locks there.
        }
    }

    private void ClaimShare()
    {
        var taken = KnownUsers();
        for (var first = First; first < First + Share * Shares; first += Share)
        {
            if (shares.Any(share => share.First == first) || taken.Any(user => user >= first && user < first + Share) || Lock(first) is not { } held) continue;
            shares.Add((first, held));
            EndAll(first, first + Share - 1); // of a run that was killed
            foreach (var user in Enumerable.Range(first, Share)) free.Enqueue(user);
            return;
        }

        throw new IOException($"all users for targets, {First} to {First + Share * Shares - 1}, are taken by other runs or stand in /etc/passwd");
    }

    private static FileStream? Lock(int first)
    {
        var path = Path.Combine(Locks, $"users-{first}");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            try
            {
                Directory.CreateDirectory(Locks, OwnerOnly);
                var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
                if (File.Exists(path)) return file;
                file.Dispose(); // its last owner removed it meanwhile
            }
            catch (DirectoryNotFoundException)
            {
                // The last owner of another share removed the folder meanwhile.
            }
            catch (IOException)
            {
                return null;
            }
        }

        return null;
    }

    private static HashSet<int> KnownUsers() => File.Exists("/etc/passwd")
        ? [.. from line in File.ReadLines("/etc/passwd") let fields = line.Split(':') where fields.Length > 2 && int.TryParse(fields[2], CultureInfo.InvariantCulture, out _) select int.Parse(fields[2], CultureInfo.InvariantCulture)]
        : [];

    /// <summary>Removes what these users have left where everybody may leave something: files, and System V's shared memory, semaphores and queues.</summary>
    private static void Sweep(int least, int most)
    {
        Tool.Run(["find", .. Shared.Append(Path.GetTempPath()).Distinct().Where(Directory.Exists), "-xdev", "-uid", $"+{least - 1}", "-uid", $"-{most + 1}", "-delete"]);
        foreach (var user in Segments.SelectMany(OwnersOf).Where(user => user >= least && user <= most).Distinct())
            Tool.Run(["setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "ipcrm", "--all"]);
    }

    private static IEnumerable<int> OwnersOf(string table)
    {
        if (!File.Exists(table)) return [];
        string[][] rows = [.. File.ReadLines(table).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        var column = rows is [var head, ..] ? Array.IndexOf(head, "uid") : -1;
        return column < 0 ? [] : rows.Skip(1).Where(row => row.Length > column).Select(row => int.Parse(row[column], CultureInfo.InvariantCulture));
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
