using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>Sockets whose segments the harness makes itself: honest where a step is a primitive of the socket API, anything where one is injected.</summary>
internal sealed partial class ScenarioDriver
{
    private const int Piece = 1400, LastReservedPort = 1023;
    private const string NoWire = "crafted segments need a wire, which this run has not";
    private static readonly TimeSpan ResendSyn = TimeSpan.FromSeconds(1), Goodbye = TimeSpan.FromMilliseconds(300);
    private readonly SortedDictionary<int, SegmentPeer> crafted = [];

    private Outcome Craft(Step.Craft step)
    {
        if (crafted.ContainsKey(step.Socket) || peers.ContainsKey(step.Socket)) return Failed("EISCONN");
        var whyNot = NoWire;
        if (context.Wire?.TryGet(out whyNot) is not { } wire) return Failed("", whyNot);
        if (step.Called) return CraftCalled(step, wire);
        var remote = new IPEndPoint(target.AddressFamily == AddressFamily.InterNetwork ? target.Address : IPAddress.Loopback, step.Unused ? UnusedPort() : target.Port);
        if (!step.Unused && target.AddressFamily == AddressFamily.InterNetworkV6 && !Accepts(remote)) return Failed("", "the server listens on IPv6 only, and crafted segments are of IPv4");
        crafted[step.Socket] = wire.NewPeer(remote, (ushort)step.Window, step.Unused);
        return Done();
    }

    private Outcome CraftCalled(Step.Craft step, SegmentWire wire)
    {
        try
        {
            crafted[step.Socket] = wire.NewCalledPeer((ushort)step.Window);
            return Done();
        }
        catch (IOException e)
        {
            return Failed("", e.Message);
        }
    }

    private Outcome CarryCrafted(SegmentPeer peer, Step step)
    {
        if (peer.Closed) return Failed("EBADF");
        switch (step)
        {
            case Step.Inject inject:
                peer.Send(inject, current);
                return Done();
            case Step.Expect expect:
                return Expect(peer, expect);
            case Step.Abort:
                peer.Send(TcpFlags.Rst | TcpFlags.Ack, default, current);
                peer.Closed = true;
                return Done();
            case Step.Craft or Step.Open or Step.Accept:
            case Step.Connect when peer.Connected:
                return Failed("EISCONN");
            case Step.Connect:
                return Connect(peer);
            case Step.Handshake or Step.CloseNotify or Step.Serve:
                return Failed("EOPNOTSUPP");
            case Step.Close:
                return Close(peer);
        }

        if (!peer.Connected) return Failed("ENOTCONN");
        if (step is Step.Send or Step.ShutdownWrite && peer.Shut) return Failed("EPIPE");
        return step switch
        {
            Step.Send send => Send(peer, send),
            Step.ShutdownWrite => Shut(peer),
            Step.Receive receive => Receive(peer, receive.Bytes),
            Step.ReceiveMessages receive => ReceiveMessages(peer, receive.Count, receive.Framing, patience.Reply),
            Step.Await awaited => ReceiveMessages(peer, 1, awaited.Framing, TimeSpan.FromMilliseconds(awaited.Milliseconds)),
            _ => throw new InvalidOperationException($"no way to carry out {step}"),
        };
    }

    /// <summary>The three-way handshake. A SYN that is lost is sent again, as RFC 6298 §2.1 has it.</summary>
    private Outcome Connect(SegmentPeer peer)
    {
        var deadline = Clock.Now + patience.Connect;
        if (peer.Caller is not null) return TakeCall(peer, deadline);
        while (!peer.Synchronized)
        {
            peer.Send(new Step.Inject(0, TcpFlags.Syn, peer.IsBegun ? -1 : 0, Options: SegmentPeer.MaximumSegment), current);
            for (var resend = Clock.Now + ResendSyn; !peer.Synchronized && peer.Await(Left(resend), cancellation) is not null;)
            {
                if (peer.IsReset) return Failed("ECONNREFUSED");
            }

            if (Clock.Now >= deadline) return TimedOut("the handshake was not answered");
        }

        peer.Connected = true;
        peer.Acknowledge(current);
        return Done();
    }

    /// <summary>The same from the other side: a SYN has come, or comes. Where ours has gone out already, the two cross (RFC 9293 §3.5, figure 7).</summary>
    private Outcome TakeCall(SegmentPeer peer, TimeSpan deadline)
    {
        while (!peer.Synchronized || !peer.IsBegun || peer.Acknowledged != peer.Next)
        {
            if (peer.IsReset) return Failed("ECONNRESET");
            if (Clock.Now >= deadline) return TimedOut(peer.Synchronized ? "the handshake was not answered" : "nobody called");
            if (peer.Synchronized && !peer.IsBegun) peer.Send(new Step.Inject(0, TcpFlags.Syn | TcpFlags.Ack, Options: SegmentPeer.MaximumSegment), current);
            peer.Await(Left(deadline), cancellation);
        }

        peer.Connected = true;
        peer.Acknowledge(current);
        return Done();
    }

