using System.Net;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>
/// The least TCP that can be honest: it knows its next number, the next of the target and what has been received in order. It resends nothing by
/// itself and answers nothing unasked; <see cref="ScenarioDriver"/> says when.
/// </summary>
internal sealed class SegmentPeer
{
    /// <summary>The option MSS 1460, as on Ethernet (RFC 9293 §3.7.1).</summary>
    public const string MaximumSegment = "020405b4";

    /// <summary>An acknowledgment from before this is a guess.</summary>
    private const int FarPast = 1 << 20;

    /// <summary>So that an interruption is heard.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    private readonly SegmentWire wire;
    private readonly object gate = new(); // not a Lock: the driver waits on it
    private readonly Queue<(Segment Segment, ReadOnlyMemory<byte> Data)> queue = new();
    private readonly List<(Segment Segment, int Step)> log = [];
    private readonly uint initial;
    private TimeSpan last;
    private uint highest, told, heard;

    public SegmentPeer(SegmentWire wire, IPEndPoint local, IPEndPoint remote, ushort window)
    {
        (this.wire, Local, Remote, Window) = (wire, local, remote, window);
        initial = Next = Acknowledged = highest = unchecked((uint)local.Port * 2_654_435_761u);
    }

    public IPEndPoint Local { get; }

    public IPEndPoint Remote { get; }

    public bool Unused { get; init; }

    /// <summary>Who opens the connection, if we do not.</summary>
    public ISegmentCaller? Caller { get; init; }

    public ushort Window { get; set; }

    /// <summary>Our next number, and the one that the target waits for.</summary>
    public uint Next { get; private set; }

    public uint Acknowledged { get; private set; }

    /// <summary>The target's next number; <see cref="Synchronized"/> once it is known.</summary>
    public uint Expected { get; private set; }

    public bool Synchronized { get; private set; }

    public bool IsReset { get; private set; }

    /// <summary>The target's FIN has come, and all before it.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>How much the target takes.</summary>
    public int Room { get; private set; }

    public List<byte> Received { get; } = [];

    /// <summary>How many bytes were asked for, and how many of those that came are taken as messages.</summary>
    public int Asked, Taken;

    public bool Connected, Shut, Closed;

    /// <summary>Its SYN has been sent.</summary>
    public bool IsBegun => Next != initial;

    /// <summary>A frame has come, on the wire's thread.</summary>
    public void Take(TimeSpan at, byte[] frame, in PacketFacts facts)
    {
        lock (gate)
        {
            var segment = new Segment(Later(at), false, facts.Flags, facts.Sequence, facts.Acknowledgment, facts.Length, facts.Window, frame);
            log.Add((segment, -1));
            queue.Enqueue((segment, frame.AsMemory(facts.PayloadOffset, facts.Captured)));
            Monitor.Pulse(gate);
        }
    }

    /// <summary>The next segment that came, its meaning noted; null if none comes in time.</summary>
    public Segment? Await(TimeSpan atMost, CancellationToken cancellation)
    {
        (Segment Segment, ReadOnlyMemory<byte> Data) next;
        lock (gate)
        {
            for (var deadline = Clock.Now + atMost; !queue.TryDequeue(out next);)
            {
                cancellation.ThrowIfCancellationRequested();
                var left = deadline - Clock.Now;
                if (left <= TimeSpan.Zero) return null;
                Monitor.Wait(gate, left < Slice ? left : Slice);
            }
        }

        Note(next.Segment, next.Data.Span);
        return next.Segment;
    }

    /// <summary>Sends an honest segment.</summary>
    public void Send(TcpFlags flags, ReadOnlyMemory<byte> data, int step) =>
        Send(new CraftedSegment(flags, Next, flags.HasFlag(TcpFlags.Ack) ? Expected : 0, data, Window), true, step);

    /// <summary>An ACK, if the target does not know yet what has come.</summary>
    public void Acknowledge(int step)
    {
        if (Synchronized && !IsReset && told != Expected) Send(TcpFlags.Ack, default, step);
    }

    /// <summary>Ends the connection on the target's side, wherever that is, and is gone.</summary>
    public void Drop()
    {
        wire.Remove(this);
        uint[] numbers = Unused || IsReset || (Shut && IsEnded) ? [] : [Next, Acknowledged, heard];
        foreach (var number in numbers.Distinct()) wire.Send(SegmentCrafter.Frame(Local, Remote, new CraftedSegment(TcpFlags.Rst, number, 0, default, 0)));
        Caller?.Dispose();
    }

