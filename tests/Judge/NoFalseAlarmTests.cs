using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Suites;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

/// <summary>What a faultless server does is never a violation, whichever requirement is asked and whatever the program was.</summary>
public class NoFalseAlarmTests
{
    private static IEnumerable<TestCaseData> Requirements =>
        from requirement in Catalogue.Echo.Requirements
        where !requirement.Fixed.Any(scenario => scenario.Steps.Any(step => step is Step.Sample or Step.Stop)) // no socket tells of those
        select new TestCaseData(requirement).SetArgDisplayNames(requirement.Id);

    [TestCaseSource(nameof(Requirements))]
    public void A_faultless_server_passes_the_fixed_scenarios(Requirement requirement)
    {
        foreach (var scenario in requirement.Fixed)
            Assert.That(requirement.Judge(Told.Of(scenario.Steps)), Is.EqualTo(Verdict.Holds), scenario.Situation);
    }

    [TestCaseSource(nameof(Requirements))]
    public void A_faultless_server_violates_nothing_in_random_programs(Requirement requirement)
    {
        foreach (var generator in (FsCheck.Gen<Scenario>[])[Programs.Legal(Speech.Echo), Programs.WithOneIllegalStep(Speech.Echo), Programs.Interleaved(Speech.Echo)])
        {
            foreach (var scenario in Law.Some(generator, 50))
                Assert.That(requirement.Judge(Told.Of(scenario.Steps)), Is.Not.InstanceOf<Verdict.Violation>(), scenario.OneLine(99));
        }
    }

    // Else shrinking would end at a program that every server fails, and the case file would blame the innocent.
    [TestCaseSource(nameof(Requirements))]
    public void A_faultless_server_violates_nothing_in_programs_made_smaller(Requirement requirement)
    {
        foreach (var scenario in requirement.Fixed.Where(scenario => scenario.Steps.Length < 100 && Shrinker.Weight(scenario) < 100_000))
        {
            foreach (var candidate in Shrinker.Candidates(scenario, ServiceSpec.Echo).Take(100))
                Assert.That(requirement.Judge(Told.Of(candidate.Steps)), Is.Not.InstanceOf<Verdict.Violation>(), candidate.OneLine(99));
        }
    }

    [TestCaseSource(nameof(Requirements))]
    public void The_fixed_scenarios_are_legal_and_can_be_met(Requirement requirement)
    {
        foreach (var scenario in requirement.Fixed)
            Assert.That((SocketModel.CountIllegal(scenario), Fairness.WhyNot(scenario)), Is.EqualTo((0, (string?)null)), scenario.Situation);
    }
}
