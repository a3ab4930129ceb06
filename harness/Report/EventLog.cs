using System.Text.Json;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>
/// events.ndjson: one JSON object per line, written as things happen, so that a run cut off in the middle can still be read.
/// Passes every event on to the next observer.
/// </summary>
/// <param name="trouble">Told if it cannot be written.</param>
internal sealed class EventLog(string folder, IRunObserver next, ReportTrouble trouble) : IRunObserver, IDisposable
{
    private const int MostConnections = 64;
    private readonly EventStream events = new(folder, trouble);

    public void Start(RunHeader header) => Write("run.start", json =>
    {
        json.WriteString("tool", $"sockconf {RunHeader.Version}");
        json.WriteString("target", header.Target);
        json.WriteString("spec", header.Spec);
        json.WriteString("seed", header.SeedText);
        json.WriteString("sandbox", header.Sandbox);
        json.WriteString("capture", header.Capture);
    });

    public void End(int exit) => Write("run.end", json => json.WriteNumber("exit", exit));

    public void CaseDone(Requirement requirement, Evidence evidence, Verdict verdict, CloseVerdict close)
    {
        Write("case.end", json =>
        {
            json.WriteString("requirement", requirement.Id);
            json.WriteString("situation", evidence.Scenario.Situation);
            json.WriteString("verdict", verdict.GetType().Name.ToLowerInvariant());
            json.WriteString("close", ResultsJson.CloseName(close));
            Connections(json, evidence);
            json.WriteStartObject("visits");
            foreach (var (visit, times) in ModelVisits.Of(evidence.Scenario, evidence.Trace)) json.WriteNumber($"{visit}", times);
            json.WriteEndObject();
        });
        next.CaseDone(requirement, evidence, verdict, close);
    }

    public void Shrinking(Requirement requirement) => next.Shrinking(requirement);

    public void RequirementDone(RequirementResult result, int number, int total)
    {
        Write("requirement.end", json =>
        {
            json.WriteString("requirement", result.Requirement.Id);
            json.WriteString("verdict", result.Status.ToString().ToLowerInvariant());
            json.WriteNumber("cases", result.Cases);
            if (result.Failure is { } failure) json.WriteString("observed", failure.Violation.Observed);
            if (result.Reason is { } reason) json.WriteString("reason", reason);
        });
        next.RequirementDone(result, number, total);
    }

    public void Dispose() => events.Dispose();

    /// <summary>The 5-tuples of a case, with what went over each.</summary>
    private static void Connections(Utf8JsonWriter json, Evidence evidence)
    {
        json.WriteStartArray("connections");
        foreach (var connection in evidence.Trace.Connections.Where(connection => connection.Tuple is not null).Take(MostConnections))
        {
            var tuple = connection.Tuple!.Value;
            json.WriteStartObject();
            json.WriteString("protocol", tuple.Protocol.ToString().ToLowerInvariant());
            json.WriteString("source", $"{tuple.Client}");
            json.WriteString("destination", $"{tuple.Server}");
            json.WriteBoolean("established", connection.Established);
            json.WriteNumber("sent", connection.Accepted);
            json.WriteNumber("received", connection.Received.Length);
            if (connection.LeftBehind is { } left) json.WriteString("left_behind", $"{left}");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void Write(string name, Action<Utf8JsonWriter> fields) => events.Write(name, fields);
}

/// <summary>One JSON object per line, flushed as it is written. After a line that could not be written there is none.</summary>
internal sealed class EventStream(string folder, ReportTrouble trouble) : IDisposable
{
    // Whoever makes a report of the run reads it meanwhile.
    private readonly FileStream stream = new(Path.Combine(folder, "events.ndjson"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    private readonly Lock gate = new();
    private readonly MemoryStream line = new();
    private bool broken;

    public void Write(string name, Action<Utf8JsonWriter> fields)
    {
        lock (gate)
        {
            if (broken) return;
            line.SetLength(0);
            using (var json = new Utf8JsonWriter(line))
            {
                json.WriteStartObject();
                json.WriteNumber("v", 1);
                json.WriteString("event", name);
                json.WriteNumber("ms", Math.Round(Clock.Now.TotalMilliseconds, 3));
                fields(json);
                json.WriteEndObject();
            }

            line.WriteByte((byte)'\n');
            broken = !trouble.Try(() => stream.Write(line.GetBuffer().AsSpan(0, (int)line.Length)));
        }
    }

    public void Dispose() => stream.Dispose();
}
