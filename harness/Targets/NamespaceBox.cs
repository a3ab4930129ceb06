using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace SockConformance.Targets;

/// <summary>
/// Tier A: pid, mount, ipc, uts and user namespaces of its own below those of the harness, whose network namespace it shares.
/// bubblewrap builds the box around an idle first process; nsenter then puts the target into it. So the box has a reaper and
/// dies as a whole with it, while the target's parent stays outside and sees its raw wait status.
/// <code>
///   harness ── bwrap ── [pid 1: reaper ── sleep]        the box: / read-only, /tmp and the working folder
///           └─ nsenter ─────────── [target …]           writable (overlays, thrown away), no capabilities
/// </code>
/// </summary>
internal sealed partial class NamespaceBox : Box
{
    private const int Detach = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static int boxes;
    private readonly string room;
    private readonly List<string> mounts = [];
    private ChildProcess? builder;
    private int firstInBox;

    /// <param name="scratch">A folder that only the harness's mount namespace has.</param>
    public NamespaceBox(string scratch) => room = Path.Combine(scratch, $"{Interlocked.Increment(ref boxes)}");

    /// <summary>The target sees the harness's System V shared memory: what its instrumentation counts in.</summary>
    public bool SharesMemory { get; init; }

    public override void Start(TargetCommand command, int port, string host, ChildStreams streams = ChildStreams.Piped)
    {
        Build(command.Folder, command.Certificates?.Folder, command.Hidden);
        IReadOnlyList<string> words =
        [
            "nsenter", "--target", $"{firstInBox}", "--user", "--mount", "--pid", .. SharesMemory ? Array.Empty<string>() : ["--ipc"], "--uts", "--preserve-credentials", "--",
            "env", "-i", "-C", command.Folder, .. command.Environment(port, "/tmp").Select(pair => $"{pair.Key}={pair.Value}"),
            "setpriv", "--no-new-privs", "--bounding-set=-all", .. Limits, "--nproc=512", "--", .. command.For(port, host),
        ];
        Process = ChildProcess.Start(words, Tool.Environment, streams);
    }

    public override IReadOnlyList<int> Processes()
    {
        if (firstInBox == 0) return [];
        var idle = ProcessTable.ChildrenOf(firstInBox) is [var oldest, ..] ? oldest : 0; // the sleep that keeps the box open is its oldest child
        return [.. ProcessTable.InNamespaceOf(firstInBox).Where(pid => pid != idle)];
    }

    public override void KillAll()
    {
        if (builder is not { End.IsCompleted: false }) return; // its number may belong to another process by now
        ChildProcess.Signal(firstInBox, 9);
        ChildProcess.Signal(firstInBox == 0 ? builder.Pid : 0, 9);
        builder.End.Wait(Patience);
        Process?.End.Wait(Patience);
    }

    public override void Dispose()
    {
        base.Dispose();
        builder?.Dispose();
        foreach (var mount in Enumerable.Reverse(mounts)) _ = umount2(mount, Detach);
    }

    protected override int FirstPid() => Process is { End.IsCompleted: false } running && ProcessTable.ChildrenOf(running.Pid) is [var target, ..] ? target : 0;

    /// <param name="shown">A folder that must be seen inside, whatever becomes of /tmp; null for none.</param>
    private void Build(string folder, string? shown, ImmutableArray<string> hidden)
    {
        Directory.CreateDirectory(room);
        Mount("tmpfs", room, "tmpfs", "size=64m,nr_inodes=16k,mode=755");
        IReadOnlyList<string> words =
        [
            "bwrap", "--info-fd", "3", "--unshare-user", "--uid", OwnNamespace.User, "--gid", OwnNamespace.User, "--unshare-pid", .. SharesMemory ? Array.Empty<string>() : ["--unshare-ipc"], "--unshare-uts", "--disable-userns",
            "--cap-drop", "ALL", "--new-session", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
            .. Writable("/tmp"), .. TargetCommand.Hiding(hidden), .. folder is "/" or "/tmp" ? [] : Writable(folder), .. shown is null ? Array.Empty<string>() : ["--ro-bind", shown, shown],
            "--", "sh", "-c", "echo ready; exec sleep 2000000000",
        ];
        builder = ChildProcess.Start(words, Tool.Environment, ChildStreams.Piped, withReport: true);
        using var output = new StreamReader(new FileStream(builder.Pipe, FileAccess.Read, bufferSize: 0));
        if (output.ReadLine() is var line && line != "ready") throw new IOException($"bubblewrap could not build a sandbox: {line} {output.ReadToEnd()}".Trim());
        using var report = new FileStream(builder.Report, FileAccess.Read, bufferSize: 0);
        using var info = JsonDocument.Parse(report);
        firstInBox = info.RootElement.GetProperty("child-pid").GetInt32();
    }

    /// <summary>The folder as it is, with writes going to memory; read-only, or empty in the case of /tmp, where overlays cannot be had.</summary>
    private IReadOnlyList<string> Writable(string folder)
    {
        var name = Path.Combine(room, folder == "/tmp" ? "tmp" : "work");
        var (upper, work, merged) = (name + ".upper", name + ".work", name);
        foreach (var needed in (ReadOnlySpan<string>)[upper, work, merged]) Directory.CreateDirectory(needed);
        if (folder == "/tmp") File.SetUnixFileMode(upper, (UnixFileMode)0x3ff); // rwxrwxrwt
        var lower = folder.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);
        return Mount("overlay", merged, "overlay", $"lowerdir={lower},upperdir={upper},workdir={work},userxattr") ? ["--bind", merged, folder]
            : folder == "/tmp" ? ["--tmpfs", "/tmp"] : ["--ro-bind", folder, folder];
    }

    private bool Mount(string source, string target, string type, string options)
    {
        if (mount(source, target, type, 0, options) != 0) return false;
        mounts.Add(target);
        return true;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
