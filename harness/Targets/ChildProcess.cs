using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SockConformance.Model;

namespace SockConformance.Targets;

/// <summary>Where a child's standard streams go.</summary>
internal enum ChildStreams
{
    /// <summary>stdin from /dev/null, stdout and stderr into one pipe that the harness drains.</summary>
    Piped,

    /// <summary>stdin from a pipe of the harness, stdout and stderr the harness's own.</summary>
    Inherited,

    /// <summary>stdin, stdout and stderr are three pipes of the harness.</summary>
    Conversed,
}

/// <summary>
/// A process started with posix_spawn: exact environment, default signal dispositions (a .NET process ignores SIGPIPE, and its
/// children would inherit that), no inherited descriptors but the standard ones, and its raw wait status, which
/// System.Diagnostics.Process folds into 128+n.
/// </summary>
internal sealed unsafe partial class ChildProcess : IDisposable
{
    private const short SetSignalDefaults = 0x04, SetSignalMask = 0x08, SetSession = 0x80;
    private const int OpaqueSize = 1024, CloseOnExec = 0x80000, NoSuchFile = 2;
    private const int CloseRange = 436, CloseRangeCloexec = 4;
    private static readonly ConcurrentDictionary<int, bool> Known = new();
    private readonly TaskCompletionSource<ProcessEnd> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SafeFileHandle? ourPipe;
    private readonly SafeFileHandle? report, input, errors;

    private ChildProcess(int pid, SafeFileHandle? ourPipe, SafeFileHandle? report, SafeFileHandle? input, SafeFileHandle? errors)
    {
        Pid = pid;
        Known[pid] = true;
        this.ourPipe = ourPipe;
        this.report = report;
        this.input = input;
        this.errors = errors;

        // One waiting thread per child: waitpid gives the raw status, and no signal handler is shared with anybody.
        new Thread(Reap) { IsBackground = true, Name = $"wait for {pid}" }.Start();
    }

    public int Pid { get; }

    /// <summary>Completes when the process itself has ended (its own children may live on).</summary>
    public Task<ProcessEnd> End => end.Task;

    /// <summary>Its output if piped, or the writing end of its stdin if inherited.</summary>
    public SafeFileHandle Pipe => ourPipe!;

    /// <summary>The writing end of its stdin, where it is conversed with.</summary>
    public SafeFileHandle Input => input!;

    /// <summary>The reading end of its stderr, where it is conversed with.</summary>
    public SafeFileHandle Errors => errors!;

    /// <summary>The reading end of the pipe that the child has as descriptor 3, where one was asked for.</summary>
    public SafeFileHandle Report => report!;

