using System.Collections.Immutable;
using System.Text.RegularExpressions;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Run;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Fuzz;

/// <summary>What a worker runs its cases on.</summary>
/// <param name="Pool">Launches its targets.</param>
/// <param name="Reference">Targets of the reference that replies are laid beside; null for none.</param>
/// <param name="Edges">What the target's own instrumentation tells; null where it has none.</param>
/// <param name="Slow">Runs a case with all the evidence at once, where the quick driver does not know the protocol; null where it does.</param>
internal sealed record FuzzTarget(TargetPool Pool, TargetPool? Reference, EdgeMap? Edges, CaseRunner? Slow) : IDisposable
{
    /// <summary>Judges its connections by their packets; null where there is no right to capture.</summary>
    public QuickWire? Wire { get; init; }

    /// <summary>Its cases are segments that no kernel sends, drawn in batches; null for those that the campaign draws.</summary>
    public Func<int, IReadOnlyList<Scenario>>? Segments { get; init; }

    public void Dispose()
    {
        Pool.Dispose();
        Reference?.Dispose();
        Edges?.Dispose();
    }
}

/// <summary>One thread of a campaign: draws a case, runs it, takes in what came back, and says what looked odd.</summary>
internal sealed partial class FuzzWorker(Campaign campaign, FuzzTarget target)
{
    private const int Remembered = 32, LeastForGrowth = 60, Looks = 4;
    private const double FarSlower = 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1.5), ReadEvery = TimeSpan.FromMilliseconds(50), NoteworthyTime = TimeSpan.FromMilliseconds(40);
    private readonly Queue<Scenario> before = new();
    private readonly List<ProcessSample> looks = [];
    private readonly HashSet<string> shapes = [];
    private TimeSpan lastLook, lastRead;
    private long printed;
    private double usual;

    public void Run()
    {
        if (target.Segments is { } draw) Inject(draw);
        else RunDrawn();
    }

    /// <summary>Segments of our own making, one case after the other; each with a client behind it that does everything right.</summary>
    private void Inject(Func<int, IReadOnlyList<Scenario>> draw)
    {
        for (var batch = 0; ; batch++)
        {
            foreach (var scenario in draw(batch))
            {
                if (campaign.Token.IsCancellationRequested) return;
                Slow(campaign.Generator.WithVisitor(scenario), target.Slow!, noted: scenario);
            }
        }
    }

    private void RunDrawn()
    {
        for (var number = campaign.NextNumber(); number is not null;)
        {
            using var lease = target.Pool.Fresh();
            using var other = target.Reference?.Fresh();
            using var driver = new QuickDriver(lease.Target.Endpoint, Environment.CurrentManagedThreadId, campaign.Token);
            using var reference = other is null ? null : new QuickDriver(other.Target.Endpoint, Environment.CurrentManagedThreadId + 8, campaign.Token);
            before.Clear();
            looks.Clear();
            printed = 0;
            var left = campaign.Plan.RestartEvery;
            do
            {
                var scenario = campaign.Draw(number.Value);
                var fit = target.Slow is null ? Quick(scenario, lease.Target, driver, reference) : Slow(scenario, target.Slow);
                if (before.Count == Remembered) before.Dequeue();
                before.Enqueue(scenario);
                number = campaign.NextNumber();
                if (!fit) break;
            }
            while (number is not null && --left != 0);
        }
    }

    /// <returns>Whether the target can be used on.</returns>
    private bool Quick(Scenario scenario, ITarget process, QuickDriver driver, QuickDriver? reference)
    {
        var (start, calls) = (Clock.Now, driver.Primitives);
        driver.Run(scenario.Steps);
        target.Wire?.Note(driver.Addresses, scenario);
        var time = Clock.Now - start;
        var odd = !process.Alive ? Suspicion.Died : driver.Unmet >= 0 ? Suspicion.Unmet : IsWrong(scenario, driver) ? Suspicion.Reply : (Suspicion?)null;
        var reached = odd is null ? campaign.Map.Note(scenario, driver.Events, driver.Received) : -1;
        if (target.Edges is { } edges && edges.TakeNew() && odd is null && reached < 0) reached = scenario.Steps.Length;
        campaign.Done(scenario, driver.Primitives - calls, reached);
        if (odd is { } why)
        {
            var isNew = Tell(why, scenario, why == Suspicion.Unmet ? $"{scenario.Steps[driver.Unmet].GetType().Name} {driver.UnmetEnd}" : "");
            return why != Suspicion.Died && (why == Suspicion.Reply || !isNew); // what hangs may hang because of this case: the next ones get another target
        }

        if (reference is not null && Differ(scenario, driver, reference)) Tell(Suspicion.Differs, scenario, $"{reached}");
        LookAtTime(scenario, time, driver);
        LookAtOutput(scenario, process);
        LookAtProcess(scenario, process);
        return true;
    }

    /// <summary>With all the evidence at once: what the quick driver does not know, such as TLS and datagrams.</summary>
    /// <param name="noted">What is told of it where it looks odd; null for itself.</param>
    private bool Slow(Scenario scenario, CaseRunner runner, Scenario? noted = null)
    {
        Verdict.Violation? wrong = null;
        var evidence = runner.Run(campaign.Suite.Oracles[0], scenario, fresh: false, hurry: 1, seen =>
        {
            wrong = Examiner.OraclesFor(campaign.Suite, scenario).Select(oracle => Trial.Judge(oracle, seen)).OfType<Verdict.Violation>().FirstOrDefault();
            return wrong is not null;
        });
        var events = new List<QuickEvent>();
        var offsets = new Dictionary<int, int>(); // by socket: where among its bytes those of the next step begin
        foreach (var (index, (step, outcome)) in scenario.Steps.Zip(evidence.Trace.Outcomes).Index())
        {
            if (step is not (Step.Receive or Step.ReceiveMessages or Step.Await) || outcome.Result == StepResult.NotRun || step.On is not < QuickDriver.MostSockets) continue;
            var from = offsets.GetValueOrDefault(step.On.Value);
            var to = offsets[step.On.Value] = Math.Min(from + BytesOf(evidence, step.On.Value, index, outcome), BytesOn(evidence, step.On.Value).Length);
            var end = outcome.Result switch { StepResult.Done => QuickEnd.Met, StepResult.EndOfFile => QuickEnd.EndOfFile, StepResult.TimedOut => QuickEnd.TimedOut, _ => QuickEnd.Reset };
            events.Add(new QuickEvent(index, step.On.Value, from, to, end));
        }

        // What segments bring is not drawn from: when they run among the other cases is a matter of time, and the same seed is to draw the same.
        var reached = wrong is null && noted is null ? campaign.Map.Note(scenario, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(events), socket => BytesOn(evidence, socket)) : -1;
        campaign.Done(scenario, scenario.Steps.Length, reached);
        if (wrong is not null) Tell(evidence.Target.End is null ? Suspicion.Unmet : Suspicion.Died, noted ?? scenario, wrong.Expected);
        return true;
    }

    private static int BytesOf(Evidence evidence, int socket, int step, Outcome outcome) =>
        evidence.Trace.On(socket) is { Datagrams: { IsEmpty: false } datagrams } ? datagrams.Where(datagram => datagram.Step == step).Sum(datagram => datagram.Data.Length) : outcome.Bytes;

    /// <summary>All that came on a socket: what came as datagrams is one stream here.</summary>
    private static ReadOnlySpan<byte> BytesOn(Evidence evidence, int socket)
    {
        if (evidence.Trace.On(socket) is not { } connection) return [];
        return connection.Datagrams.IsEmpty ? connection.Received.Span : connection.Datagrams.SelectMany(datagram => datagram.Data.ToArray()).ToArray();
    }

    /// <summary>Something else came than is due, on a connection on which the spec tells.</summary>
    private bool IsWrong(Scenario scenario, QuickDriver driver)
    {
        var service = campaign.Suite.Service;
        if (service.Kind is "http" or "chargen" || (service.Rules.IsEmpty && service.Greeting is null)) return false;
        foreach (var socket in scenario.Sockets)
        {
            var received = driver.Received(socket);
            if (received.IsEmpty) continue;
            var (sent, ended) = SentOn(scenario, socket);
            if (service.IsEcho)
            {
                if (received.Length > sent.Length || !sent.AsSpan(0, received.Length).SequenceEqual(received)) return true;
                continue;
            }

            var owed = Replies.To(service, sent, ended);
            if (owed is { Open: false, Broken: false } && ReplyMatch.Of(service, owed, received, ended) is { DifferenceAt: >= 0 } or { ExtraAt: >= 0 }) return true;
        }

        return false;
    }

    private static (byte[] Sent, bool Ended) SentOn(Scenario scenario, int socket)
    {
        byte[]? only = null;
        List<byte>? all = null;
        var ended = false;
        foreach (var step in scenario.Steps)
        {
            if (step.On != socket) continue;
            ended |= step is Step.ShutdownWrite;
            if (step is not Step.Send send) continue;
            var data = send.Data.ToBytes();
            if (only is null) only = data;
            else (all ??= [.. only]).AddRange(data);
        }

        return (all is null ? only ?? [] : [.. all], ended);
    }

    private static bool Differ(Scenario scenario, QuickDriver one, QuickDriver other)
    {
        other.Run(scenario.Steps);
        if (other.Unmet >= 0) return true;
        foreach (var socket in scenario.Sockets)
        {
            if (!one.Received(socket).SequenceEqual(other.Received(socket))) return true;
        }

        return false;
    }

    /// <summary>Far slower than usual for its steps, and slower again at once: perhaps the time grows faster than the request.</summary>
    private void LookAtTime(Scenario scenario, TimeSpan time, QuickDriver driver)
    {
        var own = WithoutWaits(scenario, time);
        var step = own / Math.Max(1, scenario.Steps.Length);
        if (usual > 0 && own > NoteworthyTime.TotalMilliseconds && step > usual * FarSlower)
        {
            var start = Clock.Now;
            driver.Run(scenario.Steps);
            var again = WithoutWaits(scenario, Clock.Now - start);
            if (again > NoteworthyTime.TotalMilliseconds && again > own / 2) Tell(Suspicion.Slow, scenario, $"{(int)Math.Log2(own)}");
        }

        usual = usual == 0 ? Math.Max(0.01, step) : (usual * 0.99) + (Math.Clamp(step, 0.01, usual * 4) * 0.01);
    }

    /// <summary>Milliseconds.</summary>
    private static double WithoutWaits(Scenario scenario, TimeSpan time) =>
        time.TotalMilliseconds - scenario.Steps.Sum(step => step switch { Step.Idle idle => idle.Milliseconds, Step.Await awaited => awaited.Milliseconds, Step.Send send => send.Pause * 20, _ => 0 });

    private void LookAtOutput(Scenario scenario, ITarget process)
    {
        if (process.Printed == printed || Clock.Now - lastRead < ReadEvery) return;
        (printed, lastRead) = (process.Printed, Clock.Now);
        foreach (var line in process.State.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(60))
        {
            var shape = Numbers().Replace(line.Length > 200 ? line[..200] : line, "#");
            if (shapes.Count < 400 && shapes.Add(shape)) Tell(Suspicion.Printed, scenario, shape);
        }
    }

    private void LookAtProcess(Scenario scenario, ITarget process)
    {
        if (Clock.Now - lastLook < LookEvery) return;
        lastLook = Clock.Now;
        if (process.Sample() is not { } sample) return;
        looks.Add(sample);
        if (looks.Count < Looks) return;
        if (looks.Count > Looks) looks.RemoveAt(0);
        foreach (var (what, number) in ((string, Func<ProcessSample, long>)[])[("descriptors", one => one.Descriptors), ("threads", one => one.Threads), ("zombies", one => one.Zombies)])
        {
            var grows = looks.Zip(looks.Skip(1)).All(pair => number(pair.Second) > number(pair.First));
            if (grows && number(looks[^1]) - number(looks[0]) >= LeastForGrowth) Tell(Suspicion.Grows, scenario, what);
        }
    }

    private bool Tell(Suspicion why, Scenario scenario, string detail) => campaign.Suspect(new Suspect(why, scenario, [.. before], $"{why} {detail} {(Examiner.IsInnocent(scenario) ? "" : "astray")}"));

    [GeneratedRegex("0x[0-9a-fA-F]+|[0-9]+", RegexOptions.None, 1000)]
    private static partial Regex Numbers();
}
