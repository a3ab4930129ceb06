using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What comes back on a connection: what the spec says is due for the bytes that were sent, in order, once; for echo these bytes themselves.</summary>
public static class DataJudge
{
    /// <summary>The received bytes are those due, as far as they go, and all that the scenario waited for came.</summary>
    public static Verdict Echoed(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (Same(evidence, story) is { } difference) return difference;
            if (story.EndOfFileAt is { } end && story.ShutAt < end && !story.AllCame) return new Verdict.Violation($"{Due(story)} before the end of file", $"{Came(story)}, at {Judges.Name(evidence, end)}", end);
        }

        return Served(evidence);
    }

    /// <summary>Every byte received is the byte due at its place; nothing is said of bytes that did not come, or came beyond.</summary>
    public static Verdict Unchanged(Evidence evidence) =>
        Story.All(evidence).Select(story => Same(evidence, story)).FirstOrDefault(difference => difference is not null) ?? Missing(evidence) ?? Verdict.Holds;

    /// <summary>Something comes back before the client ends its side; whether it is the right thing is others' matter.</summary>
    public static Verdict AnswersWhileOpen(Evidence evidence) =>
        evidence.Trace.Connections.All(connection => connection.Received.IsEmpty) && Missing(evidence) is { } nothing ? nothing : Verdict.Holds;

    /// <summary>No byte came that is not due: no greeting of its own, no terminator, nothing twice.</summary>
    public static Verdict NothingAdded(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (ReplyMatch.Of(evidence.Service, story.Owed, story.Received, story.EndOfFileAt is not null) is not { ExtraAt: >= 0 and var at }) continue;
            var extra = story.Received[at..];
            return new Verdict.Violation(evidence.Service.IsEcho ? $"{at} bytes, as sent" : Due(story), $"{extra.Length} more: {Payload.Literal.Of(extra[..Math.Min(extra.Length, 64)])}") { Socket = story.Connection.Socket, Offset = at };
        }

        return Verdict.Holds;
    }

    /// <summary>Each legal step that asks for service got it: connected, took the data, brought the bytes. Ends and closes are others' matter.</summary>
    public static Verdict Served(Evidence evidence) =>
        evidence.FirstUnmet is var unmet and >= 0 && evidence.Scenario.Steps[unmet] is not (Step.Receive { Bytes: null } or Step.Close or Step.Abort or Step.CloseNotify) ? Unmet(evidence, unmet) : Verdict.Holds;

    /// <summary>After a half-close all that is due still comes, and only then the end.</summary>
    public static Verdict Drained(Evidence evidence)
    {
        foreach (var story in Story.All(evidence).Where(story => story.ShutAt is not null))
        {
            if (Same(evidence, story) is { } difference) return difference;
            if (story.AllCame || (story.ResetAt ?? story.EndOfFileAt ?? story.NoEndOfFileAt) is not { } at) continue;
            return new Verdict.Violation($"all {Due(story)}, then the target's FIN", $"{Came(story)}, then {Judges.Answer(evidence, at)}", at, story.NoEndOfFileAt is not null);
        }

        return Verdict.Holds;
    }

    /// <summary>Bytes of one connection do not turn up on another.</summary>
    public static Verdict NotMixed(Evidence evidence)
    {
        var stories = Story.All(evidence).ToList();
        foreach (var story in stories)
        {
            if (Same(evidence, story) is not { } difference) continue;
            var at = ReplyMatch.Of(evidence.Service, story.Owed, story.Received, story.EndOfFileAt is not null).DifferenceAt;
            var foreign = story.Received[at..Math.Min(story.Received.Length, at + 8)].ToArray();
            var owner = foreign.Length < 4 ? null : stories.FirstOrDefault(other => other != story && other.Due is { } due && due.AsSpan().IndexOf(foreign) >= 0);
            return owner is null ? difference : new Verdict.Violation($"on connection #{story.Connection.Socket} its own bytes", $"at offset {at} bytes of connection #{owner.Connection.Socket}: {Payload.Literal.Of(foreign)}") { Socket = story.Connection.Socket, Offset = at };
        }

        return Served(evidence);
    }

    /// <summary>The violation that a legal step was not met.</summary>
    internal static Verdict.Violation Unmet(Evidence evidence, int step)
    {
        var absence = evidence.Trace.Outcomes[step].Result == StepResult.TimedOut;
        var expected = evidence.Scenario.Steps[step] switch
        {
            Step.Receive { Bytes: { } bytes } receive => evidence.Service.IsEcho ? $"{bytes} bytes back on #{receive.Socket}" : $"{bytes} bytes on #{receive.Socket}",
            Step.ReceiveMessages { Count: 1 } receive => $"a {receive.Framing} on #{receive.Socket}",
            Step.ReceiveMessages receive => $"{receive.Count} replies on #{receive.Socket}, each a {receive.Framing}",
            Step.Send send => $"the target takes all {send.Data.Size} bytes on #{send.Socket}",
            Step.Connect connect => $"connection #{connect.Socket} is accepted",
            Step.Handshake handshake => $"the TLS handshake on #{handshake.Socket} comes through",
            var other => $"{other}: done",
        };
        return new Verdict.Violation(expected, $"{Judges.Answer(evidence, step)} at step {step + 1} of {evidence.Scenario.Steps.Length}", step, absence);
    }

    /// <summary>Bytes that the scenario waited for on an open connection and that did not come; ends and closes are others' matter.</summary>
    internal static Verdict? Missing(Evidence evidence)
    {
        var unmet = evidence.FirstUnmet;
        return unmet >= 0 && evidence.Scenario.Steps[unmet] is Step.Receive { Bytes: not null } or Step.ReceiveMessages or Step.Send ? Unmet(evidence, unmet) : null;
    }

    private static Verdict.Violation? Same(Evidence evidence, Story story) =>
        ReplyMatch.Of(evidence.Service, story.Owed, story.Received, story.EndOfFileAt is not null) is { DifferenceAt: >= 0 and var at, Expected: var expected }
            ? new Verdict.Violation($"at offset {at} {expected}", $"{Payload.Literal.Of(story.Received[at..Math.Min(story.Received.Length, at + 16)])} ({story.Received.Length} bytes in all)") { Socket = story.Connection.Socket, Offset = at } : null;

    private static string Due(Story story) => story.Due is { } due ? $"{due.Length} bytes" : $"{story.Owed.Due.Length} replies";

    private static string Came(Story story) => story.Due is not null ? $"{story.Received.Length} of them" : $"{story.Received.Length} bytes";
}
