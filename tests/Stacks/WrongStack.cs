using System.Buffers.Binary;
using System.Net;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Tests.Stacks;

/// <summary>
/// A small TCP that serves echo on one port, at the other end of the wire of the harness's own TCP. It keeps the rules, but for the one defect that it
/// is told to have: no target in a sandbox may make segments, so no target can break the rules for them.
/// </summary>
internal sealed class WrongStack : ISegmentLink
{
    private const int Window = 65535, FarPast = 1 << 20, Tick = 50, Timeout = 200;

    /// <summary>Each defect, and the requirement that it violates.</summary>
    public static IReadOnlyList<(string Word, string What, string Trips)> Defects { get; } =
    [
        ("syn-not-counted", "the RST for a SYN does not acknowledge the SYN", "closed-port-syn"),
        ("reset-from-zero", "the RST for an ACK has sequence 0", "closed-port-ack"),
        ("fin-not-counted", "the RST for a FIN does not acknowledge the FIN", "closed-port-odd-flags"),
        ("reset-for-reset", "a RST is answered by a RST", "closed-port-rst"),
        ("listener-own-number", "a listener's RST has a number of its own", "listen-ack"),
        ("listener-ended-by-reset", "a RST closes the listener", "listen-rst"),
        ("opens-on-anything", "whatever comes to the listener opens a connection", "listen-odd-flags"),
        ("syn-fin-counted-twice", "the FIN of a SYN+FIN is counted twice", "syn-fin"),
        ("number-for-each-syn", "a SYN that comes again gets another number", "syn-retransmitted"),
        ("any-ack", "any ACK ends the handshake", "syn-received-bad-ack"),
        ("handshake-outlives-reset", "a RST does not end a handshake", "syn-received-rst"),
        ("early-data", "what a SYN carries is delivered at once", "data-before-established"),
        ("impatient", "a half-open connection is forgotten after 100 ms", "slow-handshake"),
        ("crossing-refused", "a SYN that crosses its own is answered by a RST", "simultaneous-open"),
        ("crossing-renumbered", "the SYN+ACK for a SYN that crosses its own has another number", "simultaneous-open"),
        ("any-syn-ack", "any ACK answers its SYN", "syn-sent-bad-ack"),
        ("refused-by-anybody", "any RST refuses a connection", "syn-sent-rst"),
        ("counted-numbers", "each connection begins 64,000 after the one before", "initial-number"),
        ("ignores-reset", "an exact RST is ignored", "rst-exact"),
        ("near-reset", "any RST inside the window is obeyed", "rst-in-window"),
        ("any-reset", "any RST is obeyed", "rst-out-of-window"),
        ("reset-for-syn", "a SYN in a connection is answered by a RST", "syn-in-connection"),
        ("no-ack-needed", "data without ACK is taken", "no-ack-flag"),
        ("future", "data is taken whatever it acknowledges", "ack-of-the-future"),
        ("reset-for-old-ack", "an acknowledgment of long ago is answered by a RST", "ack-of-the-past"),
        ("old-data-again", "data that comes again is delivered again", "out-of-window"),
        ("mute-outside", "a segment outside the window is dropped without an ACK", "out-of-window"),
        ("no-checksum", "checksums are not looked at", "bad-checksum"),
        ("forgets-after-fin", "a FIN that comes again is not answered", "fin-retransmitted"),
        ("order-of-arrival", "data is delivered as it comes", "out-of-order"),
        ("fin-at-once", "a FIN counts when it comes", "fin-out-of-order"),
        ("overlap-twice", "what two segments carry both is delivered twice", "overlap"),
        ("closed-window", "a closed window is not looked at", "zero-window"),
        ("held-for-ever", "nobody looks at a window that opens", "zero-window"),
        ("no-probe", "a closed window is not probed", "window-probe"),
        ("any-window", "any window that is not closed is taken for a large one", "tiny-window"),
        ("urgent-segment-lost", "a segment with urgent data is left out", "urgent"),
        ("only-known-options", "a SYN with an unknown option is dropped", "junk-options"),
        ("one-fin", "a FIN is sent once", "fin-lost"),
        ("sends-once", "data is sent once", "vanished-peer"),
        ("reset-with-ack", "a RST with ACK is obeyed wherever it is, save far away", "random"),
    ];

    private readonly int port;
    private readonly string? defect;
    private readonly Lock gate = new();
    private readonly Dictionary<IPEndPoint, Connection> connections = [];
    private readonly Timer timer;
    private uint lastInitial = 1000;
    private bool deaf;

    public WrongStack(int port, string? defect)
    {
        (this.port, this.defect) = (port, defect);
        timer = new Timer(_ => Beat(), null, Tick, Tick);
    }

