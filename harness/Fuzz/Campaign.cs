using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Fuzz;

/// <summary>What a campaign is asked to do.</summary>
/// <param name="Stale">It ends when nothing new has been seen for so long.</param>
/// <param name="RestartEvery">After so many cases the target is started anew; 0 for never.</param>
/// <param name="KeepGoing">A failure does not end it.</param>
/// <param name="Pinned">Each worker stays, with its target, on a processor of its own.</param>
internal sealed record FuzzPlan(ulong Seed, int Workers, TimeSpan? MaxTime, long? MaxCases, TimeSpan? Stale, int RestartEvery, bool KeepGoing, bool Pinned);

/// <summary>How a campaign stands.</summary>
/// <param name="Judged">Connections judged by their packets.</param>
/// <param name="Lost">Packets that were not captured.</param>
internal sealed record FuzzCounts(long Cases, long Primitives, TimeSpan Time, int Corpus, int States, int Transitions, int Edges, int Finds, int Suspects, int Unconfirmed, TimeSpan SinceNew, long Judged, long Lost)
{
    public double Rate => Time > TimeSpan.Zero ? Cases / Time.TotalSeconds : 0;
}

/// <summary>Who is told what happens. Called from several threads, one at a time.</summary>
internal interface IFuzzObserver
{
    void Progress(FuzzCounts counts);

    /// <summary>A case reached something new; the corpus has it now.</summary>
    void New(FuzzCounts counts, Scenario scenario);

    void Found(Find find);

    /// <summary>Something worth a line.</summary>
    void Note(string text);

    /// <summary>The first cases of a campaign, in a number that is the same for the same cases.</summary>
    void Drawn(long cases, ulong digest);
}

/// <summary>
/// Workers draw cases and run them, each on a target of its own, as fast as the kernel allows; what looks odd is looked at again by an <see cref="Examiner"/>, alone, on
/// fresh targets, with all the evidence. Only what is confirmed there is a failure.
/// </summary>
internal sealed class Campaign(FuzzPlan plan, Suite suite, FuzzGenerator generator, Corpus corpus, Func<int, FuzzTarget> newTarget, Func<FuzzTarget>? newInjected, Examiner examiner, IFuzzObserver observer, CancellationToken interrupted)
{
    private const int Digested = 1000, MostPerKey = 3, MostDismissed = 20;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
    private readonly Dictionary<string, (int Open, int Dismissed)> keys = [];
    private readonly Lock telling = new();
    private readonly ulong[] digests = new ulong[Digested];
    private long drawn, cases, primitives, lastNew;
    private int suspects;
    private Exception? trouble;

    public StateMap Map { get; } = new(suite.Service);

    /// <summary>Judges the connections of the quick drivers by their packets; null for nobody.</summary>
    public QuickWire? Wire { get; init; }

    public FuzzPlan Plan => plan;

    public Suite Suite => suite;

    public FuzzGenerator Generator => generator;

    public CancellationToken Token => ending.Token;

    /// <summary>Why it ended.</summary>
    public string EndedBy { get; private set; } = "interrupted";

    public FuzzCounts Counts => new(
        Interlocked.Read(ref cases), Interlocked.Read(ref primitives), Clock.Now - Started, corpus.Count, Map.States, Map.Transitions, examiner.Edges?.Seen ?? 0, examiner.Finds.Count, suspects, examiner.Unconfirmed,
        Clock.Now - TimeSpan.FromTicks(Interlocked.Read(ref lastNew)), Wire?.Judged ?? 0, Wire?.Lost ?? 0);

    private TimeSpan Started { get; } = Clock.Now;

