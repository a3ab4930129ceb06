using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Report.Html;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report.Html;

public class HtmlReportTests
{
    [Test]
    public void A_failure_is_told_with_all_that_is_known_of_it()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen(), Runs.Result(Status.Pass, "echo/data/unchanged"));
        var page = Page(folder);
        var card = page.Descendants("article").Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(page.Descendants("h1").Single().Value, Does.Contain("fail").And.Contain("1 of 2 requirements is violated"));
            Assert.That(page.Descendants("header").First().Value, Does.Contain("python3 server.py {port}").And.Contain("0x5EED").And.Contain("namespaces (tier A)").And.Contain("lo, libpcap 1.10: 555 packets, 0 lost"));
            Assert.That(card.Value, Does.Contain("does not reset").And.Contain("FIN: all was read on both sides").And.Contain("RST on the wire").And.Contain("SO_LINGER").And.Contain("read to the end").And.Contain("It ends by FIN."));
            Assert.That(card.Value, Does.Contain("made smaller from 12 to 6 steps in 40 runs").And.Contain("failed in 3 of 3 runs on fresh targets"));
            Assert.That(card.Descendants("button").Single().Attribute("data-copy")!.Value, Does.Match("^sockconf replay .*tcp-close-no-reset-"));
            Assert.That(card.Descendants("a").Select(link => Path.Combine(folder.Path, link.Attribute("href")!.Value)), Has.Exactly(2).Items.And.All.Matches<string>(File.Exists));
            Assert.That(card.Descendants("ol").First().Elements("li").Select(item => item.Value), Is.EqualTo(["#0 connect", "#0 send 20 bytes of text", "#0 receive 20 bytes", "#0 shutdown(SHUT_WR)", "#0 receive until end of file", "#0 close"]));
        }
    }

    [Test]
    public void The_ladder_has_primitives_packets_and_answers()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        var ladder = Ladder(folder);
        var texts = ladder.Descendants("text").Select(text => text.Value).ToList();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(texts, Is.SupersetOf(["1. #0 connect", "SYN seq=0 win=65535", "SYN,ACK seq=0 ack=1 win=65535", "PSH,ACK seq=1 ack=1 len=20 win=65535", "FIN,ACK seq=21 ack=21 win=65535", "RST,ACK seq=21 ack=22 win=65535", "✗ ECONNRESET"]));
            Assert.That(ladder.Descendants("title").Select(title => title.Value), Has.Some.Contain("127.0.0.2:40000 → 127.0.0.1:7777").And.Contain("0000  00 01 02 03"), "bytes are told on hover");
            Assert.That(Lines(ladder, "missing"), Is.Empty);
            Assert.That(string.Concat(ladder.Descendants("g").Where(group => Kind(group, "note")).Select(group => group.Value)), Does.Contain("violates").And.Contain("RST on the wire"));
        }
    }

    [Test]
    public void What_never_came_is_drawn_where_it_should_have_been_and_the_end_of_the_process_too()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.FinMissing());
        var ladder = Ladder(folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Lines(ladder, "missing"), Has.Exactly(1).Items);
            Assert.That(ladder.Value, Does.Contain("missing: the target's FIN").And.Contain("the process killed by SIGSEGV (11)").And.Contain("CloseWait"));
            Assert.That(Page(folder).Descendants("article").Single().Value, Does.Contain("Segmentation fault"));
        }
    }

    [Test]
    public void Nobody_needs_to_see_the_ladder()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        var table = Page(folder).Descendants("table").Single(one => Kind(one, "events"));
        Assert.That(table.Descendants("tr").Select(row => row.Value), Has.Some.Contain("harness → target").And.Some.Contain("SYN seq=0").And.Some.Contain("step 2: #0 send 20 bytes of text"));
        Assert.That(Page(folder).Descendants("svg").Where(svg => svg.Attribute("aria-hidden") is null).Select(svg => (svg.Attribute("role")?.Value, svg.Attribute("aria-label")?.Value.Length > 10)), Is.All.EqualTo(("img", true)));
    }

    [Test]
    public void The_socket_model_shows_what_was_carried_out_and_what_not()
    {
        using var folder = new ReportFolder().With(Runs.Header, 0, Runs.Result(Status.Pass));
        var model = Page(folder).Descendants("section").Single(section => section.Attribute("id")?.Value == "model");
        Assert.That(model.Value, Does.Contain("connect ×1").And.Contain("shutdown ×1").And.Contain("send, receive ×2"));
        Assert.That(model.Descendants("g").Count(group => Kind(group, "unmet")), Is.Positive);
        Assert.That(model.Element("p")!.Value, Does.Match(@"6 of 8 pairs of state and primitive that are allowed were carried out, and 0 of 12 that are not"));
    }

    [Test]
    public void Connections_are_listed_by_their_5_tuples()
    {
        using var folder = new ReportFolder().With(Runs.Header, 0, Runs.Result(Status.Pass));
        var row = Page(folder).Descendants("section").Single(section => section.Attribute("id")?.Value == "connections").Descendants("tbody").Single().Elements("tr").Single();
        Assert.That(row.Elements().Select(cell => cell.Value), Is.EqualTo(["tcp", "127.0.0.2:40000", "127.0.0.1:7777", "tcp/close/no-reset", "yes", "20", "20", "orderly"]));
    }

    [Test]
    public void All_files_of_the_report_are_listed()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        foreach (var format in Enum.GetValues<Format>()) folder.Write(Formats.FileOf(format), "x");
        var files = Page(folder).Descendants("section").Single(section => section.Attribute("id")?.Value == "files").Descendants("a").Select(link => link.Attribute("href")!.Value);
        Assert.That(files, Is.EquivalentTo(["results.json", "junit.xml", "events.ndjson", "ctrf-report.json", "results.sarif", "results.tap", "summary.md", folder.CaseFile(".json"), folder.CaseFile(".pcapng")]));
    }

    [Test]
    public void What_was_not_tested_is_told_with_the_reason()
    {
        using var folder = new ReportFolder().With(Runs.Header, 0, Runs.Result(Status.Pass), Runs.Result(Status.Skip, "a/b", "not observable: no capture"), Runs.Result(Status.Skip, "a/c", "not observable: no capture"));
        var part = Page(folder).Descendants("section").Single(section => section.Attribute("id")?.Value == "untested");
        Assert.That(part.Descendants("dt").Select(reason => reason.Value), Is.EqualTo(["not observable: no capture"]));
        Assert.That(part.Descendants("code").Select(id => id.Value), Is.EqualTo(["a/b", "a/c"]));
        Assert.That(Page(folder).Descendants("h1").Single().Value, Does.Contain("1 of 3 requirements hold, 2 were not tested"));
    }

    [Test]
    public void A_browser_may_run_the_one_script_and_style_and_load_nothing()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        var page = Page(folder);
        var policy = page.Descendants("meta").Single(meta => meta.Attribute("http-equiv") is not null).Attribute("content")!.Value;
        Assert.That(policy, Is.EqualTo($"default-src 'none'; style-src 'sha256-{HashOf("style")}'; script-src 'sha256-{HashOf("script")}'; base-uri 'none'; form-action 'none'"));
        Assert.That(page.Descendants().Select(element => element.Name.LocalName), Has.None.AnyOf("img", "link", "iframe", "object", "form", "use", "image", "foreignObject"));

        string HashOf(string element) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page.Descendants(element).Single().Value)));
    }

    [Test]
    public void Whatever_the_target_says_the_page_is_well_formed_and_has_no_handler_and_no_foreign_link() => Law.Holds(Runs.Hostile.Two(), text =>
    {
        var evidence = ReportFolder.Silence with { Target = ReportFolder.Silence.Target with { Output = text.Item1 } };
        using var folder = new ReportFolder().With(
            Runs.Header with { Target = text.Item1 }, 1, ReportFolder.Failure("x/y", evidence, new Verdict.Violation(text.Item2, text.Item1, 4, Absence: true)), Runs.Result(Status.Skip, reason: text.Item2));
        MustBeHarmless(Page(folder));
    }, times: 40);

    [TestCase("<script>alert(1)</script>")]
    [TestCase("</style><script>alert(1)</script>")]
    [TestCase("\"><img src=x onerror=alert(1)>")]
    [TestCase("javascript:alert(1)")]
    [TestCase("cases/../../../etc/passwd")]
    [TestCase("/etc/passwd")]
    [TestCase("\u202e\0\u2028")]
    public void A_file_of_results_from_anybody_puts_nothing_into_the_page(string text)
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen(), Runs.Result(Status.Pass));
        var results = JsonNode.Parse(folder.Text("results.json"))!;
        Poison(results, text);
        folder.Write("results.json", results.ToJsonString());
        folder.Write("events.ndjson", folder.Text("events.ndjson").Replace("tcp/close/no-reset", text.Replace("\"", "\\\"", StringComparison.Ordinal), StringComparison.Ordinal));
        folder.Write("coverage.txt", text);
        MustBeHarmless(Page(folder));
    }

    [Test]
    public void Values_of_a_wrong_kind_are_as_if_they_were_not_there()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        foreach (var wrong in (string[])["null", "[]", "{}", "7", "\"x\"", "1e400", "[[]]", "{\"requirements\":[1,null,{}]}", "{\"requirements\":[{\"verdict\":\"fail\",\"trace\":{\"steps\":[3,{}],\"began\":\"no\",\"shown\":{\"step\":-1}}}]}"])
        {
            folder.Write("results.json", wrong);
            MustBeHarmless(Page(folder));
        }
    }

    // Half a character can be written in JSON, and read by nobody.
    [TestCase("results.json", """{"\ud800":1,"requirements":[{"id":"x/y","verdict":"fail","expected":"e","actual":"\ud800"}]}""", "x/y")]
    [TestCase("results.json", """{"requirements":[{"id":"x/y","verdict":"fail","trace":{"ends":["\ud800","b"],"steps":[{"text":"\udc00"}]}}]}""", "x/y")]
    [TestCase("events.ndjson", """{"event":"case.end","visits":{"\ud800 send":1}}""", "1 line of events.ndjson could not be read")]
    [TestCase("events.ndjson", """{"\ud800t":"case.end"}""", "sockconf report")]
    public void Half_a_character_harms_nothing_but_its_own_place(string file, string text, string shown)
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        folder.Write(file, text);
        var page = Page(folder);
        MustBeHarmless(page);
        Assert.That(page.Root!.Value, Does.Contain(shown));
    }

    [TestCase(0.1)]
    [TestCase(0.5)]
    [TestCase(0.95)]
    public void Files_that_end_too_soon_give_a_report_with_a_note(double share)
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        var all = (string[])["results.json", "events.ndjson", folder.CaseFile(".json"), folder.CaseFile(".pcapng")];
        foreach (var name in all)
        {
            var whole = folder.Bytes(name);
            folder.Write(name, whole[..((int)(whole.Length * share) | 1)]);
            var page = Page(folder);
            if (name.EndsWith(".pcapng", StringComparison.Ordinal)) Assert.That(page.Descendants("article").Single().Value, Does.Contain("Note: the capture is damaged"));
            else if (!name.StartsWith("cases", StringComparison.Ordinal)) Assert.That(NotesOf(page), Does.Contain(name), name);
            folder.Write(name, whole);
        }
    }

    [Test]
    public void A_run_that_was_cut_off_is_told_by_its_events()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen(), Runs.Result(Status.Pass, "echo/data/unchanged"));
        folder.Delete("results.json");
        var lines = folder.Text("events.ndjson").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        folder.Write("events.ndjson", string.Join('\n', lines[..^1]) + "\n{\"v\":1,\"ev");
        var page = Page(folder);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(page.Descendants("h1").Single().Value, Does.Contain("Cut off").And.Contain("1 of 2 requirements was found violated"));
            Assert.That(NotesOf(page), Does.Contain("results.json is missing").And.Contain("1 line of events.ndjson could not be read"));
            Assert.That(page.Descendants("article").Single().Value, Does.Contain("RST on the wire"));
            Assert.That(page.Descendants("table").Single(table => table.Attribute("id")?.Value == "table").Value, Does.Contain("echo/data/unchanged"));
        }
    }

    [Test]
    public void Without_a_trace_the_steps_come_from_the_case_file()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, ReportFolder.ResetSeen());
        var results = JsonNode.Parse(folder.Text("results.json"))!;
        results["requirements"]![0]!.AsObject().Remove("trace");
        folder.Write("results.json", results.ToJsonString());
        var card = Page(folder).Descendants("article").Single();
        Assert.That(card.Value, Does.Contain("#0 receive until end of file").And.Contain("what came of these steps is not written down"));
        folder.Delete(folder.CaseFile(".json"));
        Assert.That(NotesOf(Page(folder)), Does.Contain("cases/tcp-close-no-reset-").And.Contain("is missing"));
    }

    [Test]
    public void Of_very_many_failures_the_first_have_cards_and_all_are_in_the_table()
    {
        using var folder = new ReportFolder().With(Runs.Header, 1, [.. Enumerable.Range(0, 60).Select(number => ReportFolder.ResetSeen($"x/{number:00}"))]);
        var page = Page(folder);
        Assert.That(page.Descendants("article").Count(), Is.EqualTo(40));
        Assert.That(page.Descendants("section").Single(section => section.Attribute("id")?.Value == "failures").Value, Does.Contain("20 more are in the table below"));
        Assert.That(page.Descendants("tr").Count(row => row.Attribute("data-verdict")?.Value == "fail"), Is.EqualTo(60));
    }

    [Test]
    public void The_report_of_a_passing_run_is_small()
    {
        using var folder = new ReportFolder().With(Runs.Header, 0, [.. Enumerable.Range(0, 400).Select(number => Runs.Result(Status.Pass, $"some/requirement/{number}"))]);
        Assert.That(HtmlReport.Render(folder.Path), Has.Length.LessThan(250_000), "400 requirements; there are forty in a check of an echo server");
    }

    [Test]
    public void A_folder_that_is_none_of_a_run_is_refused()
    {
        using var folder = new TempFolder();
        Assert.That(() => HtmlReport.Write(folder.Path), Throws.TypeOf<InputException>().With.Message.Contains("neither results.json nor events.ndjson"));
        Assert.That(() => HtmlReport.Write(Path.Combine(folder.Path, "nowhere")), Throws.TypeOf<InputException>().With.Message.Contains("there is no folder"));
    }

    /// <summary>Puts a text wherever a text stands.</summary>
    private static void Poison(JsonNode node, string text)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members.ToList())
            {
                if (value is JsonValue leaf && leaf.GetValueKind() == System.Text.Json.JsonValueKind.String && name is not ("verdict" or "began")) members[name] = text;
                else if (value is not null) Poison(value, text);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items.OfType<JsonNode>()) Poison(item, text);
        }
    }

    private static void MustBeHarmless(XDocument page)
    {
        Assert.That(page.Descendants("script").Count() + page.Descendants("style").Count(), Is.EqualTo(2));
        Assert.That(page.Descendants().Attributes().Select(attribute => attribute.Name.LocalName), Has.None.StartsWith("on").And.None.EqualTo("style").And.None.EqualTo("src"));
        Assert.That(page.Descendants().Attributes("href").Select(link => link.Value), Is.All.Match(@"\A(#[A-Za-z0-9-]+|[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*)\z"));
        Assert.That(page.Descendants().Attributes("id").Select(id => id.Value), Is.Unique.And.All.Match(@"\A[A-Za-z0-9-]+\z"));
        Assert.That(page.ToString().Where(c => (char.IsControl(c) && c is not ('\n' or '\r')) || c is '\u202e' or '\u2028'), Is.Empty);
    }

    private static XDocument Page(ReportFolder folder)
    {
        var html = HtmlReport.Render(folder.Path);
        Assert.That(html, Does.StartWith("<!DOCTYPE html>\n"));
        var xml = html["<!DOCTYPE html>\n".Length..].Replace("<script>", "<script><![CDATA[", StringComparison.Ordinal).Replace("</script>", "]]></script>", StringComparison.Ordinal);
        return XDocument.Parse(xml, LoadOptions.PreserveWhitespace);
    }

    private static string NotesOf(XDocument page) => string.Join('\n', page.Descendants("section").Where(section => Kind(section, "notes")).Select(section => section.Value));

    private static XElement Ladder(ReportFolder folder) => Page(folder).Descendants("svg").Single(svg => Kind(svg, "ladder"));

    private static IEnumerable<XElement> Lines(XElement ladder, string kind) => ladder.Descendants("g").Where(group => Kind(group, kind)).Elements("line");

    private static bool Kind(XElement element, string kind) => element.Attribute("class")?.Value.Split(' ').Contains(kind) == true;
}
