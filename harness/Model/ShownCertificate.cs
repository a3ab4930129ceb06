using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>The certificate that the harness, as a TLS server, shows to a client under test: a client must refuse all but the first.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ShownCertificate>))]
public enum ShownCertificate
{
    Right,
    SelfSigned,

    /// <summary>Its chain is in order and ends in a root that the client was not told to trust.</summary>
    OtherAuthority,
    Expired,
    NotYetValid,
    OtherName,

    /// <summary>It has no subjectAltName.</summary>
    CommonNameOnly,

    /// <summary>Its name has a wildcard that stands for a part of a label.</summary>
    PartialWildcard,
}

public static class ShownCertificates
{
    public static string InWords(this ShownCertificate shown) => shown switch
    {
        ShownCertificate.SelfSigned => "a certificate that is signed by itself",
        ShownCertificate.OtherAuthority => "a certificate of an authority that is not trusted",
        ShownCertificate.Expired => "a certificate that has expired",
        ShownCertificate.NotYetValid => "a certificate that is not valid yet",
        ShownCertificate.OtherName => "a certificate for another name",
        ShownCertificate.CommonNameOnly => "a certificate with the name in its common name only",
        ShownCertificate.PartialWildcard => "a certificate with a wildcard for a part of the name",
        _ => "the right certificate",
    };
}
