using System.Globalization;
using SockConformance.Model;

namespace SockConformance.Report.Html;

/// <summary>The socket model with what a run has carried out of it: as a picture, and as a table of states and primitives.</summary>
internal static class StateDiagram
{
    private const double Width = 980, BoxWidth = 118, BoxHeight = 40;

    private static readonly Framing AnyFraming = new Framing.Stream();

    /// <summary>A step of each kind that uses a socket, to ask the model about.</summary>
    private static readonly Step[] Samples =
    [
        new Step.Connect(0), new Step.Connect(0, Background: true), new Step.Open(0), new Step.Accept(0), new Step.Handshake(0, TlsOffer.Any), new Step.Send(0, new Payload.Generated(0, 0, Alphabet.Bytes)), new Step.Receive(0, null),
        new Step.ReceiveMessages(0, 1, AnyFraming), new Step.Await(0, 1, AnyFraming), new Step.Serve(0, []), new Step.CloseNotify(0), new Step.ShutdownWrite(0), new Step.Close(0), new Step.Abort(0),
    ];

    private static readonly Dictionary<SocketState, (double X, double Y)> Places = new()
    {
        [SocketState.Unconnected] = (90, 150),
        [SocketState.Connecting] = (270, 60),
        [SocketState.Connected] = (450, 150),
        [SocketState.WriteShut] = (680, 150),
        [SocketState.Closed] = (890, 150),
        [SocketState.Datagram] = (450, 290),
    };

