using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>An input file that cannot be used; the message is one line that names the file and says what to do.</summary>
internal sealed class InputException(string message) : Exception(message);

/// <summary>
/// A saved failure: the scenario itself, not a seed that a newer generator would read differently. Format 1. The recorded
/// command is information; it is not run unless the user says so.
/// </summary>
internal sealed record CaseFile
{
    public const int Format = 1;
    private const int MaxBytes = 4 << 20, MaxSteps = 20_000, MaxSockets = 1024, MaxPayload = 16 << 20, MaxIdle = 60_000, MaxPayloads = 64 << 20, MaxIdles = 600_000, MaxSegment = 1400, MaxOptions = 40;

    [JsonPropertyName("sockcase")]
    public required int Sockcase { get; init; }

    public required string Id { get; init; }

    /// <summary>The requirement that was violated.</summary>
    public required string Requirement { get; init; }

    public required string Spec { get; init; }

    public required string Tool { get; init; }

    public required string Seed { get; init; }

    public ImmutableArray<string> Command { get => field.IsDefault ? [] : field; init; }

    /// <summary>The target is a client.</summary>
    public bool Client { get; init; }

    /// <summary>The spec's own text and those it extends, where it is not a built-in one.</summary>
    public ImmutableArray<SourceText> Sources { get => field.IsDefault ? [] : field; init; }

    /// <summary>Of a case that was made from a capture: what the target said and did there.</summary>
    public ImmutableArray<RecordedReply> Recorded { get => field.IsDefault ? [] : field; init; }

    public required string Expected { get; init; }

    public required string Observed { get; init; }

    public required Scenario Scenario { get; init; }

    public sealed record SourceText(string Name, string Text);

    /// <summary>A name that is the same for the same requirement and scenario: <c>tcp-close-no-reset-4f1c09ab</c>.</summary>
    public static string IdOf(string requirement, Scenario scenario) =>
        IdOf(requirement, JsonSerializer.Serialize(scenario, CaseJson.Default.Scenario));

    /// <summary>The same scenario may be recorded with other answers.</summary>
    internal static string IdOf(string requirement, Scenario scenario, ImmutableArray<RecordedReply> recorded) =>
        IdOf(requirement, JsonSerializer.Serialize(scenario, CaseJson.Default.Scenario) + string.Concat(recorded.Select(reply => $"{string.Join(' ', reply.Datagrams.Prepend(reply.Hex))} {reply.End};")));

    /// <summary>The same for anything that has a text.</summary>
    internal static string IdOf(string requirement, string text) => $"{requirement.Replace('/', '-')}-{Fnv1a.Of(text):x8}";

    public string ToJson() => JsonSerializer.Serialize(this, CaseJson.Default.CaseFile) + "\n";

    /// <exception cref="InputException">The file is missing, too large, cut short, of another version or asks for the impossible.</exception>
    public static CaseFile Read(string path)
    {
        try
        {
            if (!File.Exists(path)) throw new InputException($"there is no case file {path}");
            if (InputFile.ReadText(path, MaxBytes) is { Length: > 0 } text) return Parse(text, path);
            throw new InputException($"{path} is no case file: it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path} cannot be read: {e.Message}");
        }
    }

    internal static CaseFile Parse(string json, string name)
    {
        try
        {
            using (var document = JsonDocument.Parse(json))
            {
                if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("sockcase", out var version))
                    throw new InputException($"{name} is no case file: it has no \"sockcase\"");
                if (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number) || number != Format)
                    throw new InputException($"{name} is of case format {version.GetRawText()}; this sockconf reads format {Format}");
            }

