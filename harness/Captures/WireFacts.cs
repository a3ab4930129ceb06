using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>What the segments of a flow show by themselves: the same facts for a connection of a check and for one in any capture file.</summary>
/// <param name="Findings">The packet of each is the index of its segment in the flow, from 1.</param>
/// <param name="OwnReset">The first reset, if it is of the called one's own doing: the index of its segment, too. 0 if there is none.</param>
public sealed record WireFacts(Handshake Handshake, CloseVerdict Close, IReadOnlyList<Finding> Findings, long OwnReset)
{
    public static WireFacts Of(Flow flow)
    {
        var tracker = new TcpTracker();
        foreach (var (index, segment) in flow.Segments.Index())
        {
            var facts = new PacketFacts
            {
                Kind = PacketKind.Tcp,
                Flags = segment.Flags,
                Sequence = segment.Sequence,
                Acknowledgment = segment.Acknowledgment,
                Window = segment.Window,
                WindowScale = -1,
                Length = segment.Length,
            };
            tracker.Note(facts, segment.FromClient, segment.At.Ticks * 100, index + 1, [], segment.Frame.Length);
        }

        return new WireFacts(tracker.Handshake, tracker.Close, tracker.Findings, tracker.OwnReset);
    }
}
