using System.Collections.Concurrent;
using System.Collections.Immutable;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Targets;

namespace SockConformance.Fuzz;

/// <summary>What an examiner works with.</summary>
/// <param name="Folder">Where failures are saved.</param>
/// <param name="Pending">Where suspects are kept until they are decided, so that none is lost: the folder of the corpus.</param>
/// <param name="Reference">Runs cases on fresh targets of the reference; null for none.</param>
internal sealed record ExaminerTools(Suite Suite, FuzzGenerator Generator, CaseRunner Runner, CaseRunner? Reference, TrialBudget Budget, RunHeader Header, string Folder, string Pending, Func<CaptureOrigin> Origin, EdgeCount? Edges, ReportTrouble Trouble);

/// <summary>
/// Looks at suspects again, one after the other: each alone on a fresh target with a well-behaved visitor behind it, then what ran before it, then all of that in a row. What fails there
/// is confirmed, made smaller and saved once.
/// </summary>
internal sealed class Examiner(ExaminerTools tools, IFuzzObserver observer)
{
    public const string SuspectId = "fuzz/suspect", DiffersId = "fuzz/same-as-reference";
    private const int MostWaiting = 64, MostBefore = 8, MostSockets = 900;
    private static readonly ImmutableArray<string> Order = ["process/life/keeps-running", "process/output/sanitizer-clean", "process/output/no-uncaught-error", "fuzz/serves-after", "fuzz/replies"];
    private readonly SuspectQueue waiting = new(MostWaiting);
    private readonly ConcurrentDictionary<string, Find> finds = new();
    private CancellationToken ending;
    private Thread? thread;
    private volatile bool busy;

    /// <summary>By signature.</summary>
    public IReadOnlyDictionary<string, Find> Finds => finds;

    /// <summary>Told of every suspect that turned out to be nothing.</summary>
    public Action<Suspect>? Dismissed { get; set; }

    /// <summary>Suspects that turned out to be nothing.</summary>
    public int Unconfirmed { get; private set; }

    /// <summary>What failed once and then held.</summary>
    public ConcurrentDictionary<string, (Requirement Requirement, string Reason)> Flaky { get; } = new();

    public bool IsBusy => busy || waiting.Count > 0;

    public EdgeCount? Edges => tools.Edges;

    /// <summary>Why it cannot go on; null while it can.</summary>
    public Exception? Trouble { get; private set; }

    /// <summary>The spec tells what is due throughout.</summary>
    public static bool IsInnocent(Scenario scenario) => !scenario.Steps.Any(step => step is Step.Await or Step.Send { MayFail: true } or Step.Inject);

    /// <summary>What a case can be judged by: of one that went astray only how the target lives on.</summary>
    public static IEnumerable<Requirement> OraclesFor(Suite suite, Scenario scenario)
    {
        var innocent = IsInnocent(scenario);
        return suite.Requirements.Where(one => one.Always && (innocent || !one.Id.StartsWith("tcp/", StringComparison.Ordinal))).Concat(suite.Oracles.Where(one => innocent || one.Id == "fuzz/serves-after"))
            .OrderBy(one => Order.IndexOf(one.Id) is >= 0 and var place ? place : Order.Length);
    }

    public void Start(CancellationToken token)
    {
        ending = token;
        thread = new Thread(Work) { IsBackground = true, Name = "examiner" };
        thread.Start();
    }

    /// <summary>Takes in a suspect; while there are too many it waits.</summary>
    public void Add(Suspect suspect)
    {
        Keep(suspect);
        waiting.Add(suspect, ending); // once the campaign is over it stays in the folder, and comes first in the next one
    }

    /// <summary>No more suspects come.</summary>
    /// <param name="wait">For those that are under way.</param>
    public void Finish(bool wait)
    {
        waiting.Close();
        if (wait) thread?.Join();
    }

    /// <summary>A scenario as a file.</summary>
    public CaseFile Describe(string requirement, Scenario scenario, string observed) => new()
    {
        Sockcase = CaseFile.Format,
        Id = CaseFile.IdOf(requirement, scenario),
        Requirement = requirement,
        Spec = tools.Suite.Service.Name,
        Tool = $"sockconf {RunHeader.Version}",
        Seed = tools.Header.SeedText,
        Command = tools.Header.Command,
        Sources = [.. tools.Suite.Service.Sources.Select(source => new CaseFile.SourceText(source.Name, source.Text))],
        Expected = "",
        Observed = observed,
        Scenario = scenario,
    };

