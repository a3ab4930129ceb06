namespace SockConformance.Api;

/// <content>What an answer changes: at the socket, and at the other end.</content>
public sealed partial class World
{
    /// <summary>Takes note of an answer that <see cref="Check"/> has accepted.</summary>
    public void Apply(in Call call, in Expectation expected, in Answer answer)
    {
        if (answer.Unsupported || expected.Skip) return;
        Met[(int)expected.Point]++;
        Seen[(int)expected.Point] |= 1ul << (int)answer.Error;
        if (answer.Error == Errno.EAGAIN) Met[(int)Point.NonblockingHolds]++;
        if (call.Op == Primitive.Poll && (expected.Must & Ready.Out) != 0) Met[(int)Point.PollWritable]++;
        switch (call.Op)
        {
            case Primitive.Socket or Primitive.Open:
                if (!answer.Ok) return;
                Met[(int)Point.SocketLowestDescriptor]++;
                var made = NewSocket(call.AtPeer);
                made.IsDatagram = call.Type == SocketType.Dgram;
                if (call.Op == Primitive.Open) made.Phase = Phase.File;
                Give(call.Gives, made, answer.Value);
                return;
            case Primitive.Limit:
                noDescriptors = answer.Ok && call.Size == 0;
                return;
        }

        if (!IsOpen(call.On)) return;
        var socket = At(call.On);
        if (socket.Phase == Phase.File && call.Op != Primitive.Close) return;
        if (socket.HasPending && call == socket.Pending) socket.HasPending = false;
        switch (call.Op)
        {
            case Primitive.Bind: Bound(call, expected, answer, socket); break;
            case Primitive.Listen: Listened(call, answer, socket); break;
            case Primitive.Accept: Accepted(call, expected, answer, socket); break;
            case Primitive.Connect when socket.IsDatagram: DatagramConnected(call, answer, socket); break;
            case Primitive.Connect: Connected(call, expected, answer, socket); break;
            case Primitive.Send when socket.IsDatagram: DatagramSent(call, answer, socket); break;
            case Primitive.Send: Sent(expected, answer, socket); break;
            case Primitive.Recv when socket.IsDatagram: DatagramReceived(call, expected, answer, socket); break;
            case Primitive.Recv: Received(call, expected, answer, socket); break;
            case Primitive.Shutdown: WasShut(call, expected, answer, socket); break;
            case Primitive.Close: Closed(call.On, socket); break;
            case Primitive.Getsockname when answer is { Ok: true, Name: { } name } && socket.HasName && !socket.IsReset: (socket.Ip, socket.Port) = socket.Port == 0 || socket.HasPeerName ? (name.Ip, name.Port) : (socket.Ip, socket.Port); break;
            case Primitive.Setsockopt when answer.Ok: Option(call, socket); break;
            case Primitive.Getsockopt when call.Option == SocketOption.Error && answer.Ok && socket.Error != Errno.None: Told(socket); break;
            case Primitive.Nonblocking when answer.Ok: socket.NonBlocking = call.Size != 0; break;
            case Primitive.Dup when answer.Ok:
                Met[(int)Point.SocketLowestDescriptor]++;
                socket.References++;
                socket.Duplicates++;
                Give(call.Gives, socket, answer.Value);
                socket.References--; // Give has counted it, too
                break;
        }
    }

    /// <summary>A call that waits: it is asked again when something has happened.</summary>
    public void Wait(in Call call, in Expectation expected)
    {
        Met[(int)expected.Point]++;
        var socket = At(call.On);
        socket.HasPending = true;
        socket.Pending = call;
        if (expected.Point == Point.AcceptEmptyBlocks) descriptorReserved = true;
        if (expected.Point == Point.ConnectFullQueueBlocks) Stuck(socket, call);
    }

    /// <summary>A call that waited was ended by a signal.</summary>
    public void Interrupted(int slot) => At(slot).HasPending = false;

    private void Give(int slot, ModelSocket socket, int descriptor)
    {
        slots[slot] = new Slot { Given = true, Open = true, Socket = socket.Index, Descriptor = descriptor, AtPeer = socket.AtPeer };
        socket.References++;
        for (var i = 0; i < releasedCount; i++)
        {
            if (released[i] != Key(descriptor, socket.AtPeer)) continue;
            released[i] = released[--releasedCount];
            break;
        }
    }

