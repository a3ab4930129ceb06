using NUnit.Framework;
using SockConformance.Spec;

namespace SockConformance.Tests.Spec;

public class BaselineTests
{
    private static readonly string[] Ids = ["tcp/close/no-reset", "tcp/idle/stays-open"];

    [Test]
    public void Known_failures_are_read_with_their_reasons() =>
        Assert.That(Read("baseline: 1\nknown:\n  - { requirement: tcp/close/no-reset, reason: ticket 12 }\n").Reasons, Is.EquivalentTo(new Dictionary<string, string> { ["tcp/close/no-reset"] = "ticket 12" }));

    [TestCase("baseline: 1\n")]
    [TestCase("baseline: 1\nknown:\n")]
    [TestCase("baseline: 1\nknown: []\n")]
    public void One_without_any_is_fine(string text) => Assert.That(Read(text).Reasons, Is.Empty);

    [TestCase("known: []", "b.yaml:1:1: its first line is baseline: 1")]
    [TestCase("baseline: 2", "b.yaml:1:11: its first line is baseline: 1")]
    [TestCase("baseline: 1\nknwon: []", "b.yaml:2:1: there is no key 'knwon'; its keys are baseline, known; did you mean known?")]
    [TestCase("baseline: 1\nknown: tcp", "b.yaml:2:8: known is 'tcp'; write a list")]
    [TestCase("baseline: 1\nknown:\n  - tcp", "b.yaml:3:5: this is 'tcp'; write - {")]
    [TestCase("baseline: 1\nknown:\n  - { requirement: tcp/close/no-rest, reason: x }", "b.yaml:3:20: there is no requirement 'tcp/close/no-rest'; did you mean tcp/close/no-reset?")]
    [TestCase("baseline: 1\nknown:\n  - { requirement: tcp/close/no-reset }", "the reason is missing")]
    [TestCase("baseline: 1\nknown:\n  - { requirement: tcp/close/no-reset, reason: x }\n  - { requirement: tcp/close/no-reset, reason: y }", "b.yaml:4:20: tcp/close/no-reset is in the list twice")]
    public void What_is_wrong_is_said_in_one_line(string text, string message) =>
        Assert.That(Assert.Throws<SpecException>(() => Read(text))!.Message, Does.StartWith(message).Or.Contain(message).And.Not.Contain("\n"));

    private static SockConformance.Model.Baseline Read(string text) => BaselineReader.Parse(text, "b.yaml", Ids);
}
