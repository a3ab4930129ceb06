using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Captures;

/// <summary>What can be seen of TLS without keys.</summary>
/// <param name="Version">The version that the server chose; null if its hello was not seen.</param>
/// <param name="Handshake">The handshake messages in clear, in order, a client's with &gt; and a server's with &lt;.</param>
/// <param name="Alerts">Alerts in clear, and those of which only the record is seen (“encrypted alert”).</param>
/// <param name="Ended">Whether each side's last record is an alert, as close_notify is one; null where TLS 1.3 hides it.</param>
internal sealed record TlsReport(string? Version, string? Cipher, ImmutableArray<string> Handshake, ImmutableArray<string> Alerts, bool? Ended)
{
    /// <summary>What the server's records decide of the requirements of the catalogue; nothing where their beginning was not seen.</summary>
    public ImmutableArray<WireVerdict> Requirements { get; init; } = [];
}

/// <summary>
/// The records of both directions as long as the bytes come in order: their headers all the way, their content only of the first few thousand bytes,
/// where the handshake is, up to the first record that is encrypted. A gap ends what is seen of that direction.
/// </summary>
internal sealed class TlsView
{
    private const int Kept = 16 * 1024, HeaderSize = 5;

    private readonly Direction source = new(), destination = new();

    /// <summary>How many bytes of memory the content takes.</summary>
    public int Size => source.Size + destination.Size;

    /// <summary>Follows a flow whose first bytes are a TLS record; others cost nothing.</summary>
    /// <param name="keeps">Whether there is room for content; else nothing is added to what is there, and no further flow is followed.</param>
    public static TlsView? Note(TlsView? view, TcpTracker tracker, in PacketFacts facts, bool fromSource, ReadOnlySpan<byte> payload, bool keeps)
    {
        ref readonly var first = ref fromSource ? ref tracker.Source : ref tracker.Destination;
        if (view is null)
        {
            if (payload is not [22, 3, <= 4, ..]) return null;
            if (first.Payload != facts.Length || !first.SynSeen || !keeps) return null;
            view = new TlsView();
        }

        (fromSource ? view.source : view.destination).Note(facts.Sequence, payload, facts.Length, keeps, first.SynSeen && facts.Sequence == first.InitialSequence + 1);
        return view;
    }

    /// <summary>Null where no message is in clear from which it could be told that this is TLS.</summary>
    public TlsReport? Report()
    {
        var (client, server) = (TlsRecords.Parse(source.Beginning), TlsRecords.Parse(destination.Beginning));
        if (client.Messages.IsEmpty && server.Messages.IsEmpty) return null;
        var hello = server.Hello;
        var alerts = ImmutableArray.CreateBuilder<string>();
        foreach (var (records, direction, mark) in ((TlsRecords, Direction, string)[])[(client, source, ">"), (server, destination, "<")])
        {
            if (records.Alert is { } alert) alerts.Add($"{mark} {alert.Name}");
            else if (direction.Alerts > 0) alerts.Add($"{mark} encrypted alert");
        }

        return new TlsReport(
            hello is null ? null : TlsServerHello.NameOfVersion(hello.Version), hello?.CipherName,
            [.. client.Messages.Select(message => $"> {message.Type}"), .. server.Messages.Select(message => $"< {message.Type}")], alerts.ToImmutable(),
            hello is null || hello.Version >= 0x0304 ? null : source.LastIsAlert && destination.LastIsAlert)
        { Requirements = destination.HasBeginning ? TlsRules.Of(server) : [] };
    }

    private sealed class Direction
    {
        private byte[] beginning = [];
        private readonly byte[] header = new byte[HeaderSize];
        private int kept, inHeader;
        private long toSkip;
        private uint expected;
        private bool started, lost, full;

        public ReadOnlyMemory<byte> Beginning => beginning.AsMemory(0, kept);

        public int Size => beginning.Length;

        public int Alerts { get; private set; }

        public bool LastIsAlert { get; private set; }

        /// <summary>The first byte that was sent is there.</summary>
        public bool HasBeginning { get; private set; }

        public void Note(uint sequence, ReadOnlySpan<byte> payload, int length, bool keeps, bool isFirst)
        {
            if (!started) (started, expected, HasBeginning) = (true, sequence, isFirst);
            var known = unchecked((int)(expected - sequence));
            if (lost || known >= payload.Length) return;
            if (known < 0)
            {
                lost = true;
                return;
            }

            payload = payload[known..];
            expected += (uint)payload.Length;
            lost = payload.Length + known < length; // the frame was cut short
            full |= !keeps;
            if (!full) Keep(payload);
            Walk(payload);
        }

        private void Keep(ReadOnlySpan<byte> payload)
        {
            var take = Math.Min(payload.Length, Kept - kept);
            if (take <= 0) return;
            if (kept + take > beginning.Length) Array.Resize(ref beginning, Math.Min(Kept, Math.Max(2 * beginning.Length, kept + take)));
            payload[..take].CopyTo(beginning.AsSpan(kept));
            kept += take;
        }

        private void Walk(ReadOnlySpan<byte> bytes)
        {
            while (bytes.Length > 0)
            {
                if (toSkip > 0)
                {
                    var skipped = (int)Math.Min(toSkip, bytes.Length);
                    toSkip -= skipped;
                    bytes = bytes[skipped..];
                    continue;
                }

                header[inHeader++] = bytes[0];
                bytes = bytes[1..];
                if (inHeader < HeaderSize) continue;
                inHeader = 0;
                toSkip = (header[3] << 8) | header[4];
                full |= header[0] is (byte)TlsContent.ApplicationData; // nothing can be read from there on
                LastIsAlert = header[0] == (byte)TlsContent.Alert;
                if (LastIsAlert) Alerts++;
            }
        }
    }
}
