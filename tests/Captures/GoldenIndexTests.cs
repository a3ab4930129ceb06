using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Captures;

/// <summary>The index of the golden captures is true: its numbers are tshark's, its words are from a fixed list, and each crafted file is what its script writes.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed partial class GoldenIndexTests
{
    private const int LargestFile = 64 * 1024, LargestFolder = 1024 * 1024;

    private static readonly string[] Findings =
    [
        "data-before-handshake", "data-after-fin", "ack-of-unsent", "syn-in-connection", "out-of-window", "overlap-differs",
        "syn-fin", "fin-rst", "wrong-syn-ack", "rst-out-of-window", "port-unreachable", "reused-ports",
    ];

    private static IEnumerable<string> Names => GoldenIndex.Files.Select(file => file.File);

    [TestCaseSource(nameof(Names))]
    public void The_numbers_are_those_of_tshark(string file)
    {
        Tools.Needs("tshark");
        var seen = Dissection.Of(GoldenIndex.PathOf(file));
        var flows = GoldenIndex.Flows.Where(flow => flow.File == file).ToList();
        using (Assert.EnterMultipleScope())
        {
            foreach (var flow in flows) Assert.That(seen.NumbersOf(flow), Is.EqualTo(flow.Numbers), flow.ToString());
            Assert.That(flows.SelectMany(flow => flow["streams"].Split('+')), Is.EqualTo(seen.Streams), "every flow is in the table, in order of its first packet");
            Assert.That(flows.Select(flow => flow["flow"]), Is.EqualTo(Enumerable.Range(1, flows.Count).Select(number => $"{number}")));
        }
    }

    [Test]
    public void Each_file_opens_without_complaint()
    {
        Tools.Needs("capinfos");
        var (exit, _, errors) = Dissection.Run("capinfos", [.. Names.Select(GoldenIndex.PathOf)]);
        Assert.That((exit, errors), Is.EqualTo((0, "")));
    }

    [Test]
    public void Files_and_tables_name_the_same_captures()
    {
        var there = Directory.EnumerateFiles(GoldenIndex.Folder, "*.pcap*").Select(Path.GetFileName).Order(StringComparer.Ordinal).ToList();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Names.Order(StringComparer.Ordinal), Is.EqualTo(there));
            Assert.That(GoldenIndex.Flows.Select(flow => flow.File).Distinct().Order(StringComparer.Ordinal), Is.EqualTo(there));
        }
    }

    [Test]
    public void They_are_small()
    {
        var sizes = Directory.EnumerateFiles(GoldenIndex.Folder).Select(path => new FileInfo(path).Length).ToList();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sizes.Max(), Is.LessThan(LargestFile));
            Assert.That(sizes.Sum(), Is.LessThan(LargestFolder));
        }
    }

    [Test]
    public void Words_are_from_the_lists()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var flow in GoldenIndex.Flows)
            {
                var tcp = flow["protocol"] == "tcp";
                Assert.That(flow["handshake"], Is.AnyOf(tcp ? ["complete", "incomplete", "refused", "unanswered", "not-observable", "violated"] : ["-"]), flow.ToString());
                Assert.That(flow["close"], Is.AnyOf(tcp ? ["orderly", "half-open", "reset", "timeout", "none"] : ["-"]), flow.ToString());
                Assert.That(flow["conn_state"], Is.AnyOf("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"), flow.ToString());
                Assert.That(flow["history"], Does.Match(@"^\^?[SHADFRGTWIQshadfrgtwiq]+$"), flow.ToString());
                Assert.That(flow["history"], Is.Unique, $"{flow}: a letter comes once in each direction");
                foreach (var finding in flow["findings"] == "-" ? [] : flow["findings"].Split(','))
                {
                    Assert.That(Finding().Match(finding).Groups["id"].Value, Is.AnyOf(Findings), flow.ToString());
                }

                foreach (var value in flow["by_hand"] == "-" ? [] : flow["by_hand"].Split(','))
                {
                    var (column, number) = (value.Split('=')[0], value.Split('=')[1]);
                    Assert.That(flow[column], Is.Not.EqualTo(number), $"{flow}: nothing to say by hand where tshark says the same");
                }
            }
        }
    }

    [Test]
    public void Crafted_files_are_what_the_script_writes()
    {
        Tools.Needs("python3");
        using var folder = new TempFolder();
        var (exit, _, errors) = Dissection.Run("python3", [GoldenIndex.PathOf("craft.py"), folder.Path]);
        Assert.That((exit, errors), Is.EqualTo((0, "")));
        var crafted = GoldenIndex.Files.Where(file => file["made"] == "crafted").Select(file => file.File).ToList();
        Assert.That(Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName), Is.EquivalentTo(crafted));
        foreach (var file in crafted) Assert.That(File.ReadAllBytes(Path.Combine(folder.Path, file)), Is.EqualTo(File.ReadAllBytes(GoldenIndex.PathOf(file))), file);
    }

    [GeneratedRegex("^(?<id>[a-z-]+)@[1-9][0-9]*$")]
    private static partial Regex Finding();
}
