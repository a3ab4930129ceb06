using System.Collections.Immutable;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Report.Html;
using SockConformance.Run;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Cli;

/// <summary>The parts of one run put together: capture, pool of targets, case runner; then check or replay.</summary>
internal sealed class Session(TargetRequest request, StopRequest stop)
{
    private const int LanesPerJob = 3;

    public int Check(CheckRequest plan)
    {
        var suite = plan.Suite;
        var started = DateTimeOffset.UtcNow;
        var console = new ConsoleReport(Console.Out, Console.Error, request.Style);
        using var capture = request.OpenCapture("the sockets said", out var captureText);
        var header = new RunHeader(request.TargetText, plan.Suite.Name, plan.Seed, request.SandboxText, captureText, capture is not null, request.Command?.Words ?? [], plan.Strict) { Suite = suite };
        if (plan.Selected.IsEmpty) return NothingMatches();

        var folder = RunFolder.Create(request.ReportFolder, plan.Seed);
        var keys = suite.Service.Tls is not null && plan.Secrets != TlsSecrets.Drop ? Path.Combine(folder, "tls-keys.log") : null;
        if (keys is not null) TlsChannel.LogKeysTo(keys);
        var actions = GitHubActions.Around(Console.Out);
        actions?.Begin();
        console.Header(header);
        using var lag = new LagMonitor();
        using var control = new ControlRun();
        using var secure = new TlsSetup(suite.Service, request.Command, request.TlsCa, request.TlsName, OwnNamespace.Scratch, suite.OfClients);
        if (secure.Shown is not null && !request.Command!.NamesAuthority)
            Console.Error.WriteLine("sockconf: the command has no {ca}, so the client is not told whom to trust: {ca} stands for the file (PEM) of the authority that the harness's certificates for localhost come from");
        using var pool = NewPool(capture, suite, secure);
        using var wire = NewWire();
        var trouble = new ReportTrouble();
        using var events = new EventLog(folder, console, trouble);
        events.Start(header);
        var runner = new CaseRunner(pool, suite.Service, capture, lag, request.Patience, stop.Token) { Pace = plan.Pace, Control = control, Tls = secure.Trust, Shown = secure.Shown, Wire = wire };
        var check = new CheckRun(
            new CheckPlan(plan.Selected, plan.Seed, plan.CaseScale, plan.Jobs * LanesPerJob, plan.Pace, plan.Budget, suite.ConcurrencyProbe), runner, pool, events, stop.Token);
        var results = check.Execute();
        var counts = capture?.Counts() ?? default;
        var run = new RunResult(results, started, DateTimeOffset.UtcNow - started, runner.Cases, runner.Connections, counts.Received, counts.Dropped, stop.Signal).With(plan.Baseline);

        var exit = ExitOf(run, plan.Strict);
        var origin = new CaptureOrigin(capture?.Link ?? LinkType.Ethernet, counts, plan.Secrets == TlsSecrets.Embed ? keys : null) { Filter = capture?.Filter };
        var files = run.Requirements.Where(result => result.Failure is not null).ToDictionary(
            result => result.Requirement.Id, result => FailureFiles.Save(folder, header, result.Requirement, (ScenarioFailure)result.Failure!, origin, trouble));
        foreach (var result in run.Requirements.Where(result => result.Status is Status.Fail or Status.Warn)) console.Card(result, files.GetValueOrDefault(result.Requirement.Id), folder);
        console.Known(run.Requirements);
        var document = WriteReport(folder, request.Also, header, run, exit, files, trouble);
        events.End(exit);
        exit = Finished(trouble, folder, exit);
        console.Summary(header, run, folder, exit);
        End(actions, document, plan.Strict);
        if (files.Values.Count(one => one.HoldsSecrets) is var open and > 0)
            Console.Error.WriteLine($"sockconf: --tls-secrets embed: {open} {(open == 1 ? "capture" : "captures")} in {Printable.Line(Path.Combine(folder, "cases"))} {(open == 1 ? "holds" : "hold")} TLS secrets: whoever gets the file can read what was said");
        return exit;
    }

    /// <param name="shrinkTime">For how long each case that fails again is made smaller; null for not at all.</param>
    /// <param name="saveTo">The file, or for several cases the folder, that what comes of them is written to; null for none.</param>
    public int Replay(IReadOnlyList<(string Path, CaseFile Case, Suite? Suite)> files, TimeSpan? shrinkTime = null, string? saveTo = null)
    {
        using var capture = request.OpenCapture("the sockets said", out var captureText);
        if (!request.Style.Quiet) Console.Out.WriteLine($"sockconf {RunHeader.Version}  replay  sandbox: {Printable.Line(request.SandboxText)}  capture: {Printable.Line(captureText)}\ntarget  {Printable.Line(request.TargetText)}\n");
        using var lag = new LagMonitor();
        using var control = new ControlRun();
        using var wire = NewWire();
        var outcomes = new List<ReplayOutcome>();
        try
        {
            foreach (var (path, file, suite) in files)
            {
                stop.Token.ThrowIfCancellationRequested();
                var service = suite?.Service ?? ServiceSpec.Echo;
                using var secure = new TlsSetup(service, request.Command, request.TlsCa, request.TlsName, OwnNamespace.Scratch, suite is { OfClients: true });
                using var pool = NewPool(capture, suite, secure);
                var runner = new CaseRunner(pool, service, capture, lag, request.Patience, stop.Token) { Control = control, Tls = secure.Trust, Shown = secure.Shown, Wire = wire };
                var outcome = new ReplayRun(runner, stop.Token).Run(file, suite);
                outcomes.Add(outcome);
                Console.Out.WriteLine($"  {outcome.Word,-7}  {Printable.Line(file.Id)}  {Printable.Line(file.Requirement)}{(outcome.Detail.Length > 0 ? $"\n           {Printable.Line(outcome.Detail, 1000)}" : "")}");
                Console.Out.Flush();
                var kept = shrinkTime is { } time && outcome.Again is { } again ? Smaller(runner, file, again.Requirement, again.Failure, time) : file;
                if (saveTo is not null) Save(kept, saveTo == RunFolder.Saved ? Path.Combine(saveTo, $"{kept.Id}.json") : files.Count == 1 ? saveTo : Path.Combine(saveTo, Path.GetFileName(path)));
            }
        }
        catch (OperationCanceledException) when (stop.Signal is not null)
        {
            // The cases replayed so far have been reported.
        }

        var counted = string.Join(", ", outcomes.GroupBy(outcome => outcome.Word).Select(group => $"{group.Count()} {group.Key}"));
        Console.Out.WriteLine($"\nSummary  {outcomes.Count} of {files.Count} cases replayed: {counted}");
        return stop.Signal is { } signal ? Exit.Interrupted(signal)
            : outcomes.Any(outcome => outcome.Kind is ReplayKind.Failed or ReplayKind.Changed) ? Exit.Violated
            : outcomes.Any(outcome => outcome.Kind == ReplayKind.Error) ? Exit.Undecided
            : Exit.Holds;
    }

