using System.Collections.Immutable;
using System.Text.Json.Serialization;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Run;

/// <summary>How the target ended a captured conversation.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordedEnd>))]
internal enum RecordedEnd
{
    None,
    EndOfFile,
    Reset,

    /// <summary>ICMP says that nobody is bound to its port any more.</summary>
    Unreachable,
}

/// <summary>What the target said in one captured conversation, and how it ended it.</summary>
/// <param name="Hex">The bytes of a connection.</param>
internal sealed record RecordedReply(int Socket, string Hex, RecordedEnd End)
{
    /// <summary>The datagrams that came from where they were asked for, in hexadecimal.</summary>
    public ImmutableArray<string> Datagrams { get => field.IsDefault ? [] : field; init; }
}

/// <summary>
/// A captured conversation as a scenario: the client's part step by step (payload, cuts, order, pauses by class, who closed and how), with fresh
/// sockets; and the target's part as what to compare with.
/// </summary>
internal static class RecordedScenario
{
    private const int MostSockets = 64, MostSteps = 5000;
    private const long Noticeable = 20_000_000; // nanoseconds: shorter pauses are those of any machine

    private static readonly int[] PauseClasses = [20, 50, 100, 200, 500, 1000];

    /// <summary>For how long the target may close by itself where it did so in the capture.</summary>
    private const int OwnClose = 500;

    public static Scenario Of(Recording recording)
    {
        if (recording.Conversations.Length > MostSockets) throw new Report.InputException($"the capture has {recording.Conversations.Length} conversations with that server; {MostSockets} can be carried out together: name one with --flow N");
        var steps = new List<Step>();
        var lines = recording.Conversations.Select(one => one.Flow.Protocol == Transport.Udp ? (ILine)new DatagramLine() : new Line()).ToArray();
        foreach (var happened in recording.Events)
        {
            lines[happened.Conversation].Take(happened, happened.Conversation, steps);
            if (steps.Count > MostSteps) throw new Report.InputException($"the conversation has more than {MostSteps} steps: name one flow with --flow N");
        }

        foreach (var (socket, line) in lines.Index()) line.Finish(socket, steps);
        return new Scenario("a captured conversation", [.. steps]);
    }

    public static ImmutableArray<RecordedReply> RepliesOf(Recording recording) =>
    [
        .. recording.Conversations.Select((conversation, socket) => new RecordedReply(
            socket, Convert.ToHexString(conversation.FromServer.Span),
            recording.Events.LastOrDefault(one => one.Conversation == socket && one.Kind is RecordedKind.ServerFin or RecordedKind.ServerReset or RecordedKind.ServerUnreachable)?.Kind switch
            {
                RecordedKind.ServerFin => RecordedEnd.EndOfFile,
                RecordedKind.ServerReset => RecordedEnd.Reset,
                RecordedKind.ServerUnreachable => RecordedEnd.Unreachable,
                _ => RecordedEnd.None,
            })
        {
            Datagrams = conversation.Flow.Protocol == Transport.Tcp ? []
                : [.. recording.Events.Where(one => one.Conversation == socket && one.Kind == RecordedKind.ServerData).Select(one => Convert.ToHexString(one.Data.Span))],
        }),
    ];

    /// <summary>
    /// Whether the target did in every conversation what it did in the capture: the same bytes and the same end; or, where the end is what was wrong with
    /// it (a reset, or none after the client's), the same end. Datagrams are the same in any order.
    /// </summary>
    /// <param name="asFarAsItWent">A scenario that ended early is like the capture if nothing else came until then.</param>
    public static bool IsLike(Evidence evidence, ImmutableArray<RecordedReply> recorded, bool asFarAsItWent = false)
    {
        var whole = !asFarAsItWent || evidence.FirstUnmet < 0;
        return recorded.All(reply =>
        {
            var connection = evidence.Trace.On(reply.Socket);
            if (connection?.Tuple?.Protocol == Transport.Udp) return AreLike(evidence, connection, reply, whole);
            var received = connection is not null ? connection.Received.Span : [];
            return EndOn(evidence, reply.Socket) == reply.End && (reply.End != RecordedEnd.EndOfFile || received.SequenceEqual(Convert.FromHexString(reply.Hex)));
        });
    }

