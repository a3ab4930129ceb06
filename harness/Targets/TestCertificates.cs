using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SockConformance.Model;

namespace SockConformance.Targets;

/// <summary>What {cert}, {key} and {ca} stand for in a target's command: absolute paths of files in PEM.</summary>
/// <param name="Chain">The server's certificate, and those between it and the root.</param>
/// <param name="Key">Its private key (PKCS #8).</param>
/// <param name="Authority">The root that a client is to trust.</param>
internal sealed record CertificateFiles(string Chain, string Key, string Authority)
{
    /// <summary>The folder that a sandbox must show.</summary>
    public string Folder => Path.GetDirectoryName(Chain)!;
}

/// <summary>
/// Certificates of one run: a root that only the harness's clients trust, or the client under test; an authority below it, and a
/// certificate of that one for localhost. They are good for a few days and nobody else's.
/// </summary>
internal sealed class TestCertificates : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int SerialBytes = 16;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1", Localhost = "localhost", Elsewhere = "other.example";
    private static readonly TimeSpan Before = TimeSpan.FromDays(30), After = TimeSpan.FromDays(7), Day = TimeSpan.FromDays(1);
    private readonly List<X509Certificate2> made = [];
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;
    private readonly X509Certificate2 authority, server;
    private readonly string name;
    private readonly bool ownFolder;

    /// <param name="scratch">A folder that is removed at the end of the run; null for a new one that goes with this object.</param>
    /// <param name="name">The host name or address by which the server is reached, beside localhost.</param>
    public TestCertificates(string? scratch, string name = Localhost)
    {
        (this.name, ownFolder) = (name, scratch is null);
        var folder = scratch is null ? Directory.CreateTempSubdirectory("sockconf-").FullName : Directory.CreateDirectory(Path.Combine(scratch, "tls")).FullName;
        var root = Authority("root", 1);
        authority = Authority("authority", 0, root);
        server = Server(Localhost, authority, Names(Localhost, name));
        Root = X509CertificateLoader.LoadCertificate(root.RawData);
        Files = new CertificateFiles(Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"), Path.Combine(folder, "ca.pem"));
        using var key = server.GetECDsaPrivateKey()!;
        Write(Files.Chain, $"{server.ExportCertificatePem()}\n{authority.ExportCertificatePem()}\n");
        Write(Files.Key, $"{key.ExportPkcs8PrivateKeyPem()}\n");
        Write(Files.Authority, $"{root.ExportCertificatePem()}\n");
    }

    public CertificateFiles Files { get; }

    /// <summary>What the harness's clients are to trust.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>What a client that trusts <see cref="Root"/> is shown: the right certificate, and one for each reason to refuse it, in order apart from that.</summary>
    public IReadOnlyDictionary<ShownCertificate, SslStreamCertificateContext> Shown()
    {
        var dns = IPAddress.TryParse(name, out _) ? Localhost : name;
        var names = Names(Localhost, name);
        return new Dictionary<ShownCertificate, X509Certificate2>
        {
            [ShownCertificate.Right] = server,
            [ShownCertificate.SelfSigned] = Server(Localhost, null, names),
            [ShownCertificate.OtherAuthority] = Server(Localhost, Authority("root", 0), names),
            [ShownCertificate.Expired] = Server(Localhost, authority, names, until: now - Day),
            [ShownCertificate.NotYetValid] = Server(Localhost, authority, names, from: now + Day),
            [ShownCertificate.OtherName] = Server(Elsewhere, authority, Names(Elsewhere)),
            [ShownCertificate.CommonNameOnly] = Server(dns, authority, null),
            [ShownCertificate.PartialWildcard] = Server(Elsewhere, authority, Names(WithWildcard(Localhost), WithWildcard(dns))),
        }.ToDictionary(entry => entry.Key, entry => SslStreamCertificateContext.Create(entry.Value, [authority], offline: true));
    }

    public void Dispose()
    {
        Root.Dispose();
        foreach (var certificate in made) certificate.Dispose();
        if (ownFolder) Directory.Delete(Files.Folder, recursive: true);
    }

    /// <summary>localhost as l*calhost.</summary>
    private static string WithWildcard(string name) => $"{name[0]}*{name[Math.Min(2, name.Length)..]}";

    /// <summary>These names, and loopback's addresses if localhost is one of them.</summary>
    private static X509Extension Names(params IEnumerable<string> all)
    {
        var names = new SubjectAlternativeNameBuilder();
        var addresses = new List<IPAddress>();
        foreach (var name in all.Distinct())
        {
            if (IPAddress.TryParse(name, out var address)) addresses.Add(address);
            else names.AddDnsName(name);
            if (name == Localhost) addresses.AddRange([IPAddress.Loopback, IPAddress.IPv6Loopback]);
        }

        foreach (var address in addresses) names.AddIpAddress(address);
        return names.Build();
    }

    private X509Certificate2 Authority(string title, int below, X509Certificate2? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=sockconf test {title}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, below, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        return Signed(request, key, issuer, now - Before, now + After);
    }

    private X509Certificate2 Server(string commonName, X509Certificate2? issuer, X509Extension? names, DateTimeOffset? from = null, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        if (names is not null) request.CertificateExtensions.Add(names);
        return Signed(request, key, issuer, from ?? now - Before, until ?? now + After);
    }

    /// <param name="issuer">Null for itself.</param>
    private X509Certificate2 Signed(CertificateRequest request, ECDsa key, X509Certificate2? issuer, DateTimeOffset from, DateTimeOffset until)
    {
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (issuer is null)
        {
            made.Add(request.CreateSelfSigned(from, until));
            return made[^1];
        }

        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var signed = request.Create(issuer, from, until, RandomNumberGenerator.GetBytes(SerialBytes));
        made.Add(signed.CopyWithPrivateKey(key));
        return made[^1];
    }

    private static void Write(string path, string text)
    {
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(Encoding.ASCII.GetBytes(text));
    }
}
