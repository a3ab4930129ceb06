using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Fuzz;

/// <summary>Why a case of the quick driver is looked at again, with all the evidence. What tells most comes first.</summary>
internal enum Suspicion
{
    /// <summary>The target's process ended during it or just before.</summary>
    Died,

    /// <summary>A step did not do what it should.</summary>
    Unmet,

    /// <summary>Something else came than is due.</summary>
    Reply,

    /// <summary>The packets of it prove something to be wrong.</summary>
    Wire,

    /// <summary>It answers otherwise than the reference.</summary>
    Differs,

    /// <summary>It took far longer than usual.</summary>
    Slow,

    /// <summary>The target printed something that it had not printed before.</summary>
    Printed,

    /// <summary>The target uses more and more of something.</summary>
    Grows,
}

/// <param name="Before">What ran on the same target before it, the latest last: the cause may be one of these.</param>
/// <param name="Key">Suspects with the same key are most likely the same.</param>
internal sealed record Suspect(Suspicion Why, Scenario Scenario, ImmutableArray<Scenario> Before, string Key);

/// <summary>A confirmed failure, made smaller and saved.</summary>
/// <param name="Signature">Failures with the same are one: requirement, how the process ended, where it was, the shape of the smallest program.</param>
internal sealed record Find(Requirement Requirement, Run.ScenarioFailure Failure, string Signature, Report.FailurePaths Paths, TimeSpan At, long Case);