    private CaseFile Smaller(CaseRunner runner, CaseFile file, Requirement requirement, ScenarioFailure failure, TimeSpan time)
    {
        const int MostRuns = 2000, Retries = 2;
        var shrunk = new Trial(runner, new TrialBudget(Retries, true, time, MostRuns), _ => { }, stop.Token).Shrink(requirement, failure, Clock.Now + time);
        var (before, after) = (file.Scenario, shrunk.Evidence.Scenario);
        Console.Out.WriteLine($"           {(Shrinker.Weight(after) < Shrinker.Weight(before) ? $"smaller: {before.Steps.Length} steps became {after.Steps.Length}" : "nothing smaller fails")} ({shrunk.Shrinking.Runs} runs): {Printable.Line(after.OneLine(), 1000)}");
        return file with { Id = CaseFile.IdOf(requirement.Id, after), Scenario = after, Expected = shrunk.Violation.Expected, Observed = shrunk.Violation.Observed };
    }

    private static void Save(CaseFile file, string path)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            RunFolder.Write(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path), file.ToJson());
            Console.Out.WriteLine($"           saved as {Printable.Line(path)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path} cannot be written: {e.Message}");
        }
    }

    /// <summary>Writes results.json, junit.xml and the further formats that were asked for.</summary>
    internal static ResultsJson.Document WriteReport(string folder, IEnumerable<Format> also, RunHeader header, RunResult run, int exit, IReadOnlyDictionary<string, FailurePaths> files, ReportTrouble trouble)
    {
        var document = ResultsJson.Of(header, run, exit, files);
        trouble.Try(() => RunFolder.Write(folder, "results.json", ResultsJson.Text(document)));
        trouble.Try(() => RunFolder.Write(folder, "junit.xml", JUnitXml.Write(header, run, files, folder)));
        trouble.Try(() => Formats.Write(folder, also, document, header.Strict));
        return document;
    }

    /// <summary>The page, when all else is written; says if the report is not whole. Then no run counts as one that has ended well; whatever else is to be said of it weighs more.</summary>
    internal static int Finished(ReportTrouble trouble, string folder, int exit)
    {
        trouble.Try(() => HtmlReport.Write(folder));
        if (trouble.Why is not { } why) return exit;
        Console.Error.WriteLine($"sockconf: the report in {Printable.Line(folder)} is not whole: {Printable.Line(why, 1000)}; make room there, or name another folder with --report DIR, and run it again");
        return exit == Exit.Holds ? Exit.HarnessFailed : exit;
    }

    internal static void End(GitHubActions? actions, ResultsJson.Document document, bool strict)
    {
        if (actions?.End(document, strict) is { } trouble) Console.Error.WriteLine($"sockconf: {Printable.Line(trouble, 1000)}");
    }

    internal static int NothingMatches()
    {
        Console.Error.WriteLine("sockconf: nothing ran: no requirement matches the filter (sockconf list shows their ids)");
        return Exit.NothingRan;
    }

    internal static int ExitOf(RunResult run, bool strict) =>
        run.Interrupted is { } signal ? Exit.Interrupted(signal)
        : run.Count(Status.Fail) > 0 || (strict && run.Count(Status.Warn) > 0) ? Exit.Violated
        : run.Count(Status.Error) > 0 ? Exit.HarnessFailed
        : run.Count(Status.Flaky) + run.Count(Status.Inconclusive) > 0 ? Exit.Undecided
        : run.Count(Status.Skip) == run.Requirements.Length ? Exit.NothingRan
        : Exit.Holds;

    private static LazyWire NewWire() => new(OwnNamespace.Scratch is null ? null : SegmentLink.Open);

    private TargetPool NewPool(PacketCapture? capture, Suite? suite, TlsSetup secure) => new(
        new TargetSource(secure.Command, request.Attached, request.FixedPort, () => Box.New(), request.Launch, new Ports(), suite is { OfClients: true }) { Transport = suite?.Service.Transport ?? Transport.Tcp },
        port => capture?.Watch(port), stop.Token)
    { SideBySide = suite?.Service.ServesSideBySide ?? true };
}
