using NUnit.Framework;
using SockConformance.Cli;
using SockConformance.Suites;
using SockConformance.Tests.EndToEnd;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Docs;

/// <summary>What the pages tell people to type can be typed.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class CommandsInDocs
{
    /// <summary>What run-conformance.sh takes for itself; what follows self-test is for the test runner.</summary>
    private static readonly string[] OfTheScript = ["self-test", "--install"];

    /// <summary>Commands that are over at once and start no target.</summary>
    private static readonly string[] Cheap = ["list", "explain", "init", "analyze", "--help", "--version"];

    /// <summary>What stands for a capture of the reader's: three flows.</summary>
    private static string Capture { get; } = Path.Combine(Repository.Root, "captures", "golden", "udp-empty-datagrams.pcapng");

    private static IEnumerable<DocCommand> Ours => DocCommand.All.Where(command => command.Arguments is not [] && !OfTheScript.Contains(command.Arguments[0]));

    private static IEnumerable<DocCommand> Runnable => Ours.Where(command => (Cheap.Contains(command.Arguments[0]) || command.Arguments.Contains("--help")) && !command.Where.StartsWith("docs/students.md", StringComparison.Ordinal))
        .DistinctBy(command => string.Join(' ', command.Arguments));

    [TestCaseSource(nameof(Ours))]
    public void A_command_is_one_of_ours(object command) =>
        Assert.That(() => ConformanceCli.Parse(((DocCommand)command).Arguments, Catalogue.Book, []), Throws.Nothing);

    [TestCaseSource(nameof(Runnable))]
    public async Task A_command_without_a_target_does_what_it_says(object command)
    {
        using var place = new Workplace();
        var arguments = ((DocCommand)command).Arguments;
        foreach (var name in arguments.Where(word => word.EndsWith(".pcap", StringComparison.Ordinal) || word.EndsWith(".pcapng", StringComparison.Ordinal)))
            File.Copy(Capture, Path.Combine(place.Work, name));
        using var running = await SockconfProcess.Start(new Sockconf(place), arguments);
        if (arguments.Contains("-")) await running.Input.WriteAsync(await File.ReadAllBytesAsync(Capture));
        running.Input.Close();
        var outcome = await running.End();
        outcome.MustExit(command is DocCommand { Exit: { } promised } ? promised : Exit.Holds);
        Assert.That(outcome.Output, Is.Not.Empty);
    }

    /// <summary>The files that the page shows, and its commands one after the other. A check is made shorter, and is of what the page is about.</summary>
    [Test]
    public async Task The_page_for_students_can_be_followed()
    {
        using var place = new Workplace();
        var seen = 0;
        foreach (var block in Block.Of(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "students.md"))))
        {
            if (block.File is { } name) place.Write(name, string.Join('\n', block.Lines) + "\n");
            foreach (var command in DocCommand.Of(block, "docs/students.md").Where(command => command.Arguments is not []))
            {
                IReadOnlyList<string> arguments = command.Arguments[0] == "check" ? ["check", "--filter", "echo/data/unchanged", .. Sockconf.Brief, .. command.Arguments.Skip(1)] : command.Arguments;
                var outcome = await new Sockconf(place).Run(arguments);
                Assert.That(outcome.Exit, Is.EqualTo(command.Exit ?? Exit.Holds), () => $"{command}\n{outcome}");
                seen++;
            }
        }

        Assert.That(seen, Is.GreaterThan(5));
    }

    [Test]
    public void The_commands_are_found() => Assert.That(Ours.Select(command => command.Arguments[0]).Distinct(), Is.SupersetOf((string[])["check", "replay", "list", "explain", "init", "analyze"]));

    // What would be noticed, and how a line is read.
    [TestCase("sockconf check --spec echo --sandbx off -- python3 s.py {port}", "--sandbx")]
    [TestCase("./run-conformance.sh chekc", "chekc")]
    [TestCase("zcat x | sockconf analyze --format xml -", "xml")]
    public void A_line_that_cannot_be_typed_is_noticed(string line, string word) =>
        Assert.That(() => ConformanceCli.Parse(Only(line).Arguments, Catalogue.Book, []), Throws.TypeOf<UsageException>().With.Message.Contains(word));

    [TestCase("sockconf check --spec 'a b.yaml' -- python3 server.py {port}   # exit 1", "check|--spec|a b.yaml|--|python3|server.py|{port}", 1)]
    [TestCase("$ sockconf list    all of them", "list", null)]
    [TestCase("tcpdump -w - | sockconf analyze -", "analyze|-", null)]
    public void A_line_is_read_as_a_shell_reads_it(string line, string words, int? exit)
    {
        var command = Only(line);
        Assert.That(command.Arguments, Is.EqualTo(words.Split('|')));
        Assert.That(command.Exit, Is.EqualTo(exit));
    }

    private static DocCommand Only(string line) => DocCommand.Of(new Block("sh", 1, [line]), "page").Single();
}
