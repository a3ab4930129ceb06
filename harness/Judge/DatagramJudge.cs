using System.Net;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>
/// Answers to datagrams (RFC 768): one for each, the right one, to who asked, from where it was asked. A datagram may be lost, so an
/// answer that does not come is a violation by absence only.
/// </summary>
public static class DatagramJudge
{
    /// <summary>The UDP socket is bound to the port it was told, at the wildcard or the loopback address.</summary>
    public static Verdict BoundWhereTold(Evidence evidence)
    {
        if (!evidence.Target.Launched) return new Verdict.NotObservable("the server was not told an address by the harness");
        if (evidence.Trace.Observations is not [var seen, ..]) return new Verdict.Inconclusive("the table of sockets was not read");
        if (!seen.Listening.IsEmpty && seen.Listening.All(endpoint => IsTold(evidence.Service, endpoint.Address))) return Verdict.Holds;
        return new Verdict.Violation(
            $"{{UDP, {(evidence.Service.LoopbackOnly ? "" : "0.0.0.0 or ")}127.0.0.1, {evidence.Target.Endpoint.Port}}}",
            seen.Listening.IsEmpty ? "no UDP socket is bound to this port" : string.Join(", ", seen.Listening.Select(endpoint => $"{{UDP, {endpoint.Address}, {endpoint.Port}}}")), seen.Step);
    }

    /// <summary>Something comes back; whether it is the right thing, and where from, is others' matter.</summary>
    public static Verdict Answers(Evidence evidence) =>
        evidence.Trace.Connections.All(connection => connection.Datagrams.IsEmpty) && DataJudge.Missing(evidence) is { } nothing ? nothing : Verdict.Holds;

