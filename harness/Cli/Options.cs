using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SockConformance.Model;
using SockConformance.Report;

namespace SockConformance.Cli;

internal enum Need
{
    Auto,
    Require,
    Off,
}

internal enum When
{
    Auto,
    Always,
    Never,
}

/// <summary>What becomes of the secrets of TLS sessions.</summary>
internal enum TlsSecrets
{
    /// <summary>A key log beside the captures.</summary>
    Sidecar,

    /// <summary>In the captures, too.</summary>
    Embed,

    /// <summary>They are not written down.</summary>
    Drop,
}

internal enum Profile
{
    Quick,
    Default,
    Thorough,
}

/// <summary>The options that check and replay share, each with the words of its help.</summary>
internal sealed partial class Options
{
    public Option<string> Spec { get; } = new("--spec") { Description = "What the server should do: a built-in spec (sockconf list --specs) or a file (sockconf init writes one).", HelpName = "NAME|FILE" };

    public Option<bool> Client { get; } = new("--client") { Description = "The command is a client; the harness is its server, on {port}." };

    public Option<bool> Driver { get; } = new("--driver") { Description = "The command is a driver (docs/driver-protocol.md): the implementation of the socket API behind it is checked. Without a command, this machine's own." };

    public Option<string?> Standard { get; } = new("--standard") { Description = "What a driver is judged by: posix, linux, … or a file (default: what the driver says).", HelpName = "NAME|FILE" };

    public Option<string?> TlsCa { get; } = new("--tls-ca") { Description = "Certificates (PEM) that the server's must lead to, instead of the harness's own.", HelpName = "FILE" };

    public Option<string?> TlsName { get; } = new("--tls-name") { Description = "The name that the server's certificate must be for (default: localhost).", HelpName = "NAME" };

    public Option<TlsSecrets> TlsSecrets { get; } = new("--tls-secrets") { Description = "Secrets of TLS sessions: in a key log beside the captures (sidecar), in the captures, too (embed), or nowhere (drop).", DefaultValueFactory = _ => Cli.TlsSecrets.Sidecar };

    public Option<string?> Baseline { get; } = new("--baseline") { Description = "Known failures with a reason (YAML): shown as XFAIL, and as XPASS when mended.", HelpName = "FILE" };

    public Option<string[]> Also { get; } = new("--also") { Description = "Further files in the report folder, by comma: ctrf, sarif, tap, markdown (sockconf help formats).", HelpName = "FORMAT[,FORMAT]" };

    public Option<string?> Partition { get; } = new("--partition") { Description = "Only part M of N of the requirements: every N-th (slice), or by their ids (hash). sockconf report --merge joins the reports.", HelpName = "slice:M/N|hash:M/N" };

    public Option<string?> Connect { get; } = new("--connect") { Description = "Check a server that already runs, instead of launching one.", HelpName = "HOST:PORT" };

    public Option<bool> AllowRemote { get; } = new("--allow-remote") { Description = "Let --connect reach beyond loopback: only to machines that are yours." };

    public Option<int?> Port { get; } = new("--port") { Description = "The one port that the command can listen on, if it cannot be told.", HelpName = "N" };

    public Option<string[]> Env { get; } = new("--env") { Description = "Pass a variable on to the target (NAME) or set it (NAME=VALUE). May be repeated.", HelpName = "NAME[=VALUE]" };

    public Option<string[]> Hide { get; } = new("--hide") { Description = "Keep a file or folder from the target's sight (in the sandbox). May be repeated.", HelpName = "PATH" };

    public Option<string?> Seed { get; } = new("--seed") { Description = "Draw the same random cases as an earlier run.", HelpName = "N" };

    public Option<int?> Cases { get; } = new("--cases") { Description = "Random cases per requirement.", HelpName = "N" };

    public Option<string?> MaxTime { get; } = new("--max-time") { Description = "Start no further case after this time (default: such that the whole run takes 15s, with --profile quick 3s, with thorough no limit).", HelpName = "T" };

    public Option<string[]> Filter { get; } = new("--filter") { Description = "Only requirements whose id begins so, or matches a pattern with *.", HelpName = "EXPR" };

    public Option<bool> Strict { get; } = new("--strict") { Description = "A violated SHOULD counts like a MUST." };

    public Option<int?> Jobs { get; } = new("--jobs", "-j") { Description = "How many processors to keep busy (default: all).", HelpName = "N" };

    public Option<string?> Report { get; } = new("--report") { Description = "Write report.html, results.json, junit.xml, events.ndjson and cases/ here (default: a new folder in .sockconf/runs).", HelpName = "DIR" };

    public Option<Profile> Profile { get; } = new("--profile") { Description = "How much is tried: quick (3 s), default (15 s) or thorough (ten times the cases, no limit).", DefaultValueFactory = _ => Cli.Profile.Default };

    public Option<string?> Timeout { get; } = new("--timeout") { Description = "How long an answer or a FIN may take (default: 2s).", HelpName = "T" };

    public Option<double> TimeScale { get; } = new("--time-scale") { Description = "Stretch all deadlines, for slow machines.", HelpName = "X", DefaultValueFactory = _ => 1 };

    public Option<Need> Sandbox { get; } = new("--sandbox") { Description = "Run the target in a sandbox, the best that can be had here: auto, require or off.", DefaultValueFactory = _ => Need.Auto };

    public Option<Need> Capture { get; } = new("--capture") { Description = "Capture the traffic: auto, require or off.", DefaultValueFactory = _ => Need.Auto };

