using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>Kinds of segments that a step can wait for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SegmentKind>))]
public enum SegmentKind
{
    /// <summary>An ACK and nothing else.</summary>
    Ack,
    Reset,

    /// <summary>A SYN without an ACK.</summary>
    Syn,
    SynAck,
    Fin,
    Data,
}

/// <summary>What a TCP of the harness's own has sent and seen.</summary>
/// <param name="Flow">In the order in which it left and came.</param>
/// <param name="Steps">For each segment of the flow the step that sent it; -1 for those of the target.</param>
/// <param name="Unused">It talked to a port on which nobody listens.</param>
/// <param name="Called">The other side opened the connection.</param>
public sealed record CraftedTrace(int Socket, Flow Flow, ImmutableArray<int> Steps, bool Unused, bool Called = false);
