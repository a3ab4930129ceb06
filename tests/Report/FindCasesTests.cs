using NUnit.Framework;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

/// <summary>What the argument of replay means. Runs are looked up below the working folder, which is one for the whole process.</summary>
[NonParallelizable]
public class FindCasesTests
{
    private TempFolder folder = null!;
    private string before = "";

    [SetUp]
    public void Enter()
    {
        folder = new TempFolder();
        before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder.Path;
    }

    [TearDown]
    public void Leave()
    {
        Environment.CurrentDirectory = before;
        folder.Dispose();
    }

    [Test]
    public void A_file_is_itself()
    {
        var path = folder.File("some.json", "{}");
        Assert.That(RunFolder.FindCases(path), Is.EqualTo([path]));
    }

    [Test]
    public void A_folder_means_all_case_files_below_it_in_order()
    {
        var (b, a) = (folder.File("kept/b.json", ""), folder.File("kept/a.json", ""));
        var deep = folder.File("kept/cases/c.json", "");
        folder.File("kept/results.json", "");
        folder.File("kept/ctrf-report.json", "");
        folder.File("kept/events.ndjson", "");
        Assert.That(RunFolder.FindCases(Path.Combine(folder.Path, "kept")), Is.EqualTo([a, b, deep]));
    }

    [Test]
    public void A_case_that_a_link_leads_to_once_more_is_found_once()
    {
        var only = folder.File("runs/20260101-000000-1/cases/a.json", "");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "runs/latest"), "20260101-000000-1");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "runs/round"), ".");
        Assert.That(RunFolder.FindCases(Path.Combine(folder.Path, "runs")), Is.EqualTo([only]));
    }

    [Test]
    public void An_id_is_looked_up_in_the_newest_run_that_has_it()
    {
        folder.File(".sockconf/runs/20260101-000000-1/cases/an-id.json", "");
        folder.File(".sockconf/runs/20260301-000000-1/cases/an-id.json", "");
        folder.File(".sockconf/runs/20260302-000000-1/cases/another.json", "");
        Assert.That(RunFolder.FindCases("an-id").Single(), Does.Contain("20260301"));
    }

    [TestCase("no-such-id")]
    [TestCase("no/such/file.json")]
    [TestCase("../../etc/passwd\0")]
    [TestCase("")]
    public void What_means_nothing_is_refused_in_one_line(string argument)
    {
        folder.File(".sockconf/runs/20260101-000000-1/cases/an-id.json", "");
        Assert.That(Assert.Throws<InputException>(() => RunFolder.FindCases(argument))!.Message, Does.Contain(argument).And.Not.Contain("\n"));
    }

    // An id is a name, not a pattern: a case that was not asked for must not be run.
    [TestCase("*")]
    [TestCase("an-?d")]
    public void A_pattern_is_no_id(string argument)
    {
        folder.File(".sockconf/runs/20260101-000000-1/cases/an-id.json", "");
        Assert.Throws<InputException>(() => RunFolder.FindCases(argument));
    }

    [Test]
    public void A_folder_without_case_files_is_refused()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "empty"));
        Assert.Throws<InputException>(() => RunFolder.FindCases(Path.Combine(folder.Path, "empty")));
    }

    [Test]
    public void A_new_run_has_a_folder_of_its_own_that_git_does_not_see_and_that_latest_points_to()
    {
        var first = RunFolder.Create(null, 0x5EED);
        var second = RunFolder.Create(null, 0x5EED);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(second, Is.Not.EqualTo(first));
            Assert.That(Path.GetFileName(first), Does.Contain("5EED"));
            Assert.That(File.ReadAllText(Path.Combine(folder.Path, ".sockconf/.gitignore")), Is.EqualTo("*\n"));
            Assert.That(new DirectoryInfo(Path.Combine(folder.Path, ".sockconf/runs/latest")).LinkTarget, Is.EqualTo(Path.GetFileName(second)));
        }
    }

    [Test]
    public void A_run_goes_where_it_was_told_to() =>
        Assert.That(RunFolder.Create("some/where", 1), Is.EqualTo(Path.Combine(folder.Path, "some/where")).And.Exist);

    [Test]
    public void A_folder_that_cannot_be_made_is_the_users_matter()
    {
        folder.File("taken", "");
        Assert.That(Assert.Throws<InputException>(() => RunFolder.Create("taken", 1))!.Message, Does.Contain("taken").And.Contain("--report"));
    }

    [Test]
    public void A_file_is_written_whole_over_an_older_one()
    {
        RunFolder.Write(folder.Path, "results.json", "old and long");
        RunFolder.Write(folder.Path, "results.json", "new");
        Assert.That(
            Directory.GetFiles(folder.Path).Select(path => (Path.GetFileName(path), File.ReadAllText(path))),
            Is.EqualTo([("results.json", "new")]));
    }
}
