using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Spec;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Cli;

/// <summary>Which target, how it is run and watched, and how results are shown: read from the command line and checked.</summary>
internal sealed record TargetRequest(
    TargetCommand? Command, IPEndPoint? Attached, int? FixedPort, Need Sandbox, Need Capture, Patience Patience, LaunchPatience Launch, string? ReportFolder, ConsoleStyle Style)
{
    /// <summary>The certificates that the server's must lead to (--tls-ca), and the name it must be for; null for what the spec says.</summary>
    public string? TlsCa { get; init; }

    public string? TlsName { get; init; }

    /// <summary>What the report is written as besides results.json and junit.xml.</summary>
    public IReadOnlyList<Format> Also { get; init; } = [];

    private static string? whyNoSandbox;

    /// <summary>What the first line of a run says of the tier.</summary>
    public string SandboxText =>
        OwnNamespace.Scratch is not null ? "namespaces (tier A)"
        : BoxUsers.Claimed is not null ? $"a user for each target (tier B: {whyNoSandbox})"
        : Attached is not null ? "none (a server that already runs)"
        : Sandbox == Need.Off ? "none (tier C, as asked)" : $"none (tier C: {whyNoSandbox})";

    public string TargetText => Attached is { } endpoint ? $"{endpoint}" : $"{Command}";

    /// <param name="suite">Its spec may say how the target is launched.</param>
    /// <param name="needed">There must be a target: a check of a driver can do without.</param>
    public static TargetRequest Read(ParseResult parsed, Options options, ImmutableArray<string> words, Suite? suite, bool needed = true)
    {
        var connect = parsed.GetValue(options.Connect);
        var launch = suite?.Service.Launch ?? LaunchSpec.None;
        if (words.IsEmpty && connect is null) words = launch.Command;
        if (words.IsEmpty && connect is null && needed) throw new UsageException("say what to check, after --: sockconf check --spec echo -- python3 server.py {port}   (or --connect HOST:PORT)");
        if (connect is not null && suite is { OfClients: true }) throw new UsageException("--client and --connect do not go together: a client is launched by its command, after --");
        if (suite is { OfClients: true } && parsed.GetValue(options.TlsCa) is not null) throw new UsageException("--client and --tls-ca do not go together: a client is told whom to trust by {ca} in its command");
        if (!words.IsEmpty && connect is not null) throw new UsageException("either a command after -- or --connect, not both");
        var scale = parsed.GetValue(options.TimeScale);
        if (scale is not (>= 0.1 and <= 1000)) throw new UsageException("--time-scale: a factor from 0.1 to 1000");
        var port = parsed.GetValue(options.Port);
        if (port is < 1 or > 65535) throw new UsageException($"--port {port}: a port is a number from 1 to 65535");
        var patience = Patience.Default;
        if (Options.Duration(parsed.GetValue(options.Timeout), "--timeout") is { } timeout) patience = patience with { Reply = timeout, Close = timeout };
        var passed = parsed.GetValue(options.Env) ?? [];
        if (passed.FirstOrDefault(one => one.Length == 0 || one[0] == '=') is { } empty) throw new UsageException($"--env '{empty}': write NAME or NAME=VALUE");
        var command = words.IsEmpty ? null : new TargetCommand(words, Environment.CurrentDirectory, [.. launch.Environment.Select(pair => $"{pair.Key}={pair.Value}"), .. passed]) { Hidden = [.. (parsed.GetValue(options.Hide) ?? []).Select(Path.GetFullPath)] };
        command?.MustExist();
        var starting = LaunchPatience.Default with { Ready = launch.Within ?? LaunchPatience.Default.Ready, Stop = launch.StopWithin ?? LaunchPatience.Default.Stop };
        return new TargetRequest(
            command, connect is null ? null : Address(connect, parsed.GetValue(options.AllowRemote)), port, parsed.GetValue(options.Sandbox), parsed.GetValue(options.Capture), patience.Scaled(scale),
            starting.Scaled(scale), parsed.GetValue(options.Report), StyleOf(parsed, options))
        { TlsCa = parsed.GetValue(options.TlsCa), TlsName = parsed.GetValue(options.TlsName), Also = options.FormatsOf(parsed) };
    }

    /// <summary>Runs the whole command again in namespaces of its own, if it should and can; null if it is to be run here.</summary>
    public int? Enter(IReadOnlyList<string> arguments)
    {
        if (OwnNamespace.Scratch is not null || Sandbox == Need.Off || Attached is not null) return null;
        var code = OwnNamespace.Run(arguments, out var whyNot);
        whyNoSandbox = whyNot;
        if (code is not null) return code;
        var hasUsers = BoxUsers.Claim(out var whyNoUsers);
        if (Sandbox != Need.Require) return null;
        if (!hasUsers) throw new EnvironmentException($"--sandbox require: {whyNot}; {whyNoUsers}");
        if (Command is not { Hidden.IsEmpty: false } command || BoxUsers.WhySeen(command.Hidden) is not { } seen) return null;
        BoxUsers.Release();
        throw new EnvironmentException($"--sandbox require: {seen}");
    }

    /// <summary>The capture of a run; null where there is none, or where it was not asked for.</summary>
    /// <param name="without">What verdicts rest on then.</param>
    /// <param name="text">What the first line of a run says of it.</param>
    /// <exception cref="EnvironmentException">It was required.</exception>
    /// <param name="except">A network whose packets are left out; null for none.</param>
    public PacketCapture? OpenCapture(string without, out string text, string? except = null)
    {
        var whyNot = "as asked";
        var capture = Capture == Need.Off ? null : PacketCapture.TryOpen(out whyNot, datagrams: true, except);
        if (capture is null && Capture == Need.Require) throw new EnvironmentException($"--capture require: {whyNot}");
        text = capture is null ? $"none ({whyNot}): judged by what {without}" : $"lo, {PacketCapture.Backend}";
        return capture;
    }

    private static IPEndPoint Address(string text, bool allowRemote)
    {
        var named = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1{text[9..]}" : text;
        if (!IPEndPoint.TryParse(named, out var endpoint) || endpoint.Port == 0) throw new UsageException($"--connect {text}: write an address and a port, for example 127.0.0.1:7777 or [::1]:7777");
        return IPAddress.IsLoopback(endpoint.Address) || allowRemote ? endpoint : throw new UsageException($"--connect {text} leaves this machine: add --allow-remote if the server there is yours");
    }

    private static ConsoleStyle StyleOf(ParseResult parsed, Options options)
    {
        static bool Set(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
        var dumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        var color = parsed.GetValue(options.Color) switch { When.Always => true, When.Never => false, _ => !Set("NO_COLOR") && !dumb && (Set("FORCE_COLOR") || Set("CLICOLOR_FORCE") || !Console.IsOutputRedirected) };
        var bar = parsed.GetValue(options.Progress) switch { When.Always => true, When.Never => false, _ => !Console.IsErrorRedirected && !dumb && !Set("CI") };
        return new ConsoleStyle(color, bar, parsed.GetValue(options.Quiet), parsed.GetValue(options.Verbose));
    }
}

/// <summary>Which requirements are checked, how often, and what is done about failures.</summary>
/// <param name="Pace">How long the run and its parts may take.</param>
internal sealed record CheckRequest(Suite Suite, ImmutableArray<Requirement> Selected, ulong Seed, double CaseScale, int Jobs, Pace Pace, bool Strict, TrialBudget Budget, Baseline Baseline)
{
    public TlsSecrets Secrets { get; init; }

    /// <summary>What is known of a quick run: no answer within this time is suspicious; a failure is confirmed with twice the patience.</summary>
    private static readonly TimeSpan QuickReply = TimeSpan.FromSeconds(0.6);

    /// <summary>The profiles: the times are counted from the start of the program.</summary>
    private static Pace PaceOf(Profile profile, TimeSpan? maxTime) => (profile, maxTime) switch
    {
        (_, { } wanted) => new Pace(wanted, null, null, null),
        (Profile.Quick, _) => new Pace(TimeSpan.FromSeconds(1.8), TimeSpan.FromSeconds(2.7), TimeSpan.FromSeconds(0.5), QuickReply),
        (Profile.Thorough, _) => new Pace(null, null, null, null),
        _ => new Pace(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(13.9), null, null),
    };

    public static CheckRequest Read(ParseResult parsed, Options options, Suite suite, SuiteBook book)
    {
        var profile = parsed.GetValue(options.Profile);
        var cases = options.CasesOf(parsed);
        var jobs = parsed.GetValue(options.Jobs) ?? Environment.ProcessorCount;
        if (jobs is < 1 or > 256) throw new UsageException($"--jobs {jobs}: a number from 1 to 256");
        var retries = options.RetriesOf(parsed);
        var filters = parsed.GetValue(options.Filter) ?? [];
        ImmutableArray<Requirement> selected = [.. suite.Requirements.Where(requirement => Options.Matches(requirement.Id, filters) && (!requirement.OnDemand || profile == Profile.Thorough || Options.NameGroupOf(requirement.Id, filters)))];
        if (Partition.Read(parsed.GetValue(options.Partition)) is { } part) selected = part.Of(selected, suite.ConcurrencyProbe);
        if (cases is { } wanted) selected = [.. selected.Select(requirement => requirement with { RandomCases = requirement.Random is null ? 0 : wanted })];
        var (scale, shrinkSeconds) = profile switch { Profile.Quick => (0.25, 5), Profile.Thorough => (10.0, 60), _ => (1.0, 15) };
        return new CheckRequest(
            suite, selected, options.SeedOf(parsed), cases is null ? scale : 1, jobs,
            PaceOf(profile, Options.Duration(parsed.GetValue(options.MaxTime), "--max-time")), parsed.GetValue(options.Strict),
            new TrialBudget(retries, !parsed.GetValue(options.NoShrink), TimeSpan.FromSeconds(shrinkSeconds), 400), BaselineOf(parsed, options, book))
        { Secrets = parsed.GetValue(options.TlsSecrets) };
    }

    public static Baseline BaselineOf(ParseResult parsed, Options options, SuiteBook book) =>
        parsed.GetValue(options.Baseline) is { } file ? BaselineReader.Read(file, [.. book.Requirements.Select(requirement => requirement.Id)]) : Baseline.Empty;
}