    public Action<TimeSpan, byte[]>? Arrived { get; set; }

    public void Send(byte[] frame)
    {
        FrameDecoder.Decode(LinkType.Ethernet, frame, frame.Length, out var facts);
        var (from, to) = (facts.Source.ToIPEndPoint(), facts.Destination.ToIPEndPoint());
        var came = new Came(facts.Flags, facts.Sequence, facts.Acknowledgment, facts.Window, frame.AsSpan(facts.PayloadOffset, facts.Captured).ToArray(), Options(frame));
        if (!Has("no-checksum") && !IsSound(frame)) return;
        lock (gate)
        {
            if (connections.TryGetValue(from, out var connection) && connection.Own.Port == to.Port && !deaf) Known(connection, came);
            else if (to.Port != port || deaf) Closed(from, to, came);
            else Listening(from, to, came);
        }
    }

    public ISegmentCaller NewCaller() => new Caller(this);

    public void Dispose() => timer.Dispose();

    private bool Has(string word) => defect == word;

    private void Closed(IPEndPoint from, IPEndPoint to, Came came)
    {
        if (came.Has(TcpFlags.Rst) && !Has("reset-for-reset")) return;
        if (came.Has(TcpFlags.Ack)) Say(to, from, TcpFlags.Rst, Has("reset-from-zero") ? 0 : came.Acknowledgment, 0);
        else Say(to, from, TcpFlags.Rst | TcpFlags.Ack, 0, came.End - (Has("syn-not-counted") && came.Has(TcpFlags.Syn) ? 1u : 0) - (Has("fin-not-counted") && came.Has(TcpFlags.Fin) ? 1u : 0));
    }

    private void Listening(IPEndPoint from, IPEndPoint to, Came came)
    {
        if (came.Has(TcpFlags.Rst))
        {
            deaf = Has("listener-ended-by-reset");
        }
        else if (came.Has(TcpFlags.Ack))
        {
            Say(to, from, TcpFlags.Rst, Has("listener-own-number") ? 12345 : came.Acknowledgment, 0);
        }
        else if ((came.Has(TcpFlags.Syn) && !(Has("only-known-options") && came.Options is [>= 0x1e, ..])) || Has("opens-on-anything"))
        {
            var opened = new Connection(to, from, NewInitial(), came.Sequence + (came.Has(TcpFlags.Fin) && Has("syn-fin-counted-twice") ? 3u : 1u)) { Window = came.Window };
            connections[from] = opened;
            Say(to, from, TcpFlags.Syn | TcpFlags.Ack, opened.Initial, opened.Expected);
            if (Has("early-data") && came.Data.Length > 0) Deliver(opened, came.Data);
        }
    }

    /// <summary>It has sent its SYN.</summary>
    private void Calling(Connection one, Came came)
    {
        var answers = came.Has(TcpFlags.Ack) && came.Acknowledgment == one.Next;
        if (came.Has(TcpFlags.Rst))
        {
            if (answers || Has("refused-by-anybody")) connections.Remove(one.Peer);
        }
        else if (came.Has(TcpFlags.Ack) && !answers && !(Has("any-syn-ack") && came.Has(TcpFlags.Syn)))
        {
            Say(one.Own, one.Peer, TcpFlags.Rst, came.Acknowledgment, 0);
        }
        else if (came.Has(TcpFlags.Syn) && !came.Has(TcpFlags.Ack) && Has("crossing-refused"))
        {
            Closed(one.Peer, one.Own, came);
        }
        else if (came.Has(TcpFlags.Syn))
        {
            (one.Calling, one.Established, one.Expected, one.Window) = (false, came.Has(TcpFlags.Ack), came.Sequence + 1, came.Window);
            if (Has("crossing-renumbered")) one.Begin(NewInitial());
            if (one.Established) one.Acknowledged = one.Next;
            if (one.Established) Acknowledge(one);
            else Say(one.Own, one.Peer, TcpFlags.Syn | TcpFlags.Ack, one.Initial, one.Expected);
        }
    }

