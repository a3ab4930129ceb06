using FsCheck;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class ProgramsTests
{
    private static IEnumerable<TestCaseData> LegalGenerators =>
    [
        new TestCaseData(Programs.Legal(Speech.Echo)).SetArgDisplayNames("random programs"),
        new TestCaseData(Programs.Interleaved(Speech.Echo)).SetArgDisplayNames("interleaved connections"),
        new TestCaseData(Programs.CutExchange(Speech.Echo, Alphabet.Letters, 4000)).SetArgDisplayNames("a message of letters, cut"),
        new TestCaseData(Programs.CutExchange(Speech.Echo, Alphabet.Bytes, 2000)).SetArgDisplayNames("a message of bytes, cut"),
    ];

    [TestCaseSource(nameof(LegalGenerators))]
    public void A_legal_program_has_no_illegal_step(Gen<Scenario> programs) =>
        Law.Holds(programs, scenario => Assert.That(SocketModel.CountIllegal(scenario), Is.Zero, scenario.OneLine(99)), times: 500);

    [TestCaseSource(nameof(LegalGenerators))]
    public void A_faultless_server_can_meet_every_step_of_a_legal_program(Gen<Scenario> programs) =>
        Law.Holds(programs, scenario =>
        {
            Assert.That(Shrinker.IsFair(scenario, ServiceSpec.Echo), Is.True, scenario.OneLine(99));
            Assert.That(Fairness.WhyNot(scenario), Is.Null, scenario.OneLine(99));
        }, times: 500);

    [TestCaseSource(nameof(LegalGenerators))]
    public void Every_connection_of_a_legal_program_is_brought_to_an_end(Gen<Scenario> programs) => Law.Holds(programs, scenario =>
    {
        foreach (var socket in scenario.Sockets)
            Assert.That(
                scenario.Steps.Last(step => step.On == socket),
                Is.InstanceOf<Step.Close>().Or.InstanceOf<Step.Abort>(),
                scenario.OneLine(99));
    });

    [TestCaseSource(nameof(LegalGenerators))]
    public void Every_generated_scenario_says_what_it_is_about(Gen<Scenario> programs) =>
        Law.Holds(programs, scenario => Assert.That(scenario.Situation, Is.Not.Empty), times: 20);

    [Test]
    public void Legal_programs_use_every_primitive_of_a_client()
    {
        var used = Law.Some(Programs.Legal(Speech.Echo), 200).SelectMany(scenario => scenario.Steps).Select(step => step.GetType()).Distinct();
        Assert.That(
            used,
            Is.SupersetOf([typeof(Step.Connect), typeof(Step.Send), typeof(Step.Receive), typeof(Step.ShutdownWrite), typeof(Step.Close), typeof(Step.Abort)]));
    }

    [Test]
    public void A_program_with_an_illegal_step_has_exactly_one() =>
        Law.Holds(Programs.WithOneIllegalStep(Speech.Echo), scenario => Assert.That(SocketModel.CountIllegal(scenario), Is.EqualTo(1), scenario.OneLine(99)), times: 500);

    [Test]
    public void A_faultless_server_can_meet_every_legal_step_beside_an_illegal_one() =>
        Law.Holds(Programs.WithOneIllegalStep(Speech.Echo), scenario => Assert.That(Fairness.WhyNot(scenario), Is.Null, scenario.OneLine(99)), times: 500);

    [Test]
    public void No_illegal_step_touches_a_closed_descriptor() => Law.Holds(Programs.WithOneIllegalStep(Speech.Echo), scenario =>
        Assert.That(SocketModel.Check(scenario).OfType<Legality.Illegal>().SelectMany(illegal => illegal.Allowed), Has.None.EqualTo("EBADF"), scenario.OneLine(99)), times: 500);

    [Test]
    public void After_an_illegal_step_a_whole_connection_must_still_work() => Law.Holds(Programs.WithOneIllegalStep(Speech.Echo), scenario =>
    {
        var illegal = SocketModel.Check(scenario).Select((legality, index) => (legality, index)).First(entry => entry.legality is Legality.Illegal).index;
        var newcomer = scenario.Sockets[^1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(scenario.Steps.Take(illegal).Any(step => step.On == newcomer), Is.False);
            Assert.That(scenario.Steps.Skip(illegal).Count(step => step.On == newcomer), Is.EqualTo(Talk.Visit(0, Talk.Text(1)).Count()));
        }
    });

    [Test]
    public void Illegal_steps_of_different_kinds_are_drawn()
    {
        var illegal = Law.Some(Programs.WithOneIllegalStep(Speech.Echo), 300).SelectMany(scenario => SocketModel.Check(scenario)).OfType<Legality.Illegal>();
        Assert.That(illegal.Select(step => step.Why).Distinct().Count(), Is.GreaterThanOrEqualTo(4));
    }
}
