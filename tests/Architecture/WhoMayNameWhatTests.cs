using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Architecture;

public class WhoMayNameWhatTests
{
    [TestCaseSource(typeof(Rule), nameof(Rule.All))]
    public void An_outside_thing_is_named_only_where_it_lives(object rule) => Assert.That(((Rule)rule).BrokenBy(SourceFile.All), Is.Empty);

    [Test]
    public void Folders_use_only_those_before_them() => Assert.That(FolderOrder.BrokenBy(SourceFile.All), Is.Empty);

    [Test]
    public void Every_folder_of_the_harness_has_a_place_in_the_order() =>
        Assert.That(
            SourceFile.All.Where(file => file.Path.StartsWith("harness/", StringComparison.Ordinal)).Select(file => file.Folder).Distinct(),
            Is.EquivalentTo(FolderOrder.Allowed.Keys));

    [Test]
    public void The_projects_that_are_shipped_reference_no_test_framework()
    {
        foreach (var project in (string[])["harness/SockConformance.csproj", "suites/sockconf.csproj"])
            Assert.That(
                File.ReadAllText(Path.Combine(Repository.Root, project)),
                Does.Not.Contain("NUnit").And.Not.Contain("Microsoft.NET.Test.Sdk").And.Not.Contain("../tests"),
                project);
    }

    [Test]
    public void The_library_does_not_reference_the_suites() =>
        Assert.That(File.ReadAllText(Path.Combine(Repository.Root, "harness/SockConformance.csproj")), Does.Not.Contain("sockconf.csproj"));

    // The rules themselves: what they would notice, and what they must not mistake for a violation.
    [TestCase("harness/Judge/CloseJudge.cs", "using NUnit.Framework;", "NUnit")]
    [TestCase("harness/Run/CheckRun.cs", "var suites = SockConformance.Suites.Catalogue.Suites;", "the suites")]
    [TestCase("harness/Wire/Ports.cs", "using SharpPcap;", "SharpPcap")]
    [TestCase("harness/Wire/PacketCapture.cs", "using PacketDotNet;", "PacketDotNet")]
    [TestCase("harness/Wire/Libc.cs", "static partial int posix_spawnp(int* pid);", "posix_spawn")]
    [TestCase("harness/Targets/ChildProcess.cs", "using var process = Process.Start(\"ls\");", "the runtime's processes")]
    [TestCase("harness/Report/ConsoleReport.cs", "Console.Out.WriteLine();", "the console")]
    [TestCase("harness/Run/CaseRunner.cs", "using System.CommandLine;", "System.CommandLine")]
    [TestCase("harness/Model/Step.cs", "using FsCheck;", "FsCheck")]
    [TestCase("harness/Spec/SpecReader.cs", "using YamlDotNet.Core;", "YamlDotNet")]
    [TestCase("harness/Report/RunFolder.cs", "using System.IO.Compression;", "archives")]
    public void A_thing_out_of_its_place_is_noticed(string path, string code, string thing) =>
        Assert.That(Rule.All.SelectMany(rule => rule.BrokenBy([SourceFile.Of(path, code)])), Is.EqualTo([$"{path} names {thing}"]));

    [TestCase("harness/Model/Flow.cs", "using SockConformance.Wire;", "Wire")]
    [TestCase("harness/Judge/CloseJudge.cs", "using SockConformance.Generate;", "Generate")]
    [TestCase("harness/Generate/Talk.cs", "using static SockConformance.Judge.Judges;", "Judge")]
    [TestCase("harness/Wire/Ports.cs", "var pool = new SockConformance.Targets.TargetPool();", "Targets")]
    [TestCase("harness/Targets/Box.cs", "var verdict = Judge.CloseJudge.Classify(evidence);", "Judge")]
    [TestCase("harness/Report/JUnitXml.cs", "using Flows = SockConformance.Judge.Story;", "Judge")]
    [TestCase("harness/Run/Trial.cs", "throw new Cli.UsageException();", "Cli")]
    [TestCase("harness/Spec/SpecReader.cs", "using SockConformance.Generate;", "Generate")]
    [TestCase("harness/Grade/Scoring.cs", "using SockConformance.Run;", "Run")]
    [TestCase("harness/Clock.cs", "using SockConformance.Model;", "Model")]
    [TestCase("harness/New/Thing.cs", "using SockConformance.Model;", "Model")]
    public void A_folder_used_against_the_order_is_noticed(string path, string code, string used) =>
        Assert.That(FolderOrder.BrokenBy([SourceFile.Of(path, code)]), Is.EqualTo([$"{path} uses {used}"]));

    [TestCase("harness/Wire/Ports.cs", "/// <summary>Unlike SharpPcap and PacketDotNet.</summary>\nint x; // Console.Out\n/* using FsCheck; */")]
    [TestCase("harness/Wire/PacketCapture.cs", "using SharpPcap;")]
    [TestCase("harness/Cli/Session.cs", "Console.Error.WriteLine(); using System.CommandLine;")]
    [TestCase("suites/Catalogue.cs", "using SockConformance.Suites.Echo;")]
    [TestCase("harness/Targets/NamespaceBox.cs", "Process = ChildProcess.Start(words); box.Process.End.Wait();")]
    [TestCase("harness/Judge/Judges.cs", "namespace SockConformance.Judge;\nusing SockConformance.Model;\nrequirement.Judge(evidence); x.Run.Count(); string report = Reports.Model;")]
    public void What_is_in_its_place_or_only_spoken_of_is_not(string path, string code)
    {
        SourceFile[] files = [SourceFile.Of(path, code)];
        Assert.That(Rule.All.SelectMany(rule => rule.BrokenBy(files)).Concat(FolderOrder.BrokenBy(files)), Is.Empty);
    }

    [Test]
    public void The_sources_are_found() =>
        Assert.That(SourceFile.All.Select(file => file.Path), Does.Contain("harness/Wire/PacketCapture.cs").And.Contain("suites/Catalogue.cs"));

    // A rule that nobody needs any more is a rule that nobody would miss when it breaks.
    [Test]
    public void Every_place_that_a_rule_allows_uses_it() => Assert.That(
        from rule in Rule.All
        from allowed in rule.Allowed
        where !(rule with { Allowed = [] }).BrokenBy(SourceFile.All).Any(broken => broken.StartsWith(allowed, StringComparison.Ordinal))
        select $"{rule.Name} in {allowed}", Is.Empty);
}
