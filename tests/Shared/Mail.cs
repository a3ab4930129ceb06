using System.Collections.Immutable;
using System.Net;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Suites;

namespace SockConformance.Tests.Shared;

/// <summary>
/// A case over UDP told by hand: a scenario, and what a server makes of it that answers each datagram at once. The faultless one answers
/// as the spec says; a test puts another in its place. Step n lasts from 10·n to 10·n + 5 milliseconds.
/// </summary>
internal sealed record Mail
{
    public static readonly IPEndPoint Server = new(IPAddress.Loopback, 7777);

    private Scenario Scenario { get; init; } = new("told by hand", []);

    private ServiceSpec Service { get; init; } = Spec("echo-udp");

    private Func<Letter, IEnumerable<Letter>>? Answering { get; init; }

    private TargetState Target { get; init; } = new(Server, Launched: true, End: null, Output: "");

    private ImmutableArray<Flow> Flows { get; init; } = [];

    private ImmutableArray<Flow> Strangers { get; init; } = [];

    private CaptureState Capture { get; init; } = CaptureState.None;

    private ImmutableArray<IPEndPoint> Bound { get; init; } = [Server];

    private int? UnreachableAt { get; init; }

    /// <summary>A datagram between a socket of the harness and the server.</summary>
    public sealed record Letter(int Socket, byte[] Data)
    {
        public IPEndPoint Source { get; init; } = Server;
    }

    public static ServiceSpec Spec(string name) => Catalogue.Book.Find(name);

    public static Conversation Talk(string name = "echo-udp") => new(Spec(name));

    public static FiveTuple TupleOf(int socket) => new(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 40000 + socket), Server, Transport.Udp);

    public static Mail Of(params IEnumerable<Step>[] parts) => new() { Scenario = new Scenario("told by hand", [.. parts.SelectMany(part => part)]) };

    public Mail To(ServiceSpec service) => this with { Service = service };

    /// <summary>The server answers otherwise: what it sends, and to which sockets.</summary>
    public Mail Answered(Func<Letter, IEnumerable<Letter>> server) => this with { Answering = server };

    /// <summary>The server makes something else of its answers.</summary>
    public Mail Changed(Func<byte[], byte[]> change) => Answered(letter => [letter with { Data = change(letter.Data) }]);

    public Mail KilledBy(int signal) => this with { Target = Target with { End = new ProcessEnd(null, signal, TimeSpan.FromMilliseconds(1)) } };

    public Mail NotLaunchedByUs() => this with { Target = Target with { Launched = false } };

    public Mail BoundTo(params IPEndPoint[] sockets) => this with { Bound = [.. sockets] };

    public Mail OnTheWire(params Flow[] flows) => this with { Flows = [.. flows], Capture = new CaptureState(Available: true, Complete: true) };

    public Mail WithStranger(Flow flow) => this with { Strangers = Strangers.Add(flow) };

    public Mail UnreachableDuring(int step) => this with { UnreachableAt = step };

    public static implicit operator Evidence(Mail mail) => mail.Evidence();

    public Evidence Evidence()
    {
        var sockets = new SortedDictionary<int, Box>();
        var outcomes = ImmutableArray.CreateBuilder<Outcome>();
        var observations = ImmutableArray.CreateBuilder<Observation>();
        var rested = TimeSpan.Zero;
        foreach (var (index, step) in Scenario.Steps.Index())
        {
            if (index > 0 && outcomes[^1].Result != StepResult.Done)
            {
                outcomes.Add(Outcome.NotRun(At(index)));
                continue;
            }

            if (step.On is { } number) sockets.TryAdd(number, new Box());
            if (step is Step.Idle idle) rested += TimeSpan.FromMilliseconds(idle.Milliseconds);
            if (step is Step.Observe) observations.Add(new Observation(index, Bound));
            var result = step switch
            {
                Step.Send send => Take(send),
                Step.ReceiveMessages receive => sockets[receive.Socket].Wait(receive.Count, index),
                Step.Await or Step.Close => sockets[step.On!.Value].Empty(index),
                _ => StepResult.Done,
            };
            outcomes.Add(new Outcome(result, At(index), At(index) + TimeSpan.FromMilliseconds(5), step is Step.Send sent ? sent.Data.Size : 0, null, result == StepResult.TimedOut ? "no datagram came" : null));
        }

        foreach (var box in sockets.Values) box.Empty(Scenario.Steps.Length);
        var connections = sockets.Select(entry => new ConnectionTrace(
            entry.Key, TupleOf(entry.Key), null, null, 0, entry.Value.Read.SelectMany(datagram => datagram.Data.ToArray()).ToArray(), null)
        { Datagrams = [.. entry.Value.Read], UnreachableAt = UnreachableAt });
        return new Evidence(
            Scenario, new Trace(outcomes.ToImmutable(), [.. connections], observations.ToImmutable()), Flows, Strangers, Capture, Target, Patience.Default, TimeSpan.Zero, Alone: true)
        { Service = Service };

        StepResult Take(Step.Send send)
        {
            var asked = new Letter(send.Socket, send.Data.ToBytes());
            foreach (var letter in Answering?.Invoke(asked) ?? Faultless(asked, rested))
            {
                if (sockets.TryGetValue(letter.Socket, out var box)) box.Waiting.Enqueue(letter);
            }

            return StepResult.Done;
        }
    }

    /// <summary>What a service that keeps its spec answers; of those that tell the time, that at which the letters of this file are read, and what was rested since.</summary>
    private IEnumerable<Letter> Faultless(Letter asked, TimeSpan rested)
    {
        if (Replies.ToDatagram(Service, asked.Data) is not { } due) return [];
        return [asked with { Data = due.Exact ?? Spoken(Service.Kind, rested) }];
    }

    private static byte[] Spoken(string kind, TimeSpan rested)
    {
        var octets = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(octets, (uint)(Clock.Wall(rested).ToUnixTimeSeconds() + 2208988800));
        return kind == "time" ? octets : System.Text.Encoding.ASCII.GetBytes($"Saturday, January 3, 1970 12:00:{(int)rested.TotalSeconds:00}-UTC\r\n");
    }

    private static TimeSpan At(int step) => TimeSpan.FromMilliseconds(10 * step);

    /// <summary>One socket of the harness, as its driver reads it.</summary>
    private sealed class Box
    {
        private int asked;

        public Queue<Letter> Waiting { get; } = [];

        public List<ReceivedDatagram> Read { get; } = [];

        public StepResult Wait(int count, int step)
        {
            asked += count;
            while (Read.Count < asked && Waiting.Count > 0) Next(step);
            return Read.Count >= asked ? StepResult.Done : StepResult.TimedOut;
        }

        public StepResult Empty(int step)
        {
            while (Waiting.Count > 0) Next(step);
            asked = Read.Count;
            return StepResult.Done;
        }

        private void Next(int step)
        {
            var letter = Waiting.Dequeue();
            Read.Add(new ReceivedDatagram(letter.Source, letter.Data, At(step), step));
        }
    }
}
