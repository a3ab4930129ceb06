using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;

namespace SockConformance.Tests.Shared;

/// <summary>Runs as reports are made from, told in a few words.</summary>
internal static class Runs
{
    public static RunHeader Header { get; } = new(
        "python3 server.py {port}", "echo", 0x5EED, "namespaces (tier A)", "lo, libpcap 1.10", Captured: true, ["python3", "server.py", "{port}"], Strict: false);

    public static Requirement Requirement(string id = "tcp/close/no-reset", Level level = Level.Must) => new()
    {
        Id = id,
        Title = "does not reset",
        Clause = "RFC 9293 §3.6",
        Level = level,
        Statement = "It ends by FIN.",
        Why = "SO_LINGER",
        Fix = "read to the end",
        Judge = _ => Verdict.Holds,
    };

    public static RequirementResult Result(Status status, string id = "tcp/close/no-reset", string? reason = null, Failure? failure = null) =>
        new(Requirement(id, status == Status.Warn ? Level.Should : Level.Must), status, CloseVerdict.Orderly, 3, TimeSpan.FromSeconds(1.5), reason, failure);

    public static RequirementResult Failed(Status status = Status.Fail, string expected = "FIN", string observed = "RST", Evidence? evidence = null) => Result(
        status,
        failure: new ScenarioFailure(new Verdict.Violation(expected, observed, 1), evidence ?? Told.Of(Told.Visit(0, Talk.Text(20))), new Shrinking(12, 6, 40), (3, 3)));

    public static RunResult Of(params RequirementResult[] results) => new(
        [.. results], new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero), TimeSpan.FromSeconds(2.25),
        Cases: 30, Connections: 44, Packets: 555, Dropped: 0, Interrupted: null);

    public static IReadOnlyDictionary<string, FailurePaths> NoFiles { get; } = ImmutableDictionary<string, FailurePaths>.Empty;

    public static IReadOnlyDictionary<string, FailurePaths> Files { get; } = ImmutableDictionary<string, FailurePaths>.Empty.Add(
        "tcp/close/no-reset", new FailurePaths(".sockconf/runs/1", "tcp-close-no-reset-0123abcd", "cases/tcp-close-no-reset-0123abcd.json", "cases/tcp-close-no-reset-0123abcd.pcapng"));

    /// <summary>Text as an attacker would write it: control and escape sequences, marks of direction, half characters, markup.</summary>
    public static Gen<string> Hostile { get; } =
        from pieces in Gen.ListOf(
            Gen.Frequency(
                (4, Gen.Choose(0, 0xffff).Select(c => $"{(char)c}")),
                (2, Gen.Choose(0, 0x2f).Select(c => $"{(char)c}")),
                (1, Gen.Choose(0x7f, 0x9f).Select(c => $"{(char)c}")),
                (1, Gen.Choose(0x2000, 0x2070).Select(c => $"{(char)c}")),
                (1, Gen.Choose(0x10000, 0x10ffff).Select(char.ConvertFromUtf32)),
                (3, Gen.Elements(
                    "\e[31m", "\e]0;title\a", "\r", "\n", "\ud800", "\udfff", "\u202e", "\u200b", "\ufeff",
                    "]]>", "<!--", "&amp;", "\"", "</failure>", "{0}", "%s", "ordinary"))),
            20)
        select string.Concat(pieces);
}
