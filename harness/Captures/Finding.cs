namespace SockConformance.Captures;

/// <summary>What a capture proves about a flow; its name in reports is the id in <see cref="FindingNames"/>.</summary>
public enum FindingKind : byte
{
    DataBeforeHandshake,
    DataAfterFin,
    AckOfUnsent,
    SynInConnection,
    OutOfWindow,
    ResetOutOfWindow,
    OverlapDiffers,
    SynFin,
    FinReset,
    WrongSynAck,
    PortUnreachable,
    ReusedPorts,
}

/// <param name="Packet">The number of the packet in the file, from 1.</param>
public readonly record struct Finding(FindingKind Kind, long Packet, bool FromSource);

internal static class FindingNames
{
    public static string Id(this FindingKind kind) => kind switch
    {
        FindingKind.DataBeforeHandshake => "data-before-handshake",
        FindingKind.DataAfterFin => "data-after-fin",
        FindingKind.AckOfUnsent => "ack-of-unsent",
        FindingKind.SynInConnection => "syn-in-connection",
        FindingKind.OutOfWindow => "out-of-window",
        FindingKind.ResetOutOfWindow => "rst-out-of-window",
        FindingKind.OverlapDiffers => "overlap-differs",
        FindingKind.SynFin => "syn-fin",
        FindingKind.FinReset => "fin-rst",
        FindingKind.WrongSynAck => "wrong-syn-ack",
        FindingKind.PortUnreachable => "port-unreachable",
        _ => "reused-ports",
    };

    /// <summary>Whether somebody broke a rule; else it is worth knowing, and right as it is.</summary>
    public static bool IsViolation(this FindingKind kind) => kind is not (FindingKind.PortUnreachable or FindingKind.ReusedPorts or FindingKind.SynInConnection or FindingKind.ResetOutOfWindow or FindingKind.OutOfWindow);

    /// <summary>What it means, and the clause behind it.</summary>
    public static (string Text, string Clause) Meaning(this FindingKind kind) => kind switch
    {
        FindingKind.DataBeforeHandshake => ("data was sent before the handshake was over", "RFC 9293 §3.5"),
        FindingKind.DataAfterFin => ("data, or a further FIN, was sent behind the sender's own FIN", "RFC 9293 §3.6"),
        FindingKind.AckOfUnsent => ("what was acknowledged had never been sent", "RFC 9293 §3.10.7.4"),
        FindingKind.SynInConnection => ("a SYN came in an established connection, which went on", "RFC 9293 §3.10.7.4, RFC 5961 §4"),
        FindingKind.OutOfWindow => ("a segment lay far outside any window; the connection went on without it", "RFC 9293 §3.10.7.4"),
        FindingKind.ResetOutOfWindow => ("a reset lay outside the window; the connection went on", "RFC 5961 §3"),
        FindingKind.OverlapDiffers => ("the same sequence numbers were sent again with other data", "RFC 9293 §3.8.1"),
        FindingKind.SynFin => ("SYN and FIN, or SYN and RST, in one segment", "RFC 9293 §3.10.7"),
        FindingKind.FinReset => ("FIN and RST in one segment", "RFC 9293 §3.5.2"),
        FindingKind.WrongSynAck => ("the SYN+ACK acknowledges what is not the SYN", "RFC 9293 §3.5"),
        FindingKind.PortUnreachable => ("nobody was bound to where a datagram was sent", "RFC 792, RFC 4443 §3.1"),
        _ => ("the ports were used again by a further connection", "RFC 9293 §3.6.1"),
    };
}
