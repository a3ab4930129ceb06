using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;

namespace SockConformance.Cli;

/// <summary>A capture read as a case to replay: which of its conversations, and what it is judged by.</summary>
internal static class CapturedCase
{
    public static bool Is(string path)
    {
        try
        {
            using var file = InputFile.Open(path);
            var head = new byte[4];
            return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && CaptureReader.Begins(head);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // whoever reads it next says why
        }
    }

    /// <param name="spec">Null for what the capture says it is evidence of, or nothing.</param>
    public static (string Path, CaseFile Case, Suite? Suite) Read(string path, long? flow, Endpoint? server, string? spec, SuiteBook book, IEnumerable<string> command)
    {
        var asked = spec is null ? null : SpecOf(spec, book);
        var (recording, title) = RecordingOf(path, flow, server, asked?.Service.Transport);
        var seen = RecordedScenario.Of(recording);
        var recorded = RecordedScenario.RepliesOf(recording);
        if (asked is null && title?.Spec is { } named && book.BuiltIn().Any(one => one.Name == named)) asked = SpecOf(named, book);
        var import = asked is null ? CaptureImport.Without(Neutral(book, seen), seen, recorded) : CaptureImport.By(asked, seen, recorded, title?.Requirement);
        var file = new CaseFile
        {
            Sockcase = CaseFile.Format,
            Id = CaseFile.IdOf(import.Requirement.Id, import.Scenario, recorded),
            Requirement = import.Requirement.Id,
            Spec = import.Suite.Service.Name,
            Tool = $"sockconf {RunHeader.Version}",
            Seed = "0x0",
            Command = [.. command],
            Sources = [.. import.Suite.Service.Sources.Select(source => new CaseFile.SourceText(source.Name, source.Text))],
            Recorded = recorded,
            Expected = import.Requirement.Statement,
            Observed = RecordedScenario.Told(recorded, seen.IsOfDatagrams),
            Scenario = import.Scenario,
        };
        return (path, file, import.Suite);
    }

    /// <summary>The suite of a case that was made from a capture.</summary>
    public static Suite? SuiteOf(CaseFile file, Suite? suite, SuiteBook book)
    {
        if (file.Spec == CaptureImport.NoSpec) return CaptureImport.Without(Neutral(book, file.Scenario), file.Scenario, file.Recorded).Suite;
        return suite is null ? null : CaptureImport.By(suite, file.Scenario, file.Recorded, suite.Requirements.Any(one => one.Id == file.Requirement) ? file.Requirement : null).Suite;
    }

    private static Suite Neutral(SuiteBook book, Scenario scenario) => book.For(book.Find(scenario.IsOfDatagrams ? "discard-udp" : "discard"), clients: false);

    private static Suite SpecOf(string spec, SuiteBook book)
    {
        var suite = book.For(book.Find(spec), clients: false);
        if (suite.Service.Tls is not null) throw new UsageException($"--spec {Printable.Line(spec)}: what a capture has of TLS is encrypted and cannot be said again; replay the case file instead");
        return suite;
    }

    /// <summary>The conversations with one server, and what the capture says it is evidence of.</summary>
    /// <param name="transport">Null for TCP, and UDP where the capture has no connection.</param>
    public static (Recording Recording, (string? Requirement, string? Spec)? Title) RecordingOf(string path, long? flow, Endpoint? server, Transport? transport = null)
    {
        try
        {
            using var reader = CaptureReader.Open(path);
            var all = Recording.Of(reader, flow, server, CancellationToken.None);
            return (Chosen(path, all, flow, server, transport), EvidenceTitle.Read(reader.Comment));
        }
        catch (CaptureFormatException e)
        {
            throw new InputException($"{path}, {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path} cannot be read: {e.Message}");
        }
    }

    private static Recording Chosen(string path, Recording all, long? flow, Endpoint? server, Transport? transport)
    {
        if (flow is not null && all.Conversations.IsEmpty) throw new UsageException($"--flow {flow}: {path} has no such flow (sockconf analyze {path} lists them)");
        if (flow is not null && transport is not null && all.Conversations[0].Flow.Protocol != transport) throw new UsageException($"--flow {flow}: that is {Name(all.Conversations[0].Flow.Protocol)}, and the spec is one of {Name(transport.Value)}");
        if (flow is null) all = all.Only(one => !IsFromAnotherPort(one, all));
        if (server is { } endpoint) all = all.Only(one => one.Flow.Destination.Equals(endpoint));
        var wanted = transport ?? (all.Conversations.Any(one => one.Flow.Protocol == Transport.Tcp) ? Transport.Tcp : Transport.Udp);
        all = all.Only(one => one.Flow.Protocol == wanted);
        if (all.Conversations.IsEmpty) throw new InputException($"{path} has no {(transport is null ? "TCP or UDP" : Name(wanted))} conversation{(server is null ? "" : $" with {server}")} (sockconf analyze {path} lists what it has)");
        var servers = all.Conversations.GroupBy(one => one.Flow.Destination).ToList();
        if (servers.Count > 1)
        {
            var list = string.Join(", ", servers.Take(5).Select(group => $"{group.Key} (flow {string.Join(' ', group.Take(5).Select(one => one.Flow.Number))})"));
            throw new UsageException($"{path} has conversations with {servers.Count} servers: {list}{(servers.Count > 5 ? ", …" : "")}; name one with --server IP:PORT or --flow N");
        }

        if (all.Conversations.FirstOrDefault(one => one.Flaw is not null) is { } flawed) throw new InputException($"{path}, flow {flawed.Flow.Number}: {flawed.Flaw}");
        return all;
    }

    /// <summary>A datagram to a client from the host that it asked, but from another port, begins a flow by itself: it is an answer, and not who asks.</summary>
    private static bool IsFromAnotherPort(RecordedConversation conversation, Recording all) => conversation.Flow is { Protocol: Transport.Udp, Source: var source, Destination: var client }
        && all.Conversations.Any(one => one.Flow.Protocol == Transport.Udp && one.Flow.Source.Equals(client) && one.Flow.Destination.Ip.Equals(source.Ip) && one.Flow.FirstPacket < conversation.Flow.FirstPacket);

    private static string Name(Transport transport) => transport.ToString().ToUpperInvariant();
}
