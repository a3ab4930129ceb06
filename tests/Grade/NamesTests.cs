using NUnit.Framework;
using SockConformance.Grade;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Grade;

/// <summary>Whose submission is what, in the layouts of learning platforms.</summary>
public class NamesTests
{
    [TestCase("Adams Ann_1001_assignsubmission_file", true, "", "Adams Ann", "1001", Description = "Moodle, a folder for each")]
    [TestCase("de la Cruz Zoë_7_assignsubmission_file_server.zip", false, "", "de la Cruz Zoë", "7", Description = "Moodle, all files in one folder")]
    [TestCase("adamsann_1001_5002_server.py", false, "", "adamsann", "1001", Description = "Canvas")]
    [TestCase("adamsann_LATE_1001_5002_hw2.tar.gz", false, "", "adamsann", "1001", Description = "Canvas, late")]
    [TestCase("submission_4711", true, "", "submission_4711", "4711", Description = "Gradescope")]
    [TestCase("hw2-octocat", true, "hw2-", "octocat", "octocat", Description = "GitHub Classroom")]
    [TestCase("hw2-", true, "hw2-", "hw2-", "")]
    [TestCase("ann.zip", false, "", "ann", "")]
    [TestCase("ann.tar.gz", false, "", "ann", "")]
    [TestCase("v1.2", true, "", "v1.2", "", Description = "a folder has no extension")]
    [TestCase("=1+1", true, "", "=1+1", "")]
    public void A_student_is_known_by_the_name_of_the_submission(string entry, bool folder, string assignment, string name, string id) =>
        Assert.That(StudentName.Of(entry, folder, assignment), Is.EqualTo(new StudentName(name, id)));

    [Test]
    public void Gradescope_says_who_is_behind_a_folder()
    {
        var students = StudentName.FromGradescope(
        [
            "---", "submission_11:", "  :submitters:", "  - :name: Ann Adams", "    :sid: '1001'", "    :email: a@example.org", "  - :name: Bo Brown", "    :sid: '1002'",
            "  :score: 3.0", "submission_12:", "  :submitters:", "  - :name: \"=cmd()\"", "    :sid:",
        ]);
        Assert.That(students["submission_11"], Is.EqualTo(new StudentName("Ann Adams, Bo Brown", "1001, 1002")));
        Assert.That(students["submission_12"], Is.EqualTo(new StudentName("=cmd()", "")));
    }

    [TestCase("Adams Ann_1001_assignsubmission_file", "Adams-Ann_1001_assignsubmission_file")]
    [TestCase("../../etc", "etc")]
    [TestCase("=HYPERLINK(\"x\")", "HYPERLINK-x")]
    [TestCase("\u202egnp.x\x1b[2J", "gnp")]
    [TestCase("Zoë Ö.zip", "Zo")]
    [TestCase("日本", "submission")]
    [TestCase("...", "submission")]
    public void The_name_of_a_folder_is_harmless(string name, string slug) => Assert.That(StudentName.Slug(name), Does.StartWith(slug).And.Match("^[A-Za-z0-9._-]{1,60}$"));

    [Test]
    public void Each_entry_is_a_submission_and_no_two_have_the_same_key()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["ann/server.py", "ann.zip", "ANN.py", "zoë.py", "__MACOSX/x", ".hidden/x", "results/grades.csv"]) folder.File(name, "x");
        var found = Submissions.In(folder.Path, Path.Combine(folder.Path, "results"));
        Assert.That(found.Select(one => one.Key), Is.EqualTo(["ANN", "ann-2", "ann-3", "zo"]));
        Assert.That(found.Select(one => Path.GetFileName(one.Path)), Is.EqualTo(["ANN.py", "ann", "ann.zip", "zoë.py"]));
    }

    [Test]
    public void A_folder_that_is_none_or_empty_is_refused()
    {
        using var folder = new TempFolder();
        Assert.That(() => Submissions.In(folder.Path, ""), Throws.TypeOf<InputException>().With.Message.Contains("is empty"));
        Assert.That(() => Submissions.In(folder.Path + "/no", ""), Throws.TypeOf<InputException>().With.Message.Contains("there is no folder"));
    }

    // ---- How a program is found ----
    private static ProgramPlan? Find(string rubric, params string[] files) => EntryPoint.Find(Rubrics.Read($"{Rubrics.Small}\n{rubric}"), files, launched: false, "server", out _);

    [TestCase("Makefile server.c", "make", "./server {port}")]
    [TestCase("server.py util.py", "", "python3 server.py {port}")]
    [TestCase("Server.java Util.java", "javac Server.java", "java Server {port}")]
    [TestCase("server.c util.h", "cc -O1 -pthread -o server server.c", "./server {port}")]
    [TestCase("my_echo.c notes.txt", "cc -O1 -pthread -o server my_echo.c", "./server {port}")]
    [TestCase("Echo.java", "javac Echo.java", "java Echo {port}")]
    [TestCase("main.py util.py", "", "python3 main.py {port}")]
    public void A_program_is_found_by_its_file(string files, string build, string command)
    {
        var plan = Find("", files.Split(' '))!;
        Assert.That((string.Join(' ', plan.Build), string.Join(' ', plan.Command)), Is.EqualTo((build, command)));
    }

    [TestCase("")]
    [TestCase("README.md")]
    [TestCase("a.py b.py")]
    public void Nothing_is_guessed(string files) => Assert.That(Find("", files.Split(' ', StringSplitOptions.RemoveEmptyEntries)), Is.Null);

    [Test]
    public void The_rubrics_command_and_rules_come_first()
    {
        Assert.That(Find("run: { command: [./go, \"{port}\"] }\nbuild: { command: [make, go] }", "server.py"), Is.EqualTo(new ProgramPlan(["make", "go"], ["./go", "{port}"])).Using<ProgramPlan>(Same));
        Assert.That(Find("run: { find: [{ file: \"*.py\", command: [python3, -u, \"{file}\"] }] }", "a.py", "Makefile"), Is.EqualTo(new ProgramPlan([], ["python3", "-u", "a.py"])).Using<ProgramPlan>(Same));
        Assert.That(Find("run: { find: [{ file: x.py, command: [python3, x.py] }] }", "server.py"), Is.Null);
    }

    private static bool Same(ProgramPlan a, ProgramPlan b) => a.Build.SequenceEqual(b.Build) && a.Command.SequenceEqual(b.Command);
}
