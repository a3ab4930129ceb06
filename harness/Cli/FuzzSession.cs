using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using SockConformance.Captures;
using SockConformance.Fuzz;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Cli;

/// <summary>The options of a campaign that no other command has.</summary>
internal sealed class FuzzOptions
{
    public Option<long?> MaxCases { get; } = new("--max-cases") { Description = "End after so many cases.", HelpName = "N" };

    public Option<string?> Stale { get; } = new("--stop-after-stale") { Description = "End when nothing new was seen for this time (default: 5m).", HelpName = "T" };

    public Option<bool> KeepGoing { get; } = new("--keep-going") { Description = "A failure does not end the campaign: unique ones are collected." };

    public Option<string?> Corpus { get; } = new("--corpus") { Description = "Keep the cases that reached something new here, and go on from those that are there (default: corpus in the report folder).", HelpName = "DIR" };

    public Option<string[]> From { get; } = new("--from") { Description = "Start from this conversation: a capture, a case file or a folder of them. May be repeated.", HelpName = "FILE" };

    public Option<string?> Against { get; } = new("--against") { Description = "A reference server as one word, with {port}: the same scenarios, replies compared.", HelpName = "CMD" };

    public Option<int> RestartEvery { get; } = new("--restart-every") { Description = "Start the target anew after so many cases; 0 for only when it must be.", HelpName = "N" };

    public Option<bool> NoSegments { get; } = new("--no-segments") { Description = "Do not inject segments that no kernel sends, beside the other cases (tier A only)." };

    public Option<bool> NoPin { get; } = new("--no-pin") { Description = "Do not keep each worker and its target on a processor of their own." };

    public IEnumerable<Option> All => [MaxCases, Stale, KeepGoing, Corpus, From, Against, RestartEvery, NoSegments, NoPin];
}

/// <summary>A campaign as it was asked for.</summary>
internal sealed record FuzzRequest(TargetRequest Target, Suite Suite, FuzzPlan Plan, TrialBudget Budget, string? Corpus, ImmutableArray<string> From, TargetCommand? Against, bool Injects)
{
    private const int MostWorkers = 64;

    public static FuzzRequest Read(ParseResult parsed, Options options, FuzzOptions fuzz, ImmutableArray<string> words, SuiteBook book)
    {
        var spec = parsed.GetValue(options.Spec) ?? ServiceSpec.Raw.Name;
        var suite = spec == ServiceSpec.Raw.Name ? book.For(ServiceSpec.Raw, clients: false) : book.Choose(spec, clients: false);
        if (parsed.GetValue(options.Connect) is not null) throw new UsageException("fuzz starts its targets itself: give the command after --, not --connect");
        var request = TargetRequest.Read(parsed, options, words, suite);
        var jobs = parsed.GetValue(options.Jobs) ?? Environment.ProcessorCount;
        if (jobs is < 1 or > MostWorkers) throw new UsageException($"--jobs {jobs}: a number from 1 to {MostWorkers}");
        if (request.FixedPort is not null) jobs = 1;
        if (parsed.GetValue(fuzz.MaxCases) is < 1) throw new UsageException("--max-cases: a number above zero");
        var every = parsed.GetValue(fuzz.RestartEvery);
        if (every < 0) throw new UsageException("--restart-every: 0 or more");
        var plan = new FuzzPlan(
            Part(options.SeedOf(parsed), Partition.Read(parsed.GetValue(options.Partition))), jobs, Options.Duration(parsed.GetValue(options.MaxTime), "--max-time"), parsed.GetValue(fuzz.MaxCases),
            Options.Duration(parsed.GetValue(fuzz.Stale) ?? "5m", "--stop-after-stale"), every, parsed.GetValue(fuzz.KeepGoing), jobs <= Environment.ProcessorCount && !parsed.GetValue(fuzz.NoPin));
        var against = parsed.GetValue(fuzz.Against) is not { } reference ? null : new TargetCommand(Split(reference), Environment.CurrentDirectory, request.Command!.PassedVariables);
        against?.MustExist();
        return new FuzzRequest(
            request, suite, plan, new TrialBudget(options.RetriesOf(parsed), !parsed.GetValue(options.NoShrink), TimeSpan.FromSeconds(20), 400), parsed.GetValue(fuzz.Corpus),
            [.. parsed.GetValue(fuzz.From) ?? []], against, !parsed.GetValue(fuzz.NoSegments));
    }

    /// <summary>Another seed for each part: the parts draw other cases.</summary>
    private static ulong Part(ulong seed, Partition? part) => part is null ? seed : FuzzRandom.Of(seed, (ulong)part.Number).Next();

