using System.Buffers.Binary;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Tests.Captures;

/// <summary>One frame as a capture has it.</summary>
internal readonly record struct Frame(long Time, LinkType Link, byte[] Bytes, int Wire);

/// <summary>
/// TCP connections in which nobody breaks a rule, over a network that loses, delays and reorders, seen from somewhere on the way: small models of
/// two ends, which retransmit, probe, keep alive, close and abort as the RFC has it. The same seed makes the same capture.
/// </summary>
internal sealed class CleanConnections
{
    private const int Mss = 1400;
    private const long Millisecond = 1_000_000;

    private readonly Random random;
    private readonly PriorityQueue<Action, (long, long)> events = new();
    private readonly List<Frame> frames = [];
    private readonly double before, after, place, jitter;
    private readonly long delay;
    private long now, number;

    private CleanConnections(int seed)
    {
        random = new Random(seed);
        (before, after) = random.Next(3) == 0 ? (0, 0) : (random.NextDouble() * 0.08, random.NextDouble() * 0.08);
        place = random.Next(3) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };
        delay = (long)(Math.Pow(10, random.NextDouble() * 3.3) * 0.05 * Millisecond);
        jitter = random.Next(2) == 0 ? 0 : random.NextDouble() * 2;
    }

    /// <summary>One to a few connections one after the other on the same ports, in the order in which their frames were seen.</summary>
    public static List<Frame> Make(int seed)
    {
        var wire = new CleanConnections(seed);
        var isn = (uint)wire.random.Next(int.MinValue, int.MaxValue);
        for (var n = wire.random.Next(4) == 0 ? 3 : 1; n > 0; n--)
        {
            // Ports that are used again begin behind all that the old connection has sent (RFC 9293 §3.4.1).
            wire.Connect(isn, (uint)wire.random.Next(int.MinValue, int.MaxValue));
            isn += 10_000_000;
            wire.now += 70_000 * Millisecond;
        }

        return wire.frames;
    }

    private void Connect(uint clientIsn, uint serverIsn)
    {
        var scaled = random.Next(2) == 0;
        Peer client = new(this, true, clientIsn, scaled), server = new(this, false, serverIsn, scaled);
        (client.Other, server.Other) = (server, client);
        client.Plan();
        server.Plan();
        At(random.Next(5), client.Call);
        for (var n = 0; n < 3000 && events.TryDequeue(out var action, out var time); n++)
        {
            now = time.Item1;
            action();
        }

        events.Clear();
    }

    private void At(double milliseconds, Action action) => events.Enqueue(action, (now + (long)(milliseconds * Millisecond), number++));

    private void Send(Peer from, Peer to, Segment segment)
    {
        if (random.NextDouble() < before) return;
        var whole = (delay * (1 + (random.NextDouble() * jitter))) / Millisecond;
        var way = from.IsClient ? place : 1 - place;
        At(whole * way, () =>
        {
            frames.Add(new Frame(now, LinkType.Raw, from.Bytes(segment), 40 + segment.Length + (segment.Has(TcpFlags.Syn) ? 4 : 0)));
            if (random.NextDouble() >= after) At(whole * (1 - way), () => to.Take(segment));
        });
    }

    private sealed record Segment(TcpFlags Flags, uint Sequence, uint Acknowledgment, int Window, int Length, int Scale)
    {
        public bool Has(TcpFlags flag) => (Flags & flag) != 0;
    }

    /// <summary>One end. Places in a stream count from the SYN, which is 0.</summary>
    private sealed class Peer(CleanConnections wire, bool isClient, uint isn, bool scaled)
    {
        private const int Timeout = 250;

        private readonly Random random = wire.random;
        private readonly int scale = scaled ? wire.random.Next(8) : -1;
        private readonly List<(long From, long To)> early = [];
        private long una, next, queued = 1, received, window, peerIsn, unread;
        private int room, repeats, tries, peerScale;
        private bool open, closed, called, hasPeer, peerFinished, aborts, stalls, armed, probes, keepsAlive;
        private long most; // the furthest that was ever sent

        public Peer Other { get; set; } = null!;

        public bool IsClient => isClient;

        private bool FinQueued { get; set; }

        private long Limit => queued + (FinQueued ? 1 : 0);

        /// <summary>What the program on top will do.</summary>
        public void Plan()
        {
            room = random.Next(3) switch { 0 => 3000, 1 => 20_000, _ => 65_535 };
            (stalls, aborts, keepsAlive) = (random.Next(6) == 0, random.Next(6) == 0, random.Next(6) == 0);
            var at = random.Next(3) == 0 ? 0.0 : random.NextDouble() * 100;
            for (var n = random.Next(6); n > 0; n--)
            {
                at += random.NextDouble() * 30;
                var size = random.Next(4) switch { 0 => 1, 1 => random.Next(1, 100), 2 => random.Next(1, 3000), _ => random.Next(1, 20_000) };
                wire.At(at, () => Write(size));
            }

            if (keepsAlive) wire.At(at + 700, KeepAlive);
            if (random.Next(8) > 0) wire.At(at + (random.Next(3) == 0 ? random.NextDouble() * 3 : random.NextDouble() * 400), aborts ? Abort : Finish);
        }

        public void Call()
        {
            (called, open) = (true, true);
            Emit(TcpFlags.Syn, 0, 0);
            (next, most) = (1, 1);
            Arm();
        }

        public void Take(Segment segment)
        {
            if (!open && isClient) return;
            if (segment.Has(TcpFlags.Syn) && !hasPeer && !closed)
            {
                (hasPeer, peerIsn, peerScale, received) = (true, segment.Sequence, scale >= 0 ? Math.Max(segment.Scale, 0) : 0, 1);
                window = segment.Window;
                if (!isClient)
                {
                    open = true;
                    Emit(TcpFlags.Syn | TcpFlags.Ack, 0, 0);
                    (next, most) = (1, 1);
                    Arm();
                    return;
                }

                una = 1;
                tries = 0;
                Acknowledge();
                Push();
                return;
            }

            if (isClient && !hasPeer && !closed) return; // SYN-SENT: what is neither SYN nor RST is dropped (RFC 9293 §3.10.7.3)
            if (closed || !hasPeer)
            {
                // Nobody is there: the answer is a reset (RFC 9293 §3.10.7.1).
                if (segment.Has(TcpFlags.Rst)) return;
                var end = segment.Sequence + (uint)segment.Length + (segment.Has(TcpFlags.Syn) ? 1u : 0) + (segment.Has(TcpFlags.Fin) ? 1u : 0);
                wire.Send(this, Other, segment.Has(TcpFlags.Ack) ? new Segment(TcpFlags.Rst, segment.Acknowledgment, 0, 0, 0, -1) : new Segment(TcpFlags.Rst | TcpFlags.Ack, 0, end, 0, 0, -1));
                return;
            }

            var at = (int)(segment.Sequence - (uint)(peerIsn + received)) + received; // its place
            if (segment.Has(TcpFlags.Rst))
            {
                if (at == received) Close();
                else if (at > received && at < received + room) Acknowledge(); // a challenge (RFC 5961 §3.2)
                return;
            }

            if (segment.Has(TcpFlags.Syn))
            {
                Acknowledge();
                return;
            }

            if (segment.Has(TcpFlags.Ack)) TakeAck(segment);
            if (closed) return;
            var until = at + segment.Length + (segment.Has(TcpFlags.Fin) ? 1 : 0);
            if (until == at)
            {
                if (at < received) Acknowledge(); // a keep-alive
                return;
            }

            if (until <= received || at >= received + Free)
            {
                Acknowledge();
                return;
            }

            // What does not fit is cut off, and the FIN behind it.
            var fin = segment.Has(TcpFlags.Fin) && until - 1 <= received + Free;
            early.Add((at, fin ? until : Math.Min(until - (segment.Has(TcpFlags.Fin) ? 1 : 0), received + Free)));
            if (fin) peerFin = until - 1;
            for (var moved = true; moved;)
            {
                moved = false;
                foreach (var (from, to) in early)
                {
                    if (from > received || to <= received) continue;
                    unread += to - received;
                    received = to;
                    moved = true;
                }
            }

            if (peerFin >= 0 && received > peerFin) peerFinished = true;
            if (!stalls) unread = 0;
            else if (unread > 0) wire.At(600, () => Drain());
            if (random.Next(3) > 0 || until > received) Acknowledge();
            else wire.At(40 * random.NextDouble(), Acknowledge);
            Push();
            EndIfDone();
        }

        public byte[] Bytes(Segment segment) =>
            MessyWire.Segment(isClient, segment.Flags, segment.Sequence, segment.Acknowledgment, segment.Window, segment.Length, segment.Scale, i => (byte)(((segment.Sequence - isn + i) * 2654435761) >> 13));

        private long peerFin = -1;

        private int Free => (int)Math.Max(0, room - unread);

        private void Drain()
        {
            if (closed || unread == 0) return;
            unread = 0;
            Acknowledge();
        }

        private void TakeAck(Segment segment)
        {
            var acked = (int)(segment.Acknowledgment - (uint)(isn + una)) + una;
            if (acked > most) return;
            window = (long)segment.Window << peerScale;
            if (acked > una)
            {
                (una, tries, repeats) = (acked, 0, 0);
                next = Math.Max(next, una);
            }
            else if (acked == una && una < most && segment.Length == 0 && !segment.Has(TcpFlags.Fin) && ++repeats == 3)
            {
                Repeat();
            }

            Push();
        }

        private void Write(int size)
        {
            if (FinQueued || closed) return;
            queued += size;
            Push();
        }

        private void Finish()
        {
            if (FinQueued || closed || !hasPeer) return;
            FinQueued = true;
            Push();
        }

        private void Abort()
        {
            if (closed || !hasPeer || una == 0) return;
            Emit(TcpFlags.Rst | TcpFlags.Ack, most, 0);
            Close();
        }

        private void KeepAlive()
        {
            if (closed || !hasPeer || una == 0 || una != most || FinQueued) return;
            Emit(TcpFlags.Ack, next - 1, 0);
        }

        private void Close() => closed = true;

        /// <summary>Who reads the end of the other's stream often ends its own.</summary>
        private void EndIfDone()
        {
            if (peerFinished && !FinQueued && random.Next(2) == 0) wire.At(random.NextDouble() * 20, Finish);
        }

        /// <summary>Sends what may be sent.</summary>
        private void Push()
        {
            if (closed || !hasPeer || una == 0) return;
            while (next < Limit && next < una + Math.Min(window, 14_000))
            {
                var length = (int)Math.Min(Math.Min(Mss, queued - next), una + window - next);
                if (length < 0) length = 0;
                var fin = FinQueued && next + length == queued && (length == 0 || random.Next(2) == 0);
                if (length == 0 && !fin) break;
                Emit(TcpFlags.Ack | (fin ? TcpFlags.Fin : 0) | (length > 0 ? TcpFlags.Psh : 0), next, length);
                next += length + (fin ? 1 : 0);
                most = Math.Max(most, next);
            }

            if (una < Limit || una < most) Arm();
        }

        private void Arm()
        {
            if (armed) return;
            armed = true;
            wire.At((Timeout + random.Next(20)) << Math.Min(tries, 5), Late);
        }

        private void Late()
        {
            armed = false;
            if (closed || !(called || hasPeer) || tries > 5) return;
            if (una >= most && una >= Limit) return;
            tries++;
            if (una == 0) Emit(isClient ? TcpFlags.Syn : TcpFlags.Syn | TcpFlags.Ack, 0, 0);
            else if (una < most) Repeat();
            else if (window == 0 && una < queued) Probe();
            Push();
            Arm();
        }

        /// <summary>The oldest that is not acknowledged, cut as it comes.</summary>
        private void Repeat()
        {
            if (una == 0 || una >= most) return;
            var length = (int)Math.Min(random.Next(3) == 0 ? random.Next(1, Mss) : Mss, Math.Min(most, queued) - una);
            var fin = FinQueued && una + length == queued && most > queued;
            Emit(TcpFlags.Ack | (fin ? TcpFlags.Fin : 0), una, Math.Max(0, length));
        }

        private void Probe()
        {
            // As Linux does it, with an old number; or as others do, with the next byte.
            probes = !probes;
            if (probes)
            {
                Emit(TcpFlags.Ack, una - 1, 0);
            }
            else
            {
                Emit(TcpFlags.Ack, una, 1);
                most = Math.Max(most, una + 1);
                next = Math.Max(next, una + 1);
            }
        }

        private void Acknowledge()
        {
            if (!closed && hasPeer) Emit(TcpFlags.Ack, most, 0);
        }

        private void Emit(TcpFlags flags, long at, int length)
        {
            var syn = (flags & TcpFlags.Syn) != 0;
            var shift = syn || scale < 0 || (hasPeer && !scaled) ? 0 : scale;
            var offered = Math.Min(Free >> shift, 65_535);
            wire.Send(this, Other, new Segment(flags, isn + (uint)at, (flags & TcpFlags.Ack) != 0 ? (uint)(peerIsn + received) : 0, offered, length, syn ? scale : -1));
        }
    }
}

