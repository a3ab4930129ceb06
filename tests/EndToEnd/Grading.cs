using System.IO.Compression;
using System.Text.Json;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A class of good, faulty and hostile submissions, graded by one command.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Grading
{
    private const string Rubric = """
        sockrubric: 1
        course: networks
        build: { within: 2s }
        check: { profile: quick }
        groups:
          - { name: Echoes, points: 60, requirements: [echo/data/answers-while-open, echo/data/unchanged] }
          - { name: Closes, points: 40, requirements: [tcp/close/empty-connection], visibility: hidden }
        """;

    private static readonly string[] Command = ["grade", "class", "--spec", "echo", "--rubric", "rubric.yaml", "--jobs", "2"];

    [Test]
    public async Task Each_submission_gets_what_a_person_would_give_it_and_its_tricks_do_not_work()
    {
        using var place = new Workplace();
        place.Write("rubric.yaml", Rubric);
        Submission(place, "good", "server.py", Source("good/python_threads.py"));
        File.CreateSymbolicLink(Path.Combine(place.Work, "class", "good", "passwd"), "/etc/passwd");
        Submission(place, "=HYPERLINK(1)", "server.py", Source("faulty/upper_case.py"));
        Submission(place, "empty", "README", "I did nothing");
        Submission(place, "hangs", "Makefile", "all:\n\tsleep 1000\n");
        Submission(place, "broken", "Makefile", "all:\n\t@echo an error of mine; false\n");
        Submission(place, "exits", "server.py", Source("hostile/exits_with_status_3.py"));
        Submission(place, "spy", "server.py", $$"""
            import os, sys
            here = '{{place.Work}}'
            sees = [os.path.getsize(here + '/rubric.yaml'), os.listdir(here + '/class'), os.listdir(here + '/grades/submissions')]
            if sees != [0, [], ['spy']]: sys.exit(f'it sees {sees}')

            """ + Source("good/python_threads.py"));
        Bomb(place, "bomb.zip");

        var outcome = await new Sockconf(place).Run(Command);
        outcome.MustExit(7);
        outcome.MustShowNoStackTrace();
        outcome.MustLeaveNothing();
        var rows = Rows(place);
        Assert.That(rows.Select(row => (row["submission"], row["status"], row["score"])), Is.EquivalentTo(new[]
        {
            ("good", "graded", "100"), ("HYPERLINK-1", "graded", "70"), ("empty", "no-entry-point", "0"), ("hangs", "build-failed", "0"), ("broken", "build-failed", "0"),
            ("exits", "not-serving", "0"), ("spy", "graded", "100"), ("bomb", "refused", ""),
        }), outcome.ToString);
        Assert.That(rows.Single(row => row["submission"] == "HYPERLINK-1")["student"], Is.EqualTo("'=HYPERLINK(1)"));
        Assert.That(File.ReadAllText(Path.Combine(place.Work, "grades", "feedback", "HYPERLINK-1.txt")), Does.Contain("Points: 70 of 100").And.Contain("echo/data/unchanged").And.Not.Contain("tcp/close"));
        Assert.That(File.Exists(Path.Combine(place.Work, "grades", "submissions", "good", "work", "passwd")), Is.False);

        // Nothing has changed: nothing is run again, and the grades are the same.
        var grades = File.ReadAllText(Path.Combine(place.Work, "grades", "grades.csv"));
        var again = await new Sockconf(place).Run(Command);
        again.MustExit(7);
        Assert.That(again.Output, Does.Contain("7 judged before"));
        Assert.That(File.ReadAllText(Path.Combine(place.Work, "grades", "grades.csv")), Is.EqualTo(grades));
    }

    [Test]
    public async Task A_single_submission_is_graded_for_Gradescope()
    {
        using var place = new Workplace();
        place.Write("rubric.yaml", Rubric);
        Submission(place, "ann", "server.py", Source("faulty/upper_case.py"));
        var outcome = await new Sockconf(place).Run("grade", "class/ann", "--single", "--spec", "echo", "--rubric", "rubric.yaml", "--format", "gradescope");
        outcome.MustExit(0);
        Assert.That(File.ReadAllText(Path.Combine(place.Work, "grades", "results.json")), Does.Contain("\"score\": 70").And.Contain("\"visibility\": \"hidden\""));
    }

    /// <summary>docs/gradescope as it lies in a container there, if the tests may make such a place.</summary>
    [Test]
    public async Task The_autograder_gives_Gradescope_its_results()
    {
        using var place = new Workplace();
        foreach (var folder in (string[])["source/sockconf", "submission", "scratch"]) Directory.CreateDirectory(Path.Combine(place.Work, folder));
        foreach (var file in (string[])["run_autograder", "setup.sh"]) place.Write(Path.Combine("source", file), File.ReadAllText(Path.Combine(Shared.Repository.Root, "docs", "gradescope", file)));
        place.Write("source/rubric.yaml", Rubric);
        place.Write("submission/server.py", Source("faulty/upper_case.py"));
        place.Write("source/sockconf/sockconf", $"#!/bin/sh\nexec {string.Join(' ', SockconfProcess.Reference.TakeWhile(word => word != "reference").Select(word => $"'{word}'"))} \"$@\"\n");
        File.SetUnixFileMode(Path.Combine(place.Work, "source"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); // as setup.sh does
        var autograder = new Sockconf(place) { InContainer = Environment.IsPrivilegedProcess, Program = ["bash"], Variables = new Dictionary<string, string?> { ["AUTOGRADER"] = place.Work, ["TMPDIR"] = Path.Combine(place.Work, "scratch") } };
        var outcome = await autograder.Run("source/run_autograder");
        outcome.MustExit(0);
        Assert.That(outcome.Output, Does.Contain(Environment.IsPrivilegedProcess ? "(tier B: " : "(tier A)"));
        var tests = JsonElement.Parse(File.ReadAllText(Path.Combine(place.Work, "results", "results.json"))).GetProperty("tests").EnumerateArray();
        Assert.That(tests.Select(test => (test.GetProperty("score").GetDouble(), test.GetProperty("max_score").GetDouble(), test.GetProperty("visibility").GetString())), Is.EqualTo([(30d, 60d, "visible"), (40d, 40d, "hidden")]));
        Assert.That(place.LeftProcesses(), Is.Empty);
    }

    [Test]
    public async Task An_interrupted_run_keeps_what_was_graded()
    {
        using var place = new Workplace();
        place.Write("rubric.yaml", Rubric.Replace("within: 2s", "within: 5m", StringComparison.Ordinal));
        Submission(place, "a-empty", "README", "I did nothing");
        Submission(place, "b-hangs", "Makefile", "all:\n\tsleep 1000\n");
        using var running = await SockconfProcess.Start(new Sockconf(place), [.. Command[..^1], "1"]);
        await running.Prints("a-empty");
        running.Signal(SockconfProcess.Interrupt);
        var outcome = await running.End();
        outcome.MustExit(130);
        outcome.MustShowNoStackTrace();
        outcome.MustLeaveNothing();
        Assert.That(Rows(place).Select(row => (row["status"], row["score"])), Is.EqualTo([("no-entry-point", "0"), ("not-run", "")]));
    }

    [TestCase("there is no folder", "nowhere", "--spec", "echo", "--rubric", "rubric.yaml")]
    [TestCase("rubric.yaml:6:48: the spec 'daytime' has no requirement", "class", "--spec", "daytime", "--rubric", "rubric.yaml")]
    [TestCase("there is no rubric 'no.yaml'", "class", "--spec", "echo", "--rubric", "no.yaml")]
    [TestCase("say what gives points", "class", "--spec", "echo")]
    [TestCase("--final needs a secret", "class", "--spec", "echo", "--rubric", "rubric.yaml", "--final")]
    [TestCase("among the submissions", "class", "--spec", "echo", "--rubric", "rubric.yaml", "--report", "class")]
    [TestCase("cannot be written", "class", "--spec", "echo", "--rubric", "rubric.yaml", "--report", "rubric.yaml")]
    public async Task What_is_wrong_is_said_in_a_line(string words, params string[] arguments)
    {
        using var place = new Workplace();
        place.Write("rubric.yaml", Rubric);
        Submission(place, "ann", "README", "x");
        (await new Sockconf(place).Run(["grade", .. arguments])).MustRefuse(2, words);
    }

    [Test]
    public async Task In_a_container_each_program_is_a_user_who_sees_nothing_of_the_others()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Ignore("the tests are not root");
        using var place = new Workplace();
        place.Write("rubric.yaml", Rubric);
        var left = $"/tmp/{place.Mark}-left";
        Submission(place, "builds", "echo.py", Source("good/python_threads.py"));
        Submission(place, "builds", "Makefile", $"all:\n\techo mine >{left}\n\t(echo '#!/usr/bin/env python3'; cat echo.py) >server\n\tchmod +x server\n");
        Submission(place, "hangs", "Makefile", "all:\n\tsetsid sleep 1000 & sleep 1000\n");
        Submission(place, "spy", "server.py", $$"""
            import os, sys
            def sees(path):
                try: os.listdir(path) if path.endswith('/') else os.stat(path)
                except OSError: return False
                return True
            here = '{{place.Work}}'
            seen = [path for path in ('class/', 'class/builds/echo.py', 'grades/', 'grades/submissions/builds/work/echo.py', '{{left}}') if sees(os.path.join(here, path))]
            if seen or os.access(here + '/rubric.yaml', os.R_OK) or os.getuid() == 0: sys.exit(f'it sees {seen}')

            """ + Source("good/python_threads.py"));
        var sockconf = new Sockconf(place) { InContainer = true };
        (await sockconf.Run(Command)).MustRefuse(6, "would see", $"chmod go-rwx '{Path.Combine(place.Work, "class")}'");

        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (var secret in (string[])["class", "rubric.yaml"]) File.SetUnixFileMode(Path.Combine(place.Work, secret), ownerOnly);
        var outcome = await sockconf.Run(Command);
        outcome.MustExit(7);
        outcome.MustLeaveNothing();
        Assert.That(outcome.Output, Does.Contain("(tier B: "));
        Assert.That(Rows(place).Select(row => (row["submission"], row["status"], row["score"])), Is.EquivalentTo(new[] { ("builds", "graded", "100"), ("hangs", "build-failed", "0"), ("spy", "graded", "100") }), outcome.ToString);
    }

    [Test]
    public async Task Without_a_sandbox_nothing_of_a_student_is_run()
    {
        using var place = new Workplace();
        place.Write("rubric.yaml", Rubric);
        Submission(place, "ann", "server.py", "open('ran', 'w')");
        place.Write("bwrap", "#!/bin/sh\necho not here; exit 1\n");
        var sockconf = new Sockconf(place) { AsOrdinaryUser = true, Variables = new Dictionary<string, string?> { ["PATH"] = $"{place.Work}:{Environment.GetEnvironmentVariable("PATH")}" } };
        (await sockconf.Run(Command)).MustRefuse(6, "not here", "--trust-submissions");
    }

    private static string Source(string path) => File.ReadAllText(Path.Combine(Machine.Targets, path));

    private static void Submission(Workplace place, string student, string file, string text)
    {
        Directory.CreateDirectory(Path.Combine(place.Work, "class", student));
        place.Write(Path.Combine("class", student, file), text);
    }

    private static void Bomb(Workplace place, string name)
    {
        using var archive = new ZipArchive(File.Create(Path.Combine(place.Work, "class", name)), ZipArchiveMode.Create);
        using var content = archive.CreateEntry("server.py").Open();
        for (var megabytes = 0; megabytes < 8; megabytes++) content.Write(new byte[1 << 20]);
    }

    private static IReadOnlyList<Dictionary<string, string>> Rows(Workplace place)
    {
        var lines = File.ReadAllText(Path.Combine(place.Work, "grades", "grades.csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var names = lines[0].Split(',').Select(name => name.Trim('"')).ToList();
        return [.. lines.Skip(1).Select(line => names.Zip(line.Split(',').Select(field => field.Trim('"'))).DistinctBy(pair => pair.First).ToDictionary(pair => pair.First, pair => pair.Second))];
    }
}
