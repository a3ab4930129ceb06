using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SockConformance.Model;

namespace SockConformance.Report.Html;

/// <summary>
/// Reads a report folder, whole or not: what is missing or damaged becomes a note. Of a run that was cut off the events tell what was decided until then.
/// Every file may come from anybody: sizes are limited, and names lead nowhere else.
/// </summary>
internal sealed class RunReader(string folder)
{
    private const int MostBytes = 64 << 20, MostRequirements = 1000, MostConnections = 300, MostSteps = 400, MostFiles = 400, MostNotes = 20;
    private readonly List<string> notes = [];

    /// <exception cref="InputException">There is no such folder, or no run in it.</exception>
    public RunView Read()
    {
        if (!Directory.Exists(folder)) throw new InputException($"there is no folder {folder}: name the report folder of a run (the summary of a check ends with it)");
        var (results, events) = (Path.Combine(folder, "results.json"), Path.Combine(folder, "events.ndjson"));
        if (!File.Exists(results) && !File.Exists(events)) throw new InputException($"{folder} is no report folder: it has neither results.json nor events.ndjson");
        var log = EventsOf(events);
        var run = ResultsOf(results) ?? log;
        return run with
        {
            Requirements = [.. Anchored(run.Requirements)],
            Cases = log.Cases,
            Connections = log.Connections,
            ConnectionsInAll = log.ConnectionsInAll,
            Visits = log.Visits,
            Coverage = TextOf("coverage.txt"),
            Files = Files(),
            Notes = [.. notes.Take(MostNotes)],
        };
    }

    private static IEnumerable<RequirementView> Anchored(IEnumerable<RequirementView> requirements)
    {
        const int MostId = 120;
        var taken = new Dictionary<string, int>();
        foreach (var requirement in requirements)
        {
            var anchor = $"r-{string.Concat(requirement.Id.Take(MostId).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'))}";
            var times = taken[anchor] = taken.GetValueOrDefault(anchor) + 1;
            yield return requirement with { Anchor = times == 1 ? anchor : $"{anchor}--{times}" };
        }
    }

    /// <summary>Null where there is none that can be read.</summary>
    private RunView? ResultsOf(string path)
    {
        try
        {
            if (Bytes(path, "results.json") is not { } bytes) return null;
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            var capture = root.Member("capture");
            var all = root.Items("requirements").ToList();
            if (all.Count == 0 || root.ValueKind != JsonValueKind.Object) notes.Add("results.json has no requirements: it is not that of a run, or damaged");
            if (all.Count > MostRequirements) notes.Add($"results.json has {all.Count} requirements; the first {MostRequirements} are shown");
            return new RunView
            {
                Tool = root.Text("tool") ?? "",
                Target = root.Text("target") ?? "",
                Spec = root.Text("spec") ?? "",
                Seed = root.Text("seed") ?? "",
                Sandbox = root.Text("sandbox") ?? "",
                Backend = capture.Text("backend") ?? "",
                Received = capture.Number("received"),
                Dropped = capture.Number("dropped"),
                Started = root.Text("started") ?? "",
                Duration = root.Number("duration_ms") is { } ms ? Milliseconds(ms) : null,
                Exit = root.Number("exit"),
                Requirements = [.. all.Take(MostRequirements).Select(RequirementOf)],
            };
        }
        catch (JsonException e)
        {
            notes.Add($"results.json is damaged at line {e.LineNumber + 1}: what the events tell is shown instead");
            return null;
        }
    }

    private RequirementView RequirementOf(JsonElement entry)
    {
        var casePath = Inside(entry.Text("case"));
        var view = new RequirementView(entry.Text("id") ?? "?", entry.Text("title") ?? "", entry.Text("verdict") ?? "?")
        {
            Statement = entry.Text("statement"),
            Level = entry.Text("level") ?? "",
            Subject = entry.Text("subject") ?? "",
            Clause = entry.Text("clause") ?? "",
            Close = entry.Text("close") ?? "",
            Cases = entry.Number("cases") ?? 0,
            Duration = entry.Number("duration_ms") is { } ms ? Milliseconds(ms) : null,
            Expected = entry.Text("expected"),
            Actual = entry.Text("actual"),
            Why = entry.Text("why"),
            Fix = entry.Text("fix"),
            Case = casePath,
            Capture = Inside(entry.Text("capture")),
            Replay = entry.Text("replay"),
            Baseline = entry.Text("baseline"),
        };
        if (!view.IsShown) return view;
        return view with { Trace = entry.Member("trace") is { ValueKind: JsonValueKind.Object } trace ? TraceOf(trace) : casePath is null ? null : TraceOfCase(casePath) };
    }

