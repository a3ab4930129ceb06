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
    public static Gen<Scenario> CutExchange(Conversation talk, Alphabet alphabet, int largest) =>
        from data in Payloads(alphabet, largest)
        from cuts in Cuts(data.Size)
        from pause in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(1, 15)))
        let pieces = cuts.IsEmpty ? 1 : data.Size * cuts.Length / cuts.Sum()
        select Talk.Scenario("a message cut at random", talk.Enter(0), talk.Exchange(0, data, cuts, pieces <= 12 ? pause : 0), talk.Leave(0));

    /// <summary>One to <paramref name="most"/> legal messages in one send, cut anywhere, and their replies.</summary>
    public static Gen<Scenario> CutMessages(Conversation talk, int most) =>
        from count in Gen.Choose(1, most)
        from messages in Gen.ListOf(MessagesOf(talk), count)
        let data = new Payload.Joined([.. messages]) is { Size: <= 2048 } small ? Payload.Literal.Of(small.ToBytes()) : (Payload)new Payload.Joined([.. messages])
        from cuts in Cuts(data.Size)
        from pause in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(1, 15)))
        let pieces = cuts.IsEmpty ? 1 : data.Size * cuts.Length / cuts.Sum()
        select Talk.Scenario($"{count} messages cut at random", talk.Enter(0), talk.Exchange(0, data, cuts, pieces <= 12 ? pause : 0), talk.Leave(0));

    /// <summary>One legal message, whole.</summary>
    public static Gen<Scenario> OneMessage(Conversation talk) => from data in MessagesOf(talk) select Talk.Scenario("a random message", talk.Visit(0, data));

    /// <summary>These bytes cut anywhere on connection 1, after the plain exchange on connection 0.</summary>
    public static Gen<Scenario> CutRequest(Conversation talk, Payload request) =>
        from cuts in Cuts(request.Size)
        from pause in Gen.Choose(0, 8)
        select Talk.Scenario("a request cut at random", talk.Visit(0), talk.Enter(1), [new Step.Send(1, request, cuts, cuts.Length > 1 ? pause : 0)], talk.Receive(1, request), talk.Leave(1));

    /// <summary>Two to six connections that take turns with small messages in a random order.</summary>
    public static Gen<Scenario> Interleaved(Conversation talk) =>
        from sockets in Gen.Choose(2, 6)
        from turns in Gen.ListOf(Gen.Choose(0, sockets - 1), sockets * 3)
        from sizes in Gen.ListOf(Gen.Choose(1, 300), turns.Count)
        select InTurns(talk, sockets, turns, sizes);

    /// <summary>A program of legal steps over up to three connections; every connection is ended in order, rudely or by an abort.</summary>
    public static Gen<Scenario> Legal(Conversation talk) =>
        from length in Gen.Choose(4, 24)
        from walk in Walk(new Program(talk), length)
        select new Scenario("a random legal program", [.. walk.Steps, .. walk.FinishAll()]);

    /// <summary>A legal prefix, one illegal step, and then what must still work.</summary>
    public static Gen<Scenario> WithOneIllegalStep(Conversation talk) =>
        from length in Gen.Choose(1, 10)
        from walk in Walk(new Program(talk).Entering(0), length)
        from illegal in IllegalStep(walk)
        select new Scenario("a legal program with one illegal step", [.. walk.Steps, illegal, .. walk.FinishAll(), .. talk.Visit(MaxSockets + 1)]);

    /// <summary>The same scenarios for the same seed, requirement and number, in every run.</summary>
    public static IReadOnlyList<Scenario> Draw(Gen<Scenario> generator, ulong seed, string requirement, int cases)
    {
        var mixed = seed;
        foreach (var c in requirement) mixed = (mixed ^ c) * 0x100000001B3; // FNV-1a: the same on every machine
        return [.. generator.Sample(cases, new Rnd(mixed, mixed | 1), 50)];
    }

    private static Scenario InTurns(Conversation talk, int sockets, IReadOnlyList<int> turns, IReadOnlyList<int> sizes)
    {
        var all = Enumerable.Range(0, sockets).ToList();
        var outstanding = new Queue<(int Socket, Payload Message)>();
        var steps = new List<Step>(all.SelectMany(talk.Enter));
        foreach (var (number, socket) in turns.Index())
        {
            var message = talk.Service.IsEcho ? Talk.Letters(sizes[number], socket * 100 + number) : talk.Message(socket * 100 + number, sizes[number]);
            steps.Add(new Step.Send(socket, message));
            outstanding.Enqueue((socket, message));

            // Answers are read one turn late, so that two connections always have something under way.
            if (outstanding.Count > 1 && outstanding.Dequeue() is var due) steps.AddRange(talk.Receive(due.Socket, due.Message));
        }

        steps.AddRange(outstanding.SelectMany(due => talk.Receive(due.Socket, due.Message)));
        return new Scenario($"{sockets} connections taking turns", [.. steps, .. all.SelectMany(talk.Leave)]);
    }

    private static Gen<Program> Walk(Program program, int length) =>
        length == 0
            ? Gen.Constant(program)
            : from steps in NextSteps(program)
              from rest in Walk(steps.Aggregate(program, (so, step) => so.With(step)), length - 1)
              select rest;

    private static Gen<IEnumerable<Step>> NextSteps(Program program)
    {
        var talk = program.Talk;
        var choices = new List<(int, Gen<IEnumerable<Step>>)> { (1, from pause in Gen.Choose(1, 5) select (IEnumerable<Step>)[new Step.Idle(pause)]) };
        for (var i = 0; i < MaxSockets; i++)
        {
            var socket = i;
            switch (program.StateOf(socket))
            {
                case SocketState.Unconnected:
                    choices.Add((4, Gen.Constant(talk.Enter(socket))));
                    break;
                case SocketState.Connected:
                    choices.Add((6, from data in talk.Service.IsEcho ? Payloads(Alphabet.Letters, MaxPayload) : MessagesOf(talk)
                                    from cuts in Cuts(data.Size)
                                    select (IEnumerable<Step>)[new Step.Send(socket, data, cuts)]));
                    if (program.Outstanding(socket) is var due and > 0) choices.Add((5, from amount in Gen.Choose(1, due) select program.Receive(socket, amount)));
                    choices.Add((1, Gen.Constant(talk.End(socket))));
                    choices.Add((1, Gen.Constant(talk.Leave(socket))));
                    choices.Add((1, Gen.Constant<IEnumerable<Step>>([new Step.Abort(socket)])));
                    break;
                case SocketState.WriteShut:
                    if (program.Outstanding(socket) is var rest and > 0) choices.Add((3, from amount in Gen.Choose(1, rest) select program.Receive(socket, amount)));
                    choices.Add((1, Gen.Constant<IEnumerable<Step>>([new Step.Abort(socket)])));
                    break;
            }
        }

        return Gen.Frequency(choices.ToArray());
    }

    /// <summary>Legal messages of a service: any of its rules, sizes within its bounds.</summary>
    public static Gen<Payload> MessagesOf(Conversation talk) =>
        from number in Gen.Choose(0, 9999)
        from size in Gen.Frequency((3, Gen.Choose(0, 40)), (1, Gen.Choose(0, 2000)))
        select talk.Message(number, size);

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
    private sealed record Program(Conversation Talk)
    {
        public ImmutableList<Step> Steps { get; private init; } = [];

        private ImmutableDictionary<int, SocketState> States { get; init; } = ImmutableDictionary<int, SocketState>.Empty;

        private ImmutableDictionary<int, int> Due { get; init; } = ImmutableDictionary<int, int>.Empty;

        public SocketState StateOf(int socket) => States.GetValueOrDefault(socket, SocketState.Unconnected);

        /// <summary>What is due for what was sent and no receive has asked for yet: bytes of a stream, or messages.</summary>
        public int Outstanding(int socket) => Due.GetValueOrDefault(socket);

        public Program Entering(int socket) => Talk.Enter(socket).Aggregate(this, (so, step) => so.With(step));

        public IEnumerable<Step> Receive(int socket, int amount) => Talk.Service.Reply is Framing.Stream ? [new Step.Receive(socket, amount)] : [new Step.ReceiveMessages(socket, amount, Talk.Service.Reply)];

        public Program With(Step step)
        {
            if (step.On is not { } socket || SocketModel.Next(StateOf(socket), step) is not Legality.Legal legal) return this with { Steps = Steps.Add(step) };
            var change = step switch
            {
                Step.Send send => Talk.Receive(socket, send.Data).Sum(due => due switch { Step.Receive { Bytes: { } bytes } => bytes, Step.ReceiveMessages { Count: var count } => count, _ => 0 }),
                Step.Receive { Bytes: { } bytes } => -bytes,
                Step.ReceiveMessages { Count: var count } => -count,
                Step.Connect => Talk.Service.Greeting is null ? 0 : 1, // which the next step of entering receives
                _ => 0,
            };
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
