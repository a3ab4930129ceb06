using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Targets;

namespace SockConformance.Run;

/// <summary>What a run is asked to do.</summary>
/// <param name="ConcurrencyProbe">The id of the requirement that tells whether cases may run side by side on one target; null for none.</param>
internal sealed record CheckPlan(ImmutableArray<Requirement> Requirements, ulong Seed, double CaseScale, int Lanes, Pace Pace, TrialBudget Budget, string? ConcurrencyProbe);

/// <summary>Who is told what happens, as it happens. Called from several threads, one at a time.</summary>
internal interface IRunObserver
{
    void CaseDone(Requirement requirement, Evidence evidence, Verdict verdict, CloseVerdict close);

    void Shrinking(Requirement requirement);

    void RequirementDone(RequirementResult result, int number, int total);
}

/// <summary>
/// The loop of a check: requirements whose prerequisite holds have their cases generated and run side by side on shared targets;
/// every case is judged by its own requirement and by those that are always judged; failures go to a <see cref="Trial"/>.
/// </summary>
internal sealed class CheckRun(CheckPlan plan, CaseRunner runner, TargetPool pool, IRunObserver observer, CancellationToken cancellation)
{
    private const int MaxSuspects = 3, MaxTrials = 12, ShrunkAtOnce = 4, LongRest = 500;
    private static readonly TimeSpan FinalRunsTime = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan OnTrialPause = TimeSpan.FromMilliseconds(50);
    private readonly Dictionary<string, Progress> progress = plan.Requirements.ToDictionary(requirement => requirement.Id, requirement => new Progress(requirement));
    private readonly object gate = new(); // not a Lock: lanes wait on it
    private int done;
    private Exception? fatal;

    /// <summary>Results in the order of the plan; requirements that an interruption kept from being judged are skipped with that reason.</summary>
    /// <exception cref="TargetException">The very first target could not be started: nothing can be checked.</exception>
    public ImmutableArray<RequirementResult> Execute()
    {
        try
        {
            for (var wave = NextWave(); wave.Count > 0; wave = NextWave()) RunWave(wave);
            AwaitTrials(progress.Values);
            foreach (var one in progress.Values.Where(one => one.Result is null)) Conclude(one);
            ShrinkAll();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What was found so far is the result; trials under way notice the interruption, too.
            WaitForTrials(progress.Values);
        }

        foreach (var one in progress.Values.Where(one => one.Result is null)) Finish(one, Status.Skip, "the run was interrupted");
        return [.. Explained(progress.Values.Select(one => one.Result!))];
    }

    /// <summary>
    /// The requirements to run next: those whose prerequisites are decided. A prerequisite and the concurrency probe are waves of
    /// their own, because of what hangs on them.
    /// </summary>
    private List<Progress> NextWave()
    {
        var ready = new List<Progress>();
        foreach (var one in progress.Values.Where(one => !one.Started))
        {
            if (one.Requirement.After is { } id && progress.TryGetValue(id, out var prerequisite))
            {
                if (!prerequisite.Decided) continue;
                if (!prerequisite.Holds)
                {
                    one.Started = true;
                    Finish(one, Status.Skip, $"cannot be checked until {id} holds");
                    continue;
                }
            }

            ready.Add(one);
        }

        var first = ready.FirstOrDefault(one => plan.Requirements.Any(other => other.After == one.Requirement.Id))
            ?? ready.FirstOrDefault(one => one.Requirement.Id == plan.ConcurrencyProbe);
        return first is null ? ready : [first];
    }

