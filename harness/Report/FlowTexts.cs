using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Report;

/// <summary>A flow as a row of the table, and as an object of <c>analyze --format json</c> (docs/analyze.md).</summary>
internal static class FlowTexts
{
    public const int Schema = 1;

    public static string Heading { get; } =
        $"{"#",5} {"proto",-5} {"source",-21}   {"destination",-21} {"packets",8} {"sent",11} {"received",11}  {"handshake",-14} {"close",-9} {"state",-6} {"history",-14} {"compl",5} {"retr",5}";

    public static string NameOf(Handshake handshake) => handshake switch
    {
        Handshake.Complete => "complete",
        Handshake.Incomplete => "incomplete",
        Handshake.Refused => "refused",
        Handshake.Unanswered => "unanswered",
        Handshake.Violated => "violated",
        _ => "not-observable",
    };

    /// <summary>More than a row without notes can have: nothing in it is longer than a number, two endpoints and a history.</summary>
    public const int LongestRow = 1024;

    /// <summary>The row, and a line for each finding; the row itself straight to UTF-8, as there may be hundreds of thousands.</summary>
    /// <param name="row">Room for <see cref="LongestRow"/> bytes.</param>
    public static ReadOnlySpan<byte> Row(FlowReport flow, byte[] row)
    {
        var tcp = flow.Protocol == Transport.Tcp;
        var text = new RowText(row);
        text.Right(flow.Number, 5);
        text.Add(tcp ? " tcp   "u8 : " udp   "u8);
        text.Left(flow.Source, 21);
        text.Add(" → "u8);
        text.Left(flow.Destination, 21);
        text.Add(" "u8);
        text.Right(flow.Sent.Packets + flow.Received.Packets, 8);
        text.Add(" "u8);
        text.Right(flow.Sent.Bytes, 11);
        text.Add(" "u8);
        text.Right(flow.Received.Bytes, 11);
        text.Add("  "u8);
        text.Left(flow.Handshake is { } handshake ? NameOf(handshake) : "-", 14);
        text.Add(" "u8);
        text.Left(flow.Close is { } close ? ResultsJson.CloseName(close) : "-", 9);
        text.Add(" "u8);
        text.Left(flow.State, 6);
        text.Add(" "u8);
        text.Left(flow.History, 14);
        text.Add(" "u8);
        if (tcp)
        {
            text.Right(flow.Completeness!.Value, 5);
            text.Add(" "u8);
            text.Right(flow.Sent.Retransmissions + flow.Received.Retransmissions, 5);
        }
        else
        {
            text.Add("    -     -"u8);
        }

        text.Add("\n"u8);
        var length = text.Length;
        return flow is { Tls: null, Findings.Count: 0, Abort: 0, WithoutChecksum: 0 } ? row.AsSpan(0, length) : (byte[])[.. row.AsSpan(0, length), .. Encoding.UTF8.GetBytes(Notes(flow))];
    }

    private static string Notes(FlowReport flow)
    {
        var notes = new StringBuilder();
        if (flow.Tls is { } tls)
            notes.Append(CultureInfo.InvariantCulture, $"      tls: {tls.Version ?? "no ServerHello"}{(tls.Cipher is null ? "" : $", {tls.Cipher}")}; {string.Join(' ', tls.Handshake)}{(tls.Alerts.IsEmpty ? "" : $"; alerts: {string.Join(", ", tls.Alerts)}")}{(tls.Ended == false ? "; ended without close_notify from both" : "")}\n");
        foreach (var finding in flow.Findings)
        {
            var (text, clause) = finding.Kind.Meaning();
            notes.Append(CultureInfo.InvariantCulture, $"      ! packet {finding.Packet}, {(finding.FromSource ? "source" : "destination")}: {finding.Kind.Id()}: {text} ({clause}{(WireRules.Of(finding) is { } requirement ? $"; {requirement}" : "")})\n");
        }

        foreach (var violated in WireRules.Of(flow))
        {
            if (!violated.Holds && violated.Requirement != WireRules.ThreeWayHandshake)
                notes.Append(CultureInfo.InvariantCulture, $"      × {(violated.Packet > 0 ? $"packet {violated.Packet}, " : "")}destination: {violated.Requirement}: {violated.Observed}\n");
        }

        return notes.ToString();
    }

