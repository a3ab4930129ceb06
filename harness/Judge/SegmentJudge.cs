using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What the target's TCP made of the segments of a TCP of the harness's own (RFC 9293 §3.10.7, RFC 5961). Ordinary connections are others' matter.</summary>
public static class SegmentJudge
{
    private const int PredictableStep = 1 << 20;

    /// <summary>Every rule that there is, and that all open connections go on: for any scenario.</summary>
    public static Verdict Lawful(Evidence evidence) => Judged(evidence, Judges.All(seen => Reactions(seen, null), Unharmed, Stream, Window));

    /// <summary>The rule of one requirement, and that the connection goes on where it must.</summary>
    public static Func<Evidence, Verdict> Rule(string id) => evidence => Judged(evidence, Judges.All(seen => Reactions(seen, id), Unharmed, Stream));

    /// <summary>The stream that comes back is one that was sent, within the window; and what is due comes, again if need be.</summary>
    public static Verdict Delivers(Evidence evidence) => Judged(evidence, Judges.All(Stream, Window, GoesOn, Unharmed));

    /// <summary>No two first numbers of the target follow from each other (RFC 6528 §3).</summary>
    public static Verdict Unpredictable(Evidence evidence) => Judged(evidence, seen =>
    {
        var numbers = seen.Trace.Crafted.Select(crafted => crafted.Flow.FromServer.FirstOrDefault(segment => segment.Is(SegmentKind.SynAck))).OfType<Segment>().Select(segment => segment.Sequence).ToList();
        if (numbers.Count < 4) return Verdict.Holds;
        var steps = numbers.Zip(numbers.Skip(1), (a, b) => unchecked((int)(b - a))).ToList();
        var near = steps.Count(step => Math.Abs((long)step) < PredictableStep);
        return near * 2 > steps.Count || steps.Distinct().Count() == 1
            ? new Verdict.Violation("initial sequence numbers that an outsider cannot guess", $"{string.Join(", ", numbers)}: each follows from the one before") : Verdict.Holds;
    });

    private static Verdict Judged(Evidence evidence, Func<Evidence, Verdict> judge) => Observed(evidence, Judges.WhileAlive(judge));

    /// <summary>Without a wire nothing can be said.</summary>
    public static Verdict Observed(Evidence evidence, Func<Evidence, Verdict> judge)
    {
        for (var i = 0; i < evidence.Scenario.Steps.Length; i++)
        {
            if (evidence.Scenario.Steps[i] is Step.Craft && evidence.Trace.Outcomes[i] is { Result: StepResult.Failed, Errno: null, Detail: { } why }) return new Verdict.NotObservable(why);
        }

        return judge(evidence);
    }

    /// <param name="id">Only the rule of this requirement; null for all.</param>
    private static Verdict Reactions(Evidence evidence, string? id)
    {
        foreach (var crafted in evidence.Trace.Crafted)
        {
            var known = new Connection(crafted);
            var segments = crafted.Flow.Segments;
            for (var i = 0; i < segments.Length; i++)
            {
                var segment = segments[i];
                if (!segment.FromClient)
                {
                    if (segment.Length > 0 && known.Phase is Phase.Listen or Phase.SynReceived && id is null or "tcp/segments/data-before-established")
                        return new Verdict.Violation("no data before the handshake is over", $"{segment}", LastStep(crafted, i));
                    known.Take(segment);
                    continue;
                }

                var inject = Injected(evidence, crafted, i);
                var rule = inject is null ? null : SegmentRules.For(known, segment, inject);
                if (rule is not null && (id is null || rule.Id == id) && Answered(evidence, crafted, i, known, rule) is { } violation) return violation;
                known.Put(segment, inject is { BadChecksum: true }, rule);
            }
        }

        return Verdict.Holds;
    }

    /// <summary>The answers to one segment are those that came before the next of ours.</summary>
    private static Verdict.Violation? Answered(Evidence evidence, CraftedTrace crafted, int index, Connection known, SegmentRule rule)
    {
        var (sent, step) = (crafted.Flow.Segments[index], crafted.Steps[index]);
        var came = crafted.Flow.Segments.Skip(index + 1).TakeWhile(segment => !segment.FromClient).ToList();
        if (came.Find(one => (one.Has(TcpFlags.Rst) || one.Has(TcpFlags.Syn) || one.Is(SegmentKind.Ack)) && !IsAgain(known, one) && !rule.Allows(one)) is { } wrong)
            return new Verdict.Violation($"{rule.Expected} for {Judges.Name(evidence, step)}", $"{wrong} for {sent}", step);
        return rule.MustAnswer && !came.Exists(one => rule.Allows(one)) && WaitedInVain(evidence, step)
            ? new Verdict.Violation($"{rule.Expected} for {Judges.Name(evidence, step)}", $"no such answer to {sent}", step, Absence: true) : null;
    }

