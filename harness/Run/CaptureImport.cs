using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Run;

/// <summary>A captured conversation as something to replay.</summary>
/// <param name="Suite">What the run is judged by: the recorded failure itself first, then what is always judged.</param>
/// <param name="Requirement">What must no longer be violated.</param>
/// <param name="Recorded">What the target said and did in the capture.</param>
internal sealed record CaptureImport(Scenario Scenario, Suite Suite, Requirement Requirement, ImmutableArray<RecordedReply> Recorded)
{
    /// <summary>The name of the spec of a case that was made from a capture and has none.</summary>
    public const string NoSpec = "captured";

    private const string Id = "captured/failure";

    /// <summary>By a spec: a violation is the recorded one if the target does what it did.</summary>
    /// <param name="shown">The requirement that the capture says it is evidence of; null where it says nothing, or nothing that is known.</param>
    public static CaptureImport By(Suite suite, Scenario seen, ImmutableArray<RecordedReply> recorded, string? shown)
    {
        var scenario = FairScenario.For(seen, suite.Service);
        if (suite.Requirements.FirstOrDefault(one => one.Id == shown) is { } named) return new CaptureImport(scenario, suite, named, recorded);
        var always = suite.Requirements.Where(one => one.Always).ToImmutableArray();
        Func<Evidence, Verdict> due = suite.Service.Transport == Transport.Udp ? DueDatagrams : DueBytes;
        var any = AnyViolation([due, .. always.Select(one => one.Judge)]);
        var own = Demanded("the server does as its spec says in the captured conversation", evidence =>
            any(evidence) is Verdict.Violation violation && RecordedScenario.IsLike(evidence, recorded, asFarAsItWent: true) ? violation : any(evidence) is Verdict.Inconclusive unsure ? unsure : Verdict.Holds);
        var data = Demanded("what comes is what is due", due) with { Id = "captured/data", Always = true };
        return new CaptureImport(scenario, suite with { Requirements = [own, data, .. always] }, own, recorded);
    }

    /// <summary>
    /// Without a spec: the capture is taken to show a failure, and doing the same again is to fail again. Only where a capture can show nothing
    /// wrong (every byte came back, and the connection ended in order) is the same right, and something else is a change.
    /// </summary>
    /// <param name="neutral">A service that owes nothing: what is always judged of it is true of any server.</param>
    public static CaptureImport Without(Suite neutral, Scenario scenario, ImmutableArray<RecordedReply> recorded)
    {
        var faultless = IsFaultlessEcho(scenario, recorded);
        var told = RecordedScenario.Told(recorded, scenario.IsOfDatagrams);
        var own = Demanded("the server no longer does what the capture shows", evidence =>
            faultless || !RecordedScenario.IsLike(evidence, recorded) ? Verdict.Holds : new Verdict.Violation("something else than in the capture (name the spec that it breaks with --spec)", told));
        var same = Demanded("the server still does what was right in the capture", evidence =>
            !faultless || RecordedScenario.IsLike(evidence, recorded) ? Verdict.Holds : new Verdict.Violation($"as in the capture, where nothing was wrong: {told}", "something else"))
            with
        { Id = "captured/same", Always = true };
        var service = neutral.Service with { Name = NoSpec };
        return new CaptureImport(scenario, neutral with { Name = NoSpec, Service = service, Requirements = [own, .. neutral.Requirements.Where(one => one.Always), same] }, own, recorded);
    }

    /// <summary>The first violation; else the first that is undecided: what a dead process leaves so is the matter of the judge of its life.</summary>
    private static Func<Evidence, Verdict> AnyViolation(ImmutableArray<Func<Evidence, Verdict>> judges) => evidence =>
    {
        var verdicts = judges.Select(judge => judge(evidence)).ToList();
        return verdicts.Find(verdict => verdict is Verdict.Violation) ?? verdicts.Find(verdict => verdict is not Verdict.Pass) ?? Verdict.Holds;
    };

    private static Verdict DueBytes(Evidence evidence) => Judges.All(Judges.WhileAlive(DataJudge.Unchanged), Judges.WhileAlive(DataJudge.NothingAdded))(evidence);

    private static Verdict DueDatagrams(Evidence evidence) => Judges.WhileAlive(Judges.All(
        DatagramJudge.StillBound, DatagramJudge.FromAskedPort, DatagramJudge.ToSender, DatagramJudge.RightAnswer, DatagramJudge.OnePerDatagram))(evidence);

    private static bool IsFaultlessEcho(Scenario scenario, ImmutableArray<RecordedReply> recorded) => recorded.All(reply => scenario.IsOfDatagrams
        ? reply.End == RecordedEnd.None && reply.Datagrams.Order(StringComparer.Ordinal).SequenceEqual(scenario.Steps.OfType<Step.Send>().Where(send => send.Socket == reply.Socket).Select(send => Convert.ToHexString(send.Data.ToBytes())).Order(StringComparer.Ordinal))
        : reply.End == RecordedEnd.EndOfFile && scenario.Steps.Any(step => step is Step.ShutdownWrite && step.On == reply.Socket) && reply.Hex == Convert.ToHexString(scenario.BytesSentOn(reply.Socket)));

    private static Requirement Demanded(string statement, Func<Evidence, Verdict> judge) => new()
    {
        Id = Id,
        Title = statement,
        Clause = "the capture",
        Statement = statement,
        Why = "what the capture shows is still so",
        Fix = "see the ladder of the capture: sockconf analyze FILE --flow N",
        JudgesClose = true,
        Judge = judge,
    };
}
