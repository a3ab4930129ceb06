using NUnit.Framework;
using SockConformance.Cli;
using SockConformance.Model;
using SockConformance.Suites;

namespace SockConformance.Tests.Report;

public class PartitionTests
{
    [TestCase("slice", 1)]
    [TestCase("slice", 4)]
    [TestCase("hash", 4)]
    [TestCase("hash", 7)]
    [TestCase("slice", 500)]
    public void Together_the_parts_have_everything_and_share_only_what_others_rest_on(string kind, int parts)
    {
        var suite = Catalogue.Echo;
        var all = Enumerable.Range(1, parts).Select(number => Partition.Read($"{kind}:{number}/{parts}")!.Of(suite.Requirements, suite.ConcurrencyProbe)).ToList();
        var counted = all.SelectMany(part => part).CountBy(requirement => requirement.Id).ToDictionary();
        Assert.That(counted.Keys, Is.EquivalentTo(suite.Requirements.Select(requirement => requirement.Id)));
        foreach (var requirement in suite.Requirements)
        {
            var shared = requirement.Always || requirement.Id == suite.ConcurrencyProbe || suite.Requirements.Any(other => other.After == requirement.Id);
            Assert.That(counted[requirement.Id], Is.EqualTo(shared ? parts : 1), requirement.Id);
        }

        foreach (var part in all) Assert.That(part, Is.Ordered.Using<Requirement>((a, b) => suite.Requirements.IndexOf(a) - suite.Requirements.IndexOf(b)));
    }

    [Test]
    public void By_hash_a_new_requirement_moves_no_other()
    {
        var demands = Catalogue.Echo.Requirements.Cast<Demand>().ToList();
        var part = Partition.Read("hash:2/3")!;
        Assert.That(part.Of([.. demands.Skip(1)]), Is.EqualTo(part.Of([.. demands]).Where(demand => demand.Id != demands[0].Id)));
    }

    [TestCase("1/4")]
    [TestCase("slice:0/4")]
    [TestCase("slice:5/4")]
    [TestCase("slice:1/0")]
    [TestCase("hash:1/1001")]
    [TestCase("hash:1/2\n")]
    [TestCase("count:1/4")]
    public void Anything_else_is_refused(string text) => Assert.That(Assert.Throws<UsageException>(() => Partition.Read(text))!.Message, Does.StartWith("--partition"));
}