    /// <summary>What the target did in the capture, for people.</summary>
    public static string Told(ImmutableArray<RecordedReply> recorded, bool datagrams) =>
        string.Join("; ", recorded.Take(4).Select(reply => $"#{reply.Socket} {(datagrams ? Datagrams(reply) : Bytes(reply))}")) + (recorded.Length > 4 ? "; …" : "");

    private static string Bytes(RecordedReply reply)
    {
        var bytes = Convert.FromHexString(reply.Hex);
        var end = reply.End switch { RecordedEnd.EndOfFile => "then FIN", RecordedEnd.Reset => "then RST", _ => "and no end" };
        return $"{Excerpt(bytes)} ({bytes.Length} bytes), {end}";
    }

    private static string Datagrams(RecordedReply reply)
    {
        var some = string.Join(", ", reply.Datagrams.Take(4).Select(hex => Excerpt(Convert.FromHexString(hex))));
        var end = reply.End == RecordedEnd.Unreachable ? ", then ICMP port unreachable" : "";
        return $"{(reply.Datagrams.IsEmpty ? "no datagram" : $"{some}{(reply.Datagrams.Length > 4 ? ", …" : "")} ({reply.Datagrams.Length} {(reply.Datagrams.Length == 1 ? "datagram" : "datagrams")})")}{end}";
    }

    private static string Excerpt(byte[] bytes) => bytes.Length == 0 ? "nothing" : $"{Payload.Literal.Of(bytes.AsSpan(0, Math.Min(bytes.Length, 64)))}";

    private static bool AreLike(Evidence evidence, ConnectionTrace socket, RecordedReply reply, bool whole)
    {
        var left = reply.Datagrams.ToList();
        var foreseen = socket.Datagrams.Where(one => one.Source.Equals(evidence.Target.Endpoint)).All(one => left.Remove(Convert.ToHexString(one.Data.Span)));
        var gone = socket.UnreachableAt is not null || (reply.End == RecordedEnd.Unreachable && evidence.Target.End is not null); // it may die a moment later than it did
        return foreseen && (!whole || (left.Count == 0 && gone == (reply.End == RecordedEnd.Unreachable)));
    }

    private static RecordedEnd EndOn(Evidence evidence, int socket)
    {
        var end = RecordedEnd.None;
        foreach (var (step, outcome) in evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes))
        {
            if (step.On != socket) continue;
            if (outcome.Result == StepResult.EndOfFile || (step is Step.Receive { Bytes: null } or Step.Await { Framing: Framing.UntilEof } && outcome.Result == StepResult.Done)) end = RecordedEnd.EndOfFile;
            if (outcome.Is("ECONNRESET", "EPIPE")) return RecordedEnd.Reset;
        }

