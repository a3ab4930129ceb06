using NUnit.Framework;
using SockConformance.Grade;

namespace SockConformance.Tests.Grade;

public class ScoringTests
{
    private const string Unchanged = "echo/data/unchanged", Sizes = "echo/data/every-size", NoReset = "tcp/close/no-reset", HalfClose = "tcp/half-close/drains-then-closes";

    private static Score Of(string verdicts, string rubric = Rubrics.Small) => Scoring.Of(
        Rubrics.Read(rubric), verdicts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Zip([Unchanged, Sizes, NoReset, HalfClose]).ToDictionary(pair => pair.Second, pair => pair.First),
        id => id == Unchanged ? null : Unchanged);

    private static string With(string more) => $"{Rubrics.Small}\n{more}";

    [TestCase("pass pass pass pass", 100)]
    [TestCase("pass fail pass pass", 40, Description = "all or nothing")]
    [TestCase("pass pass fail pass", 90, Description = "a quarter of the weights")]
    [TestCase("pass pass pass fail", 70)]
    [TestCase("fail fail fail fail", 0)]
    [TestCase("pass pass warn pass", 95)]
    [TestCase("pass pass flaky pass", 95)]
    [TestCase("pass warn pass pass", 40, Description = "not all of it")]
    [TestCase("pass info pass info", 100)]
    public void Points_are_what_the_verdicts_are_worth(string verdicts, double points) => Assert.That(Of(verdicts).Points, Is.EqualTo((decimal)points));

    [TestCase("pass pass skip pass", 100, "skip: tcp/close/no-reset")]
    [TestCase("pass pass pass inconclusive", 100, "inconclusive: tcp/half-close/drains-then-closes")]
    [TestCase("pass pass fail error", 60, "error: tcp/half-close/drains-then-closes")]
    [TestCase("pass skip pass pass", 100, "skip: echo/data/every-size")]
    public void What_is_undecided_is_left_out_and_looked_at(string verdicts, double points, string review)
    {
        var score = Of(verdicts);
        Assert.That((score.Points, string.Join("; ", score.Review)), Is.EqualTo(((decimal)points, review)));
    }

    [Test]
    public void A_group_of_which_nothing_is_decided_has_no_points_and_neither_has_the_whole()
    {
        var score = Of("pass pass inconclusive error");
        Assert.That(score.Points, Is.Null);
        Assert.That(score.Groups.Select(group => group.Points), Is.EqualTo(new decimal?[] { 60, null }));
    }

    [Test]
    public void A_requirement_of_which_the_run_says_nothing_is_our_error() => Assert.That(Of("pass pass pass").Review, Is.EqualTo(["error: tcp/half-close/drains-then-closes"]));

    [Test]
    public void What_rests_on_a_failure_is_the_programs_own_fault()
    {
        var score = Of("fail skip skip skip");
        Assert.That(score.Points, Is.Zero);
        Assert.That(score.Review, Is.Empty);
        Assert.That(score.Groups[1].Parts.Select(part => part.Verdict), Is.All.EqualTo(Scoring.Blocked));
    }

    [Test]
    public void So_is_what_rests_on_something_that_could_not_be_decided_because_the_program_ended()
    {
        var score = Of("blocked skip skip fail");
        Assert.That((score.Points, score.Review.Length), Is.EqualTo(((decimal?)0, 0)));
    }

    [Test]
    public void A_cap_takes_what_is_above_it()
    {
        var capped = With("caps: [{ fails: tcp/close, at_most: 50 }]");
        Assert.That(Of("pass pass fail pass", capped).Points, Is.EqualTo(50));
        Assert.That(Of("pass pass fail pass", capped).Caps, Has.Length.EqualTo(1));
        Assert.That(Of("fail skip skip skip", capped).Points, Is.Zero, "it gives nothing");
        Assert.That(Of("pass pass pass pass", capped).Points, Is.EqualTo(100));
    }

    [TestCase("verdicts: { warn: full }", "pass pass warn pass", 100)]
    [TestCase("verdicts: { flaky: none }", "pass pass flaky pass", 90)]
    [TestCase("verdicts: { skip: none }", "pass pass skip pass", 90)]
    [TestCase("verdicts: { blocked: left-out }", "fail pass skip pass", 40)]
    [TestCase("build: { points: 10 }", "pass pass pass pass", 110)]
    public void The_rubric_may_see_it_differently(string more, string verdicts, double points) => Assert.That(Of(verdicts, With(more)).Points, Is.EqualTo((decimal)points));

    [Test]
    public void Points_have_two_digits()
    {
        var rubric = Rubrics.Small.Replace("weight: 3", "weight: 2", StringComparison.Ordinal);
        Assert.That(Of("pass pass fail pass", rubric).Points, Is.EqualTo(86.67m));
    }

    [Test]
    public void A_program_that_does_not_serve_keeps_the_points_of_its_build()
    {
        var rubric = Rubrics.Read(With("build: { points: 10 }"));
        Assert.That((Scoring.Nothing(rubric, built: true).Points, Scoring.Nothing(rubric, built: false).Points), Is.EqualTo(((decimal?)10, (decimal?)0)));
    }
}
