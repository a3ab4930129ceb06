using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>
/// A ClientHello as bytes (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), for hellos that no TLS library would send. Nothing in it is drawn:
/// the same description gives the same bytes, and the keys it offers are known to everybody.
/// </summary>
public sealed record ClientHello
{
    public const ushort Ssl30 = 0x0300, Tls10 = 0x0301, Tls11 = 0x0302, Tls12 = 0x0303, Tls13 = 0x0304;
    public const ushort Secp256R1 = 23, Secp384R1 = 24, X25519 = 29;

    private const ushort ServerName = 0, SupportedGroups = 10, PointFormats = 11, SignatureAlgorithms = 13, SupportedVersions = 43, KeyShare = 51;
    private const int HeaderSize = 5, MaxFragment = 1 << 14;

    /// <summary>The generator of P-256, uncompressed: the public key of the private key 1.</summary>
    private const string BasePoint = "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";

    /// <summary>Suites of TLS 1.3; the first is the one that all must know (RFC 8446 §9.1).</summary>
    public static ImmutableArray<ushort> Modern { get; } = [0x1301, 0x1302, 0x1303];

    /// <summary>Suites with forward secrecy and AEAD, as TLS 1.2 has them.</summary>
    public static ImmutableArray<ushort> Strong { get; } = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];

    /// <summary>Suites that the versions before TLS 1.2 know: AES and 3DES with CBC and SHA-1.</summary>
    public static ImmutableArray<ushort> Classic { get; } = [0xc009, 0xc013, 0xc00a, 0xc014, 0x002f, 0x0035, 0x000a];

    /// <summary>No encryption at all.</summary>
    public static ImmutableArray<ushort> Null { get; } = [0xc006, 0xc010, 0x003b, 0x0002, 0x0001];

    /// <summary>Keys of 40 bits and single DES.</summary>
    public static ImmutableArray<ushort> Export { get; } = [0x0003, 0x0006, 0x0008, 0x0009, 0x000b, 0x000e, 0x0011, 0x0014, 0x0015, 0x0017, 0x0019];

    public static ImmutableArray<ushort> Rc4 { get; } = [0xc007, 0xc011, 0x0005, 0x0004];

    public static ImmutableArray<ushort> TripleDes { get; } = [0xc008, 0xc012, 0x000a, 0x0016];

    /// <summary>Nobody shows who he is: Diffie-Hellman without a certificate.</summary>
    public static ImmutableArray<ushort> Anonymous { get; } = [0xc018, 0xc019, 0xc017, 0xc016, 0xc015, 0x00a6, 0x00a7, 0x006c, 0x006d, 0x0034, 0x003a, 0x001b, 0x0018];

    /// <summary>Values that no server knows, and that it must pass over (RFC 8701).</summary>
    public static ImmutableArray<ushort> Grease { get; } = [0x0a0a, 0x1a1a, 0x2a2a, 0xfafa];

    /// <summary>The version of the record; RFC 8446 §5.1 lets the first be 0x0301, for the sake of old servers.</summary>
    public ushort RecordVersion { get; init; } = Tls10;

    /// <summary>The version of the hello itself: the highest that is offered, up to TLS 1.2.</summary>
    public ushort LegacyVersion { get; init; } = Tls12;

    /// <summary>Those of supported_versions; without any there is no such extension.</summary>
    public ImmutableArray<ushort> Versions { get; init; } = [];

    public required ImmutableArray<ushort> Ciphers { get; init; }

    public ImmutableArray<byte> Compressions { get; init; } = [0];

    /// <summary>The server asked for (SNI); null for none.</summary>
    public string? Name { get; init; } = "localhost";

    public ImmutableArray<ushort> Groups { get; init; } = [Secp256R1, X25519, Secp384R1];

    /// <summary>The groups with a key in key_share: P-256, X25519, and any other with a few bytes; without any there is no such extension.</summary>
    public ImmutableArray<ushort> Shares { get; init; } = [];

    /// <summary>ECDSA, RSA-PSS and RSA with SHA-256 to SHA-512, and with SHA-1 for the old versions.</summary>
    public ImmutableArray<ushort> Signatures { get; init; } = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601, 0x0203, 0x0201];

    /// <summary>Further extensions, before all others.</summary>
    public ImmutableArray<(ushort Type, byte[] Data)> More { get; init; } = [];

    /// <summary>What a client of today sends.</summary>
    public static ClientHello ForAny { get; } = new() { Ciphers = [.. Modern, .. Strong], Versions = [Tls13, Tls12], Shares = [X25519, Secp256R1] };

    /// <summary>What a client of today sends that knows TLS 1.3 only.</summary>
    public static ClientHello ForTls13 { get; } = new() { Ciphers = Modern, Versions = [Tls13], Shares = [X25519, Secp256R1] };

    /// <summary>What a client sends that knows TLS 1.2 only.</summary>
    public static ClientHello ForTls12 { get; } = new() { Ciphers = [.. Strong, .. Classic] };

    /// <summary>What a client sent that knew nothing newer than an old version: with SSL 3.0 there were no extensions.</summary>
    public static ClientHello ForOld(ushort version) => new()
    {
        Ciphers = version == Ssl30 ? [.. Classic, .. Rc4] : Classic,
        LegacyVersion = version,
        RecordVersion = version,
        Name = version == Ssl30 ? null : "localhost",
        Groups = version == Ssl30 ? [] : [Secp256R1, X25519, Secp384R1],
        Signatures = [],
    };

    /// <summary>The handshake message with its header.</summary>
    public byte[] Message()
    {
        List<byte> body = [.. Number(LegacyVersion), .. Counting(32, 0x40), 32, .. Counting(32, 0x80), .. Sized(2, Numbers(Ciphers)), .. Sized(1, [.. Compressions])];
        if (Extensions() is { Length: > 0 } extensions) body.AddRange(Sized(2, extensions));
        return [(byte)TlsMessageType.ClientHello, .. Sized(3, [.. body])];
    }

    /// <summary>The message in records whose fragments have these lengths, the last of them all that is left.</summary>
    public byte[] ToBytes(params ReadOnlySpan<int> fragments)
    {
        var bytes = new List<byte>();
        ReadOnlySpan<byte> left = Message();
        foreach (var length in fragments)
        {
            var taken = Math.Min(length, left.Length);
            bytes.AddRange(Record(TlsContent.Handshake, left[..taken], RecordVersion));
            left = left[taken..];
        }

        for (; left.Length > 0; left = left[Math.Min(MaxFragment, left.Length)..]) bytes.AddRange(Record(TlsContent.Handshake, left[..Math.Min(MaxFragment, left.Length)], RecordVersion));
        return [.. bytes];
    }

    public Payload.Literal ToPayload(params ReadOnlySpan<int> fragments) => Payload.Literal.Of(ToBytes(fragments));

    /// <summary>Any record; its type, version and length need not make sense.</summary>
    /// <param name="announced">The length in its header; null for the true one.</param>
    public static byte[] Record(TlsContent type, ReadOnlySpan<byte> fragment, ushort version = Tls12, int? announced = null)
    {
        var record = new byte[HeaderSize + fragment.Length];
        record[0] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(1), version);
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(3), (ushort)(announced ?? fragment.Length));
        fragment.CopyTo(record.AsSpan(HeaderSize));
        return record;
    }

    /// <summary>An alert in clear.</summary>
    public static byte[] Alert(byte level, byte description) => Record(TlsContent.Alert, [level, description]);

    private byte[] Extensions()
    {
        var all = new List<byte>();
        void Add(ushort type, byte[] data) => all.AddRange([.. Number(type), .. Sized(2, data)]);
        foreach (var (type, data) in More) Add(type, data);
        if (Name is { } name) Add(ServerName, Sized(2, [0, .. Sized(2, Encoding.ASCII.GetBytes(name))]));
        if (!Groups.IsEmpty)
        {
            Add(SupportedGroups, Sized(2, Numbers(Groups)));
            Add(PointFormats, Sized(1, [0]));
        }

        if (!Signatures.IsEmpty) Add(SignatureAlgorithms, Sized(2, Numbers(Signatures)));
        if (!Versions.IsEmpty) Add(SupportedVersions, Sized(1, Numbers(Versions)));
        if (!Shares.IsEmpty) Add(KeyShare, Sized(2, [.. Shares.SelectMany<ushort, byte>(group => [.. Number(group), .. Sized(2, KeyOf(group))])]));
        return [.. all];
    }

    private static byte[] KeyOf(ushort group) => group switch
    {
        Secp256R1 => Convert.FromHexString(BasePoint),
        X25519 => Counting(32, 9),
        _ => [0],
    };

    private static byte[] Counting(int length, byte first) => [.. Enumerable.Range(0, length).Select(i => (byte)(first + i))];

    private static byte[] Number(ushort number) => [(byte)(number >> 8), (byte)number];

    private static byte[] Numbers(ImmutableArray<ushort> numbers) => [.. numbers.SelectMany(Number)];

    /// <summary>A vector: its length in so many bytes before it.</summary>
    private static byte[] Sized(int bytes, byte[] content) => [.. Enumerable.Range(1, bytes).Select(i => (byte)(content.Length >> (8 * (bytes - i)))), .. content];
}
