using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Report;

/// <summary>What all captures that a run saves have in common.</summary>
/// <param name="Counts">Of the whole run: one capture serves all cases.</param>
/// <param name="KeyLog">The key log whose secrets go into the files that need them; null to put none in.</param>
internal sealed record CaptureOrigin(LinkType Link, CaptureCounts Counts, string? KeyLog = null)
{
    /// <summary>When the counts were taken.</summary>
    public DateTimeOffset Until { get; } = Clock.Wall(Clock.Now);

    /// <summary>The filter that the packets have passed; null where it is not known.</summary>
    public string? Filter { get; init; }
}

/// <summary>What a capture is evidence of; it becomes the comment of the file.</summary>
/// <param name="Spec">Null where there is none.</param>
/// <param name="Case">The id that <c>sockconf replay</c> takes.</param>
/// <param name="Run">The name of the report folder.</param>
internal sealed record EvidenceTitle(Demand Requirement, string? Spec, string Seed, string Case, string Run, Verdict.Violation Violation)
{
    private const int MaxLine = 4000;

    /// <summary>
    /// The first line is for programs: <c>sockconf evidence:</c> and <c>key=value</c>, separated by single spaces; in a value what is not a letter,
    /// digit or one of <c>. _ / : + -</c> is written %XX, as in a URI, and a key that has no value is left out. The lines after it are for people: a word, a colon, text.
    /// </summary>
    public override string ToString()
    {
        var keys = ((string Name, string? Value)[])[("requirement", Requirement.Id), ("spec", Spec), ("seed", Seed), ("case", Case)];
        var first = string.Concat(keys.Where(key => !string.IsNullOrEmpty(key.Value)).Select(key => $" {key.Name}={Escaped(key.Value!)}"));
        return string.Join('\n', [
            $"sockconf evidence:{first}",
            Printable.Line($"Clause: {Requirement.Clause}", MaxLine),
            Printable.Line($"Expected: {Violation.Expected}", MaxLine),
            Printable.Line($"Observed: {Violation.Observed}", MaxLine),
            Printable.Line(string.Create(CultureInfo.InvariantCulture, $"Run: {Run}, begun {Clock.Wall(TimeSpan.Zero):yyyy-MM-ddTHH:mm:ssZ}"), MaxLine),
            $"Again: sockconf replay {Case}"]);
    }

    /// <summary>What the first line of a comment says a capture is evidence of; null where it is none of ours. The text may come from anybody.</summary>
    public static (string? Requirement, string? Spec)? Read(string? comment)
    {
        const string Mark = "sockconf evidence:";
        if (comment is null || !comment.StartsWith(Mark, StringComparison.Ordinal)) return null;
        var values = comment.Split('\n')[0][Mark.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        return (values.GetValueOrDefault("requirement"), values.GetValueOrDefault("spec"));
    }

    private static string Escaped(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var one in Encoding.UTF8.GetBytes(value)) text.Append(char.IsAsciiLetterOrDigit((char)one) || "._/:+-".Contains((char)one, StringComparison.Ordinal) ? $"{(char)one}" : $"%{one:X2}");
        return text.ToString();
    }
}

/// <param name="Direction">Outbound is what the harness's sockets sent, inbound what the target's did: on loopback the interface itself cannot tell.</param>
internal readonly record struct EvidencePacket(Segment Segment, PacketDirection Direction, ImmutableArray<string> Comments);

/// <summary>A capture that is evidence, as a file: what it is about, who is who, secrets if they are wanted, packets with comments, what the capture has lost.</summary>
internal static class EvidenceFile
{
    private const string Loopback = "lo";

    /// <summary>Writes it whole or not at all.</summary>
    /// <returns>Whether secrets of TLS sessions are in it.</returns>
    public static bool Write(string path, EvidenceTitle title, CaptureOrigin origin, IReadOnlyCollection<(IPAddress, string)> names, IReadOnlyList<EvidencePacket> packets)
    {
        var secrets = origin.KeyLog is { } keys ? KeyLog.LinesFor(keys, origin.Link, packets.Select(packet => packet.Segment)) : "";
        try
        {
            Write(path, title, origin, names, packets, secrets);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RunFolder.Remove(path);
            throw;
        }

        return secrets.Length > 0;
    }

    private static void Write(string path, EvidenceTitle title, CaptureOrigin origin, IReadOnlyCollection<(IPAddress, string)> names, IReadOnlyList<EvidencePacket> packets, string secrets)
    {
        using var stream = new BufferedStream(File.Create(path));
        var writer = new PcapngWriter(stream);
        writer.Section($"sockconf {RunHeader.Version}", title.ToString());
        writer.Interface(new CaptureInterface(Loopback, (int)origin.Link) { Filter = origin.Filter });
        if (names.Count > 0) writer.Names(names);
        if (secrets.Length > 0) writer.TlsSecrets(secrets);
        foreach (var (segment, direction, comments) in packets) writer.Packet(Clock.Wall(segment.At), segment.Frame.Span, direction, comments.AsSpan());
        writer.Statistics(new CaptureStatistics(Clock.Wall(TimeSpan.Zero), origin.Until, origin.Counts.Received, origin.Counts.Dropped));
    }

    /// <summary>Who is who: an address that both ends have, as over ::1, gets both names in one.</summary>
    public static ImmutableArray<(IPAddress Address, string Name)> Names(IEnumerable<IPAddress> harness, IEnumerable<IPAddress> target)
    {
        var (ours, theirs) = (harness.ToHashSet(), target.ToHashSet());
        return
        [
            .. ours.Union(theirs).Select(address => (address, (ours.Contains(address), theirs.Contains(address)) switch
            {
                (true, true) => "harness-and-target",
                (true, _) => "harness",
                _ => "target",
            })),
        ];
    }
}
