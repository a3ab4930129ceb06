using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>One 5-tuple per connection, the same for both ends and on the wire (RFC 9293 §3.3.1; MUST-45 in §3.9.1.1).</summary>
public static class TupleJudge
{
    public static Verdict OnePerConnection(Evidence evidence)
    {
        foreach (var connection in evidence.Trace.Connections.Where(connection => connection.Established))
        {
            var tuple = connection.Tuple!.Value;
            if (!tuple.Server.Equals(connection.Peer)) return new Verdict.Violation($"{tuple}", $"getpeername answers {connection.Peer}");
            if (connection.ServerSide is { } other && !(other.Local.Equals(tuple.Server) && other.Remote.Equals(tuple.Client)))
                return new Verdict.Violation($"{tuple} at both ends", $"the target's end is {{TCP, {other.Remote}, {other.Local}}}");
        }

        return evidence.Strangers is [var stranger, ..]
            ? new Verdict.Violation("only the 5-tuples that we opened", $"{stranger.Tuple}, which nobody but the target can have opened: {stranger.Segments[0]}")
            : Verdict.Holds;
    }
}
