using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A sockconf that runs: what it has printed so far, signals to it, its end. At most three run at a time.</summary>
internal sealed partial class SockconfProcess : IDisposable
{
    public const int Interrupt = 2, Kill = 9, Terminate = 15;
    private const string OrdinaryPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private static readonly SemaphoreSlim Places = new(3);

    /// <summary>Variables of the tests' own surroundings that would change what sockconf prints.</summary>
    private static readonly string[] LeftOut = ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "CI_PROJECT_DIR", "JENKINS_URL", "SOCKCONF_DEBUG", "SOCKCONF_SCRATCH", "SOCKCONF_USER", "SOCKCONF_TARGET", "DOTNET_gcServer"];

    /// <summary>A copy of the program that everybody may read; made when it is first needed, as the checkout may be in somebody's home.</summary>
    private static readonly Lazy<string> ReadableProgram = new(CopyProgram);

    private readonly Process process;
    private readonly Collector output, errors;
    private readonly Workplace place;
    private readonly CancellationTokenSource overdue = new(Deadline);

    private SockconfProcess(Process process, Workplace place)
    {
        (this.process, this.place) = (process, place);
        (output, errors) = (new Collector(process.StandardOutput), new Collector(process.StandardError));
    }

    public int Id => process.Id;

    public string Output => output.Text;

    /// <summary>The folder of the program that is tested.</summary>
#if DEBUG
    internal static string Built => AppContext.BaseDirectory;
#else
    internal static string Built { get; } = Path.Combine(Shared.Repository.Root, "suites", "bin", "sockconf");
