using System.Collections.Immutable;
using SockConformance.Api;
using SockConformance.Generate;
using SockConformance.Model;

namespace SockConformance.Run;

/// <summary>What a check of a driver is asked to do.</summary>
/// <param name="Rules">Those that are reported.</param>
/// <param name="PeerProfile">What the other host is judged by.</param>
/// <param name="Until">No further program is begun after this time of the run's clock; null for no limit.</param>
/// <param name="Primitives">Random programs go on until so many primitives were called; null for none beyond the situations.</param>
internal sealed record DriverPlan(ImmutableArray<Demand> Rules, Profile Profile, Profile PeerProfile, ulong Seed, TimeSpan? Until, long? Primitives, bool InFull, int Retries, bool Shrinks, TimeSpan ShrinkTime, TimeSpan Patience);

/// <summary>A disagreement with the smallest program that shows it, and what that program did.</summary>
/// <param name="Flows">What was captured while it ran.</param>
internal sealed record ProgramFailure(Verdict.Violation Violation, ApiProgram Program, ImmutableArray<CallTrace> Calls, ImmutableArray<Flow> Flows, Shrinking Shrinking, (int Failed, int Runs) Confirmed)
    : Failure(Violation, Shrinking, Confirmed)
{
    public override string Did => Program.OneLine();
}

/// <summary>
/// The loop of a driver's check: whether it keeps to the protocol; all situations and then drawn programs, each judged by the model and some on the wire; disagreements
/// confirmed on drivers that are started anew, and shrunk.
/// </summary>
/// <param name="start">Starts a driver.</param>
/// <param name="captured">Takes what was captured since it was asked last; null where there is no capture.</param>
internal sealed class DriverCheck(DriverPlan plan, Func<IDriver> start, IDriver? peer, Func<ImmutableArray<Flow>?>? captured, IRunObserver observer, CancellationToken cancellation) : IDisposable
{
    private const int MaxFindsPerRule = 4, MaxRestarts = 40, ShrinkRuns = 400, Length = 30, Batch = 25;
    private const string Interrupted = "the run was interrupted";
    private static readonly TimeSpan EnoughForAll = TimeSpan.FromSeconds(20);
    private readonly Dictionary<Point, List<(ApiProgram Program, Disagreement Wrong)>> finds = [];
    private readonly HashSet<Point> selected = [.. plan.Rules.Select(rule => Points.Find(rule.Id)!.Point)];
    private readonly Coverage drawn = new();
    private readonly long[] metBefore = new long[Points.Table.Length];
    private readonly ulong[] seenBefore = new ulong[Points.Table.Length];
    private readonly Dictionary<Point, ProgramFailure> failures = [];
    private readonly HashSet<Point> blamed = [];
    private Func<ImmutableArray<Flow>?>? capture = captured;
    private IDriver? driver;
    private ProgramRun? run;
    private bool losesAnswers;
    private int restarts, done;
    private long primitivesBefore;

    public int Programs { get; private set; }

    public long Primitives => primitivesBefore + (run?.Primitives ?? 0);

    public Coverage Coverage { get; } = new();

    /// <summary>Why the programs ended before they were through; null if they did not.</summary>
    public string? CutShort { get; private set; }

    public ImmutableArray<RequirementResult> Execute()
    {
        try
        {
            Manners();
            if (driver!.LacksNetwork) capture = null;
            foreach (var program in AllSituations().Where(Wanted).OrderBy(IsBeside))
            {
                if (Over()) break;
                One(program);
            }

            Drawn();
        }
        catch (DriverException e)
        {
            // It cannot even be started again.
            Found(new ApiProgram("the start of the driver", []), new Disagreement(e.Point, -1, e.Expected, e.Observed));
            CutShort ??= "the driver could not be started again";
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            CutShort = Interrupted;
        }

        Retire();
        try
        {
            Confirm();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            CutShort = Interrupted;
        }

        Retire();
        return [.. plan.Rules.Select(Decide)];
    }

    public void Dispose() => driver?.Dispose();

    private bool Network => driver is not { LacksNetwork: true } && peer is not null;

    /// <summary>The slow ones come first where they are asked for or there is time for all, else last.</summary>
    private IEnumerable<ApiProgram> AllSituations()
    {
        var isAskedFor = selected.Contains(Point.ConnectTimedOut) && (plan.Rules.Length < Points.Table.Length || plan.Until is not { } until || until - Clock.Now > EnoughForAll);
        return isAskedFor ? Situations.Slow.Concat(Situations.All(Network)) : Situations.All(Network).Concat(Situations.Slow);
    }

    /// <summary>With only a few rules selected, the programs that have to do with their primitives come first, and those alone.</summary>
    private bool Wanted(ApiProgram program) => plan.InFull || words.Value.Count == 0 || program.Calls.Any(call => words.Value.Contains(call.Op));

    /// <summary>Those of the matrix that are about another call.</summary>
    private bool IsBeside(ApiProgram program) => words.Value.Count > 0 && program.Situation.Split(": ") is [_, var made] && !words.Value.Contains(Call.Parse(made).Op);

