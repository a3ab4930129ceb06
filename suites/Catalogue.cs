using System.Collections.Immutable;
using SockConformance.Model;
using SockConformance.Suites.Echo;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites;

/// <summary>Every suite there is: a list, in the order of a report; nothing registers itself.</summary>
public static class Catalogue
{
    public static ImmutableArray<Suite> Suites { get; } =
    [
        new Suite(
            "echo", "TCP echo (RFC 862): every byte comes back, until the client ends the connection",
            [.. Listening.Requirements, .. Connections.Requirements, .. EchoData.Requirements, .. Closing.Requirements, .. Survival.Requirements, .. Concurrency.Requirements, .. Programs.Requirements, .. Life.Requirements],
            ConcurrencyProbe: Concurrency.SilentClientBlocksNobody),
    ];
}