    /// <summary>Words as a shell splits them, with ' and " and \.</summary>
    private static ImmutableArray<string> Split(string command)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        var word = new StringBuilder();
        var (quote, inWord) = ('\0', false);
        for (var i = 0; i < command.Length; i++)
        {
            var c = command[i];
            if (c == '\\' && quote != '\'' && i + 1 < command.Length) (word, inWord) = (word.Append(command[++i]), true);
            else if (quote == '\0' && c is '\'' or '"') (quote, inWord) = (c, true);
            else if (c == quote) quote = '\0';
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord) words.Add(word.ToString());
                word.Clear();
                inWord = false;
            }
            else (word, inWord) = (word.Append(c), true);
        }

        if (quote != '\0') throw new UsageException($"--against {command}: a quote is not closed");
        if (inWord) words.Add(word.ToString());
        return words.Count > 0 ? words.ToImmutable() : throw new UsageException("--against: the command is empty");
    }
}

/// <summary>The parts of one campaign put together.</summary>
internal sealed class FuzzSession(FuzzRequest request, StopRequest stop)
{
    private const int SegmentsAtOnce = 100;

    private TargetRequest Target => request.Target;

    private ServiceSpec Service => request.Suite.Service;

    public int Run()
    {
        var started = DateTimeOffset.UtcNow;
        var console = new FuzzConsole(Console.Out, Console.Error, Target.Style);
        using var capture = Target.OpenCapture("the sockets said", out var captureText, except: QuickDriver.Network);
        var header = new RunHeader(Target.TargetText, request.Suite.Name, request.Plan.Seed, Target.SandboxText, captureText, capture is not null, Target.Command?.Words ?? [], false) { Suite = request.Suite };
        var folder = RunFolder.Create(Target.ReportFolder, request.Plan.Seed);
        var trouble = new ReportTrouble();
        var corpusFolder = request.Corpus ?? Path.Combine(folder, "corpus");
        using var corpus = new Corpus(corpusFolder, trouble);
        new ConsoleReport(Console.Out, Console.Error, Target.Style).Header(header);
        using var log = new FuzzLog(folder, console, trouble);
        log.Start(header, request.Plan);
        foreach (var complaint in corpus.Load(scenario => scenario.Steps.All(step => step is not (Step.Launch or Step.Listen)))) log.Note(complaint);
        var generator = new FuzzGenerator(Service, corpus, request.Plan.Seed);
        foreach (var scenario in Given()) corpus.Begin(scenario);

        using var lag = new LagMonitor();
        using var control = new ControlRun();
        using var secure = new TlsSetup(Service, Target.Command, Target.TlsCa, Target.TlsName, OwnNamespace.Scratch);
        var ports = new Ports();
        var edges = new EdgeCount();
        using var examined = NewPool(secure.Command!, ports, capture, null);
        using var reference = request.Against is { } against ? NewPool(against, ports, capture, null) : null;
        QuickWire? judge = null;
        using var wire = new LazyWire(OwnNamespace.Scratch is null ? null : SegmentLink.Open);
        var quick = Service is { Transport: Transport.Tcp, Tls: null };
        CaseRunner NewRunner(TargetPool pool) => new(pool, Service, capture, lag, Target.Patience, stop.Token) { Control = control, Tls = secure.Trust, Wire = wire };
        var tools = new ExaminerTools(
            request.Suite, generator, NewRunner(examined), reference is null ? null : NewRunner(reference), request.Budget, header, folder, corpusFolder,
            () => new CaptureOrigin(capture?.Link ?? LinkType.Ethernet, capture?.Counts() ?? default) { Filter = capture?.Filter }, edges, trouble);
        var examiner = new Examiner(tools, log);
        FuzzTarget NewTarget(int number)
        {
            var map = NewMap(edges, log);
            var command = map is null ? secure.Command! : secure.Command! with { PassedVariables = [.. secure.Command!.PassedVariables, map.Setting] };
            var pool = NewPool(command, ports, quick ? null : capture, map);
            return new FuzzTarget(pool, request.Against is { } other ? NewPool(other, ports, null, null) : null, map, quick ? null : NewRunner(pool)) { Wire = judge };
        }

        FuzzTarget NewInjected()
        {
            var pool = NewPool(secure.Command!, ports, capture, null);
            var talk = new Conversation(Service);
            return new FuzzTarget(pool, null, null, NewRunner(pool)) { Segments = batch => Programs.Draw(SegmentPrograms.Any(talk), request.Plan.Seed, $"segments {batch}", SegmentsAtOnce) };
        }

        var injects = request.Injects && quick && OwnNamespace.Scratch is not null && Target.FixedPort is null;
        Campaign? campaign = null;
        judge = quick && capture is not null ? QuickWire.TryOpen((scenario, requirement) => campaign?.Suspect(new Suspect(Suspicion.Wire, scenario, [], $"{Suspicion.Wire} {requirement}"))) : null;
        campaign = new Campaign(request.Plan, request.Suite, generator, corpus, NewTarget, injects ? NewInjected : null, examiner, log, stop.Token) { Wire = judge };
        foreach (var suspect in examiner.Left().ToList()) campaign.Suspect(suspect);
        using (judge) campaign.Run();

        var counts = campaign.Counts;
        var run = new RunResult(Results(examiner, counts), started, DateTimeOffset.UtcNow - started, (int)Math.Min(int.MaxValue, counts.Cases), 0, capture?.Counts().Received ?? 0, capture?.Counts().Dropped ?? 0, stop.Signal);
        var exit = stop.Signal is { } signal ? Exit.Interrupted(signal) : counts.Finds > 0 ? Exit.Violated : counts.Cases == 0 ? Exit.NothingRan : !examiner.Flaky.IsEmpty ? Exit.Undecided : Exit.Holds;
        var finds = examiner.Finds.Values.OrderBy(find => find.At).ToList();
        var files = finds.GroupBy(find => find.Requirement.Id).ToDictionary(group => group.Key, group => group.First().Paths);
        var card = new ConsoleReport(Console.Out, Console.Error, Target.Style with { Bar = false });
        foreach (var find in finds) card.Card(new RequirementResult(find.Requirement, Status.Fail, CloseVerdict.None, 1, TimeSpan.Zero, null, find.Failure), find.Paths, folder);
        trouble.Try(() => RunFolder.Write(folder, "results.json", ResultsJson.Text(ResultsJson.Of(header, run, exit, files, Document(counts, campaign.EndedBy, finds)))));
        trouble.Try(() => RunFolder.Write(folder, "junit.xml", JUnitXml.Write(header, run, files)));
        trouble.Try(() => RunFolder.Write(folder, "states.dot", campaign.Map.ToDot()));
        log.End(counts, campaign.EndedBy, exit);
        exit = Session.Finished(trouble, folder, exit);
        console.Summary(counts, campaign.EndedBy, folder, header.SeedText, exit);
        return exit;
    }

