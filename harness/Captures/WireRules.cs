using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>What packets prove of a requirement.</summary>
/// <param name="Packet">The number of the packet that shows it; 0 where it is no single one.</param>
/// <param name="Observed">What was seen where it is violated; empty where it holds.</param>
internal readonly record struct WireVerdict(string Requirement, bool Holds, long Packet = 0, string Observed = "")
{
    public Level Level => Requirement == WireRules.Checksum ? Level.Should : Level.Must;
}

/// <summary>
/// The requirements of a server that packets alone decide: one function each, for the connections of a check and for those in any capture. What a capture may
/// have missed decides nothing; so each answers null where nothing is proven.
/// </summary>
public static class WireRules
{
    public const string ThreeWayHandshake = "tcp/handshake/three-way", NoReset = "tcp/close/no-reset", Checksum = "udp/wire/checksum";

    private const int Telling = 2;

    /// <summary>SYN, SYN+ACK with the right number, ACK, and no data of the called one before that.</summary>
    internal static WireVerdict? HandshakeOf(Handshake handshake, IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            if (finding is { FromSource: false, Kind: FindingKind.DataBeforeHandshake or FindingKind.WrongSynAck }) return new WireVerdict(ThreeWayHandshake, false, finding.Packet, finding.Kind.Meaning().Text);
        }

        return handshake == Handshake.Complete ? new WireVerdict(ThreeWayHandshake, true) : null;
    }

    /// <summary>
    /// The called one does not abort a connection that its caller has ended. A reset that acknowledges the caller's FIN, where the called one's own
    /// would stand, is an abort.
    /// </summary>
    internal static WireVerdict? ResetOf(CloseVerdict close, long abort) =>
        abort > 0 ? new WireVerdict(NoReset, false, abort, "a reset in answer to the FIN")
        : close == CloseVerdict.Orderly ? new WireVerdict(NoReset, true) : null;

    /// <summary>Datagrams have a checksum. A single zero may be what chance made of an unfinished sum.</summary>
    internal static WireVerdict? ChecksumOf(long datagrams, long without) =>
        datagrams == 0 ? null
        : datagrams < Telling || without < datagrams ? new WireVerdict(Checksum, true)
        : new WireVerdict(Checksum, false, 0, $"zero (none) in {datagrams} datagrams of the server");

    /// <summary>All that is decided of a flow in a capture.</summary>
    internal static IEnumerable<WireVerdict> Of(FlowReport flow)
    {
        var decided = flow.Protocol == Transport.Udp
            ? [ChecksumOf(flow.Received.Packets, flow.WithoutChecksum)]
            : (WireVerdict?[])[HandshakeOf(flow.Handshake!.Value, flow.Findings), ResetOf(flow.Close!.Value, flow.Abort)];
        return decided.OfType<WireVerdict>().Concat(flow.Tls is { } tls ? tls.Requirements : []);
    }

    /// <summary>The requirement that a finding violates; null where it is nobody's, or the caller's.</summary>
    internal static string? Of(Finding finding) => HandshakeOf(Handshake.NotObservable, [finding])?.Requirement;
}