    private void RunWave(List<Progress> wave)
    {
        var cases = new List<(Progress Owner, Scenario Scenario, int Round)>();
        foreach (var one in wave)
        {
            one.Started = true;
            one.StartedAt = Clock.Now;
            IReadOnlyList<Scenario> random = one.Requirement.Random is { } generator
                ? Programs.Draw(generator(), plan.Seed, one.Requirement.Id, (int)Math.Ceiling(one.Requirement.RandomCases * plan.CaseScale)) : [];
            var all = one.Requirement.Fixed.Concat(random).Where(scenario => plan.Pace.Rest is not { } most || scenario.Rests <= most).ToList();
            one.Pending = all.Count;
            cases.AddRange(all.Select((scenario, round) => (one, scenario, round)));
            if (all.Count == 0) Finish(one, Status.Skip, "its cases take longer than this profile allows");
        }

        // Those that rest or wait long first: the others fill the gaps. Then a case of each requirement before a second one of any, so that a
        // short run says something of all; those that need a target of their own, and so more time, after the others.
        var queue = cases.OrderByDescending(item => Math.Max(LongRest, item.Scenario.Rests.TotalMilliseconds)).ThenByDescending(item => item.Owner.Requirement.PatienceScale).ThenBy(item => item.Round).ThenBy(item => item.Owner.Requirement.Company)
            .Select(item => (item.Owner, item.Scenario)).ToList();
        var lanes = Enumerable.Range(0, Math.Min(plan.Lanes, queue.Count)).Select(_ => Task.Factory.StartNew(() => Lane(queue), TaskCreationOptions.LongRunning)).ToArray();
        try
        {
            Task.WaitAll(lanes);
        }
        catch (AggregateException e)
        {
            if (e.InnerExceptions.OfType<TargetException>().FirstOrDefault() is { } unusable) throw unusable;
            if (e.InnerExceptions.FirstOrDefault(inner => inner is not OperationCanceledException) is { } other) throw new InvalidOperationException(other.Message, other);
            throw new OperationCanceledException(cancellation);
        }

        AwaitTrials(wave);
        var probe = wave.FirstOrDefault(one => one.Requirement.Id == plan.ConcurrencyProbe);
        if (probe is { Holds: false, Result.Status: not Status.Skip }) pool.SideBySide = false;
    }

    private void Lane(List<(Progress Owner, Scenario Scenario)> queue)
    {
        while (true)
        {
            (Progress Owner, Scenario Scenario) item;
            lock (gate)
            {
                // While a requirement is on trial its further cases wait: most likely they need not be run.
                var next = queue.FindIndex(entry => !entry.Owner.OnTrial || entry.Owner.Result is not null);
                if (queue.Count == 0) return;
                if (next < 0)
                {
                    Monitor.Wait(gate, OnTrialPause);
                    cancellation.ThrowIfCancellationRequested();
                    continue;
                }

                item = queue[next];
                queue.RemoveAt(next);
            }

            cancellation.ThrowIfCancellationRequested();
            if (Clock.Now > plan.Pace.Cases) lock (gate) item.Owner.Dropped++;
            else if (item.Owner.Result is null) Case(item.Owner, item.Scenario);
            lock (gate)
            {
                item.Owner.Pending--;
                Monitor.PulseAll(gate);
            }

            ConcludeIfDone(item.Owner);
        }
    }

    /// <summary>Trials go on beside the waves; this waits for those of some requirements.</summary>
    private void AwaitTrials(IEnumerable<Progress> some)
    {
        WaitForTrials(some);
        if (fatal is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fatal);
    }

    private void WaitForTrials(IEnumerable<Progress> some)
    {
        lock (gate)
        {
            while (some.Any(one => one.OnTrial)) Monitor.Wait(gate);
        }
    }

    /// <summary>All failures are made smaller next to each other, in a time that they share.</summary>
    private void ShrinkAll()
    {
        if (!plan.Budget.Shrink) return;
        var until = Clock.Now + plan.Budget.ShrinkTime;
        if (plan.Pace.All - FinalRunsTime is { } latest && latest < until) until = latest;
        if (until <= Clock.Now) return;
        Parallel.ForEach(
            progress.Values.Where(one => one.Result is { Status: Status.Fail or Status.Warn, Failure: not null }), new ParallelOptions { MaxDegreeOfParallelism = ShrunkAtOnce },
            one =>
            {
                try
                {
                    one.Result = one.Result! with { Failure = NewTrial().Shrink(one.Requirement, (ScenarioFailure)one.Result.Failure!, until) };
                }
                catch (Exception e) when (e is TargetException or OperationCanceledException)
                {
                    // The failure stands as it was found.
                }
            });
    }

