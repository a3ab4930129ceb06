using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Tests.Captures;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>sockconf analyze, as somebody types it: what it prints, what it refuses and in which words, and how it ends.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Analyses
{
    private static string Clean => GoldenIndex.PathOf("close-by-server.pcapng");

    private static string Guilty => GoldenIndex.PathOf("data-after-fin.pcap");

    private static async Task<Outcome> Analyze(Workplace place, params string[] arguments) => await new Sockconf(place).Run(["analyze", .. arguments]);

    private static List<JsonNode> Documents(string output)
    {
        var documents = new List<JsonNode>();
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(output), new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read()) documents.Add(JsonNode.Parse(ref reader)!);
        return documents;
    }

    [Test]
    public async Task The_exit_code_says_whether_somebody_broke_a_rule()
    {
        using var place = new Workplace();
        (await Analyze(place, Clean)).MustExit(0);
        var guilty = await Analyze(place, Guilty);
        guilty.MustExit(1);
        Assert.That(guilty.Output, Does.Contain("data-after-fin").And.Contain("RFC 9293 §3.6"));
        Assert.That(guilty.Errors, Is.Empty);
    }

    /// <summary>Whoever reads the exit code alone must not take a report that was never written for a good one.</summary>
    [TestCase("analyze", "close-by-server.pcapng")]
    [TestCase("list")]
    [TestCase("--help")]
    public async Task An_output_that_cannot_be_written_is_told_in_one_line(params string[] arguments)
    {
        using var place = new Workplace();
        string[] line = [.. arguments.Select(word => word.EndsWith(".pcapng", StringComparison.Ordinal) ? GoldenIndex.PathOf(word) : word)];
        (await new Sockconf(place) { OutputTo = "/dev/full" }.Run(line)).MustRefuse(3, "the standard output cannot be written: No space left on device");
    }

    [Test]
    public async Task Every_golden_capture_is_one_document_that_keeps_the_schema()
    {
        using var place = new Workplace();
        var files = Directory.EnumerateFiles(GoldenIndex.Folder, "*.pcap*").Order(StringComparer.Ordinal).ToArray();
        var outcome = await Analyze(place, ["--format", "json", .. files]);
        outcome.MustExit(1);
        var documents = Documents(outcome.Output);
        Assert.That(documents.Select(document => $"{document["file"]}"), Is.EqualTo(files));
        var schema = JsonSchema.Of("docs/analysis.schema.json");
        Assert.That(documents.SelectMany(schema.Violations), Is.Empty);
        Assert.That(documents.Sum(document => document["flows"]!.AsArray().Count), Is.EqualTo(GoldenIndex.Flows.Count));
    }

    [Test]
    public void The_schema_refuses_what_is_missing_and_what_is_not_described()
    {
        var schema = JsonSchema.Of("docs/analysis.schema.json");
        JsonObject Whole() => JsonNode.Parse("""{"schema":1,"file":"a","packets":1,"other_packets":0,"flows_seen":0,"error":null,"flows":[]}""")!.AsObject();
        Assert.That(schema.Violations(Whole()), Is.Empty);
        foreach (var name in Whole().Select(member => member.Key).ToList())
        {
            var less = Whole();
            less.Remove(name);
            Assert.That(schema.Violations(less), Is.Not.Empty, name);
        }

        var more = Whole();
        more["packet"] = 1;
        Assert.That(schema.Violations(more), Is.Not.Empty);
    }

    [Test]
    public async Task A_damaged_file_is_reported_up_to_the_damage()
    {
        using var place = new Workplace();
        var path = Path.Combine(place.Work, "cut.pcap");
        File.WriteAllBytes(path, File.ReadAllBytes(Guilty)[..^5]);
        var outcome = await Analyze(place, "--format", "json", path);
        outcome.MustRefuse(2, "cut.pcap, at byte ", "the file ends within packet 9", "the 8 packets before that are reported");
        var document = Documents(outcome.Output).Single();
        Assert.That(JsonSchema.Of("docs/analysis.schema.json").Violations(document), Is.Empty);
        Assert.That(((int)document["packets"]!, (int)document["flows"]![0]!["packets"]!, $"{document["error"]!["reason"]}"), Is.EqualTo((8, 8, "the file ends within packet 9: 54 bytes were announced, 49 are there")));
        Assert.That((await Analyze(place, path)).Output, Does.Contain("data-after-fin"));
    }

    [TestCase("there is no capture", "nowhere.pcap")]
    [TestCase("is a folder", ".")]
    [TestCase("the file is empty", "/dev/null")]
    [TestCase("this is no capture", "/dev/zero")]
    [TestCase("this is no capture", "/etc/passwd")]
    [TestCase("write an address and a port", "--server", "localhost", "GOOD")]
    [TestCase("write an address and a port", "--server", "127.0.0.1:0", "GOOD")]
    [TestCase("numbered from 1", "--flow", "0", "GOOD")]
    [TestCase("'x'", "--flow", "x", "GOOD")]
    [TestCase("write KEY=VALUE", "--filter", "port", "GOOD")]
    [TestCase("did you mean port?", "--filter", "prot=7", "GOOD")]
    [TestCase("'xml'", "--format", "xml", "GOOD")]
    [TestCase("it can be read once", "-", "-")]
    [TestCase("'analyze'", "--format", "json")]
    public async Task What_cannot_be_read_or_meant_is_one_line(string named, params string[] arguments)
    {
        using var place = new Workplace();
        (await Analyze(place, [.. arguments.Select(word => word == "GOOD" ? Clean : word)])).MustRefuse(2, named);
    }

    [Test]
    public async Task A_flow_that_is_not_there_is_named()
    {
        using var place = new Workplace();
        var outcome = await Analyze(place, "--flow", "9", Clean);
        outcome.MustRefuse(2, "--flow 9", "has 1 flows");
    }

    [Test]
    public async Task A_flow_is_drawn_and_filters_choose()
    {
        using var place = new Workplace();
        var drawn = await Analyze(place, "--flow", "1", Guilty);
        Assert.That(drawn.Output, Does.Contain("SYN seq=0").And.Contain("▶").And.Contain("data-after-fin"));
        Assert.That((await Analyze(place, "--filter", "finding=any", "--filter", "protocol=tcp", Guilty)).Output, Does.Contain("data-after-fin"));
        var none = await Analyze(place, "--filter", "close=reset", Guilty);
        none.MustExit(0);
        Assert.That(none.Output, Does.Contain("(0 shown)"));
    }

    [Test]
    public async Task Packets_of_a_link_type_that_is_not_known_are_told_apart()
    {
        using var place = new Workplace();
        var path = Path.Combine(place.Work, "a.pcap");
        File.WriteAllBytes(path, MessyWire.File([new Frame(0, (LinkType)147, [1, 2, 3], 3), new Frame(0, (LinkType)147, [4], 1)]));
        Assert.That((await Analyze(place, path)).Output, Does.Contain("a.pcap: 2 packets, 0 flows, 2 packets of link type 147, which is not taken apart\n"));
    }

    [Test]
    public async Task A_file_that_cannot_be_read_does_not_hide_those_behind_it()
    {
        using var place = new Workplace();
        var outcome = await Analyze(place, "--format", "json", "nowhere.pcap", Guilty, Clean);
        outcome.MustRefuse(2, "there is no capture nowhere.pcap");
        Assert.That(Documents(outcome.Output).Select(document => $"{document["file"]}"), Is.EqualTo([Guilty, Clean]));
    }

    [Test]
    public async Task A_capture_comes_through_a_pipe()
    {
        using var place = new Workplace();
        using var running = await SockconfProcess.Start(new Sockconf(place), ["analyze", "--format", "json", "-"]);
        await running.Input.WriteAsync(await File.ReadAllBytesAsync(Guilty));
        running.Input.Close();
        var outcome = await running.End();
        outcome.MustExit(1);
        Assert.That($"{Documents(outcome.Output).Single()["file"]}", Is.EqualTo("-"));
    }

    [TestCase(SockconfProcess.Interrupt)]
    [TestCase(SockconfProcess.Terminate)]
    public async Task A_signal_ends_it_although_the_pipe_says_nothing(int signal)
    {
        using var place = new Workplace();
        using var running = await SockconfProcess.Start(new Sockconf(place), ["analyze", "--progress", "always", "-"]);

        // It is known to be reading when it says how far it is; then nothing comes any more, and the pipe stays open.
        var said = running.Complains("MiB");
        using (var capture = new MadeUpCapture(MadeUpCapture.Kind.Tiny, long.MaxValue))
        {
            var piece = new byte[1 << 16];
            while (!said.IsCompleted)
            {
                await capture.ReadExactlyAsync(piece);
                await running.Input.WriteAsync(piece);
            }
        }

        await said;
        running.SignalGroup(signal);
        var outcome = await running.End();
        outcome.MustExit(128 + signal);
        outcome.MustShowNoStackTrace();
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Names_of_files_reach_the_terminal_and_the_json_as_text()
    {
        using var place = new Workplace();
        var name = "\e]0;evil\a\e[2J \"quoted\" \\ \n\u202e.pcap";
        var path = Path.Combine(place.Work, name);
        File.WriteAllBytes(path, [.. File.ReadAllBytes(Guilty)[..^5]]);
        var outcome = await Analyze(place, name);
        outcome.MustExit(2);
        Assert.That(outcome.Output + outcome.Errors, Does.Not.Match("[\\x00-\\x09\\x0b-\\x1f\\x7f\u202e]").And.Contain("\\x1b]0;evil"));
        Assert.That(outcome.ErrorLines, Has.Count.EqualTo(1));
        outcome = await Analyze(place, "--format", "json", name);
        Assert.That(outcome.Output, Does.Not.Match("[\\x00-\\x09\\x0b-\\x1f\\x7f]"));
        Assert.That($"{Documents(outcome.Output).Single()["file"]}", Is.EqualTo(name));
        File.Delete(path);
        outcome = await Analyze(place, name);
        outcome.MustExit(2);
        Assert.That(outcome.ErrorLines, Has.Count.EqualTo(1));
        Assert.That(outcome.Errors, Does.Not.Match("[\\x00-\\x09\\x0b-\\x1f\\x7f\u202e]"));
    }

    [Test]
    public async Task The_page_names_every_finding_and_every_key()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "analyze.md"));
        foreach (var kind in Enum.GetValues<FindingKind>())
        {
            Assert.That(page, Does.Match($"\\| `{kind.Id()}` \\| {(kind.IsViolation() ? "violation " : "")}\\| {System.Text.RegularExpressions.Regex.Escape(kind.Meaning().Clause.Split(", ")[0])}"));
        }

        foreach (var key in (string[])["protocol", "ip", "port", "source", "destination", "handshake", "close", "state", "finding"]) Assert.That(page, Does.Contain($"`{key}`"));
    }
}