    /// <exception cref="IOException">The program cannot be started; the message says why in one line.</exception>
    public static ChildProcess Start(
        IReadOnlyList<string> command, IEnumerable<KeyValuePair<string, string>> environment, ChildStreams streams, string? folder = null, bool newSession = true, bool withReport = false)
    {
        // libpcap's socket, and what our own parent left open: nobody else sets the flag. Linux 5.11; an older kernel refuses, and they leak.
        syscall(CloseRange, 3, uint.MaxValue, CloseRangeCloexec);
        var (readEnd, writeEnd) = MakePipe();
        var (reportRead, reportWrite) = withReport ? MakePipe() : (-1, -1);
        var conversed = streams == ChildStreams.Conversed;
        var (inputRead, inputWrite) = conversed ? MakePipe() : (-1, -1);
        var (errorsRead, errorsWrite) = conversed ? MakePipe() : (-1, -1);
        var opaque = stackalloc byte[OpaqueSize * 3];
        byte* actions = opaque, attributes = opaque + OpaqueSize, signals = opaque + 2 * OpaqueSize;
        posix_spawn_file_actions_init(actions);
        posix_spawnattr_init(attributes);
        try
        {
            if (streams == ChildStreams.Piped)
            {
                posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0);
                posix_spawn_file_actions_adddup2(actions, writeEnd, 1);
                posix_spawn_file_actions_adddup2(actions, writeEnd, 2);
            }
            else if (conversed)
            {
                posix_spawn_file_actions_adddup2(actions, inputRead, 0);
                posix_spawn_file_actions_adddup2(actions, writeEnd, 1);
                posix_spawn_file_actions_adddup2(actions, errorsWrite, 2);
            }
            else
            {
                posix_spawn_file_actions_adddup2(actions, readEnd, 0);
            }

            if (withReport) posix_spawn_file_actions_adddup2(actions, reportWrite, 3);
            if (folder is not null) posix_spawn_file_actions_addchdir_np(actions, folder);
            sigemptyset(signals);
            posix_spawnattr_setsigmask(attributes, signals);
            sigfillset(signals);
            posix_spawnattr_setsigdefault(attributes, signals);
            posix_spawnattr_setflags(attributes, (short)(SetSignalDefaults | SetSignalMask | (newSession ? SetSession : 0)));

            using var argv = new StringVector(command);
            using var envp = new StringVector(environment.Select(pair => $"{pair.Key}={pair.Value}"));
            int pid;
            var error = posix_spawnp(&pid, command[0], actions, attributes, argv.Pointer, envp.Pointer);
            if (error != 0)
            {
                close(streams == ChildStreams.Inherited ? writeEnd : readEnd);
                if (withReport) close(reportRead);
                if (conversed) close(inputWrite);
                if (conversed) close(errorsRead);
                throw new IOException(error == NoSuchFile ? $"there is no program '{command[0]}'" : $"cannot start '{command[0]}': {Marshal.GetPInvokeErrorMessage(error)}");
            }

            var ours = streams == ChildStreams.Inherited ? writeEnd : readEnd;
            return new ChildProcess(pid, Own(ours)!, Own(reportRead), Own(inputWrite), Own(errorsRead));
        }
        finally
        {
            close(streams == ChildStreams.Inherited ? readEnd : writeEnd);
            if (withReport) close(reportWrite);
            if (conversed) close(inputRead);
            if (conversed) close(errorsWrite);
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Sends a signal to a process of this user; to one that is gone it does nothing.</summary>
    public static void Signal(int pid, int signal)
    {
        if (pid > 0) kill(pid, signal);
    }

    /// <summary>Orphans of our descendants become our children, so that they can be found and ended (PR_SET_CHILD_SUBREAPER).</summary>
    public static void AdoptOrphans() => prctl(36, 1, 0, 0, 0);

    /// <summary>Whether a child was started here (and not adopted), and has not ended.</summary>
    public static bool IsOwn(int pid) => Known.ContainsKey(pid);

    /// <summary>Reaps an adopted orphan that has ended, so that it is no zombie.</summary>
    public static void ReapOrphan(int pid)
    {
        int status;
        _ = waitpid(pid, &status, 1);
    }

    public void Dispose()
    {
        input?.Dispose();
        errors?.Dispose();
        ourPipe?.Dispose();
        report?.Dispose();
    }

    private void Reap()
    {
        int status, waited;
        do waited = waitpid(Pid, &status, 0);
        while (waited < 0 && Marshal.GetLastPInvokeError() == 4);
        Known.TryRemove(Pid, out _);
        var signal = status & 0x7f;
        end.SetResult(waited < 0 ? new ProcessEnd(-1, null, Clock.Now) : signal == 0 ? new ProcessEnd((status >> 8) & 0xff, null, Clock.Now) : new ProcessEnd(null, signal, Clock.Now));
    }

    private static SafeFileHandle? Own(int descriptor) => descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);

    private static (int Read, int Write) MakePipe()
    {
        var ends = stackalloc int[2];
        return pipe2(ends, CloseOnExec) == 0 ? (ends[0], ends[1]) : throw new IOException($"pipe: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class StringVector : IDisposable
    {
        private readonly nint[] strings;
        private readonly nint vector;

        public StringVector(IEnumerable<string> values)
        {
            strings = [.. values.Select(Marshal.StringToCoTaskMemUTF8), 0];
            vector = Marshal.AllocCoTaskMem(strings.Length * sizeof(nint));
            Marshal.Copy(strings, 0, vector, strings.Length);
        }

        public byte** Pointer => (byte**)vector;

        public void Dispose()
        {
            foreach (var one in strings) Marshal.FreeCoTaskMem(one);
            Marshal.FreeCoTaskMem(vector);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawnp(int* pid, string file, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial void posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial void posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial void posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_setsigmask(byte* attributes, byte* set);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport("libc")]
    private static partial void sigemptyset(byte* set);

    [LibraryImport("libc")]
    private static partial void sigfillset(byte* set);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc")]
    private static partial void kill(int pid, int signal);

    [LibraryImport("libc")]
    private static partial void close(int fd);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, uint first, uint last, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc")]
    private static partial void prctl(int option, nint a, nint b, nint c, nint d);
}
