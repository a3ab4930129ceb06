using NUnit.Framework;
using SockConformance.Fuzz;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Fuzz;

public class CorpusTests
{
    private static readonly Scenario One = Talk.Scenario("", Talk.Visit(0, Talk.Text(5)));

    [Test]
    public void What_was_added_is_there_the_next_time()
    {
        using var folder = new TempFolder();
        using (var corpus = new Corpus(folder.Path, new ReportTrouble())) corpus.Add(One, 2, () => File(One, "2"));
        using var again = new Corpus(folder.Path, new ReportTrouble());
        Assert.That(again.Load(_ => true), Is.Empty);
        var random = new FuzzRandom(1);
        Assert.That(again.Choose(ref random)!.Reached, Is.EqualTo(2));
    }

    [Test]
    public void Junk_is_left_out_and_told_of_in_a_few_lines()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 9; i++) System.IO.File.WriteAllText(Path.Combine(folder.Path, $"junk{i}.json"), i % 2 == 0 ? "{\"sockcase\":1,\"id\":\"\u001b[2J" : "");
        System.IO.File.WriteAllBytes(Path.Combine(folder.Path, "binary.json"), [0, 255, 254, 0]);
        System.IO.File.WriteAllText(Path.Combine(folder.Path, "good.json"), File(One, "2").ToJson());
        using var corpus = new Corpus(folder.Path, new ReportTrouble());
        var complaints = corpus.Load(_ => true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(corpus.Count, Is.EqualTo(1));
            Assert.That(complaints, Has.Count.EqualTo(6));
            Assert.That(string.Concat(complaints), Does.Not.Contain("\u001b"));
            Assert.That(complaints[^1], Does.StartWith("5 more files"));
        }
    }

    [Test]
    public void Two_campaigns_cannot_use_one_folder()
    {
        using var folder = new TempFolder();
        using (var first = new Corpus(folder.Path, new ReportTrouble())) Assert.That(() => new Corpus(folder.Path, new ReportTrouble()), Throws.TypeOf<InputException>().With.Message.Contains("in use by another campaign"));
        using var later = new Corpus(folder.Path, new ReportTrouble());
        Assert.That(later.Count, Is.Zero);
    }

    private static CaseFile File(Scenario scenario, string reached) => new()
    {
        Sockcase = CaseFile.Format,
        Id = CaseFile.IdOf(Corpus.Requirement, scenario),
        Requirement = Corpus.Requirement,
        Spec = "echo",
        Tool = "sockconf",
        Seed = "0x1",
        Expected = "",
        Observed = reached,
        Scenario = scenario,
    };
}
