using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>How connections end (RFC 9293 §3.6). A close may take three segments or four; that is never judged.</summary>
public static class CloseJudge
{
    /// <summary>The worst ending among the connections of a case that we ended in the orderly way.</summary>
    public static CloseVerdict Classify(Evidence evidence)
    {
        var worst = CloseVerdict.None;
        foreach (var story in Story.All(evidence).Where(story => story.Connection.Established && story.AbortedAt is null && !story.LeftUnread))
        {
            var one = story.ResetAt is not null || ResetOnWire(story) is not null ? CloseVerdict.Reset
                : story.NoEndOfFileAt is not null ? CloseVerdict.Timeout
                : !story.EndedOrderlyByUs ? CloseVerdict.None
                : story.Connection.LeftBehind is not null ? CloseVerdict.HalfOpen
                : CloseVerdict.Orderly;
            if (one > worst) worst = one;
        }

        return worst;
    }

    /// <summary>No RST from a target that has read all we sent and whose answers we have all read.</summary>
    public static Verdict NoReset(Evidence evidence)
    {
        if (TargetWasStopped(evidence)) return Verdict.Holds;
        foreach (var story in Story.All(evidence).Where(story => story.Connection.Established && story.AbortedAt is null && !story.LeftUnread && !story.TargetClosedFirst && story.Owed is { Broken: false, Open: false }))
        {
            // A reset while an answer was due is an answer that did not come: another requirement's matter.
            if (story.ResetAt is { } at && (story.ShutAt < at || story.AllCame)) return new Verdict.Violation("FIN: all was read on both sides", $"{Judges.Answer(evidence, at)} at {Judges.Name(evidence, at)}", at);
            if (story.EndedOrderlyByUs && ResetOnWire(story) is { } reset) return new Verdict.Violation("FIN: all was read on both sides", $"the target's RST on the wire: {reset}", story.ClosedAt ?? story.ShutAt);
        }

        return Verdict.Holds;
    }

    /// <summary>After our FIN, everything being echoed, comes the target's.</summary>
    public static Verdict FinAnswered(Evidence evidence)
    {
        if (TargetWasStopped(evidence)) return Verdict.Holds;
        foreach (var story in Story.All(evidence).Where(story => story.EndedOrderlyByUs && story.ResetAt is null))
        {
            var limit = $"the target's FIN within {evidence.Patience.Close.TotalSeconds:0.#} s of ours";
            if (story.NoEndOfFileAt is { } at && story.AllCame)
                return new Verdict.Violation(limit, $"none came; its socket stayed in {StateName(story.Connection.LeftBehind)}", at, Absence: true);
            if (story.ClosedAt is { } closed && story.EndOfFileAt is null && story.Connection.LeftBehind is TcpState.CloseWait or TcpState.Established)
                return new Verdict.Violation(limit, $"none came after our close; its socket stayed in {StateName(story.Connection.LeftBehind)}", story.ClosedAt, Absence: true);
        }

        return Verdict.Holds;
    }

    /// <summary>When all clients have left, no socket of the target waits in CLOSE-WAIT for its program to close it (RFC 9293 §3.6, case 2).</summary>
    public static Verdict NothingInCloseWait(Evidence evidence)
    {
        var left = evidence.Trace.Connections.Where(connection => connection.LeftBehind == TcpState.CloseWait).ToList();
        return left.Count == 0
            ? Verdict.Holds
            : new Verdict.Violation(
                "no socket left", $"{left.Count} of {evidence.Trace.Connections.Length} in CLOSE_WAIT {evidence.Patience.Close.TotalSeconds:0.#} s after the clients left, first {left[0].Tuple}", Absence: true)
            { Socket = left[0].Socket };
    }

    /// <summary>The target does not end a connection that its client still uses (RFC 862: until the calling user terminates).</summary>
    public static Verdict TargetWaitsForClient(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            var end = story.TargetClosedFirst ? story.EndOfFileAt : story.AbortedAt is null && story.ShutAt is null ? story.ResetAt : null;
            if (end is { } at) return new Verdict.Violation("the connection stays open until we end it", $"{Judges.Answer(evidence, at)} at {Judges.Name(evidence, at)}", at);
        }

        return Verdict.Holds;
    }

    /// <summary>Each connection of the case came to an end in order, whatever was or was not sent on it.</summary>
    public static Verdict Orderly(Evidence evidence)
    {
        var orderly = Judges.All(NoReset, FinAnswered)(evidence);
        if (orderly is not Verdict.Pass) return orderly;
        var left = evidence.Trace.Connections.FirstOrDefault(connection => connection.LeftBehind is TcpState.CloseWait or TcpState.Established);
        return left is null || evidence.FirstUnmet >= 0 ? Verdict.Holds : new Verdict.Violation("the target's FIN", $"its socket stayed in {StateName(left.LeftBehind)}", Absence: true) { Socket = left.Socket };
    }

    /// <summary>The end of a process ends its connections as the kernel sees fit (POSIX.1-2024 XSH _exit()).</summary>
    private static bool TargetWasStopped(Evidence evidence) => evidence.Scenario.Steps.Any(step => step is Step.Stop or Step.Restart);

    internal static string StateName(TcpState? state) => state switch
    {
        null => "no state (it was gone)",
        TcpState.CloseWait => "CLOSE_WAIT",
        { } other => string.Concat(other.ToString().Select((c, i) => char.IsUpper(c) && i > 0 ? "_" + c : char.ToUpperInvariant(c).ToString())),
    };

    /// <summary>The target's own reset; null where the wire shows none, or there is no capture.</summary>
    private static Segment? ResetOnWire(Story story) => story.Flow is { } flow && WireFacts.Of(flow).OwnReset is > 0 and var at ? flow.Segments[(int)at - 1] : null;
}
