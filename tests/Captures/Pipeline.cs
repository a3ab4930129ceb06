using System.Text;
using System.Text.Json;
using SockConformance.Captures;
using SockConformance.Report;
using SockConformance.Run;

namespace SockConformance.Tests.Captures;

/// <summary>Everything that <c>analyze</c> does with the bytes of a capture, up to the texts. Only what must never happen is an exception.</summary>
internal static class Pipeline
{
    /// <param name="drawn">The flow whose ladder is drawn, too.</param>
    /// <param name="room">The reader's first buffer: a small one is moved and replaced often.</param>
    public static Outcome Run(byte[] capture, long? drawn = null, int room = 1 << 12)
    {
        var flows = new List<FlowReport>();
        using var reader = new CaptureReader(new MemoryStream(capture), room);
        var result = new AnalyzeRun().Run(reader, flows.Add, CancellationToken.None);
        return new Outcome(result, flows, drawn is { } number ? Draw(capture, number) : null);
    }

    /// <summary>All texts of a flow are clean: rows without control characters, JSON that a strict parser takes.</summary>
    public static void MustBeClean(this Outcome outcome)
    {
        var row = new byte[FlowTexts.LongestRow];
        foreach (var flow in outcome.Flows)
        {
            Clean(System.Text.Encoding.UTF8.GetString(FlowTexts.Row(flow, row)));
            using var document = JsonDocument.Parse(FlowTexts.Json(flow).ToArray(), new JsonDocumentOptions { AllowTrailingCommas = false, CommentHandling = JsonCommentHandling.Disallow });
            if (document.RootElement.GetProperty("packets").GetInt64() < 0) throw new InvalidDataException("a negative number of packets");
        }

        if (outcome.Ladder is { } ladder) Clean(ladder);
        if (outcome.Result.Broken is { } broken)
        {
            Clean(broken.Message);
            if (broken.Offset < 0) throw new InvalidDataException($"offset {broken.Offset}");
        }
    }

    private static string? Draw(byte[] capture, long drawn)
    {
        FlowReport? flow = null;
        var run = new AnalyzeRun { Drawn = drawn };
        using var reader = new CaptureReader(new MemoryStream(capture), 0);
        run.Run(reader, one => flow = one, CancellationToken.None);
        return flow is null ? null : Ladder.Draw(flow, run.Rungs, run.MoreRungs);
    }

    private static void Clean(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if ((Rune.IsControl(rune) && rune.Value != '\n') || rune == Rune.ReplacementChar) throw new InvalidDataException($"U+{rune.Value:X4} in: {Printable.Text(text)}");
        }
    }

    internal sealed record Outcome(AnalysisResult Result, IReadOnlyList<FlowReport> Flows, string? Ladder);
}
