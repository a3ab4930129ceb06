using System.Collections.Immutable;
using System.CommandLine;
using SockConformance.Api;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Cli;

/// <summary>A check of a driver as it was asked for.</summary>
/// <param name="Standard">What it is judged by; null for what it says itself.</param>
/// <param name="Primitives">Random programs go on until so many primitives were called.</param>
internal sealed record DriverRequest(TargetRequest Target, ImmutableArray<Demand> Selected, Api.Profile? Standard, Func<string, Api.Profile?> Find, ulong Seed, TimeSpan? Until, long? Primitives, bool InFull, bool Strict, int Retries, bool Shrinks, TimeSpan ShrinkTime, Baseline Baseline)
{
    private const long ByDefault = 60_000, Thorough = 1_000_000;

    public static DriverRequest Read(ParseResult parsed, Options options, ImmutableArray<string> words, SuiteBook book)
    {
        if (parsed.GetValue(options.Connect) is not null) throw new UsageException("--driver and --connect do not go together: a driver is launched by its command, after --");
        if (parsed.GetValue(options.Client)) throw new UsageException("--driver and --client do not go together");
        if (parsed.GetValue(options.Spec) is not null) throw new UsageException("--driver takes no --spec: what a driver is judged by is --standard posix, linux, … or a file");
        var filters = parsed.GetValue(options.Filter) ?? [];
        var name = parsed.GetValue(options.Standard);
        var standard = name is null ? null : book.Standard(name) ?? throw new UsageException($"--standard {Printable.Line(name)}: there is no such profile; posix, linux, or a file that ends in .yaml");
        var profile = parsed.GetValue(options.Profile);
        var limit = Options.Duration(parsed.GetValue(options.MaxTime), "--max-time");
        ImmutableArray<Demand> selected = [.. Points.Demands.Where(demand => Options.Matches(demand.Id, filters))];
        if (Partition.Read(parsed.GetValue(options.Partition)) is { } part) selected = part.Of(selected);
        return new DriverRequest(
            TargetRequest.Read(parsed, options, words, null, needed: false), selected, standard, book.Standard,
            options.SeedOf(parsed),
            limit ?? profile switch { Cli.Profile.Quick => TimeSpan.FromSeconds(1.6), Cli.Profile.Thorough => null, _ => TimeSpan.FromSeconds(9) },
            options.CasesOf(parsed) is { } wanted ? wanted * 30L : profile switch { Cli.Profile.Quick => null, Cli.Profile.Thorough => Thorough, _ => ByDefault }, profile == Cli.Profile.Thorough, parsed.GetValue(options.Strict), options.RetriesOf(parsed), !parsed.GetValue(options.NoShrink),
            TimeSpan.FromSeconds(profile switch { Cli.Profile.Quick => 3, Cli.Profile.Thorough => 60, _ => 8 }), CheckRequest.BaselineOf(parsed, options, book));
    }
}

/// <summary>The parts of one check of a driver put together.</summary>
internal sealed class DriverSession(DriverRequest request, StopRequest stop)
{
    private TimeSpan Patience => request.Target.Patience.Reply;

    public int Check()
    {
        if (request.Selected.IsEmpty) return Session.NothingMatches();

        var started = DateTimeOffset.UtcNow;
        var console = new ConsoleReport(Console.Out, Console.Error, request.Target.Style);
        using var capture = OpenCapture(out var captureText);
        var profile = request.Standard ?? Asked();
        var header = new RunHeader(Who, $"api ({profile.Name})", request.Seed, request.Target.SandboxText, captureText, capture is not null, request.Target.Command?.Words ?? [], request.Strict);
        var folder = RunFolder.Create(request.Target.ReportFolder, request.Seed);
        var actions = GitHubActions.Around(Console.Out);
        actions?.Begin();
        console.Header(header);
        var trouble = new ReportTrouble();
        using var events = new EventLog(folder, console, trouble);
        events.Start(header);
        using var peer = new LibcDriver();
        using var check = new DriverCheck(
            new DriverPlan(request.Selected, profile, request.Find(peer.Profile)!, request.Seed, request.Until, request.Primitives, request.InFull, request.Retries, request.Shrinks, request.ShrinkTime, Patience),
            Start, peer, Taking(capture), events, stop.Token);
        var results = check.Execute();
        var counts = capture?.Counts() ?? default;
        var run = new RunResult(results, started, DateTimeOffset.UtcNow - started, check.Programs, (int)Math.Min(int.MaxValue, check.Primitives), counts.Received, counts.Dropped, stop.Signal).With(request.Baseline);
        var exit = Session.ExitOf(run, request.Strict);
        var origin = new CaptureOrigin(capture?.Link ?? LinkType.Ethernet, counts) { Filter = capture?.Filter };
        var files = new Dictionary<string, FailurePaths>();
        foreach (var result in run.Requirements)
        {
            if (result.Failure is ProgramFailure failure && ProgramFiles.Save(folder, header, profile.Name, result.Requirement, failure, origin, trouble) is { } paths) files[result.Requirement.Id] = paths;
        }

        foreach (var result in run.Requirements.Where(result => result.Status is Status.Fail or Status.Warn)) console.Card(result, files.GetValueOrDefault(result.Requirement.Id), folder);
        console.Known(run.Requirements);
        var document = Session.WriteReport(folder, request.Target.Also, header, run, exit, files, trouble);
        trouble.Try(() => RunFolder.Write(folder, "coverage.txt", check.Coverage.ToString()));
        events.End(exit);
        exit = Session.Finished(trouble, folder, exit);
        console.DriverSummary(header, run, check, folder, exit);
        Session.End(actions, document, request.Strict);
        return exit;
    }

