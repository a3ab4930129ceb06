using System.Net.Security;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Targets;

/// <summary>What a run needs for TLS: certificates for a target that asks for them, or for the server of a client, and whom to trust. They are made only where they are needed.</summary>
internal sealed class TlsSetup : IDisposable
{
    private readonly TestCertificates? made;

    /// <param name="ca">A file of certificates to trust; null for that of the spec, or else what was made here, or else those of the machine.</param>
    /// <param name="name">The name to ask for; null for that of the spec.</param>
    /// <param name="scratch">A folder that is removed at the end of the run; null for one of its own.</param>
    /// <param name="ofClient">The target is a client: certificates are shown to it.</param>
    /// <exception cref="CertificateException">The file of certificates cannot be used.</exception>
    public TlsSetup(ServiceSpec service, TargetCommand? command, string? ca, string? name, string? scratch, bool ofClient = false)
    {
        var wanted = name ?? service.Tls?.Name ?? TlsSpec.Default.Name;
        var roots = (ca ?? service.Tls?.Ca) is { } path && service.Tls is not null ? TlsTrust.Read(path) : [];
        made = command is { NeedsCertificates: true } || (ofClient && service.Tls is not null) ? new TestCertificates(scratch, wanted) : null;
        Shown = ofClient && service.Tls is not null ? made!.Shown() : null;
        Command = made is null ? command : command! with { Certificates = made.Files };
        Trust = service.Tls is null ? null : new TlsTrust(roots.IsEmpty && made is not null ? [made.Root] : roots, wanted);
    }

    /// <summary>The target's command, with its certificates.</summary>
    public TargetCommand? Command { get; }

    /// <summary>Null for a service in clear.</summary>
    public TlsTrust? Trust { get; }

    /// <summary>What a client under test is shown; null for a server, and for a service in clear.</summary>
    public IReadOnlyDictionary<ShownCertificate, SslStreamCertificateContext>? Shown { get; }

    public void Dispose() => made?.Dispose();
}