    private static TraceView TraceOf(JsonElement trace)
    {
        var (confirmed, shrunk, shown, target) = (trace.Member("confirmed"), trace.Member("shrunk"), trace.Member("shown"), trace.Member("target"));
        var ends = trace.Items("ends").Select(end => end.Text() ?? "?").ToList();
        return new TraceView
        {
            Ends = ends is [var left, var right] ? (left, right) : ("harness", "target"),
            Began = DateTime.TryParse(trace.Text("began"), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var began) ? began : null,
            Confirmed = confirmed.Number("runs") is { } runs ? (confirmed.Number("failed") ?? 0, runs) : null,
            Shrunk = shrunk.Number("before") is { } before ? (before, shrunk.Number("after") ?? 0, shrunk.Number("runs") ?? 0) : null,
            ShownAtStep = shown.Small("step"),
            ShownOnSocket = shown.Small("socket"),
            Absence = shown.Member("absence").ValueKind == JsonValueKind.True,
            StepsInAll = trace.Number("steps_in_all") ?? 0,
            Steps = [.. trace.Items("steps").Take(MostSteps).Select(step => new StepView(
                step.Text("text") ?? "?", step.Small("socket"), step.Number("start_us") ?? 0, step.Number("end_us") ?? 0, step.Text("result"), step.Number("bytes") ?? 0, step.Text("errno"), step.Text("detail"),
                step.Text("illegal")))],
            Connections = [.. trace.Items("connections").Take(MostConnections).Select(one => new TupleView(
                one.Small("socket") ?? 0, one.Text("protocol") ?? "", one.Text("left") ?? "", one.Text("right") ?? "", one.Number("sent") ?? 0, one.Number("received") ?? 0, one.Text("left_behind")))],
            Ended = target.Text("ended"),
            EndedAt = target.Number("ended_us"),
            Output = target.Text("output") ?? "",
        };
    }

    /// <summary>The steps of a case file, where nobody has written down what came of them.</summary>
    private TraceView? TraceOfCase(string path)
    {
        try
        {
            var full = Path.Combine(folder, path);
            if (ProgramCase.Is(full)) return OfLines(ProgramCase.Read(full).Case.Program.Select(line => (line, (int?)null, (string?)null)));
            var scenario = CaseFile.Read(full).Scenario;
            return OfLines(scenario.Steps.Zip(SocketModel.Check(scenario)).Select(step => ($"{step.First}", step.First.On, step.Second is Legality.Illegal illegal ? $"{illegal.Why} ({illegal.Clause})" : null)));
        }
        catch (InputException e)
        {
            notes.Add(e.Message);
            return null;
        }
    }

    private static TraceView OfLines(IEnumerable<(string Text, int? Socket, string? Illegal)> lines)
    {
        var all = lines.ToList();
        return new TraceView { StepsInAll = all.Count, Steps = [.. all.Take(MostSteps).Select((line, index) => new StepView(line.Text, line.Socket, index, index, null, 0, null, null, line.Illegal))] };
    }