/// <summary>What a bad observer makes of a good capture: frames lost, doubled, out of order, cut short, one direction missing, begun late, ended early.</summary>
internal static class MessyWire
{
    /// <summary>Frames swapped by the queues of a network card are as far apart as this at most, in nanoseconds.</summary>
    public const int MostDisorder = 1_000_000;

    public static List<Frame> Spoil(IReadOnlyList<Frame> clean, int seed)
    {
        var random = new Random(seed);
        double Chance(double most) => random.Next(3) == 0 ? 0 : most * random.NextDouble();
        var (lost, doubled, swapped, snap) = (Chance(0.3), Chance(0.1), Chance(0.3), random.Next(4) == 0 ? random.Next(40, 120) : int.MaxValue);
        var stamped = random.Next(2) == 0; // whether the time stamps show the disorder
        var (from, until) = (random.Next(4) == 0 ? random.Next(clean.Count) : 0, random.Next(4) == 0 ? random.Next(clean.Count) : clean.Count);
        var oneWay = random.Next(8) == 0 ? random.Next(2) : -1;
        var hole = random.Next(4) == 0 ? random.Next(clean.Count) : int.MaxValue;
        var seen = new List<(long At, Frame Frame)>();
        for (var i = from; i < until; i++)
        {
            var frame = clean[i];
            if (i >= hole && i < hole + 20 && random.Next(20) > 0) continue;
            if (random.NextDouble() < lost || (oneWay >= 0 && frame.Link == LinkType.Raw && frame.Bytes[15] == 1 + oneWay)) continue;
            if (frame.Bytes.Length > snap) frame = frame with { Bytes = frame.Bytes[..snap] };
            var at = frame.Time + (random.NextDouble() < swapped ? random.Next(MostDisorder) : 0);
            seen.Add((at, stamped ? frame with { Time = at } : frame));
            if (random.NextDouble() >= doubled) continue;
            at += random.Next(MostDisorder);
            seen.Add((at, stamped ? frame with { Time = at } : frame));
        }

        return [.. seen.OrderBy(one => one.At).Select(one => one.Frame)];
    }

