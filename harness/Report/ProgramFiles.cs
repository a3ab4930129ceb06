using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using SockConformance.Api;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>A saved program of primitives that showed a disagreement. Format 1, as other case files.</summary>
internal sealed record ProgramCase
{
    private const int MaxBytes = 1 << 20, MaxCalls = 2000;

    public required int Sockcase { get; init; }

    public required string Id { get; init; }

    public required string Requirement { get; init; }

    /// <summary>What the driver was judged by.</summary>
    public required string Profile { get; init; }

    public required string Tool { get; init; }

    public ImmutableArray<string> Command { get => field.IsDefault ? [] : field; init; }

    public required string Expected { get; init; }

    public required string Observed { get; init; }

    public required string Situation { get; init; }

    /// <summary>A line for each call.</summary>
    public required ImmutableArray<string> Program { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, ProgramCaseJson.Default.ProgramCase) + "\n";

    /// <summary>Whether a file is one of these and not a scenario's; files that are neither are told by <see cref="CaseFile"/>.</summary>
    public static bool Is(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(InputFile.ReadBytes(path, MaxBytes));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("program", out _);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return false; // the last is for half a character in a name
        }
    }

    /// <exception cref="InputException">It is no whole case of a program.</exception>
    public static (ProgramCase Case, ApiProgram Program) Read(string path)
    {
        try
        {
            var read = JsonSerializer.Deserialize(InputFile.ReadBytes(path, MaxBytes), ProgramCaseJson.Default.ProgramCase)!;
            if (read.Sockcase != 1) throw new InputException($"{path} is of case format {read.Sockcase}; this sockconf reads format 1");
            if (read.Program.IsDefaultOrEmpty || read.Program.Length > MaxCalls || read.Program.Any(line => line is null)) throw new InputException($"{path}: a program has 1 to {MaxCalls} lines");
            if (Points.Find(read.Requirement) is null) throw new InputException($"{path}: there is no rule {Printable.Line(read.Requirement)}");
            return (read, ApiProgram.Parse(read.Situation, read.Program));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or NotSupportedException)
        {
            throw new InputException($"{path} is no whole case file: {Printable.Line(e.Message.Split(". Path")[0])}");
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ProgramCase))]
internal sealed partial class ProgramCaseJson : JsonSerializerContext;

/// <summary>Saves the smallest program of a disagreement: as a case, as a transcript, as programs in C and in Python, and what was captured.</summary>
internal static class ProgramFiles
{
    /// <summary>libpcap tells whole microseconds; calls follow each other in little more.</summary>
    private static readonly TimeSpan Precision = TimeSpan.FromMicroseconds(1);

    /// <returns>Null where no program was run: the driver has failed before the first.</returns>
    public static FailurePaths? Save(string folder, RunHeader header, string profile, Demand demand, ProgramFailure failure, CaptureOrigin origin, ReportTrouble trouble)
    {
        if (failure.Program.Calls.IsEmpty) return null;
        var rule = Points.Find(demand.Id)!;
        var id = CaseFile.IdOf(demand.Id, failure.Program.ToString());
        var casePath = Path.Combine("cases", $"{id}.json");
        var file = new ProgramCase
        {
            Sockcase = 1,
            Id = id,
            Requirement = demand.Id,
            Profile = profile,
            Tool = $"sockconf {RunHeader.Version}",
            Command = header.Command,
            Expected = failure.Violation.Expected,
            Observed = failure.Violation.Observed,
            Situation = failure.Program.Situation,
            Program = [.. failure.Program.Calls.Select(call => call.ToString())],
        };
        trouble.Try(() =>
        {
            Directory.CreateDirectory(Path.Combine(folder, "cases"));
            RunFolder.Write(folder, casePath, file.ToJson());
            RunFolder.Write(folder, Path.Combine("cases", $"{id}.txt"), Printable.Text(Transcript.Text(failure)));
            RunFolder.Write(folder, Path.Combine("cases", $"{id}.c"), Printable.Text(Transcript.CProgram(failure, rule)));
            RunFolder.Write(folder, Path.Combine("cases", $"{id}.py"), Printable.Text(Transcript.PythonProgram(failure, rule)));
        });

        ImmutableArray<Segment> segments = [.. failure.Flows.SelectMany(flow => flow.Segments).OrderBy(segment => segment.At)];
        if (segments.IsEmpty) return new FailurePaths(folder, id, casePath, null);
        var capturePath = Path.Combine("cases", $"{id}.pcapng");
        var title = new EvidenceTitle(demand, null, header.SeedText, id, FailureFiles.RunOf(folder), failure.Violation);
        var hosts = failure.Flows.SelectMany(flow => (IPAddress[])[flow.Tuple.Client.Address, flow.Tuple.Server.Address]).ToList(); // both have sockets at each end
        var written = trouble.Try(() => EvidenceFile.Write(Path.Combine(folder, capturePath), title, origin, EvidenceFile.Names(hosts, hosts), Annotated(failure, demand.Id, segments)));
        return new FailurePaths(folder, id, casePath, written ? capturePath : null);
    }

    /// <summary>At the first packet after a call what the call was, and where the violation shows. Which host sent a packet is not known: both have one address.</summary>
    private static List<EvidencePacket> Annotated(ProgramFailure failure, string requirement, ImmutableArray<Segment> segments)
    {
        var violation = failure.Violation;
        var (shown, note) = violation.Absence ? (segments[^1], PacketNotes.Missing(violation, requirement)) : (PacketNotes.Quoted(segments, violation.Observed), PacketNotes.Violates(violation, requirement));
        var packets = new List<EvidencePacket>();
        var told = -1;
        foreach (var segment in segments)
        {
            var cause = failure.Calls.Index().LastOrDefault(one => one.Item.Start <= segment.At + Precision);
            ImmutableArray<string> comments = cause.Item is { } call && cause.Index != told ? [PacketNotes.Line($"{call.Call} = {call.Answer}")] : [];
            told = cause.Index;
            packets.Add(new EvidencePacket(segment, PacketDirection.Unknown, ReferenceEquals(segment, shown) ? comments.Add(note) : comments));
        }

        return packets;
    }
}
