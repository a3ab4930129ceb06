using System.Collections.Immutable;
using FsCheck;

namespace SockConformance.Model;

public enum Level
{
    /// <summary>A clause of a standard says MUST, or nothing works without it.</summary>
    Must,
    Should,

    /// <summary>A standard permits several ways; any other is a violation.</summary>
    May,

    /// <summary>No standard says; what was seen is recorded and never a violation.</summary>
    Unspecified,
}

/// <summary>Whom a violation is charged to: a student is never scored for a fact of the kernel.</summary>
public enum Subject
{
    App,
    Api,
    Stack,
}

/// <summary>How a requirement's cases want to be run.</summary>
public enum Company
{
    /// <summary>Next to other cases on one target.</summary>
    Shared,

    /// <summary>On a target of its own.</summary>
    Alone,
}

/// <summary>What is demanded of a target, and by whom; how it is checked is another matter.</summary>
public record Demand
{
    /// <summary>Path-like, lower case, never reused: <c>tcp/close/no-reset</c>.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    /// <summary>The source: RFC and section, POSIX function, or "course" where custom is the only source.</summary>
    public required string Clause { get; init; }

    public Level Level { get; init; } = Level.Must;

    public Subject Subject { get; init; } = Subject.App;

    /// <summary>What is demanded, in our own words.</summary>
    public required string Statement { get; init; }

    /// <summary>What usually causes a violation.</summary>
    public required string Why { get; init; }

    /// <summary>What to change.</summary>
    public required string Fix { get; init; }
}

/// <summary>
/// One clause that a target must keep: what to do (<see cref="Fixed"/> scenarios, then <see cref="Random"/> ones) and how to
/// judge what came of it. A value: it opens no socket, asserts nothing, and may be listed, shrunk, replayed or judged again.
/// </summary>
public sealed record Requirement : Demand
{
    /// <summary>Whether it makes sense for the service at hand; those that do not are left out.</summary>
    public bool Applies { get; init; } = true;

    /// <summary>Scenarios that are tried in every run.</summary>
    public ImmutableArray<Scenario> Fixed { get; init; } = [];

    /// <summary>Further scenarios drawn from the seed; null for none. A function, so that listing requirements builds no generator.</summary>
    public Func<Gen<Scenario>>? Random { get; init; }

    /// <summary>How many random cases the default profile draws.</summary>
    public int RandomCases { get; init; } = 8;

    public required Func<Evidence, Verdict> Judge { get; init; }

    /// <summary>Judged on the cases of all requirements, too.</summary>
    public bool Always { get; init; }

    public Company Company { get; init; } = Company.Shared;

    /// <summary>Not a part of every run: only of a thorough one, or where a filter names its group (the second word of its id).</summary>
    public bool OnDemand { get; init; }

    /// <summary>The id of a requirement without which this one cannot be checked; null for none.</summary>
    public string? After { get; init; }

    /// <summary>Its cases give the target its full time to close, even where it is known already that it does not.</summary>
    public bool JudgesClose { get; init; }

    /// <summary>Scales the patience of this requirement's cases.</summary>
    public double PatienceScale { get; init; } = 1;

    /// <summary>How long one of its cases may take in all, deliberate pauses apart; null for the usual, which grows with the connections.</summary>
    public TimeSpan? CaseLimit { get; init; }
}

/// <summary>The requirements of one service, in the order of a report.</summary>
/// <param name="ConcurrencyProbe">The id of the requirement that tells whether a target serves clients side by side; null for none.</param>
public sealed record Suite(string Name, string Title, ImmutableArray<Requirement> Requirements, string? ConcurrencyProbe)
{
    public ServiceSpec Service { get; init; } = ServiceSpec.Echo;

    /// <summary>What the cases of a fuzz campaign are judged by, beside that which is always judged.</summary>
    public ImmutableArray<Requirement> Oracles { get => field.IsDefault ? [] : field; init; }

    /// <summary>A requirement by its id; null where there is none.</summary>
    public Requirement? Find(string id) => Requirements.Concat(Oracles).FirstOrDefault(one => one.Id == id);

    /// <summary>The targets are clients: the harness is their server.</summary>
    public bool OfClients { get; init; }

    /// <summary>Those that apply, with the levels that the service's spec gives them; what it switches off is left out.</summary>
    public static ImmutableArray<Requirement> Levelled(ServiceSpec service, IEnumerable<Requirement> requirements) =>
    [
        .. from requirement in requirements
           let change = service.Levels.GetValueOrDefault(requirement.Id)
           where requirement.Applies && change is null or { Level: not null }
           select change is null ? requirement : requirement with { Level = change.Level!.Value },
    ];
}
