using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 8446, RFC 5246, RFC 8996, RFC 9325, RFC 9525: what a server owes to its clients, to old ones and to those that break the rules.</summary>
public static class TlsSessions
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
        talk.Service.Tls is null ? [] : [.. Handshakes.For(talk), .. Choices.For(talk), .. Hellos.For(talk), .. Certificates.For(talk), .. SecuredData.For(talk), .. Goodbyes.For(talk), .. BrokenRecords.For(talk), .. RudeClients.For(talk)];
}