    /// <summary>A segment in an IPv4 packet, between the same two addresses and ports.</summary>
    /// <param name="scale">The window scale of a SYN; -1 for none.</param>
    public static byte[] Segment(bool fromClient, TcpFlags flags, uint sequence, uint acknowledgment, int window, int length, int scale, Func<uint, byte> content)
    {
        var syn = (flags & TcpFlags.Syn) != 0;
        var header = syn ? 24 : 20;
        var frame = new byte[20 + header + length];
        frame[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)frame.Length);
        (frame[8], frame[9]) = (64, 6);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(12), fromClient ? 0x0a000001u : 0x0a000002u);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(16), fromClient ? 0x0a000002u : 0x0a000001u);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(20), fromClient ? (ushort)40000 : (ushort)7);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(22), fromClient ? (ushort)7 : (ushort)40000);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(24), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(28), acknowledgment);
        (frame[32], frame[33]) = ((byte)(header << 2), (byte)flags);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(34), (ushort)window);
        if (syn && scale >= 0) (frame[40], frame[41], frame[42], frame[43]) = (3, 3, (byte)scale, 0);
        else if (syn) frame.AsSpan(40, 4).Fill(1);
        for (var i = 0; i < length; i++) frame[20 + header + i] = content((uint)i);
        return frame;
    }

    /// <summary>As a pcap file with nanoseconds.</summary>
    public static byte[] File(IReadOnlyList<Frame> frames)
    {
        var file = new MemoryStream();
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b23c4d);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 262_144);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], frames.Count > 0 ? (uint)frames[0].Link : 1);
        file.Write(header);
        foreach (var frame in frames)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(frame.Time / 1_000_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)(frame.Time % 1_000_000_000));
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Bytes.Length);
            BinaryPrimitives.WriteInt32LittleEndian(header[12..], frame.Wire);
            file.Write(header[..16]);
            file.Write(frame.Bytes);
        }

        return file.ToArray();
    }

    /// <summary>The frames of a capture.</summary>
    public static List<Frame> Read(byte[] file)
    {
        var frames = new List<Frame>();
        using var reader = new CaptureReader(new MemoryStream(file));
        while (reader.Next()) frames.Add(new Frame(reader.Time, reader.Link, reader.Frame.ToArray(), reader.WireLength));
        return frames;
    }

    /// <summary>What is said of a capture that nobody can be blamed for: ports used again, a SYN that came late, and port unreachable.</summary>
    public static bool IsInnocent(this FindingKind kind) => kind is FindingKind.ReusedPorts or FindingKind.SynInConnection or FindingKind.PortUnreachable;
}
