using System.Text.Json;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class EventLogTests
{
    private static readonly Evidence Visit = Told.Of(Told.Visit(0, Talk.Text(20)));
    private static readonly Evidence Case = Visit with { Scenario = Visit.Scenario with { Situation = "one line" } };

    [Test]
    public void Every_event_is_a_line_of_its_own_as_soon_as_it_happens()
    {
        using var folder = new TempFolder();
        var lengths = new List<long>();
        using (var log = new EventLog(folder.Path, new Listener(), new ReportTrouble()))
        {
            Action[] events =
            [
                () => log.Start(Runs.Header), () => log.CaseDone(Runs.Requirement(), Case, Verdict.Holds, CloseVerdict.HalfOpen),
                () => log.RequirementDone(Runs.Failed(), 1, 1), () => log.End(1),
            ];
            foreach (var tell in events)
            {
                tell();
                lengths.Add(new FileInfo(Path.Combine(folder.Path, "events.ndjson")).Length);
            }
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lengths, Is.Ordered.And.Unique.And.All.GreaterThan(0));
            Assert.That(new FileInfo(Path.Combine(folder.Path, "events.ndjson")).Length, Is.EqualTo(lengths[^1]), "nothing is kept back until the end");
            Assert.That(
                Lines(folder).Select(line => line.GetProperty("event").GetString()),
                Is.EqualTo(["run.start", "case.end", "requirement.end", "run.end"]));
            Assert.That(Lines(folder).Select(line => line.GetProperty("v").GetInt32()), Has.All.EqualTo(1));
        }
    }

    [Test]
    public void A_case_is_told_with_its_verdict_and_its_close()
    {
        using var folder = new TempFolder();
        using (var log = new EventLog(folder.Path, new Listener(), new ReportTrouble())) log.CaseDone(Runs.Requirement(), Case, new Verdict.Violation("a", "b"), CloseVerdict.HalfOpen);
        var line = Lines(folder).Single();
        Assert.That(
            (line.GetProperty("requirement").GetString(), line.GetProperty("situation").GetString(), line.GetProperty("verdict").GetString(), line.GetProperty("close").GetString()),
            Is.EqualTo(("tcp/close/no-reset", "one line", "violation", "half-open")));
    }

    [Test]
    public void A_case_is_told_with_its_connections_and_what_it_visited_of_the_socket_model()
    {
        using var folder = new TempFolder();
        using (var log = new EventLog(folder.Path, new Listener(), new ReportTrouble())) log.CaseDone(Runs.Requirement(), Case, Verdict.Holds, CloseVerdict.Orderly);
        var line = Lines(folder).Single();
        Assert.That(line.GetProperty("connections")[0].ToString(), Is.EqualTo("""{"protocol":"tcp","source":"127.0.0.2:40000","destination":"127.0.0.1:7777","established":true,"sent":20,"received":20}"""));
        Assert.That(line.GetProperty("visits").ToString(), Is.EqualTo("""{"unconnected connect":1,"connected send":1,"connected receive":1,"connected shutdown-write":1,"write-shut receive":1,"write-shut close":1}"""));
    }

    [Test]
    public void Hostile_text_stays_within_its_line() => Law.Holds(Runs.Hostile, text =>
    {
        using var folder = new TempFolder();
        using (var log = new EventLog(folder.Path, new Listener(), new ReportTrouble()))
        {
            log.Start(Runs.Header with { Target = text });
            log.RequirementDone(Runs.Failed(observed: text), 1, 1);
        }

        Assert.That(Lines(folder), Has.Count.EqualTo(2));
    }, times: 50);

    [Test]
    public void Every_event_is_passed_on()
    {
        using var folder = new TempFolder();
        var listener = new Listener();
        using var log = new EventLog(folder.Path, listener, new ReportTrouble());
        log.CaseDone(Runs.Requirement(), Case, Verdict.Holds, CloseVerdict.None);
        log.Shrinking(Runs.Requirement());
        log.RequirementDone(Runs.Result(Status.Pass), 2, 5);
        Assert.That(listener.Heard, Is.EqualTo(["case one line", "shrinking tcp/close/no-reset", "requirement 2/5"]));
    }

    private static List<JsonElement> Lines(TempFolder folder) =>
        [.. File.ReadAllLines(Path.Combine(folder.Path, "events.ndjson")).Select(line => JsonDocument.Parse(line).RootElement)];

    private sealed class Listener : IRunObserver
    {
        public List<string> Heard { get; } = [];

        public void CaseDone(Requirement requirement, Evidence evidence, Verdict verdict, CloseVerdict close) => Heard.Add($"case {evidence.Scenario.Situation}");

        public void Shrinking(Requirement requirement) => Heard.Add($"shrinking {requirement.Id}");

        public void RequirementDone(RequirementResult result, int number, int total) => Heard.Add($"requirement {number}/{total}");
    }
}
