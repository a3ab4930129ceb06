using System.Collections.Immutable;
using SockConformance.Cli;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Spec;
using SockConformance.Suites.Client;
using SockConformance.Suites.Echo;
using SockConformance.Suites.Http;
using SockConformance.Suites.Message;
using SockConformance.Suites.Process;
using SockConformance.Suites.Segments;
using SockConformance.Suites.Services;
using SockConformance.Suites.Tcp;
using SockConformance.Suites.Tls;
using SockConformance.Suites.Udp;

namespace SockConformance.Suites;

/// <summary>Which requirements a service has: a list, in the order of a report; nothing registers itself.</summary>
public static class Catalogue
{
    /// <summary>All that the command line can be asked for.</summary>
    public static SuiteBook Book { get; } = new(() => [.. BuiltInSpecs.Shelf.Titles], Find, SpecReader.Read, For, ForClientsOf, BuiltInProfiles.Find, All) { Lesson = Lessons.Of };

    /// <summary>The requirements of the best known of all.</summary>
    public static Suite Echo => For(ServiceSpec.Echo);

    /// <summary>The requirements of a server that follows a spec.</summary>
    public static Suite For(ServiceSpec service)
    {
        var talk = new Conversation(service);
        ImmutableArray<Requirement> requirements = service.Transport == Transport.Udp
            ? [.. Datagrams.For(talk), .. Kind(talk), .. Life.For(talk), .. Resources.For(talk)]
            : [
                .. Listening.For(talk), .. Connections.For(talk), .. TlsSessions.For(talk), .. EchoData.For(talk), .. Messages.For(talk), .. Kind(talk), .. Closing.For(talk), .. Survival.For(talk),
                .. Concurrency.For(talk), .. Tcp.Programs.For(talk), .. Life.For(talk), .. Resources.For(talk),
                .. Openings.For(talk), .. OpenConnections.For(talk), .. Streams.For(talk), .. Bystanders.For(talk),
            ];
        if (!service.ServesSideBySide) requirements = [.. requirements.Select(OneAtATime)];
        return new Suite(service.Name, service.Title, Suite.Levelled(service, requirements), Concurrency.SilentClientBlocksNobody) { Service = service, Oracles = Fuzz.Oracles.For(talk) };
    }

    /// <summary>The requirements of a client of such a server.</summary>
    public static Suite ForClientsOf(ServiceSpec service) =>
        new($"{service.Name} (client)", $"a client of: {service.Title}", Suite.Levelled(service, Clients.For(new Conversation(service))), null) { Service = service, OfClients = true };

    /// <summary>What can be demanded of a server that waits for a silent client: cases whose clients come one after the other.</summary>
    private static Requirement OneAtATime(Requirement requirement)
    {
        ImmutableArray<Scenario> cases = [.. requirement.Fixed.Where(scenario => scenario.OpenAtOnce <= 1)];
        return requirement with { Fixed = cases, Applies = requirement.Applies && (requirement.Always || requirement.Random is not null || !cases.IsEmpty) };
    }

    private static ImmutableArray<Requirement> Kind(Conversation talk) => talk.Service.Kind switch
    {
        "discard" => Discard.For(talk),
        "daytime" => Daytime.For(talk),
        "time" => Time.For(talk),
        "chargen" => Chargen.For(talk),
        "http" => Http1.For(talk),
        _ => [],
    };

    /// <summary>A built-in spec is known by its name alone: no case file need carry its text.</summary>
    private static ServiceSpec Find(string nameOrPath) =>
        BuiltInSpecs.Shelf.Find(nameOrPath) is var spec && BuiltInSpecs.Shelf.Names.Contains(nameOrPath) ? spec with { Sources = [] } : spec;

    /// <summary>Built side by side: to make the cases of all is most of what a list of the requirements costs.</summary>
    private static IReadOnlyList<Suite> All()
    {
        ServiceSpec[] specs = [.. BuiltInSpecs.Shelf.Names.Select(Find)];
        Func<Suite>[] suites =
        [
            .. specs.Select(spec => (Func<Suite>)(() => For(spec))), () => For(Examples.Lines), () => For(Examples.SecuredLines), () => For(Examples.Lengths),
            .. specs.Where(spec => spec.Transport == Transport.Tcp && spec.Kind != "http").Select(spec => (Func<Suite>)(() => ForClientsOf(spec))),
        ];
        var built = new Suite[suites.Length];
        Parallel.For(0, suites.Length, i => built[i] = suites[i]());
        return built;
    }
}
