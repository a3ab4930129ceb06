using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>FsCheck generators of scenarios: programs that walk through the socket model, each step drawn from those it allows.</summary>
public static class Programs
{
    private const int MaxSockets = 3, MaxPayload = 3000;

    /// <summary>Payloads with the sizes that matter most: tiny ones, and those around powers of two.</summary>
    public static Gen<Payload> Payloads(Alphabet alphabet, int largest) =>
        from size in Gen.Frequency(
            (3, Gen.Choose(1, Math.Min(16, largest))),
            (2, Gen.Choose(1, largest)),
            (2, from power in Gen.Choose(4, 30) from off in Gen.Choose(-1, 1) select Math.Clamp((1 << power) + off, 1, largest)))
        from seed in Gen.Choose(0, int.MaxValue)
        select (Payload)new Payload.Generated(size, (ulong)seed, alphabet);

    /// <summary>Ways to cut a message into SEND calls: whole, byte by byte, in random pieces.</summary>
    public static Gen<ImmutableArray<int>> Cuts(int length) => Gen.Frequency(
        (2, Gen.Constant(ImmutableArray<int>.Empty)),
        (length <= 600 ? 2 : 0, Gen.Constant(ImmutableArray.Create(1))),
        (3, from pieces in Gen.Choose(1, 6) from lengths in Gen.ListOf(Gen.Choose(1, Math.Max(1, length / 2)), pieces) select lengths.ToImmutableArray()));

