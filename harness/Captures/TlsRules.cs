using System.Collections.Immutable;
using System.Globalization;
using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>What a server's records in clear, from the first one on, show to be wrong; the same functions for a check and for any capture.</summary>
public static class TlsRules
{
    public const string Order = "tls/handshake/order", LegacyField = "tls/version/legacy-field", Compression = "tls/hello/compression";

    public const string NoSsl3 = "tls/version/no-ssl3", NoTls10 = "tls/version/no-tls10", NoTls11 = "tls/version/no-tls11";

    private const ushort Tls12 = 0x0303, Tls13 = 0x0304;

    /// <summary>Versions that nobody may agree to any more.</summary>
    internal static ImmutableArray<(ushort Version, string Requirement)> Forbidden { get; } = [(0x0300, NoSsl3), (0x0301, NoTls10), (0x0302, NoTls11)];

    /// <summary>What is decided by what a server has said.</summary>
    internal static ImmutableArray<WireVerdict> Of(TlsRecords server)
    {
        if (server.Hello is not { } hello) return WrongOrder(server) is { } first ? [new WireVerdict(Order, false, 0, first.Observed)] : [];
        if (hello.Version > Tls13) return []; // a draft or a private version, to which both agreed
        var verdicts = ImmutableArray.CreateBuilder<WireVerdict>();
        Add(Order, WrongOrder(server));
        Add(LegacyField, WrongLegacyField(server));
        Add(Compression, WrongCompression(server));
        foreach (var (version, requirement) in Forbidden) Add(requirement, Version(server) == version ? ("another version", $"{hello}") : null);
        return verdicts.ToImmutable();

        void Add(string requirement, (string Expected, string Observed)? wrong) => verdicts.Add(new WireVerdict(requirement, wrong is null, 0, wrong?.Observed ?? ""));
    }

    /// <summary>The version that the server has chosen; null where it has not.</summary>
    internal static ushort? Version(TlsRecords server) => server.Hello?.Version;

    /// <summary>The messages come in the order of RFC 8446 §2 or RFC 5246 §7.3, as far as they stand in clear, none of them in an empty record.</summary>
    internal static (string Expected, string Observed)? WrongOrder(TlsRecords server)
    {
        if (server.Records.FirstOrDefault(record => record is { Type: TlsContent.Handshake, Fragment.Length: 0 }) is { Type: TlsContent.Handshake } empty)
            return ("no empty handshake record", $"one {empty.Offset} bytes after the beginning");
        if (server.Records is [{ Type: TlsContent.ApplicationData }, ..]) return ("ServerHello first", "an encrypted record");
        if (server.Messages.IsEmpty) return null;
        if (server.Messages[0].Type != TlsMessageType.ServerHello) return ("ServerHello first", $"{server.Messages[0].Type}");
        return server.Hello?.SelectedVersion >= Tls13 ? WrongIn13(server) : WrongIn12(server);
    }

    /// <summary>RFC 8446 §4.1.3, §5.1: TLS 1.3 says 0x0303 in its old field and in that of each record, and the truth in supported_versions.</summary>
    internal static (string Expected, string Observed)? WrongLegacyField(TlsRecords server)
    {
        if (server.Hello is not { } hello || hello.Version < Tls13) return null;
        if (hello.LegacyVersion != Tls12) return ("legacy_version 0x0303", Hex(hello.LegacyVersion));
        if (hello.SelectedVersion != Tls13) return ("supported_versions 0x0304", Hex(hello.Version));
        foreach (var record in server.Records)
        {
            if (record.Version != Tls12) return ("0x0303 in each record", $"{Hex(record.Version)} in one of type {(int)record.Type}");
        }

        return null;
    }

    internal static (string Expected, string Observed)? WrongCompression(TlsRecords server) =>
        server.Hello is { Compression: not 0 } hello ? ("compression method 0", string.Create(CultureInfo.InvariantCulture, $"method {hello.Compression}")) : null;

    internal static string Hex(ushort version) => string.Create(CultureInfo.InvariantCulture, $"0x{version:x4}");

    /// <summary>One ServerHello in clear, two after a HelloRetryRequest; all else is encrypted.</summary>
    private static (string Expected, string Observed)? WrongIn13(TlsRecords server)
    {
        var hellos = 0;
        foreach (var message in server.Messages)
        {
            if (message.Type != TlsMessageType.ServerHello) return ("everything after the ServerHello encrypted", $"{message.Type} in clear");
            if (++hellos > (server.Hello!.IsRetry ? 2 : 1)) return ("one ServerHello", "another one");
        }

        return null;
    }

    private static (string Expected, string Observed)? WrongIn12(TlsRecords server)
    {
        ImmutableArray<TlsMessageType> order =
        [
            TlsMessageType.ServerHello, TlsMessageType.Certificate, TlsMessageType.CertificateStatus, TlsMessageType.ServerKeyExchange, TlsMessageType.CertificateRequest,
            TlsMessageType.ServerHelloDone, TlsMessageType.NewSessionTicket,
        ];
        var last = -1;
        foreach (var message in server.Messages.Where(message => message.Type != TlsMessageType.HelloRequest))
        {
            if (order.IndexOf(message.Type) is var rank && rank <= last) return ($"messages in the order {string.Join(", ", order)}", $"{message.Type} after {order[last]}");
            last = rank;
        }

        foreach (var record in server.Records)
        {
            if (record.Type == TlsContent.ChangeCipherSpec) return null;
            if (record.Type == TlsContent.ApplicationData) return ("ChangeCipherSpec before any application data", "a record of application data");
        }

        return null;
    }
}
