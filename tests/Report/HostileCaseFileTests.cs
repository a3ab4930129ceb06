using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Serialization;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

/// <summary>Case files may come from anybody: what asks for the impossible is refused, in one line, before anything runs.</summary>
public class HostileCaseFileTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    private const string Connect = """{ "do": "connect" }""";

    [Test]
    public void A_small_case_is_read() => Assert.That(Read(Whole()).Scenario.Steps, Has.Length.EqualTo(1));

    [Test]
    public void A_case_that_records_no_command_has_an_empty_one()
    {
        var command = Read(Whole()).Command;
        Assert.That(command.IsDefault, Is.False);
        Assert.That(command, Is.Empty);
    }

    [TestCase("0")]
    [TestCase("2")]
    [TestCase("-1")]
    [TestCase("1.5")]
    [TestCase("1e99")]
    [TestCase("\"1\"")]
    [TestCase("null")]
    [TestCase("[1]")]
    public void Another_version_is_refused_and_named(string version) =>
        Assert.That(Refusal(Whole(version: version)), Does.Contain("format").And.Contain(version));

    [TestCase("{}")]
    [TestCase("""{ "Sockcase": 1 }""")]
    [TestCase("[]")]
    [TestCase("1")]
    [TestCase("null")]
    public void What_is_no_case_file_is_called_so(string json) => Assert.That(Refusal(json), Does.Contain("no case file"));

    [TestCase("")]
    [TestCase("PK\u0003\u0004")]
    [TestCase("{ 'sockcase': 1 }")]
    public void What_is_no_json_is_refused(string json) => Refusal(json);

    [Test]
    public void A_member_that_nobody_knows_is_refused_at_every_level()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Refusal(Whole(more: """, "colour": "red" """)), Does.Contain("colour"));
            Assert.That(Refusal(Whole("""{ "do": "connect", "colour": "red" }""")), Does.Contain("colour"));
            Assert.That(Refusal(Whole("""{ "do": "send", "cuts": [], "data": { "kind": "literal", "hex": "00", "colour": "red" } }""")), Does.Contain("colour"));
        }
    }

    [Test]
    public void The_name_of_an_unknown_member_does_not_break_the_line() => Refusal(Whole(more: """, "a\nb\u001b[31m": 1 """));

    [TestCase("id")]
    [TestCase("requirement")]
    [TestCase("spec")]
    [TestCase("tool")]
    [TestCase("seed")]
    [TestCase("expected")]
    [TestCase("observed")]
    [TestCase("scenario")]
    public void A_member_that_is_missing_or_null_is_refused(string member)
    {
        var json = Whole();
        Refusal(json.Replace($"\"{member}\":", $"\"x{member}\":", StringComparison.Ordinal));
        var start = json.IndexOf($"\"{member}\":", StringComparison.Ordinal) + member.Length + 3;
        var end = member == "scenario" ? json.LastIndexOf('}') : json.IndexOf(',', start);
        Refusal($"{json[..start]} null {json[end..]}");
    }

    [TestCase("""{ "situation": null, "steps": [{ "do": "connect" }] }""")]
    [TestCase("""{ "situation": "", "steps": null }""")]
    [TestCase("""{ "situation": "", "steps": [] }""")]
    [TestCase("""{ "situation": "", "steps": [null] }""")]
    [TestCase("""{ "situation": "", "steps": {} }""")]
    [TestCase("""{ "situation": "" }""")]
    [TestCase("[]")]
    [TestCase("7")]
    public void A_scenario_without_steps_or_name_is_refused(string scenario) =>
        Refusal(Whole().Replace($$"""{ "situation": "", "steps": [{{Connect}}] }""", scenario, StringComparison.Ordinal));

    [TestCase("""{ "do": "fork" }""")]
    [TestCase("""{ "do": 1 }""")]
    [TestCase("""{ }""")]
    [TestCase("""{ "do": "connect", "socket": -1 }""")]
    [TestCase("""{ "do": "connect", "socket": 1024 }""")]
    [TestCase("""{ "do": "connect", "socket": 1.5 }""")]
    [TestCase("""{ "do": "connect", "socket": "0" }""")]
    [TestCase("""{ "do": "connect", "socket": 99999999999999999999 }""")]
    [TestCase("""{ "do": "connect", "receiveBuffer": -1 }""")]
    [TestCase("""{ "do": "connect", "readChunk": -1 }""")]
    [TestCase("""{ "do": "connect", "readPause": -1 }""")]
    [TestCase("""{ "do": "connect", "readPause": 60001 }""")]
    [TestCase("""{ "do": "receive", "bytes": -1 }""")]
    [TestCase("""{ "do": "receive", "bytes": 16777217 }""")]
    [TestCase("""{ "do": "idle", "milliseconds": -1 }""")]
    [TestCase("""{ "do": "idle", "milliseconds": 60001 }""")]
    [TestCase("""{ "do": "send", "cuts": [] }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": null }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": {} }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "file", "path": "/etc/passwd" } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "literal" } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "literal", "hex": null } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "literal", "hex": "0" } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "literal", "hex": "0g" } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "generated", "length": -1 } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "generated", "length": 16777217 } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "generated", "length": 5, "seed": -1 } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "generated", "length": 5, "alphabet": "Runes" } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "generated", "length": 5, "alphabet": 99 } }""")]
    [TestCase("""{ "do": "send", "cuts": [0], "data": { "kind": "literal", "hex": "00" } }""")]
    [TestCase("""{ "do": "send", "cuts": [-5], "data": { "kind": "literal", "hex": "00" } }""")]
    [TestCase("""{ "do": "send", "cuts": null, "data": { "kind": "literal", "hex": "00" } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "pause": -1, "data": { "kind": "literal", "hex": "00" } }""")]
    [TestCase("""{ "do": "send", "cuts": [], "pause": 60001, "data": { "kind": "literal", "hex": "00" } }""")]
    [TestCase("""{ "do": "receiveMessages", "count": 1, "framing": { "kind": "line", "max": 5 } }""")]
    [TestCase("""{ "do": "await", "milliseconds": 5, "framing": { "kind": "line", "terminator": "", "max": 5 } }""")]
    [TestCase("""{ "do": "await", "milliseconds": 5, "framing": { "kind": "line", "terminator": "0g", "max": 5 } }""")]
    [TestCase("""{ "do": "await", "milliseconds": 5, "framing": { "kind": "length-prefix", "bytes": 3, "max": 5 } }""")]
    [TestCase("""{ "do": "await", "milliseconds": 5, "framing": { "kind": "fixed" } }""")]
    public void A_step_that_cannot_be_meant_is_refused(string step) => Refusal(Whole(step));

    public static IEnumerable<string> Kinds => typeof(Step).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(kind => (string)kind.TypeDiscriminator!);

    /// <summary>Only its kind is told: it is refused, or there is nothing else that must be told.</summary>
    [TestCaseSource(nameof(Kinds))]
    public void Of_a_step_that_is_taken_nothing_is_missing(string kind)
    {
        Step step;
        try
        {
            step = Read(Whole($$"""{ "do": "{{kind}}" }""")).Scenario.Steps.Single();
        }
        catch (InputException)
        {
            return;
        }

        var nullability = new NullabilityInfoContext();
        foreach (var member in step.GetType().GetProperties())
        {
            var value = member.GetValue(step);
            Assert.That(value is null && nullability.Create(member).ReadState == NullabilityState.NotNull, Is.False, member.Name);
            Assert.That(member.PropertyType.GetProperty("IsDefault")?.GetValue(value), Is.Null.Or.False, member.Name);
        }
    }

    [Test]
    public void A_command_that_is_not_made_of_words_is_refused()
    {
        Refusal(Whole(more: """, "command": [null] """));
        Refusal(Whole(more: """, "command": "rm -rf" """));
        Refusal(Whole(more: """, "command": [["a"]] """));
    }

    [Test]
    public void More_steps_than_anybody_needs_are_refused()
    {
        Assert.That(Read(Whole(string.Join(',', Enumerable.Repeat(Connect, 20_000)))).Scenario.Steps, Has.Length.EqualTo(20_000));
        Assert.That(Refusal(Whole(string.Join(',', Enumerable.Repeat(Connect, 20_001)))), Does.Contain("20001 steps"));
    }

    [TestCase('[')]
    [TestCase('{')]
    public void Deep_nesting_is_refused(char open) =>
        Refusal(Whole(more: $""", "deep": {string.Concat(Enumerable.Repeat(open == '{' ? "{\"a\":" : "[", 100_000))}"""));

    [TestCase("""{ "do": "idle", "milliseconds": 60000 }""", 11)]
    [TestCase("""{ "do": "send", "cuts": [], "data": { "kind": "generated", "length": 16777216, "seed": 1, "alphabet": "Text" } }""", 5)]
    public void A_small_file_cannot_ask_for_days_or_for_all_memory(string step, int times) =>
        Assert.That(Refusal(Whole(string.Join(", ", Enumerable.Repeat(step, times)))), Does.Contain("in all"));

    [Test]
    public void A_file_that_is_not_there_is_named() =>
        Assert.That(Assert.Throws<InputException>(() => CaseFile.Read("no/such/case.json"))!.Message, Does.Contain("no/such/case.json"));

    [Test]
    public void A_file_that_is_too_large_is_refused_unread()
    {
        using var folder = new TempFolder();
        var path = folder.File("large.json", "");
        using (var file = File.OpenWrite(path)) file.SetLength((4 << 20) + 1);
        Assert.That(Assert.Throws<InputException>(() => CaseFile.Read(path))!.Message, Does.StartWith(path).And.Contain("4194305"));
    }

    [TestCase("""{ "\ud800": 1 }""")]
    [TestCase("""{ "\ud800gram": 1 }""")]
    [TestCase("")]
    public void What_is_neither_kind_of_case_is_told_as_no_case_file(string json)
    {
        using var folder = new TempFolder();
        var path = folder.File("evil.json", json);
        Assert.That(ProgramCase.Is(path), Is.False);
        Assert.That(Assert.Throws<InputException>(() => CaseFile.Read(path))!.Message, Does.StartWith(path).And.Contain("no").And.Contain("case file"));
    }

    [Test]
    public async Task A_pipe_is_not_read_for_ever()
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "evil.json");
        using (var make = Process.Start("mkfifo", [path])) await make.WaitForExitAsync();
        Assert.That(await Task.Run(() => ProgramCase.Is(path)).WaitAsync(Enough), Is.False);
        await Assert.ThatAsync(() => Task.Run(() => CaseFile.Read(path)).WaitAsync(Enough), Throws.TypeOf<InputException>());
    }

    private static string Whole(string steps = Connect, string version = "1", string more = "") =>
        $$"""
        { "sockcase": {{version}}, "id": "i", "requirement": "r", "spec": "echo", "tool": "t", "seed": "0x1", "expected": "e", "observed": "o"{{more}},
          "scenario": { "situation": "", "steps": [{{steps}}] } }
        """;

    private static CaseFile Read(string json) => CaseFile.Parse(json, "evil.json");

    private static string Refusal(string json)
    {
        var error = Assert.Throws<InputException>(() => Read(json));
        if (error is null) return "";
        Assert.That(error.Message, Does.StartWith("evil.json").And.Not.Contain("\n").And.Not.Contain("\r"));
        return error.Message;
    }
}
