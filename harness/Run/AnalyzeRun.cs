using SockConformance.Captures;
using SockConformance.Report;

namespace SockConformance.Run;

/// <summary>What is known of a capture when it has been read.</summary>
/// <param name="Broken">Why it could not be read to its end; null if it could.</param>
/// <param name="OtherPackets">Frames that are neither TCP nor UDP.</param>
/// <param name="Unread">Those among them whose link type is not taken apart, and that type.</param>
/// <param name="Dropped">Open flows that had to be let go for want of room.</param>
/// <param name="Violations">Findings that somebody is to be blamed for, in the flows that were asked for.</param>
internal sealed record AnalysisResult(long Packets, long Flows, long Selected, long OtherPackets, (long Packets, LinkType? Link) Unread, long Dropped, long Violations, CaptureFormatException? Broken);

/// <summary>Reads a capture once, packet by packet, and hands out each flow as it ends.</summary>
internal sealed class AnalyzeRun
{
    private const int LongestLadder = 2000, ProgressEach = 1 << 16;

    /// <summary>The endpoint that is a server whoever spoke first.</summary>
    public Endpoint? Server { get; init; }

    /// <summary>Which flows are reported.</summary>
    public Func<FlowReport, bool> Wanted { get; init; } = _ => true;

    /// <summary>The flow whose packets are kept; null for none.</summary>
    public long? Drawn { get; init; }

    /// <summary>Called now and then with the position in the file.</summary>
    public Action<long>? Progress { get; init; }

    public List<Rung> Rungs { get; } = [];

    public long MoreRungs { get; private set; }

    public AnalysisResult Run(CaptureReader reader, Action<FlowReport> take, CancellationToken cancellation)
    {
        long violations = 0, selected = 0;
        var table = new FlowTable(flow =>
        {
            var report = flow.Report();
            if ((Drawn is { } number && number != report.Number) || !Wanted(report)) return;
            selected++;
            violations += report.Findings.Count(finding => finding.Kind.IsViolation());
            take(report);
        })
        { Server = Server };
        CaptureFormatException? broken = null;
        try
        {
            while (reader.Next())
            {
                var (flow, fromSource) = table.Add(reader, out var facts, out _);
                if (Drawn is not null && flow?.Number == Drawn) Keep(reader, facts, fromSource);
                if (reader.Number % ProgressEach != 0) continue;
                Progress?.Invoke(reader.Position);
                cancellation.ThrowIfCancellationRequested();
            }
        }
        catch (CaptureFormatException e)
        {
            broken = e; // what came before it is reported all the same
        }

        table.End();
        return new AnalysisResult(reader.Number, table.Count, selected, table.OtherPackets, (table.UnreadPackets, table.UnreadLink), table.Dropped, violations, broken);
    }

    private void Keep(CaptureReader reader, in PacketFacts facts, bool fromSource)
    {
        if (Rungs.Count == LongestLadder) MoreRungs++;
        else Rungs.Add(new Rung(reader.Number, reader.Time, fromSource, facts.Flags, facts.Sequence, facts.Acknowledgment, facts.Window, facts.Length, facts.Kind != PacketKind.Tcp, facts.Kind == PacketKind.Unreachable));
    }
}
