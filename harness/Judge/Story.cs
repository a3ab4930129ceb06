using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What happened on one connection, told from our side: the facts that several judges need.</summary>
internal sealed class Story
{
    public Story(Evidence evidence, ConnectionTrace connection)
    {
        Connection = connection;
        Flow = evidence.FlowOf(connection.Socket);
        var legality = SocketModel.Check(evidence.Scenario);
        Sent = evidence.Scenario.BytesSentOn(connection.Socket);
        for (var i = 0; i < evidence.Scenario.Steps.Length; i++)
        {
            var (step, outcome) = (evidence.Scenario.Steps[i], evidence.Trace.Outcomes[i]);
            if (step.On != connection.Socket || outcome.Result == StepResult.NotRun || legality[i] is Legality.Illegal) continue;
            if (outcome.Result == StepResult.EndOfFile) EndOfFileAt ??= i;
            if (outcome.Is("ECONNRESET", "EPIPE")) ResetAt ??= i;
            if (step is Step.ShutdownWrite && outcome.Result == StepResult.Done) ShutAt ??= i;
            if (step is Step.Abort) AbortedAt ??= i;
            if (step is Step.Receive { Bytes: null } && outcome.Result == StepResult.TimedOut) NoEndOfFileAt ??= i;
            if (step is Step.Close && outcome.Result == StepResult.Done)
            {
                ClosedAt ??= i;
                LeftUnread = EndOfFileAt is null && connection.Received.Length < connection.Accepted;
            }
        }
    }

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

    /// <summary>The target's FIN came before ours.</summary>
    public bool TargetClosedFirst => EndOfFileAt is { } end && (ShutAt is null || end < ShutAt) && (ClosedAt is null || end < ClosedAt);

    public static IEnumerable<Story> All(Evidence evidence) => evidence.Trace.Connections.Select(connection => new Story(evidence, connection));
}
