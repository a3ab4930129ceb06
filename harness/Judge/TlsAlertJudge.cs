using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>Hellos and records that a server refuses: that it does, and what its alert says, where one is seen.</summary>
public static class TlsAlertJudge
{
    private const byte UnexpectedMessage = 10, BadRecordMac = 20, RecordOverflow = 22, HandshakeFailure = 40, IllegalParameter = 47, DecodeError = 50, ProtocolVersion = 70, InsufficientSecurity = 71, MissingExtension = 109, UnrecognizedName = 112;

    private const ushort ServerName = 0, Tls13 = 0x0304;
    private const int HeaderSize = 5, MaxInClear = 1 << 14, MaxProtected = (1 << 14) + 2048;

    /// <summary>RFC 8446 §9.2: a hello without what belongs to TLS 1.3 is refused, and the alert says for lack of what.</summary>
    public static Verdict ForLackOfExtension(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (probe.Server is not { Hello: null, Alert: null or { Description: MissingExtension } })
                return new Verdict.Violation($"the fatal alert {TlsAlert.NameOf(MissingExtension)} on #{probe.Socket}", probe.Server.Hello is { } hello ? $"{hello}" : probe.Reaction, probe.AnswerAt);
        }

        return TlsJudge.Ends(evidence);
    }

    /// <summary>RFC 6066 §3: a name that the server does not know, or none, leads to a session or to an alert that says so.</summary>
    public static Verdict ForName(Evidence evidence)
    {
        foreach (var probe in TlsProbe.All(evidence))
        {
            if (probe is not { Client: { } client, Server.Hello: null } || probe.Server.Alert is { Description: UnrecognizedName }) continue;
            if (!client.Extensions.Contains(ServerName) && probe.Server.Alert is { Description: MissingExtension }) continue; // a server may insist on a name (RFC 8446 §9.2)
            return new Verdict.Violation($"a ServerHello or the alert {TlsAlert.NameOf(UnrecognizedName)} on #{probe.Socket}", probe.Reaction, probe.AnswerAt, probe.IsSilence);
        }

        return Verdict.Holds;
    }

    /// <summary>RFC 8446 §5: between the first hello and the last message of a handshake the byte 1 is passed over; any other, or one at another time, is the end.</summary>
    public static Verdict ForChangeCipherSpec(Evidence evidence)
    {
        var kept = new HashSet<int>();
        foreach (var probe in TlsProbe.All(evidence))
        {
            var sent = TlsRecords.Parse(probe.Sent).Records;
            if (sent is [{ Type: TlsContent.ChangeCipherSpec }, ..])
            {
                if (probe.Server.Hello is { } hello) return new Verdict.Violation($"a fatal alert or the end of #{probe.Socket}", $"{hello} after a ChangeCipherSpec in place of a hello", probe.AnswerAt);
                continue;
            }

            var all = sent.Where(record => record.Type == TlsContent.ChangeCipherSpec).ToList();
            if (all.Count == 0 || all.Exists(record => record.Fragment.Span is not [1])) continue;
            kept.Add(probe.Socket);
            var last = evidence.Scenario.Steps.Index().Last(entry => entry.Item is Step.Await && entry.Item.On == probe.Socket).Index;
            if (probe.Server.Hello is null || evidence.Trace.Outcomes[last].Result is not (StepResult.EndOfFile or StepResult.Failed)) continue;
            return new Verdict.Violation($"#{probe.Socket} waits for the rest of the handshake", probe.Server.Alert is { } alert ? $"the fatal alert {alert}" : Judges.Answer(evidence, last), last);
        }

        return TlsJudge.Ends(evidence, socket => !kept.Contains(socket));
    }

    /// <summary>Where a server says why it ends a connection, it is one of the reasons that fit.</summary>
    public static Verdict Fits(Evidence evidence)
    {
        foreach (var connection in evidence.Trace.Connections)
        {
            var probe = TlsProbe.Of(evidence, connection);
            var alert = probe is not null ? probe.Server.Alert is { IsFatal: true } inClear ? inClear.Name : null : connection.Tls?.Alert;
            if (alert is null || (probe is not null ? InClear(probe) : InSession(evidence, connection)) is not { } right || right.Alerts.Any(one => TlsAlert.NameOf(one) == alert)) continue;
            return new Verdict.Violation($"{string.Join(" or ", right.Alerts.Select(one => TlsAlert.NameOf(one)))} after {right.What} on #{connection.Socket}", alert, probe?.AnswerAt);
        }

        return Verdict.Holds;
    }

    /// <summary>
    /// What was wrong with what a probe sent, and the alerts for it, the one that the RFC names first; null where nothing is known. The others are
    /// those that a server may come to which looks at things in another order: at a message before the length of its record, at the suites before the versions.
    /// </summary>
    private static (string What, ImmutableArray<byte> Alerts)? InClear(TlsProbe probe)
    {
        if (OfRecord(probe.Sent, MaxInClear, "a record") is { } broken) return broken;
        var sent = TlsRecords.Parse(probe.Sent);
        if (sent.Records is not [{ Type: var first }, ..]) return null;
        if (first is TlsContent.ApplicationData or TlsContent.ChangeCipherSpec) return ($"{first} in place of a hello", [UnexpectedMessage]);
        if (sent.Messages is not [var message, ..]) return null;
        if (message.Type != TlsMessageType.ClientHello) return ($"{message.Type} in place of a hello", [UnexpectedMessage]);
        if (probe.Client is not { } client) return ("a hello that makes no sense", [DecodeError, IllegalParameter, HandshakeFailure, ProtocolVersion]);
        if (probe.Server.Hello is { Version: < Tls13 }) // later its alerts are encrypted
            return sent.Records.Skip(1).Any(record => record.Type == TlsContent.ChangeCipherSpec) || sent.Messages is [_, { Type: TlsMessageType.Finished }, ..] ? ("the end of a handshake before its keys", [UnexpectedMessage]) : null;
        if (!client.Versions.IsDefault && !client.Versions.Any(version => version is >= 0x0300 and <= Tls13)) return ("a hello without a known version", [ProtocolVersion, HandshakeFailure]);
        if (client.Ciphers.All(IsReserved)) return ("a hello without a known suite", [HandshakeFailure, InsufficientSecurity]);
        return client.OffersTls13 && client.Compressions is not [0] ? ("a hello of TLS 1.3 with compression", [IllegalParameter, DecodeError]) : null;
    }

    /// <summary>The same for the first bytes that were put beneath a session.</summary>
    private static (string What, ImmutableArray<byte> Alerts)? InSession(Evidence evidence, ConnectionTrace connection)
    {
        var said = evidence.Scenario.Steps.OfType<Step.Send>().FirstOrDefault(send => send.Socket == connection.Socket && send.Raw)?.Data.ToBytes() ?? [];
        if (connection.Tls?.Version is null) return null;
        if (OfRecord(said, MaxProtected, "a record in a session") is { } broken) return broken with { Alerts = broken.Alerts.Add(BadRecordMac) }; // decrypted before it is looked at
        return TlsRecords.Parse(said).Records is [{ Type: TlsContent.ApplicationData }, ..] ? ("a record that cannot be decrypted", [BadRecordMac]) : null;
    }

    private static (string What, ImmutableArray<byte> Alerts)? OfRecord(ReadOnlySpan<byte> sent, int most, string name) => sent switch
    {
        [not (>= 20 and <= 23), 3, <= 4, ..] => ($"{name} of an unknown type", [UnexpectedMessage, DecodeError]),
        [_, 3, <= 4, var high, var low, ..] when sent.Length > HeaderSize && ((high << 8) | low) > most => ($"{name} that is too long", [RecordOverflow, UnexpectedMessage, IllegalParameter, DecodeError]),
        _ => null,
    };

    /// <summary>Values that nobody gives a meaning (RFC 8701).</summary>
    private static bool IsReserved(ushort suite) => (suite & 0x0f0f) == 0x0a0a && suite >> 8 == (suite & 0xff);
}
