using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>The cases of captures/regressions: a file NAME.json holds on the reference server, and fails on tests/targets/faulty/NAME.* if there is one.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Regressions
{
    private static readonly string Folder = Path.Combine(Repository.Root, "captures", "regressions");

    [Test]
    public void There_are_saved_cases() =>
        Assert.That(Files(), Is.Not.Empty, $"{Folder} has no case file (*.json): save one from the cases/ folder of a failed run there");

    [TestCaseSource(nameof(Files))]
    public async Task A_saved_case_holds_on_the_reference_server(string name) => await Replays(name, SockconfProcess.Reference, "FIXED", 0);

    [TestCaseSource(nameof(WithServers))]
    public async Task A_saved_case_fails_on_the_server_it_is_named_after(string name, string server) =>
        await Replays(name, TargetProgram.Named(Path.Combine("faulty", server)).Command, "FAILED", 1);

    private static async Task Replays(string name, IReadOnlyList<string> command, string word, int exit)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["replay", Path.Combine(Folder, name), "--", .. command]);
        Assert.That(EndToEnd.Replays.Words(outcome), Is.EqualTo((string[])[word]), outcome.ToString);
        outcome.MustExit(exit);
        outcome.MustLeaveNothing();
    }

    private static IEnumerable<string> Files() => Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "*.json").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal) : [];

    private static IEnumerable<TestCaseData> WithServers() =>
        from name in Files()
        from program in TargetProgram.In("faulty")
        where Path.GetFileNameWithoutExtension(program.Name) == Path.GetFileNameWithoutExtension(name)
        select new TestCaseData(name, program.Name);
}
