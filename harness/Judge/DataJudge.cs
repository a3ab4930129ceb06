using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What comes back on a connection to an echo server (RFC 862): the bytes that were sent, unchanged, in order, once.</summary>
public static class DataJudge
{
    /// <summary>The received bytes are those sent, as far as they go, and all that the scenario waited for came.</summary>
    public static Verdict Echoed(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (Same(story) is { } difference) return difference;
            if (story.EndOfFileAt is { } end && story.ShutAt < end && story.Received.Length < story.Connection.Accepted)
                return new Verdict.Violation($"{story.Connection.Accepted} bytes before the end of file", $"{story.Received.Length} of them, at {Judges.Name(evidence, end)}", end);
        }

        return Served(evidence);
    }

    /// <summary>Every byte received is the byte sent at its place; nothing is said of bytes that did not come, or came beyond.</summary>
    public static Verdict Unchanged(Evidence evidence) =>
        Story.All(evidence).Select(story => Same(story)).FirstOrDefault(difference => difference is not null) ?? Missing(evidence) ?? Verdict.Holds;

    /// <summary>Something comes back before the client ends its side; whether it is the right thing is others' matter.</summary>
    public static Verdict AnswersWhileOpen(Evidence evidence) =>
        evidence.Trace.Connections.All(connection => connection.Received.IsEmpty) && Missing(evidence) is { } nothing ? nothing : Verdict.Holds;

    /// <summary>No byte came that was not sent: no greeting, no terminator, nothing twice.</summary>
    public static Verdict NothingAdded(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (story.Received.Length <= story.Connection.Accepted) continue;
            var extra = story.Received[story.Connection.Accepted..];
            return new Verdict.Violation($"{story.Connection.Accepted} bytes, as sent", $"{extra.Length} more: {Payload.Literal.Of(extra[..Math.Min(extra.Length, 64)])}");
        }

        return Verdict.Holds;
    }

    /// <summary>Each legal step that asks for service got it: connected, took the data, brought the bytes. Ends and closes are others' matter.</summary>
    public static Verdict Served(Evidence evidence) =>
        evidence.FirstUnmet is var unmet and >= 0 && evidence.Scenario.Steps[unmet] is not (Step.Receive { Bytes: null } or Step.Close or Step.Abort) ? Unmet(evidence, unmet) : Verdict.Holds;

    /// <summary>After a half-close all that was sent still comes, and only then the end.</summary>
    public static Verdict Drained(Evidence evidence)
    {
        foreach (var story in Story.All(evidence).Where(story => story.ShutAt is not null))
        {
            if (Same(story) is { } difference) return difference;
            if (story.Received.Length >= story.Connection.Accepted || (story.ResetAt ?? story.EndOfFileAt ?? story.NoEndOfFileAt) is not { } at) continue;
            return new Verdict.Violation(
                $"all {story.Connection.Accepted} bytes, then the target's FIN", $"{story.Received.Length} of them, then {Judges.Answer(evidence, at)}", at, story.NoEndOfFileAt is not null);
        }

        return Verdict.Holds;
    }

    /// <summary>Bytes of one connection do not turn up on another.</summary>
    public static Verdict NotMixed(Evidence evidence)
    {
        var stories = Story.All(evidence).ToList();
        foreach (var story in stories)
        {
            if (Same(story) is not { } difference) continue;
            var at = FirstDifference(story);
            var foreign = story.Received[at..Math.Min(story.Received.Length, at + 8)].ToArray();
            var owner = foreign.Length < 4 ? null : stories.FirstOrDefault(other => other != story && other.Sent.AsSpan().IndexOf(foreign) >= 0);
            return owner is null ? difference : new Verdict.Violation($"on connection #{story.Connection.Socket} its own bytes", $"at offset {at} bytes of connection #{owner.Connection.Socket}: {Payload.Literal.Of(foreign)}");
        }

        return Served(evidence);
    }

    private static Verdict.Violation Unmet(Evidence evidence, int step)
    {
        var absence = evidence.Trace.Outcomes[step].Result == StepResult.TimedOut;
        var expected = evidence.Scenario.Steps[step] switch
        {
            Step.Receive receive => $"{receive.Bytes} bytes back on #{receive.Socket}",
            Step.Send send => $"the target takes all {send.Data.Size} bytes on #{send.Socket}",
            Step.Connect connect => $"connection #{connect.Socket} is accepted",
            var other => $"{other}: done",
        };
        return new Verdict.Violation(expected, $"{Judges.Answer(evidence, step)} at step {step + 1} of {evidence.Scenario.Steps.Length}", step, absence);
    }

    /// <summary>Bytes that the scenario waited for on an open connection and that did not come; ends and closes are others' matter.</summary>
    private static Verdict? Missing(Evidence evidence)
    {
        var unmet = evidence.FirstUnmet;
        return unmet >= 0 && evidence.Scenario.Steps[unmet] is Step.Receive { Bytes: not null } or Step.Send ? Unmet(evidence, unmet) : null;
    }

    private static Verdict.Violation? Same(Story story)
    {
        var at = FirstDifference(story);
        if (at < 0) return null;
        return new Verdict.Violation($"at offset {at} {Excerpt(story.Sent, at)}", $"{Excerpt(story.Received, at)} ({story.Received.Length} bytes in all)");
    }

    private static Payload.Literal Excerpt(ReadOnlySpan<byte> bytes, int at) => Payload.Literal.Of(bytes[at..Math.Min(bytes.Length, at + 16)]);

    /// <summary>The first offset at which another byte came than was sent; -1 if there is none.</summary>
    private static int FirstDifference(Story story)
    {
        var common = Math.Min(story.Received.Length, story.Sent.Length);
        var same = story.Received[..common].CommonPrefixLength(story.Sent.AsSpan(0, common));
        return same < common ? same : -1;
    }
}
