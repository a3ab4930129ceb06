using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class DrawTests
{
    private static string Drawn(ulong seed, string requirement) =>
        string.Join('\n', Programs.Draw(Programs.Legal(Speech.Echo), seed, requirement, 10).Select(scenario => scenario.OneLine(99)));

    [Test]
    public void The_same_seed_draws_the_same_scenarios()
    {
        var before = Drawn(7, "tcp/random");
        Drawn(8, "tcp/other");
        Assert.That(Drawn(7, "tcp/random"), Is.EqualTo(before));
    }

    [Test]
    public void Another_seed_draws_others() =>
        Assert.That(Enumerable.Range(0, 20).Select(seed => Drawn((ulong)seed, "tcp/random")), Is.Unique);

    [Test]
    public void Another_requirement_draws_others() =>
        Assert.That(((string[])["a", "b", "ab", "ba", "tcp/random/legal-program"]).Select(id => Drawn(7, id)), Is.Unique);

    [Test]
    public void Fewer_cases_are_the_first_of_more()
    {
        var few = Programs.Draw(Programs.Legal(Speech.Echo), 7, "id", 5).Select(scenario => scenario.OneLine(99));
        var many = Programs.Draw(Programs.Legal(Speech.Echo), 7, "id", 10).Select(scenario => scenario.OneLine(99)).Take(5);
        Assert.That(few, Is.EqualTo(many));
    }

    [Test]
    public void As_many_are_drawn_as_were_asked_for() =>
        Assert.That(Programs.Draw(Programs.Interleaved(Speech.Echo), 1, "id", 37), Has.Count.EqualTo(37));

    [Test]
    public void None_are_drawn_where_none_were_asked_for() => Assert.That(Programs.Draw(Programs.Interleaved(Speech.Echo), 1, "id", 0), Is.Empty);
}
