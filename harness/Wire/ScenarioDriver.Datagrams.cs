using System.Net;
using System.Net.Sockets;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>The steps on sockets of datagrams. They are not connected: so an answer from another address or port is seen, too.</summary>
internal sealed partial class ScenarioDriver
{
    private const string Unreachable = "ECONNREFUSED", UnreachableDetail = "ICMP port unreachable: the server's socket is gone";

    private Outcome Open(Peer peer, Step.Open step)
    {
        if (peer.Tuple is not null) return Failed("EISCONN");
        var v4 = target.AddressFamily == AddressFamily.InterNetwork;
        var loopback = IPAddress.IsLoopback(target.Address);
        if (loopback || step.Port > 0)
        {
            var address = loopback ? v4 ? NextAddress() : IPAddress.IPv6Loopback : v4 ? IPAddress.Any : IPAddress.IPv6Any;
            if (peer.Socket!.Bind(new IPEndPoint(address, step.Port)) is { Ok: false } refused) return Failed(refused.Errno!);
        }
        else if (peer.Socket!.Connect(target) is { Ok: false } refused)
        {
            // Beyond loopback the kernel has to choose the address, and it does so only for a connected socket.
            return Failed(refused.Errno!);
        }

        peer.Socket!.ReportErrors(target.AddressFamily);
        peer.IsDatagram = true;
        if (peer.Socket.LocalName() is { } local) peer.Tuple = new FiveTuple(local, target, Transport.Udp);
        return Done();
    }

    private Outcome SendDatagram(Peer peer, Step.Send step)
    {
        var data = step.Data.ToBytes();
        while (true)
        {
            var call = peer.Socket!.SendTo(data, target);
            if (call.Ok)
            {
                peer.Accepted += call.Value;
                return Done(call.Value);
            }

            // An ICMP error for an earlier datagram is told by the next call, which sends nothing then.
            if (call.Errno == Unreachable && Clock.Now < caseDeadline) NoteUnreachable(peer);
            else if (!call.WouldBlock || !WaitProgress(peer.Socket, readable: false, writable: true, patience.Reply)) return Failed(call.Errno!);
        }
    }

    private Outcome ReceiveDatagrams(Peer peer, int count, TimeSpan atMost)
    {
        var (before, wanted) = (peer.Datagrams.Count, peer.Asked += count);
        while (peer.Datagrams.Count < wanted)
        {
            if (TooMuch(peer)) return Flooded(peer.Datagrams.Count - before);
            var call = peer.Socket!.ReceiveFrom(buffer, out var source);
            if (call.Ok)
            {
                Keep(peer, source!, call.Value);
                continue;
            }

            if (call.Errno == Unreachable) NoteUnreachable(peer);
            if (!call.WouldBlock) return Failed(call.Errno!, 0, call.Errno == Unreachable ? UnreachableDetail : null);
            if (!WaitProgress(peer.Socket, readable: true, writable: false, atMost)) return TimedOut(caseDeadline <= Clock.Now ? TooLong : "no datagram came");
        }

        return Done(peer.Datagrams.Count - before);
    }

    /// <summary>Takes what comes until nothing has come for so long; later calls wait for more than that.</summary>
    private Outcome AwaitSilence(Peer peer, TimeSpan silence)
    {
        var before = peer.Datagrams.Count;
        var unreachable = false;
        while (true)
        {
            if (TooMuch(peer)) return Flooded(peer.Datagrams.Count - before);
            var call = peer.Socket!.ReceiveFrom(buffer, out var source);
            if (call.Ok) Keep(peer, source!, call.Value);
            else if (call.Errno == Unreachable) NoteUnreachable(peer);
            else if (!call.WouldBlock) return Failed(call.Errno!);
            else if (!WaitProgress(peer.Socket, readable: true, writable: false, silence)) break;
            unreachable |= call.Errno == Unreachable;
            if (Clock.Now >= caseDeadline) break;
        }

        peer.Asked = peer.Datagrams.Count;
        return unreachable ? Failed(Unreachable, UnreachableDetail) : peer.Datagrams.Count > before ? Done(peer.Datagrams.Count - before) : TimedOut("no datagram came");
    }

    /// <summary>Reads what is there.</summary>
    private void ReadDatagrams(Peer peer)
    {
        while (!TooMuch(peer))
        {
            var call = peer.Socket!.ReceiveFrom(buffer, out var source);
            if (call.Ok) Keep(peer, source!, call.Value);
            else if (call.Errno == Unreachable) NoteUnreachable(peer);
            else return;
        }
    }

    private void NoteUnreachable(Peer peer)
    {
        peer.UnreachableAt ??= current;
        while (peer.Socket!.TakeError()) { }
    }

    private void Keep(Peer peer, IPEndPoint source, int length)
    {
        var data = buffer.AsSpan(0, length);
        peer.Received.AddRange(data);
        peer.Datagrams.Add(new ReceivedDatagram(source, data.ToArray(), Clock.Now, current));
    }
}
