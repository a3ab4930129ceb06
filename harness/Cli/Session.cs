using System.Collections.Immutable;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Cli;

/// <summary>The parts of one run put together: capture, pool of targets, case runner; then check or replay.</summary>
internal sealed class Session(TargetRequest request, ulong seed, StopRequest stop)
{
    private const int LanesPerJob = 3;

    public int Check(CheckRequest plan)
    {
        var started = DateTimeOffset.UtcNow;
        var console = new ConsoleReport(Console.Out, Console.Error, request.Style);
        using var capture = OpenCapture(out var captureText);
        var header = new RunHeader(request.TargetText, plan.Suite.Name, plan.Seed, request.SandboxText, captureText, capture is not null, request.Command?.Words ?? [], plan.Strict);
        if (plan.Selected.IsEmpty)
        {
            Console.Error.WriteLine("sockconf: nothing ran: no requirement matches the filter (sockconf list shows their ids)");
            return Exit.NothingRan;
        }

        var folder = RunFolder.Create(request.ReportFolder, plan.Seed);
        console.Header(header);
        using var lag = new LagMonitor();
        using var pool = NewPool(capture);
        using var events = new EventLog(folder, console);
        events.Start(header);
        var runner = new CaseRunner(pool, capture, lag, request.Patience, stop.Token);
        var check = new CheckRun(
            new CheckPlan(plan.Selected, plan.Seed, plan.CaseScale, plan.Jobs * LanesPerJob, plan.MaxTime, plan.Budget, plan.Suite.ConcurrencyProbe), runner, pool, events, stop.Token);
        var results = check.Execute();
        var counts = capture?.Counts() ?? default;
        var run = new RunResult(results, started, DateTimeOffset.UtcNow - started, runner.Cases, runner.Connections, counts.Received, counts.Dropped, stop.Signal);

        var exit = ExitOf(run, plan.Strict);
        var files = results.Where(result => result.Failure is not null).ToDictionary(
            result => result.Requirement.Id, result => FailureFiles.Save(folder, header, result.Requirement, result.Failure!, capture?.Link ?? LinkType.Ethernet));
        foreach (var result in results.Where(result => result.Status is Status.Fail or Status.Warn)) console.Card(result, files.GetValueOrDefault(result.Requirement.Id), folder);
        RunFolder.Write(folder, "results.json", ResultsJson.Write(header, run, exit, files));
        RunFolder.Write(folder, "junit.xml", JUnitXml.Write(header, run, files));
        events.End(exit);
        console.Summary(header, run, folder, exit);
        return exit;
    }

    public int Replay(IReadOnlyList<(string Path, CaseFile Case)> files, IReadOnlyList<Suite> suites)
    {
        using var capture = OpenCapture(out var captureText);
        if (!request.Style.Quiet) Console.Out.WriteLine($"sockconf {RunHeader.Version}  replay  sandbox: {Printable.Line(request.SandboxText)}  capture: {Printable.Line(captureText)}\ntarget  {Printable.Line(request.TargetText)}\n");
        using var lag = new LagMonitor();
        using var pool = NewPool(capture);
        var replay = new ReplayRun(new CaseRunner(pool, capture, lag, request.Patience, stop.Token), stop.Token);
        var outcomes = new List<ReplayOutcome>();
        try
        {
            foreach (var (path, file) in files)
            {
                stop.Token.ThrowIfCancellationRequested();
                var outcome = replay.Run(file, suites);
                outcomes.Add(outcome);
                Console.Out.WriteLine($"  {outcome.Word,-7}  {Printable.Line(file.Id)}  {Printable.Line(file.Requirement)}{(outcome.Detail.Length > 0 ? $"\n           {Printable.Line(outcome.Detail, 1000)}" : "")}");
                Console.Out.Flush();
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

    private static int ExitOf(RunResult run, bool strict) =>
        run.Interrupted is { } signal ? Exit.Interrupted(signal)
        : run.Count(Status.Fail) > 0 || (strict && run.Count(Status.Warn) > 0) ? Exit.Violated
        : run.Count(Status.Error) > 0 ? Exit.HarnessFailed
        : run.Count(Status.Flaky) + run.Count(Status.Inconclusive) > 0 ? Exit.Undecided
        : run.Count(Status.Skip) == run.Requirements.Length ? Exit.NothingRan
        : Exit.Holds;

    private PacketCapture? OpenCapture(out string text)
    {
        var whyNot = "as asked";
        var capture = request.Capture == Need.Off ? null : PacketCapture.TryOpen(out whyNot);
        if (capture is null && request.Capture == Need.Require) throw new EnvironmentException($"--capture require: {whyNot}");
        text = capture is null ? $"none ({whyNot}): judged by what the sockets said" : $"lo, {PacketCapture.Backend}";
        return capture;
    }

    private TargetPool NewPool(PacketCapture? capture) => new(
        new TargetSource(request.Command, request.Attached, request.FixedPort, OwnNamespace.Scratch is { } scratch ? () => new NamespaceBox(scratch) : () => new OpenBox(), request.Launch, new Ports(seed)),
        port => capture?.Watch(port), stop.Token);
}
