using System.Collections.Immutable;
using SockConformance.Model;
using SockConformance.Spec;

namespace SockConformance.Cli;

/// <summary>What a suite program knows: specs, and the requirements of the services that they describe.</summary>
/// <param name="BuiltIn">The names and titles of its own specs.</param>
/// <param name="Find">A spec by its name or by the path of its file.</param>
/// <param name="FromSources">A spec from the texts it was read from once: its own first, then those it extends.</param>
/// <param name="Servers">The requirements of a server.</param>
/// <param name="Clients">The requirements of a client.</param>
/// <param name="Standard">What a driver is judged by, by its name or the path of its file; null for the name of nothing.</param>
/// <param name="All">Every suite there is, those of examples among them: where ids are looked up.</param>
public sealed record SuiteBook(
    Func<IReadOnlyList<(string Name, string Title)>> BuiltIn, Func<string, ServiceSpec> Find, Func<IReadOnlyList<(string Name, string Text)>, ServiceSpec> FromSources,
    Func<ServiceSpec, Suite> Servers, Func<ServiceSpec, Suite> Clients, Func<string, Api.Profile?> Standard, Func<IReadOnlyList<Suite>> All)
{
    /// <summary>More about a requirement by its id, for people who meet it for the first time; null where there is none.</summary>
    public Func<string, string?> Lesson { get; init; } = _ => null;

    /// <summary>The book of a program with requirements of its own.</summary>
    /// <param name="shelf">Its specs; specs in files are found by their path.</param>
    /// <param name="requirements">Those that a server has which follows a spec.</param>
    public static SuiteBook Of(SpecShelf shelf, Func<ServiceSpec, IEnumerable<Requirement>> requirements)
    {
        return new SuiteBook(
            () => [.. shelf.Titles], shelf.Find, SpecReader.Read, For, _ => throw new UsageException("there are no requirements of clients here: leave out --client"), _ => null,
            () => [.. shelf.Names.Select(name => For(shelf.Find(name)))]);

        Suite For(ServiceSpec service) => new(service.Name, service.Title, Suite.Levelled(service, requirements(service)), null) { Service = service };
    }

    /// <summary>This book with further requirements of servers.</summary>
    public SuiteBook With(Func<ServiceSpec, IEnumerable<Requirement>> further)
    {
        return this with { Servers = service => Longer(Servers(service)), All = () => [.. All().Select(suite => suite.OfClients ? suite : Longer(suite))] };

        Suite Longer(Suite suite) => suite with { Requirements = [.. suite.Requirements, .. Suite.Levelled(suite.Service, further(suite.Service))] };
    }

    /// <summary>All requirements, each once, by id.</summary>
    public IReadOnlyList<Demand> Requirements => [.. All().SelectMany(suite => suite.Requirements.Concat(suite.Oracles)).DistinctBy(requirement => requirement.Id), .. Api.Points.Demands];

    /// <exception cref="UsageException">No spec was named, or a level is given to what is no requirement.</exception>
    public Suite Choose(string? nameOrPath, bool clients)
    {
        if (nameOrPath is null) throw new UsageException($"say what the {(clients ? "client's server" : "server")} should do: --spec {string.Join(", ", BuiltIn().Select(spec => spec.Name))}, or a file (sockconf init writes one)");
        var service = Find(nameOrPath);
        if (clients && service.Transport == Transport.Udp) throw new UsageException($"--client: {service.Name} is a service of datagrams, and only clients that connect can be checked");
        return For(service, clients);
    }

    public Suite For(ServiceSpec service, bool clients)
    {
        if (service.Levels.Count > 0 && !service.Sources.IsEmpty) // those of built-in specs are right
        {
            var known = Requirements.Select(requirement => requirement.Id).ToImmutableHashSet();
            SpecReader.CheckLevels(service, id => known.Contains(id) ? null : $"there is no requirement '{id}'{Words.Nearest(id, known)}; sockconf list shows them");
        }

        return clients ? Clients(service) : Servers(service);
    }
}
