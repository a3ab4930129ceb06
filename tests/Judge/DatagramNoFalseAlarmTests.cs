using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Suites;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

/// <summary>What a faultless server does over UDP is never a violation, whichever requirement is asked and whatever was sent.</summary>
public class DatagramNoFalseAlarmTests
{
    private static readonly string[] Specs = ["echo-udp", "discard-udp", "daytime-udp", "time-udp", "chargen-udp"];

    private static IEnumerable<TestCaseData> Requirements =>
        from name in Specs
        from requirement in Catalogue.For(Mail.Spec(name)).Requirements
        where !requirement.Fixed.Any(scenario => scenario.Steps.Any(step => step is Step.Sample or Step.Stop)) // no socket tells of those
        select new TestCaseData(name, requirement).SetArgDisplayNames(name, requirement.Id);

    [TestCaseSource(nameof(Requirements))]
    public void A_faultless_server_passes_the_fixed_scenarios(string spec, Requirement requirement)
    {
        foreach (var scenario in requirement.Fixed)
            Assert.That(requirement.Judge(Mail.Of(scenario.Steps).To(Mail.Spec(spec))), Is.EqualTo(Verdict.Holds).Or.InstanceOf<Verdict.NotObservable>(), scenario.Situation);
    }

    [TestCaseSource(nameof(Requirements))]
    public void A_faultless_server_violates_nothing_in_random_programs(string spec, Requirement requirement)
    {
        var talk = Mail.Talk(spec);
        foreach (var generator in (FsCheck.Gen<Scenario>[])[DatagramPrograms.Exchanges(talk, 300), DatagramPrograms.Peers(talk), DatagramPrograms.Shuffled(talk), DatagramPrograms.Doubled(talk)])
        {
            foreach (var scenario in Law.Some(generator, 20))
                Assert.That(requirement.Judge(Mail.Of(scenario.Steps).To(talk.Service)), Is.Not.InstanceOf<Verdict.Violation>(), scenario.OneLine(99));
        }
    }

    [TestCaseSource(nameof(Requirements))]
    public void A_faultless_server_violates_nothing_in_programs_made_smaller(string spec, Requirement requirement)
    {
        foreach (var scenario in requirement.Fixed.Where(scenario => scenario.Steps.Length < 100 && Shrinker.Weight(scenario) < 100_000))
        {
            foreach (var candidate in Shrinker.Candidates(scenario, Mail.Spec(spec)).Take(60))
                Assert.That(requirement.Judge(Mail.Of(candidate.Steps).To(Mail.Spec(spec))), Is.Not.InstanceOf<Verdict.Violation>(), candidate.OneLine(99));
        }
    }

    [TestCaseSource(nameof(Requirements))]
    public void The_fixed_scenarios_are_legal_and_can_be_met(string spec, Requirement requirement)
    {
        foreach (var scenario in requirement.Fixed)
            Assert.That((SocketModel.CountIllegal(scenario), Shrinker.IsFair(scenario, Mail.Spec(spec))), Is.EqualTo((0, true)), scenario.Situation);
    }

    // More than a receive buffer holds could be lost by the kernel, and no server could help it.
    [TestCaseSource(nameof(Requirements))]
    public void What_is_sent_without_reading_fits_into_a_receive_buffer(string spec, Requirement requirement)
    {
        foreach (var scenario in requirement.Fixed) Assert.That(Flight.Most(scenario), Is.LessThan(Flight.ReceiveBuffer), $"{spec}: {scenario.Situation}");
    }
}
