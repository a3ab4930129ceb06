using System.Collections.Immutable;
using System.Net;
using SockConformance.Model;

namespace SockConformance.Api;

/// <summary>Lays what a program has said beside what was captured. Pure.</summary>
internal static class WireCheck
{
    /// <summary>The rules that are judged on the wire.</summary>
    public static ImmutableArray<Point> Rules { get; } = [Point.WireHandshake, Point.WireRefusal, Point.WireTuple, Point.WireData, Point.WireFin, Point.WireReset, Point.WireSilent, Point.WireDatagrams];

    /// <param name="facts">Of all connections of the program.</param>
    /// <param name="failed">How many connects were refused, and how many were not answered at all.</param>
    /// <param name="datagrams">How many datagrams were sent, and their bytes together; null if that is not known.</param>
    /// <param name="flows">All that was captured while the program ran.</param>
    /// <param name="allKnown">The model knows the state of every socket: what it does not know of is not there.</param>
    public static Disagreement? Judge(ImmutableArray<WireFacts> facts, (int Refused, int TimedOut) failed, (int Count, long Bytes)? datagrams, ImmutableArray<Flow> flows, bool allKnown, int step, long[] met)
    {
        var left = flows.Where(flow => flow.Tuple.Protocol == Transport.Tcp).ToList();
        var unnamed = facts.Count(fact => fact.Client.Port == 0 || fact.Server.Port == 0);
        foreach (var fact in facts)
        {
            if (fact.Client.Port == 0 || fact.Server.Port == 0) continue;
            var flow = left.FirstOrDefault(one => Is(one.Tuple.Client, fact.Client) && Is(one.Tuple.Server, fact.Server));
            met[(int)Point.WireTuple]++;
            if (flow is null)
            {
                var others = left.Where(one => one.Segments.Any(segment => segment.Has(TcpFlags.Syn)) && !facts.Any(other => Is(one.Tuple.Client, other.Client) && Is(one.Tuple.Server, other.Server))).ToList();
                return others.Count == 0 ? Against(Point.WireHandshake, $"a SYN from {fact.Client} to {fact.Server}", "nothing of this connection")
                    : Against(Point.WireTuple, $"a connection {fact.Client} → {fact.Server}, as both ends are named", string.Join(", ", others.Select(one => $"{one.Tuple.Client} → {one.Tuple.Server}")));
            }

            left.Remove(flow);
            if (Judge(fact, flow, met) is { } wrong) return wrong;
        }

        if (!allKnown) return null;
        var attempts = left.Where(flow => flow.Segments.Any(segment => segment.FromClient && segment.Has(TcpFlags.Syn))).ToList();
        if (failed.Refused > 0) met[(int)Point.WireRefusal]++;
        var strays = attempts.Where(flow => flow.Segments.Any(segment => !segment.FromClient && segment.Has(TcpFlags.Syn))).ToList();
        if (strays.Count > unnamed && strays is [.., var stray])
            return Against(Point.WireSilent, "no connection but those that the program made", $"one more: {stray.Tuple.Client} → {stray.Tuple.Server}");
        attempts = [.. attempts.Except(strays)];
        var all = failed.Refused + failed.TimedOut;
        if (attempts.Count < all) return Against(Point.WireRefusal, $"a SYN for each of {all} connects that failed", $"{attempts.Count}");
        if (attempts.Count > all) return Against(Point.WireSilent, $"{all} connects that fail", $"{attempts.Count} SYNs");
        if (attempts.Count(flow => !flow.Segments.Any(segment => !segment.FromClient && segment.Has(TcpFlags.Rst))) > failed.TimedOut) return Against(Point.WireRefusal, "a reset in answer to the SYN", "none");
        met[(int)Point.WireSilent]++;
        if (datagrams is not { } sent) return null;
        var seen = flows.Where(flow => flow.Tuple.Protocol == Transport.Udp).SelectMany(flow => flow.Segments).Where(segment => segment.Unreachable is null).ToList();
        if (sent.Count > 0) met[(int)Point.WireDatagrams]++;
        if (seen.Count != sent.Count) return Against(Point.WireDatagrams, $"{sent.Count} datagrams", $"{seen.Count}");
        var bytes = seen.Sum(segment => (long)segment.Length);
        return bytes == sent.Bytes ? null : Against(Point.WireDatagrams, $"{sent.Bytes} bytes in {sent.Count} datagrams", $"{bytes} bytes");

        Disagreement Against(Point point, string expected, string observed) => new(point, step, expected, observed);

        Disagreement? Judge(WireFacts fact, Flow flow, long[] met)
        {
            var first = flow.Segments[0];
            met[(int)Point.WireHandshake]++;
            if (!(first.FromClient && first.Has(TcpFlags.Syn) && !first.Has(TcpFlags.Ack))) return Against(Point.WireHandshake, "a SYN of the client first", first.ToString());
            if (!flow.FromServer.Any(segment => segment.Has(TcpFlags.Syn | TcpFlags.Ack))) return Against(Point.WireHandshake, "a SYN-ACK", "none");
            if (flow.FromClient.Where(segment => segment.Has(TcpFlags.Syn)).DistinctBy(segment => segment.Sequence).Count() > 1) return Against(Point.WireSilent, "one SYN", "a second one with another sequence number");
            met[(int)Point.WireData]++;
            foreach (var (fromClient, sent) in ((bool, long)[])[(true, fact.ClientSent), (false, fact.ServerSent)])
            {
                var bytes = Bytes(flow, fromClient);
                if (fact.Exactly ? bytes != sent : bytes > sent + (fact.Reset == true ? 1 << 17 : 0))
                    return Against(Point.WireData, $"{sent} bytes from the {(fromClient ? "client" : "server")}", $"{bytes}");
            }

            // A reset comes before the FINs: where one is sent for no reason, a FIN is missing, too.
            met[(int)Point.WireReset]++;
            var reset = flow.Segments.Any(segment => segment.Has(TcpFlags.Rst));
            if (fact.Reset is { } should && should != reset) return Against(Point.WireReset, should ? "a reset" : "no reset", reset ? "one" : "none");
            met[(int)Point.WireFin]++;
            foreach (var (fromClient, ended) in ((bool, bool?)[])[(true, fact.ClientEnded), (false, fact.ServerEnded)])
            {
                var fins = flow.Segments.Where(segment => segment.FromClient == fromClient && segment.Has(TcpFlags.Fin)).Select(segment => segment.Sequence + (uint)segment.Length).Distinct().Count();
                if (fins > 1) return Against(Point.WireFin, $"one FIN from the {(fromClient ? "client" : "server")}", $"{fins}, each with a sequence number of its own");
                var has = fins > 0;
                if (ended is { } must && has != must) return Against(Point.WireFin, must ? $"a FIN from the {(fromClient ? "client" : "server")}" : $"no FIN from the {(fromClient ? "client" : "server")}", has ? "one" : "none");
            }

            return null;
        }
    }

    private static bool Is(IPEndPoint endpoint, Name name) =>
        endpoint.Port == name.Port && endpoint.Address.GetAddressBytes() is [var a, var b, var c, var d] && (((uint)a << 24) | ((uint)b << 16) | ((uint)c << 8) | d) == name.Ip;

    /// <summary>The bytes of the stream that were sent, each counted once however often.</summary>
    private static long Bytes(Flow flow, bool fromClient)
    {
        var start = flow.Segments.FirstOrDefault(segment => segment.FromClient == fromClient && segment.Has(TcpFlags.Syn))?.Sequence + 1 ?? 0;
        return flow.Segments.Where(segment => segment.FromClient == fromClient && segment.Length > 0).Select(segment => (long)unchecked(segment.Sequence - start) + segment.Length).DefaultIfEmpty(0).Max();
    }
}
