using System.Buffers.Binary;
using System.Collections.Immutable;

namespace SockConformance.Model;

/// <summary>What a ClientHello offers (RFC 8446 §4.1.2), for what a server makes of it to be laid beside.</summary>
/// <param name="Versions">Those of supported_versions; default where there is no such extension.</param>
/// <param name="Shares">The groups for which a key is sent; default where there is no key_share.</param>
/// <param name="Extensions">Their types, in order.</param>
public sealed record TlsClientHello(
    ushort LegacyVersion, ReadOnlyMemory<byte> SessionId, ImmutableArray<ushort> Ciphers, ImmutableArray<byte> Compressions, ImmutableArray<ushort> Versions, ImmutableArray<ushort> Groups, ImmutableArray<ushort> Shares,
    ImmutableArray<ushort> Extensions)
{
    private const ushort SupportedGroups = 10, SupportedVersions = 43, KeyShare = 51;
    private const int RandomSize = 32;

    /// <summary>TLS 1.3 is among the versions.</summary>
    public bool OffersTls13 => !Versions.IsDefault && Versions.Contains((ushort)0x0304);

    /// <summary>That of the first message of a client's records; null where that is no ClientHello, or one that makes no sense.</summary>
    public static TlsClientHello? Of(TlsRecords client) => client.Messages is [{ Type: TlsMessageType.ClientHello, Body: var body }, ..] ? Parse(body.Span) : null;

    /// <summary>Null where the body is no whole ClientHello, or more than that.</summary>
    public static TlsClientHello? Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length < 2 + RandomSize) return null;
        var rest = body[(2 + RandomSize)..];
        if (!Take(ref rest, 1, out var session) || !Take(ref rest, 2, out var ciphers) || !Take(ref rest, 1, out var compressions)) return null;
        if (ciphers.IsEmpty || ciphers.Length % 2 != 0 || compressions.IsEmpty) return null;
        var hello = new TlsClientHello(BinaryPrimitives.ReadUInt16BigEndian(body), session.ToArray(), Numbers(ciphers), [.. compressions], default, [], default, []);
        if (rest.IsEmpty) return hello; // before TLS 1.2 there were none
        if (!Take(ref rest, 2, out var extensions) || !rest.IsEmpty) return null;
        var types = ImmutableArray.CreateBuilder<ushort>();
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2) return null;
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!Take(ref extensions, 2, out var data)) return null;
            types.Add(type);
            switch (type)
            {
                case SupportedVersions when Take(ref data, 1, out var versions):
                    hello = hello with { Versions = Numbers(versions) };
                    break;
                case SupportedGroups when Take(ref data, 2, out var groups):
                    hello = hello with { Groups = Numbers(groups) };
                    break;
                case KeyShare when Take(ref data, 2, out var shares):
                    hello = hello with { Shares = GroupsOf(shares) };
                    break;
            }
        }

        return hello with { Extensions = types.ToImmutable() };
    }

    private static ImmutableArray<ushort> GroupsOf(ReadOnlySpan<byte> shares)
    {
        var groups = ImmutableArray.CreateBuilder<ushort>();
        while (shares.Length >= 2)
        {
            var group = BinaryPrimitives.ReadUInt16BigEndian(shares);
            shares = shares[2..];
            if (!Take(ref shares, 2, out _)) break;
            groups.Add(group);
        }

        return groups.ToImmutable();
    }

    private static ImmutableArray<ushort> Numbers(ReadOnlySpan<byte> bytes)
    {
        var numbers = ImmutableArray.CreateBuilder<ushort>(bytes.Length / 2);
        for (; bytes.Length >= 2; bytes = bytes[2..]) numbers.Add(BinaryPrimitives.ReadUInt16BigEndian(bytes));
        return numbers.ToImmutable();
    }

    /// <summary>A vector: its length in so many bytes, then its content.</summary>
    private static bool Take(scoped ref ReadOnlySpan<byte> rest, int bytes, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (rest.Length < bytes) return false;
        var length = bytes == 1 ? rest[0] : BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length < bytes + length) return false;
        content = rest.Slice(bytes, length);
        rest = rest[(bytes + length)..];
        return true;
    }
}