    /// <summary>The run as its events tell it: all there is of one that was cut off.</summary>
    private RunView EventsOf(string path)
    {
        var run = new RunView();
        var requirements = new Dictionary<string, RequirementView>();
        var connections = new List<ConnectionView>();
        var visits = new Dictionary<ModelVisit, long>();
        long cases = 0, inAll = 0, broken = 0;
        if (Bytes(path, "events.ndjson") is not { } bytes) return run;
        using var lines = new StreamReader(new MemoryStream(bytes), Encoding.UTF8);
        while (lines.ReadLine() is { } line)
        {
            if (line.Length == 0) continue;
            try
            {
                using var document = JsonDocument.Parse(line);
                var json = document.RootElement;
                switch (json.Text("event"))
                {
                    case "run.start":
                        run = run with { Tool = json.Text("tool") ?? "", Target = json.Text("target") ?? "", Spec = json.Text("spec") ?? "", Seed = json.Text("seed") ?? "", Sandbox = json.Text("sandbox") ?? "", Backend = json.Text("capture") ?? "" };
                        break;
                    case "requirement.end" when json.Text("requirement") is { } id && requirements.Count < MostRequirements:
                        var verdict = json.Text("verdict") ?? "?";
                        requirements[id] = new RequirementView(id, "", verdict is "xfail" ? "info" : verdict is "xpass" ? "pass" : verdict) { Cases = json.Number("cases") ?? 0, Actual = json.Text("observed"), Why = json.Text("reason") };
                        break;
                    case "case.end":
                        cases++;
                        foreach (var one in json.Items("connections"))
                        {
                            if (++inAll <= MostConnections)
                                connections.Add(new ConnectionView(json.Text("requirement") ?? "", one.Text("protocol") ?? "", one.Text("source") ?? "", one.Text("destination") ?? "", one.Member("established").ValueKind == JsonValueKind.True, one.Number("sent") ?? 0, one.Number("received") ?? 0, json.Text("close") ?? ""));
                        }

                        if (json.Member("visits") is not { ValueKind: JsonValueKind.Object } visited) break;
                        foreach (var pair in visited.EnumerateObject())
                        {
                            if (ModelVisit.Parse(pair.Name) is { } visit && pair.Value.ValueKind == JsonValueKind.Number && pair.Value.TryGetInt64(out var times) && times is > 0 and < int.MaxValue) visits[visit] = visits.GetValueOrDefault(visit) + times;
                        }

                        break;
                    case "run.end":
                        run = run with { Exit = json.Number("exit") };
                        break;
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for a name with half a character
            {
                broken++;
            }
        }

        if (broken > 0) notes.Add($"{broken} {(broken == 1 ? "line" : "lines")} of events.ndjson could not be read: it is damaged, or was cut off while it was written");
        return run with { Requirements = [.. requirements.Values], Connections = [.. connections], ConnectionsInAll = inAll, Visits = visits, Cases = cases };
    }

    /// <summary>Null for a file that is missing or too large; then a note says so.</summary>
    private byte[]? Bytes(string path, string name)
    {
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists) notes.Add(name == "results.json" ? "results.json is missing: the run was cut off, or the file was lost; what the events tell is shown" : $"{name} is missing: connections and the coverage of the socket model cannot be shown");
            else if (info.Length > MostBytes) notes.Add($"{name} has {info.Length} bytes; more than {MostBytes} are not read");
            else if (InputFile.ReadBytes(path, MostBytes) is { Length: > 0 } bytes) return bytes;
            else notes.Add($"{name} is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            notes.Add($"{name} cannot be read: {e.Message}");
        }

        return null;
    }

    private string? TextOf(string name) => File.Exists(Path.Combine(folder, name)) && Bytes(Path.Combine(folder, name), name) is { Length: < 1 << 16 } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>A path that stays in the folder and can stand in a link as it is; null for any other, and with a note for one that is not there.</summary>
    private string? Inside(string? path)
    {
        if (path is null) return null;
        var plain = path.Length < 300 && path.Split('/').All(part => part.Length > 0 && part.Trim('.').Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'));
        if (plain && File.Exists(Path.Combine(folder, path))) return path;
        notes.Add($"{path} is missing");
        return null;
    }

    private ImmutableArray<(string, long)> Files()
    {
        string[] known = ["results.json", "junit.xml", .. Enum.GetValues<Format>().Select(Formats.FileOf), "events.ndjson", "coverage.txt", "tls-keys.log"];
        var cases = Path.Combine(folder, "cases");
        IEnumerable<string> further = Directory.Exists(cases) ? Directory.EnumerateFiles(cases).Select(path => $"cases/{Path.GetFileName(path)}").Take(MostFiles * 2).Order(StringComparer.Ordinal).ToList() : [];
        return [.. from name in known.Concat(further).Take(MostFiles)
                   where File.Exists(Path.Combine(folder, name)) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/')
                   select (name, new FileInfo(Path.Combine(folder, name)).Length)];
    }

    private static TimeSpan Milliseconds(long ms) => TimeSpan.FromMilliseconds(Math.Clamp(ms, 0, int.MaxValue));
}

/// <summary>JSON of which nothing is known: what is not there, or of another kind, is null.</summary>
internal static class LenientJson
{
    public static JsonElement Member(this JsonElement json, string name)
    {
        try
        {
            return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member) ? member : default;
        }
        catch (InvalidOperationException)
        {
            return default; // half a character in the name of another
        }
    }

    public static string? Text(this JsonElement json, string name) => json.Member(name).Text();

    public static string? Text(this JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.String ? json.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return "\ufffd"; // half a character
        }
    }

    public static long? Number(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.Number } member && member.TryGetInt64(out var number) ? number : null;

    public static int? Small(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.Number } member && member.TryGetInt32(out var number) && number >= 0 ? number : null;

    public static IEnumerable<JsonElement> Items(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.Array } member ? member.EnumerateArray() : Enumerable.Empty<JsonElement>();
}
