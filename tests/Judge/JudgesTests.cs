using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class JudgesTests
{
    private static readonly Evidence Any = Told.Of(Told.Visit(0, Talk.Text(20)));
    private static readonly Verdict First = new Verdict.Violation("a", "b"), Second = new Verdict.Violation("c", "d"), Unsure = new Verdict.Inconclusive("why");

    [Test]
    public void Of_several_judges_the_first_who_objects_is_heard()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Judges.All(_ => Verdict.Holds, _ => First, _ => Second)(Any), Is.EqualTo(First));
            Assert.That(Judges.All(_ => Unsure, _ => First)(Any), Is.EqualTo(Unsure));
            Assert.That(Judges.All(_ => Verdict.Holds, _ => Verdict.Holds)(Any), Is.EqualTo(Verdict.Holds));
            Assert.That(Judges.All()(Any), Is.EqualTo(Verdict.Holds));
        }
    }

    [Test]
    public void A_violation_by_a_dead_process_is_the_matter_of_another_requirement() =>
        Judges.WhileAlive(_ => First)(Told.Of(Told.Visit(0, Talk.Text(20))).KilledBy(11, default)).MustBeInconclusive();

    [Test]
    public void A_violation_by_a_living_process_is_one() => Assert.That(Judges.WhileAlive(_ => First)(Any), Is.EqualTo(First));

    [TestCase(2, StepResult.EndOfFile, null, 0, "end of file (the target's FIN)")]
    [TestCase(2, StepResult.EndOfFile, null, 7, "end of file (the target's FIN), after 7 bytes")]
    [TestCase(1, StepResult.Failed, "ECONNRESET", 0, "ECONNRESET (the target's RST)")]
    [TestCase(1, StepResult.Failed, "EPIPE", 3, "EPIPE (the connection was gone already), after 3 bytes")]
    [TestCase(2, StepResult.TimedOut, null, 0, "nothing came for 0.0 s")]
    public void What_the_sockets_answered_is_told_in_a_few_words(int step, StepResult result, string? errno, int bytes, string words) =>
        Assert.That(Judges.Answer(Told.Of(Told.Visit(0, Talk.Text(20))).But(step, result, errno, bytes), step), Is.EqualTo(words));

    [Test]
    public void A_step_is_named_by_its_number_from_one_and_its_words() =>
        Assert.That(Judges.Name(Any, 1), Is.EqualTo("step 2 (#0 send 20 bytes of text)"));
}
