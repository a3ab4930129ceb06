using System.Net;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>The files of one failure, as paths relative to the report folder.</summary>
/// <param name="Folder">The report folder; rooted if it is one of the user's.</param>
/// <param name="Capture">Null where nothing was captured.</param>
internal sealed record FailurePaths(string Folder, string Id, string Case, string? Capture)
{
    /// <summary>The line to type: with its id where runs are kept, with its file in a folder of the user's.</summary>
    public string Replay
    {
        get
        {
            if (!Path.IsPathRooted(Folder)) return $"sockconf replay {Id}";
            var file = Path.Combine(Folder, Case);
            return $"sockconf replay {(file.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+@%".Contains(c, StringComparison.Ordinal)) ? file : $"'{file.Replace("'", @"'\''", StringComparison.Ordinal)}'")}";
        }
    }

    /// <summary>Secrets of TLS sessions are in the capture.</summary>
    public bool HoldsSecrets { get; init; }
}

/// <summary>Saves a failure as a case file and, if there are packets, as a pcapng whose comments name the primitives and the violation.</summary>
internal static class FailureFiles
{
    public static FailurePaths Save(string folder, RunHeader header, Demand requirement, ScenarioFailure failure, CaptureOrigin origin, ReportTrouble trouble)
    {
        var evidence = failure.Evidence;
        var id = CaseFile.IdOf(requirement.Id, evidence.Scenario);
        var casePath = Path.Combine("cases", $"{id}.json");
        var file = new CaseFile
        {
            Sockcase = CaseFile.Format,
            Id = id,
            Requirement = requirement.Id,
            Spec = header.Suite.Service.Name,
            Tool = $"sockconf {RunHeader.Version}",
            Seed = header.SeedText,
            Command = header.Command,
            Client = header.Suite.OfClients,
            Sources = [.. header.Suite.Service.Sources.Select(source => new CaseFile.SourceText(source.Name, source.Text))],
            Expected = failure.Violation.Expected,
            Observed = failure.Violation.Observed,
            Scenario = evidence.Scenario,
        };
        trouble.Try(() =>
        {
            Directory.CreateDirectory(Path.Combine(folder, "cases"));
            RunFolder.Write(folder, casePath, file.ToJson());
        });

        var notes = PacketNotes.Of(evidence, failure.Violation, requirement.Id);
        var accepted = evidence.Trace.Connections.Any(connection => PacketNotes.IsAccepted(evidence, connection.Socket));
        var packets = evidence.Packets.OrderBy(segment => segment.At)
            .Select(segment => new EvidencePacket(segment, segment.FromClient != accepted ? PacketDirection.Outbound : PacketDirection.Inbound, [.. notes.GetValueOrDefault(segment) ?? []])).ToList();
        if (packets.Count == 0) return new FailurePaths(folder, id, casePath, null);
        var capturePath = Path.Combine("cases", $"{id}.pcapng");
        var title = new EvidenceTitle(requirement, header.Suite.Service.Name, header.SeedText, id, RunOf(folder), failure.Violation);
        var holdsSecrets = false;
        var written = trouble.Try(() => holdsSecrets = EvidenceFile.Write(Path.Combine(folder, capturePath), title, origin, Names(evidence, accepted), packets));
        return new FailurePaths(folder, id, casePath, written ? capturePath : null) { HoldsSecrets = holdsSecrets };
    }

    /// <summary>The name of a run: that of its folder, not where on this machine it is.</summary>
    public static string RunOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));

    private static IReadOnlyCollection<(IPAddress, string)> Names(Evidence evidence, bool accepted)
    {
        var clients = evidence.Flows.Concat(evidence.Trace.Crafted.Select(crafted => crafted.Flow)).Select(flow => flow.Tuple.Client.Address);
        var servers = evidence.Flows.Select(flow => flow.Tuple.Server.Address).Append(evidence.Target.Endpoint.Address);
        return accepted ? EvidenceFile.Names(servers, clients) : EvidenceFile.Names(clients, servers);
    }
}
