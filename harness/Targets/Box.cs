namespace SockConformance.Targets;

/// <summary>What keeps programs of others apart from everything else.</summary>
internal enum Tier
{
    /// <summary>A: namespaces of its own for each.</summary>
    Namespaces,

    /// <summary>B: a user of its own for each.</summary>
    Users,

    /// <summary>C: nothing.</summary>
    None,
}

/// <summary>Where one target process tree lives, from start to the last process. One box, one start.</summary>
internal abstract class Box : IDisposable
{
    private const int Terminate = 15;

    /// <summary>Limits every target gets: enough for a JVM, too little for a full disk. Counts and bytes.</summary>
    protected static IReadOnlyList<string> Limits { get; } = ["prlimit", "--nofile=1024", "--fsize=67108864", "--core=0"];

    /// <summary>A box of the best tier that this run was found to have.</summary>
    /// <param name="sharesMemory">The target sees the harness's System V shared memory.</param>
    public static Box New(bool sharesMemory = false) => OwnNamespace.Scratch is { } scratch ? new NamespaceBox(scratch) { SharesMemory = sharesMemory } : BoxUsers.Claimed is { } users ? new UidBox(users) : new OpenBox();

    /// <summary>The process whose wait status is the target's.</summary>
    public ChildProcess? Process { get; protected set; }

    /// <summary>Starts the command in this box.</summary>
    public abstract void Start(TargetCommand command, int port, string host, ChildStreams streams = ChildStreams.Piped);

    /// <summary>All processes of the target that are alive.</summary>
    public abstract IReadOnlyList<int> Processes();

    /// <summary>The first process lives, and all threads of all wait for something that is not a processor or a disk.</summary>
    public bool IsAsleep => FirstPid() is > 0 and var first && !ProcessTable.IsZombie(first) && Processes().All(ProcessTable.IsAsleep);

    /// <summary>Ends every process of the target at once, wherever it went, and waits until they are gone.</summary>
    public abstract void KillAll();

    /// <summary>SIGTERM to the target's first process; the others are its own business.</summary>
    public void AskToStop() => ChildProcess.Signal(FirstPid(), Terminate);

    /// <summary>The target's first process as seen from here; 0 if it is gone.</summary>
    protected abstract int FirstPid();

    public virtual void Dispose()
    {
        KillAll();
        Process?.Dispose();
    }
}