    /// <summary>Until a failure, the time, the number of cases, staleness, or an interruption.</summary>
    /// <exception cref="TargetException">A target cannot be started.</exception>
    public void Run()
    {
        lastNew = Started.Ticks;
        examiner.Dismissed = Forgive;
        examiner.Start(ending.Token);
        var workers = Enumerable.Range(0, plan.Workers).Select(number => new Thread(() => Work(() => newTarget(number), number)) { IsBackground = true, Name = $"fuzz {number}" }).ToList();
        var injector = newInjected is null ? null : new Thread(() => Work(newInjected, null)) { IsBackground = true, Name = "segments" };
        foreach (var worker in workers) worker.Start();
        injector?.Start();
        while (!ending.IsCancellationRequested && workers.Exists(worker => worker.IsAlive))
        {
            ending.Token.WaitHandle.WaitOne(Beat);
            var now = Counts;
            lock (telling) observer.Progress(now);
            if (plan.MaxTime is { } time && now.Time >= time) End($"the time was over ({time.TotalSeconds:0.#} s)");
            else if (plan.Stale is { } stale && now.SinceNew >= stale && !examiner.IsBusy) End($"nothing new for {stale.TotalSeconds:0.#} s");
            else if (now.Finds > 0 && !plan.KeepGoing) End("a failure was found (--keep-going looks for more)");
            if (examiner.Trouble is { } broken) Fail(broken);
        }

        foreach (var worker in workers) worker.Join();
        if (!ending.IsCancellationRequested && plan.MaxCases is { } most) End($"all {most} cases were run");
        injector?.Join();
        examiner.Finish(wait: !interrupted.IsCancellationRequested && trouble is null);
        if (examiner.Trouble is { } late) trouble ??= late;
        if (drawn >= Digested) lock (telling) observer.Drawn(Digested, XxHash3.HashToUInt64(MemoryMarshal.AsBytes(digests.AsSpan())));
        if (trouble is not null && !interrupted.IsCancellationRequested) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(trouble);
    }

    /// <summary>The number of the next case; null when there are to be no more.</summary>
    public long? NextNumber()
    {
        if (ending.IsCancellationRequested) return null;
        var number = Interlocked.Increment(ref drawn) - 1;
        return plan.MaxCases is { } most && number >= most ? null : number;
    }

    public Scenario Draw(long number)
    {
        var scenario = generator.Draw((ulong)number);
        if (number < Digested) digests[number] = Digest(scenario);
        return scenario;
    }

    /// <summary>A case is over.</summary>
    /// <param name="reached">The step after which something new was seen, or -1.</param>
    public void Done(Scenario scenario, long calls, int reached)
    {
        Interlocked.Increment(ref cases);
        Interlocked.Add(ref primitives, calls);
        if (reached < 0) return;
        Interlocked.Exchange(ref lastNew, Clock.Now.Ticks);
        corpus.Add(scenario, reached, () => examiner.Describe(Corpus.Requirement, scenario, $"{reached}"));
        lock (telling) observer.New(Counts, scenario);
    }

    /// <summary>Something looks odd: it is looked at again, unless the like was already.</summary>
    /// <returns>Whether it is.</returns>
    public bool Suspect(Suspect suspect)
    {
        lock (keys)
        {
            var (open, before) = keys.GetValueOrDefault(suspect.Key);
            if (open >= MostPerKey) return false;
            keys[suspect.Key] = (open + 1, before);
        }

        Interlocked.Increment(ref suspects);
        examiner.Add(suspect);
        return true;
    }

    /// <summary>What is shown by chance only may be shown by the next one of its kind.</summary>
    private void Forgive(Suspect suspect)
    {
        if (suspect.Why > Suspicion.Wire) return;
        lock (keys)
        {
            var (open, before) = keys.GetValueOrDefault(suspect.Key);
            if (before < MostDismissed) keys[suspect.Key] = (Math.Max(0, open - 1), before + 1);
        }
    }

    /// <param name="processor">To stay on, if workers do; null for any.</param>
    private void Work(Func<FuzzTarget> make, int? processor)
    {
        try
        {
            if (plan.Pinned && processor is { } one) Libc.StayOn(one);
            using var target = make();
            new FuzzWorker(this, target).Run();
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The campaign is over.
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception e)
    {
        trouble ??= e;
        End("interrupted");
    }

    private void End(string why)
    {
        if (!ending.IsCancellationRequested) EndedBy = why;
        ending.Cancel();
    }

    private static ulong Digest(Scenario scenario) => XxHash3.HashToUInt64(JsonSerializer.SerializeToUtf8Bytes(scenario, CaseJson.Default.Scenario));
}