    public static void Write(HtmlWriter html, IReadOnlyDictionary<ModelVisit, long> visits)
    {
        var (states, primitives) = Extent(visits);
        var height = states.Contains(SocketState.Datagram) ? 356.0 : 270;
        var top = states.Contains(SocketState.Connecting) ? 0.0 : states.Contains(SocketState.Connected) ? 68 : 116; // nothing is drawn above
        var (met, all) = Coverage(visits, states, primitives, illegal: false);
        var (tried, forbidden) = Coverage(visits, states, primitives, illegal: true);
        html.Open("p").Text("Of the primitives that this run used, ").Element("strong", $"{met} of {all}").Text(" pairs of state and primitive that are allowed were carried out, and ")
            .Element("strong", $"{tried} of {forbidden}").Text(" that are not. States are those of the harness’s own sockets.").Close();
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "state diagram"));
        html.Open("svg", ("class", "states"), ("viewBox", $"0 {F(top)} {F(Width)} {F(height - top)}"), ("width", F(Width)), ("height", F(height - top)), ("role", "img"), ("aria-label", "The states of a socket and the primitives that lead from one to the other; the table below has the same numbers."));
        foreach (var edge in Edges(visits)) Edge(html, edge, states);
        foreach (var state in states) State(html, state, visits);
        html.Close().Close();
        Matrix(html, visits, states, primitives);
    }

    /// <summary>What there is to be covered: all states that the primitives of the run can lead to.</summary>
    private static (List<SocketState> States, List<Step> Primitives) Extent(IReadOnlyDictionary<ModelVisit, long> visits)
    {
        var used = visits.Keys.Select(visit => visit.Primitive).ToHashSet();
        var primitives = Samples.Where(step => used.Contains(ModelVisits.NameOf(step))).ToList();
        var states = new List<SocketState> { SocketState.Unconnected };
        for (var i = 0; i < states.Count; i++)
        {
            foreach (var next in primitives.Select(step => SocketModel.Next(states[i], step)).OfType<Legality.Legal>().Select(legal => legal.Next).Where(next => !states.Contains(next))) states.Add(next);
        }

        return ([.. states.Order()], primitives);
    }

    private static (int Met, int All) Coverage(IReadOnlyDictionary<ModelVisit, long> visits, List<SocketState> states, List<Step> primitives, bool illegal)
    {
        var pairs = from state in states
                    from step in primitives
                    where SocketModel.Next(state, step) is Legality.Illegal == illegal
                    select visits.ContainsKey(new ModelVisit(state, ModelVisits.NameOf(step), illegal));
        var all = pairs.ToList();
        return (all.Count(met => met), all.Count);
    }

    /// <summary>The lines between states: each with the primitives that it stands for.</summary>
    private static IEnumerable<(SocketState From, SocketState To, string Path, double X, double Y, string Words, long Times)> Edges(IReadOnlyDictionary<ModelVisit, long> visits)
    {
        long Times(SocketState start, SocketState end, params string[] only) => Samples
            .Where(step => SocketModel.Next(start, step) is Legality.Legal legal && legal.Next == end && (only.Length == 0 || only.Contains(ModelVisits.NameOf(step))))
            .Sum(step => visits.GetValueOrDefault(new ModelVisit(start, ModelVisits.NameOf(step), false)));

        var (unconnected, connecting, connected, shut, closed, datagram) = (SocketState.Unconnected, SocketState.Connecting, SocketState.Connected, SocketState.WriteShut, SocketState.Closed, SocketState.Datagram);
        yield return (unconnected, connected, "M149 146H385", 300, 138, "connect", Times(unconnected, connected, "connect"));
        if (Times(unconnected, connected, "accept") is > 0 and var accepted) yield return (unconnected, connected, "M149 160H385", 300, 178, "accept", accepted);
        yield return (unconnected, connecting, "M90 130C90 80 140 60 205 60", 112, 48, "connect, not waiting", Times(unconnected, connecting));
        yield return (connecting, connected, "M329 60C400 60 450 80 450 124", 494, 62, "send, receive", Times(connecting, connected));
        yield return (connected, connected, "M490 130C500 84 560 96 512 135", 566, 92, "send, receive", Times(connected, connected));
        yield return (connected, shut, "M509 150H615", 565, 142, "shutdown", Times(connected, shut));
        yield return (connecting, shut, "M322 40C400 28 680 20 680 124", 530, 33, "shutdown", Times(connecting, shut));
        yield return (shut, shut, "M720 130C730 84 790 96 742 135", 790, 92, "receive", Times(shut, shut));
        yield return (shut, closed, "M739 150H825", 785, 142, "close", Times(shut, closed));
        yield return (connected, closed, "M470 170C500 226 880 236 890 176", 690, 234, "close, abort", Times(connected, closed));
        yield return (unconnected, closed, "M90 170C100 256 900 268 912 176", 323, 250, "close", Times(unconnected, closed));
        yield return (connecting, closed, "M300 40C380 6 890 -14 890 124", 625, 12, "close, abort", Times(connecting, closed));
        yield return (unconnected, datagram, "M110 170C140 270 260 290 385 290", 210, 300, "open", Times(unconnected, datagram));
        yield return (datagram, datagram, "M420 312C400 350 500 350 480 317", 566, 334, "send, receive", Times(datagram, datagram));
        yield return (datagram, closed, "M509 290C700 290 920 280 920 176", 740, 300, "close", Times(datagram, closed));
    }

    private static void Edge(HtmlWriter html, (SocketState From, SocketState To, string Path, double X, double Y, string Words, long Times) edge, List<SocketState> states)
    {
        if (!states.Contains(edge.From) || !states.Contains(edge.To)) return;
        html.Open("g", ("class", edge.Times > 0 ? "edge" : "edge unmet")).Element("title", $"{ModelVisit.Words(edge.From)} → {ModelVisit.Words(edge.To)}: {edge.Words}, {(edge.Times > 0 ? Times(edge.Times) : "never carried out")}");
        html.Void("path", ("d", edge.Path));
        html.Void("path", ("class", "tip"), ("d", Tip(edge.Path)));
        html.Open("text", ("x", F(edge.X)), ("y", F(edge.Y))).Text(edge.Words).Element("tspan", edge.Times > 0 ? $" {Times(edge.Times)}" : " –", ("class", "times")).Close().Close();
    }

    /// <summary>An arrow head at the end of a path, along its last direction.</summary>
    private static string Tip(string path)
    {
        var numbers = path.Split(['M', 'C', 'H', ' '], StringSplitOptions.RemoveEmptyEntries).Select(part => double.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        var straight = path.Contains('H', StringComparison.Ordinal);
        var (x, y) = straight ? (numbers[2], numbers[1]) : (numbers[^2], numbers[^1]);
        var (fromX, fromY) = straight ? (numbers[0], y) : (numbers[^4], numbers[^3]);
        var length = Math.Sqrt(((x - fromX) * (x - fromX)) + ((y - fromY) * (y - fromY)));
        var (dx, dy) = ((x - fromX) / length, (y - fromY) / length);
        return $"M{F(x + (dx * 5))} {F(y + (dy * 5))}L{F(x - (dx * 4) - (dy * 4))} {F(y - (dy * 4) + (dx * 4))}L{F(x - (dx * 4) + (dy * 4))} {F(y - (dy * 4) - (dx * 4))}z";
    }

    private static void State(HtmlWriter html, SocketState state, IReadOnlyDictionary<ModelVisit, long> visits)
    {
        var (x, y) = Places[state];
        var (times, refused) = (visits.Where(one => one.Key.State == state && !one.Key.Illegal).Sum(one => one.Value), visits.Where(one => one.Key.State == state && one.Key.Illegal).ToList());
        var tip = $"{ModelVisit.Words(state)}: {Times(times)} allowed" + (refused.Count > 0 ? $"; not allowed: {string.Join(", ", refused.Select(one => $"{one.Key.Primitive} {Times(one.Value)}"))}" : "");
        html.Open("g", ("class", times > 0 || refused.Count > 0 || (state == SocketState.Closed && visits.Keys.Any(visit => visit is { Illegal: false, Primitive: "close" or "abort" })) ? "state" : "state unmet")).Element("title", tip);
        html.Void("rect", ("x", F(x - (BoxWidth / 2))), ("y", F(y - (BoxHeight / 2))), ("width", F(BoxWidth)), ("height", F(BoxHeight)), ("rx", "8"));
        html.Element("text", ModelVisit.Words(state), ("class", "middle"), ("x", F(x)), ("y", F(refused.Count > 0 ? y - 1 : y + 4)));
        if (refused.Count > 0) html.Element("text", $"⊘ {Times(refused.Sum(one => one.Value))}", ("class", "middle refused"), ("x", F(x)), ("y", F(y + 14)));
        html.Close();
    }

    private static void Matrix(HtmlWriter html, IReadOnlyDictionary<ModelVisit, long> visits, List<SocketState> states, List<Step> primitives)
    {
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "primitives by state"));
        html.Open("table", ("class", "matrix")).Element("caption", "How often each primitive was carried out in each state; ⊘ where it is not allowed, and must be refused").Open("thead").Open("tr").Element("th", "state", ("scope", "col"));
        foreach (var step in primitives) html.Element("th", ModelVisits.NameOf(step), ("scope", "col"));
        html.Close().Close().Open("tbody");
        foreach (var state in states)
        {
            html.Open("tr").Element("th", ModelVisit.Words(state), ("scope", "row"));
            foreach (var step in primitives)
            {
                var illegal = SocketModel.Next(state, step) is Legality.Illegal;
                var times = visits.GetValueOrDefault(new ModelVisit(state, ModelVisits.NameOf(step), illegal));
                html.Element("td", (illegal ? "⊘ " : "") + (times > 0 ? times.ToString("#,0", CultureInfo.InvariantCulture) : "–"), ("class", times == 0 ? "num none" : illegal ? "num refused" : "num"));
            }

            html.Close();
        }

        html.Close().Close().Close();
    }

    private static string Times(long times) => string.Create(CultureInfo.InvariantCulture, $"×{times:#,0}");

    private static string F(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