    /// <summary>A SYN, or a SYN+ACK, that is sent again, unasked, because nobody has acknowledged it.</summary>
    private static bool IsAgain(Connection known, Segment answer) => answer.Sequence == known.TheirInitial && known.Phase switch
    {
        Phase.Listen or Phase.Closed => false,
        Phase.SynSent => answer.Is(SegmentKind.Syn),
        _ => answer.Is(SegmentKind.SynAck),
    };

    /// <summary>The next step of the socket waited for an answer that did not come.</summary>
    private static bool WaitedInVain(Evidence evidence, int step)
    {
        var socket = evidence.Scenario.Steps[step].On;
        var next = Enumerable.Range(step + 1, evidence.Scenario.Steps.Length - step - 1).FirstOrDefault(i => evidence.Scenario.Steps[i].On == socket, -1);
        return next >= 0 && evidence.Scenario.Steps[next] is Step.Expect { AnyOf.IsEmpty: false } && evidence.Trace.Outcomes[next].Result == StepResult.TimedOut;
    }

    /// <summary>An honest step on such a socket did what it should: what was injected has not harmed the connection.</summary>
    private static Verdict Unharmed(Evidence evidence) =>
        evidence.FirstUnmet is var unmet and >= 0 && evidence.Scenario.Steps[unmet] is Step.Connect or Step.Send or Step.Receive { Bytes: not null } or Step.ReceiveMessages
            && evidence.Trace.Crafted.Any(crafted => crafted.Socket == evidence.Scenario.Steps[unmet].On) ? DataJudge.Unmet(evidence, unmet) : Verdict.Holds;

    /// <summary>Of an echo: each byte that comes back was sent at its place, by a segment that could be accepted; urgent bytes may be left out.</summary>
    private static Verdict Stream(Evidence evidence)
    {
        if (!evidence.Service.IsEcho) return Verdict.Holds;
        foreach (var crafted in evidence.Trace.Crafted)
        {
            var story = new StreamStory(evidence, crafted);
            if (story.Wrong is { } at)
                return new Verdict.Violation($"at offset {at.Offset} of what comes back on #{crafted.Socket} a byte that an acceptable segment carried there", $"{Payload.Literal.Of([at.Byte])} in {at.Segment}", at.Step);
        }

        return Verdict.Holds;
    }

    /// <summary>No more than our window, save one byte that probes it when it is closed (RFC 9293 §3.8.6.1).</summary>
    private static Verdict Window(Evidence evidence)
    {
        foreach (var crafted in evidence.Trace.Crafted)
        {
            uint? edge = null;
            var window = 0;
            foreach (var (segment, index) in crafted.Flow.Segments.Select((segment, index) => (segment, index)))
            {
                if (segment.FromClient)
                {
                    window = segment.Window;
                    var offered = unchecked(segment.Acknowledgment + segment.Window);
                    if (segment.Has(TcpFlags.Ack) && !segment.Has(TcpFlags.Rst) && Injected(evidence, crafted, index) is null or { BadChecksum: false, Acknowledgment: 0 } && (edge is null || unchecked((int)(offered - edge.Value)) > 0)) edge = offered;
                }
                else if (segment.Length > 0 && edge is { } most && unchecked((int)(segment.Sequence + (uint)segment.Length - most)) > (window == 0 ? 1 : 0))
                {
                    return new Verdict.Violation($"nothing beyond our window, which ends before {most}", $"{segment}", LastStep(crafted, index));
                }
            }
        }

        return Verdict.Holds;
    }

    /// <summary>Of an echo: while something is due, or not acknowledged by us, the target speaks again.</summary>
    private static Verdict GoesOn(Evidence evidence)
    {
        if (!evidence.Service.IsEcho) return Verdict.Holds;
        for (var i = 0; i < evidence.Scenario.Steps.Length; i++)
        {
            if (evidence.Scenario.Steps[i] is not Step.Expect { AnyOf.IsEmpty: false } expect || evidence.Trace.Outcomes[i].Result != StepResult.TimedOut) continue;
            if (evidence.Trace.Crafted.FirstOrDefault(crafted => crafted.Socket == expect.Socket) is { } crafted && new StreamStory(evidence, crafted, before: i) is { IsOwed: true } story)
                return new Verdict.Violation($"{string.Join(" or ", expect.AnyOf).ToUpperInvariant()}: {story.Owed}", $"{Judges.Answer(evidence, i)} at {Judges.Name(evidence, i)}", i, Absence: true);
        }

        return Verdict.Holds;
    }

    /// <summary>What a segment of ours was injected as; null for an honest one.</summary>
    internal static Step.Inject? Injected(Evidence evidence, CraftedTrace crafted, int index) =>
        crafted.Steps[index] is >= 0 and var step && step < evidence.Scenario.Steps.Length ? evidence.Scenario.Steps[step] as Step.Inject : null;

