using NUnit.Framework;
using SockConformance.Grade;

namespace SockConformance.Tests.Grade;

public class RubricReaderTests
{
    [Test]
    public void A_small_rubric_has_its_groups_and_the_usual_for_the_rest()
    {
        var rubric = Rubrics.Read(Rubrics.Small);
        Assert.That(rubric.Total, Is.EqualTo(100));
        Assert.That(rubric.Groups.Select(group => (group.Name, group.Points, group.Grading, group.Visibility)), Is.EqualTo(new[]
        {
            ("Echoes", 60m, Grading.AllOrNothing, Visibility.Visible), ("Closes", 40m, Grading.Proportional, Visibility.Hidden),
        }));
        Assert.That(rubric.Groups[1].Shares, Is.EqualTo([new Share("tcp/close/no-reset", 1), new Share("tcp/half-close/drains-then-closes", 3)]));
        Assert.That((rubric.Title, rubric.Check.Profile, rubric.Build.IsEmpty, rubric.Run.IsEmpty, rubric.Worths["skip"]), Is.EqualTo(("networks", "default", true, true, Worth.LeftOut)));
    }

    [Test]
    public void Every_key_can_be_given()
    {
        var rubric = Rubrics.Read("""
            sockrubric: 1
            course: networks
            title: Echo
            secret_seed: "x"
            build: { command: ["make", "all"], within: 30s, points: 2.5 }
            run: { find: [{ file: "*.py", build: ["true"], command: ["python3", "{file}", "{port}"] }] }
            check: { profile: quick, max_time: 20s, timeout: 1s, within: 1m }
            groups:
              - { name: All the rest, points: 10, requirements: ["*"], except: [tcp/close], visibility: after_due_date }
            caps: [{ fails: echo, at_most: 4 }]
            verdicts: { warn: full, flaky: none, blocked: left-out, skip: half, inconclusive: none, error: full }
            """);
        Assert.That((rubric.BuildPoints, rubric.BuildWithin.TotalSeconds, rubric.Total), Is.EqualTo((2.5m, 30.0, 12.5m)));
        Assert.That(rubric.Groups[0].Shares.Select(share => share.Id), Does.Contain("echo/data/unchanged").And.None.StartsWith("tcp/close"));
        Assert.That(rubric.Caps[0].Ids, Has.All.StartsWith("echo"));
        Assert.That((rubric.Worths["warn"], rubric.Worths["blocked"], rubric.Worths["error"], rubric.Worths["fail"]), Is.EqualTo((Worth.Full, Worth.LeftOut, Worth.Full, Worth.None)));
        Assert.That(rubric.Programs[0].Command, Is.EqualTo(["python3", "{file}", "{port}"]));
    }

    [TestCase("course: x", "r.yaml:1:1: its first line is sockrubric: 1")]
    [TestCase("sockrubric: 1\ngroups: []", "the course is missing")]
    [TestCase("sockrubric: 1\ncourse: x", "a rubric has groups")]
    [TestCase("sockrubric: 1\ncourse: x\ngruops: []", "r.yaml:3:1: rubric has no key 'gruops'; its keys are sockrubric, course, title, secret_seed, build, run, check, groups, caps, verdicts; did you mean groups?")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 5, requirements: [tcp/close/noreset] }]", "r.yaml:3:47: the spec 'echo' has no requirement 'tcp/close/noreset'; did you mean tcp/close/no-reset?")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 5, requirements: [echo, xyz] }]", "r.yaml:3:53: ")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 5, requirements: [\"\"] }]", "has no requirement ''")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: -5, requirements: [echo] }]", "points is '-5'; write a number from 0")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 1.234, requirements: [echo] }]", "at most two digits")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, requirements: [echo] }]", "the points of 'A' are missing")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ points: 1, requirements: [echo] }]", "the name of the group is missing")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 1, requirements: [echo], except: [echo] }]", "no requirement is left in 'A'")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 1, requirements: [echo] }, { name: B, points: 1, requirements: [echo/data/unchanged] }]", "echo/data/unchanged is in the group 'A', too; leave it out here with except:")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 1, requirements: [echo] }, { name: A, points: 1, requirements: [tcp/close] }]", "there are two groups 'A'")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 1, requirements: [{ id: echo, weight: 0 }] }]", "weight is 0")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 1, requirements: [echo], visibility: secret }]", "visibility is 'secret'; write visible, hidden, after_due_date or after_published")]
    [TestCase("sockrubric: 1\ncourse: x\ngroups: [{ name: A, points: 1, requirements: [echo], grading: all-or-nothin }]", "did you mean all-or-nothing?")]
    [TestCase("sockrubric: 1\ncourse: x\nrun: { command: [a], find: [] }\ngroups: [{ name: A, points: 1, requirements: [echo] }]", "run has both command and find")]
    [TestCase("sockrubric: 1\ncourse: x\nrun: { command: \"./server {port}\" }\ngroups: [{ name: A, points: 1, requirements: [echo] }]", "command is './server {port}'; write a list")]
    [TestCase("sockrubric: 1\ncourse: x\nrun: { find: [{ file: ../server.py, command: [a] }] }\ngroups: [{ name: A, points: 1, requirements: [echo] }]", "file is a path")]
    [TestCase("sockrubric: 1\ncourse: x\ncaps: [{ fails: echo }]\ngroups: [{ name: A, points: 1, requirements: [echo] }]", "a cap says what fails")]
    [TestCase("sockrubric: 1\ncourse: x\nverdicts: { skip: zero }\ngroups: [{ name: A, points: 1, requirements: [echo] }]", "write full, half, none or left-out")]
    [TestCase("sockrubric: 1\ncourse: &a x", "anchors and aliases")]
    public void What_cannot_be_used_is_refused_at_its_place(string text, string message) => Assert.That(Rubrics.Refusal(text), Does.Contain(message));
}