    /// <summary>One message, cut anywhere, with or without rests between the pieces, and its echo.</summary>
    public static Gen<Scenario> CutExchange(Alphabet alphabet, int largest) =>
        from data in Payloads(alphabet, largest)
        from cuts in Cuts(data.Size)
        from pause in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(1, 15)))
        let pieces = cuts.IsEmpty ? 1 : data.Size * cuts.Length / cuts.Sum()
        select Talk.Scenario("a message cut at random", Talk.Connect(0), Talk.Exchange(0, data, cuts, pieces <= 12 ? pause : 0), Talk.Close(0));

    /// <summary>Two to six connections that take turns with small messages in a random order.</summary>
    public static Gen<Scenario> Interleaved() =>
        from sockets in Gen.Choose(2, 6)
        from turns in Gen.ListOf(Gen.Choose(0, sockets - 1), sockets * 3)
        from sizes in Gen.ListOf(Gen.Choose(1, 300), turns.Count)
        select InTurns(sockets, turns, sizes);

    /// <summary>A program of legal steps over up to three connections; every connection is ended in order, rudely or by an abort.</summary>
    public static Gen<Scenario> Legal() =>
        from length in Gen.Choose(4, 24)
        from walk in Walk(new Program(), length)
        select new Scenario("a random legal program", [.. walk.Steps, .. walk.FinishAll()]);

    /// <summary>A legal prefix, one illegal step, and then what must still work.</summary>
    public static Gen<Scenario> WithOneIllegalStep() =>
        from length in Gen.Choose(1, 10)
        from walk in Walk(new Program().With(new Step.Connect(0)), length)
        from illegal in IllegalStep(walk)
        select new Scenario("a legal program with one illegal step", [.. walk.Steps, illegal, .. walk.FinishAll(), .. Talk.Visit(MaxSockets + 1, Talk.Text(20))]);

    /// <summary>The same scenarios for the same seed, requirement and number, in every run.</summary>
    public static IReadOnlyList<Scenario> Draw(Gen<Scenario> generator, ulong seed, string requirement, int cases)
    {
        var mixed = seed;
        foreach (var c in requirement) mixed = (mixed ^ c) * 0x100000001B3; // FNV-1a: the same on every machine
        return [.. generator.Sample(cases, new Rnd(mixed, mixed | 1), 50)];
    }

    private static Scenario InTurns(int sockets, IReadOnlyList<int> turns, IReadOnlyList<int> sizes)
    {
        var all = Enumerable.Range(0, sockets).ToList();
        var outstanding = new Queue<(int Socket, int Size)>();
        var steps = new List<Step>(all.SelectMany(Talk.Connect));
        foreach (var (number, socket) in turns.Index())
        {
            steps.Add(new Step.Send(socket, Talk.Letters(sizes[number], socket * 100 + number)));
            outstanding.Enqueue((socket, sizes[number]));

            // Answers are read one turn late, so that two connections always have something under way.
            if (outstanding.Count > 1 && outstanding.Dequeue() is var due) steps.Add(new Step.Receive(due.Socket, due.Size));
        }

        steps.AddRange(outstanding.Select(due => new Step.Receive(due.Socket, due.Size)));
        return new Scenario($"{sockets} connections taking turns", [.. steps, .. all.SelectMany(Talk.Close)]);
    }

    private static Gen<Program> Walk(Program program, int length) =>
        length == 0
            ? Gen.Constant(program)
            : from step in NextStep(program)
              from rest in Walk(program.With(step), length - 1)
              select rest;

    private static Gen<Step> NextStep(Program program)
    {
        var choices = new List<(int, Gen<Step>)> { (1, from pause in Gen.Choose(1, 5) select (Step)new Step.Idle(pause)) };
        for (var i = 0; i < MaxSockets; i++)
        {
            var socket = i;
            switch (program.StateOf(socket))
            {
                case SocketState.Unconnected:
                    choices.Add((4, Gen.Constant<Step>(new Step.Connect(socket))));
                    break;
                case SocketState.Connected:
                    choices.Add((6, from data in Payloads(Alphabet.Letters, MaxPayload)
                                    from cuts in Cuts(data.Size)
                                    select (Step)new Step.Send(socket, data, cuts)));
                    if (program.Outstanding(socket) is var due and > 0) choices.Add((5, from bytes in Gen.Choose(1, due) select (Step)new Step.Receive(socket, bytes)));
                    choices.Add((1, Gen.Constant<Step>(new Step.ShutdownWrite(socket))));
                    choices.Add((1, Gen.Constant<Step>(new Step.Close(socket))));
                    choices.Add((1, Gen.Constant<Step>(new Step.Abort(socket))));
                    break;
                case SocketState.WriteShut:
                    if (program.Outstanding(socket) is var rest and > 0) choices.Add((3, from bytes in Gen.Choose(1, rest) select (Step)new Step.Receive(socket, bytes)));
                    choices.Add((1, Gen.Constant<Step>(new Step.Abort(socket))));
                    break;
            }
        }

        return Gen.Frequency(choices.ToArray());
    }

    /// <summary>
    /// One that the model calls illegal in the state reached. Not on a closed descriptor: its number may belong to another
    /// thread's socket by then, and the call would hit that one.
    /// </summary>
    private static Gen<Step> IllegalStep(Program program)
    {
        var illegal =
            from socket in Enumerable.Range(0, MaxSockets)
            let state = program.StateOf(socket)
            where state != SocketState.Closed
            from step in (IEnumerable<Step>)[new Step.Connect(socket), new Step.Send(socket, Talk.Letters(5)), new Step.Receive(socket, 1), new Step.ShutdownWrite(socket)]
            where SocketModel.Next(state, step) is Legality.Illegal
            select step;
        return illegal.ToList() is { Count: > 0 } steps ? Gen.Elements<Step>(steps) : Gen.Constant<Step>(new Step.Send(MaxSockets, Talk.Letters(5)));
    }

    /// <summary>A program under construction, with the states that the model gives its sockets.</summary>
    private sealed record Program
    {
        public ImmutableList<Step> Steps { get; private init; } = [];

        private ImmutableDictionary<int, SocketState> States { get; init; } = ImmutableDictionary<int, SocketState>.Empty;

        private ImmutableDictionary<int, int> Due { get; init; } = ImmutableDictionary<int, int>.Empty;

        public SocketState StateOf(int socket) => States.GetValueOrDefault(socket, SocketState.Unconnected);

        /// <summary>Bytes sent whose echo no receive has asked for yet.</summary>
        public int Outstanding(int socket) => Due.GetValueOrDefault(socket);

        public Program With(Step step)
        {
            if (step.On is not { } socket || SocketModel.Next(StateOf(socket), step) is not Legality.Legal legal) return this with { Steps = Steps.Add(step) };
            var change = step switch { Step.Send send => send.Data.Size, Step.Receive { Bytes: { } bytes } => -bytes, _ => 0 };
            return this with { Steps = Steps.Add(step), States = States.SetItem(socket, legal.Next), Due = Due.SetItem(socket, Outstanding(socket) + change) };
        }

        public IEnumerable<Step> FinishAll() => Enumerable.Range(0, MaxSockets).SelectMany<int, Step>(socket => StateOf(socket) switch
        {
            SocketState.Connected => Talk.Finish(socket),
            SocketState.WriteShut => [new Step.Receive(socket, null), new Step.Close(socket)],
            _ => [],
        });
    }
}