    private void Known(Connection one, Came came)
    {
        if (one.Calling)
        {
            Calling(one, came);
            return;
        }

        var offset = unchecked((int)(came.Sequence - one.Expected));
        if (!one.Established)
        {
            if (came.Has(TcpFlags.Rst))
            {
                if (offset == 0 && !Has("handshake-outlives-reset")) connections.Remove(one.Peer);
                return;
            }

            if (came.Has(TcpFlags.Syn))
            {
                if (Has("number-for-each-syn")) one.Begin(NewInitial());
                Say(one.Own, one.Peer, TcpFlags.Syn | TcpFlags.Ack, one.Initial, one.Expected);
                return;
            }

            if (!came.Has(TcpFlags.Ack)) return;
            if (came.Acknowledgment != one.Next && !Has("any-ack"))
            {
                Say(one.Own, one.Peer, TcpFlags.Rst, came.Acknowledgment, 0);
                return;
            }

            (one.Established, one.Acknowledged) = (true, one.Next);
        }

        if (came.Has(TcpFlags.Rst))
        {
            var obeyed = offset == 0 ? !Has("ignores-reset") : offset > 0 && offset < Window ? Has("near-reset") : Has("any-reset");
            obeyed |= Has("reset-with-ack") && came.Has(TcpFlags.Ack) && Math.Abs((long)offset) < FarPast;
            if (obeyed) connections.Remove(one.Peer);
            else if (offset > 0 && offset < Window) Acknowledge(one);
            return;
        }

        if (came.Has(TcpFlags.Syn))
        {
            if (Has("reset-for-syn")) Say(one.Own, one.Peer, TcpFlags.Rst, one.Next, 0);
            else Acknowledge(one);
            return;
        }

        var length = came.Data.Length + (came.Has(TcpFlags.Fin) ? 1 : 0);
        if (offset > Window || (length > 0 && offset + length <= 0) || (length == 0 && offset < 0))
        {
            if (Has("forgets-after-fin") && one.Ended) return;
            if (Has("old-data-again") && offset < 0) Deliver(one, came.Data);
            if (!Has("mute-outside")) Acknowledge(one);
            return;
        }

        if (!came.Has(TcpFlags.Ack) && !Has("no-ack-needed")) return;
        var acknowledged = unchecked((int)(came.Acknowledgment - one.Next));
        if (came.Has(TcpFlags.Ack) && acknowledged > 0 && !Has("future"))
        {
            Acknowledge(one);
            return;
        }

        if (came.Has(TcpFlags.Ack) && acknowledged < -FarPast)
        {
            if (Has("reset-for-old-ack")) Say(one.Own, one.Peer, TcpFlags.Rst, one.Next, 0);
            else Acknowledge(one);
            return;
        }

        if (came.Has(TcpFlags.Ack) && acknowledged <= 0 && unchecked((int)(came.Acknowledgment - one.Acknowledged)) > 0) (one.Acknowledged, one.Since) = (came.Acknowledgment, Clock.Now);
        if (!(Has("held-for-ever") && one.Window == 0)) one.Window = came.Window;
        if (length > 0) Text(one, came, offset);
        Transmit(one);
        if (length > 0 && one.Told != one.Expected) Acknowledge(one);
    }

    private void Text(Connection one, Came came, int offset)
    {
        var data = Has("urgent-segment-lost") && came.Has(TcpFlags.Urg) ? [] : came.Data;
        if (offset > 0 && !Has("order-of-arrival") && !(Has("fin-at-once") && came.Has(TcpFlags.Fin)))
        {
            one.Waiting[came.Sequence] = came;
            Acknowledge(one);
            return;
        }

        Deliver(one, offset < 0 && !Has("overlap-twice") ? data[-offset..] : data);
        one.Expected = unchecked((int)(came.Sequence + (uint)came.Data.Length - one.Expected)) > 0 || offset > 0 ? came.Sequence + (uint)came.Data.Length : one.Expected;
        if (came.Has(TcpFlags.Fin) && !one.Ended) (one.Ended, one.Expected) = (true, one.Expected + 1);
        foreach (var (start, waiting) in one.Waiting.OrderBy(entry => unchecked((int)(entry.Key - one.Expected))).ToList())
        {
            var gap = unchecked((int)(start - one.Expected));
            if (gap > 0) break;
            one.Waiting.Remove(start);
            if (-gap < waiting.Data.Length || (waiting.Has(TcpFlags.Fin) && -gap <= waiting.Data.Length)) Text(one, waiting, gap);
        }
    }

    /// <summary>To the program, which echoes.</summary>
    private void Deliver(Connection one, byte[] data)
    {
        one.Output.AddRange(data);
        if (Has("early-data")) Transmit(one);
    }

    private void Transmit(Connection one)
    {
        while (true)
        {
            var flight = unchecked((int)(one.Next - one.Acknowledged));
            var room = Has("closed-window") || (Has("any-window") && one.Window > 0) ? Window : one.Window - flight;
            var size = Math.Min(Math.Min(room, 1400), one.Output.Count - one.Sent);
            if (size <= 0) break;
            if (one.Sent == 0 || flight == 0) one.Since = Clock.Now;
            Say(one, TcpFlags.Psh | TcpFlags.Ack, one.Next, [.. one.Output.Skip(one.Sent).Take(size)]);
            (one.Sent, one.Next) = (one.Sent + size, one.Next + (uint)size);
        }

        if (!one.Ended || one.Finished || one.Sent < one.Output.Count) return;
        (one.Finished, one.Since) = (true, Clock.Now);
        Say(one, TcpFlags.Fin | TcpFlags.Ack, one.Next++, []);
    }

