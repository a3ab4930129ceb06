using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A case file may come from anybody and be damaged in any way.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class BadCaseFiles
{
    private const string Whole = """
        {
          "sockcase": 1, "id": "echo-data-unchanged-0badcafe", "requirement": "echo/data/unchanged", "spec": "echo", "tool": "sockconf 0.1.0", "seed": "0x1",
          "command": ["false"], "expected": "one", "observed": "other",
          "scenario": { "situation": "one message", "steps": [ { "do": "connect", "socket": 0 }, { "do": "close", "socket": 0 } ] }
        }
        """;

    [Test]
    public async Task A_whole_one_is_run()
    {
        using var place = new Workplace();
        var outcome = await Replay(place, place.Write("case.json", Whole));
        outcome.MustExit(0);
        Assert.That(outcome.Output, Does.Contain("FIXED"));
    }

    [TestCase("", "it is empty")]
    [TestCase("not JSON at all", "line 1")]
    [TestCase("[]", "sockcase")]
    [TestCase("null", "sockcase")]
    [TestCase("{}", "sockcase")]
    [TestCase("""{ "sockcase": 1 }""", "whole case file")]
    [TestCase("""{ "sockcase": "1" }""", "format")]
    public async Task What_is_no_case_is_told_by_name(string text, string word)
    {
        using var place = new Workplace();
        var file = place.Write("case.json", text);
        (await Replay(place, file)).MustRefuse(2, file, word);
    }

    [Test]
    public async Task One_cut_short_at_any_place_is_told_by_name()
    {
        using var place = new Workplace();
        foreach (var length in (int[])[1, 20, Whole.Length / 2, Whole.Length - 2])
        {
            var file = place.Write($"cut-{length}.json", Whole[..length]);
            (await Replay(place, file)).MustRefuse(2, file, "whole case file");
        }
    }

    [TestCase("\"sockcase\": 1", "\"sockcase\": 2", "format 2")]
    [TestCase("\"close\"", "\"explode\"", "whole case file")]
    [TestCase("\"steps\": [", "\"steps\": [ null,", "step")]
    [TestCase("\"socket\": 0", "\"socket\": -1", "socket")]
    [TestCase("\"connect\",", "\"connect\", \"receiveBuffer\": -5,", "size")]
    [TestCase("{ \"do\": \"close\", \"socket\": 0 }", "{ \"do\": \"idle\", \"milliseconds\": 999999999 }", "pause")]
    [TestCase("\"seed\": \"0x1\",", "\"seed\": \"0x1\", \"shell\": \"rm -rf /\",", "whole case file")]
    public async Task One_that_asks_for_the_impossible_is_told_by_name(string was, string becomes, string word)
    {
        using var place = new Workplace();
        var file = place.Write("case.json", Whole.Replace(was, becomes, StringComparison.Ordinal));
        (await Replay(place, file)).MustRefuse(2, file, word);
    }

    [TestCase("\"echo/data/unchanged\"", "\"echo/data/none\"")]
    [TestCase("\"spec\": \"echo\"", "\"spec\": \"oche\"")]
    public async Task One_of_a_requirement_that_nobody_knows_is_an_error_of_that_case(string was, string becomes)
    {
        using var place = new Workplace();
        var outcome = await Replay(place, place.Write("case.json", Whole.Replace(was, becomes, StringComparison.Ordinal)));
        Assert.That(outcome.Output, Does.Contain("ERROR").And.Contain("knows no requirement"));
        outcome.MustExit(7);
    }

    [Test]
    public async Task A_folder_without_cases_and_an_id_that_does_not_exist_are_named()
    {
        using var place = new Workplace();
        (await Replay(place, place.Work)).MustRefuse(2, "no case file", place.Work);
        (await Replay(place, "tcp-close-no-reset-00000000")).MustRefuse(2, "tcp-close-no-reset-00000000");
        (await Replay(place, "../../etc/passwd")).MustRefuse(2, "../../etc/passwd");
    }

    [Test]
    public async Task One_bad_file_among_good_ones_stops_the_run_before_it_begins()
    {
        using var place = new Workplace();
        var good = place.Write("a.json", Whole);
        var bad = place.Write("b.json", "{");
        var outcome = await new Sockconf(place).Run(["replay", good, bad, "--", .. TargetProgram.Named("good/python_threads.py").Command]);
        outcome.MustRefuse(2, bad);
        Assert.That(outcome.Output, Is.Empty);
    }

    private static Task<Outcome> Replay(Workplace place, string which) => new Sockconf(place).Run(["replay", which, "--", .. TargetProgram.Named("good/python_threads.py").Command]);
}
