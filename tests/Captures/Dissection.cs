using System.Diagnostics;
using System.Globalization;

namespace SockConformance.Tests.Captures;

/// <summary>What tshark makes of a capture: a dictionary of fields for each frame.</summary>
internal sealed class Dissection(IReadOnlyList<IReadOnlyDictionary<string, string>> frames)
{
    private const int Rst = 4;

    private static readonly string[] Fields =
    [
        "tcp.stream", "udp.stream", "ip.src", "ipv6.src", "tcp.srcport", "udp.srcport", "frame.len", "tcp.len", "udp.length", "tcp.flags", "tcp.completeness", "icmp.type", "icmpv6.type",
        "tcp.analysis.retransmission", "tcp.analysis.out_of_order", "tcp.analysis.zero_window", "tcp.analysis.lost_segment", "tcp.analysis.keep_alive",
    ];

    /// <summary>Both passes: in a single one, tcp.completeness of the last frame does not yet count that frame.</summary>
    public static Dissection Of(string path)
    {
        var (exit, output, errors) = Run("tshark", ["-2", "-n", "-r", path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=f", .. Fields.SelectMany(field => (string[])["-e", field])]);
        if (exit != 0) throw new InvalidOperationException($"tshark: {errors}");
        return new Dissection([.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Fields.Zip(line.Split('|')).ToDictionary(pair => pair.First, pair => pair.Second))]);
    }

    public static (int Exit, string Output, string Errors) Run(string program, IReadOnlyList<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    /// <summary>The numbers of the flow that a row is about, in the words of <see cref="GoldenRow.Numbers"/>.</summary>
    public string NumbersOf(GoldenRow row)
    {
        var tcp = row["protocol"] == "tcp";
        var stream = tcp ? "tcp.stream" : "udp.stream";
        var streams = row["streams"].Split('+');

        // An ICMP error quotes a datagram, and tshark gives it that datagram's stream; it is no packet of the flow.
        var packets = frames.Where(frame => streams.Contains(frame[stream]) && frame["icmp.type"].Length + frame["icmpv6.type"].Length == 0).ToList();
        var sent = packets.Where(frame => Sender(frame) == row["source"]).ToList();
        var received = packets.Except(sent).ToList();
        string Marked(string mark) => tcp ? Text(packets.Count(frame => frame[$"tcp.analysis.{mark}"].Length > 0)) : "-";
        bool Resets(List<IReadOnlyDictionary<string, string>> some) => some.Any(frame => tcp && (Convert.ToInt32(frame["tcp.flags"], 16) & Rst) != 0);
        string[] values =
        [
            tcp ? "tcp" : "udp", Text(packets.Count), Text(Sum(sent, "frame.len")), Text(Sum(received, "frame.len")),
            Text(Payload(sent, tcp)), Text(Payload(received, tcp)),
            tcp ? Text(streams.Aggregate(0, (all, one) => all | Number(packets.Last(frame => frame[stream] == one)["tcp.completeness"]))) : "-",
            Marked("retransmission"), Marked("out_of_order"), Marked("zero_window"), Marked("lost_segment"), Marked("keep_alive"),
            (Resets(sent), Resets(received)) switch { (true, true) => "both", (true, _) => "source", (_, true) => "destination", _ => "-" },
        ];
        return string.Join(' ', GoldenIndex.NumberColumns.Zip(values).Select(pair => $"{pair.First}={pair.Second}"));
    }

    /// <summary>How many flows tshark sees, where it sees those of the table.</summary>
    public IReadOnlyList<string> Streams =>
        [.. frames.Where(frame => frame["icmp.type"].Length + frame["icmpv6.type"].Length == 0).Select(frame => frame["tcp.stream"] + frame["udp.stream"]).Where(stream => stream.Length > 0).Distinct()];

    private static string Sender(IReadOnlyDictionary<string, string> frame)
    {
        var port = frame["tcp.srcport"] + frame["udp.srcport"];
        return frame["ip.src"].Length > 0 ? $"{frame["ip.src"]}:{port}" : $"[{frame["ipv6.src"]}]:{port}";
    }

    private static int Payload(List<IReadOnlyDictionary<string, string>> packets, bool tcp) =>
        tcp ? Sum(packets, "tcp.len") : Sum(packets, "udp.length") - packets.Count * 8;

    private static int Sum(List<IReadOnlyDictionary<string, string>> packets, string field) => packets.Sum(packet => Number(packet[field]));

    private static int Number(string text) => text.Length == 0 ? 0 : int.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
