using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Net.Security;

namespace SockConformance.Model;

/// <summary>What a TLS record holds (RFC 8446 §5.1); from TLS 1.3 on, of an encrypted one only the outer type is seen.</summary>
public enum TlsContent : byte
{
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

/// <summary>The handshake messages that are told apart here (RFC 8446 §4, RFC 5246 §7.4).</summary>
public enum TlsMessageType : byte
{
    HelloRequest = 0,
    ClientHello = 1,
    ServerHello = 2,
    NewSessionTicket = 4,
    Certificate = 11,
    ServerKeyExchange = 12,
    CertificateRequest = 13,
    ServerHelloDone = 14,
    CertificateVerify = 15,
    ClientKeyExchange = 16,
    Finished = 20,
    CertificateStatus = 22,
}

/// <param name="Offset">Where it begins in the stream.</param>
public readonly record struct TlsRecord(TlsContent Type, ushort Version, int Offset, ReadOnlyMemory<byte> Fragment);

public readonly record struct TlsMessage(TlsMessageType Type, ReadOnlyMemory<byte> Body);

/// <summary>An alert in clear (RFC 8446 §6).</summary>
public readonly record struct TlsAlert(byte Level, byte Description)
{
    private const byte Fatal = 2;

    /// <summary>From TLS 1.3 on the level says nothing: all alerts but two end the connection (RFC 8446 §6.2).</summary>
    public bool IsFatal => Level == Fatal || Description is not (0 or 90 or 100 or 112);

    public string Name => NameOf(Description);

    public static string NameOf(int description) => description switch
    {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => string.Create(CultureInfo.InvariantCulture, $"alert {description}"),
    };

    public override string ToString() => Name;
}

/// <param name="SelectedVersion">That of supported_versions; null where there is no such extension, as up to TLS 1.2.</param>
/// <param name="IsRetry">It is a HelloRetryRequest, which asks for another ClientHello (RFC 8446 §4.1.4).</param>
public sealed record TlsServerHello(ushort LegacyVersion, ushort? SelectedVersion, ushort Cipher, byte Compression, bool IsRetry)
{
    private const int RandomSize = 32, SupportedVersions = 43, KeyShare = 51;

    private static readonly byte[] RetryRandom = Convert.FromHexString("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C");

    /// <summary>In TLS 1.3 an echo of the client's.</summary>
    public ReadOnlyMemory<byte> SessionId { get; init; }

    /// <summary>The group of its key_share, in a HelloRetryRequest the one that a key is asked for; null where there is none.</summary>
    public ushort? Group { get; init; }

    /// <summary>The types of its extensions, in order.</summary>
    public ImmutableArray<ushort> Extensions { get; init; } = [];

    /// <summary>The version that is spoken from now on.</summary>
    public ushort Version => SelectedVersion ?? LegacyVersion;

    public string CipherName => NameOfCipher(Cipher);

    public static string NameOfCipher(ushort cipher) =>
        Enum.IsDefined((TlsCipherSuite)cipher) ? $"{(TlsCipherSuite)cipher}" : string.Create(CultureInfo.InvariantCulture, $"cipher suite 0x{cipher:x4}");

    public static string NameOfVersion(ushort version) => version switch
    {
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        _ => string.Create(CultureInfo.InvariantCulture, $"version 0x{version:x4}"),
    };

    /// <summary>Null where the body is no whole ServerHello.</summary>
    public static TlsServerHello? Parse(ReadOnlySpan<byte> body)
    {
        const int BeforeSession = 2 + RandomSize;
        if (body.Length <= BeforeSession) return null;
        var at = BeforeSession + 1 + body[BeforeSession];
        if (body.Length < at + 3) return null;
        var hello = new TlsServerHello(
            BinaryPrimitives.ReadUInt16BigEndian(body), null, BinaryPrimitives.ReadUInt16BigEndian(body[at..]), body[at + 2], body.Slice(2, RandomSize).SequenceEqual(RetryRandom))
        {
            SessionId = body.Slice(BeforeSession + 1, body[BeforeSession]).ToArray(),
        };
        for (at += 5; body.Length >= at + 4;)
        {
            var (type, length) = (BinaryPrimitives.ReadUInt16BigEndian(body[at..]), BinaryPrimitives.ReadUInt16BigEndian(body[(at + 2)..]));
            at += 4;
            if (body.Length < at + length) break;
            hello = hello with { Extensions = hello.Extensions.Add(type) };
            if (type == SupportedVersions && length == 2) hello = hello with { SelectedVersion = BinaryPrimitives.ReadUInt16BigEndian(body[at..]) };
            if (type == KeyShare && length >= 2) hello = hello with { Group = BinaryPrimitives.ReadUInt16BigEndian(body[at..]) };
            at += length;
        }

        return hello;
    }

    public override string ToString() => $"{(IsRetry ? "HelloRetryRequest" : "ServerHello")} ({NameOfVersion(Version)}, {CipherName})";
}

/// <summary>One direction of a connection taken apart into records, as far as it is made of them. Pure; for any bytes there is an answer.</summary>
public sealed class TlsRecords
{
    private const int HeaderSize = 5, MessageHeader = 4;

