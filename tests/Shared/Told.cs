using System.Collections.Immutable;
using System.Net;
using SockConformance.Model;

namespace SockConformance.Tests.Shared;

/// <summary>
/// A case told by hand: a scenario, and what a faultless echo server makes of it, but for what the test changes. So a test shows
/// the one thing that is wrong. Step n lasts from 10·n to 10·n + 5 milliseconds.
/// </summary>
internal sealed record Told
{
    public static readonly IPEndPoint Server = new(IPAddress.Loopback, 7777);

    private ImmutableDictionary<int, Outcome> Answers { get; init; } = ImmutableDictionary<int, Outcome>.Empty;

    private ImmutableList<Func<ConnectionTrace, ConnectionTrace>> Changes { get; init; } = [];

    private ImmutableDictionary<int, ImmutableArray<IPEndPoint>> Listening { get; init; } = ImmutableDictionary<int, ImmutableArray<IPEndPoint>>.Empty;

    private Scenario Scenario { get; init; } = new("told by hand", []);

    private TargetState Target { get; init; } = new(Server, Launched: true, End: null, Output: "");

    private CaptureState Capture { get; init; } = CaptureState.None;

    private ImmutableArray<Flow> Flows { get; init; } = [];

    private ImmutableArray<Flow> Strangers { get; init; } = [];

    public static Told Of(params IEnumerable<Step>[] parts) =>
        new() { Scenario = new Scenario("told by hand", [.. parts.SelectMany(part => part)]) };

    /// <summary>A whole connection with one exchange and an orderly end: connect, send, receive, shutdown, receive to the end, close.</summary>
    public static IEnumerable<Step> Visit(int socket, Payload data) =>
    [
        new Step.Connect(socket), new Step.Send(socket, data), new Step.Receive(socket, data.Size),
        new Step.ShutdownWrite(socket), new Step.Receive(socket, null), new Step.Close(socket),
    ];

    public static FiveTuple TupleOf(int socket) => new(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 40000 + socket), Server);

    public static TimeSpan Start(int step) => TimeSpan.FromMilliseconds(10 * step);

    /// <summary>At this step (from 0) the sockets answer otherwise.</summary>
    public Told But(int step, StepResult result, string? errno = null, int bytes = 0, string? detail = null) =>
        this with { Answers = Answers.SetItem(step, new Outcome(result, Start(step), Start(step) + TimeSpan.FromMilliseconds(5), bytes, errno, detail)) };

    public Told Receiving(int socket, Func<byte[], byte[]> change) =>
        Changing(socket, connection => connection with { Received = change(connection.Received.ToArray()) });

    public Told LeavingBehind(int socket, TcpState state) => Changing(socket, connection => connection with { LeftBehind = state });

    public Told Changing(int socket, Func<ConnectionTrace, ConnectionTrace> change) =>
        this with { Changes = Changes.Add(connection => connection.Socket == socket ? change(connection) : connection) };

    public Told Seeing(int step, params IPEndPoint[] listening) => this with { Listening = Listening.SetItem(step, [.. listening]) };

    public Told KilledBy(int signal, TimeSpan at) => this with { Target = Target with { End = new ProcessEnd(null, signal, at) } };

    public Told Exiting(int code, TimeSpan at) => this with { Target = Target with { End = new ProcessEnd(code, null, at) } };

    public Told Saying(string output) => this with { Target = Target with { Output = output } };

    public Told NotLaunchedByUs() => this with { Target = Target with { Launched = false } };

    /// <summary>A complete capture with these flows.</summary>
    public Told OnTheWire(params Flow[] flows) =>
        this with { Flows = [.. flows], Capture = new CaptureState(Available: true, Complete: true) };

    public Told WithStranger(Flow flow) => this with { Strangers = Strangers.Add(flow) };

    public Told CaptureIncomplete() => this with { Capture = Capture with { Complete = false } };

    public static implicit operator Evidence(Told told) => told.Evidence();

    public Evidence Evidence()
    {
        var sockets = new SortedDictionary<int, Echo>();
        var outcomes = ImmutableArray.CreateBuilder<Outcome>();
        var observations = ImmutableArray.CreateBuilder<Observation>();
        var legality = SocketModel.Check(Scenario);
        var over = false;
        foreach (var (index, step) in Scenario.Steps.Index())
        {
            if (over)
            {
                outcomes.Add(Outcome.NotRun(Start(index)));
                continue;
            }

            if (step.On is { } number) sockets.TryAdd(number, new Echo(number));
            if (step is Step.Observe) observations.Add(new Observation(index, Listening.GetValueOrDefault(index, [Server])));
            var outcome = Answers.TryGetValue(index, out var told) ? told : Usual(index, step, legality[index], step.On is { } used ? sockets[used] : null);
            if (step.On is { } socket && legality[index] is Legality.Legal) sockets[socket].Note(step, outcome);
            outcomes.Add(outcome);
            var met = outcome.Result == StepResult.Done || step.IsTolerant || (outcome.Result == StepResult.EndOfFile && step is Step.Receive { Bytes: null });
            over = !met && legality[index] is Legality.Legal;
        }

        var connections = sockets.Values.Select(socket => Changes.Aggregate(socket.ToTrace(), (trace, change) => change(trace)));
        return new Evidence(
            Scenario, new Trace(outcomes.ToImmutable(), [.. connections], observations.ToImmutable()),
            Flows, Strangers, Capture, Target, Patience.Default, TimeSpan.Zero, Alone: true);
    }

    private static Outcome Usual(int index, Step step, Legality legality, Echo? socket)
    {
        var (result, bytes, errno) = (step, legality) switch
        {
            (_, Legality.Illegal { Allowed: ["0", ..] }) => (StepResult.Done, 0, null),
            (_, Legality.Illegal illegal) => (StepResult.Failed, 0, illegal.Allowed[0]),
            (Step.Send send, _) => (StepResult.Done, send.Data.Size, null),
            (Step.Receive { Bytes: { } wanted }, _) => (StepResult.Done, wanted, null),
            (Step.Receive, _) => (StepResult.EndOfFile, socket!.Due, (string?)null),
            _ => (StepResult.Done, 0, null),
        };
        return new Outcome(result, Start(index), Start(index) + TimeSpan.FromMilliseconds(5), bytes, errno);
    }

    /// <summary>One connection to the faultless server.</summary>
    private sealed class Echo(int socket)
    {
        private readonly List<byte> sent = [];
        private int received;
        private bool begun, established;

        public int Due => sent.Count - received;

        public void Note(Step step, Outcome outcome)
        {
            begun |= step is Step.Connect;
            established |= step is Step.Connect && outcome.Result == StepResult.Done;
            if (step is Step.Send send) sent.AddRange(send.Data.ToBytes().Take(outcome.Bytes));
            if (step is Step.Receive) received += outcome.Bytes;
        }

        public ConnectionTrace ToTrace()
        {
            var tuple = TupleOf(socket);
            return new ConnectionTrace(
                socket, begun ? tuple : null, established ? tuple.Server : null,
                established ? new ServerSocket(tuple.Server, tuple.Client, TcpState.Established) : null,
                sent.Count, sent.Take(received).ToArray(), LeftBehind: null);
        }
    }
}
