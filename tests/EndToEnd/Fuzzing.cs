using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Suites;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Campaigns find what was planted, make it small, keep it, and cry no wolf.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Fuzzing
{
    private static readonly string Mini = Path.Combine(Machine.Targets, "fuzz", "mini.yaml");

    /// <summary>The requirements of campaigns, each with a bug that trips it and a case that shows it.</summary>
    public static IReadOnlyList<string> Tripped { get; } = ["fuzz/replies", "fuzz/serves-after", "fuzz/slowdown"];

    private static IReadOnlyList<string> Planted(string bug) => [.. TargetProgram.Named("fuzz/planted.c").Command, bug];

    [TestCase("behind-2", 4)]
    [TestCase("behind-3", 5)]
    [TestCase("magic-length", 3)]
    public async Task A_planted_bug_is_found_made_small_and_shown_again(string bug, int most)
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        var outcome = await sockconf.Run(["fuzz", "--spec", Mini, "--seed", "11", "--max-time", "90s", "--no-pin", "--report", place.Report, "--", .. Planted(bug)]);
        outcome.MustExit(1);
        Assert.That(outcome.Results.Verdicts["process/life/keeps-running"], Is.EqualTo("fail"), outcome.ToString);
        Assert.That(JsonSchema.Of("docs/results.schema.json").Violations(JsonNode.Parse(File.ReadAllText(Path.Combine(place.Report, "results.json")))), Is.Empty);
        Assert.That(Path.Combine(place.Report, "report.html"), Does.Exist);
        using var file = JsonDocument.Parse(File.ReadAllText(outcome.Results.Cases.Single()));
        Assert.That(file.RootElement.GetProperty("scenario").GetProperty("steps").GetArrayLength(), Is.LessThanOrEqualTo(most), outcome.ToString);

        var again = await sockconf.Run(["replay", .. outcome.Results.Cases, "--", .. Planted(bug)]);
        again.MustExit(1);
        var fixedNow = await sockconf.Run(["replay", .. outcome.Results.Cases, "--", .. Planted("none")]);
        fixedNow.MustExit(0);
        fixedNow.MustLeaveNothing();
    }

    [TestCase("fuzz/replies", "wrong")]
    [TestCase("fuzz/serves-after", "stuck")]
    [TestCase("fuzz/slowdown", "slow")]
    [TestCase("process/life/keeps-running", "late")]
    public async Task What_cases_are_judged_by_is_tripped_by_a_bug_and_by_nothing_else(string requirement, string bug)
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        var service = BuiltInSpecs.Shelf.Find(Mini);
        var talk = new Conversation(service);
        static Payload Line(int length, char letter) => Payload.Literal.Of(Encoding.Latin1.GetBytes(new string(letter, length) + "\n"));
        var scenario = requirement switch
        {
            "fuzz/replies" => Talk.Scenario("", talk.Visit(0, Payload.Literal.Of("HELO a\n"u8))),
            "process/life/keeps-running" => Talk.Scenario("", [new Step.Connect(0), new Step.Send(0, Payload.Literal.Of("QUIT\n"u8)), new Step.Close(0)]),
            "fuzz/serves-after" => Talk.Scenario("", [new Step.Connect(0), new Step.Send(0, Line(5, '\0')), new Step.Await(0, 100, service.Reply), new Step.Close(0)], talk.Visit(1)),
            _ => Talk.Scenario("", [new Step.Sample("")], Talk.Each([0, 1, 2], i => [new Step.Connect(i), new Step.Send(i, Line(2000 << i, 'x')), new Step.Await(i, 30_000, service.Reply), new Step.Close(i), new Step.Sample("")])),
        };
        var file = place.Write("case.json", new CaseFile
        {
            Sockcase = CaseFile.Format,
            Id = CaseFile.IdOf(requirement, scenario),
            Requirement = requirement,
            Spec = "mini",
            Tool = "sockconf",
            Seed = "0x1",
            Sources = [.. service.Sources.Select(source => new CaseFile.SourceText(source.Name, source.Text))],
            Expected = "",
            Observed = "",
            Scenario = scenario,
        }.ToJson());
        (await sockconf.Run(["replay", file, "--", .. Planted(bug)])).MustExit(1);
        (await sockconf.Run(["replay", file, "--", .. Planted("none")])).MustExit(0);
    }

    [Test]
    public async Task What_the_target_itself_tells_of_its_edges_leads_to_a_bug_that_no_answer_shows()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run([
            "fuzz", "--spec", Path.Combine(Machine.Targets, "fuzz", "one-client.yaml"), "--seed", "3", "--max-time", "6s", "--max-cases", "3000", "--no-pin", "--report", place.Report, "--", .. TargetProgram.Named("fuzz/instrumented.c").Command,
        ]);
        Assert.That(Fuzz(outcome).GetProperty("coverage").GetProperty("edges").GetInt32(), Is.GreaterThan(5), outcome.ToString);
    }

    [Test]
    public async Task Segments_that_no_kernel_sends_are_among_the_cases()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["fuzz", "--spec", "echo", "--seed", "7", "--max-time", "60s", "--no-shrink", "--no-pin", "--report", place.Report, "--", .. TargetProgram.Named("faulty/urgent_data_ends_server.py").Command]);
        outcome.MustExit(1);
        Assert.That(outcome.Results.Verdicts["process/life/keeps-running"], Is.EqualTo("fail"), outcome.ToString);
        Assert.That(File.ReadAllText(outcome.Results.Cases.Single()), Does.Contain("\"inject\""));
    }

    [Test]
    public async Task A_server_that_never_answers_again_is_found()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["fuzz", "--spec", Mini, "--seed", "11", "--max-time", "60s", "--no-shrink", "--no-pin", "--report", place.Report, "--", .. Planted("spin")]);
        outcome.MustExit(1);
        Assert.That(outcome.Results.Violated, Is.SubsetOf((string[])["fuzz/replies", "fuzz/serves-after", "tcp/close/fin-answered-by-fin"]), outcome.ToString);
    }

    [Test]
    public async Task Two_campaigns_with_one_seed_and_one_worker_draw_the_same_first_thousand_cases()
    {
        var digests = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            using var place = new Workplace();
            var outcome = await new Sockconf(place).Run(["fuzz", "--spec", "echo", "--seed", "5", "--jobs", "1", "--max-cases", "1000", "--no-pin", "--report", place.Report, "--", .. TargetProgram.Named("good/c_epoll.c").Command]);
            outcome.MustExit(0);
            digests.Add(Events(place).Single(line => line.GetProperty("event").GetString() == "fuzz.drawn").GetProperty("digest").GetString()!);
        }

        Assert.That(digests[1], Is.EqualTo(digests[0]));
    }

    [TestCase("tls_echo.py failure-ends")]
    [TestCase("udp_echo.py end_of_file")]
    public async Task Campaigns_speak_TLS_and_UDP(string name)
    {
        using var place = new Workplace();
        var role = TargetProgram.Role.Named("faulty", name);
        var outcome = await new Sockconf(place).Run(["fuzz", .. role.Options, "--seed", "3", "--max-time", "60s", "--no-shrink", "--no-pin", "--report", place.Report, "--", .. role.Command]);
        outcome.MustExit(1);
        Assert.That(outcome.Results.Verdicts["process/life/keeps-running"], Is.EqualTo("fail"), outcome.ToString);
    }

    [TestCase("python_threads.py")]
    [TestCase("planted.c")]
    [TestCase("python_tls.py")]
    [TestCase("python_udp.py echo-udp")]
    public async Task A_good_server_gives_no_alarm(string name)
    {
        using var place = new Workplace();
        var (options, command) = name == "planted.c" ? (["--spec", Mini], Planted("none")) : TargetProgram.Role.Named("good", name) is var role ? (role.Options, role.Command) : default;
        var outcome = await new Sockconf(place).Run(["fuzz", .. options, "--seed", "8", "--max-cases", "200", "--max-time", "60s", "--no-pin", "--report", place.Report, "--", .. command]);
        Assert.That(outcome.Exit, Is.Zero.Or.EqualTo(7), outcome.ToString);
        Assert.That(Fuzz(outcome).GetProperty("unique_failures").GetInt32(), Is.Zero, outcome.ToString);
        Assert.That(Fuzz(outcome).GetProperty("cases").GetInt64(), Is.GreaterThan(20), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_difference_from_the_reference_is_found()
    {
        using var place = new Workplace();
        var (target, reference) = (TargetProgram.Named("faulty/upper_case.py").Command, string.Join(' ', TargetProgram.Named("good/c_epoll.c").Command));
        var outcome = await new Sockconf(place).Run(["fuzz", "--seed", "8", "--max-time", "60s", "--no-pin", "--against", reference, "--report", place.Report, "--", .. target]);
        outcome.MustExit(1);
        Assert.That(outcome.Results.Violated, Does.Contain("fuzz/same-as-reference"), outcome.ToString);
    }

    [Test]
    public async Task A_killed_campaign_leaves_nothing_running_and_goes_on_from_its_corpus()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        var corpus = Path.Combine(place.Work, "corpus");
        string[] Arguments(string report, string time) => ["fuzz", "--spec", Mini, "--seed", "2", "--max-time", time, "--no-pin", "--corpus", corpus, "--report", Path.Combine(place.Root, report), "--", .. Planted("none")];
        using (var running = await SockconfProcess.Start(sockconf, Arguments("first", "100s")))
        {
            await Until(() => Directory.Exists(corpus) && Directory.EnumerateFiles(corpus, "fuzz-corpus-*.json").Count() > 3);
            running.SignalGroup(SockconfProcess.Kill);
            await running.End();
        }

        await Until(() => place.LeftProcesses().Count == 0);
        var kept = Directory.EnumerateFiles(corpus, "fuzz-corpus-*.json").Count();
        var again = await sockconf.Run(Arguments("second", "2s"));
        again.MustExit(0);
        Assert.That(again.ErrorLines, Is.Empty, again.ToString);
        Assert.That(Directory.EnumerateFiles(corpus, "fuzz-corpus-*.json").Count(), Is.GreaterThanOrEqualTo(kept));
    }

    [Test]
    public async Task A_target_that_dies_of_every_client_is_one_failure()
    {
        using var place = new Workplace();
        var server = place.Write("dies.py", "import os, socket, sys\ns = socket.create_server(('127.0.0.1', int(sys.argv[1])))\ns.accept()\nos.abort()\n");
        var outcome = await new Sockconf(place).Run(["fuzz", "--seed", "8", "--max-time", "6s", "--keep-going", "--no-pin", "--report", place.Report, "--", "python3", server, "{port}"]);
        outcome.MustExit(1);
        Assert.That(Fuzz(outcome).GetProperty("unique_failures").GetInt32(), Is.EqualTo(1), outcome.ToString);
    }

    private static async Task Until(Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds()) await beat.WaitForNextTickAsync(deadline.Token);
    }

    private static JsonElement Fuzz(Outcome outcome)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(outcome.Place.Report, "results.json")));
        return document.RootElement.GetProperty("fuzz").Clone();
    }

    private static IEnumerable<JsonElement> Events(Workplace place)
    {
        foreach (var line in File.ReadLines(Path.Combine(place.Report, "events.ndjson")))
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }
}
