using System.Collections.Immutable;

namespace SockConformance.Api;

/// <summary>One call as it was made, on the run's time axis.</summary>
/// <param name="Step">Its place in the program; what the harness asks in between bears the number of the step that it is asked for.</param>
/// <param name="Situation">What the model had it for.</param>
/// <param name="Refused">It is a step that the standard refuses.</param>
internal sealed record CallTrace(int Step, Call Call, string Answer, TimeSpan Start, TimeSpan End, Point Situation, bool Refused);

/// <summary>What came of a program.</summary>
/// <param name="Disagreement">Null if all went as the model has it.</param>
/// <param name="Broken">The driver cannot be used any more.</param>
/// <param name="Calls">What was called, if it was to be recorded.</param>
/// <param name="Flows">What was captured while it ran.</param>
internal sealed record ProgramOutcome(Disagreement? Disagreement, bool Broken, ImmutableArray<CallTrace> Calls, ImmutableArray<Model.Flow> Flows);

/// <summary>
/// Runs programs: asks the model, then the driver, and lays the two beside each other. One run serves many programs. What is asked between the
/// steps (a name that a later step needs, whether an error has come) is asked by the same primitives and judged by the same model.
/// </summary>
internal sealed class ProgramRun
{
    private const int MaxData = 1 << 16, MaxFills = 1024, NobodysPort = 4;
    private static readonly ManualResetEventSlim Nothing = new(); // never set: to wait a little between two looks
    private static readonly ProgramOutcome Agreed = new(null, false, [], []);
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(10);
    private readonly byte[] data = new byte[MaxData + 2048], room = new byte[MaxData + 2048];
    private readonly int[] tokens = new int[Call.MaxSlots];
    private readonly List<CallTrace> trace = [];
    private readonly IDriver target;
    private readonly IDriver? peer;
    private readonly TimeSpan patience;
    private int step;

    /// <param name="peer">The other host, for the sockets that programs have there; null if all are the target's.</param>
    /// <param name="patience">How long what travels may take.</param>
    /// <param name="peers">What the other host is judged by; null for the same.</param>
    public ProgramRun(Profile profile, IDriver target, IDriver? peer, TimeSpan patience, Profile? peers = null)
    {
        (this.target, this.peer, this.patience) = (target, peer, patience);
        World = new World(profile, peers) { TellsSignals = target.TellsSignals, NumbersDescriptors = target.NumbersDescriptors };
    }

    public World World { get; }

    /// <summary>Whether each call is written down.</summary>
    public bool Records { get; set; }

    public Coverage Coverage { get; } = new();

    /// <summary>The primitives that waited, had a reason to end, and were not answered; emptied by the first that was.</summary>
    public HashSet<Primitive> Unanswered { get; } = [];

    /// <summary>The driver never answers what it has told as blocked: no call is to blame for that.</summary>
    public bool LosesAnswers { get; init; }

    /// <summary>All primitives that were called.</summary>
    public long Primitives { get; private set; }

    public ProgramOutcome Run(ApiProgram program)
    {
        trace.Clear();
        World.Reset();
        _ = Captured?.Invoke(); // what came before is no part of this program
        ImmutableArray<Model.Flow>? flows = null;
        Disagreement? wrong = null;
        var broken = false;
        try
        {
            wrong = Steps(program.Calls);
        }
        catch (DriverException e)
        {
            broken = true;
            wrong = new Disagreement(e.Point, step, e.Expected, e.Observed);
            if (e.Point == Point.DriverAnswer && step < program.Calls.Length && e.Observed.StartsWith("nothing", StringComparison.Ordinal) && !World.Expect(program.Calls[step]).Skip) wrong = Hung(program.Calls[step], e);
        }

        if (wrong is { Step: 0 } && program.Calls[0].Op == Primitive.Socket && wrong.Observed.EndsWith(nameof(Errno.EMFILE), StringComparison.Ordinal)) wrong = wrong with { Point = Point.DriverReset }; // the limit of the program before
        if (wrong is null && !broken && Captured is not null) wrong = OnTheWire(program, out flows);
        try
        {
            if (!broken) target.Reset();
            peer?.Reset();
        }
        catch (DriverException e)
        {
            broken = true;
            wrong ??= new Disagreement(e.Point == Point.DriverAnswer ? Point.DriverReset : e.Point, program.Calls.Length - 1, e.Expected, e.Observed);
        }

        return wrong is null && !broken && !Records && flows is null ? Agreed : new ProgramOutcome(wrong, broken, [.. trace], flows ?? (Records ? Captured?.Invoke() : null) ?? []);
    }