    /// <summary>Sends whatever a step says.</summary>
    public void Send(Step.Inject inject, int step)
    {
        while (Await(TimeSpan.Zero, CancellationToken.None) is not null) { } // its numbers are counted from what has come by now
        if (inject.Window is { } window) Window = (ushort)window;
        var acknowledgment = inject.Flags.HasFlag(TcpFlags.Ack) ? unchecked(Expected + (uint)inject.Acknowledgment) : 0;
        var segment = new CraftedSegment(inject.Flags, unchecked(Next + (uint)inject.Sequence), acknowledgment, inject.Data?.ToBytes(), Window)
        {
            Urgent = (ushort)inject.Urgent,
            Options = Convert.FromHexString(inject.Options),
            BadChecksum = inject.BadChecksum,
        };
        Send(segment, MayCount(inject), step, inject.Acknowledgment > -FarPast);
    }

    public CraftedTrace ToTrace(int socket)
    {
        lock (gate) return new CraftedTrace(socket, new Flow(new FiveTuple(Local, Remote), [.. log.Select(entry => entry.Segment)]), [.. log.Select(entry => entry.Step)], Unused, Caller is not null);
    }

    /// <summary>A receiver may take it as what comes next, or, ahead of that, as what it will need.</summary>
    private bool MayCount(Step.Inject inject) => !inject.BadChecksum && !inject.Flags.HasFlag(TcpFlags.Rst) && (inject.Flags.HasFlag(TcpFlags.Syn) ? !IsBegun && (inject.Acknowledgment == 0 || !inject.Flags.HasFlag(TcpFlags.Ack))
        : inject.Flags.HasFlag(TcpFlags.Ack) && inject.Acknowledgment <= 0 && !inject.ChangesNothing);

    /// <param name="may">The target may acknowledge it.</param>
    /// <param name="must">It will, as what comes next: our numbers go on from there.</param>
    private void Send(in CraftedSegment segment, bool may, int step, bool must = true)
    {
        var frame = SegmentCrafter.Frame(Local, Remote, segment);
        if (segment.Flags.HasFlag(TcpFlags.Ack) && segment.Acknowledgment == Expected) told = Expected;
        lock (gate)
        {
            var noted = new Segment(Later(Clock.Now), true, segment.Flags, segment.Sequence, segment.Acknowledgment, segment.Data.Length, segment.Window, frame);
            log.Add((noted, step));
            if (may && IsAfter(noted.NextSequence, highest)) highest = noted.NextSequence;
            if (may && must && !IsAfter(noted.Sequence, Next) && IsAfter(noted.NextSequence, Next)) Next = noted.NextSequence;
        }

        wire.Send(frame);
    }

    private void Note(Segment segment, ReadOnlySpan<byte> data)
    {
        Room = segment.Window;
        heard = segment.Acknowledgment;
        if (segment.Has(TcpFlags.Rst))
        {
            IsReset = Caller is null || IsBegun; // else there is no connection yet that it could end
            return;
        }

        if (segment.Has(TcpFlags.Syn) && !Synchronized) (Expected, Synchronized) = (segment.Sequence + 1, true);
        if (segment.Has(TcpFlags.Ack) && IsAfter(segment.Acknowledgment, Acknowledged) && !IsAfter(segment.Acknowledgment, highest))
        {
            Acknowledged = segment.Acknowledgment;
            if (IsAfter(Acknowledged, Next)) Next = Acknowledged; // it has had what lay ahead already
        }

        var known = unchecked((int)(Expected - segment.Sequence));
        if (!Synchronized || segment.Has(TcpFlags.Syn) || known < 0 || known > data.Length || IsEnded) return;
        Received.AddRange(data[known..]);
        Expected += (uint)(data.Length - known);
        IsEnded = segment.Has(TcpFlags.Fin);
        if (IsEnded) Expected++;
    }

    /// <summary>What is written down later is not earlier, whatever the two clocks behind the one axis say.</summary>
    private TimeSpan Later(TimeSpan at) => last = at > last ? at : last;

    private static bool IsAfter(uint a, uint b) => unchecked((int)(a - b)) > 0;
}
