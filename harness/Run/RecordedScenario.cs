using System.Collections.Immutable;
using System.Text.Json.Serialization;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Run;

/// <summary>How the target ended a captured connection.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordedEnd>))]
internal enum RecordedEnd
{
    None,
    EndOfFile,
    Reset,
}

/// <summary>What the target said on one captured connection, and how it ended it.</summary>
internal sealed record RecordedReply(int Socket, string Hex, RecordedEnd End);

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
        if (recording.Conversations.Length > MostSockets) throw new Report.InputException($"the capture has {recording.Conversations.Length} connections to that server; {MostSockets} can be carried out together: name one with --flow N");
        var steps = new List<Step>();
        var lines = recording.Conversations.Select(_ => new Line()).ToArray();
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
            recording.Events.LastOrDefault(one => one.Conversation == socket && one.Kind is RecordedKind.ServerFin or RecordedKind.ServerReset)?.Kind switch
            {
                RecordedKind.ServerFin => RecordedEnd.EndOfFile,
                RecordedKind.ServerReset => RecordedEnd.Reset,
                _ => RecordedEnd.None,
            })),
    ];

    /// <summary>
    /// Whether the target did on every connection what it did in the capture: the same bytes and the same end; or, where the end is what was wrong with
    /// it (a reset, or none after the client's), the same end.
    /// </summary>
    public static bool IsLike(Evidence evidence, ImmutableArray<RecordedReply> recorded) => recorded.All(reply =>
    {
        var received = evidence.Trace.On(reply.Socket) is { } connection ? connection.Received.Span : [];
        return EndOn(evidence, reply.Socket) == reply.End && (reply.End != RecordedEnd.EndOfFile || received.SequenceEqual(Convert.FromHexString(reply.Hex)));
    });

    /// <summary>What the target did in the capture, for people.</summary>
    public static string Told(ImmutableArray<RecordedReply> recorded) => string.Join("; ", recorded.Take(4).Select(reply =>
    {
        var bytes = Convert.FromHexString(reply.Hex);
        var end = reply.End switch { RecordedEnd.EndOfFile => "then FIN", RecordedEnd.Reset => "then RST", _ => "and no end" };
        return $"#{reply.Socket} {(bytes.Length == 0 ? "nothing" : $"{Payload.Literal.Of(bytes.AsSpan(0, Math.Min(bytes.Length, 64)))}")} ({bytes.Length} bytes), {end}";
    })) + (recorded.Length > 4 ? "; …" : "");

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

    /// <summary>One connection while its steps are made.</summary>
    private sealed class Line
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

        private static int PauseOf(long nanoseconds) => nanoseconds < Noticeable ? 0 : PauseClasses.LastOrDefault(pause => pause * 1_000_000L <= nanoseconds, PauseClasses[0]);
    }
}