    private Outcome Send(SegmentPeer peer, Step.Send step)
    {
        var data = step.Data.ToBytes();
        int sent = 0, piece = 0;
        while (sent < data.Length || peer.Acknowledged != peer.Next)
        {
            if (peer.IsReset) return Failed("ECONNRESET", sent);
            var size = Math.Min(data.Length - sent, step.Cuts.Length == 0 ? Piece : Math.Min(Piece, step.Cuts[piece % step.Cuts.Length]));
            if (size > 0 && unchecked((int)(peer.Next - peer.Acknowledged)) + size <= peer.Room)
            {
                peer.Send(TcpFlags.Psh | TcpFlags.Ack, data.AsMemory(sent, size), current);
                (sent, piece) = (sent + size, piece + 1);
            }
            else if (!Progress(peer, patience.Reply))
            {
                return TimedOut(sent < data.Length ? "the target stopped taking data" : "what was sent was not acknowledged", sent);
            }
        }

        return Done(sent);
    }

    private Outcome Receive(SegmentPeer peer, int? bytes)
    {
        var before = peer.Received.Count;
        var wanted = bytes is { } more ? peer.Asked += more : int.MaxValue;
        peer.Acknowledge(current);
        while (peer.Received.Count < wanted)
        {
            if (peer.IsEnded) return new Outcome(StepResult.EndOfFile, default, default, peer.Received.Count - before);
            if (peer.IsReset) return Failed("ECONNRESET", peer.Received.Count - before);
            if (peer.Received.Count > maxReceived) return Flooded(peer.Received.Count - before);
            if (!Progress(peer, patience.Reply)) return TimedOut(bytes is null ? "no end of file came" : "no more bytes came", peer.Received.Count - before);
        }

        return Done(peer.Received.Count - before);
    }

    private Outcome ReceiveMessages(SegmentPeer peer, int count, Framing framing, TimeSpan atMost)
    {
        var before = peer.Received.Count;
        peer.Acknowledge(current);
        while (true)
        {
            while (count > 0 && framing.Take(CollectionsMarshal.AsSpan(peer.Received)[peer.Taken..]) is { Status: FrameStatus.Whole } frame)
            {
                peer.Taken += frame.Total;
                count--;
            }

            if (count == 0) return Done(peer.Received.Count - before);
            if (peer.IsEnded) return new Outcome(StepResult.EndOfFile, default, default, peer.Received.Count - before);
            if (peer.IsReset) return Failed("ECONNRESET", peer.Received.Count - before);
            if (peer.Received.Count > maxReceived) return Flooded(peer.Received.Count - before);
            if (!Progress(peer, atMost)) return TimedOut("no more bytes came", peer.Received.Count - before);
        }
    }

    private Outcome Shut(SegmentPeer peer)
    {
        peer.Send(TcpFlags.Fin | TcpFlags.Ack, default, current);
        peer.Shut = true;
        return Done();
    }

    /// <summary>Our FIN, and for a moment the target's: what a kernel would do after the call is done here during it.</summary>
    private Outcome Close(SegmentPeer peer)
    {
        if (peer is { Connected: true, Shut: false, IsReset: false }) Shut(peer);
        peer.Acknowledge(current);
        while (peer is { Connected: true, IsEnded: false, IsReset: false } && Progress(peer, Goodbye)) { }
        peer.Closed = true;
        return Done();
    }

    /// <summary>Longer on a slow machine where something is to come; else as long as the step says.</summary>
    private Outcome Expect(SegmentPeer peer, Step.Expect step)
    {
        var time = TimeSpan.FromMilliseconds(step.Milliseconds) * (step.AnyOf.IsEmpty ? 1 : patience.Reply / Patience.Default.Reply);
        caseDeadline += time;
        for (var deadline = Clock.Now + time; peer.Await(Left(deadline), cancellation) is { } segment;)
        {
            if (step.AnyOf.Any(segment.Is)) return Done();
        }

        return step.AnyOf.IsEmpty ? Done() : TimedOut("nothing of that kind came");
    }

    /// <summary>The next segment, acknowledged if it brought something; false if none comes in time.</summary>
    private bool Progress(SegmentPeer peer, TimeSpan atMost)
    {
        if (peer.Await(atMost < caseDeadline - Clock.Now ? atMost : caseDeadline - Clock.Now, cancellation) is null) return false;
        peer.Acknowledge(current);
        return true;
    }

    private static TimeSpan Left(TimeSpan deadline) => deadline - Clock.Now;

    /// <summary>The target is not left with connections that nobody answers for. What is sent for that is no part of the evidence.</summary>
    private void DropCrafted()
    {
        foreach (var peer in crafted.Values) peer.Drop();
    }

    private static int UnusedPort() => Enumerable.Range(1, LastReservedPort).First(port => !SocketTable.IsListening(port, Transport.Tcp));

    /// <summary>Whether a listener of IPv6 takes IPv4, too.</summary>
    private bool Accepts(IPEndPoint endpoint)
    {
        using var probe = PosixSocket.Stream(AddressFamily.InterNetwork);
        probe.Connect(endpoint);
        return probe.Wait(readable: false, writable: true, patience.Connect, cancellation) && probe.PendingError().Ok;
    }
}