            var file = JsonSerializer.Deserialize(json, CaseJson.Default.CaseFile)!;
            return Limits(file) is { } beyond ? throw new InputException($"{name}: {beyond}") : file;
        }
        catch (JsonException e)
        {
            throw new InputException($"{name} is no whole case file: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {Printable.Line(e.Message.Split(". Path")[0].Split(" LineNumber")[0])}");
        }
        catch (Exception e) when (e is FormatException or NotSupportedException or NullReferenceException or ArgumentException or InvalidOperationException)
        {
            throw new InputException($"{name} is no whole case file: {Printable.Line(e.Message)}");
        }
    }

    /// <summary>What no scenario of this tool asks for: a case file may come from anybody.</summary>
    private static string? Limits(CaseFile file)
    {
        if (!file.Command.IsDefault && file.Command.Any(word => word is null)) return "a word of the command is null";
        if (file.Sources.Any(source => source is null || source.Name is null || source.Text is null)) return "a text of its spec is null";
        var steps = file.Scenario.Steps;
        if (steps.IsDefaultOrEmpty || steps.Any(step => step is null)) return "the scenario has no steps";
        if (steps.Length > MaxSteps) return $"the scenario has {steps.Length} steps; at most {MaxSteps} are run";
        if (file.Recorded.Length > MaxSockets || file.Recorded.Any(reply => reply is null or { Socket: < 0 or >= MaxSockets } or { Hex: null } || !Enum.IsDefined(reply.End) || reply.Datagrams.Length > MaxSteps || reply.Datagrams.Any(hex => hex is null))) return "what was recorded makes no sense";
        foreach (var hex in file.Recorded.SelectMany(reply => reply.Datagrams.Prepend(reply.Hex))) _ = Convert.FromHexString(hex);
        foreach (var (index, step) in steps.Index())
        {
            var wrong = step switch
            {
                Step.OnSocket { Socket: < 0 or >= MaxSockets } => $"the socket's number must be 0 to {MaxSockets - 1}",
                Step.Send { Data: null } => "it sends nothing",
                Step.Send { Data: Payload.Literal { Hex: null } } => "it sends nothing",
                Step.Send { Data: Payload.Generated { Length: < 0 or > MaxPayload } } => $"at most {MaxPayload} bytes are sent at once",
                Step.Send { Data: Payload.Generated generated } when !Enum.IsDefined(generated.Alphabet) => "there is no such alphabet",
                Step.Send { Pause: < 0 or > MaxIdle } or Step.Connect { ReadPause: < 0 or > MaxIdle } or Step.Idle { Milliseconds: < 0 or > MaxIdle } => $"a pause lasts 0 to {MaxIdle} ms",
                Step.Send { Cuts.IsDefault: true } or Step.Serve { Cuts.IsDefault: true } => "it has no cuts; an empty list stands for none",
                Step.Send send when send.Cuts.Any(cut => cut < 1) => "pieces have 1 byte or more",
                Step.Send { Data: Payload.Joined { Parts.IsDefault: true } } => "it sends nothing",
                Step.Send { Data: Payload.Joined joined } when joined.Parts.Any(part => part is null or Payload.Joined or Payload.Literal { Hex: null } or Payload.Generated { Length: < 0 or > MaxPayload }) => "a part of what it sends makes no sense",
                Step.Send { Data.Size: > MaxPayload * 8 } => $"at most {MaxPayload * 8} bytes are sent at once",
                Step.Open { Port: < 0 or > 65535 } => "a port is a number from 0 to 65535",
                Step.ReceiveMessages { Count: < 0 or > MaxSteps } => "it receives nothing that there is",
                Step.ReceiveMessages { Framing: var framing } when !MakesSense(framing) => "the framing makes no sense",
                Step.Await { Framing: var framing } when !MakesSense(framing) => "the framing makes no sense",
                Step.Await { Milliseconds: < 0 or > MaxIdle } or Step.Serve { Pause: < 0 or > MaxIdle } or Step.Serve { Delay: < 0 or > MaxIdle } => $"a pause lasts 0 to {MaxIdle} ms",
                Step.Handshake { Offer: null } or Step.Handshake { Offer.Versions.IsDefaultOrEmpty: true } or Step.Handshake { Offer: { Piece: < 0 } or { Record: < 0 } } => "the TLS offer makes no sense",
                Step.Handshake handshake when !Enum.IsDefined(handshake.Offer.Shown) => "there is no such certificate",
                Step.Serve serve when serve.Cuts.Any(cut => cut < 1) => "pieces have 1 byte or more",
                Step.Craft { Unused: true, Called: true } => "where nobody listens, nobody calls",
                Step.Craft { Window: < 0 or > ushort.MaxValue } or Step.Inject { Window: < 0 or > ushort.MaxValue } or Step.Inject { Urgent: < 0 or > ushort.MaxValue } => "a window, and an urgent pointer, is a number from 0 to 65535",
                Step.Inject { Data: Payload.Joined or Payload.Literal { Hex: null } or Payload.Generated { Length: < 0 or > MaxSegment } } or Step.Inject { Data.Size: > MaxSegment } => $"a segment carries at most {MaxSegment} bytes, in one part",
                Step.Inject { Options: null or { Length: > 2 * MaxOptions } } => $"a segment has at most {MaxOptions} bytes of options",
                Step.Inject { Flags: > (TcpFlags.Urg | TcpFlags.Ack | TcpFlags.Psh | TcpFlags.Rst | TcpFlags.Syn | TcpFlags.Fin) } => "there are no such flags",
                Step.Expect { Milliseconds: < 0 or > MaxIdle } => $"a pause lasts 0 to {MaxIdle} ms",
                Step.Expect expect when expect.AnyOf.IsDefault || expect.AnyOf.Any(kind => !Enum.IsDefined(kind)) => "it expects what there is not",
                Step.Sample { Label: null } => "the look has no label",
                Step.Receive { Bytes: < 0 or > MaxPayload } => $"0 to {MaxPayload} bytes are received at once",
                Step.Connect { ReceiveBuffer: < 0 } or Step.Connect { ReadChunk: < 0 } => "sizes are 0 or more",
                _ => null,
            };
            if (wrong is not null) return $"step {index + 1}: {wrong}";
        }

        if (steps.OfType<Step.Send>().Sum(send => (long)send.Data.Size) > MaxPayloads) return $"it sends more than {MaxPayloads} bytes in all";
        if (steps.Sum(step => step switch { Step.Idle idle => idle.Milliseconds, Step.Expect expect => expect.Milliseconds, _ => 0L }) > MaxIdles) return $"it waits more than {MaxIdles} ms in all";
        foreach (var inject in steps.OfType<Step.Inject>()) _ = (Convert.FromHexString(inject.Options), inject.Data?.ToBytes());
        foreach (var send in steps.OfType<Step.Send>()) _ = send.Data is Payload.Literal literal ? literal.ToBytes() : null;
        return null;
    }

    private static bool MakesSense(Framing? framing) => framing switch
    {
        null => false,
        Framing.Line line => line.Terminator is not null && Convert.FromHexString(line.Terminator).Length > 0 && line.Max >= 0 && Enum.IsDefined(line.AtEof),
        Framing.LengthPrefix prefix => prefix is { Bytes: 1 or 2 or 4 or 8, Max: >= 0 },
        Framing.Fixed record => record.Size > 0,
        Framing.UntilEof whole => whole.Max >= 0,
        _ => true,
    };
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, AllowOutOfOrderMetadataProperties = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CaseFile))]
[JsonSerializable(typeof(Scenario))]
internal sealed partial class CaseJson : JsonSerializerContext;
