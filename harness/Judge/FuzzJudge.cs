using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What holds of any sequence of primitives.</summary>
public static class FuzzJudge
{
    private const double Superlinear = 3;
    private static readonly TimeSpan Noteworthy = TimeSpan.FromMilliseconds(300), Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>The last client of the scenario does everything right, and is served.</summary>
    public static Verdict ServesAfter(Evidence evidence)
    {
        if (evidence.Scenario.Sockets is not [.., var visitor]) return Verdict.Holds;
        var (unmet, steps) = (evidence.FirstUnmet, evidence.Scenario.Steps);
        var inClear = evidence.Service.Tls is not null && !steps.Any(step => step is Step.Handshake on && on.Socket == visitor);
        return unmet >= 0 && !inClear && steps[unmet].On == visitor && steps[unmet] is not (Step.Receive { Bytes: null } or Step.CloseNotify) ? DataJudge.Unmet(evidence, unmet) : Verdict.Holds;
    }

    /// <summary>What came is what is due, and all that was waited for came; of connections on which the spec still tells.</summary>
    public static Verdict Replies(Evidence evidence)
    {
        foreach (var story in Story.All(evidence).Where(story => story.Owed is { Open: false, Broken: false }))
        {
            var match = ReplyMatch.Of(evidence.Service, story.Owed, story.Received, story.EndOfFileAt is not null);
            if (match.DifferenceAt is >= 0 and var at)
                return new Verdict.Violation($"at offset {at} {match.Expected}", $"{Payload.Literal.Of(story.Received[at..Math.Min(story.Received.Length, at + 16)])} ({story.Received.Length} bytes in all)") { Socket = story.Connection.Socket, Offset = at };
            if (match.ExtraAt is >= 0 and var extra)
                return new Verdict.Violation($"{extra} bytes", $"{story.Received.Length - extra} more: {Payload.Literal.Of(story.Received[extra..Math.Min(story.Received.Length, extra + 16)])}") { Socket = story.Connection.Socket, Offset = extra };
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    /// <summary>
    /// Of three connections, each with twice the request of the one before and a look at the processes on either side, the target's own processor time does not grow threefold twice.
    /// (Time on the clock would tell of the machine's other work.)
    /// </summary>
    public static Verdict NoSlowdown(Evidence evidence)
    {
        if (evidence.Trace.Samples is not [var start, var afterOne, var afterTwo, var afterFour]) return new Verdict.NotObservable("the processor time of the target is not seen");
        var (one, two, four) = (afterOne.Processor - start.Processor, afterTwo.Processor - afterOne.Processor, afterFour.Processor - afterTwo.Processor);
        return four >= Noteworthy && four > two * Superlinear && two + Tick > (one - Tick) * Superlinear
            ? new Verdict.Violation("twice the request, twice the time", $"{one.TotalMilliseconds:0} ms, {two.TotalMilliseconds:0} ms, {four.TotalMilliseconds:0} ms of the processor for one, two and four times the request", evidence.Scenario.Steps.Length - 1) : Verdict.Holds;
    }
}