    /// <summary>Waits until all is captured that was sent, and gives it; null for a capture that cannot be trusted now. Null where programs are not looked at on the wire.</summary>
    public Func<ImmutableArray<Model.Flow>?>? Captured { get; set; }

    private Disagreement? OnTheWire(ApiProgram program, out ImmutableArray<Model.Flow>? flows)
    {
        flows = null;
        try
        {
            foreach (var slot in World.Unnamed().ToList())
            {
                if (Ask(Call.Name(slot)) is { } wrong) return wrong;
            }
        }
        catch (DriverException e)
        {
            return new Disagreement(e.Point, step, e.Expected, e.Observed);
        }

        flows = Captured!();
        return flows is not { } seen ? null : WireCheck.Judge(World.Connections(), (World.Refusals, World.TimeOuts), World.DatagramsSent, seen, World.IsAllKnown, program.Calls.Length - 1, World.Met);
    }

    /// <summary>A call that should have been over at once and is not: that is the socket's doing, not the protocol's.</summary>
    private Disagreement Hung(in Call call, DriverException e)
    {
        var expected = World.Expect(call);
        var point = call.Op is Primitive.Accept or Primitive.Recv or Primitive.Send or Primitive.Connect or Primitive.Close ? expected.Point : Point.DriverAnswer;
        if (point is Point.AcceptEmpty or Point.RecvEmpty or Point.SendFull or Point.ConnectInProgress or Point.RecvDatagramStranger) point = Point.NonblockingHolds;
        return new Disagreement(point, step, expected.Allowed.ToString(), $"the call does not return ({e.Observed})");
    }

    private Disagreement? Steps(ImmutableArray<Call> calls)
    {
        for (step = 0; step < calls.Length; step++)
        {
            var call = calls[step];
            World.Step = step;
            if (Prepare(call) is { } early) return early;
            var expected = World.Expect(call);
            if (expected.Skip || World.IsBusy(call) || DriverOf(call) is not { } driver || driver.Lacks(call)) continue;
            Coverage.Count(World.StateFor(call), call.Op);
            var wrong = call.Op == Primitive.Interrupt ? Interrupt(call, expected, driver) : expected.Blocks ? Wait(call, expected, driver) : call.UntilFull ? Fill(call, driver) : Make(call, expected, driver);
            if (wrong is not null) return wrong;
            if (Resume() is { } late) return late;
        }

        step = calls.Length - 1;
        return null;
    }

    private IDriver? DriverOf(in Call call) => (call.Op == Primitive.Socket ? call.AtPeer : World.IsAtPeer(call.On)) ? peer : target;

    /// <summary>What must be known or have come before the call can be judged.</summary>
    private Disagreement? Prepare(in Call call)
    {
        if (World.NameNeeded(call) is >= 0 and var unnamed && Ask(Call.Name(unnamed)) is { } wrong) return wrong;
        if (call.On < 0 || World.Unsettled(call.On) is var due && due == Ready.None || call.Op == Primitive.Close) return null;
        return Settle(call, due);
    }

    private Disagreement? Ask(Call call) => Make(call, World.Expect(call), DriverOf(call)!);

    /// <summary>Waits until an error that is under way has come, as poll tells.</summary>
    private Disagreement? Settle(in Call call, Ready due)
    {
        var slot = call.On;
        var poll = Call.Poll(slot) with { Size = (int)Slice.TotalMilliseconds };
        var driver = DriverOf(poll)!;
        if (driver.Lacks(poll))
        {
            if (call.Op is not (Primitive.Recv or Primitive.Send) || (call.Op == Primitive.Send && !World.IsDatagram(slot))) World.LetGo(slot); // these may be asked again, or may answer either way
            return null;
        }

        var deadline = Clock.Now + patience + TimeSpan.FromMilliseconds(World.LongestOf(Call.Connect(slot, slot)));
        var tries = 0;
        while (true)
        {
            var answer = Do(poll, driver, out _);
            if ((due & ~answer.Ready) == Ready.None || answer.Unsupported || !answer.Ok) break;
            if (Clock.Now < deadline)
            {
                Pause(tries++);
                continue;
            }

            var expected = World.Expect(Call.Poll(slot));
            return new Disagreement(expected.Cause, step, $"poll: {due.ToString().ToLowerInvariant()}", $"{answer.Ready.ToString().ToLowerInvariant()} for {patience.TotalSeconds:0.#} s");
        }

        World.Settled(slot);
        return null;
    }