#endif

    public static async Task<SockconfProcess> Start(Sockconf how, IReadOnlyList<string> arguments)
    {
        await Places.WaitAsync();
        try
        {
            return new SockconfProcess(Process.Start(Description(how, arguments))!, how.Place);
        }
        catch
        {
            Places.Release();
            throw;
        }
    }

    /// <summary>Its command as words, for tests that need it as a target's command.</summary>
    public static IReadOnlyList<string> Program(string folder) =>
        File.Exists(Path.Combine(folder, "sockconf")) ? [Path.Combine(folder, "sockconf")] : [Path.Combine(DotnetRoot, "dotnet"), Path.Combine(folder, "sockconf.dll")];

    /// <summary>The built-in reference server as a target's command.</summary>
    public static IReadOnlyList<string> Reference => [.. Program(Built), "reference", "echo", "{port}"];

    /// <summary>Waits until a text is on stdout.</summary>
    public Task Prints(string text) => output.Has(text).WaitAsync(overdue.Token);

    /// <summary>Its standard input.</summary>
    public Stream Input => process.StandardInput.BaseStream;

    /// <summary>Waits until a text is on stderr.</summary>
    public Task Complains(string text) => errors.Has(text).WaitAsync(overdue.Token);

    /// <summary>Sends a signal to the process that the user started, and to nobody else.</summary>
    public void Signal(int signal) => Send(process.Id, signal);

    /// <summary>Sends a signal to the whole process group, as a terminal does on Ctrl-C.</summary>
    public void SignalGroup(int signal) => Send(-process.Id, signal);

    /// <summary>kill(2); nothing happens if there is no such process any more.</summary>
    public static void Send(int pid, int signal) => _ = kill(pid, signal);

    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public async Task<Outcome> End()
    {
        try
        {
            await process.WaitForExitAsync(overdue.Token);
            await Task.WhenAll(output.Done, errors.Done).WaitAsync(overdue.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"sockconf had not ended after {Deadline.TotalSeconds} s.\n--- stdout\n{output.Text}\n--- stderr\n{errors.Text}\n--- running\n{string.Join('\n', place.LeftProcesses())}");
        }

        return new Outcome(process.ExitCode, output.Text, errors.Text, place);
    }

    public void Dispose()
    {
        if (!process.HasExited) SignalGroup(Kill);
        process.Dispose();
        overdue.Dispose();
        Places.Release();
    }

    private static ProcessStartInfo Description(Sockconf how, IReadOnlyList<string> arguments)
    {
        // setsid gives it a process group of its own, without a process in between.
        var changesUser = how.AsOrdinaryUser && Environment.IsPrivilegedProcess;
        IReadOnlyList<string> words =
        [
            "setsid", .. how.InContainer ? Container(how) : [], .. changesUser ? (string[])["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [],
            .. how.OutputTo is { } file ? (string[])["sh", "-c", $"exec \"$@\" > {file}", "sh"] : [], .. how.Program ?? Program(changesUser ? ReadableProgram.Value : Built), .. arguments,
        ];
        var description = new ProcessStartInfo(words[0], words.Skip(1))
        {
            WorkingDirectory = how.Folder ?? how.Place.Work,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var name in LeftOut) description.Environment.Remove(name);
        description.Environment["TMPDIR"] = how.Place.Scratch;
        description.Environment["DOTNET_ROOT"] = DotnetRoot;
        if (changesUser) (description.Environment["PATH"], description.Environment["HOME"]) = (OrdinaryPath, how.Place.Scratch);
        foreach (var (name, value) in how.Variables) description.Environment[name] = value;
        return description;
    }

    /// <summary>
    /// What a plain container is to a sandbox: the kernel gives no namespaces to a process whose root folder is not that of its mount namespace, and
    /// the capabilities are those that container engines leave to root. Processes and ports can be seen from outside.
    /// </summary>
    private static IReadOnlyList<string> Container(Sockconf how) =>
    [
        "unshare", "--mount", "sh", "-c", "mount --rbind / \"$1\" && exec chroot \"$@\"", "sh", Directory.CreateDirectory(Path.Combine(how.Place.Root, "container")).FullName,
        "sh", "-c", "cd \"$0\" && exec \"$@\"", how.Folder ?? how.Place.Work,
        "setpriv", "--bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap",
    ];

    /// <summary>The .NET that runs these tests: …/dotnet/shared/Microsoft.NETCore.App/VERSION/System.Private.CoreLib.dll.</summary>
    private static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    private static string CopyProgram()
    {
        var folder = Directory.CreateTempSubdirectory("e2e-program-").FullName;
        File.SetUnixFileMode(folder, Workplace.Readable);
        foreach (var file in Directory.EnumerateFiles(Built))
        {
            var copy = Path.Combine(folder, Path.GetFileName(file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, Workplace.Readable);
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    /// <summary>Reads a stream to its end and tells those who wait for a text when it is there.</summary>
    private sealed class Collector
    {
        private readonly StringBuilder text = new();
        private readonly List<(string Wanted, TaskCompletionSource Found)> waiting = [];
        private readonly Lock gate = new();

        public Collector(StreamReader reader) => Done = Read(reader);

        public Task Done { get; }

        public string Text
        {
            get
            {
                lock (gate) return text.ToString();
            }
        }

        public Task Has(string wanted)
        {
            lock (gate)
            {
                if (text.ToString().Contains(wanted, StringComparison.Ordinal)) return Task.CompletedTask;
                var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting.Add((wanted, found));
                return found.Task;
            }
        }

        private async Task Read(StreamReader reader)
        {
            var buffer = new char[4096];
            for (int count; (count = await reader.ReadAsync(buffer)) > 0;)
            {
                lock (gate)
                {
                    text.Append(buffer, 0, count);
                    if (waiting.Count == 0) continue;
                    var now = text.ToString();
                    foreach (var (_, found) in waiting.Where(one => now.Contains(one.Wanted, StringComparison.Ordinal))) found.TrySetResult();
                }
            }

            lock (gate)
            {
                foreach (var (wanted, found) in waiting) found.TrySetException(new EndOfStreamException($"sockconf ended without printing “{wanted}”:\n{text}"));
            }
        }
    }
}