    /// <summary>What time brings about: sending again, probing, forgetting.</summary>
    private void Beat()
    {
        lock (gate)
        {
            foreach (var one in connections.Values.ToList())
            {
                var age = (Clock.Now - one.Since).TotalMilliseconds;
                if (!one.Established && Has("impatient") && age > 100) connections.Remove(one.Peer);
                if (!one.Established || age < Timeout) continue;
                one.Since = Clock.Now;
                var unheard = unchecked((int)(one.Next - one.Acknowledged)) - (one.Finished ? 1 : 0);
                if (unheard > 0 && !Has("sends-once")) Say(one, TcpFlags.Psh | TcpFlags.Ack, one.Acknowledged, [.. one.Output.Skip(one.Sent - unheard).Take(unheard)]);
                else if (one.Finished && one.Acknowledged != one.Next && !Has("one-fin")) Say(one, TcpFlags.Fin | TcpFlags.Ack, one.Next - 1, []);
                else if (one.Sent < one.Output.Count && !Has("no-probe")) Say(one, TcpFlags.Ack, one.Next - 1, []);
            }
        }
    }

    private uint NewInitial() => Has("counted-numbers") ? lastInitial += 64_000 : BitConverter.ToUInt32(Guid.NewGuid().ToByteArray());

    private void Acknowledge(Connection one) => Say(one, TcpFlags.Ack, one.Next, []);

    private void Say(Connection one, TcpFlags flags, uint sequence, byte[] data)
    {
        one.Told = one.Expected;
        Say(one.Own, one.Peer, flags, sequence, one.Expected, data);
    }

    private void Say(IPEndPoint from, IPEndPoint to, TcpFlags flags, uint sequence, uint acknowledgment, byte[]? data = null) =>
        Arrived?.Invoke(Clock.Now, SegmentCrafter.Frame(from, to, new CraftedSegment(flags, sequence, acknowledgment, data, Window)));

    private static byte[] Options(byte[] frame) => frame[54..(34 + ((frame[46] >> 4) * 4))];

    /// <summary>The Internet checksum over pseudo-header and segment is right (RFC 9293 §3.1).</summary>
    private static bool IsSound(byte[] frame)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)) - 20;
        byte[] all = [.. frame[26..34], 0, 6, (byte)(length >> 8), (byte)length, .. frame[34..(34 + length)], .. length % 2 == 1 ? [0] : Array.Empty<byte>()];
        var sum = 0u;
        for (var i = 0; i < all.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(all.AsSpan(i));
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return sum == 0xffff;
    }

    private sealed class Caller(WrongStack stack) : ISegmentCaller
    {
        public IPEndPoint Name { get; } = new(VirtualEthernet.NearAddress, 40_000);

        public void Call(IPEndPoint to)
        {
            lock (stack.gate)
            {
                var opened = stack.connections[to] = new Connection(Name, to, stack.NewInitial(), 0) { Calling = true };
                stack.Say(Name, to, TcpFlags.Syn, opened.Initial, 0);
            }
        }

        public void Dispose() { }
    }

    private sealed record Came(TcpFlags Flags, uint Sequence, uint Acknowledgment, ushort Window, byte[] Data, byte[] Options)
    {
        public uint End => Sequence + (uint)Data.Length + (Has(TcpFlags.Syn) ? 1u : 0) + (Has(TcpFlags.Fin) ? 1u : 0);

        public bool Has(TcpFlags flag) => (Flags & flag) == flag;
    }

    private sealed class Connection
    {
        public Connection(IPEndPoint own, IPEndPoint peer, uint initial, uint expected)
        {
            (Own, Peer, Expected, Told) = (own, peer, expected, expected);
            Begin(initial);
        }

        public IPEndPoint Own { get; }

        public IPEndPoint Peer { get; }

        public uint Initial { get; private set; }

        public bool Calling, Established, Ended, Finished;
        public uint Expected, Told, Next, Acknowledged;
        public int Window, Sent;
        public TimeSpan Since = Clock.Now;

        public List<byte> Output { get; } = [];

        public Dictionary<uint, Came> Waiting { get; } = [];

        public void Begin(uint initial) => (Initial, Next, Acknowledged) = (initial, initial + 1, initial);
    }
}