    private readonly Lazy<HashSet<Primitive>> words = new(() => plan.Rules.Length > 40 ? [] : [.. plan.Rules.SelectMany(rule => Concerned(rule.Id))]);

    private static IEnumerable<Primitive> Concerned(string id)
    {
        var word = id.Split('/') is ["api", var second, ..] ? second : "";
        return Enum.TryParse<Primitive>(word, ignoreCase: true, out var op) ? [op] : word == "wire" ? [Primitive.Connect, Primitive.Send] : [];
    }

    private bool Over()
    {
        cancellation.ThrowIfCancellationRequested();
        if (plan.Until is { } until && Clock.Now > until) CutShort ??= "the time was over";
        if (restarts >= MaxRestarts) CutShort ??= $"the driver had to be started again {MaxRestarts} times";
        return CutShort is not null || selected.All(finds.ContainsKey); // there is nothing more to learn
    }

    private void Start()
    {
        if (driver is not null) return;
        driver = start();
        run = new ProgramRun(plan.Profile, driver, peer, plan.Patience, plan.PeerProfile) { LosesAnswers = losesAnswers };
    }

    private void Retire()
    {
        if (run is not null)
        {
            primitivesBefore += run.Primitives;
            for (var i = 0; i < metBefore.Length; i++)
            {
                metBefore[i] += run.World.Met[i];
                seenBefore[i] |= run.World.Seen[i];
            }

            Coverage.Add(run.Coverage);
        }

        driver?.Dispose();
        (driver, run) = (null, null);
    }

    /// <summary>Whether it keeps to the protocol where no program shows it.</summary>
    private void Manners()
    {
        Start();
        metBefore[(int)Point.DriverHello]++;
        if (driver is not Targets.PipeDriver) return;
        AnswersLate();
        Manner(Point.DriverUnknownCall, () => ((Targets.PipeDriver)driver!).AskUnknown() is { Unsupported: true } ? null : ("{\"unsupported\":true}", "another answer"));
        Retire();
        using var other = (Targets.PipeDriver)start();
        Manner(Point.DriverEnds, () => other.EndsWithInput() ? null : ("the driver exits", "it still runs"));
        Start();
    }

    /// <summary>Two calls of different kinds that wait and then have a reason to end: if neither is answered, that is no call's fault.</summary>
    private void AnswersLate()
    {
        foreach (var program in Situations.Waiting)
        {
            Start();
            Run(program, looked: false);
        }

        if (run is { Unanswered.Count: > 1 })
        {
            losesAnswers = true;
            Retire();
        }

        Start();
    }

    private void Manner(Point point, Func<(string Expected, string Observed)?> ask)
    {
        metBefore[(int)point]++;
        try
        {
            if (ask() is { } wrong) Found(new ApiProgram(Points.Of(point).Title, []), new Disagreement(point, -1, wrong.Expected, wrong.Observed));
        }
        catch (DriverException e)
        {
            Found(new ApiProgram(Points.Of(point).Title, []), new Disagreement(e.Point is Point.DriverAnswer ? point : e.Point, -1, e.Expected, e.Observed));
        }
    }

    private void Drawn()
    {
        if (plan.Primitives is not { } wanted) return;
        var generator = new ProgramGenerator(plan.Profile, drawn, Network, plan.PeerProfile);
        var flavours = Enum.GetValues<Flavour>();
        for (var n = 0ul; Primitives < wanted && !Over(); n++)
        {
            foreach (var program in generator.Draw(flavours[n % 3], Length, plan.Seed + n, Batch))
            {
                if (Over()) return;
                One(program);
            }
        }
    }

    private void One(ApiProgram program)
    {
        var outcome = Run(program, IsLookedAt(Programs++));
        if (outcome.Disagreement is { } wrong) Found(program, wrong);
    }

    private bool IsLookedAt(int number) => plan.InFull || (selected.Count < 20 ? selected.Overlaps(WireCheck.Rules) : number < 120 || number % 16 == 0);

    /// <param name="looked">At the wire, too. That costs a barrier of some 10 ms for each program: it is done where it tells most, and now and then.</param>
    private ProgramOutcome Run(ApiProgram program, bool looked, bool recorded = false)
    {
        Start();
        run!.Captured = looked ? capture : null;
        run.Records = recorded;
        var outcome = run.Run(program);
        if (!outcome.Broken) return outcome;
        restarts++;
        Retire();
        return outcome;
    }

    private void Found(ApiProgram program, Disagreement wrong)
    {
        if (!finds.TryGetValue(wrong.Point, out var list)) finds[wrong.Point] = list = [];
        list.Add((program, wrong));
        if (list.Count > MaxFindsPerRule)
        {
            // The shortest are kept.
            list.Remove(list.MaxBy(find => find.Wrong.Step)!);
        }
    }