    private void Case(Progress owner, Scenario scenario)
    {
        List<(Progress Judged, Verdict Verdict)> verdicts = [];
        Evidence evidence;
        try
        {
            evidence = runner.Run(owner.Requirement, scenario, owner.Requirement.Company == Company.Alone, hurry: 1, seen =>
            {
                verdicts.AddRange(progress.Values.Where(one => one == owner || one.Always).Select(one => (one, Trial.Judge(one.Requirement, seen))));
                return verdicts.Any(entry => entry is { Verdict: Verdict.Violation, Judged.Result: null }); // what is known already makes no target unfit
            });
        }
        catch (TargetException e) when (runner.Cases > 0 && !e.Final)
        {
            // It started before: that it does not now is no verdict on this requirement.
            lock (gate) owner.Unsure ??= $"no further target could be started: {e.Message}";
            return;
        }

        var close = Judge.CloseJudge.Classify(evidence);
        foreach (var (judged, verdict) in verdicts) Note(judged, judged == owner, evidence, verdict, close);
        lock (gate) observer.CaseDone(owner.Requirement, evidence, verdicts.First(entry => entry.Judged == owner).Verdict, close);
    }

    private void Note(Progress one, bool own, Evidence evidence, Verdict verdict, CloseVerdict close)
    {
        lock (gate)
        {
            one.Cases++;
            if (own && close > one.Close) one.Close = close;
        }

        switch (verdict)
        {
            case Verdict.Violation violation:
                lock (gate)
                {
                    if (one.Result is not null || ++one.Suspected > MaxTrials) return;

                    // Cases that ran alone first: in company the fault may be a neighbour's.
                    if (evidence.Alone) one.Suspects.Insert(0, (evidence, violation));
                    else if (one.Suspects.Count < MaxSuspects) one.Suspects.Add((evidence, violation));
                    if (one.OnTrial) return;
                    one.OnTrial = true;
                }

                Task.Factory.StartNew(() => Try(one), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                break;
            case Verdict.Inconclusive { Why: Trial.TimeOver } when own:
                lock (gate) one.Dropped++;
                break;
            case Verdict.Inconclusive { Why: var why } when own:
                // Not the fault of anybody; but alone on a fresh target it may be decided.
                var (again, seen) = NewTrial().Alone(one.Requirement, evidence.Scenario);
                if (again is Verdict.Violation shown) Note(one, own, seen, shown, close);
                else if (again is Verdict.Inconclusive { TargetDied: true }) lock (gate) one.Blocked ??= why;
                else if (again is Verdict.Inconclusive { Why: Trial.TimeOver }) lock (gate) one.Dropped++;
                else if (again is Verdict.Inconclusive) lock (gate) one.Unsure ??= why;
                break;
            case Verdict.NotObservable { Why: var unseen }:
                lock (gate) one.NotObservable ??= unseen;
                break;
        }
    }

    /// <summary>Puts suspects on trial, one after the other, until one is found guilty or none is left.</summary>
    private void Try(Progress one)
    {
        try
        {
            while (true)
            {
                (Evidence Evidence, Verdict.Violation Violation) suspect;
                lock (gate)
                {
                    if (one.Suspects.Count == 0 || one.Result is not null)
                    {
                        EndTrial(one);
                        return;
                    }

                    suspect = one.Suspects[0];
                    one.Suspects.RemoveAt(0);
                }

                Decide(one, NewTrial().Decide(one.Requirement, suspect.Evidence, suspect.Violation));
            }
        }
        catch (Exception e)
        {
            lock (gate)
            {
                // No further target, an interruption, or a fault of ours: whoever waits for the trial is told.
                if (e is TargetException) one.Unsure ??= $"no further target could be started: {e.Message}";
                else fatal ??= e;
                EndTrial(one);
            }
        }
    }

    private void EndTrial(Progress one)
    {
        one.OnTrial = false;
        ConcludeIfDone(one);
        Monitor.PulseAll(gate);
    }

    private void Decide(Progress one, (Status Status, string? Reason, ScenarioFailure? Failure) decision)
    {
        lock (gate)
        {
            switch (decision.Status)
            {
                case Status.Pass:
                    // Seen only in company: if nothing else explains it by the end of the run, it is flaky.
                    one.InCompany = (decision.Reason!, decision.Failure!);
                    return;
                case Status.Flaky or Status.Inconclusive when decision.Failure is { } seen:
                    // Another suspect may show it for sure.
                    if (one.Doubt is not { Status: Status.Flaky }) one.Doubt = (decision.Status, decision.Reason!, seen);
                    return;
                case Status.Inconclusive:
                    one.Unsure ??= decision.Reason;
                    return;
                case Status.Skip:
                    one.Blocked ??= decision.Reason;
                    return;
            }

            if (one.Requirement.JudgesClose) runner.TargetDoesNotClose = true;
            if (decision.Failure is { } failure) one.Close = Judge.CloseJudge.Classify(failure.Evidence);
        }

        Finish(one, decision.Status, decision.Reason, decision.Failure);
    }

    private Trial NewTrial() => new(runner, plan.Budget, requirement =>
    {
        lock (gate) observer.Shrinking(requirement);
    }, cancellation);

    private void ConcludeIfDone(Progress one)
    {
        lock (gate)
        {
            if (one is { Pending: 0, Started: true, Result: null, OnTrial: false, Always: false }) Conclude(one);
        }
    }

    /// <summary>All cases of a requirement are done and none was found at fault.</summary>
    private void Conclude(Progress one)
    {
        if (one.Doubt is { } doubt)
        {
            Finish(one, doubt.Status, doubt.Reason, doubt.Failure);
            return;
        }

        var (status, reason) = one switch
        {
            { Cases: 0, Unsure: null } => (Status.Skip, "the time was over"),
            { Unsure: { } why } => (Status.Inconclusive, why),
            { Blocked: { } why } => (Status.Skip, $"{Words.CannotBeDecided}{why}"),
            { NotObservable: { } why } => (Status.Skip, $"not observable: {why}"),
            _ => (Status.Pass, one.Dropped > 0 ? $"the time was over: {one.Dropped} more cases were not run" : null),
        };
        Finish(one, status, reason);
    }

    private void Finish(Progress one, Status status, string? reason = null, ScenarioFailure? failure = null)
    {
        lock (gate)
        {
            if (one.Result is not null) return;
            one.Result = new RequirementResult(one.Requirement, status, one.Close, one.Cases, one.StartedAt is { } start ? Clock.Now - start : TimeSpan.Zero, reason, failure);
            observer.RequirementDone(one.Result, ++done, progress.Count);
        }
    }

    /// <summary>A failure seen only next to other cases is explained by a requirement that failed for sure; with none, it is flaky.</summary>
    private IEnumerable<RequirementResult> Explained(IEnumerable<RequirementResult> results)
    {
        var all = results.ToList();
        if (all.Any(result => result.Status == Status.Fail)) return all;
        return all.Select(result => result.Status == Status.Pass && progress[result.Requirement.Id].InCompany is { } seen
            ? result with { Status = Status.Flaky, Reason = seen.Reason, Failure = seen.Failure } : result);
    }

    /// <summary>How far one requirement is.</summary>
    private sealed class Progress(Requirement requirement)
    {
        public Requirement Requirement => requirement;

        public bool Always => requirement.Always;

        public bool Started, OnTrial;
        public int Pending, Cases, Suspected, Dropped;
        public TimeSpan? StartedAt;
        public CloseVerdict Close;
        public List<(Evidence Evidence, Verdict.Violation Violation)> Suspects { get; } = [];

        public string? Unsure, Blocked, NotObservable;
        public (string Reason, ScenarioFailure Failure)? InCompany;
        public (Status Status, string Reason, ScenarioFailure Failure)? Doubt;
        public RequirementResult? Result;

        /// <summary>Its own cases are over. One that is judged on every case has its final result only at the end of the run.</summary>
        public bool Decided => Result is not null || (Started && Pending == 0);

        public bool Holds => Result is null or { Status: Status.Pass or Status.Warn };
    }
}
