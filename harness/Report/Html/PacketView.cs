using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using SockConformance.Captures;

namespace SockConformance.Report.Html;

/// <summary>A packet of the capture of a failure.</summary>
/// <param name="At">Microseconds since the case began.</param>
/// <param name="What">Flags, relative numbers, length.</param>
/// <param name="Notes">What the harness has written at it, without its mark.</param>
/// <param name="Payload">The first bytes of it.</param>
internal sealed record PacketView(double At, string Source, string Destination, string What, int Length, bool IsReset, ImmutableArray<string> Notes, ImmutableArray<byte> Payload)
{
    public const int MostPayload = 256;
    private const int MostPackets = 3000, PerLine = 16;

    /// <summary>All packets of a file, and why there are not more of them; null if these are all.</summary>
    public static (ImmutableArray<PacketView> Packets, string? Note) Read(string path, DateTime? began)
    {
        var raw = new List<(Rung Rung, Endpoint Source, Endpoint Destination, ImmutableArray<string> Notes, ImmutableArray<byte> Payload)>();
        string? note = null;
        try
        {
            if (new FileInfo(path).Length == 0) return ([], "the capture is empty");
            using var reader = CaptureReader.Open(path);
            while (reader.Next())
            {
                FrameDecoder.Decode(reader.Link, reader.Frame, reader.WireLength, out var facts);
                if (facts.Kind is not (PacketKind.Tcp or PacketKind.Udp or PacketKind.Unreachable)) continue;
                if (raw.Count == MostPackets)
                {
                    note = $"only the first {MostPackets} packets of the capture are looked at";
                    break;
                }

                var payload = facts.Kind == PacketKind.Unreachable ? default : reader.Frame.Slice(facts.PayloadOffset, Math.Clamp(facts.Captured, 0, Math.Min(MostPayload, reader.Frame.Length - facts.PayloadOffset)));
                var rung = new Rung(reader.Number, reader.Time, true, facts.Flags, facts.Sequence, facts.Acknowledgment, facts.Window, facts.Length, facts.Kind != PacketKind.Tcp, facts.Kind == PacketKind.Unreachable);
                raw.Add((rung, facts.Source, facts.Destination, [.. reader.PacketComments().Select(Unmarked)], [.. payload]));
            }
        }
        catch (CaptureFormatException e)
        {
            note = $"the capture is damaged {e.Message}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            note = $"the capture cannot be read: {e.Message}";
        }

        var origin = began is { } moment ? (moment - DateTime.UnixEpoch).Ticks * 100.0 : raw.Count > 0 ? raw[0].Rung.Time : 0;
        var views = new PacketView[raw.Count];
        foreach (var flow in raw.Index().GroupBy(one => new FlowKey(one.Item.Source, one.Item.Destination, !one.Item.Rung.Datagram)))
        {
            var source = flow.First().Item.Source;
            var rungs = flow.Select(one => one.Item.Rung with { FromSource = one.Item.Source.Equals(source) }).ToList();
            var (own, other) = (Ladder.Base(rungs, true), Ladder.Base(rungs, false));
            foreach (var ((index, packet), rung) in flow.Zip(rungs))
            {
                views[index] = new PacketView(
                    (packet.Rung.Time - origin) / 1000, $"{packet.Source}", $"{packet.Destination}", rung.FromSource ? Ladder.Words(rung, own, other) : Ladder.Words(rung, other, own), packet.Rung.Length,
                    (packet.Rung.Flags & Model.TcpFlags.Rst) != 0, packet.Notes, packet.Payload);
            }
        }

        return ([.. views], note);
    }

    /// <summary>The first bytes as a hex dump.</summary>
    public string Dump()
    {
        var text = new StringBuilder();
        for (var at = 0; at < Payload.Length; at += PerLine)
        {
            var line = Payload.AsSpan(at, Math.Min(PerLine, Payload.Length - at));
            text.Append(CultureInfo.InvariantCulture, $"{at:x4}  ");
            foreach (var one in line) text.Append(CultureInfo.InvariantCulture, $"{one:x2} ");
            text.Append(' ', ((PerLine - line.Length) * 3) + 1);
            foreach (var one in line) text.Append(one is >= 0x20 and < 0x7f ? (char)one : '·');
            text.Append('\n');
        }

        if (Length > Payload.Length) text.Append(CultureInfo.InvariantCulture, $"… {Length} bytes in all\n");
        return text.ToString().TrimEnd('\n');
    }

    private static string Unmarked(string comment) => comment.StartsWith(PacketNotes.Mark, StringComparison.Ordinal) ? comment[PacketNotes.Mark.Length..].TrimStart() : comment;
}
