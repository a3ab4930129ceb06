using System.Globalization;
using System.Text.RegularExpressions;
using SockConformance.Model;

namespace SockConformance.Tests.Shared;

/// <summary>Flows written as a segment prints itself: <c>&gt; S 1000(0) ack 0</c> is the client's, <c>&lt; S. 5000(0) ack 1001</c> the target's.</summary>
internal static partial class Segments
{
    public static Flow On(FiveTuple tuple, params string[] segments) =>
        new(tuple, [.. segments.Select((line, index) => Parse(line, TimeSpan.FromMilliseconds(index)))]);

    public static Flow Of(int socket, params string[] segments) => On(Told.TupleOf(socket), segments);

    public static Segment Parse(string line, TimeSpan at)
    {
        var match = Pattern().Match(line);
        if (!match.Success) throw new FormatException($"no segment: {line}");
        var flags = match.Groups["flags"].Value.Aggregate(TcpFlags.None, (all, letter) => all | letter switch
        {
            'S' => TcpFlags.Syn,
            'F' => TcpFlags.Fin,
            'R' => TcpFlags.Rst,
            'P' => TcpFlags.Psh,
            _ => TcpFlags.Ack,
        });
        uint Number(string group) => uint.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

        // Each segment has bytes of its own, as each captured frame has.
        return new Segment(at, line[0] == '>', flags, Number("seq"), Number("ack"), (int)Number("length"), 65535, new byte[] { (byte)line.Length });
    }

    [GeneratedRegex(@"^[<>] (?<flags>[SFRP.]*) (?<seq>[0-9]+)\((?<length>[0-9]+)\) ack (?<ack>[0-9]+)$")]
    private static partial Regex Pattern();
}
