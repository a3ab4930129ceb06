using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SockConformance.Targets;

/// <summary>What {cert} and {key} stand for in a target's command: absolute paths of files in PEM.</summary>
/// <param name="Chain">The server's certificate, and those between it and the root.</param>
/// <param name="Key">Its private key (PKCS #8).</param>
internal sealed record CertificateFiles(string Chain, string Key)
{
    /// <summary>The folder that a sandbox must show.</summary>
    public string Folder => Path.GetDirectoryName(Chain)!;
}

/// <summary>
/// Certificates of one run, for a target that is a TLS server: a root that only the harness's clients trust, an authority below it,
/// and a certificate of that one for localhost. They are good for a few days and nobody else's.
/// </summary>
internal sealed class TestCertificates : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int SerialBytes = 16;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan Before = TimeSpan.FromDays(1), After = TimeSpan.FromDays(7);
    private readonly bool ownFolder;

    /// <param name="scratch">A folder that is removed at the end of the run; null for a new one that goes with this object.</param>
    /// <param name="name">The host name or address by which the server is reached, beside localhost.</param>
    public TestCertificates(string? scratch, string name = "localhost")
    {
        ownFolder = scratch is null;
        var folder = scratch is null ? Directory.CreateTempSubdirectory("sockconf-").FullName : Directory.CreateDirectory(Path.Combine(scratch, "tls")).FullName;
        using var rootKey = NewKey();
        using var authorityKey = NewKey();
        using var serverKey = NewKey();
        using var root = Authority(rootKey, "root", 1).CreateSelfSigned(DateTimeOffset.UtcNow - Before, DateTimeOffset.UtcNow + After);
        using var authority = Authority(authorityKey, "authority", 0, root).Create(root, root.NotBefore, root.NotAfter, RandomNumberGenerator.GetBytes(SerialBytes));
        using var signing = authority.CopyWithPrivateKey(authorityKey);
        using var server = Server(serverKey, signing, name).Create(signing, root.NotBefore, root.NotAfter, RandomNumberGenerator.GetBytes(SerialBytes));
        Root = X509CertificateLoader.LoadCertificate(root.RawData);
        Files = new CertificateFiles(Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        Write(Files.Chain, $"{server.ExportCertificatePem()}\n{authority.ExportCertificatePem()}\n");
        Write(Files.Key, $"{serverKey.ExportPkcs8PrivateKeyPem()}\n");
    }

    public CertificateFiles Files { get; }

    /// <summary>What the harness's clients are to trust.</summary>
    public X509Certificate2 Root { get; }

    public void Dispose()
    {
        Root.Dispose();
        if (ownFolder) Directory.Delete(Files.Folder, recursive: true);
    }

    private static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CertificateRequest Authority(ECDsa key, string title, int below, X509Certificate2? issuer = null)
    {
        var request = new CertificateRequest($"CN=sockconf test {title}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, below, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        Identify(request, issuer);
        return request;
    }

    private static CertificateRequest Server(ECDsa key, X509Certificate2 issuer, string name)
    {
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
        else if (name != "localhost") names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        Identify(request, issuer);
        return request;
    }

    private static void Identify(CertificateRequest request, X509Certificate2? issuer)
    {
        var own = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(own);
        if (issuer is not null) request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
    }

    private static void Write(string path, string text)
    {
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(Encoding.ASCII.GetBytes(text));
    }
}