    /// <summary>
    /// Confirms and shrinks what was found. Where the smallest program needs a step that the standard refuses, that step is to blame: it was refused, and had an
    /// effect all the same.
    /// </summary>
    private void Confirm()
    {
        var until = Clock.Now + plan.ShrinkTime;
        foreach (var (point, found) in finds.OrderByDescending(pair => selected.Contains(pair.Key)).ThenBy(pair => pair.Key).ToList())
        {
            foreach (var (program, wrong) in found.OrderBy(find => find.Wrong.Step))
            {
                cancellation.ThrowIfCancellationRequested();
                if (failures.ContainsKey(point)) break;
                if (point == Point.NonblockingSets && failures.Keys.Any(other => other is Point.AcceptEmptyBlocks or Point.RecvEmptyBlocks or Point.SendFullBlocks))
                {
                    blamed.Add(point); // those do not wait in any mode
                    break;
                }

                var failure = program.Calls.IsEmpty ? new ProgramFailure(new Verdict.Violation(wrong.Expected, wrong.Observed), program, [], [], new Shrinking(0, 0, 0), (1, 1)) : Confirmed(program, point, until);
                if (failure is null && point != Point.DriverAnswer && Points.Of(point).Id.StartsWith("driver/", StringComparison.Ordinal))
                    failure = new ProgramFailure(new Verdict.Violation(wrong.Expected, wrong.Observed, wrong.Step), program, [], [], new Shrinking(program.Calls.Length, program.Calls.Length, 0), (1, 1)); // no accident of timing
                if (failure is null) continue;
                var refused = failure.Violation.Step is { } at ? failure.Calls.LastOrDefault(call => call.Refused && call.Step < at) : null;
                if (refused is not null && plan.Shrinks && failure.Shrinking.Runs < ShrinkRuns && Clock.Now < until && refused.Situation != point && point != Point.BindAfterFailure && selected.Contains(refused.Situation))
                {
                    failures.TryAdd(refused.Situation, failure with { Violation = failure.Violation with { Expected = $"a step that is refused changes nothing; afterwards: {failure.Violation.Expected}" } });
                    blamed.Add(point);
                    continue;
                }

                failures.TryAdd(point, failure);
            }
        }
    }

    private RequirementResult Decide(Demand demand)
    {
        var result = Judged(demand, Points.Find(demand.Id)!.Point);
        observer.RequirementDone(result, ++done, plan.Rules.Length);
        return result;
    }

    private RequirementResult Judged(Demand demand, Point point)
    {
        var met = (int)Math.Min(int.MaxValue, metBefore[(int)point]);
        if (failures.TryGetValue(point, out var failure)) return Result(demand.Level == Level.Should ? Status.Warn : Status.Fail, null, failure);
        var confirmed = CutShort != Interrupted;
        if (finds.TryGetValue(point, out var found) && !blamed.Contains(point)) return Result(confirmed ? Status.Flaky : Status.Inconclusive, !confirmed ? $"seen ({found[0].Wrong.Observed}), and interrupted before the program was run again" : $"seen once ({found[0].Wrong.Observed}), and not when the program was run again");
        if (demand.Level == Level.Unspecified && met > 0) return Result(Status.Info, $"answered with {new Answers(seenBefore[(int)point])}");
        if (point is Point.DriverAnswer or Point.DriverOnce or Point.DriverForm or Point.DriverFields or Point.DriverErrno or Point.DriverReset) met = Programs;
        if (point == Point.DriverBlocked) met = (int)metBefore[(int)Point.AcceptEmptyBlocks];
        return met > 0 ? Result(Status.Pass) : Result(Status.Skip, CutShort ?? (WireCheck.Rules.Contains(point) && capture is null ? "not observable without a capture" : "no program came to it: the driver lacks a call that it needs"));

        RequirementResult Result(Status status, string? reason = null, Failure? shown = null) => new(demand, status, CloseVerdict.None, Math.Max(met, shown is null ? 0 : 1), TimeSpan.Zero, reason, shown);
    }

    private ProgramFailure? Confirmed(ApiProgram program, Point point, TimeSpan until)
    {
        var confirmed = 1;
        Disagreement? last = null;
        try
        {
            for (var i = 0; i < plan.Retries; i++)
            {
                Retire();
                if (Again(program, point) is not { } seen || seen.Point != point) return null;
                (last, confirmed) = (seen, confirmed + 1);
            }

            var (best, runs) = (program, 0);
            if (plan.Shrinks) (best, runs) = ProgramShrinker.Shrink(program, last?.Step ?? program.Calls.Length - 1, candidate => Clock.Now < until && Again(candidate, point)?.Point == point, ShrinkRuns);
            var outcome = Run(best, looked: true, recorded: true);
            if (outcome.Disagreement?.Point != point) outcome = Run(best = program, looked: true, recorded: true);
            if (outcome.Disagreement is not { } wrong || wrong.Point != point) return null;
            return new ProgramFailure(new Verdict.Violation(wrong.Expected, wrong.Observed, wrong.Step), best, outcome.Calls, outcome.Flows, new Shrinking(program.Calls.Length, best.Calls.Length, runs), (confirmed, confirmed));
        }
        catch (DriverException)
        {
            return null;
        }
    }

    private Disagreement? Again(ApiProgram program, Point point) => Run(program, WireCheck.Rules.Contains(point)).Disagreement;
}
