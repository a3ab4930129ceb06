using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>Clients of TLS servers: whom they trust, and what they take for an end.</summary>
public static partial class ClientJudge
{
    /// <summary>With the right certificate the handshake comes through.</summary>
    public static Verdict Secures(Evidence evidence) => Each(evidence, start =>
        start.Handshake is { Shown: ShownCertificate.Right, Outcome.Result: not StepResult.Done } handshake
            ? new Verdict.Violation("a session of TLS 1.2 or 1.3, the certificate being right", Judges.Answer(evidence, handshake.Step), handshake.Step, handshake.Outcome.Result == StepResult.TimedOut) : null);

    /// <summary>All that the client sends is TLS records.</summary>
    public static Verdict SendsNothingInClear(Evidence evidence) => Each(evidence, start =>
    {
        if (start is not { Handshake: { } handshake, Connection: { Tls: { } session } connection }) return null;
        var after = session.After.Span;
        var wire = evidence.FlowOf(connection.Socket) is { } flow ? TlsRecords.Payload(flow, fromClient: true) : [];
        var clear = TlsRecords.Parse(session.After).ForeignAt is var at and >= 0 ? after[at..] : TlsRecords.Parse(wire).ForeignAt is var foreign and >= 0 ? wire.AsSpan(foreign) : [];
        return clear.IsEmpty ? null : new Verdict.Violation("TLS records only", $"in clear: {Excerpt(clear)}", start.Serve?.Step ?? handshake.Step);
    });

    /// <summary>A server that shows a certificate which must be refused gets no request, and the client says by its status that it was not served.</summary>
    public static Verdict Refuses(Evidence evidence) => Each(evidence, start =>
    {
        if (start is not { Handshake: { Shown: not ShownCertificate.Right } handshake, Connection: { } connection }) return null;
        var expected = $"no request to a server with {handshake.Shown.InWords()}, and an exit status other than 0";
        if (connection.Received.Length > 0) return new Verdict.Violation(expected, $"{connection.Received.Length} bytes: {Excerpt(connection.Received.Span)}", start.Serve?.Step ?? handshake.Step);
        if (start is { Exit: { Outcome.Result: StepResult.Done } exit, End.ExitCode: 0 }) return new Verdict.Violation(expected, "it exited with status 0", exit.Step);
        return Ended(evidence, start, expected, signalsCount: false);
    });

    /// <summary>A session that has served its purpose ends with the client's close_notify.</summary>
    public static Verdict SaysGoodbye(Evidence evidence) => Each(evidence, start =>
        start is { WasServed: true, Serve: { } serve, Connection.Tls: { Truncated: true, Alert: null } } ? new Verdict.Violation("close_notify, then the FIN", "the FIN without a close_notify", serve.Step) : null);

    /// <summary>The connection ends without a close_notify before all has come: that is no success, whatever came.</summary>
    public static Verdict NoticesTruncation(Evidence evidence) => Each(evidence, start =>
        start is { WasCutShort: true, Aborted: false, Notified: false, Connection.Tls: not null } ? Ended(evidence, start, "it ends when the connection ends without a close_notify") ?? Unsuccessful(start) : null);
}