    /// <summary>What a receiver must take: 2^14 bytes, and what encryption adds up to TLS 1.2 (RFC 5246 §6.2.3).</summary>
    private const int MaxFragment = (1 << 14) + 2048;

    private TlsRecords(ImmutableArray<TlsRecord> records, int foreignAt, int length)
    {
        Records = records;
        ForeignAt = foreignAt;
        Length = length;
        Alert = records.Where(record => record is { Type: TlsContent.Alert, Fragment.Length: 2 }).Select(record => (TlsAlert?)new TlsAlert(record.Fragment.Span[0], record.Fragment.Span[1])).FirstOrDefault();
        Messages = Join(records);
        Hello = Messages.Where(message => message.Type == TlsMessageType.ServerHello).Select(message => TlsServerHello.Parse(message.Body.Span)).FirstOrDefault(hello => hello is not null);
    }

    /// <summary>The whole ones, in order.</summary>
    public ImmutableArray<TlsRecord> Records { get; }

    /// <summary>Where bytes begin that are no record of TLS; -1 if there are none.</summary>
    public int ForeignAt { get; }

    /// <summary>The bytes of the stream.</summary>
    public int Length { get; }

    /// <summary>The first alert in clear.</summary>
    public TlsAlert? Alert { get; }

    /// <summary>Handshake messages in clear, each put together from its fragments.</summary>
    public ImmutableArray<TlsMessage> Messages { get; }

    /// <summary>The first ServerHello.</summary>
    public TlsServerHello? Hello { get; }

    public static TlsRecords Parse(ReadOnlyMemory<byte> stream)
    {
        var records = ImmutableArray.CreateBuilder<TlsRecord>();
        for (var at = 0; at < stream.Length;)
        {
            var rest = stream.Span[at..];
            if (!MayBegin(rest)) return new TlsRecords(records.ToImmutable(), at, stream.Length);
            if (rest.Length < HeaderSize || rest.Length < HeaderSize + LengthOf(rest)) break;
            records.Add(new TlsRecord((TlsContent)rest[0], BinaryPrimitives.ReadUInt16BigEndian(rest[1..]), at, stream.Slice(at + HeaderSize, LengthOf(rest))));
            at += HeaderSize + LengthOf(rest);
        }

        return new TlsRecords(records.ToImmutable(), -1, stream.Length);
    }

    /// <summary>The records of one direction of a captured connection.</summary>
    public static TlsRecords Of(Flow flow, bool fromClient) => Parse(Payload(flow, fromClient));

    /// <summary>The bytes of one direction in the order of their sequence numbers, each once; they end at the first gap.</summary>
    public static byte[] Payload(Flow flow, bool fromClient)
    {
        var segments = (fromClient ? flow.FromClient : flow.FromServer).ToList();
        if (segments.Count == 0) return [];
        var first = segments.FirstOrDefault(segment => segment.Has(TcpFlags.Syn)) is { } syn ? syn.Sequence + 1 : segments[0].Sequence;
        var payload = new List<byte>();
        foreach (var segment in segments.Where(segment => segment.Length > 0).OrderBy(segment => unchecked((int)(segment.Sequence - first))))
        {
            var known = payload.Count - unchecked((int)(segment.Sequence - first));
            if (known < 0 || segment.Frame.Length < segment.Length) break;
            if (known < segment.Length) payload.AddRange(segment.Frame.Span[^segment.Length..][known..]);
        }

        return [.. payload];
    }

    /// <summary>Whether bytes can be the beginning of a record; of none, that is.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [] => true,
        [not (>= 20 and <= 23), ..] => false,
        [_, not 3, ..] => false,
        [_, _, > 4, ..] => false,
        [_, _, _, _, _, ..] => LengthOf(bytes) <= MaxFragment,
        _ => true,
    };

    private static int LengthOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt16BigEndian(header[3..]);

    private static ImmutableArray<TlsMessage> Join(ImmutableArray<TlsRecord> records)
    {
        var messages = ImmutableArray.CreateBuilder<TlsMessage>();
        var bytes = new List<byte>();
        foreach (var record in records)
        {
            // Up to TLS 1.2 what follows is encrypted; TLS 1.3 has this record only for the sake of old middleboxes.
            if (record.Type == TlsContent.ChangeCipherSpec && !messages.Any(message => message.Type == TlsMessageType.ServerHello && TlsServerHello.Parse(message.Body.Span)?.SelectedVersion >= 0x0304)) break;
            if (record.Type != TlsContent.Handshake) continue;
            bytes.AddRange(record.Fragment.Span);
            while (bytes.Count >= MessageHeader)
            {
                var length = (bytes[1] << 16) | (bytes[2] << 8) | bytes[3];
                if (bytes.Count < MessageHeader + length) break;
                messages.Add(new TlsMessage((TlsMessageType)bytes[0], bytes.GetRange(MessageHeader, length).ToArray()));
                bytes.RemoveRange(0, MessageHeader + length);
            }
        }

        return messages.ToImmutable();
    }
}
