using System.Collections.Immutable;
using SockConformance.Model;
using SockConformance.Captures;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>The files of one failure, as paths relative to the report folder.</summary>
/// <param name="Capture">Null where nothing was captured.</param>
public sealed record FailurePaths(string Id, string Case, string? Capture);

/// <summary>Saves a failure as a case file and, if there are packets, as a pcapng whose comments name the primitives.</summary>
internal static class FailureFiles
{
    public static FailurePaths Save(string folder, RunHeader header, Demand requirement, ScenarioFailure failure, LinkType link)
    {
        var id = CaseFile.IdOf(requirement.Id, failure.Evidence.Scenario);
        var casePath = Path.Combine("cases", $"{id}.json");
        Directory.CreateDirectory(Path.Combine(folder, "cases"));
        File.WriteAllText(Path.Combine(folder, casePath), new CaseFile
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
            Scenario = failure.Evidence.Scenario,
        }.ToJson());

        ImmutableArray<Segment> segments = [.. failure.Evidence.Flows.Concat(failure.Evidence.Strangers).SelectMany(flow => flow.Segments).OrderBy(segment => segment.At)];
        if (segments.IsEmpty) return new FailurePaths(id, casePath, null);
        var capturePath = Path.Combine("cases", $"{id}.pcapng");
        using var stream = new BufferedStream(File.Create(Path.Combine(folder, capturePath)));
        var writer = new PcapngWriter(stream);
        writer.Begin((int)link, $"sockconf {RunHeader.Version}",
            Printable.Line($"{requirement.Id} ({requirement.Clause}), seed {header.SeedText}. Expected: {failure.Violation.Expected}. Observed: {failure.Violation.Observed}. Again: sockconf replay {id}", 4000));
        var causes = Causes(failure.Evidence, segments);
        for (var i = 0; i < segments.Length; i++) writer.Packet(Clock.Wall(segments[i].At), segments[i].Frame.Span, causes.GetValueOrDefault(i));
        return new FailurePaths(id, casePath, capturePath);
    }

    /// <summary>For each step the first packet that we sent during it on its connection.</summary>
    private static Dictionary<int, string> Causes(Evidence evidence, ImmutableArray<Segment> segments)
    {
        var owners = new Dictionary<ReadOnlyMemory<byte>, int>();
        foreach (var connection in evidence.Trace.Connections)
        {
            foreach (var segment in evidence.FlowOf(connection.Socket)?.Segments ?? []) owners[segment.Frame] = connection.Socket;
        }

        var causes = new Dictionary<int, string>();
        foreach (var (number, segment) in segments.Index())
        {
            if (segment.Unreachable is { } about) causes[number] = Printable.Line($"[sockconf] {about.Reporter} says: nobody is bound to {about.To}, where {about.From} has sent a datagram");
        }

        foreach (var (index, (step, outcome)) in evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Index())
        {
            if (step.On is not { } socket || outcome.Result == StepResult.NotRun || step is Step.Receive or Step.ReceiveMessages or Step.Await) continue;
            for (var i = 0; i < segments.Length; i++)
            {
                if (causes.ContainsKey(i) || !segments[i].FromClient || owners.GetValueOrDefault(segments[i].Frame, -1) != socket) continue;

                // Packet and step have different clocks behind one axis: a millisecond of tolerance.
                if (segments[i].At < outcome.Start - TimeSpan.FromMilliseconds(1) || segments[i].At > outcome.End + TimeSpan.FromMilliseconds(1)) continue;
                causes[i] = Printable.Line($"[sockconf] step {index + 1}: {step}");
                break;
            }
        }

        return causes;
    }
}
