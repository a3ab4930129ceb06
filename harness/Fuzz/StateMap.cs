using System.Globalization;
using System.Text;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Fuzz;

/// <summary>
/// The target's states as they can be told from outside: what it answered on a connection lately. A transition is a state, what was asked in it, and what was
/// answered. Replies fall into classes by what they begin with, so that a number in a status line counts and the data behind it does not.
/// </summary>
internal sealed class StateMap(ServiceSpec service)
{
    private const int MostClasses = 250, MostTransitions = 20_000, Depth = 3;
    private readonly Dictionary<string, int> classes = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly List<string> names = [""];
    private readonly HashSet<int> states = [0];
    private readonly Dictionary<(int State, int Asked, int Answer), long> transitions = [];
    private readonly Lock gate = new();

    /// <summary>All bytes that came on a socket in one case.</summary>
    public delegate ReadOnlySpan<byte> Received(int socket);

    public int States
    {
        get
        {
            lock (gate) return states.Count;
        }
    }

    public int Transitions
    {
        get
        {
            lock (gate) return transitions.Count;
        }
    }

    /// <summary>Takes in what a case brought: after which of its steps something new was seen, or -1.</summary>
    public int Note(Scenario scenario, ReadOnlySpan<QuickEvent> events, Received received)
    {
        Span<int> state = stackalloc int[QuickDriver.MostSockets];
        var reached = -1;
        lock (gate)
        {
            foreach (var seen in events)
            {
                if (seen.To == seen.From && seen.End == QuickEnd.Met) continue;
                var sent = LastSent(scenario, seen);
                var answer = ClassOf(received(seen.Socket)[seen.From..seen.To], sent, seen.End);
                var key = (state[seen.Socket], Asked(sent), answer);
                ref var times = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(transitions, key, out var known);
                times++;
                state[seen.Socket] = ((state[seen.Socket] << 8) | answer) & ((1 << (8 * Depth)) - 1);
                if (known || transitions.Count > MostTransitions) continue;
                states.Add(state[seen.Socket]);
                reached = seen.Step + 1;
            }
        }

        return reached;
    }

    /// <summary>The diagram in the language of Graphviz: states with what was answered last, transitions with how often they were taken.</summary>
    public string ToDot()
    {
        var text = new StringBuilder("digraph states {\n  rankdir=LR; node [shape=box, style=rounded, fontname=\"sans-serif\"]; edge [fontname=\"sans-serif\", fontsize=10];\n  s0 [label=\"connected\"];\n");
        lock (gate)
        {
            var mask = (1 << (8 * Depth)) - 1;
            var shown = transitions.GroupBy(pair => (pair.Key.State, To: ((pair.Key.State << 8) | pair.Key.Answer) & mask)).Select(group => (group.Key.State, group.Key.To, Times: group.Sum(one => one.Value))).OrderByDescending(edge => edge.Times).Take(200).ToList();
            foreach (var one in shown.SelectMany(edge => (int[])[edge.State, edge.To]).Distinct().Where(one => one != 0)) text.Append(CultureInfo.InvariantCulture, $"  s{one} [label=\"{Escaped(names[one & 255])}\"];\n");
            foreach (var (from, to, times) in shown) text.Append(CultureInfo.InvariantCulture, $"  s{from} -> s{to} [label=\"{times}\"];\n");
        }

        return text.Append("}\n").ToString();
    }

    private static string Escaped(string name) => name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    /// <summary>What was sent on the socket before this, and after what came last.</summary>
    private static byte[] LastSent(Scenario scenario, QuickEvent seen)
    {
        for (var i = seen.Step - 1; i >= 0; i--)
        {
            if (scenario.Steps[i] is Step.Send send && send.Socket == seen.Socket) return send.Data.Size <= Havoc.MostBytes ? send.Data.ToBytes() : [];
        }

        return [];
    }

    /// <summary>The rule of the spec that a message falls under; -1 for none.</summary>
    private int Asked(byte[] sent)
    {
        if (service.Rules.Length < 2 || sent.Length == 0) return -1;
        var payload = service.Request.Take(sent) is { Status: FrameStatus.Whole } frame ? frame.Payload(sent) : sent;
        return Replies.Respond(service, payload) is { } rule ? service.Rules.IndexOf(rule) : -1;
    }

    private int ClassOf(ReadOnlySpan<byte> reply, byte[] sent, QuickEnd end)
    {
        var name = reply.IsEmpty ? end switch { QuickEnd.EndOfFile => "FIN", QuickEnd.Reset or QuickEnd.Refused => "RST", QuickEnd.TimedOut => "silence", _ => "flood" }
            : service.IsEcho || (sent.Length > 0 && reply.EndsWith(sent)) ? "the same" : Beginning(reply); // datagrams may have come together
        if (classes.TryGetValue(name, out var number)) return number;
        if (names.Count >= MostClasses) return names.Count - 1;
        names.Add(name);
        return classes[name] = names.Count - 1;
    }

    /// <summary>The first word of a text, longer numbers as #; of what is no text its first byte and its size, roughly.</summary>
    private static string Beginning(ReadOnlySpan<byte> reply)
    {
        const int MostLetters = 16, MostDigits = 3;
        var word = new StringBuilder(MostLetters);
        for (var i = 0; i < reply.Length && word.Length < MostLetters; i++)
        {
            var b = reply[i];
            if (b is (byte)' ' or (byte)'\r' or (byte)'\n' or (byte)'\t')
            {
                // A status line such as "HTTP/1.1 404": the number is what counts.
                if (i + 1 < reply.Length && b == (byte)' ' && reply[i + 1] is >= (byte)'0' and <= (byte)'9' && word.Length < 10) word.Append(' ');
                else if (word.Length > 0) break;
                continue;
            }

            if (b is < 0x21 or > 0x7e) return word.Length > 2 ? word.ToString() : string.Create(CultureInfo.InvariantCulture, $"0x{reply[0]:x2} {1 << (31 - int.LeadingZeroCount(reply.Length))} bytes");
            word.Append((char)b);
        }

        for (var i = 0; i < word.Length; i++)
        {
            var digits = 0;
            while (i + digits < word.Length && char.IsAsciiDigit(word[i + digits])) digits++;
            if (digits <= MostDigits) i += digits;
            else word.Remove(i, digits).Insert(i, '#');
        }

        return word.ToString();
    }
}
