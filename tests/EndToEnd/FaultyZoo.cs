using NUnit.Framework;
using SockConformance.Api;
using SockConformance.Suites;
using SockConformance.Tests.Stacks;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Programs with one defect each are caught by the requirement that is meant for it, and for each requirement there is one: no blind spot.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class FaultyZoo
{
    /// <summary>Each so many of them are checked with all requirements, too.</summary>
    private const int WholeEach = 36;

    /// <summary>Requirements that no program can violate without violating a more special one first.</summary>
    private static readonly Dictionary<string, string> NeverAlone = new()
    {
        ["tcp/survive/illegal-step"] = "a server sees only the legal part of such a program, so what trips here trips in tcp/random/legal-program, too",
    };

    [TestCaseSource(nameof(Faulty))]
    public async Task A_faulty_program_is_caught(string name)
    {
        var role = TargetProgram.Role.Named("faulty", name);
        using var place = new Workplace();
        var filters = role.Trips.SelectMany(id => (string[])["--filter", id]);
        var outcome = await new Sockconf(place).Run(["check", .. role.Options, "--report", place.Report, "--seed", "1", "--no-shrink", "--retries", "1", "--timeout", "1s", "--max-time", "40s", .. filters, "--", .. role.Command]);
        Assert.That(outcome.Results.Violated, Does.Contain(role.Trips[0]), outcome.ToString);
        Assert.That(outcome.Exit, Is.EqualTo(outcome.Results.Verdicts.Values.Contains("fail") ? 1 : 0), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [TestCaseSource(nameof(SomeFaulty))]
    public async Task A_faulty_program_is_caught_in_a_whole_run(string name)
    {
        var role = TargetProgram.Role.Named("faulty", name);
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", .. role.Options, "--report", place.Report, "--seed", "1", "--max-time", "30s", "--", .. role.Command]);
        Assert.That(outcome.Results.Violated, Is.Not.Empty, outcome.ToString);
        Assert.That(outcome.Exit, Is.EqualTo(outcome.Results.Verdicts.Values.Contains("fail") ? 1 : 0).Or.EqualTo(7), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [Test]
    public void Each_requirement_has_a_faulty_program_of_its_own()
    {
        var known = Catalogue.Book.Requirements.Select(requirement => requirement.Id).Where(id => Points.Find(id) is null).ToList();
        var trips = TargetProgram.All("faulty").SelectMany(program => program.Roles).Select(role => role.Trips).ToList();
        Assert.That(known, Has.Count.AtLeast(120));
        Assert.That(trips.Select(ids => ids.Count), Is.All.Positive, "faulty programs that do not say what they violate");
        var ofStacks = WrongStack.Defects.Select(defect => $"tcp/segments/{defect.Trips}"); // what no program can do: its kernel makes the segments
        Assert.That(known.Except(NeverAlone.Keys).Except(ofStacks).Except(Fuzzing.Tripped).Except(trips.Select(ids => ids[0])), Is.Empty, "requirements that no faulty program is about");
        Assert.That(trips.SelectMany(ids => ids).Distinct().Except(known), Is.Empty, "faulty programs that speak of requirements that do not exist");
    }

    private static IEnumerable<string> Faulty() => TargetProgram.In("faulty").SelectMany(program => program.Roles).Select(role => role.Name);

    private static IEnumerable<string> SomeFaulty() => Faulty().Where((_, index) => index % WholeEach == 0);
}
