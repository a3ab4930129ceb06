using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Run;

public enum Health
{
    Ok,

    /// <summary>It works, and less well than it could.</summary>
    Limited,
    Missing,
}

/// <summary>One thing that was tried on this machine.</summary>
/// <param name="Fix">What to type or to change; null where nothing is wrong or nothing can be done.</param>
internal sealed record Finding(string Name, Health State, string Text, string? Fix = null);

/// <summary>What works on this machine, found by trying it. Inside the namespaces of a run if they can be had, as a run would be.</summary>
internal static class Diagnosis
{
    private const long Mebi = 1 << 20;
    private static readonly TimeSpan ToolPatience = TimeSpan.FromSeconds(10);

    /// <summary>Which sandbox a run would have, whether it would have a capture, and everything that was found.</summary>
    /// <param name="whyNoSandbox">Null inside the namespaces.</param>
    public static (Tier Tier, bool Capture, IReadOnlyList<Finding> Findings) Of(string? whyNoSandbox)
    {
        var whyNoUsers = "";
        var tier = whyNoSandbox is null ? Tier.Namespaces : BoxUsers.Claim(out whyNoUsers) ? Tier.Users : Tier.None;
        using var capture = PacketCapture.TryOpen(out var whyNoCapture, datagrams: true);
        var packages = new Packages();
        List<Finding> findings =
        [
            new(".NET", Health.Ok, $"{RuntimeInformation.FrameworkDescription} ({RuntimeInformation.RuntimeIdentifier})"),
            new("system", Health.Ok, $"Linux {Environment.OSVersion.Version}, {RuntimeInformation.OSDescription}"),
            new("rights", Health.Ok, whyNoSandbox is null ? $"targets see themselves as user {OwnNamespace.User}" : Environment.IsPrivilegedProcess ? "root" : "an ordinary user"),
            .. whyNoSandbox is null
                ? [new Finding("sandbox", Health.Ok, "user, network, pid and mount namespaces; a program ran in a box of bubblewrap")]
                : NoNamespaces(whyNoSandbox, tier == Tier.Users ? null : whyNoUsers, packages),
            capture is not null ? new Finding("capture", Health.Ok, $"{PacketCapture.Backend} on lo, a datagram of our own was seen") : NoCapture(whyNoCapture, whyNoSandbox is null, packages),
            Sockets(),
            .. Limits(),
            Temporary(),
            Time(),
        ];
        return (tier, capture is not null, findings);
    }

    /// <summary>Which of the parts of the better sandbox it is that does not work.</summary>
    /// <param name="whyNoUsers">Null where targets can have users of their own instead.</param>
    private static IEnumerable<Finding> NoNamespaces(string why, string? whyNoUsers, Packages packages)
    {
        yield return whyNoUsers is null ? new Finding("sandbox", Health.Limited, $"a program ran as a user of its own; {why}") : new Finding("sandbox", Health.Missing, $"{why}; {whyNoUsers}");
        foreach (var (tool, package) in new[] { ("unshare", "util-linux"), ("nsenter", "util-linux"), ("setpriv", "util-linux"), ("prlimit", "util-linux"), ("bwrap", "bubblewrap") })
        {
            if (!IsOnPath(tool)) yield return new Finding(tool, Health.Missing, "not installed", packages.LineFor(package));
        }

        if (!IsOnPath("unshare")) yield break;
        if (Tried("unshare", "--user", "--map-root-user", "true") is { } noUsers)
        {
            yield return new Finding("user namespaces", Health.Missing, noUsers, NamespaceFix());
            yield break;
        }

        yield return new Finding("user namespaces", Health.Ok, "can be made");
        if (Tried("unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc", "true") is { } noOthers)
            yield return new Finding("other namespaces", Health.Missing, noOthers, IsContainer ? "in a container: docker run --security-opt systempaths=unconfined …, or a runtime that nests" : NamespaceFix());
        if (IsOnPath("bwrap") && Tried("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "true") is { } noBox)
            yield return new Finding("bubblewrap", Health.Missing, noBox, NamespaceFix());
    }

    private static string NamespaceFix() =>
        IsSet("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") ? "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (AppArmor keeps ordinary users from them)"
        : IsSet("/proc/sys/kernel/unprivileged_userns_clone", "0") ? "sudo sysctl -w kernel.unprivileged_userns_clone=1"
        : IsSet("/proc/sys/user/max_user_namespaces", "0") ? "sudo sysctl -w user.max_user_namespaces=15000"
        : IsContainer ? "in a container: docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined …"
        : "ask who runs this machine for unprivileged user namespaces";

    private static Finding NoCapture(string why, bool inside, Packages packages) => new(
        "capture", Health.Missing, why,
        why.Contains("not installed", StringComparison.Ordinal) ? packages.LineFor("libpcap")
            : inside ? null : Environment.IsPrivilegedProcess ? "in a container: docker run --cap-add NET_RAW …" : "it needs the sandbox, or root");

    private static Finding Sockets()
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            if (!SocketTable.IsListening(((IPEndPoint)listener.LocalEndpoint).Port)) return new Finding("sockets", Health.Missing, "the kernel's table of sockets does not show a listener of our own", "the kernel needs sock_diag (CONFIG_INET_DIAG)");
            using var six = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            six.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return new Finding("sockets", Health.Ok, "the kernel's table of sockets answers; 127.0.0.1 and ::1 can be bound");
        }
        catch (SocketException e)
        {
            return new Finding("sockets", Health.Limited, $"127.0.0.1 works, ::1 cannot be bound: {e.Message}", "sudo sysctl -w net.ipv6.conf.lo.disable_ipv6=0");
        }
    }