    private static int Key(int descriptor, bool atPeer) => atPeer ? ~descriptor : descriptor;

    /// <summary>The lowest descriptor that this program has closed; -1 if none.</summary>
    private int LowestReleased(bool atPeer)
    {
        var lowest = -1;
        for (var i = 0; i < releasedCount; i++)
        {
            if (released[i] < 0 != atPeer) continue;
            var descriptor = atPeer ? ~released[i] : released[i];
            if (lowest < 0 || descriptor < lowest) lowest = descriptor;
        }

        return lowest;
    }

    /// <summary>The standard does not say what this socket is now; nor what its peer will see.</summary>
    private void Lose(ModelSocket socket)
    {
        socket.WasListening = socket.Phase == Phase.Listening;
        socket.Phase = Phase.Unspecified;
        if (!socket.IsDatagram && socket.Peer >= 0 && sockets[socket.Peer].Phase != Phase.Unspecified) sockets[socket.Peer].Phase = Phase.Unspecified;
        for (var next = socket.Head; socket.Count > 0 && next >= 0; next = sockets[next].Next) sockets[next].Phase = sockets[sockets[next].Peer].Phase = Phase.Unspecified;
    }

    private void Bound(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (expected.Point is Point.BindInUse or Point.BindNotLocal or Point.BindWrongFamily or Point.BindBadLength or Point.BindUnspecifiedFamily && !socket.HasName) socket.BindFailed = true;
            if (expected.Point == Point.BindAfterConnection) Lose(socket);
            return;
        }

        if (expected.Point == Point.BindAfterConnection || expected.Point is Point.BindBadLength or Point.BindWrongFamily)
        {
            Lose(socket);
            return;
        }

