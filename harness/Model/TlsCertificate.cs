using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SockConformance.Model;

/// <summary>What a certificate says of itself, in a few words; for any bytes there is an answer.</summary>
public static class TlsCertificate
{
    /// <summary>The names it is for (RFC 9525 §2: the common name does not count).</summary>
    public static string NamesOf(ReadOnlySpan<byte> der) => Read(der, certificate =>
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => $"{address}"))).ToList();
        return names.Count > 0 ? string.Join(", ", names) : $"no name (its subject is {certificate.Subject})";
    });

    public static string ValidityOf(ReadOnlySpan<byte> der) => Read(der, certificate =>
        string.Create(CultureInfo.InvariantCulture, $"from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} to {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}"));

    private static string Read(ReadOnlySpan<byte> der, Func<X509Certificate2, string> say)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return say(certificate);
        }
        catch (CryptographicException)
        {
            return "nothing that can be read";
        }
    }
}