    public static ReadOnlySpan<byte> Json(FlowReport flow)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("number", flow.Number);
            json.WriteString("protocol", flow.Protocol.ToString().ToLowerInvariant());
            Write(json, "source", flow.Source);
            Write(json, "destination", flow.Destination);
            json.WriteNumber("packets", flow.Sent.Packets + flow.Received.Packets);
            Both(json, "bytes", flow.Sent.Bytes, flow.Received.Bytes);
            Both(json, "payload", flow.Sent.Payload, flow.Received.Payload);
            json.WriteNumber("first_packet", flow.FirstPacket);
            json.WriteNumber("start_ns", flow.FirstTime);
            json.WriteNumber("duration_ns", flow.LastTime - flow.FirstTime);
            json.WriteString("handshake", flow.Handshake is { } handshake ? NameOf(handshake) : null);
            json.WriteString("close", flow.Close is { } close ? ResultsJson.CloseName(close) : null);
            json.WriteString("conn_state", flow.State);
            json.WriteString("history", flow.History);
            if (flow.Completeness is { } completeness) json.WriteNumber("completeness", completeness);
            else json.WriteNull("completeness");
            json.WriteNumber("retransmissions", flow.Sent.Retransmissions + flow.Received.Retransmissions);
            json.WriteNumber("out_of_order", flow.Sent.OutOfOrder + flow.Received.OutOfOrder);
            json.WriteNumber("gaps", flow.Sent.Gaps + flow.Received.Gaps);
            json.WriteNumber("zero_windows", flow.Sent.ZeroWindows + flow.Received.ZeroWindows);
            json.WriteNumber("keep_alives", flow.Sent.KeepAlives + flow.Received.KeepAlives);
            Both(json, "resets", flow.Sent.Resets, flow.Received.Resets);
            json.WriteStartArray("findings");
            foreach (var finding in flow.Findings) Write(json, finding);
            json.WriteEndArray();
            json.WriteStartArray("requirements");
            foreach (var decided in WireRules.Of(flow)) Write(json, decided);
            json.WriteEndArray();
            if (flow.Tls is { } tls) Write(json, tls);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan;
    }

    private static void Write(Utf8JsonWriter json, string name, Endpoint endpoint)
    {
        json.WriteStartObject(name);
        json.WriteString("ip", endpoint.Ip.ToString());
        json.WriteNumber("port", endpoint.Port);
        json.WriteEndObject();
    }

    private static void Both(Utf8JsonWriter json, string name, long sent, long received)
    {
        json.WriteStartObject(name);
        json.WriteNumber("sent", sent);
        json.WriteNumber("received", received);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Finding finding)
    {
        var (text, clause) = finding.Kind.Meaning();
        json.WriteStartObject();
        json.WriteString("id", finding.Kind.Id());
        json.WriteNumber("packet", finding.Packet);
        json.WriteString("from", finding.FromSource ? "source" : "destination");
        json.WriteBoolean("violation", finding.Kind.IsViolation());
        json.WriteString("text", text);
        json.WriteString("clause", clause);
        json.WriteString("requirement", WireRules.Of(finding));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, in WireVerdict decided)
    {
        json.WriteStartObject();
        json.WriteString("id", decided.Requirement);
        json.WriteString("verdict", decided.Holds ? "pass" : decided.Level == Level.Must ? "fail" : "warn");
        if (decided.Packet > 0) json.WriteNumber("packet", decided.Packet);
        else json.WriteNull("packet");
        json.WriteString("observed", decided.Observed);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TlsReport tls)
    {
        json.WriteStartObject("tls");
        json.WriteString("version", tls.Version);
        json.WriteString("cipher", tls.Cipher);
        Write(json, "handshake", tls.Handshake);
        Write(json, "alerts", tls.Alerts);
        if (tls.Ended is { } ended) json.WriteBoolean("close_notify", ended);
        else json.WriteNull("close_notify");
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
