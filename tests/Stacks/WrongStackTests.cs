using System.Net;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Suites;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Stacks;

/// <summary>The requirements of segments against a TCP that keeps the rules, and against the same with one defect: no false alarm, and no blind spot.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class WrongStackTests
{
    private const int Port = 7777, RandomCases = 150;
    private static readonly IPEndPoint Endpoint = new(IPAddress.Loopback, Port);

    /// <summary>What is waited for in vain is waited for a fifth of the time only.</summary>
    private static readonly Patience Brief = Patience.Default with { Reply = Patience.Default.Reply / 5, Connect = Patience.Default.Reply / 5 };

    private static readonly Patience Long = Patience.Default.Scaled(4);

    [TestCaseSource(nameof(Ids))]
    public void A_stack_that_keeps_the_rules_passes(string id)
    {
        foreach (var scenario in ScenariosOf(id, 15)) Of(id).Judge(Drive(scenario, null, Long)).MustHold();
    }

    [TestCaseSource(nameof(Words))]
    public void A_stack_with_a_defect_is_caught(string word)
    {
        var id = Id(WrongStack.Defects.Single(defect => defect.Word == word).Trips);
        Assert.That(ScenariosOf(id, RandomCases).Any(scenario => Of(id).Judge(Drive(scenario, word, Brief)) is Verdict.Violation), Is.True);
    }

    [Test]
    public void The_packets_are_saved_with_the_steps_that_sent_them()
    {
        var requirement = Of(Id("rst-in-window"));
        var evidence = Drive(requirement.Fixed[0], "near-reset", Brief);
        var violation = requirement.Judge(evidence).MustBeViolated();
        using var folder = new TempFolder();
        var files = FailureFiles.Save(folder.Path, Runs.Header, requirement, new ScenarioFailure(violation, evidence, new Shrinking(1, 1, 0), (1, 1)), new CaptureOrigin(LinkType.Ethernet, default), new ReportTrouble());
        var saved = File.ReadAllText(Path.Combine(folder.Path, files.Capture!), System.Text.Encoding.Latin1);
        Assert.That(saved, Does.Contain("#0 inject RST seq+1").And.Contain("#0 connect").And.Match("missing: expected|violates"));
        Assert.That(CaseFile.Read(Path.Combine(folder.Path, files.Case)).Scenario.Steps, Is.EqualTo(requirement.Fixed[0].Steps).Using<Step>((a, b) => $"{a}" == $"{b}"));
    }

    [Test]
    public void Without_a_wire_nothing_is_said()
    {
        var requirement = Of(Id("rst-in-window"));
        var scenario = requirement.Fixed[0];
        var trace = new ScenarioDriver(new DriveContext(Endpoint, ServiceSpec.Echo, Brief, Brief.Close, null) { Wire = new LazyWire(null) }, CancellationToken.None).Run(scenario);
        requirement.Judge(EvidenceOf(scenario, trace, Brief)).MustBeNotObservable();
    }

    [Test]
    public void A_smaller_scenario_of_a_failure_is_fair_and_legal()
    {
        foreach (var scenario in Ids().SelectMany(id => Of(id).Fixed))
        {
            Assert.That(SocketModel.CountIllegal(scenario), Is.Zero, scenario.Situation);
            foreach (var smaller in Shrinker.Candidates(scenario, ServiceSpec.Echo).Take(200)) Assert.That(Shrinker.IsFair(smaller, ServiceSpec.Echo), Is.True, () => smaller.OneLine());
        }
    }

    private static IEnumerable<string> Ids() => Catalogue.Echo.Requirements.Where(one => one.OnDemand && one.Subject == Subject.Stack).Select(one => one.Id);

    private static IEnumerable<string> Words() => WrongStack.Defects.Select(defect => defect.Word);

    private static string Id(string name) => $"tcp/segments/{name}";

    private static Requirement Of(string id) => Catalogue.Echo.Requirements.Single(one => one.Id == id);

    private static IEnumerable<Scenario> ScenariosOf(string id, int random) => Of(id) is { Random: { } generator } one ? one.Fixed.Concat(Programs.Draw(generator(), 1, id, random)) : Of(id).Fixed;

    private static Evidence Drive(Scenario scenario, string? defect, Patience patience)
    {
        using var wire = new LazyWire(() => new WrongStack(Port, defect));
        return EvidenceOf(scenario, new ScenarioDriver(new DriveContext(Endpoint, ServiceSpec.Echo, patience, patience.Close, null) { Wire = wire }, CancellationToken.None).Run(scenario), patience);
    }

    private static Evidence EvidenceOf(Scenario scenario, Trace trace, Patience patience) =>
        new(scenario, trace, [], [], CaptureState.None, new TargetState(Endpoint, Launched: true, End: null, Output: ""), patience, TimeSpan.Zero, Alone: true);
}
