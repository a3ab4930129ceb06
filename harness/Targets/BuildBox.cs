using SockConformance.Model;

namespace SockConformance.Targets;

/// <summary>
/// Where a program is made from its sources: like <see cref="NamespaceBox"/> without a network, read-only and with limits, but what is written to the
/// working folder stays. It is a namespace of its own, so that nothing needs to be entered first.
/// </summary>
internal sealed class BuildBox : Box
{
    /// <summary>Enough for a compiler that runs on a JVM or on .NET; a build that multiplies should not stop the machine.</summary>
    private const int MostProcesses = 160;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Why there can be none on this machine, in one line; null if there can. A real one is tried.</summary>
    public static string? WhyNot()
    {
        try
        {
            using var box = new BuildBox();
            box.Start(new TargetCommand(["true"], "/", []), 0, "");
            var end = box.Process!.End.Wait(Patience) ? box.Process.End.Result : null;
            if (end is { ExitCode: 0 }) return null;
            var said = new StreamReader(new FileStream(box.Process.Pipe, FileAccess.Read, bufferSize: 0)).ReadToEnd().Trim();
            return $"bubblewrap cannot make a sandbox here{(said.Length > 0 ? $": {said}" : "")}";
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    public override void Start(TargetCommand command, int port, string host, ChildStreams streams = ChildStreams.Piped)
    {
        IReadOnlyList<string> words =
        [
            "bwrap", "--unshare-user", "--unshare-all", "--uid", OwnNamespace.User, "--gid", OwnNamespace.User, "--disable-userns", "--cap-drop", "ALL", "--new-session", "--die-with-parent",
            "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--size", "268435456", "--tmpfs", "/tmp", .. TargetCommand.Hiding(command.Hidden),
            .. command.Folder == "/" ? Array.Empty<string>() : ["--bind", command.Folder, command.Folder], "--chdir", command.Folder, "--clearenv",
            .. command.Environment(port, "/tmp").SelectMany<KeyValuePair<string, string>, string>(pair => ["--setenv", pair.Key, pair.Value]),
            "--", "nice", "-n", "10", .. Limits, $"--nproc={MostProcesses}", "--", .. command.For(port, host),
        ];
        Process = ChildProcess.Start(words, new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin" }, streams);
    }

    /// <summary>Only its outermost process: all others end with it.</summary>
    public override IReadOnlyList<int> Processes() => FirstPid() is > 0 and var pid ? [pid] : [];

    /// <summary>The outermost process outlives the first one inside, with which all others end: so nobody is left when it has ended, too.</summary>
    public override void KillAll()
    {
        if (FirstPid() is > 0 and var first && ProcessTable.ChildrenOf(first) is [var inside, ..])
        {
            ChildProcess.Signal(inside, 9);
            if (Process!.End.Wait(Patience)) return;
        }

        ChildProcess.Signal(FirstPid(), 9);
        Process?.End.Wait(Patience);
    }

    protected override int FirstPid() => Process is { End.IsCompleted: false } running ? running.Pid : 0;
}

/// <summary>How a build ended.</summary>
/// <param name="End">Null if it was ended: see <paramref name="Why"/>.</param>
/// <param name="Why">Why it was ended; null if it ended by itself.</param>
internal sealed record BuildEnd(ProcessEnd? End, string? Why, string Output)
{
    public bool Ok => End is { ExitCode: 0 };
}

/// <summary>Runs a build command to its end, or to the end of its time, or until it fills the disk.</summary>
internal static class Builder
{
    private const long MostBytes = 512 << 20;
    private const int MostFiles = 50_000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    /// <exception cref="IOException">It cannot be started, or its results cannot be had.</exception>
    public static BuildEnd Run(TargetCommand command, Tier tier, TimeSpan within, CancellationToken cancellation)
    {
        if (tier != Tier.Users)
        {
            using Box box = tier == Tier.Namespaces ? new BuildBox() : new OpenBox();
            return In(box, command, () => command.Folder, within, cancellation);
        }

        // Users for this build alone: when they are given back, what it left in folders of everybody is removed before another program could find it.
        if (!BoxUsers.Claim(out var whyNot)) throw new IOException(whyNot);
        try
        {
            using var box = new UidBox(BoxUsers.Claimed!);
            var end = In(box, command, () => box.Folder, within, cancellation);
            box.PutBack(command.Folder);
            return end;
        }
        finally
        {
            BoxUsers.Release();
        }
    }

    private static BuildEnd In(Box box, TargetCommand command, Func<string> folder, TimeSpan within, CancellationToken cancellation)
    {
        box.Start(command, 0, "127.0.0.1");
        var output = new OutputTail(box.Process!.Pipe);
        var (deadline, nextLook) = (Clock.Now + within, Clock.Now + Look);
        var why = Clock.Until(
            () =>
            {
                if (box.Process.End.IsCompleted) return "";
                if (Clock.Now < nextLook) return null;
                nextLook = Clock.Now + Look;
                return IsTooMuch(folder()) ? $"it wrote more than {MostBytes >> 20} MiB or {MostFiles} files" : null;
            },
            deadline - Clock.Now, cancellation) ?? $"it had not ended after {within.TotalSeconds:0.#} s";
        if (why.Length > 0) box.KillAll();
        return new BuildEnd(why.Length > 0 ? null : box.Process.End.Result, why.Length > 0 ? why : null, output.ToEnd());
    }

    private static bool IsTooMuch(string folder)
    {
        var (bytes, files) = (0L, 0);
        try
        {
            var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
            foreach (var file in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", options))
            {
                if (file is FileInfo { Exists: true } one) bytes += one.Length;
                if (bytes > MostBytes || ++files > MostFiles) return true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It changes while it is looked at: the next look counts.
        }

        return false;
    }
}