    /// <summary>The suspects that an earlier campaign left undecided.</summary>
    public IEnumerable<Suspect> Left()
    {
        foreach (var path in Directory.EnumerateFiles(tools.Pending, "suspect-*.json").ToList())
        {
            Suspect? left = null;
            try
            {
                var scenario = CaseFile.Read(path).Scenario;
                left = new Suspect(Suspicion.Died, scenario, [], path);
            }
            catch (InputException e)
            {
                observer.Note($"{Printable.Line(e.Message, 300)}: left out");
            }

            if (left is not null) yield return left;
        }
    }

    private void Work()
    {
        try
        {
            while (waiting.Take() is { } suspect)
            {
                if (ending.IsCancellationRequested && !finds.IsEmpty) break; // the rest stays for the next campaign
                busy = true;
                Examine(suspect);
                File.Delete(PathOf(suspect));
                busy = false;
            }
        }
        catch (OperationCanceledException)
        {
            // Interrupted; the suspect stays.
        }
        catch (Exception e)
        {
            Trouble = e;
        }
        finally
        {
            busy = false;
        }
    }

    private void Examine(Suspect suspect)
    {
        foreach (var (candidate, oracles) in Candidates(suspect))
        {
            if (oracles.Count == 0) continue;
            var violations = new List<(Requirement Requirement, Verdict.Violation Violation)>();
            Evidence seen;
            try
            {
                seen = tools.Runner.Run(oracles[0], candidate, fresh: true, hurry: 1, evidence =>
                {
                    violations.AddRange(from oracle in oracles let verdict = Trial.Judge(oracle, evidence) where verdict is Verdict.Violation select (oracle, (Verdict.Violation)verdict));
                    return violations.Count > 0;
                }, onTrial: true);
            }
            catch (TargetException e) when (!e.Final)
            {
                continue;
            }

            foreach (var (requirement, violation) in violations)
            {
                if (Decide(requirement, seen, violation)) return;
            }
        }

        Unconfirmed++;
        Dismissed?.Invoke(suspect);
    }

    /// <summary>What is tried, and what each is judged by.</summary>
    private IEnumerable<(Scenario Scenario, IReadOnlyList<Requirement> Oracles)> Candidates(Suspect suspect)
    {
        switch (suspect.Why)
        {
            case Suspicion.Slow:
                if (Doubled(suspect.Scenario) is { } doubled) yield return (doubled, [.. tools.Suite.Oracles.Where(one => one.Id == "fuzz/slowdown")]);
                yield break;
            case Suspicion.Differs:
                yield return (suspect.Scenario, [SameAsReference()]);
                yield break;
            case Suspicion.Grows:
                var leaks = tools.Suite.Requirements.Where(one => one.Id.StartsWith("process/leak/", StringComparison.Ordinal)).ToList();
                foreach (var one in suspect.Before.Reverse().DistinctBy(one => string.Join(' ', one.Steps.Select(step => step.GetType().Name))).Take(MostBefore)) yield return (Repeated(one), leaks);
                yield break;
        }

        yield return Judged(suspect.Scenario);
        foreach (var one in suspect.Before.Reverse().Take(MostBefore)) yield return Judged(one);
        if (suspect.Before.Length > 0) yield return Judged(InARow([.. suspect.Before, suspect.Scenario]));
    }

    private (Scenario, IReadOnlyList<Requirement>) Judged(Scenario scenario) => (tools.Generator.WithVisitor(scenario), [.. OraclesFor(tools.Suite, scenario)]);

    private bool Decide(Requirement requirement, Evidence seen, Verdict.Violation violation)
    {
        var trial = new Trial(tools.Runner, tools.Budget, _ => { }, CancellationToken.None);
        var (status, reason, failure) = trial.Decide(requirement, seen, violation);
        if (status is not (Status.Fail or Status.Warn) || failure is null)
        {
            if (status == Status.Flaky) Flaky.TryAdd(requirement.Id, (requirement, reason ?? ""));
            return false;
        }

        if (tools.Budget.Shrink && requirement.Id is not "fuzz/slowdown") failure = trial.Shrink(requirement, failure, Clock.Now + tools.Budget.ShrinkTime);
        var signature = Signature.Of(requirement, failure);
        if (finds.ContainsKey(signature)) return true;
        var paths = FailureFiles.Save(tools.Folder, tools.Header, requirement, failure, tools.Origin(), tools.Trouble);
        var find = new Find(requirement, failure, signature, paths, Clock.Now, tools.Runner.Cases);
        if (finds.TryAdd(signature, find)) observer.Found(find);
        return true;
    }

