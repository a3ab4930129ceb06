using System.Collections.Immutable;
using System.Globalization;

namespace SockConformance.Report.Html;

internal enum RowKind
{
    /// <summary>A primitive is called.</summary>
    Step,

    /// <summary>What came of a call that lasted.</summary>
    Answer,
    Packet,

    /// <summary>Something that the target, or its kernel, did.</summary>
    Target,

    /// <summary>What should have come and did not.</summary>
    Missing,

    /// <summary>Nothing happened for long, or rows are left out.</summary>
    Gap,
}

/// <summary>One moment of a ladder.</summary>
/// <param name="At">Microseconds since the case began.</param>
internal sealed record LadderRow(RowKind Kind, double At, string Text)
{
    /// <summary>Where it stands among others; null for where its time is.</summary>
    public double? Place { get; init; }

    /// <summary>Of a step: when its call was over; null where it was not carried out.</summary>
    public double? Until { get; init; }

    /// <summary>What came of a step; null where an answer of its own says so.</summary>
    public string? Result { get; init; }

    /// <summary>Something is not as it should be.</summary>
    public bool IsBad { get; init; }

    public bool FromLeft { get; init; }

    public bool IsReset { get; init; }

    public int? Socket { get; init; }

    /// <summary>The step, from 0.</summary>
    public int? Step { get; init; }

    /// <summary>Why the step may not be done there.</summary>
    public string? Illegal { get; init; }

    /// <summary>Where a violation shows: worth reading at once.</summary>
    public ImmutableArray<string> Blame { get; init; } = [];

    public PacketView? Packet { get; init; }

    /// <summary>Puts what happened in one microsecond into its order: a packet, the answer to a call, the next call.</summary>
    public int Rank => Kind switch { RowKind.Packet => 1, RowKind.Answer => 2, RowKind.Step => 3, RowKind.Target => 4, _ => 5 };
}

/// <summary>Primitives, packets and what the target did, in the order of one time axis.</summary>
internal static class LadderRows
{
    private const int Most = 120;
    private const double Precision = 1, LongPause = 20_000;

    /// <param name="more">How many moments are not among them.</param>
    public static IReadOnlyList<LadderRow> Of(TraceView trace, ImmutableArray<PacketView> packets, string? expected, out int more)
    {
        var rows = new List<LadderRow>();
        Steps(trace, packets, rows);
        foreach (var packet in packets) rows.Add(RowOf(trace, packet));
        if (trace.Ended is { } ended) rows.Add(new LadderRow(RowKind.Target, trace.EndedAt ?? Last(rows), $"the process {ended}") { IsBad = true });
        foreach (var left in trace.Connections.Where(connection => connection.LeftBehind is not null))
            rows.Add(new LadderRow(RowKind.Target, Last(rows), $"its end of #{left.Socket} stays in {left.LeftBehind}") { Socket = left.Socket });
        if (trace.Absence && expected is not null)
        {
            // A step that gave up says when; one that waited for nothing, as a close, does not.
            var shown = trace.ShownAtStep is { } step && step < trace.Steps.Length && trace.Steps[step].Result == "timed-out" ? trace.Steps[step].End : Last(rows);
            rows.Add(new LadderRow(RowKind.Missing, shown, expected) { IsBad = true, Socket = trace.ShownOnSocket });
        }

        var sorted = rows.OrderBy(row => row.Place ?? row.At).ThenBy(row => row.Rank).ToList();
        var kept = Fewer(sorted, trace, out more);
        return [.. WithPauses(kept)];
    }

    /// <summary>What came of a step, in words.</summary>
    public static string ResultOf(StepView step) => step.Result switch
    {
        "done" when step.Bytes > 0 => $"{(step.Detail is { } detail ? $"{detail}, " : "")}{Count(step.Bytes)} bytes",
        "done" => "ok",
        "end-of-file" => step.Bytes > 0 ? $"end of file after {Count(step.Bytes)} bytes" : "end of file",
        "timed-out" => $"nothing more for {Time(step.End - step.Start)}{(step.Bytes > 0 ? $" (after {Count(step.Bytes)} bytes)" : "")}",
        "failed" => $"{step.Errno ?? step.Detail ?? "failed"}",
        "not-run" => "not carried out any more",
        "answered" => $"= {step.Detail}",
        null => "",
        var other => other,
    };

    public static bool IsBad(StepView step) => step.Result is "timed-out" || (step.Result is "failed" && step.Illegal is null);