    private Disagreement? Make(in Call call, in Expectation expected, IDriver driver)
    {
        var started = expected.Waits > 0 ? Clock.Now : default;
        var answer = Do(call, driver, out var received);
        var wrong = World.Check(call, expected, answer, room.AsSpan(0, received));
        if (expected.Waits > 0) wrong ??= World.CheckWait(call, expected, answer, Clock.Now - started);
        if (wrong is not null && expected.MayBeEarly && IsEarly(call, expected, answer)) wrong = Later(call, expected, driver, ref answer);
        if (wrong is not null) return wrong;
        World.Apply(call, expected, answer);
        return null;
    }

    private static bool IsEarly(in Call call, in Expectation expected, in Answer answer) =>
        answer.Ok ? call.Op == Primitive.Poll && (expected.MustNot & answer.Ready) == Ready.None : answer.Error is Errno.EAGAIN or Errno.EALREADY or Errno.EINPROGRESS;

    /// <summary>What was done at the other end may not have come yet: asks again until it has, or the time is over.</summary>
    private Disagreement? Later(in Call call, in Expectation expected, IDriver driver, ref Answer answer)
    {
        var deadline = Clock.Now + patience;
        var poll = Call.Poll(call.On) with { Size = (int)Slice.TotalMilliseconds };
        var isReady = false;
        var tries = 0;
        while (true)
        {
            if (call.Op != Primitive.Poll && !driver.Lacks(poll)) isReady = (Do(poll, driver, out _).Ready & (Ready.In | Ready.Hup | Ready.Err)) != Ready.None;
            Pause(tries++);
            answer = Do(call, driver, out var received);
            var wrong = World.Check(call, expected, answer, room.AsSpan(0, received));
            if (wrong is null) return null;
            if (IsEarly(call, expected, answer) && Clock.Now < deadline) continue;
            if (call.Op == Primitive.Poll) return Has(call, expected, driver) ? wrong : wrong with { Point = expected.Cause };
            return isReady || !IsEarly(call, expected, answer) ? wrong : wrong with { Point = expected.Cause };
        }
    }

    /// <summary>A few times at once, then a millisecond each.</summary>
    private static void Pause(int tries)
    {
        if (tries > 3) Nothing.Wait(1);
    }

    /// <summary>Whether what poll does not tell is there all the same: then poll is wrong, and not what should have brought it.</summary>
    private bool Has(in Call call, in Expectation expected, IDriver driver)
    {
        var look = Call.Recv(call.On, 1, CallFlags.Peek | CallFlags.DontWait);
        return (expected.Must & Ready.In) == Ready.None || World.StateOf(call.On) is ApiState.Pending or ApiState.Listening || driver.Lacks(look) || Do(look, driver, out _) is { Error: not Errno.EAGAIN };
    }

    private Disagreement? Fill(in Call call, IDriver driver)
    {
        for (var i = 0; i < MaxFills; i++)
        {
            var expected = World.Expect(call);
            if (expected.Skip || expected.Blocks || expected.Point != Point.SendStream) return null;
            if (Make(call, expected with { Allowed = expected.Allowed | Answers.Of(Errno.EAGAIN) }, driver) is { } wrong) return wrong;
        }

        return new Disagreement(Point.SendFull, step, "EAGAIN, when the buffers are full", $"success for {MaxFills} times {call.Size} bytes that nobody has read");
    }

    private Disagreement? Wait(in Call call, in Expectation expected, IDriver driver)
    {
        if (driver.LacksBackground) return null;
        var request = Fill(call);
        var started = Clock.Now;
        var token = driver.Begin(request, data.AsSpan(0, call.Op == Primitive.Send ? call.Size : 0), out var atOnce);
        Primitives++;
        Note(call, atOnce is { } told ? told.ToString() : "waits", started);
        if (atOnce is { Unsupported: true }) return null;
        if (atOnce is { Ok: false } refused && expected.Allowed.Has(refused.Error))
        {
            World.Apply(call, expected, refused);
            return null;
        }

        if (atOnce is { } answer) return new Disagreement(World.BlamedForNotWaiting(call, expected, answer), step, "the call waits", answer.ToString());
        World.Wait(call, expected);
        tokens[call.On] = token;
        return null;
    }