    /// <summary>The step that sent the last segment of ours before this one.</summary>
    internal static int LastStep(CraftedTrace crafted, int index) => crafted.Steps.Take(index).LastOrDefault(step => step >= 0, 0);
}

/// <summary>Both streams of a connection to an echo server: what could be delivered to it, and what came back.</summary>
internal sealed class StreamStory
{
    private readonly SortedDictionary<int, HashSet<byte>> sent = [];
    private readonly HashSet<int> urgent = [];

    /// <param name="before">Only what happened until this step; null for all.</param>
    public StreamStory(Evidence evidence, CraftedTrace crafted, int? before = null)
    {
        var known = new Connection(crafted);
        var places = new HashSet<int> { 0 };
        var (back, told) = (0, 0u);
        for (var i = 0; i < crafted.Flow.Segments.Length; i++)
        {
            var segment = crafted.Flow.Segments[i];
            if (known.Phase == Phase.Over) break;
            if (segment.FromClient)
            {
                if (before is { } limit && crafted.Steps[i] > limit) break;
                var inject = SegmentJudge.Injected(evidence, crafted, i);
                var rule = inject is null ? null : SegmentRules.For(known, segment, inject);
                if (inject is not { BadChecksum: true }) Note(known, segment, inject?.Urgent ?? 0);
                known.Put(segment, inject is { BadChecksum: true }, rule);
                if (segment.Has(TcpFlags.Ack) && !segment.Has(TcpFlags.Rst) && segment.Acknowledgment == known.TheirNext) told = known.TheirNext;
                continue;
            }

            known.Take(segment);
            var offset = unchecked((int)(segment.Sequence - known.TheirInitial - 1));
            if (segment.Length == 0 || known.Phase is not (Phase.SynReceived or Phase.Synchronized) || offset > back || offset + segment.Length <= back) continue;
            foreach (var one in DataOf(segment)[(back - offset)..])
            {
                places = [.. places.SelectMany(Reached).Where(place => sent.TryGetValue(place, out var bytes) && bytes.Contains(one)).Select(place => place + 1)];
                if (places.Count == 0)
                {
                    Wrong = (back, one, segment, SegmentJudge.LastStep(crafted, i));
                    return;
                }

                back++;
            }
        }

        var delivered = unchecked((int)(known.Acknowledged - known.StreamStart));
        var unheard = known.Phase == Phase.Synchronized && told != known.TheirNext;
        IsOwed = known.Phase == Phase.Synchronized && (unheard || delivered > unchecked((int)(known.TheirNext - known.TheirInitial - 1)));
        Owed = unheard ? "what we have not acknowledged is sent again" : "what is due is sent, or our window is probed";
    }

    /// <summary>The first byte that should not have come back there.</summary>
    public (int Offset, byte Byte, Segment Segment, int Step)? Wrong { get; }

    /// <summary>The target has accepted more than has come back, or we have not acknowledged what did.</summary>
    public bool IsOwed { get; }

    public string Owed { get; } = "";

    private IEnumerable<int> Reached(int place)
    {
        yield return place;
        for (var skipped = place; urgent.Contains(skipped); skipped++) yield return skipped + 1;
    }

    /// <summary>What a segment puts into the stream, if the target may accept it.</summary>
    private void Note(Connection known, Segment segment, int pointer)
    {
        var opens = known.Phase == Phase.Listen && segment.Has(TcpFlags.Syn);
        var start = opens ? segment.Sequence + 1 : known.StreamStart;
        var offset = unchecked((int)(segment.Sequence - start)) + (opens ? 1 : 0);
        var done = opens ? 0 : unchecked((int)(known.Next - start));
        if (segment.Has(TcpFlags.Rst)) return;
        if (!opens)
        {
            if (known.Phase is not (Phase.SynReceived or Phase.Synchronized) || !segment.Has(TcpFlags.Ack) || segment.Has(TcpFlags.Syn)) return;
            if (unchecked((int)(segment.Acknowledgment - known.TheirNext)) > 0 || offset > done + known.TheirRoomAtMost) return;
        }

        foreach (var (index, one) in DataOf(segment).Index())
        {
            if (offset + index < done) continue; // it has this one already
            if (!sent.TryGetValue(offset + index, out var bytes)) sent[offset + index] = bytes = [];
            bytes.Add(one);
        }

        // The pointer is to the urgent byte or to the one behind it: stacks never agreed (RFC 6093 §3.1). It may be to one that comes later.
        if (segment.Has(TcpFlags.Urg)) urgent.UnionWith([offset + pointer - 1, offset + pointer]);
    }

    private static byte[] DataOf(Segment segment)
    {
        FrameDecoder.Decode(LinkType.Ethernet, segment.Frame.Span, segment.Frame.Length, out var facts);
        return segment.Frame.Slice(facts.PayloadOffset, Math.Max(0, facts.Captured)).ToArray();
    }
}