    /// <summary>As many answers come as datagrams were sent, not one more and not one less.</summary>
    public static Verdict OnePerDatagram(Evidence evidence)
    {
        var all = DatagramStory.All(evidence);
        foreach (var story in all)
        {
            var misfits = story.Misfits(all).ToList();
            if (misfits.FirstOrDefault(one => one.Kind == Misfit.Joined) is { Datagram: { } joined }) return Joined(evidence, story, joined);
            var came = story.Received.Length - misfits.Count(one => one.Kind is Misfit.Foreign or Misfit.Unasked);
            var owed = story.Questions.Count(question => question.IsOwed);
            if (came > owed && owed > 0)
                return new Verdict.Violation($"{owed} {(owed == 1 ? "answer" : "answers")} to {owed} {(owed == 1 ? "datagram" : "datagrams")} on #{story.Socket}", $"{came}: the last is {Excerpt(story.Received[^1].Data.Span)}", Within(evidence, story.Received[^1]));
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    /// <summary>An answer goes to the socket that asked, and to no other.</summary>
    public static Verdict ToSender(Evidence evidence) => Astray(evidence) ?? DataJudge.Missing(evidence) ?? Verdict.Holds;

    /// <summary>An answer comes from the address and port that were asked: else a connected client never gets it.</summary>
    public static Verdict FromAskedPort(Evidence evidence)
    {
        var asked = evidence.Target.Endpoint;
        foreach (var connection in evidence.Trace.Connections)
        {
            if (connection.Datagrams.FirstOrDefault(datagram => !datagram.Source.Equals(asked)) is { } other)
                return new Verdict.Violation($"an answer from {asked}, which was asked", $"one from {other.Source} on #{connection.Socket}", Within(evidence, other));
        }

        var stranger = evidence.Strangers.FirstOrDefault(flow => flow.Tuple.Protocol == Transport.Udp && flow.FromServer.Any(segment => segment.Unreachable is null));
        return stranger is null ? DataJudge.Missing(evidence) ?? Verdict.Holds : new Verdict.Violation($"an answer from {asked}, which was asked", $"on the wire one from {stranger.Tuple.Server}");
    }

    /// <summary>Each datagram that comes is the answer to one that was sent, and all that the scenario waited for came.</summary>
    public static Verdict RightAnswer(Evidence evidence)
    {
        var all = DatagramStory.All(evidence);
        foreach (var story in all)
        {
            foreach (var (datagram, kind, owner) in story.Misfits(all))
            {
                if (kind == Misfit.Joined) return Joined(evidence, story, datagram);
                if (kind is Misfit.Cut or Misfit.Wrong) return Wrong(evidence, story, datagram, owner);
                if (kind == Misfit.Repeated && story is { FallsShort: true, Unanswered: { } left })
                    return new Verdict.Violation($"an answer of its own to each datagram on #{story.Socket}", $"the answer to step {owner!.Step + 1} came again, and none to step {left.Step + 1} ({Excerpt(left.Data)})", Within(evidence, datagram));
            }
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    /// <summary>Nobody gets what another asked for, and each gets the right answer.</summary>
    public static Verdict OwnAnswers(Evidence evidence) => Astray(evidence) ?? RightAnswer(evidence);

    /// <summary>The process lives, its socket is still there, and everybody who waits for an answer gets one.</summary>
    public static Verdict Survives(Evidence evidence) => Judges.All(LifeJudge.Survives, StillBound)(evidence);

    /// <summary>A judge that holds a dead process against it, where others leave that to <c>process/life/keeps-running</c>.</summary>
    public static Func<Evidence, Verdict> Living(Func<Evidence, Verdict> judge) => evidence => evidence.Target.End is not null ? LifeJudge.KeepsRunning(evidence) : judge(evidence);

    /// <summary>The target's kernel never says that nobody is bound to the port.</summary>
    public static Verdict StillBound(Evidence evidence)
    {
        if (evidence.Scenario.Steps.Any(step => step is Step.Stop or Step.Restart)) return Verdict.Holds;
        foreach (var connection in evidence.Trace.Connections)
        {
            if (connection.UnreachableAt is { } at) return Gone(connection, Math.Min(at, evidence.Scenario.Steps.Length - 1));
            if (evidence.FlowOf(connection.Socket)?.FromServer.Any(segment => segment.Unreachable is not null) == true) return Gone(connection, null);
        }

        return Verdict.Holds;

        Verdict.Violation Gone(ConnectionTrace connection, int? step) => new($"a UDP socket bound to port {evidence.Target.Endpoint.Port}", $"ICMP port unreachable for #{connection.Socket}: the server's socket is gone", step);
    }

    /// <summary>Nothing comes back at all.</summary>
    public static Verdict NoReply(Evidence evidence)
    {
        foreach (var story in DatagramStory.All(evidence))
        {
            var most = story.Questions.Count(question => question.IsOwed);
            if (story.Received.Length > most) return new Verdict.Violation(most == 0 ? "no datagram comes back" : $"{most} datagrams come back", $"{story.Received.Length} on #{story.Socket}, the last {Excerpt(story.Received[^1].Data.Span)}", Within(evidence, story.Received[^1]));
        }

        return Verdict.Holds;
    }

    /// <summary>The server's datagrams have a checksum on the wire. On loopback the kernel leaves it unfinished, but zero it is only where it was switched off.</summary>
    public static Verdict HasChecksum(Evidence evidence)
    {
        if (!evidence.Capture.Available) return new Verdict.NotObservable("there is no capture");
        var sums = evidence.Flows.Concat(evidence.Strangers).Where(flow => flow.Tuple.Protocol == Transport.Udp).SelectMany(flow => flow.FromServer).Where(segment => segment.Checksum is not null).ToList();

        // Over IPv6 one without is thrown away by the receiver's kernel.
        if (WireRules.ChecksumOf(sums.Count, sums.Count(segment => segment.Checksum == 0)) is not { } decided) return new Verdict.NotObservable("no datagram of the server was captured");
        return decided.Holds ? Verdict.Holds : new Verdict.Violation("a UDP checksum", decided.Observed);
    }

    private static Verdict.Violation? Astray(Evidence evidence)
    {
        var all = DatagramStory.All(evidence);
        foreach (var story in all)
        {
            foreach (var (datagram, kind, owner) in story.Misfits(all))
            {
                if (kind == Misfit.Foreign) return new Verdict.Violation($"on #{story.Socket} only answers to its own datagrams", $"the answer to what #{owner!.Socket} sent: {Excerpt(datagram.Data.Span)}", Within(evidence, datagram));
                if (kind == Misfit.Unasked) return new Verdict.Violation($"nothing on #{story.Socket}, to which nothing is due", $"{Excerpt(datagram.Data.Span)} from {datagram.Source}", Within(evidence, datagram));
            }
        }

        return null;
    }

    private static Verdict.Violation Joined(Evidence evidence, DatagramStory story, ReceivedDatagram datagram) => new(
        $"an answer of its own to each datagram on #{story.Socket}", $"one datagram of {datagram.Data.Length} bytes with several answers in it: {Excerpt(datagram.Data.Span)}", Within(evidence, datagram));

    private static Verdict.Violation Wrong(Evidence evidence, DatagramStory story, ReceivedDatagram datagram, Question? owner)
    {
        var question = owner ?? story.Unanswered ?? story.Questions.First(one => one.IsOwed);
        var data = datagram.Data.Span;
        if (question.Due?.Exact is not { } exact) return new Verdict.Violation($"{question.Due}", $"{Excerpt(data)} ({data.Length} bytes)", Within(evidence, datagram));
        var same = data.CommonPrefixLength(exact);
        return same < Math.Min(exact.Length, data.Length)
            ? new Verdict.Violation($"at offset {same} {Excerpt(exact.AsSpan(same))} of {exact.Length} bytes", $"{Excerpt(data[same..])} ({data.Length} bytes in all)", Within(evidence, datagram))
            : new Verdict.Violation($"{exact.Length} bytes in answer to step {question.Step + 1}", $"{data.Length} bytes, {(data.Length < exact.Length ? "the first of them" : $"and behind them {Excerpt(data[same..])}")}", Within(evidence, datagram));
    }

    /// <summary>The step during which it was read; null for what was left at the end.</summary>
    private static int? Within(Evidence evidence, ReceivedDatagram datagram) => datagram.Step < evidence.Scenario.Steps.Length ? datagram.Step : null;

    private static Payload.Literal Excerpt(ReadOnlySpan<byte> bytes) => Payload.Literal.Of(bytes[..Math.Min(bytes.Length, 16)]);

    private static bool IsTold(ServiceSpec service, IPAddress address) =>
        address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback) || (!service.LoopbackOnly && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)));
}
