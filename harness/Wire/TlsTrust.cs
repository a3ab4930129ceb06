using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SockConformance.Wire;

/// <summary>A certificate or key that cannot be used; the message is one line that names the file.</summary>
internal sealed class CertificateException(string message) : Exception(message);

/// <summary>Whom a TLS client of the harness trusts, and for which name.</summary>
/// <param name="Roots">The only certificates that a chain may end in; empty for those of the machine.</param>
internal sealed record TlsTrust(ImmutableArray<X509Certificate2> Roots, string Name)
{
    private const int MaxBytes = 4 << 20;

    public static TlsTrust None { get; } = new([], "localhost");

    /// <summary>The certificates of a file in PEM.</summary>
    /// <exception cref="CertificateException">There is none in it, or one that cannot be read.</exception>
    public static ImmutableArray<X509Certificate2> Read(string path)
    {
        var text = ReadText(path);
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(text);
            return certificates.Count > 0 ? [.. certificates] : throw new CertificateException($"{path} has no certificate in PEM: a line -----BEGIN CERTIFICATE----- is looked for");
        }
        catch (CryptographicException e)
        {
            throw new CertificateException($"{path} has a certificate that cannot be read ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>A certificate, the first of its file, with its private key, both in PEM.</summary>
    /// <exception cref="CertificateException">One of them cannot be read, or they do not belong together.</exception>
    public static X509Certificate2 Read(string chain, string key)
    {
        using var certificate = Read(chain)[0];
        var text = ReadText(key);
        if (!text.Contains("PRIVATE KEY-----", StringComparison.Ordinal)) throw new CertificateException($"{key} has no private key in PEM: a line -----BEGIN PRIVATE KEY----- is looked for");
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal)) throw new CertificateException($"{key} is locked with a pass phrase: write the key without one");
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), text);
        }
        catch (ArgumentException)
        {
            throw new CertificateException($"{key} is not the key of the certificate in {chain}");
        }
        catch (CryptographicException e)
        {
            // The library has one exception for all of it: a key that is whole by itself is one of another certificate.
            throw new CertificateException(IsKey(text) ? $"{key} is not the key of the certificate in {chain}" : $"{key} has a private key that cannot be read ({e.Message.TrimEnd('.')})");
        }
    }

    private static bool IsKey(string pem)
    {
        foreach (var import in (Action<string>[])[text => Import(ECDsa.Create(), text), text => Import(RSA.Create(), text)])
        {
            try
            {
                import(pem);
                return true;
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                // Not of this kind.
            }
        }

        return false;
    }

    private static void Import(AsymmetricAlgorithm algorithm, string pem)
    {
        using (algorithm) algorithm.ImportFromPem(pem);
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.Exists(path) ? InputFile.ReadText(path, MaxBytes) : throw new CertificateException($"there is no file {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CertificateException($"{path} cannot be read: {e.Message}");
        }
    }
}
