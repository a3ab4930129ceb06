using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class ShrinkerTests
{
    /// <summary>Scenarios of every kind there is, with every option that can be made simpler.</summary>
    private static Gen<Scenario> AnyScenario => Gen.OneOf(
        Programs.Legal(Speech.Echo), Programs.WithOneIllegalStep(Speech.Echo), Programs.Interleaved(Speech.Echo), Programs.CutExchange(Speech.Echo, Alphabet.Bytes, 500),
        Gen.Constant(new Scenario("a slow reader",
        [
            new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 100, ReadPause: 3), new Step.Idle(40),
            .. Talk.Exchange(0, Payload.Literal.Of("some words\n"u8), [3, 4], pause: 5), .. Talk.Finish(0),
        ])));

    [Test]
    public void Every_candidate_weighs_less() =>
        EachCandidate((original, candidate) => Assert.That(Shrinker.Weight(candidate), Is.LessThan(Shrinker.Weight(original))));

    [Test]
    public void Every_candidate_has_steps() => EachCandidate((_, candidate) => Assert.That(candidate.Steps, Is.Not.Empty));

    [Test]
    public void Every_candidate_has_as_many_illegal_steps_as_the_original() =>
        EachCandidate((original, candidate) => Assert.That(SocketModel.CountIllegal(candidate), Is.EqualTo(SocketModel.CountIllegal(original)), candidate.OneLine(99)));

    [Test]
    public void No_candidate_asks_a_faultless_server_for_the_impossible() =>
        EachCandidate((_, candidate) => Assert.That((Shrinker.IsFair(candidate, ServiceSpec.Echo), Fairness.WhyNot(candidate)), Is.EqualTo((true, (string?)null)), candidate.OneLine(99)));

    [Test]
    public void No_candidate_sends_or_asks_for_no_bytes() => EachCandidate((_, candidate) =>
    {
        Assert.That(candidate.Steps.OfType<Step.Send>().Select(send => send.Data.Size), Has.All.GreaterThan(0));
        Assert.That(candidate.Steps.OfType<Step.Receive>().Select(receive => receive.Bytes ?? 1), Has.All.GreaterThan(0));
    });

    // A connection left open at the end is another situation than one that its client ended.
    [Test]
    public void Whatever_is_left_of_a_connection_is_ended_as_it_was() => EachCandidate((original, candidate) =>
    {
        var ended = Ended(original).Intersect(candidate.Sockets);
        Assert.That(ended, Is.SubsetOf(Ended(candidate)), candidate.OneLine(99));
    });

    [Test]
    public void Waiting_for_bytes_that_were_not_sent_is_unfair() =>
        Assert.That(Shrinker.IsFair(Talk.Scenario("", Talk.Connect(0), [new Step.Send(0, Talk.Letters(5)), new Step.Receive(0, 6)]), ServiceSpec.Echo), Is.False);

    [Test]
    public void Waiting_for_the_end_before_ours_is_unfair() =>
        Assert.That(Shrinker.IsFair(Talk.Scenario("", Talk.Connect(0), [new Step.Receive(0, null)]), ServiceSpec.Echo), Is.False);

    [Test]
    public void Waiting_for_bytes_that_were_not_sent_is_unfair_beside_an_illegal_step_too() =>
        Assert.That(
            Shrinker.IsFair(Talk.Scenario("", Talk.Connect(0), Talk.Connect(0), [new Step.Send(0, Talk.Letters(5)), new Step.Receive(0, 6)]), ServiceSpec.Echo),
            Is.False);

    [Test]
    public void Nothing_is_smaller_than_one_connect() => Assert.That(Shrinker.Candidates(Talk.Scenario("", Talk.Connect(0)), ServiceSpec.Echo), Is.Empty);

    private static IEnumerable<int> Ended(Scenario scenario) =>
        scenario.Steps.Where(step => step is Step.Close or Step.Abort).Select(step => step.On!.Value);

    private static void EachCandidate(Action<Scenario, Scenario> check) => Law.Holds(AnyScenario, scenario =>
    {
        foreach (var candidate in Shrinker.Candidates(scenario, ServiceSpec.Echo)) check(scenario, candidate);
    }, times: 60);
}
