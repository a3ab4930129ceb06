using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Suites;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

/// <summary>What is asked of every service there is: legal programs, and nothing waited for that is not due.</summary>
public class ConversationTests
{
    private static IEnumerable<TestCaseData> Suites => Catalogue.Book.All().Where(suite => !suite.OfClients).Select(suite => new TestCaseData(suite).SetArgDisplayNames(suite.Name));

    private static IEnumerable<TestCaseData> StreamServices =>
        Catalogue.Book.All().Where(suite => suite is { OfClients: false, Service.Transport: Transport.Tcp }).Select(suite => new TestCaseData(suite.Service).SetArgDisplayNames(suite.Name));

    [TestCaseSource(nameof(Suites))]
    public void The_fixed_scenarios_are_legal_and_fair(Suite suite)
    {
        // What is due after segments of our own making, the rules of segments say.
        foreach (var requirement in suite.Requirements.Where(requirement => !requirement.OnDemand))
        {
            foreach (var scenario in requirement.Fixed)
                Assert.That((SocketModel.CountIllegal(scenario), Shrinker.IsFair(scenario, suite.Service)), Is.EqualTo((0, true)), $"{requirement.Id}: {scenario.Situation}: {scenario.OneLine(30)}");
        }
    }

    [TestCaseSource(nameof(Suites))]
    public void The_random_scenarios_are_fair(Suite suite)
    {
        foreach (var requirement in suite.Requirements.Where(requirement => requirement.Random is not null))
        {
            foreach (var scenario in Programs.Draw(requirement.Random!(), 7, requirement.Id, 40))
                Assert.That((SocketModel.CountIllegal(scenario) <= 1, Shrinker.IsFair(scenario, suite.Service)), Is.EqualTo((true, true)), $"{requirement.Id}: {scenario.OneLine(60)}");
        }
    }

    [TestCaseSource(nameof(StreamServices))]
    public void Of_a_server_that_serves_one_client_at_a_time_no_more_is_asked(ServiceSpec service)
    {
        var suite = Catalogue.For(service with { Clients = 1, SilentClientMustNotBlock = false });
        var scenarios = suite.Requirements.Where(requirement => !requirement.OnDemand).SelectMany(requirement =>
            requirement.Fixed.Concat(requirement.Random is { } random ? Programs.Draw(random(), 7, requirement.Id, 10) : []).Select(scenario => (requirement.Id, Scenario: scenario)));
        Assert.That(scenarios.Where(one => one.Scenario.OpenAtOnce > 1).Select(one => $"{one.Id}: {one.Scenario.Situation}"), Is.Empty);
        Assert.That(suite.Requirements, Has.Length.AtLeast(20));
        Assert.That(suite.Requirements.Where(requirement => requirement.Fixed.IsEmpty && requirement.Random is null).Select(requirement => requirement.Id), Is.Empty);
    }

    [TestCaseSource(nameof(Suites))]
    public void Each_requirement_is_told_whole_and_once(Suite suite)
    {
        Assert.That(suite.Requirements.Select(requirement => requirement.Id), Is.Unique);
        foreach (var requirement in suite.Requirements)
        {
            Assert.That((string[])[requirement.Title, requirement.Clause, requirement.Statement, requirement.Why, requirement.Fix], Is.All.Not.Empty, requirement.Id);
            Assert.That(requirement.Fixed.Length > 0 || requirement.Random is not null, Is.True, $"{requirement.Id} has no scenario");
            if (requirement.After is { } after) Assert.That(suite.Requirements.Select(one => one.Id), Does.Contain(after), $"{requirement.Id} comes after what is not there");
        }
    }

    [TestCaseSource(nameof(Suites))]
    public void What_is_tried_in_place_of_a_scenario_is_fair(Suite suite)
    {
        foreach (var scenario in suite.Requirements.SelectMany(requirement => requirement.Fixed).Where(scenario => scenario.Steps.Length < 40 && Shrinker.Weight(scenario) < 100_000))
        {
            foreach (var candidate in Shrinker.Candidates(scenario, suite.Service).Take(30)) Assert.That(Shrinker.IsFair(candidate, suite.Service), Is.True, candidate.OneLine(60));
        }
    }

    [Test]
    public void For_echo_its_phrases_are_those_of_talk()
    {
        Assert.That(Speech.Echo.Visit(0, 3, 20), Is.EqualTo(Talk.Visit(0, Talk.Text(20, 3))));
        Assert.That(Speech.Echo.WholeVisit(0, 3, 20), Is.EqualTo(Talk.WholeVisit(0, Talk.Text(20, 3))));
    }
}
