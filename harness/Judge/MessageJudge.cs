using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>Messages that are too long, or that lie about their length: what the limits of the spec say of them.</summary>
public static class MessageJudge
{
    private const long Tolerated = 24 << 20, ToleratedOfCollected = 40 << 20;

    /// <summary>After a message that is none, seen by the steps that await the reaction: an error reply, a reply to what was cut off, or the end.</summary>
    public static Verdict RefusedAsTheSpecSays(Evidence evidence)
    {
        var awaited = evidence.Scenario.Steps.Index().Where(entry => entry.Item is Step.Await && evidence.Trace.Outcomes[entry.Index].Result != StepResult.NotRun).Select(entry => entry.Index).ToList();
        if (awaited.Count == 0) return DataJudge.Served(evidence);
        var outcomes = awaited.Select(index => evidence.Trace.Outcomes[index]).ToList();
        var ended = outcomes.Any(outcome => outcome.Result == StepResult.EndOfFile || outcome.Is("ECONNRESET", "EPIPE"));
        var verdict = evidence.Service.Oversize switch
        {
            Oversize.Close when !ended => Violation("the server ends the connection"),
            Oversize.ErrorReply when outcomes[0].Result != StepResult.Done => Violation("an error reply"),
            Oversize.Truncate when outcomes[0].Result != StepResult.Done => Violation("a reply to the part that fits"),
            _ => null,
        };
        return verdict ?? Judges.All(DataJudge.Unchanged, DataJudge.NothingAdded, LifeJudge.Survives)(evidence);

        Verdict.Violation Violation(string expected) => new(
            $"{expected} (limits: oversize)", string.Join(", then ", awaited.Select(index => evidence.Trace.Outcomes[index].Result == StepResult.Done ? $"a {evidence.Service.Reply}" : Judges.Answer(evidence, index))), awaited[0],
            outcomes.Any(outcome => outcome.Result == StepResult.TimedOut));
    }

    /// <summary>A reply comes while the connection is open; a greeting is none.</summary>
    public static Verdict AnswersWhileOpen(Evidence evidence)
    {
        if (evidence.Service.Greeting is null) return DataJudge.AnswersWhileOpen(evidence);
        var unmet = evidence.FirstUnmet;
        return unmet >= 0 && evidence.Scenario.Steps[unmet] is Step.ReceiveMessages receive && evidence.Scenario.Steps.Take(unmet).Any(step => step is Step.Send send && send.Socket == receive.Socket) ? DataJudge.Unmet(evidence, unmet) : Verdict.Holds;
    }

    /// <summary>Between the first and the last look at the process its memory has not grown with what was sent.</summary>
    public static Verdict CostsNoMemory(Evidence evidence)
    {
        if (evidence.Trace.Samples is not [var before, .., var after]) return evidence.Target.End is not null ? LifeJudge.KeepsRunning(evidence) : new Verdict.NotObservable("the memory of the process cannot be seen");
        var sent = evidence.Trace.Connections.Sum(connection => (long)connection.Accepted);
        return after.Memory - before.Memory <= (after.Collected ? ToleratedOfCollected : Tolerated)
            ? LifeJudge.Survives(evidence)
            : new Verdict.Violation("memory does not grow with a message that is too long", $"{(after.Memory - before.Memory) >> 20} MiB more after {sent >> 10} KiB were sent", after.Step);
    }

    /// <summary>The end of file that a rule (then: close) or the spec promises comes after the reply.</summary>
    public static Verdict ClosesAfterReply(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (story.Owed.Closes && story.NoEndOfFileAt is { } at) return new Verdict.Violation("the server ends the connection after this reply", $"{Judges.Answer(evidence, at)} at {Judges.Name(evidence, at)}", at, Absence: true);
        }

        return DataJudge.Unchanged(evidence);
    }

    /// <summary>What is no whole message is not answered as if it were one.</summary>
    public static Verdict NotAnswered(Evidence evidence) => Judges.All(DataJudge.NothingAdded, LifeJudge.Survives)(evidence);

    /// <summary>The server answers as the spec says where it says anything, and lives and serves others in any case.</summary>
    public static Verdict AnswersWhereItIsTold(Evidence evidence) => Judges.All(DataJudge.Unchanged, LifeJudge.Survives)(evidence);
}
