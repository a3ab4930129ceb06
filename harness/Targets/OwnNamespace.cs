using System.Runtime.InteropServices;
using System.Text;
using SockConformance.Wire;

namespace SockConformance.Targets;

/// <summary>
/// The harness itself in a user, network, pid and mount namespace, so that capture needs no root and each run has all ports for
/// itself. A .NET process has threads and cannot unshare; so it starts itself again through unshare(1), and this first process
/// only waits. Its end, even by SIGKILL, ends the second one: that one reads a pipe that closes with it.
/// </summary>
internal static partial class OwnNamespace
{
    private const string ScratchVariable = "SOCKCONF_SCRATCH";
    private const string UserVariable = "SOCKCONF_USER";
    private const uint Nobody = 65534;
    private const byte Interrupt = (byte)'I', Terminate = (byte)'T';
    private static volatile bool orphaned;

    /// <summary>The folder for the boxes of targets, when this process is the one inside; else null.</summary>
    public static string? Scratch { get; } = Environment.GetEnvironmentVariable(ScratchVariable) is { Length: > 0 } folder && Environment.ProcessId == 1 ? folder : null;

    /// <summary>The user that targets see themselves as: the one who started the harness, but never root.</summary>
    public static string User { get; } = Environment.GetEnvironmentVariable(UserVariable) ?? $"{Nobody}";

    /// <summary>The words that start this program again.</summary>
    public static IReadOnlyList<string> Program { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, Environment.GetCommandLineArgs()[0]] : [Environment.ProcessPath!];

    /// <summary>
    /// Runs this program with the same arguments inside, until it ends. Returns its exit code, or null and the reason, in one
    /// line, if the namespaces cannot be had.
    /// </summary>
    public static int? Run(IReadOnlyList<string> arguments, out string whyNot)
    {
        // Where the kernel says no, it says so to a program whose output is not the user's.
        if (Tool.Run(["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--", "true"]) is { } refused)
        {
            whyNot = $"no user namespaces here ({refused})";
            return null;
        }

        var scratch = Directory.CreateTempSubdirectory("sockconf-");
        try
        {
            var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
            environment[ScratchVariable] = scratch.FullName;
            environment[UserVariable] = $"{(geteuid() is var user && user != 0 ? user : Nobody)}";
            environment["DOTNET_EnableDiagnostics"] = "0"; // no sockets of the runtime in a network namespace shared with a target
            using var inside = ChildProcess.Start(
                ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "--", .. Program, .. arguments],
                environment, ChildStreams.Inherited, newSession: false, withReport: true);
            using var lifeline = new FileStream(inside.Pipe, FileAccess.Write, bufferSize: 0);
            using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Tell(context, lifeline, Interrupt));
            using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Tell(context, lifeline, Terminate));
            using var report = new StreamReader(new FileStream(inside.Report, FileAccess.Read, bufferSize: 0), Encoding.UTF8);
            var word = report.ReadToEnd().Trim();
            var end = inside.End.GetAwaiter().GetResult;
            if (word == "inside")
            {
                whyNot = "";
                var ended = end();
                return ended.ExitCode ?? 3;
            }

            end();
            whyNot = word.Length > 0 ? word : "the program did not start again in namespaces of its own";
            return null;
        }
        catch (IOException e)
        {
            whyNot = e.Message;
            return null;
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    /// <summary>
    /// The first thing done inside: loopback up, a private scratch file system, a real box around a real process. Tells the
    /// waiting process whether it worked. Cancels <paramref name="stop"/> with the signal's number when that one says so or dies.
    /// </summary>
    public static void Settle(Action<int> stop)
    {
        using var report = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(3, ownsHandle: true), FileAccess.Write, bufferSize: 0);
        try
        {
            Loopback.Up();
            _ = Task.Run(() => PacketCapture.Backend); // libpcap and its wrapper are loaded while the box is tried: the first verdict comes sooner
            using (var box = new NamespaceBox(Scratch!))
            {
                box.Start(new TargetCommand(["true"], "/", []), 0, "");
                var end = box.Process!.End.Wait(TimeSpan.FromSeconds(10)) ? box.Process.End.Result : null;
                if (end is not { ExitCode: 0 }) throw new IOException($"a program in the sandbox did not run ({end}): {new StreamReader(new FileStream(box.Process.Pipe, FileAccess.Read)).ReadToEnd().Trim()}");
            }
        }
        catch (IOException e)
        {
            report.Write(Encoding.UTF8.GetBytes(e.Message.ReplaceLineEndings(" ")));
            report.Dispose();
            Environment.Exit(3);
        }

        report.Write("inside"u8);
        var lifeline = Console.OpenStandardInput();
        new Thread(() =>
        {
            while (lifeline.ReadByte() is var word and >= 0) stop(word == Terminate ? 15 : 2);
            orphaned = true;
            stop(15);

            // Nobody is left to report to: if the run does not come to its end by itself, everything ends with pid 1.
            Thread.CurrentThread.Join(TimeSpan.FromSeconds(5));
            Leave();
            _exit(143);
        })
        { IsBackground = true, Name = "lifeline" }.Start();
    }

    /// <summary>The last thing done inside: if the waiting process is gone, its folder is removed for it.</summary>
    public static void Leave()
    {
        if (!orphaned || Scratch is null) return;
        try
        {
            Directory.Delete(Scratch, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something is still mounted there: an empty folder stays in the system's place for such.
        }
    }

    private static void Tell(PosixSignalContext context, FileStream lifeline, byte word)
    {
        context.Cancel = true;
        try
        {
            lifeline.WriteByte(word);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The inner process is ending already.
        }
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial void _exit(int status);
}
