using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>What a TLS client of the harness offers, or its server to a client under test, and how its bytes are cut.</summary>
/// <param name="Versions">The versions to offer: "1.2", "1.3" or both.</param>
/// <param name="Piece">The client's TLS bytes are sent in pieces of this many; 0 for as they come.</param>
/// <param name="Name">The name asked for (SNI) and looked for in the certificate; null for that of the spec.</param>
/// <param name="Record">At most this many payload bytes go into one record, and all records of one SEND leave together; 0 for as large as records may be.</param>
/// <param name="Shown">As a server: the certificate that it shows.</param>
public sealed record TlsOffer(ImmutableArray<string> Versions, int Piece = 0, string? Name = null, int Record = 0, ShownCertificate Shown = ShownCertificate.Right)
{
    public static TlsOffer Any { get; } = new(["1.2", "1.3"]);

    [JsonIgnore]
    public SslProtocols Protocols => (Versions.Contains("1.2") ? SslProtocols.Tls12 : 0) | (Versions.Contains("1.3") ? SslProtocols.Tls13 : 0);

    public bool Equals(TlsOffer? other) => other is not null && Versions.SequenceEqual(other.Versions) && Piece == other.Piece && Name == other.Name && Record == other.Record && Shown == other.Shown;

    public override int GetHashCode() => HashCode.Combine(Versions.Length, Piece, Name, Record, Shown);

    public override string ToString() => $" ({string.Join(" or ", Versions)}{(Piece > 0 ? $", in pieces of {Piece}" : "")}{(Record > 0 ? $", in records of {Record}" : "")}{(Shown != ShownCertificate.Right ? $", showing {Shown.InWords()}" : "")})";
}

/// <summary>What became of a TLS session.</summary>
/// <param name="Version">"1.2" or "1.3"; null where the handshake failed.</param>
/// <param name="Cipher">As the library names it.</param>
/// <param name="Certificate">The server's, in DER; empty where none came.</param>
/// <param name="PolicyErrors">What is wrong with the certificate: name and chain.</param>
/// <param name="ChainStatus">Details of what is wrong with the chain, in words of the library.</param>
/// <param name="Trouble">Why the handshake failed; null where it did not.</param>
/// <param name="CloseNotify">The server's close_notify was read.</param>
/// <param name="Truncated">The end of file came without one (RFC 8446 §6.1).</param>
public sealed record TlsTrace(
    string? Version, string? Cipher, ReadOnlyMemory<byte> Certificate, SslPolicyErrors PolicyErrors, ImmutableArray<string> ChainStatus, string? Trouble, bool CloseNotify, bool Truncated)
{
    /// <summary>The name of the fatal alert that the server sent, in the handshake or later; null for none.</summary>
    public string? Alert { get; init; }

    /// <summary>The first bytes that came on the connection when the session was over already; they belong to nobody.</summary>
    public ReadOnlyMemory<byte> After { get; init; }
}
