using System.Text;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;

namespace SockConformance.Tests.Captures;

/// <summary>Each flow of the golden captures gets the verdicts that were written down for it by hand.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class GoldenVerdictTests
{
    private static IEnumerable<string> Names => GoldenIndex.Files.Select(file => file.File);

    [TestCaseSource(nameof(Names))]
    public void The_verdicts_are_those_of_the_table(string file)
    {
        var flows = new List<FlowReport>();
        using var reader = CaptureReader.Open(GoldenIndex.PathOf(file));
        var result = new AnalyzeRun().Run(reader, flows.Add, CancellationToken.None);
        Assert.That(result.Broken, Is.Null);
        var expected = GoldenIndex.Flows.Where(flow => flow.File == file).Select(flow => string.Join(' ', Columns.Select(column => $"{column}={flow[column]}"))).ToList();
        Assert.That(flows.OrderBy(flow => flow.Number).Select(Row), Is.EqualTo(expected));
    }

    /// <summary>A table uses the memory of flows that have left for others: nothing of those may show.</summary>
    [TestCaseSource(nameof(Names))]
    public void Flows_in_used_memory_get_the_same_report(string file)
    {
        var reports = new List<string>();
        var table = new FlowTable(flow => reports.Add(Encoding.UTF8.GetString(FlowTexts.Json(flow.Report() with { Number = 1 }))));
        var fresh = Play();
        Assert.That(Play(), Is.EqualTo(fresh));
        Assert.That(Play(), Is.EqualTo(fresh));

        string[] Play()
        {
            reports.Clear();
            using var reader = CaptureReader.Open(GoldenIndex.PathOf(file));
            while (reader.Next()) table.Add(reader, out _, out _);
            table.End();
            return [.. reports];
        }
    }

    private static IReadOnlyList<string> Columns { get; } =
    [
        "protocol", "source", "destination", "packets", "sent", "received", "payload_sent", "payload_received", "handshake", "close", "conn_state", "history",
        "completeness", "retransmissions", "out_of_order", "zero_window", "gaps", "keep_alive", "resets", "findings",
    ];

    private static string Row(FlowReport flow)
    {
        var tcp = flow.Protocol == Transport.Tcp;
        string Both(Func<FlowSide, int> count) => tcp ? $"{count(flow.Sent) + count(flow.Received)}" : "-";
        string[] cells =
        [
            tcp ? "tcp" : "udp", $"{flow.Source}", $"{flow.Destination}", $"{flow.Sent.Packets + flow.Received.Packets}", $"{flow.Sent.Bytes}", $"{flow.Received.Bytes}", $"{flow.Sent.Payload}", $"{flow.Received.Payload}",
            flow.Handshake is { } handshake ? FlowTexts.NameOf(handshake) : "-", flow.Close is { } close ? ResultsJson.CloseName(close) : "-", flow.State, flow.History,
            flow.Completeness is { } completeness ? $"{completeness}" : "-", Both(side => side.Retransmissions), Both(side => side.OutOfOrder), Both(side => side.ZeroWindows), Both(side => side.Gaps), Both(side => side.KeepAlives),
            !tcp ? "-" : (flow.Sent.Resets > 0, flow.Received.Resets > 0) switch { (true, true) => "both", (true, _) => "source", (_, true) => "destination", _ => "-" },
            flow.Findings.Count == 0 ? "-" : string.Join(',', flow.Findings.OrderBy(finding => finding.Packet).ThenBy(finding => finding.Kind.Id(), StringComparer.Ordinal).Select(finding => $"{finding.Kind.Id()}@{finding.Packet}")),
        ];
        return string.Join(' ', Columns.Zip(cells, (column, cell) => $"{column}={cell}"));
    }
}