    private ImmutableArray<RequirementResult> Results(Examiner examiner, FuzzCounts counts)
    {
        var finds = examiner.Finds.Values.OrderBy(find => find.At).GroupBy(find => find.Requirement.Id).ToDictionary(group => group.Key, group => group.First());
        var judged = Examiner.OraclesFor(request.Suite, new Scenario("", [])).Concat(finds.Values.Select(find => find.Requirement)).DistinctBy(one => one.Id);
        var time = counts.Time;
        return
        [
            .. from one in judged
               let find = finds.GetValueOrDefault(one.Id)
               let flaky = examiner.Flaky.TryGetValue(one.Id, out var seen) ? seen.Reason : null
               let status = find is not null ? one.Level == Level.Must ? Status.Fail : Status.Warn : flaky is not null ? Status.Flaky : Status.Pass
               select new RequirementResult(one, status, CloseVerdict.None, (int)Math.Min(int.MaxValue, counts.Cases), time, find is null ? flaky : null, find?.Failure),
        ];
    }

    private static ResultsJson.FuzzDocument Document(FuzzCounts counts, string ended, IReadOnlyList<Find> finds) => new(
        counts.Cases, Math.Round(counts.Time.TotalSeconds, 3), Math.Round(counts.Rate, 1), counts.Primitives, finds.Count, new ResultsJson.CoverageDocument(counts.States, counts.Transitions, counts.Edges), new ResultsJson.WireDocument(counts.Judged, counts.Lost), ended,
        [.. finds.Select(find => new ResultsJson.FindDocument(find.Requirement.Id, find.Signature, Printable.Line(find.Failure.Violation.Observed, 2000), find.Paths.Case, find.Paths.Capture, find.Paths.Replay))]);

    /// <summary>The conversations to start from: captures and case files.</summary>
    private IEnumerable<Scenario> Given()
    {
        foreach (var path in request.From.SelectMany(RunFolder.FindCases))
        {
            yield return CapturedCase.Is(path) ? RecordedScenario.Of(CapturedCase.RecordingOf(path, null, null).Recording) : CaseFile.Read(path).Scenario;
        }
    }

    private static EdgeMap? NewMap(EdgeCount edges, IFuzzObserver log)
    {
        try
        {
            return new EdgeMap(edges, forOthers: BoxUsers.Claimed is not null);
        }
        catch (IOException e)
        {
            log.Note($"{e.Message}: the target's own coverage is not seen");
            return null;
        }
    }

    private TargetPool NewPool(TargetCommand command, Ports ports, PacketCapture? capture, EdgeMap? map) => new(
        new TargetSource(command, null, Target.FixedPort, () => Box.New(sharesMemory: map is not null), Target.Launch, ports) { Transport = Service.Transport },
        port => capture?.Watch(port), stop.Token);
}
