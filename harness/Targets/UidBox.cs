using System.IO.Enumeration;

namespace SockConformance.Targets;

/// <summary>
/// Tier B, for root where no namespaces are to be had, as in a plain container: each target is a user of its own, without capabilities and without a way
/// to get any, with limits, in a copy of its working folder. It shares network, process table and file system with everybody, and may do there what any
/// stranger may. Afterwards every process of that user is ended and its folder removed.
/// </summary>
internal sealed class UidBox : Box
{
    private const int MostEntries = 2000;
    private const long MostBytes = 64 << 20;
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private readonly BoxUsers users;
    private readonly int user;
    private readonly string room;

    /// <exception cref="IOException">All users are taken.</exception>
    public UidBox(BoxUsers users)
    {
        (this.users, user) = (users, users.Take());
        room = Directory.CreateTempSubdirectory("sockconf-").FullName;
        File.SetUnixFileMode(room, Passable);
    }

    /// <summary>Where the program works: in a copy, or where it was said to.</summary>
    public string Folder { get; private set; } = "";

    public override void Start(TargetCommand command, int port, string host, ChildStreams streams = ChildStreams.Piped)
    {
        var home = Directory.CreateDirectory(Path.Combine(room, "home")).FullName;
        Folder = command.Hidden.Any(command.IsWithin) || IsSmall(command.Folder) ? Copy(command.Folder, "work") : command.Folder;
        var own = command.Certificates is { } files ? command with { Certificates = Copied(files) } : command;
        if (Tool.Run(["chown", "-R", "-h", $"{user}:{user}", .. Directory.EnumerateDirectories(room)]) is { } refused) throw new IOException(refused);
        IReadOnlyList<string> words =
        [
            "setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "--inh-caps=-all", "--no-new-privs", .. Limits, "--nproc=512", "--", .. own.For(port, host),
        ];
        Process = ChildProcess.Start(words, own.Environment(port, home), streams, Folder);
    }

    public override IReadOnlyList<int> Processes() => [.. ProcessTable.OwnedBy(user, user).Where(pid => !ProcessTable.IsZombie(pid))];

    public override void KillAll()
    {
        BoxUsers.EndAll(user, user);
        Process?.End.Wait(TimeSpan.FromSeconds(10));
    }

    /// <summary>Ends what runs here, and puts the copy as it is now in the place of the folder that it was made of.</summary>
    public void PutBack(string original)
    {
        KillAll();
        if (Folder == original) return;
        IReadOnlyList<string>[] steps = [["chown", "-R", "-h", "0:0", Folder], ["rm", "-rf", "--", original], ["cp", "-R", "-P", "-p", "--", Folder, original]];
        foreach (var step in steps)
        {
            if (Tool.Run(step) is { } refused) throw new IOException(refused);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        users.Return(user);
        if (Tool.Run(["rm", "-rf", "--", room]) is null) return; // as deep as a target can make it, which the runtime's own cannot
        try
        {
            Directory.Delete(room, recursive: true); // where there is no rm on the PATH
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It lies in the system's folder for such things.
        }
    }

    protected override int FirstPid() => Process is { End.IsCompleted: false } running ? running.Pid : 0;

    private CertificateFiles Copied(CertificateFiles files)
    {
        var folder = Copy(files.Folder, "tls");
        return new CertificateFiles(In(files.Chain), In(files.Key), In(files.Authority));

        string In(string path) => Path.Combine(folder, Path.GetFileName(path));
    }

    private string Copy(string folder, string name)
    {
        var copy = Path.Combine(room, name);
        return Tool.Run(["cp", "-R", "-P", "-p", "--", folder, copy]) is { } refused ? throw new IOException(refused) : copy;
    }

    /// <summary>Whether a copy for each target is no great matter. Otherwise targets run where they are (in what is hidden they could not), and what their user may read and write there is up to its owner.</summary>
    private static bool IsSmall(string folder)
    {
        var sizes = new FileSystemEnumerable<long>(
            folder, (ref entry) => entry.IsDirectory ? 0 : entry.Length, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        { ShouldRecursePredicate = (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint) };
        var (entries, bytes) = (0, 0L);
        foreach (var size in sizes)
        {
            bytes += size;
            if (++entries > MostEntries || bytes > MostBytes) return false;
        }

        return true;
    }
}