    private Requirement SameAsReference() => new()
    {
        Id = DiffersId,
        Title = "answers as the reference does",
        Clause = "--against",
        Statement = "The same scenario gets the same bytes, and the same end, from the target and from the reference server.",
        Why = "the two disagree: one of them is wrong, or the spec leaves it open",
        Fix = "look at the first reply that differs, and at what the spec says of its request",
        Judge = evidence =>
        {
            if (tools.Reference is null) return Verdict.Holds;
            var other = tools.Reference.Run(tools.Suite.Oracles[0], evidence.Scenario, fresh: true, hurry: 1, _ => false);
            foreach (var one in evidence.Trace.Connections)
            {
                var ours = one.Received.Span;
                var theirs = other.Trace.On(one.Socket) is { } same ? same.Received.Span : default;
                if (ours.SequenceEqual(theirs)) continue;
                var at = ours.CommonPrefixLength(theirs);
                return new Verdict.Violation($"as the reference on #{one.Socket}: {Told(theirs, at)}", Told(ours, at)) { Socket = one.Socket, Offset = at };
            }

            return Verdict.Holds;
        },
    };

    private static string Told(ReadOnlySpan<byte> bytes, int at) => $"{bytes.Length} bytes, from offset {at} {Payload.Literal.Of(bytes[at..Math.Min(bytes.Length, at + 24)])}";

    /// <summary>All in one scenario, one after the other, each on sockets of its own.</summary>
    private static Scenario InARow(IReadOnlyList<Scenario> scenarios)
    {
        var steps = ImmutableArray.CreateBuilder<Step>();
        var next = 0;
        foreach (var scenario in scenarios.Reverse())
        {
            if (next + scenario.Sockets.Length > MostSockets) break;
            steps.InsertRange(0, OnSocketsFrom(next, scenario));
            next += scenario.Sockets.Length;
        }

        return new Scenario("what ran one after the other", steps.ToImmutable());
    }

    private static IEnumerable<Step> OnSocketsFrom(int first, Scenario scenario)
    {
        var numbers = scenario.Sockets.Select((socket, index) => (socket, index)).ToDictionary(pair => pair.socket, pair => first + pair.index);
        return scenario.Steps.Select(step => step is Step.OnSocket on ? on with { Socket = numbers[on.Socket] } : step);
    }

    /// <summary>The longest message alone, then twice and four times as long, each on a connection of its own; null where there is none.</summary>
    private static Scenario? Doubled(Scenario scenario)
    {
        const int LeastBytes = 64, MostBytes = 1 << 20, Patience = 20_000;
        if (scenario.Steps.OfType<Step.Send>().MaxBy(send => send.Data.Size) is not { } longest || longest.Data.Size is < LeastBytes or > MostBytes / 4) return null;
        var bytes = longest.Data.ToBytes();
        var end = bytes.AsSpan().TrimEnd("\r\n"u8).Length;
        var steps = ImmutableArray.CreateBuilder<Step>();
        steps.Add(new Step.Sample("at the start"));
        foreach (var (socket, times) in ((int, int)[])[(0, 1), (1, 2), (2, 4)])
        {
            var data = Enumerable.Repeat(bytes[..end], times).SelectMany(part => part).Concat(bytes[end..]).ToArray();
            steps.AddRange(new Step.Connect(socket), new Step.Send(socket, Payload.Literal.Of(data)) { MayFail = true }, new Step.Await(socket, Patience, new Framing.Stream()), new Step.Close(socket), new Step.Sample($"{times} times the request"));
        }

        return new Scenario("one message, twice it, four times it", steps.ToImmutable());
    }

    /// <summary>The same again and again, with looks at the process between.</summary>
    private static Scenario Repeated(Scenario scenario)
    {
        const int Round = 16, LastRound = 32;
        var steps = ImmutableArray.CreateBuilder<Step>();
        steps.Add(new Step.Sample("the case"));
        var next = 0;
        foreach (var times in (int[])[Round, Round, LastRound])
        {
            for (var i = 0; i < times && next + scenario.Sockets.Length < MostSockets; i++)
            {
                steps.AddRange(OnSocketsFrom(next, scenario));
                next += scenario.Sockets.Length;
            }

            steps.Add(new Step.Sample("the case"));
        }

        return new Scenario("the same again and again", steps.ToImmutable());
    }

    private string PathOf(Suspect suspect) => suspect.Key.EndsWith(".json", StringComparison.Ordinal) && suspect.Key.StartsWith(tools.Pending, StringComparison.Ordinal) ? suspect.Key
        : Path.Combine(tools.Pending, $"suspect-{CaseFile.IdOf(SuspectId, suspect.Scenario)}.json");

    private void Keep(Suspect suspect)
    {
        if (suspect.Why is not (Suspicion.Died or Suspicion.Unmet or Suspicion.Reply) || File.Exists(PathOf(suspect))) return;
        var whole = suspect.Why == Suspicion.Died ? InARow([.. suspect.Before, suspect.Scenario]) : suspect.Scenario;
        tools.Trouble.Try(() => RunFolder.Write(tools.Pending, Path.GetFileName(PathOf(suspect)), Describe(SuspectId, whole, $"{suspect.Why}").ToJson()));
    }
}