    private static IEnumerable<Finding> Limits()
    {
        const int least = 1024, fewProcesses = 256;
        var limits = File.ReadAllLines("/proc/self/limits");
        yield return Limit("open files", Soft(limits, "Max open files"), least, "ulimit -n 4096");
        yield return Limit("processes", Least(Soft(limits, "Max processes"), OfGroup("pids.max")), fewProcesses, "ulimit -u 4096   (or more pids for the container)");
        var available = File.ReadLines("/proc/meminfo").Where(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)).Select(line => Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024).FirstOrDefault();
        var memory = Least(available, OfGroup("memory.max"));
        yield return new Finding("memory", memory < 512 * Mebi ? Health.Limited : Health.Ok, $"{memory / Mebi} MiB to be had", memory < 512 * Mebi ? "give it 512 MiB or more" : null);
        yield return new Finding("processors", Health.Ok, $"{Environment.ProcessorCount}");

        static Finding Limit(string name, long? most, long least, string fix) => new(
            name, most < least ? Health.Limited : Health.Ok, most is null ? "no limit" : $"at most {most}", most < least ? fix : null);
    }

    private static Finding Temporary()
    {
        var folder = Path.GetTempPath();
        try
        {
            Directory.CreateTempSubdirectory("sockconf-").Delete();
            var free = new DriveInfo(folder).AvailableFreeSpace / Mebi;
            return new Finding("temporary folder", free < 200 ? Health.Limited : Health.Ok, $"{folder}, {free} MiB free", free < 200 ? "make room there, or set TMPDIR" : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Finding("temporary folder", Health.Missing, e.Message, "set TMPDIR to a folder that can be written");
        }
    }

    /// <summary>The clock that everything is measured by, and how late timers are.</summary>
    private static Finding Time()
    {
        const int readings = 20_000, waits = 20;
        var source = ReadOr("/sys/devices/system/clocksource/clocksource0/current_clocksource", "unknown");
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < readings; i++) _ = Stopwatch.GetTimestamp();
        var reading = Stopwatch.GetElapsedTime(begin).TotalNanoseconds / readings;
        var beat = TimeSpan.FromMilliseconds(2);
        using var never = new ManualResetEventSlim();
        var worst = TimeSpan.Zero;
        for (var i = 0; i < waits; i++)
        {
            var start = Stopwatch.GetTimestamp();
            never.Wait(beat);
            if (Stopwatch.GetElapsedTime(start) - beat is var late && late > worst) worst = late;
        }

        var slow = source is "hpet" or "acpi_pm" or "jiffies" || worst > TimeSpan.FromMilliseconds(100);
        return new Finding(
            "time", slow ? Health.Limited : Health.Ok, string.Create(CultureInfo.InvariantCulture, $"clock {source}, {reading:0} ns a reading; timers up to {worst.TotalMilliseconds:0.0} ms late"),
            slow ? "deadlines grow by themselves up to eightfold; --time-scale 3 for more" : null);
    }

    /// <summary>Null if the program ran, else why not.</summary>
    private static string? Tried(params string[] words)
    {
        try
        {
            using var process = ChildProcess.Start(words, new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin" }, ChildStreams.Piped);
            if (!process.End.Wait(ToolPatience))
            {
                ChildProcess.Signal(process.Pid, 9);
                return $"{words[0]} did not end within {ToolPatience.TotalSeconds} s";
            }

            if (process.End.Result.ExitCode == 0) return null;
            using var output = new StreamReader(new FileStream(process.Pipe, FileAccess.Read, bufferSize: 0));
            return output.ReadLine() is { Length: > 0 } said ? said : $"{words[0]} ended with {process.End.Result}";
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private static bool IsContainer => File.Exists("/.dockerenv") || File.Exists("/run/.containerenv") || Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is not null || Environment.GetEnvironmentVariable("container") is not null;

    internal static bool IsOnPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':').Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, tool)));

    private static bool IsSet(string file, string value) => ReadOr(file, "") == value;

    private static string ReadOr(string file, string otherwise)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return otherwise;
        }
    }

    /// <summary>The least value of a file of the control groups that this process is in; null for no limit.</summary>
    private static long? OfGroup(string file)
    {
        var group = ReadOr("/proc/self/cgroup", "").Split('\n').FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal))?[4..];
        long? least = null;
        for (; group is not null; group = group.Length == 0 ? null : Path.GetDirectoryName(group) ?? "")
        {
            if (long.TryParse(ReadOr(Path.Combine("/sys/fs/cgroup", group, file), ""), CultureInfo.InvariantCulture, out var value) && least is not { } known || value < least) least = value;
        }

        return least;
    }

    private static long? Soft(string[] limits, string name) =>
        limits.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..] && soft != "unlimited" ? Number(soft) : null;

    private static long Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);

    private static long? Least(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}

/// <summary>How packages are installed here.</summary>
/// <param name="isOnPath">Whether a program is there.</param>
internal sealed class Packages(Func<string, bool>? isOnPath = null)
{
    private static readonly (string Program, string Add)[] Managers =
    [
        ("apt-get", "apt-get install -y"), ("dnf", "dnf install -y"), ("apk", "apk add"), ("pacman", "pacman -S --needed"), ("zypper", "zypper install"),
    ];

    /// <summary>The line to type for a package of this name; it is known by others here and there.</summary>
    public string LineFor(string package)
    {
        var there = isOnPath ?? Diagnosis.IsOnPath;
        if (Managers.FirstOrDefault(one => there(one.Program)) is not { Program: { } manager, Add: { } add }) return $"install {package}";
        var name = (package, manager) switch { ("libpcap", "apt-get") => "libpcap0.8", ("libpcap", "zypper") => "libpcap1", _ => package };
        return $"sudo {add} {name}";
    }
}
