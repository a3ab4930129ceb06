using NUnit.Framework;
using SockConformance.Model;

namespace SockConformance.Tests.Shared;

internal static class Verdicts
{
    public static void MustHold(this Verdict verdict) => Assert.That(verdict, Is.EqualTo(Verdict.Holds));

    /// <summary>The violation that the verdict must be.</summary>
    public static Verdict.Violation MustBeViolated(this Verdict verdict)
    {
        Assert.That(verdict, Is.InstanceOf<Verdict.Violation>());
        return (Verdict.Violation)verdict;
    }

    public static void MustBeInconclusive(this Verdict verdict) => Assert.That(verdict, Is.InstanceOf<Verdict.Inconclusive>());

    public static void MustBeNotObservable(this Verdict verdict) => Assert.That(verdict, Is.InstanceOf<Verdict.NotObservable>());
}
