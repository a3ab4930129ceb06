using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using SockConformance.Report;

namespace SockConformance.Cli;

/// <summary>
/// The reports of several runs of one campaign (check --partition on several machines) as one: results.json, junit.xml, events.ndjson, cases/.
/// Whatever is wrong with an input is told with its name; what cannot be read at all ends the merge, what is only incomplete does not.
/// </summary>
/// <param name="complain">Gets a line for each thing that is missing or damaged.</param>
internal sealed partial class ReportMerge(IReadOnlyList<string> folders, Action<string> complain)
{
    private const int MostBytes = 64 << 20, MostLine = 1 << 20;

    /// <summary>No run has counted further, and sums of such numbers are numbers, too.</summary>
    private const long MostNumber = 1L << 40;

    /// <summary>From the verdict that weighs most to the one that weighs least: a requirement that several runs judged has the worst that any saw.</summary>
    private static readonly string[] Weight = ["fail", "warn", "error", "flaky", "inconclusive", "info", "pass", "skip"];

    /// <summary>Joins them in a folder and returns what its results.json says.</summary>
    /// <param name="strict">A violated SHOULD counts like a MUST.</param>
    /// <exception cref="InputException">An input cannot be read, or the runs are not of one campaign.</exception>
    public ResultsJson.Document Into(string output, bool strict)
    {
        if (folders.Any(folder => Path.GetFullPath(folder) == Path.GetFullPath(output))) throw new InputException($"{output} is one of the reports to merge: name another folder with -o");
        var runs = folders.Select(folder => new Part(folder, Read(Path.Combine(folder, "results.json")), ReadJUnit(Path.Combine(folder, "junit.xml")))).ToList();
        MustBeOneCampaign(runs);
        var chosen = (from run in runs
                      from entry in run.Results.Requirements
                      group (Run: run, Entry: entry) by entry.Id into all
                      let first = all.MinBy(one => Rank(one.Entry))
                      select (first.Run, Entry: first.Entry with { Cases = (int)Math.Min(int.MaxValue, all.Sum(one => (long)one.Entry.Cases)), DurationMs = all.Sum(one => one.Entry.DurationMs) })).ToList();

        var into = RunFolder.Create(output, 0);
        var results = Joined(runs, [.. chosen.Select(one => Moved(one.Run, one.Entry, into))], strict);
        RunFolder.Write(into, "results.json", ResultsJson.Text(results));
        WriteJUnit(Path.Combine(into, "junit.xml"), results, chosen, into);
        WriteEvents(runs, Path.Combine(into, "events.ndjson"));
        WriteKeys(runs, Path.Combine(into, "tls-keys.log"));
        return results;
    }

    private static int Rank(ResultsJson.EntryDocument entry) => Array.IndexOf(Weight, entry.Verdict) is var rank and >= 0 ? rank : Weight.Length;

    private static ResultsJson.Document Read(string path)
    {
        try
        {
            if (!File.Exists(path)) throw new InputException($"there is no {path}: that run left no report, or this is no report folder");
            var read = JsonSerializer.Deserialize(InputFile.ReadBytes(path, MostBytes), ResultsContext.Default.Document);
            if (read is not { Tool: not null, Target: not null, Spec: not null, Seed: not null, Sandbox: not null, Capture.Backend: not null, Requirements.IsDefault: false } || !DateTimeOffset.TryParse(read.Started, CultureInfo.InvariantCulture, out _)
                || !read.Requirements.All(IsWhole) || read is not { DurationMs: >= 0 and <= MostNumber, Capture: { Received: >= 0 and <= MostNumber, Dropped: >= 0 and <= MostNumber } }
                || read.Fuzz is not (null or { Cases: >= 0 and <= MostNumber, Primitives: >= 0 and <= MostNumber, Coverage: not null, Ended: not null }) || (read.Fuzz is { Finds.IsDefault: false } fuzz && fuzz.Finds.Any(find => find is null)))
                throw new InputException($"{path} is no results.json of a run: something is missing in it");
            return read.Schema == ResultsJson.Schema ? read : throw new InputException($"{path} has schema {read.Schema}; this sockconf reads schema {ResultsJson.Schema}");
        }
        catch (JsonException e)
        {
            throw new InputException($"{path} is no results.json of a run: it is damaged in line {e.LineNumber + 1}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path} cannot be read: {e.Message}");
        }
    }

    private static bool IsWhole(ResultsJson.EntryDocument entry) =>
        entry is { Id: not null, Title: not null, Level: not null, Subject: not null, Clause: not null, Close: not null, Cases: >= 0, DurationMs: >= 0 and <= MostNumber } && Weight.Contains(entry.Verdict);