    private Disagreement? Interrupt(in Call call, in Expectation expected, IDriver driver)
    {
        World.Waits(call.On, out var waiting, out _);
        if (!driver.Interrupt(tokens[call.On])) return null;
        if (!driver.Finish(tokens[call.On], patience, room, out _, out var answer)) return new Disagreement(expected.Point, step, "EINTR", "the call still waits");
        Note(waiting, answer.ToString(), Clock.Now);
        if (!expected.Allowed.Has(answer.Error)) return new Disagreement(expected.Point, step, expected.Allowed.ToString(), answer.ToString());
        World.Met[(int)expected.Point]++;
        World.Interrupted(call.On);
        return null;
    }

    /// <summary>Calls that wait: those that have a reason to end must, the others must not.</summary>
    private Disagreement? Resume()
    {
        for (var slot = 0; slot < Call.MaxSlots; slot++)
        {
            if (!World.Waits(slot, out var call, out var isDue)) continue;
            var expected = World.Expect(call);
            isDue &= !expected.Skip;
            if (!DriverOf(call)!.Finish(tokens[slot], isDue ? patience : TimeSpan.Zero, room, out var received, out var answer))
            {
                if (!isDue) continue;
                Unanswered.Add(call.Op);
                return EndedInstead() ?? new Disagreement(LosesAnswers ? Point.DriverBlocked : expected.Cause == default ? expected.Point : expected.Cause, step, $"{call.Op.ToString().ToLowerInvariant()} ends", $"it still waits after {patience.TotalSeconds:0.#} s");
            }

            Unanswered.Clear();

            Note(call, answer.ToString(), Clock.Now);
            if (expected.Skip)
            {
                World.Interrupted(slot);
                continue;
            }

            if (expected.Blocks) return new Disagreement(expected.Point, step, "the call waits", answer.ToString());
            if (World.Check(call, expected, answer, room.AsSpan(0, received)) is { } wrong) return wrong;
            World.Apply(call, expected, answer);
        }

        return null;
    }

    /// <summary>A call that has no reason to end was answered, and the one that has was not.</summary>
    private Disagreement? EndedInstead()
    {
        for (var slot = 0; slot < Call.MaxSlots; slot++)
        {
            if (!World.Waits(slot, out var call, out var isDue) || isDue || !DriverOf(call)!.Finish(tokens[slot], TimeSpan.Zero, room, out _, out var answer)) continue;
            Note(call, answer.ToString(), Clock.Now);
            return new Disagreement(World.Expect(call).Point, step, "the call waits", answer.ToString());
        }

        return null;
    }

    private Answer Do(in Call call, IDriver driver, out int received)
    {
        var request = Fill(call);
        var started = Records ? Clock.Now : default;
        var answer = driver.Do(request, data.AsSpan(0, call.Op == Primitive.Send ? call.Size : 0), room, out received);
        Primitives++;
        if (Records) Note(call, answer.ToString(), started);
        return answer;
    }

    /// <summary>The call with its descriptor, address and bytes.</summary>
    private Request Fill(in Call call)
    {
        if (call.Op == Primitive.Send && World.IsOpen(call.On))
        {
            if (World.IsDatagram(call.On)) World.FillDatagram(data.AsSpan(0, call.Size));
            else World.FillStream(call.On, data.AsSpan(0, call.Size));
        }

        var address = call.Where switch
        {
            Where.NameOf => World.NameOf(call.Other),
            Where.Nobody or Where.BadLength => new Name(Name.Loopback, NobodysPort),
            Where.Loopback => new Name(Name.Loopback, 0),
            Where.NotLocal => new Name(Name.TestNet, 0),
            Where.Broadcast => new Name(Name.LoopbackBroadcast, 9),
            Where.Protected => new Name(Name.Loopback, 1),
            _ => default,
        };
        return new Request(call, call.On >= 0 ? World.DescriptorOf(call.On) : -1, address) { Takes = World.LongestOf(call) };
    }

    private void Note(in Call call, string answer, TimeSpan started)
    {
        if (!Records) return;
        if (trace is [.., var last] && last.Step == step && last.Call == call && last.Answer == answer) trace[^1] = last with { End = Clock.Now };
        else
        {
            var said = World.Expect(call);
            trace.Add(new CallTrace(step, call, answer, started, Clock.Now, said.Point, !said.Skip && Points.Of(said.Point).IsRefusal && !answer.EndsWith("EAGAIN", StringComparison.Ordinal)));
        }
    }
}
