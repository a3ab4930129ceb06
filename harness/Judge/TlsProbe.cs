using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>A plain connection on which the scenario sent a hello or something in its place, and what came of it.</summary>
internal sealed record TlsProbe(Evidence Evidence, ConnectionTrace Connection, TlsRecords Server, int AnswerAt)
{
    public int Socket => Connection.Socket;

    public ReadOnlySpan<byte> Received => Connection.Received.Span;

    public bool IsSilence => Evidence.Trace.Outcomes[AnswerAt].Result == StepResult.TimedOut;

    /// <summary>What the scenario sent, as bytes.</summary>
    public byte[] Sent { get; } = Evidence.Scenario.BytesSentOn(Connection.Socket);

    /// <summary>The hello that came first; null where something else did, or one that makes no sense.</summary>
    public TlsClientHello? Client => TlsClientHello.Of(TlsRecords.Parse(Sent));

    /// <summary>In a few words.</summary>
    public string Reaction => Server switch
    {
        { Alert: { } alert } => $"the fatal alert {alert}",
        { ForeignAt: >= 0 and var at } => $"something that is no TLS: {Payload.Literal.Of(Received[at..Math.Min(Received.Length, at + 48)])}",
        { Hello: { } hello } => $"{hello}",
        _ => Judges.Answer(Evidence, AnswerAt),
    };

    public static IEnumerable<TlsProbe> All(Evidence evidence) => evidence.Trace.Connections.Select(connection => Of(evidence, connection)).OfType<TlsProbe>();

    public static TlsProbe? Of(Evidence evidence, ConnectionTrace connection)
    {
        if (connection is { Established: false } or { Tls: not null }) return null;
        var steps = evidence.Scenario.Steps.Index().Where(entry => entry.Item.On == connection.Socket).ToList();
        var sent = steps.FindIndex(entry => entry.Item is Step.Send && evidence.Trace.Outcomes[entry.Index].Result == StepResult.Done);
        var answer = sent < 0 ? -1 : steps.FindIndex(sent, entry => entry.Item is Step.Await && evidence.Trace.Outcomes[entry.Index].Result != StepResult.NotRun);
        return answer < 0 ? null : new TlsProbe(evidence, connection, TlsRecords.Parse(connection.Received), steps[answer].Index);
    }
}