        socket.HasName = socket.BoundByCall = true;
        socket.BindFailed = false;
        if (!socket.IsDatagram) socket.Phase = Phase.Bound;
        (socket.Ip, socket.Port) = call.Where switch
        {
            Where.NameOf => (NameOf(call.Other).Ip, NameOf(call.Other).Port),
            Where.Any or Where.Unspecified => (0u, 0),
            Where.Protected => (Name.Loopback, 1),
            _ => (Name.Loopback, 0),
        };
    }

    private void Listened(in Call call, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok || socket.IsDatagram) return;
        if (socket.Phase is Phase.Connected or Phase.Connecting or Phase.Refused)
        {
            Lose(socket);
            return;
        }

        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, 0, 0);
        socket.Phase = Phase.Listening;
        socket.Backlog = call.Size < 0 && profile.DropsBeyondBacklog ? int.MaxValue - 1 : call.Size; // Linux takes a negative number for the largest
    }

    private void Connected(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        switch (expected.Point)
        {
            case Point.ConnectListener or Point.ConnectInProgress or Point.ConnectFullQueueBlocks:
                if (!answer.Ok && answer.Error != Errno.EINPROGRESS)
                {
                    Lose(socket);
                    return;
                }

                if (Reaches(socket, call.Other) is not { } listener)
                {
                    Lose(socket);
                    return;
                }

                if (expected.Point == Point.ConnectInProgress && listener.Count > Math.Max(listener.Backlog, 0))
                {
                    Stuck(socket, call);
                    return;
                }

                Establish(socket, listener);
                socket.Completed = !answer.Ok;
                socket.Unsettled = !answer.Ok;
                break;
            case Point.ConnectRefused or Point.ConnectRefusedInProgress:
                socket.Phase = profile.FailedConnectEnds ? Phase.Unspecified : Phase.Refused;
                Refusals++;
                if (profile.FailedConnectEnds) break;
                if (answer.Error == Errno.EINPROGRESS) (socket.Error, socket.Unsettled) = (Errno.ECONNREFUSED, true);
                break;
            case Point.ConnectAfterCompletion:
                socket.Completed = false;
                break;
            case Point.ConnectWrongFamily or Point.ConnectBadLength when socket.Phase == Phase.Refused:
                Lose(socket); // the pending error may have been told instead
                break;
            case Point.ConnectWrongFamily or Point.ConnectBadLength:
                socket.Completed = false;
                break;
            case Point.ConnectAfterRefusal or Point.ConnectAfterConnection or Point.ConnectDissolve or Point.ConnectPortZero:
                Lose(socket);
                if (call.Where == Where.NameOf && Reaches(socket, call.Other) is { } reached) Lose(reached);
                break;
        }
    }

    private void Stuck(ModelSocket socket, in Call call)
    {
        socket.Phase = Phase.Connecting;
        socket.Listener = Reaches(socket, call.Other)?.Index ?? ModelSocket.None;
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, Name.Loopback, 0);
    }

    private void Establish(ModelSocket socket, ModelSocket listener)
    {
        var other = NewSocket(listener.AtPeer);
        socket.Phase = other.Phase = Phase.Connected;
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, Name.Loopback, 0);
        if (socket.Ip == 0) socket.Ip = Name.Loopback;
        (other.Reuse, other.NoDelay, other.Linger, other.ReceiveTimeout, other.WasFull) = (listener.Reuse, listener.NoDelay, listener.Linger, listener.ReceiveTimeout, listener.WasFull); // as Linux and the BSDs have it
        (other.HasName, other.Ip, other.Port) = (true, Name.Loopback, listener.Port);
        (socket.Peer, other.Peer) = (other.Index, socket.Index);
        socket.HasPeerName = other.HasPeerName = true;
        (other.InQueue, other.Listener) = (true, listener.Index);
        if (listener.Count == 0) listener.Head = other.Index;
        else sockets[listener.Tail].Next = other.Index;
        listener.Tail = other.Index;
        listener.Count++;
    }

    private void Accepted(in Call call, in Expectation expected, in Answer answer, ModelSocket listener)
    {
        if (expected.Point is not (Point.AcceptConnection or Point.AcceptAborted or Point.AcceptEmptyBlocks) || (!answer.Ok && answer.Error != Errno.ECONNABORTED) || listener.Count == 0) return;
        var next = sockets[listener.Head];
        listener.Head = next.Next;
        listener.Count--;
        (next.InQueue, next.Next) = (false, ModelSocket.None);
        Unstick(listener);
        if (!answer.Ok) return;
        Met[(int)Point.SocketLowestDescriptor]++;
        Met[(int)Point.AcceptPeerName]++;
        Met[(int)Point.AcceptQueueOrder]++;
        Give(call.Gives, next, answer.Value);
        if (answer.Name is { } name && !next.IsReset) Learn(sockets[next.Peer], name);
    }

    /// <summary>There is room in the queue again: connects that were dropped come through when their SYN is sent again, who knows when.</summary>
    private void Unstick(ModelSocket listener)
    {
        for (var i = 0; i < socketCount; i++)
        {
            if (sockets[i].Phase == Phase.Connecting && sockets[i].Listener == listener.Index) sockets[i].Phase = Phase.Unspecified;
        }
    }

    private static void Learn(ModelSocket socket, Name name) => (socket.Ip, socket.Port) = socket.Port == 0 ? (name.Ip, name.Port) : (socket.Ip, socket.Port);

    private void Sent(in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (socket.Phase == Phase.Refused)
        {
            Lose(socket);
            return;
        }

        if (socket.Phase != Phase.Connected) return;
        if (!answer.Ok)
        {
            if (socket.IsReset) Told(socket);
            else if (expected.Point == Point.SendPeerClosed && answer.Error != Errno.EAGAIN) ResetBy(socket, Point.SendPeerClosed, told: true);
            else if (answer.Error == Errno.EAGAIN) (socket.Full, socket.WasFull) = (true, true);
            return;
        }

        if (answer.Value > 0 && expected.Point == Point.SendPeerClosed)
        {
            ResetBy(socket, Point.SendPeerClosed, told: false);
            if (!socket.PeerGone) ResetBy(sockets[socket.Peer], Point.SendPeerClosed, told: false);
        }
        else socket.Sent += answer.Value;
    }

    private void Received(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (socket.Phase == Phase.Refused)
        {
            Lose(socket);
            return;
        }

        if (socket.Phase != Phase.Connected) return;
        if (!answer.Ok)
        {
            if (socket.IsReset && answer.Error is Errno.ECONNRESET or Errno.EPIPE) Told(socket);
            if (answer.Error == Errno.EAGAIN && socket.Peer >= 0 && sockets[socket.Peer] is { Duplicates: > 0, References: > 0 }) Met[(int)Point.CloseLastDescriptorOnly]++;
            return;
        }

        if (socket.IsReset && answer.Value == 0 && call.Size > 0) socket.ResetTold |= expected.Point == Point.RecvReset && socket.End;
        if (answer.Value == 0 && call.Size > 0 && socket.End)
        {
            if (!socket.EndTold) Met[(int)socket.EndCause]++;
            socket.EndTold = true;
        }

        socket.Peeked = (call.Flags & CallFlags.Peek) != 0;
        if (socket.Peeked || answer.Value <= 0) return;
        Met[(int)Point.SendArrives]++;
        socket.Read += answer.Value;
        if (socket.Peer >= 0) sockets[socket.Peer].Full = false;
    }

    private void WasShut(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (socket.IsDatagram)
        {
            if (!answer.Ok && !(expected.Point == Point.ShutdownDatagramUnconnected && profile.FailedShutdownSticks)) return;
            socket.ReadShut |= call.How is How.Rd or How.RdWr;
            socket.WriteShut |= call.How is How.Wr or How.RdWr;
            return;
        }

        switch (expected.Point)
        {
            case Point.ShutdownNeverConnected when profile.FailedShutdownSticks: Lose(socket); return;
            case Point.ShutdownRefused: Lose(socket); return;
            case Point.ShutdownListening or Point.ShutdownConnecting when answer.Ok && call.How != How.Wr: Lose(socket); return;
            case Point.ShutdownConnecting when answer.Ok: Lose(socket); return;
        }

        if (!answer.Ok || socket.Phase != Phase.Connected || socket.IsReset) return;
        socket.ReadShut |= call.How is How.Rd or How.RdWr;
        if (socket.ReadShut && (socket.WriteShut || call.How != How.Rd) && Unread(socket) > 0)
        {
            Lose(socket); // what is still on its way resets the connection, what has come does not
            return;
        }

        if (call.How == How.Rd || socket.WriteShut) return;
        socket.WriteShut = true;
        socket.Full = false;
        EndFor(socket, call.How == How.Wr ? Point.ShutdownWrite : Point.ShutdownBoth);
    }

    private void EndFor(ModelSocket socket, Point cause)
    {
        if (socket.Peer < 0) return;
        var peer = sockets[socket.Peer];
        if (peer.End) return;
        (peer.End, peer.EndCause) = (true, cause);
    }

    private static void ResetBy(ModelSocket socket, Point cause, bool told)
    {
        if (socket.IsReset) return;
        (socket.IsReset, socket.ResetCause, socket.ResetTold, socket.Unsettled, socket.Full) = (true, cause, told, true, false);
        socket.Error = told ? Errno.None : Errno.ECONNRESET;
    }

    private void Told(ModelSocket socket)
    {
        socket.Error = Errno.None;
        if (socket.IsReset && !socket.ResetTold) Met[(int)socket.ResetCause]++;
        if (socket.IsReset) socket.ResetTold = true;
        socket.Unsettled = false;
    }

    private void Closed(int slot, ModelSocket socket)
    {
        ref var one = ref slots[slot];
        one.Open = false;
        if (releasedCount < MaxReleased) released[releasedCount++] = Key(one.Descriptor, one.AtPeer);
        if (--socket.References > 0 || socket.Phase == Phase.File) return;
        if (socket.Phase == Phase.Listening)
        {
            for (var next = socket.Head; socket.Count > 0 && next >= 0; next = sockets[next].Next)
            {
                if (sockets[next].Peer < 0) continue;
                ResetBy(sockets[sockets[next].Peer], Point.CloseListener, told: false);
                sockets[sockets[next].Peer].PeerGone = true;
            }

            socket.Count = 0;
            Unstick(socket);
        }

        if (socket.IsDatagram || socket.Phase != Phase.Connected || socket.Peer < 0)
        {
            if (socket.Phase == Phase.Unspecified && !socket.IsDatagram && socket.Peer >= 0) Lose(sockets[socket.Peer]);
            return;
        }

        var peer = sockets[socket.Peer];
        peer.PeerGone = true;
        if (socket.IsReset || peer.IsReset || (socket.WriteShut && socket.End)) return;
        if (Unread(socket) > 0) ResetBy(peer, Point.CloseUnreadData, told: false);
        else if (socket.Linger == 0) ResetBy(peer, Point.CloseLingerZero, told: false);
        else EndFor(socket, Point.ClosePeerSeesEnd);
    }

    private static void Option(in Call call, ModelSocket socket)
    {
        switch (call.Option)
        {
            case SocketOption.ReuseAddr: socket.Reuse = call.Size != 0; break;
            case SocketOption.NoDelay: socket.NoDelay = call.Size != 0; break;
            case SocketOption.Broadcast: socket.Broadcast = call.Size != 0; break;
            case SocketOption.Linger: socket.Linger = call.Size; break;
            case SocketOption.RcvTimeo: socket.ReceiveTimeout = call.Size; break;
            case SocketOption.RcvBuf or SocketOption.SndBuf: socket.WasFull = true; break;
        }
    }

    private void DatagramConnected(in Call call, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (profile.FailedCallsBind && !socket.HasName && call.Where is Where.OtherFamily or Where.BadLength) (socket.HasName, socket.Ip, socket.Port) = (true, 0, 0);
            return;
        }

        if (call.Where == Where.Unspecified)
        {
            (socket.HasPeerName, socket.Peer) = (false, ModelSocket.None);
            (socket.HasName, socket.Port, socket.NameUnsure) = (false, 0, socket.BoundByCall);
            return;
        }

        socket.HasPeerName = true;
        socket.Peer = call.Where == Where.NameOf ? At(call.Other).Index : ModelSocket.None;
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, Name.Loopback, 0);
        if (socket.Ip == 0) socket.Ip = Name.Loopback;
    }

    private void DatagramSent(in Call call, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (answer.Error == Errno.ECONNREFUSED) Told(socket);
            if (profile.FailedCallsBind && !socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, 0, 0);
            return;
        }

        if (socket.Error != Errno.None) Told(socket); // it was sent: the report had not come, or was taken away
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, 0, 0);
        var number = datagramsSent++;
        var to = call.Where == Where.NameOf ? At(call.Other) : call.Where == Where.None && socket.Peer >= 0 ? sockets[socket.Peer] : null;
        if (to is { IsDatagram: true, References: > 0, Phase: not Phase.Unspecified } && to.HasName && (!to.HasPeerName || (to.Peer == socket.Index)))
        {
            if (to.DatagramCount == ModelSocket.MaxDatagrams)
            {
                Lose(to);
                return;
            }

            to.Datagrams[(to.DatagramHead + to.DatagramCount++) % ModelSocket.MaxDatagrams] = new ModelSocket.Datagram { From = socket.Index, Length = answer.Value, Number = number };
            return;
        }

        if (to is { Phase: Phase.Unspecified, References: > 0 })
        {
            Lose(socket);
            return;
        }

        if (call.Where == Where.None || (call.Where == Where.Nobody && socket is { HasPeerName: true, Peer: ModelSocket.None })) (socket.Error, socket.Unsettled) = (Errno.ECONNREFUSED, true);
        if (call.Where == Where.NameOf && socket.HasPeerName) Lose(socket); // whether the report belongs to this socket depends on the address
    }

    private void DatagramReceived(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (answer.Error == Errno.ECONNREFUSED) Told(socket);
            return;
        }

        if (socket.DatagramCount == 0) return;
        if (expected.Point == Point.RecvDatagramShut && answer.Value == 0)
        {
            Lose(socket);
            return;
        }

        if (answer.Name is { } name && sockets[socket.Datagrams[socket.DatagramHead].From] is { HasName: true } from && from.References > 0)
        {
            Met[(int)Point.RecvDatagramSource]++;
            if (from.Ip != 0 || from.Port == 0) Learn(from, name with { Ip = from.Ip });
        }

        socket.Peeked = (call.Flags & CallFlags.Peek) != 0;
        if (socket.Peeked) return;
        socket.DatagramHead = (socket.DatagramHead + 1) % ModelSocket.MaxDatagrams;
        socket.DatagramCount--;
    }
}