    public Option<int> Retries { get; } = new("--retries") { Description = "Runs on fresh targets that must show a failure again.", HelpName = "N", DefaultValueFactory = _ => 2 };

    public Option<bool> NoShrink { get; } = new("--no-shrink") { Description = "Do not look for the smallest failing program." };

    public Option<When> Color { get; } = new("--color") { Description = "Colours: auto, always or never (NO_COLOR is respected).", DefaultValueFactory = _ => When.Auto };

    public Option<When> Progress { get; } = new("--progress") { Description = "A progress bar on stderr: auto, always or never.", DefaultValueFactory = _ => When.Auto };

    public Option<bool> Recorded { get; } = new("--allow-recorded-command") { Description = "Run the command that a case file names, where none is given. Only for files that you trust." };

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Only what is not a pass, and the summary." };

    public Option<bool> Verbose { get; } = new("--verbose", "-v") { Description = "A line per case." };

    public Options()
    {
        Profile.AcceptOnlyFromAmong("quick", "default", "thorough");
        TlsSecrets.AcceptOnlyFromAmong("embed", "sidecar", "drop");
        foreach (var need in (Option<Need>[])[Sandbox, Capture]) need.AcceptOnlyFromAmong("auto", "require", "off");
        foreach (var when in (Option<When>[])[Color, Progress]) when.AcceptOnlyFromAmong("auto", "always", "never");
    }

    /// <summary>Options that say how a target is run.</summary>
    public IEnumerable<Option> ForTarget => [Connect, AllowRemote, Port, Env, Hide, TlsCa, TlsName, Timeout, TimeScale, Sandbox, Capture, Report, Color, Progress, Quiet, Verbose];

    /// <summary>Options that say what is checked.</summary>
    public IEnumerable<Option> ForCheck => [Spec, Client, Driver, Standard, Profile, Filter, Partition, Strict, Baseline, Seed, Cases, MaxTime, Jobs, Retries, NoShrink, TlsSecrets, Also];

    public int RetriesOf(ParseResult parsed) => parsed.GetValue(Retries) is var retries and >= 0 and <= 100 ? retries : throw new UsageException($"--retries {parsed.GetValue(Retries)}: a number from 0 to 100");

    public int? CasesOf(ParseResult parsed) => parsed.GetValue(Cases) is not (< 0 or > 100_000) and var cases ? cases : throw new UsageException($"--cases {parsed.GetValue(Cases)}: a number from 0 to 100000");

    /// <exception cref="UsageException">There is no such format.</exception>
    public IReadOnlyList<Format> FormatsOf(ParseResult parsed) =>
    [
        .. from word in (parsed.GetValue(Also) ?? []).SelectMany(words => words.Split(',', StringSplitOptions.TrimEntries))
           let known = Enum.GetValues<Format>().Select(format => (Format: format, Name: format.ToString().ToLowerInvariant()))
           select known.Any(one => one.Name == word) ? known.First(one => one.Name == word).Format
               : throw new UsageException($"--also {Printable.Line(word)}: there are {string.Join(", ", known.Select(one => one.Name))}{Words.Nearest(word, known.Select(one => one.Name))}"),
    ];

    /// <summary>The seed that was asked for, or one by chance.</summary>
    public ulong SeedOf(ParseResult parsed) => SeedOf(parsed.GetValue(Seed)) ?? (uint)RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>A time such as 2s, 150ms, 1.5m; null stays null.</summary>
    /// <exception cref="UsageException">It is no time above zero.</exception>
    public static TimeSpan? Duration(string? text, string option)
    {
        if (text is null) return null;
        var match = DurationPattern().Match(text);
        if (!match.Success) throw new UsageException($"{option} {text}: write a time with its unit, for example 500ms, 2s or 1m");
        var number = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        if (number > 86_400_000) number = double.NaN;
        var time = double.IsNaN(number) ? TimeSpan.Zero : match.Groups[2].Value switch { "ms" => TimeSpan.FromMilliseconds(number), "s" => TimeSpan.FromSeconds(number), "m" => TimeSpan.FromMinutes(number), _ => TimeSpan.FromHours(number) };
        return time > TimeSpan.Zero && time <= TimeSpan.FromDays(1) ? time : throw new UsageException($"{option} {text}: a time above zero and up to a day");
    }

    /// <summary>A seed in decimal or, after 0x, hexadecimal digits.</summary>
    public static ulong? SeedOf(string? text)
    {
        if (text is null) return null;
        var hexadecimal = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(hexadecimal ? text[2..] : text, hexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed : throw new UsageException($"--seed {text}: write a whole number, or one in hexadecimal such as 0x5EED");
    }

    /// <summary>Whether an id begins with one of the expressions, or matches it where it has a *.</summary>
    public static bool Matches(string id, IReadOnlyCollection<string> expressions) =>
        expressions.Count == 0 || expressions.Any(expression => IdPattern.Matches(id, expression));

    /// <summary>Whether one of the expressions speaks of the group of an id, the second of its words: <c>tcp/segments</c>, <c>*segments*</c>, but not <c>tcp</c>.</summary>
    public static bool NameGroupOf(string id, IReadOnlyCollection<string> expressions) =>
        expressions.Any(expression => id.Split('/') is [_, var group, ..] && expression.Contains(group, StringComparison.Ordinal) && Matches(id, [expression]));

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)\z")]
    private static partial Regex DurationPattern();
}