        return end;
    }

    private static int PauseOf(long nanoseconds) => nanoseconds < Noticeable ? 0 : PauseClasses.LastOrDefault(pause => pause * 1_000_000L <= nanoseconds, PauseClasses[0]);

    /// <summary>One conversation while its steps are made.</summary>
    private interface ILine
    {
        void Take(RecordedEvent happened, int socket, List<Step> steps);

        void Finish(int socket, List<Step> steps);
    }

    /// <summary>Datagrams: each by itself, and at the end a look whether more comes.</summary>
    private sealed class DatagramLine : ILine
    {
        private const int LeastSilence = 100, MostSilence = 1500;

        private int toReceive;
        private long last, slowest;

        public void Take(RecordedEvent happened, int socket, List<Step> steps)
        {
            var gap = last == 0 ? 0 : happened.Time - last;
            last = happened.Time;
            switch (happened.Kind)
            {
                case RecordedKind.Connect:
                    steps.Add(new Step.Open(socket));
                    break;
                case RecordedKind.ClientData:
                    Receive(socket, steps);
                    if (PauseOf(gap) is > 0 and var pause) steps.Add(new Step.Idle(pause));
                    steps.Add(new Step.Send(socket, Payload.Literal.Of(happened.Data.Span)));
                    break;
                case RecordedKind.ServerData:
                    slowest = Math.Max(slowest, gap);
                    toReceive++;
                    break;
            }
        }

        /// <summary>A server that took its time in the capture gets half as much again for what is not waited for.</summary>
        public void Finish(int socket, List<Step> steps)
        {
            Receive(socket, steps);
            steps.Add(new Step.Await(socket, (int)Math.Clamp(slowest / 1_000_000 * 3 / 2, LeastSilence, MostSilence), new Framing.Datagram()));
            steps.Add(new Step.Close(socket));
        }

        private void Receive(int socket, List<Step> steps)
        {
            if (toReceive > 0) steps.Add(new Step.ReceiveMessages(socket, toReceive, new Framing.Datagram()));
            toReceive = 0;
        }
    }

    private sealed class Line : ILine
    {
        private readonly List<byte> toSend = [];
        private readonly List<int> cuts = [];
        private int toReceive;
        private long last;
        private bool clientEnded, serverEnded, over;

        public void Take(RecordedEvent happened, int socket, List<Step> steps)
        {
            if (over) return;
            var pause = last == 0 ? 0 : PauseOf(happened.Time - last);
            last = happened.Time;
            switch (happened.Kind)
            {
                case RecordedKind.Connect:
                    steps.Add(new Step.Connect(socket));
                    break;
                case RecordedKind.ClientData:
                    Receive(socket, steps);
                    if (pause > 0) Wait(socket, pause, steps);
                    toSend.AddRange(happened.Data.Span);
                    cuts.Add(happened.Data.Length);
                    break;
                case RecordedKind.ServerData:
                    Send(socket, steps);
                    toReceive += happened.Data.Length;
                    break;
                case RecordedKind.ClientFin:
                    Flush(socket, steps);
                    if (pause > 0) Wait(socket, pause, steps);
                    steps.Add(new Step.ShutdownWrite(socket));
                    clientEnded = true;
                    break;
                case RecordedKind.ServerFin or RecordedKind.ServerReset:
                    Flush(socket, steps);
                    if (!clientEnded) steps.Add(new Step.Await(socket, OwnClose, new Framing.UntilEof(int.MaxValue)));
                    serverEnded = true;
                    break;
                case RecordedKind.ClientReset:
                    Flush(socket, steps);
                    if (pause > 0) Wait(socket, pause, steps);
                    steps.Add(new Step.Abort(socket));
                    over = true;
                    break;
            }
        }

        public void Finish(int socket, List<Step> steps)
        {
            if (over) return;
            Flush(socket, steps);
            if (clientEnded) steps.Add(new Step.Receive(socket, null));
            if (clientEnded || serverEnded) steps.Add(new Step.Close(socket));
        }

        private void Wait(int socket, int pause, List<Step> steps)
        {
            Send(socket, steps);
            steps.Add(new Step.Idle(pause));
        }

        private void Flush(int socket, List<Step> steps)
        {
            Send(socket, steps);
            Receive(socket, steps);
        }

        private void Send(int socket, List<Step> steps)
        {
            if (toSend.Count == 0) return;
            steps.Add(new Step.Send(socket, Payload.Literal.Of([.. toSend]), cuts.Count > 1 ? [.. cuts] : []));
            toSend.Clear();
            cuts.Clear();
        }

        private void Receive(int socket, List<Step> steps)
        {
            if (toReceive == 0) return;
            steps.Add(new Step.Receive(socket, toReceive));
            toReceive = 0;
        }
    }
}