    /// <summary>The test cases by their names; none where the file is missing or damaged.</summary>
    private Dictionary<string, XElement> ReadJUnit(string path)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(InputFile.ReadBytes(path, MostBytes)), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = MostBytes });
            return XDocument.Load(reader).Descendants("testcase").GroupBy(one => (string?)one.Attribute("name") ?? "").ToDictionary(group => group.Key, group => group.First());
        }
        catch (Exception e) when (e is XmlException or IOException or UnauthorizedAccessException)
        {
            complain($"{path} cannot be used ({e.Message}): the merged junit.xml says less of its failures");
            return [];
        }
    }

    private static void MustBeOneCampaign(IReadOnlyList<Part> runs)
    {
        var first = runs[0];
        foreach (var other in runs.Skip(1))
        {
            foreach (var (what, one, two) in new[] { ("tool", first.Results.Tool, other.Results.Tool), ("spec", first.Results.Spec, other.Results.Spec), ("target", first.Results.Target, other.Results.Target) })
            {
                if (one != two) throw new InputException($"{other.Folder} and {first.Folder} are not of one campaign: their {what} is {Printable.Line(two, 200)} and {Printable.Line(one, 200)}");
            }
        }
    }

    /// <summary>Campaigns add up; what each has seen of the target is not the same as what the others have, and the most of it is told.</summary>
    private static ResultsJson.FuzzDocument? Joined(IReadOnlyList<ResultsJson.FuzzDocument> campaigns)
    {
        if (campaigns.Count == 0) return null;
        var (cases, seconds) = (campaigns.Sum(one => one.Cases), campaigns.Max(one => one.Seconds));
        ImmutableArray<ResultsJson.FindDocument> finds = [.. campaigns.SelectMany(one => one.Finds.IsDefault ? [] : one.Finds).DistinctBy(find => find.Signature)];
        var coverage = new ResultsJson.CoverageDocument(campaigns.Max(one => one.Coverage.States), campaigns.Max(one => one.Coverage.Transitions), campaigns.Max(one => one.Coverage.Edges));
        var wire = new ResultsJson.WireDocument(campaigns.Sum(one => one.Wire?.Connections ?? 0), campaigns.Sum(one => one.Wire?.PacketsLost ?? 0));
        return new ResultsJson.FuzzDocument(cases, seconds, seconds > 0 ? Math.Round(cases / seconds, 1) : 0, campaigns.Sum(one => one.Primitives), finds.Length, coverage, wire, string.Join("; ", campaigns.Select(one => one.Ended).Distinct()), finds);
    }

    private ResultsJson.Document Joined(IReadOnlyList<Part> runs, ImmutableArray<ResultsJson.EntryDocument> entries, bool strict)
    {
        var all = runs.Select(run => run.Results).ToList();
        if (all.Select(run => run.Seed).Distinct().Count() > 1) complain($"the runs had different seeds: the merged report names the first, {all[0].Seed}");
        var started = all.Min(run => Start(run));
        return all[0] with
        {
            Sandbox = string.Join("; ", all.Select(run => run.Sandbox).Distinct()),
            Capture = new ResultsJson.CaptureDocument(string.Join("; ", all.Select(run => run.Capture.Backend).Distinct()), all.Sum(run => run.Capture.Received), all.Sum(run => run.Capture.Dropped)),
            Started = started.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
            DurationMs = (long)(all.Max(run => Start(run).AddMilliseconds(run.DurationMs)) - started).TotalMilliseconds,
            Exit = ExitOf(all, entries, strict),
            Requirements = entries,
            Fuzz = Joined([.. all.Select(run => run.Fuzz).OfType<ResultsJson.FuzzDocument>()]),
        };

        static DateTimeOffset Start(ResultsJson.Document run) => DateTimeOffset.Parse(run.Started, CultureInfo.InvariantCulture).ToUniversalTime();
    }

    private static int ExitOf(IReadOnlyList<ResultsJson.Document> runs, ImmutableArray<ResultsJson.EntryDocument> entries, bool strict) =>
        runs.Select(run => run.Exit).FirstOrDefault(exit => exit > Exit.Interrupted(0)) is var interrupted and > 0 ? interrupted
        : entries.Any(entry => entry.Fails(strict)) ? Exit.Violated
        : entries.Any(entry => entry.Verdict == "error") ? Exit.HarnessFailed
        : entries.Any(entry => entry.Verdict is "flaky" or "inconclusive") ? Exit.Undecided
        : entries.All(entry => entry.Verdict == "skip") ? Exit.NothingRan
        : Exit.Holds;

    /// <summary>With its files, and the line that replays it from where they are now.</summary>
    private ResultsJson.EntryDocument Moved(Part run, ResultsJson.EntryDocument entry, string into)
    {
        var saved = Copied(run, entry.Case, into);
        return entry with { Case = saved, Capture = Copied(run, entry.Capture, into), Replay = saved is null ? entry.Replay : new FailurePaths(into, Path.GetFileNameWithoutExtension(saved), saved, null).Replay };
    }

    /// <summary>Copies a file of cases/ and returns its path there; null where there is none. The path comes from a file: it may lead nowhere else.</summary>
    private string? Copied(Part run, string? path, string output)
    {
        if (path is null) return null;
        var from = Path.Combine(run.Folder, path);
        var file = CasePath().IsMatch(path) ? new FileInfo(from) : null;
        if (file is not { Exists: true, LinkTarget: null } || new DirectoryInfo(Path.Combine(run.Folder, "cases")).LinkTarget is not null)
        {
            complain($"{Path.Combine(run.Folder, "results.json")} names {Printable.Line(path, 200)}, which is no file of its cases: left out");
            return null;
        }

        Directory.CreateDirectory(Path.Combine(output, "cases"));
        file.CopyTo(Path.Combine(output, path), overwrite: true);
        return path;
    }

    private static void WriteJUnit(string path, ResultsJson.Document results, IReadOnlyList<(Part Run, ResultsJson.EntryDocument Entry)> chosen, string folder)
    {
        var cases = results.Requirements.Select((entry, index) => chosen[index].Run.Tests.TryGetValue(entry.Id, out var test) ? Moved(new XElement(test), entry, folder) : Made(entry, results.Spec)).ToList();
        XAttribute[] counts =
        [
            new("tests", cases.Count), new("failures", Having("failure")), new("errors", Having("error")), new("skipped", Having("skipped")),
            new("time", (results.DurationMs / 1000.0).ToString("0.000", CultureInfo.InvariantCulture)), new("timestamp", results.Started.Split('.')[0]),
        ];
        var document = new XDocument(new XElement("testsuites", new XAttribute("name", "sockconf"), counts, new XElement("testsuite", new XAttribute("name", Printable.Line(results.Spec)), counts, cases)));
        var draft = path + ".tmp";
        using (var xml = XmlWriter.Create(draft, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false) })) document.Save(xml);
        File.Move(draft, path, overwrite: true);

        int Having(string element) => cases.Count(test => test.Element(element) is not null);
    }

    private static XElement Moved(XElement test, ResultsJson.EntryDocument entry, string folder)
    {
        test.Element("system-out")?.Remove();
        if (entry.Capture is { } capture) test.Add(new XElement("system-out", JUnitXml.AttachmentLine(folder, capture)));
        return test;
    }

    private static XElement Made(ResultsJson.EntryDocument entry, string spec)
    {
        var element = entry switch { { Verdict: "fail" } => "failure", { Verdict: "error" or "inconclusive" } => "error", { Verdict: "skip" } or { Baseline: "xfail" } => "skipped", _ => null };
        return new XElement("testcase", new XAttribute("classname", Printable.Line($"sockconf.{spec}")), new XAttribute("name", Printable.Line(entry.Id)), new XAttribute("time", (entry.DurationMs / 1000.0).ToString("0.000", CultureInfo.InvariantCulture)),
            element is null ? null : new XElement(element, new XAttribute("message", entry.Message()), entry.Message()));
    }

    /// <summary>One log after the other: each begins with its run.start. What is no event, such as the last line of a run that was cut off, is left out.</summary>
    private void WriteEvents(IReadOnlyList<Part> runs, string path)
    {
        using var output = new StreamWriter(path, append: false, new UTF8Encoding(false)) { NewLine = "\n" };
        foreach (var run in runs)
        {
            var from = Path.Combine(run.Folder, "events.ndjson");
            var bad = 0;
            try
            {
                foreach (var line in InputFile.Lines(from, MostLine))
                {
                    if (IsEvent(line)) output.WriteLine(line);
                    else bad++;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                complain($"{from} cannot be read ({e.Message}): its events are left out");
            }

            if (bad > 0) complain($"{from}: {bad} {(bad == 1 ? "line is no event and is" : "lines are no events and are")} left out");
        }
    }

    private static bool IsEvent(string line)
    {
        if (line.Length is 0 or > MostLine) return false;
        try
        {
            using var entry = JsonDocument.Parse(line);
            return entry.RootElement.ValueKind == JsonValueKind.Object && entry.RootElement.TryGetProperty("event", out _);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for half a character in a name
        {
            return false;
        }
    }

    /// <summary>The secrets of TLS sessions stay beside the captures that need them.</summary>
    private static void WriteKeys(IReadOnlyList<Part> runs, string path)
    {
        var logs = runs.Select(run => new FileInfo(Path.Combine(run.Folder, "tls-keys.log"))).Where(file => file is { Exists: true, LinkTarget: null, Length: < MostBytes }).ToList();
        if (logs.Count > 0) File.WriteAllLines(path, logs.SelectMany(file => InputFile.Lines(file.FullName, MostLine)));
    }

    [GeneratedRegex(@"^cases/[A-Za-z0-9][A-Za-z0-9._-]{0,200}\z")]
    private static partial Regex CasePath();

    private sealed record Part(string Folder, ResultsJson.Document Results, IReadOnlyDictionary<string, XElement> Tests);
}
