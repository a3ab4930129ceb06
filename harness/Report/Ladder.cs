using System.Globalization;
using System.Text;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Report;

/// <summary>A packet of the one flow that is to be drawn.</summary>
internal readonly record struct Rung(long Packet, long Time, bool FromSource, TcpFlags Flags, uint Sequence, uint Acknowledgment, ushort Window, int Length, bool Datagram, bool Unreachable);

/// <summary>A flow as a diagram between two lines, for the terminal: time, flags, relative numbers, length.</summary>
internal static class Ladder
{
    private const string Right = "──────────▶", Left = "◀──────────";
    private const int Column = 46;

    public static string Draw(FlowReport flow, IReadOnlyList<Rung> rungs, long more)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"packet",8} {"seconds",12}  {flow.Source,-Column} {"",11} {flow.Destination}\n");
        var start = rungs.Count > 0 ? rungs[0].Time : 0;
        var bases = (Source: Base(rungs, true), Destination: Base(rungs, false));
        foreach (var rung in rungs)
        {
            var what = Words(rung, rung.FromSource ? bases.Source : bases.Destination, rung.FromSource ? bases.Destination : bases.Source);
            text.Append(CultureInfo.InvariantCulture, $"{rung.Packet,8} {(rung.Time - start) / 1e9,12:0.000000}  ");
            text.Append(rung.FromSource ? $"{what,-Column} {Right}" : $"{"",Column} {Left} {what}").Append('\n');
            foreach (var finding in flow.Findings.Where(finding => finding.Packet == rung.Packet))
            {
                var (meaning, clause) = finding.Kind.Meaning();
                text.Append(CultureInfo.InvariantCulture, $"{"!",22}  {finding.Kind.Id()}: {meaning} ({clause})\n");
            }
        }

        if (more > 0) text.Append(CultureInfo.InvariantCulture, $"{"…",22}  {more} packets more\n");
        return text.ToString();
    }

    /// <summary>The number that relative ones are counted from: that of the SYN, or one before the first that was seen.</summary>
    public static uint Base(IReadOnlyList<Rung> rungs, bool source)
    {
        foreach (var rung in rungs)
        {
            if (rung.FromSource == source) return (rung.Flags & TcpFlags.Syn) != 0 ? rung.Sequence : rung.Sequence - 1;
            if ((rung.Flags & TcpFlags.Ack) != 0) return rung.Acknowledgment - 1;
        }

        return 0;
    }

    /// <summary>Numbers before the start come from another connection with the same 5-tuple, or from nowhere.</summary>
    private static int Relative(uint number) => unchecked((int)number);

    /// <summary>Flags, relative numbers, length.</summary>
    public static string Words(in Rung rung, uint own, uint other)
    {
        if (rung.Unreachable) return "ICMP port unreachable";
        if (rung.Datagram) return string.Create(CultureInfo.InvariantCulture, $"UDP len={rung.Length}");
        var flags = new List<string>(4);
        foreach (var flag in (TcpFlags[])[TcpFlags.Syn, TcpFlags.Fin, TcpFlags.Rst, TcpFlags.Psh, TcpFlags.Ack, TcpFlags.Urg])
        {
            if ((rung.Flags & flag) != 0) flags.Add(flag.ToString().ToUpperInvariant());
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{(flags.Count > 0 ? string.Join(',', flags) : "no flags")} seq={Relative(rung.Sequence - own)}");
        if ((rung.Flags & TcpFlags.Ack) != 0) text += string.Create(CultureInfo.InvariantCulture, $" ack={Relative(rung.Acknowledgment - other)}");
        return text + string.Create(CultureInfo.InvariantCulture, $"{(rung.Length > 0 ? $" len={rung.Length}" : "")} win={rung.Window}");
    }
}
