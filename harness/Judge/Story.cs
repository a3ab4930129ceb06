using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What happened on one connection, told from our side: the facts that several judges need.</summary>
internal sealed class Story
{
    private readonly ServiceSpec service;
    private readonly Owed owed;
    private readonly int? endedAt;

    public Story(Evidence evidence, ConnectionTrace connection)
    {
        Connection = connection;
        Flow = evidence.FlowOf(connection.Socket);
        var legality = SocketModel.Check(evidence.Scenario);
        Sent = evidence.Scenario.BytesSentOn(connection.Socket);
        service = evidence.Service;
        owed = OwedOn(evidence, connection, Sent.AsSpan(0, Math.Min(Sent.Length, connection.Accepted)));
        for (var i = 0; i < evidence.Scenario.Steps.Length; i++)
        {
            var (step, outcome) = (evidence.Scenario.Steps[i], evidence.Trace.Outcomes[i]);
            if (step.On != connection.Socket || outcome.Result == StepResult.NotRun || legality[i] is Legality.Illegal) continue;
            if (outcome.Result == StepResult.EndOfFile) EndOfFileAt ??= i;
            if (outcome.Is("ECONNRESET", "EPIPE")) ResetAt ??= i;
            if (step is Step.ShutdownWrite && outcome.Result == StepResult.Done) ShutAt ??= i;
            if (step is Step.ShutdownWrite or Step.CloseNotify or Step.Close && outcome.Result == StepResult.Done) endedAt ??= i;
            if (step is Step.Abort) AbortedAt ??= i;
            if (step is Step.Receive { Bytes: null } && outcome.Result == StepResult.TimedOut) NoEndOfFileAt ??= i;
            if (step is Step.Close && outcome.Result == StepResult.Done)
            {
                ClosedAt ??= i;
                LeftUnread = EndOfFileAt is null && (owed.Open ? service.Kind != "http" || evidence.FirstUnmet >= 0 : !AllCame);
            }
        }
    }

    /// <summary>What is due for all that SEND took.</summary>
    public Owed Owed => owed;

    /// <summary>The bytes that are due, where the spec leaves them no freedom; else null.</summary>
    public byte[]? Due => owed.Exact;

    /// <summary>Everything that is due came.</summary>
    public bool AllCame => owed.IsExact ? Received.Length >= owed.Exact!.Length : ReplyMatch.Of(service, owed, Received, EndOfFileAt is not null).Missing == 0;

    public ConnectionTrace Connection { get; }

    public Flow? Flow { get; }

    /// <summary>What the scenario's legal sends add up to, whether or not they were all carried out.</summary>
    public byte[] Sent { get; }

    public ReadOnlySpan<byte> Received => Connection.Received.Span;

    /// <summary>Indices of the steps at which these things first happened; null if they did not.</summary>
    public int? EndOfFileAt { get; }

    public int? ResetAt { get; }

    public int? ShutAt { get; }

    public int? ClosedAt { get; }

    public int? AbortedAt { get; }

    public int? NoEndOfFileAt { get; }

    /// <summary>We closed while an answer was still due: our kernel may rightly reset then (RFC 9293 §3.6.1, RFC 2525 §2.17).</summary>
    public bool LeftUnread { get; }

    /// <summary>We brought this connection to an end in the orderly way.</summary>
    public bool EndedOrderlyByUs => Connection.Established && AbortedAt is null && !LeftUnread && (ShutAt is not null || ClosedAt is not null);

    /// <summary>The target's FIN came before our end: our FIN, or in a TLS session our close_notify.</summary>
    public bool TargetClosedFirst => EndOfFileAt is { } end && (endedAt is null || end < endedAt);

    /// <summary>Outside a TLS session of a TLS service, and where bytes were put beneath one, the spec says nothing.</summary>
    private static Owed OwedOn(Evidence evidence, ConnectionTrace connection, ReadOnlySpan<byte> sent)
    {
        var steps = evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Where(entry => entry.First.On == connection.Socket).ToList();
        var ended = steps.Any(entry => entry is { First: Step.ShutdownWrite or Step.CloseNotify, Second.Result: StepResult.Done });
        if (evidence.Service.Tls is not null && (connection.Tls?.Version is null || steps.Any(entry => entry.First is Step.Send { Raw: true }))) return new Owed([], ended, Open: true);
        return evidence.Service.IsEcho ? new Owed([new DueReply(sent.ToArray(), null)], ended, false) : Replies.To(evidence.Service, sent, ended);
    }

    public static IEnumerable<Story> All(Evidence evidence) => evidence.Trace.Connections.Select(connection => new Story(evidence, connection));
}