    public static string Time(double microseconds) => microseconds switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{microseconds:0} µs"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000:0.#} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1e6:0.0#} s"),
    };

    private static string Count(long bytes) => bytes.ToString("#,0", CultureInfo.InvariantCulture);

    private static double Last(List<LadderRow> rows) => rows.Count == 0 ? 0 : rows.Max(row => row.At);

    private static void Steps(TraceView trace, ImmutableArray<PacketView> packets, List<LadderRow> rows)
    {
        var moments = packets.Select(packet => packet.At).Order().ToList();
        double over = 0;
        foreach (var (index, step) in trace.Steps.Index())
        {
            // Packets have whole microseconds: one that a call has caused must not stand before it.
            var start = Math.Max(step.Start - Precision, over);
            over = Math.Max(over, step.End);
            var row = new LadderRow(RowKind.Step, step.Start, step.Text) { Place = start, Socket = step.Socket, Step = index, Illegal = step.Illegal, IsBad = trace.ShownAtStep == index };
            var next = moments.BinarySearch(start);
            next = next < 0 ? ~next : next;
            var lasted = (next < moments.Count && moments[next] <= step.End) || step.End - step.Start >= LongPause;
            if (step.Result is not (null or "not-run")) row = row with { Until = step.End };
            if (IsPlain(step) || !lasted) rows.Add(row with { Result = IsPlain(step) ? null : ResultOf(step), IsBad = row.IsBad || IsBad(step) });
            else rows.AddRange([row, new LadderRow(RowKind.Answer, Math.Max(step.End, start), ResultOf(step)) { Socket = step.Socket, Step = index, IsBad = IsBad(step) }]);
        }
    }

    /// <summary>It did what its own words say: an answer would only say so again.</summary>
    private static bool IsPlain(StepView step) =>
        step is { Result: "done", Illegal: null } && step.End - step.Start < LongPause && (step.Bytes == 0 || step.Text.Contains($" {step.Bytes} bytes", StringComparison.Ordinal));

    private static LadderRow RowOf(TraceView trace, PacketView packet)
    {
        var outgoing = trace.Connections.FirstOrDefault(one => one.Left == packet.Source && one.Right == packet.Destination);
        var connection = outgoing ?? trace.Connections.FirstOrDefault(one => one.Right == packet.Source && one.Left == packet.Destination);
        var blame = packet.Notes.Where(note => note.StartsWith("violates", StringComparison.Ordinal)).ToImmutableArray(); // “missing” is drawn as a packet of its own
        return new LadderRow(RowKind.Packet, packet.At, packet.What)
        {
            FromLeft = outgoing is not null || (connection is null && trace.Connections.Any(one => one.Right == packet.Destination)),
            Socket = connection?.Socket,
            IsReset = packet.IsReset && outgoing is null, // the harness resets on purpose
            IsBad = !blame.IsEmpty,
            Blame = connection is null && !trace.Connections.IsEmpty ? blame.Add($"{packet.Source} → {packet.Destination}") : blame,
            Packet = packet,
        };
    }

    /// <summary>Of very many moments those of the connection in question; of those the first and the last.</summary>
    private static List<LadderRow> Fewer(List<LadderRow> rows, TraceView trace, out int more)
    {
        var all = rows.Count;
        var socket = trace.ShownOnSocket ?? (trace.ShownAtStep is { } step && step < trace.Steps.Length ? trace.Steps[step].Socket : null);
        if (rows.Count > Most && socket is not null) rows = [.. rows.Where(row => row.Socket is null || row.Socket == socket || row.IsBad)];
        if (rows.Count > Most)
        {
            var (first, last) = (rows[..(Most / 2)], rows[^(Most / 2)..]);
            var left = rows[(Most / 2)..^(Most / 2)];
            var bad = left.Where(row => row.IsBad).Take(Most / 3).ToList();
            rows = [.. first, new LadderRow(RowKind.Gap, last[0].At, $"{left.Count - bad.Count} moments are left out here"), .. bad, .. last];
        }

        more = all - rows.Count(row => row.Kind != RowKind.Gap);
        return rows;
    }

    private static IEnumerable<LadderRow> WithPauses(List<LadderRow> rows)
    {
        LadderRow? before = null;
        foreach (var row in rows)
        {
            if (before is not null && before.Kind != RowKind.Gap && row.Kind != RowKind.Gap && row.At - before.At >= LongPause) yield return new LadderRow(RowKind.Gap, before.At, $"{Time(row.At - before.At)}");
            yield return row;
            before = row;
        }
    }
}
