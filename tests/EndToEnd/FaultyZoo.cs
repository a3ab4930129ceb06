using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Servers with one defect each are caught, and for each requirement there is one: no blind spot.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class FaultyZoo
{
    /// <summary>Requirements that no server can violate without violating a more special one first.</summary>
    private static readonly Dictionary<string, string> NeverAlone = new()
    {
        ["tcp/survive/illegal-step"] = "a server sees only the legal part of such a program, so what trips here trips in tcp/random/legal-program, too",
    };

    [TestCaseSource(nameof(Faulty))]
    public async Task A_faulty_server_is_caught(string name)
    {
        var program = TargetProgram.Named(Path.Combine("faulty", name));
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--seed", "1", .. Sockconf.Brief], program.Command);
        Assert.That(outcome.Results.Violated, Does.Contain(program.Trips[0]), outcome.ToString);
        Assert.That(outcome.Exit, Is.EqualTo(outcome.Results.Verdicts.Values.Contains("fail") ? 1 : 0), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Each_requirement_has_a_faulty_server_of_its_own()
    {
        using var place = new Workplace();
        var listed = await new Sockconf(place).Run("list", "--spec", "echo");
        var requirements = listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).ToList();
        var trips = Directory.EnumerateFiles(Path.Combine(Machine.Targets, "faulty")).Select(path => new TargetProgram(path).Trips).ToList();
        Assert.That(requirements, Is.Not.Empty);
        Assert.That(requirements.Except(NeverAlone.Keys).Except(trips.Select(ids => ids[0])), Is.Empty, "requirements that no faulty server is about");
        Assert.That(trips.SelectMany(ids => ids).Distinct().Except(requirements), Is.Empty, "faulty servers that speak of requirements that do not exist");
    }

    private static IEnumerable<string> Faulty() => TargetProgram.In("faulty").Select(program => program.Name);
}
