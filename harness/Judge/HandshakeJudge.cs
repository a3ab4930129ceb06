using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>The three-way handshake (RFC 9293 §3.5), on the wire where there is a capture, else as connect() told it.</summary>
public static class HandshakeJudge
{
    /// <summary>Every connect of the case is answered, with the right numbers.</summary>
    public static Verdict Complete(Evidence evidence)
    {
        for (var i = 0; i < evidence.Scenario.Steps.Length; i++)
        {
            if (evidence.Scenario.Steps[i] is not Step.OnSocket step || evidence.Trace.On(step.Socket) is not { Tuple: not null, Established: false }) continue;
            var outcome = evidence.Trace.Outcomes[i];
            if (outcome.Result is StepResult.Failed && outcome.Is("ECONNREFUSED", "ECONNRESET"))
                return new Verdict.Violation("SYN, SYN+ACK, ACK", $"connect was answered {Judges.Answer(evidence, i)}", i);
            if (outcome.Result is StepResult.TimedOut) return new Verdict.Violation("SYN, SYN+ACK, ACK", $"{Judges.Answer(evidence, i)}", i, Absence: true);
        }

        return evidence.Flows.Select(flow => Judge(evidence, flow)).FirstOrDefault(verdict => verdict is not Verdict.Pass) ?? Verdict.Holds;
    }

    private static Verdict Judge(Evidence evidence, Flow flow)
    {
        if (evidence.Trace.Connections.FirstOrDefault(connection => connection.Tuple?.Client.Equals(flow.Tuple.Client) == true) is not { Established: true }) return Verdict.Holds;
        var seen = WireFacts.Of(flow);
        var decided = WireRules.HandshakeOf(seen.Handshake, seen.Findings);
        if (decided is { Holds: false, Packet: var packet, Observed: var observed })
            return new Verdict.Violation("SYN, SYN+ACK that acknowledges ISS+1, ACK, and no data before them", $"{flow.Segments[(int)packet - 1]}: {observed}");
        var syn = flow.FromClient.FirstOrDefault(segment => segment.Has(TcpFlags.Syn));
        var synAck = flow.FromServer.FirstOrDefault(segment => segment.Has(TcpFlags.Syn));
        if (syn is null || synAck is null) return Missing(evidence, "SYN and SYN+ACK", flow);
        if (!synAck.Has(TcpFlags.Ack) || synAck.Acknowledgment != syn.NextSequence)
            return new Verdict.Violation($"SYN+ACK with acknowledgment {syn.NextSequence} (ISS+1)", $"{synAck}");
        if (decided is not null) return Verdict.Holds;
        var first = flow.FromClient.FirstOrDefault(segment => segment.Has(TcpFlags.Ack) && !segment.Has(TcpFlags.Syn));
        if (first is null) return Missing(evidence, "ACK of the SYN+ACK", flow);
        return first.Acknowledgment == synAck.NextSequence || first.Has(TcpFlags.Rst)
            ? Verdict.Holds
            : new Verdict.Violation($"ACK with acknowledgment {synAck.NextSequence}", $"{first}");
    }

    private static Verdict Missing(Evidence evidence, string what, Flow flow) => evidence.Capture.Complete
        ? new Verdict.Violation(what, $"{flow.Segments.Length} segments of {flow.Tuple} without them", Absence: true)
        : new Verdict.Inconclusive("packets were lost by the capture");
}
