using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Captures;

/// <summary>A row of one of the two tables of captures/golden: what stands under each heading.</summary>
internal sealed class GoldenRow(IReadOnlyDictionary<string, string> cells)
{
    public string this[string column] => cells[column];

    public string File => cells["file"];

    /// <summary>What tshark must say: the numbers that the table gives, in its order.</summary>
    public string Numbers => string.Join(' ', GoldenIndex.NumberColumns.Select(column => $"{column}={cells[column]}"));

    public override string ToString() => $"{File} {cells.GetValueOrDefault("flow")}".TrimEnd();
}

/// <summary>The golden captures: what each shows (files.tsv), and what is true of each flow in it (flows.tsv).</summary>
internal static class GoldenIndex
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "captures", "golden");

    public static IReadOnlyList<string> NumberColumns { get; } =
    [
        "protocol", "packets", "sent", "received", "payload_sent", "payload_received",
        "completeness", "retransmissions", "out_of_order", "zero_window", "gaps", "keep_alive", "resets",
    ];

    public static IReadOnlyList<GoldenRow> Files { get; } = Table("files.tsv");

    public static IReadOnlyList<GoldenRow> Flows { get; } = Table("flows.tsv");

    public static string PathOf(string file) => Path.Combine(Folder, file);

    private static List<GoldenRow> Table(string name)
    {
        var lines = File.ReadAllLines(PathOf(name));
        var headings = lines[0].Split('\t');
        return [.. lines.Skip(1).Select(line => new GoldenRow(headings.Zip(line.Split('\t')).ToDictionary(pair => pair.First, pair => pair.Second)))];
    }
}
