namespace SockConformance.Targets;

/// <summary>Tier C: no isolation but limits, a session of its own, a short environment and a sweep of all descendants.</summary>
internal sealed class OpenBox : Box
{
    private static readonly Lazy<bool> HasPrlimit = new(() => Environment.GetEnvironmentVariable("PATH")?.Split(':').Any(folder => File.Exists(Path.Combine(folder, "prlimit"))) == true);
    private readonly string scratch = Directory.CreateTempSubdirectory("sockconf-").FullName;

    static OpenBox() => ChildProcess.AdoptOrphans();

    public override void Start(TargetCommand command, int port, string host, ChildStreams streams = ChildStreams.Piped)
    {
        // No limit of processes: without a namespace the kernel counts all that this user runs.
        IReadOnlyList<string> words = [.. HasPrlimit.Value ? [.. Limits, "--"] : Array.Empty<string>(), .. command.For(port, host)];
        Process = ChildProcess.Start(words, command.Environment(port, scratch), streams, command.Folder);
    }

    /// <summary>Descendants of the first process, and orphans that became ours and carry its mark in their environment.</summary>
    public override IReadOnlyList<int> Processes() =>
        Process is null ? [] : [.. FirstPid() is > 0 and var pid ? [pid] : Array.Empty<int>(), .. ProcessTable.DescendantsOf(Process.Pid), .. Orphans()];

    public override void KillAll()
    {
        // Killing a parent makes its children orphans of ours: sweep until nobody is found.
        for (var sweep = 0; sweep < 100; sweep++)
        {
            var alive = Processes();
            if (alive.Count == 0) break;
            foreach (var pid in alive) ChildProcess.Signal(pid, 9);
            Process?.End.Wait(TimeSpan.FromMilliseconds(20));
            foreach (var pid in alive.Where(pid => pid != Process?.Pid)) ChildProcess.ReapOrphan(pid);
        }
    }

    /// <summary>The end of a run: orphans that hid what box they came from. Everything below us that we did not start.</summary>
    public static void EndOrphans()
    {
        for (var sweep = 0; sweep < 100; sweep++)
        {
            var orphans = ProcessTable.ChildrenOf(Environment.ProcessId).Where(child => !ChildProcess.IsOwn(child)).ToList();
            if (orphans.Count == 0) return;
            foreach (var orphan in orphans.SelectMany<int, int>(child => [child, .. ProcessTable.DescendantsOf(child)])) ChildProcess.Signal(orphan, 9);
            foreach (var orphan in orphans) ChildProcess.ReapOrphan(orphan);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        try
        {
            Directory.Delete(scratch, recursive: true);
        }
        catch (IOException)
        {
            // A file appeared while the folder was being removed: it lies in the system's folder for such things.
        }
    }

    protected override int FirstPid() => Process is { End.IsCompleted: false } running ? running.Pid : 0;

    private IEnumerable<int> Orphans() => ProcessTable.ChildrenOf(Environment.ProcessId).SelectMany<int, int>(child => IsOurs(child) ? [child, .. ProcessTable.DescendantsOf(child)] : []);

    /// <summary>An adopted orphan of this box has this box's scratch folder as TMPDIR.</summary>
    private bool IsOurs(int pid)
    {
        try
        {
            return pid != Process?.Pid && File.ReadAllText($"/proc/{pid}/environ").Contains(scratch, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
