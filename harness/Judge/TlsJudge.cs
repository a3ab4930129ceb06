using System.Collections.Immutable;
using System.Net.Security;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>
/// TLS sessions and what comes before them: hellos and records that the scenario sends on a plain connection are its probes, the
/// connections with a <see cref="Step.Handshake"/> its sessions.
/// </summary>
public static class TlsJudge
{
    private const ushort Tls12 = 0x0303, Tls13 = 0x0304;
    private const int Telling = 12; // so many bytes in a row are no coincidence

    /// <summary>Every handshake comes through.</summary>
    public static Verdict Answers(Evidence evidence) =>
        FailedHandshake(evidence) is var step and >= 0 ? DataJudge.Unmet(evidence, step) : Verdict.Holds;

    /// <summary>Each probe is answered by a ServerHello, of this version if one is given.</summary>
    public static Func<Evidence, Verdict> HelloAnswered(ushort? version = null) => evidence =>
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            var expected = $"a ServerHello{(version is { } one ? $" of {TlsServerHello.NameOfVersion(one)}" : "")} on #{probe.Socket}";
            if (probe.Server.Hello is not { } hello) return new Verdict.Violation(expected, probe.Reaction, probe.AnswerAt, probe.IsSilence);
            if (version is not null && hello.Version != version) return new Verdict.Violation(expected, $"{hello}", probe.AnswerAt);
            if (probe.Client is { } client && TlsChoiceJudge.AsksForNothing(client, hello)) return new Verdict.Violation(expected, $"{hello} that the client cannot follow", probe.AnswerAt);
        }

        return Verdict.Holds;
    };

    /// <summary>A scenario that needs a session of one version says nothing of a server that does not speak it: that is another requirement's matter.</summary>
    public static Func<Evidence, Verdict> WhereSpoken(Func<Evidence, Verdict> judge) =>
        evidence => FailedHandshake(evidence) is var step and >= 0 && ((Step.Handshake)evidence.Scenario.Steps[step]).Offer.Versions.Length == 1 ? Verdict.Holds : judge(evidence);

    /// <summary>No probe is answered by a ServerHello: what it offers is too weak to be used.</summary>
    public static Verdict HelloRefused(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (probe.Server.Hello is { } hello) return new Verdict.Violation($"a fatal alert or the end of #{probe.Socket}", $"{hello}", probe.AnswerAt);
        }

        return Verdict.Holds;
    }

    /// <summary>No probe is answered in this version; a server that offers a better one is another requirement's matter.</summary>
    public static Func<Evidence, Verdict> NeverIn(ushort version) => evidence =>
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (TlsRules.Version(probe.Server) == version && probe.Server.Hello is { } hello) return new Verdict.Violation($"a fatal alert or the end of #{probe.Socket}", $"{hello}", probe.AnswerAt);
        }

        return Verdict.Holds;
    };

    /// <summary>
    /// RFC 8446 §4.1.3, §5.1: a ServerHello of TLS 1.3 says 0x0303 in its old field and in that of each record, and the truth in
    /// supported_versions; and what the client's record says in that field is nobody's business.
    /// </summary>
    public static Verdict LegacyField(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (probe.Server.Hello is null)
            {
                if (probe.Server.Alert is not { } alert || TlsRecords.Parse(evidence.Scenario.BytesSentOn(probe.Socket)).Records is not [var first, ..] || first.Version is 0x0301 or Tls12) continue;
                return new Verdict.Violation($"a ServerHello on #{probe.Socket}, whatever the record's version", $"the fatal alert {alert} to {TlsRules.Hex(first.Version)}", probe.AnswerAt);
            }

            if (TlsRules.WrongLegacyField(probe.Server) is { } wrong) return new Verdict.Violation(wrong.Expected, wrong.Observed, probe.AnswerAt);
        }

        return Verdict.Holds;
    }

    /// <summary>No ServerHello picks a compression; to refuse a hello that offers one is right, too.</summary>
    public static Verdict NoCompression(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (TlsRules.WrongCompression(probe.Server) is { } wrong) return new Verdict.Violation(wrong.Expected, wrong.Observed, probe.AnswerAt);
        }

        return Verdict.Holds;
    }

    /// <summary>Each probe is answered by anything: a ServerHello, an alert, or the end.</summary>
    public static Verdict Reacts(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (probe.IsSilence && probe.Server.Length == 0) return new Verdict.Violation($"a ServerHello, an alert or the end of #{probe.Socket}", probe.Reaction, probe.AnswerAt, Absence: true);
        }

        return Verdict.Holds;
    }

    /// <summary>The connections that were waited on to their end (<see cref="Framing.UntilEof"/>) have ended, by FIN or RST, with or without an alert.</summary>
    public static Verdict Ends(Evidence evidence) => Ends(evidence, _ => true);

    /// <summary>The same of some of them.</summary>
    internal static Verdict Ends(Evidence evidence, Func<int, bool> isMeant)
    {
        foreach (var (at, step) in evidence.Scenario.Steps.Index())
        {
            if (step.On is not { } socket || !isMeant(socket)) continue;
            if (step is not Step.Await { Framing: Framing.UntilEof } || evidence.Trace.Outcomes[at].Result != StepResult.TimedOut) continue;

            // Of several waits on one socket the last counts: the first may have been for the alert.
            if (evidence.Scenario.Steps.Skip(at + 1).Any(later => later is Step.Await { Framing: Framing.UntilEof } && later.On == socket)) continue;
            var alert = evidence.Trace.On(socket) is { } connection ? AlertOn(connection) : null;
            return new Verdict.Violation($"the end of #{socket}", alert is null ? Judges.Answer(evidence, at) : $"the alert {alert}, and then {Judges.Answer(evidence, at)}", at, Absence: true);
        }

        return Verdict.Holds;
    }

    /// <summary>After a fatal alert of its own the server sends nothing more, and the connection ends.</summary>
    public static Verdict EndsAfterAlert(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            var records = probe.Server.Records;
            for (var i = 0; i < records.Length - 1; i++)
            {
                if (records[i] is { Type: TlsContent.Alert, Fragment: { Length: 2, Span: var alert } } && new TlsAlert(alert[0], alert[1]) is { IsFatal: true } fatal)
                    return new Verdict.Violation($"nothing after the alert {fatal} on #{probe.Socket}", $"a record of type {(int)records[i + 1].Type}", probe.AnswerAt);
            }
        }

        return Ends(evidence);
    }

    /// <summary>A server that gives up a connection because of an error says so in an alert before.</summary>
    public static Verdict AlertSent(Evidence evidence)
    {
        foreach (var connection in evidence.Trace.Connections)
        {
            var given = Enumerable.Range(0, evidence.Scenario.Steps.Length).LastOrDefault(at => evidence.Scenario.Steps[at] is Step.Await && evidence.Scenario.Steps[at].On == connection.Socket, -1);
            if (given < 0 || AlertOn(connection) is not null || connection.Tls is { CloseNotify: true }) continue;
            if (connection.Tls is null && TlsProbe.Of(evidence, connection) is not { Server.Hello: null }) continue;
            if (evidence.Trace.Outcomes[given].Result is StepResult.TimedOut or StepResult.NotRun) continue; // it does not end: another requirement's matter
            return new Verdict.Violation($"a fatal alert before the end of #{connection.Socket}", $"{Judges.Answer(evidence, given)} without one", given);
        }

        return Verdict.Holds;
    }

    /// <summary>The server's messages come in the order of RFC 8446 §2 or RFC 5246 §7.3, as far as they stand in clear, none of them in an empty record.</summary>
    public static Verdict Order(Evidence evidence)
    {
        foreach (var connection in evidence.Trace.Connections)
        {
            var records = connection.Tls is null ? TlsProbe.Of(evidence, connection)?.Server : evidence.FlowOf(connection.Socket) is { } flow ? TlsRecords.Of(flow, fromClient: false) : null;
            if (records is null || (TlsRules.WrongOrder(records) ?? (connection.Tls is null ? WrongAnswer(records, evidence.Scenario.BytesSentOn(connection.Socket)) : null)) is not { } wrong) continue;
            return new Verdict.Violation(wrong.Expected, $"{wrong.Observed} on #{connection.Socket}", evidence.Scenario.Steps.IndexOf(evidence.Scenario.Steps.FirstOrDefault(step => step is Step.Handshake or Step.Send && step.On == connection.Socket)!));
        }

        return Verdict.Holds;
    }

    /// <summary>On the wire a session is nothing but TLS records, and what was sent in it does not stand there for all to read.</summary>
    public static Verdict NothingInClear(Evidence evidence)
    {
        var seen = false;
        foreach (var connection in evidence.Trace.Connections.Where(connection => connection.Tls is not null))
        {
            var after = TlsRecords.Parse(connection.Tls!.After);
            if (after.ForeignAt >= 0) return InClear(connection.Tls.After.Span[after.ForeignAt..], connection.Socket, "after the session");
            if (evidence.FlowOf(connection.Socket) is not { } flow) continue;
            seen = true;
            var payload = TlsRecords.Payload(flow, fromClient: false);
            if (TlsRecords.Parse(payload) is { ForeignAt: >= 0 and var at }) return InClear(payload.AsSpan(at), connection.Socket, at == 0 ? "before any record" : $"after {at} bytes");
            foreach (var direction in (bool[])[false, true])
            {
                var bytes = TlsRecords.Payload(flow, direction);
                foreach (var send in evidence.Scenario.Steps.OfType<Step.Send>().Where(send => send.Socket == connection.Socket && !send.Raw && send.Data.Size >= Telling))
                {
                    if (bytes.AsSpan().IndexOf(send.Data.ToBytes().AsSpan(0, Telling)) is var found and >= 0) return InClear(bytes.AsSpan(found), connection.Socket, "within a record");
                }
            }
        }

        return seen ? Verdict.Holds : new Verdict.NotObservable("without a capture it is not known what stood on the wire");
    }

    /// <summary>A client without TLS is not served: its message is not answered in clear. To tell it so in clear is no violation.</summary>
    public static Verdict NotServedInClear(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence).Where(probe => probe.Server.ForeignAt >= 0))
        {
            var sent = evidence.Scenario.BytesSentOn(probe.Socket);
            var owed = evidence.Service.IsEcho ? sent : Replies.To(evidence.Service, sent, ended: false).Exact;
            var answer = probe.Received[probe.Server.ForeignAt..];

            // The library may have eaten the beginning of the message.
            if (owed is { Length: > 0 } && owed.AsSpan().IndexOf(answer[..Math.Min(answer.Length, Math.Min(owed.Length, Telling))]) >= 0) return InClear(answer, probe.Socket, "to a client without TLS");
        }

        return Verdict.Holds;
    }

    /// <summary>The certificate is for the name that was asked for (RFC 9525 §6).</summary>
    public static Verdict Name(Evidence evidence) => Certified(
        evidence, session => session.PolicyErrors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch), "the name that was asked for, as a subjectAltName", session => $"a certificate for {TlsCertificate.NamesOf(session.Certificate.Span)}");

    /// <summary>It is not expired, and valid already (RFC 5280 §6.1.3).</summary>
    public static Verdict ValidNow(Evidence evidence) => Certified(
        evidence, session => session.ChainStatus.Any(IsAboutTime), "certificates that are valid now", session => $"a certificate valid {TlsCertificate.ValidityOf(session.Certificate.Span)}");

    /// <summary>Its chain leads to a certificate that the client trusts, all links being sent (RFC 8446 §4.4.2).</summary>
    public static Verdict Chain(Evidence evidence) => Certified(
        evidence, session => session.ChainStatus.Any(status => !IsAboutTime(status)), "a chain of certificates that leads to the trusted one", session => string.Join("; ", session.ChainStatus.Where(status => !IsAboutTime(status))));

    /// <summary>A session ends with the server's close_notify before its FIN (RFC 8446 §6.1), unless an alert has ended it.</summary>
    public static Verdict ClosesWithNotify(Evidence evidence)
    {
        foreach (var connection in Sessions(evidence))
        {
            if (connection.Tls is { Truncated: true, Alert: null }) return new Verdict.Violation($"close_notify, then the FIN on #{connection.Socket}", "the FIN without a close_notify", EndOf(evidence, connection));
        }

        return Verdict.Holds;
    }

    /// <summary>Our close_notify alone, without a FIN, is answered by the server's.</summary>
    public static Verdict AnswersNotify(Evidence evidence)
    {
        foreach (var connection in Sessions(evidence))
        {
            if (connection.Tls is { CloseNotify: true } or { Alert: not null } || EndOf(evidence, connection) is not { } at) continue;
            return new Verdict.Violation(
                $"close_notify in answer to ours on #{connection.Socket}", connection.Tls!.Truncated ? "the FIN without a close_notify" : Judges.Answer(evidence, at), at,
                evidence.Trace.Outcomes[at].Result == StepResult.TimedOut);
        }

        return WithoutSession(evidence);
    }

    /// <summary>After our close_notify all that is due still comes: it closes one direction only (RFC 8446 §6.1).</summary>
    public static Verdict ServesAfterNotify(Evidence evidence)
    {
        foreach (var story in Story.All(evidence).Where(story => story.Connection.Tls?.Version is not null))
        {
            if (story.AllCame || EndOf(evidence, story.Connection) is not { } at) continue;
            return new Verdict.Violation(
                $"all that is due after our close_notify on #{story.Connection.Socket}", $"{story.Received.Length} bytes, then {Judges.Answer(evidence, at)}", at, evidence.Trace.Outcomes[at].Result == StepResult.TimedOut);
        }

        return WithoutSession(evidence);
    }

    /// <summary>What we put on the connection after our close_notify is not answered, neither in the session nor in clear, nor by an alert.</summary>
    public static Verdict IgnoresAfterNotify(Evidence evidence)
    {
        foreach (var connection in Sessions(evidence))
        {
            var said = Steps(evidence, connection).Where(entry => entry.Step is Step.Send { Raw: true }).Select(entry => ((Step.Send)entry.Step).Data.ToBytes()).FirstOrDefault();
            if (said is not { Length: > 0 }) continue;
            var telling = said.AsSpan(0, Math.Min(said.Length, Telling));
            var flow = evidence.FlowOf(connection.Socket) is { } seen ? TlsRecords.Payload(seen, fromClient: false) : [];
            var session = connection.Tls!;
            var answer = session.After.Span.IndexOf(telling) >= 0 || flow.AsSpan().IndexOf(telling) >= 0 || connection.Received.Span.IndexOf(telling) >= 0 ? $"what we sent behind it came back: {Payload.Literal.Of(telling)}"
                : session.Alert is { } alert ? $"the fatal alert {alert}"
                : session.After.Length > 0 ? $"{session.After.Length} bytes after its own close_notify"
                : null;
            if (answer is not null) return new Verdict.Violation($"nothing but a close_notify after ours on #{connection.Socket}", answer, EndOf(evidence, connection));
        }

        return Verdict.Holds;
    }

    /// <summary>A FIN of ours without a close_notify ends no message: what lacks its end is not answered (RFC 8446 §6.1).</summary>
    public static Verdict NotAnsweredWhenCut(Evidence evidence)
    {
        foreach (var connection in Sessions(evidence))
        {
            var cut = Steps(evidence, connection).FirstOrDefault(entry => entry.Step is Step.CloseNotify or Step.ShutdownWrite, (-1, null!));
            if (cut.Step is not Step.ShutdownWrite || evidence.Trace.Outcomes[cut.At].Result != StepResult.Done) continue;
            var owed = Replies.To(evidence.Service, evidence.Scenario.BytesSentOn(connection.Socket), ended: false);
            if (ReplyMatch.Of(evidence.Service, owed, connection.Received.Span, complete: false) is not { ExtraAt: >= 0 and var at }) continue;
            return new Verdict.Violation(
                $"no answer to what lacks its end on #{connection.Socket}", $"{Payload.Literal.Of(connection.Received.Span[at..Math.Min(connection.Received.Length, at + 48)])} after a FIN without a close_notify", cut.At);
        }

        return WithoutSession(evidence);
    }

    /// <summary>What the scenario needs is a session of one version, which the server does not speak: nothing is said then.</summary>
    private static Verdict WithoutSession(Evidence evidence) =>
        FailedHandshake(evidence) is var step and >= 0 ? new Verdict.NotObservable($"there is no session{((Step.Handshake)evidence.Scenario.Steps[step]).Offer}") : Verdict.Holds;

    private static Verdict Certified(Evidence evidence, Func<TlsTrace, bool> isWrong, string expected, Func<TlsTrace, string> observed)
    {
        foreach (var connection in evidence.Trace.Connections.Where(connection => connection.Tls is { Certificate.Length: > 0 } session && isWrong(session)))
            return new Verdict.Violation(expected, observed(connection.Tls!), Steps(evidence, connection).First(entry => entry.Step is Step.Handshake).At);
        return Verdict.Holds;
    }

    private static bool IsAboutTime(string status) => status.StartsWith("NotTimeValid", StringComparison.Ordinal) || status.StartsWith("NotTimeNested", StringComparison.Ordinal);

    private static Verdict.Violation InClear(ReadOnlySpan<byte> bytes, int socket, string where) =>
        new($"TLS records only on #{socket}", $"in clear, {where}: {Payload.Literal.Of(bytes[..Math.Min(bytes.Length, 48)])}");

    private static string? AlertOn(ConnectionTrace connection) => connection.Tls is { } session ? session.Alert : TlsRecords.Parse(connection.Received).Alert?.Name;

    /// <summary>The connections on which a handshake came through.</summary>
    private static IEnumerable<ConnectionTrace> Sessions(Evidence evidence) => evidence.Trace.Connections.Where(connection => connection.Tls?.Version is not null);

    private static IEnumerable<(int At, Step Step)> Steps(Evidence evidence, ConnectionTrace connection) =>
        evidence.Scenario.Steps.Index().Where(entry => entry.Item.On == connection.Socket).Select(entry => (entry.Index, entry.Item));

    /// <summary>The step that waited for the end of a session: the first that does, and was reached.</summary>
    private static int? EndOf(Evidence evidence, ConnectionTrace connection) =>
        Steps(evidence, connection).Where(entry => entry.Step is Step.Receive { Bytes: null } or Step.Await && evidence.Trace.Outcomes[entry.At].Result != StepResult.NotRun).Select(entry => (int?)entry.At).FirstOrDefault();

    private static int FailedHandshake(Evidence evidence) =>
        evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Index().FirstOrDefault(entry => entry.Item is { First: Step.Handshake, Second.Result: not (StepResult.Done or StepResult.NotRun) }, (-1, default)).Index;

    /// <summary>A ServerHello answers a ClientHello and nothing else.</summary>
    private static (string Expected, string Observed)? WrongAnswer(TlsRecords server, byte[] sent) =>
        server.Hello is { } hello && TlsRecords.Parse(sent).Messages is [{ Type: not TlsMessageType.ClientHello and var type }, ..] ? ($"no ServerHello in answer to {type}", $"{hello}") : null;
}
