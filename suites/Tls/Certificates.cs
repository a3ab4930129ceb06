using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 9525, RFC 5280: the certificate as a client looks at it.</summary>
internal static class Certificates
{
    public static ImmutableArray<Requirement> For(Conversation talk)
    {
        ImmutableArray<Scenario> visits =
        [
            Talk.Scenario("one client", talk.Visit(0, 0, 20)), Talk.Scenario("one client of TLS 1.3", talk.WholeVisit(0, Phrases.Only13)), Talk.Scenario("one client of TLS 1.2", talk.WholeVisit(0, Phrases.Only12)),
        ];
        return
        [
            new()
            {
                Id = "tls/certificate/name",
                Title = $"its certificate is for {talk.Service.Tls!.Name}",
                Clause = "RFC 9525 §6.3, §6.5",
                Statement = "The name or address by which the client reaches the server is a subjectAltName of its certificate; the common name does not count.",
                Why = "a certificate of another host, or one that has its name in the common name only",
                Fix = "have the certificate made with the name in subjectAltName, and load that one",
                After = Phrases.Answers,
                Fixed = visits,
                Judge = Judges.WhileAlive(TlsJudge.Name),
            },
            new()
            {
                Id = "tls/certificate/valid-now",
                Title = "its certificates are valid today",
                Clause = "RFC 5280 §4.1.2.5, §6.1.3",
                Statement = "Today lies between the dates of the certificate, and of each other in its chain.",
                Why = "a certificate that is built into the program, or that nobody renews",
                Fix = "load the certificate from a file that is renewed, and start again or load it again when it is",
                After = Phrases.Answers,
                Fixed = visits,
                Judge = Judges.WhileAlive(TlsJudge.ValidNow),
            },
            new()
            {
                Id = "tls/certificate/chain",
                Title = "sends a chain that leads to a trusted certificate",
                Clause = "RFC 8446 §4.4.2; RFC 5280 §6.1",
                Statement = "Beside its own certificate the server sends each one between it and the root, so that a client that trusts only the root can follow.",
                Why = "only the first certificate of the file is loaded; or it is one that the program brought along, signed by nobody",
                Fix = "load the whole file (load_cert_chain, SSL_CTX_use_certificate_chain_file, all that CertificateFactory reads)",
                After = Phrases.Answers,
                Fixed = visits,
                Judge = Judges.WhileAlive(TlsJudge.Chain),
            },
        ];
    }
}
