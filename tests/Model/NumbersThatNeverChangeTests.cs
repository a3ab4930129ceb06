using System.Collections.Immutable;
using NUnit.Framework;
using SockConformance.Cli;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Suites;

namespace SockConformance.Tests.Model;

/// <summary>Saved cases, their names and parts of runs rest on these: what one version has written, each later one must understand.</summary>
public class NumbersThatNeverChangeTests
{
    // Computed by an implementation in another language; the numbers of 1234567 are often published.
    [TestCase(0ul, 16294208416658607535, 7960286522194355700ul, 487617019471545679ul)]
    [TestCase(1234567ul, 6457827717110365317ul, 3203168211198807973ul, 9817491932198370423)]
    public void The_generator_draws_what_splitmix64_draws(ulong seed, ulong first, ulong second, ulong third)
    {
        var numbers = new SplitMix(seed);
        Assert.That((ulong[])[numbers.Next(), numbers.Next(), numbers.Next()], Is.EqualTo([first, second, third]));
    }

    // The first three are published with the definition of FNV.
    [TestCase("", 0x811c9dc5u)]
    [TestCase("a", 0xe40c292cu)]
    [TestCase("foobar", 0xbf9cf968u)]
    [TestCase("é", 0x1e9de8c1u)]
    public void The_hash_is_FNV_1a(string text, uint hash) => Assert.That(Fnv1a.Of(text), Is.EqualTo(hash));

    [Test]
    public void A_case_is_named_by_the_hash_of_its_text() => Assert.That(CaseFile.IdOf("tcp/close/server-waits-for-client", "foobar"), Is.EqualTo("tcp-close-server-waits-for-client-bf9cf968"));

    [TestCase(1, false)]
    [TestCase(2, false)]
    [TestCase(3, true)]
    [TestCase(4, false)]
    public void A_requirement_is_in_the_part_that_its_hash_says(int part, bool there)
    {
        ImmutableArray<Demand> one = [.. Catalogue.Echo.Requirements.Where(requirement => requirement.Id == "tcp/close/server-waits-for-client")];
        Assert.That(one, Has.Length.EqualTo(1));
        Assert.That(Partition.Read($"hash:{part}/4")!.Of(one).Length, Is.EqualTo(there ? 1 : 0)); // its hash is 96c94d6e
    }
}
