using NUnit.Framework;
using SockConformance.Api;
using SockConformance.Model;
using SockConformance.Spec;
using SockConformance.Suites;

namespace SockConformance.Tests.Api;

public class PointsTests
{
    [Test]
    public void The_table_is_in_the_order_of_its_points() =>
        Assert.That(Points.Table.Select(rule => rule.Point), Is.EqualTo(Enum.GetValues<Point>()));

    [Test]
    public void Ids_are_unique_and_found() => Assert.That(Points.Table.All(rule => Points.Find(rule.Id) == rule));

    [Test]
    public void Every_rule_has_a_source_and_a_title() =>
        Assert.That(Points.Table.Where(rule => rule.Clause.Length < 6 || rule.Title.Length < 4), Is.Empty);

    [Test]
    public void What_no_standard_speaks_of_allows_anything() =>
        Assert.That(Points.Table.Where(rule => rule.Level == Level.Unspecified != rule.Allowed.IsAnything), Is.Empty);

    [TestCase("0", Errno.None, true)]
    [TestCase("0 EAGAIN", Errno.EAGAIN, true)]
    [TestCase("EAGAIN", Errno.None, false)]
    [TestCase("*", Errno.EBADF, true)]
    public void Answers_are_read(string text, Errno errno, bool has) => Assert.That(Answers.Parse(text).Has(errno), Is.EqualTo(has));

    [Test]
    public void Every_platform_differs_from_POSIX_with_a_reason()
    {
        Assert.That(BuiltInProfiles.Names, Is.SupersetOf((string[])["posix", "linux", "dotnet", "java", "rust", "node", "lwip"]));
        foreach (var name in BuiltInProfiles.Names)
        {
            var profile = BuiltInProfiles.Find(name)!;
            Assert.That(profile.Name, Is.EqualTo(name));
            Assert.That(profile.Deviations.Where(one => one.Why.Length < 10 || one.Source.Length < 4), Is.Empty, name);
            Assert.That(name == "posix" || profile.Deviations.Length > 0);
        }
    }

    [TestCase("profile: x\ndeviations:\n  - { rule: api/bind/in-us, answers: EINVAL, why: a, source: b }", "there is no rule 'api/bind/in-us'")]
    [TestCase("profile: x\ndeviations:\n  - { rule: api/bind/in-use, answers: EWHAT, why: a, source: b }", "'EWHAT' is no list of answers")]
    [TestCase("profile: x\ndeviations:\n  - { rule: api/bind/in-use, answers: EINVAL, why: a }", "the source is missing")]
    [TestCase("profile: x\ntraits: [flies]", "the traits are")]
    [TestCase("profile: x\nextends: y", "there is no profile 'y'")]
    [TestCase("profile: x\ndevations: []", "has no key 'devations'")]
    [TestCase("title: x", "the profile is missing")]
    public void A_profile_that_cannot_be_used_says_where(string text, string words) =>
        Assert.That(() => ProfileReader.Read(text, "p.yaml", _ => null), Throws.TypeOf<SpecException>().With.Message.Contains(words).And.Message.StartsWith("p.yaml:"));

    [Test]
    public void A_profile_inherits()
    {
        var child = ProfileReader.Read("profile: child\nextends: linux\ndeviations:\n  - { rule: api/bind/in-use, answers: \"0\", why: lenient, source: a test }", "p.yaml", BuiltInProfiles.Find);
        Assert.That(child.Allowed(Point.BindInUse), Is.EqualTo(Answers.Success));
        Assert.That(child.Allowed(Point.SendNeverConnected), Is.EqualTo(Answers.Of(Errno.EPIPE)));
        Assert.That(child.Has(Traits.TellsHangup));
    }
}
