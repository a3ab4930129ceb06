using NUnit.Framework;
using SockConformance.Suites;

namespace SockConformance.Tests.Docs;

/// <summary>What explain teaches.</summary>
public class LessonTests
{
    [Test]
    public void Each_requirement_of_a_service_has_a_lesson() => Assert.That(
        Catalogue.Book.All().SelectMany(suite => suite.Requirements).Where(requirement => requirement.Subject == SockConformance.Model.Subject.App).Select(requirement => requirement.Id).Distinct().Where(id => Lessons.Of(id) is null), Is.Empty);

    // A pattern that no requirement has is a word nobody would miss.
    [TestCaseSource(typeof(Lessons), nameof(Lessons.Names))]
    public void A_lesson_has_a_picture_causes_by_language_and_wrong_and_right_code(string name)
    {
        var (ids, text) = Lessons.Read(name);
        Assert.That(text, Does.Contain("Usual cause\n").And.Contain("\nWrong (").And.Contain("Right\n").And.Match("──|-->|<--"));
        Assert.That(text.Split('\n').Select(line => line.Length), Is.All.LessThanOrEqualTo(150));
        foreach (var id in ids) Assert.That(Catalogue.Book.Requirements.Any(requirement => requirement.Id.StartsWith(id, StringComparison.Ordinal)), Is.True, id);
    }

    [TestCase("tcp/close/no-reset", "An orderly close")]
    [TestCase("echo/data/every-segmentation", "TCP carries bytes")]
    [TestCase("echo/data/unchanged", "All bytes are data")]
    [TestCase("tcp/accept/fifty-at-once", "A call that waits")]
    [TestCase("process/restart/same-port", "Who closes first")]
    [TestCase("udp/data/empty", "A datagram is a message")]
    public void A_requirement_has_the_lesson_that_fits(string id, string begins) => Assert.That(Lessons.Of(id), Does.StartWith(begins));

    [Test]
    public void Rules_of_the_socket_api_have_none() => Assert.That(Lessons.Of("api/close/anything"), Is.Null);
}