    public int Replay(IReadOnlyList<(string Path, (ProgramCase Case, ApiProgram Program) Saved)> files)
    {
        using var peer = new LibcDriver();
        var (failed, changed) = (0, 0);
        foreach (var (path, (saved, program)) in files)
        {
            stop.Token.ThrowIfCancellationRequested();
            var profile = request.Standard ?? request.Find(saved.Profile) ?? throw new InputException($"{path}: there is no profile {Printable.Line(saved.Profile)}; name one with --standard");
            using var capture = OpenCapture(out _);
            Disagreement? wrong;
            try
            {
                using var driver = Start();
                var run = new ProgramRun(profile, driver, peer, Patience, request.Find(peer.Profile)) { Captured = Taking(capture) };
                wrong = run.Run(program).Disagreement;
            }
            catch (DriverException e)
            {
                wrong = new Disagreement(e.Point, -1, e.Expected, e.Observed);
            }

            var same = wrong is not null && (Points.Of(wrong.Point).Id == saved.Requirement || saved.Expected.Contains(wrong.Expected, StringComparison.Ordinal));
            var word = wrong is null ? "FIXED" : same ? "FAILED" : "CHANGED";
            if (wrong is not null && same) failed++;
            else if (wrong is not null) changed++;
            Console.Out.WriteLine($"  {word,-8} {saved.Id}{(wrong is null ? "" : $"  {Points.Of(wrong.Point).Id}: expected {Printable.Line(wrong.Expected)}, observed {Printable.Line(wrong.Observed)}")}");
        }

        Console.Out.WriteLine($"\nSummary  {files.Count} programs replayed: {files.Count - failed - changed} FIXED, {failed} FAILED, {changed} CHANGED");
        return failed + changed > 0 ? Exit.Violated : Exit.Holds;
    }

    private string Who => request.Target.Command is null ? "the socket API of this machine, in process" : request.Target.TargetText;

    /// <summary>What the driver says that it is.</summary>
    private Api.Profile Asked()
    {
        using var driver = Greeted();
        return request.Find(driver.Profile) ?? throw new TargetException($"the driver wants to be judged by '{Printable.Line(driver.Profile)}', which is no profile: name one with --standard (posix, linux, … or a file)");
    }

    /// <exception cref="TargetException">It does not even say hello, and nothing but that could be told of it.</exception>
    private IDriver Greeted()
    {
        try
        {
            return Start();
        }
        catch (DriverException e)
        {
            throw new TargetException($"this is no driver: expected {e.Expected}, observed {Printable.Line(e.Observed)} (docs/driver-protocol.md)");
        }
        catch (IOException e)
        {
            throw new TargetException($"the driver cannot be started: {e.Message}");
        }
    }

    private IDriver Start() => request.Target.Command is not { } command ? new LibcDriver() : new PipeDriver(command, Box.New(), Patience);

    /// <summary>Only in a namespace of the harness's own is all that is captured the programs'.</summary>
    private PacketCapture? OpenCapture(out string text)
    {
        if (OwnNamespace.Scratch is null && request.Target.Capture != Need.Require)
        {
            text = "none (no network namespace of its own): judged by what the calls answered";
            return null;
        }

        var capture = request.Target.OpenCapture("the calls answered", out text);
        capture?.WatchAll();
        return capture;
    }

    /// <summary>Takes what was captured since it was asked last; null while the capture cannot be trusted.</summary>
    private static Func<ImmutableArray<Flow>?>? Taking(PacketCapture? capture) => capture is null ? null : () => capture.Drain() ? capture.TakeAll() : null;
}
