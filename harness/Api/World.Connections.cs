namespace SockConformance.Api;

/// <content>How connections come about: listen, accept, connect.</content>
internal sealed partial class World
{
    private Expectation Listen(in Call call, ModelSocket socket)
    {
        if (socket.IsDatagram) return Say(Point.ListenDatagram);
        switch (socket.Phase)
        {
            case Phase.Listening: return Say(Point.ListenAgain);
            case Phase.Connecting: return Say(Point.ListenConnecting);
            case Phase.Refused: return Say(Point.ListenAfterConnection);
            case Phase.Connected: return Say(socket.IsReset || socket.WriteShut || socket.End ? Point.ListenAfterConnection : Point.ListenConnected);
            case Phase.Fresh: return Say(Point.ListenUnbound);
        }

        return Say(OtherListener(socket) is not null ? Point.ListenInUse : call.Size < 0 ? Point.ListenNegativeBacklog : Point.ListenBound);
    }

    /// <summary>Another listener on the port of this socket.</summary>
    private ModelSocket? OtherListener(ModelSocket socket)
    {
        for (var i = 0; i < socketCount; i++)
        {
            var other = sockets[i];
            if (other != socket && other.Phase == Phase.Listening && other.References > 0 && other.Port == socket.Port && socket.Port != 0) return other;
        }

        return null;
    }

    private void Listened(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok || socket.IsDatagram) return;
        if (expected.Point == Point.ListenInUse && OtherListener(socket) is { } rival) Lose(rival); // which of them is given a connection, nobody can say
        if (expected.Point == Point.ListenInUse || socket.Phase is Phase.Connected or Phase.Connecting or Phase.Refused)
        {
            Lose(socket);
            return;
        }

        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, 0, 0);
        socket.Phase = Phase.Listening;
        if (profile.Has(Traits.BindListens)) return;
        socket.Backlog = call.Size < 0 && profile.Has(Traits.DropsBeyondBacklog) ? int.MaxValue - 1 : call.Size; // Linux takes a negative number for the largest
    }

    private Expectation Accept(ModelSocket socket)
    {
        if (socket.IsDatagram) return Say(Point.AcceptDatagram);
        if (socket.Phase != Phase.Listening) return Say(Point.AcceptNotListening);
        if (!HasRoom) return Expectation.Skipped;
        if (socket.Count == 0)
        {
            if (noDescriptors && !socket.AtPeer) return Expectation.Skipped; // EMFILE or EAGAIN: both apply
            return socket.NonBlocking ? Say(Point.AcceptEmpty) : Say(Point.AcceptEmptyBlocks) with { Blocks = true };
        }

        if (noDescriptors && !socket.AtPeer) return Say(Point.AcceptDescriptorsUsedUp);
        return sockets[socket.Head].IsReset ? Say(Point.AcceptAborted) with { MayBeEarly = true } : Say(Point.AcceptConnection) with { MayBeEarly = true, Cause = Point.ConnectListener };
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
        next.ModeUnsure = listener.NonBlocking;
        Met[(int)Point.AcceptPeerName]++;
        Met[(int)Point.AcceptQueueOrder]++;
        Give(call.Gives, next, answer.Value);
        if (answer.Name is { } name && !next.IsReset) Learn(sockets[next.Peer], name);
    }

    private Expectation Connect(in Call call, ModelSocket socket)
    {
        if (socket.Phase == Phase.Listening) return call.Where == Where.Unspecified ? Expectation.Skipped : Say(Point.ConnectListening, Answers.Of(call.Where is Where.OtherFamily ? Errno.EAFNOSUPPORT : Errno.EINVAL));
        if (socket is { Phase: Phase.Connecting, NonBlocking: false, HasPending: false }) return Expectation.Skipped; // it may wait for the first attempt
        if (call.Where == Where.Unspecified) return Say(Point.ConnectDissolve);
        if (call.Where == Where.BadLength) return Say(Point.ConnectBadLength, Connects(socket));
        if (socket.Phase is Phase.Connected or Phase.Connecting or Phase.Refused && call.Where == Where.OtherFamily) return Say(Point.ConnectWrongFamily, Connects(socket));
        switch (socket.Phase)
        {
            case Phase.Connecting when socket.HasPending: return Say(Point.ConnectFullQueueBlocks) with { Blocks = true };
            case Phase.Connecting: return Say(Point.ConnectWhileConnecting);
            case Phase.Refused: return Say(Point.ConnectAfterRefusal);
            case Phase.Connected:
                return socket.IsReset || (socket.End && socket.WriteShut) ? Say(Point.ConnectAfterConnection)
                    : socket.Completed ? Say(Point.ConnectAfterCompletion) with { MayBeEarly = true }
                    : Say(Point.ConnectAlreadyConnected);
        }

        switch (call.Where)
        {
            case Where.OtherFamily: return Say(Point.ConnectWrongFamily);
            case Where.Loopback or Where.Any: return Say(Point.ConnectPortZero);
            case Where.Nobody: return Say(socket.NonBlocking ? Point.ConnectRefusedInProgress : Point.ConnectRefused);
            case Where.NameOf: break;
            default: return Expectation.Skipped;
        }

        if (At(call.Other) == socket || Reaches(socket, call.Other) is not { } listener)
            return NobodyListens(socket, At(call.Other)) ? Say(socket.NonBlocking ? Point.ConnectRefusedInProgress : Point.ConnectRefused) : Expectation.Skipped;
        if (!HasRoom) return Expectation.Skipped;
        if (socket.BoundByCall && SharesName(socket)) return Expectation.Skipped;
        var full = listener.Count > Math.Max(listener.Backlog, 0);
        if (full && !HostOf(listener).Has(Traits.DropsBeyondBacklog)) return Expectation.Skipped;
        if (!full && listener.Count > 0 && listener.Count >= listener.Backlog && !HostOf(listener).Has(Traits.DropsBeyondBacklog)) return Expectation.Skipped;
        return socket.NonBlocking ? Say(Point.ConnectInProgress) : full && socket.UserTimeout > 0 ? Say(Point.ConnectTimedOut) : full ? Say(Point.ConnectFullQueueBlocks) with { Blocks = true } : Say(Point.ConnectListener);
    }

    /// <summary>A socket that does not listen has the name, or a listener had it that is closed: then a caller without a name may be given that port itself.</summary>
    private static bool NobodyListens(ModelSocket caller, ModelSocket named) =>
        named != caller && !named.IsDatagram && (named is { BoundByCall: true, References: > 0, Phase: Phase.Bound } || (WasListener(named) && caller.BoundByCall && caller.Port != named.Port));

    private static bool WasListener(ModelSocket named) => named is { References: 0, Phase: Phase.Listening, Port: > 0 };

    private static Answers Connects(ModelSocket socket) =>
        socket.Phase is Phase.Fresh or Phase.Bound ? default : (socket.Completed ? Answers.Success : default) | Answers.Of(Errno.EISCONN) | Answers.Of(Errno.EALREADY) | Answers.Of(Errno.ECONNREFUSED) | Answers.Of(Errno.ECONNABORTED) | Answers.Of(Errno.EAFNOSUPPORT) | Answers.Of(Errno.EINVAL);

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
                    if (socket.UserTimeout > 0) TimedOut(socket, Errno.ETIMEDOUT);
                    return;
                }

                Establish(socket, listener);
                socket.Completed = !answer.Ok;
                socket.Unsettled = !answer.Ok;
                break;
            case Point.ConnectRefused or Point.ConnectRefusedInProgress when answer.Ok:
                Lose(socket); // with what it is connected, the standard does not say
                if (call.Where == Where.NameOf) Lose(At(call.Other));
                break;
            case Point.ConnectRefused or Point.ConnectRefusedInProgress:
                socket.Phase = profile.Has(Traits.FailedConnectEnds) ? Phase.Unspecified : Phase.Refused;
                Refusals++;
                if (profile.Has(Traits.FailedConnectEnds)) break;
                if (answer.Error == Errno.EINPROGRESS) (socket.Error, socket.Unsettled) = (Errno.ECONNREFUSED, true);
                break;
            case Point.ConnectTimedOut when answer.Ok: Lose(socket); break;
            case Point.ConnectTimedOut: TimedOut(socket, Errno.None); break;
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

    /// <summary>The listener that a connect to this slot's name comes to; null if nobody listens there.</summary>
    private ModelSocket? Reaches(ModelSocket from, int slot)
    {
        var named = At(slot);
        for (var i = 0; i < socketCount; i++)
        {
            var other = sockets[i];
            if (other != from && other.Phase == Phase.Listening && other.References > 0 && other.Port == named.Port && (other.Ip == named.Ip || other.Ip == 0 || named.Ip == 0)) return other;
        }

        return null;
    }

    private void Establish(ModelSocket socket, ModelSocket listener)
    {
        var other = NewSocket(listener.AtPeer);
        socket.Phase = other.Phase = Phase.Connected;
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, Name.Loopback, 0);
        if (socket.Ip == 0) socket.Ip = Name.Loopback;
        (other.Reuse, other.NoDelay, other.Linger, other.ReceiveTimeout, other.WasFull, other.FixedSend, other.FixedReceive, other.UserTimeout) = (listener.Reuse, listener.NoDelay, listener.Linger, listener.ReceiveTimeout, listener.WasFull, listener.FixedSend, listener.FixedReceive, listener.UserTimeout); // as Linux and the BSDs have it
        (other.HasName, other.Ip, other.Port) = (true, Name.Loopback, listener.Port);
        (socket.Peer, other.Peer) = (other.Index, socket.Index);
        socket.HasPeerName = other.HasPeerName = true;
        (other.InQueue, other.Listener) = (true, listener.Index);
        if (listener.Count == 0) listener.Head = other.Index;
        else sockets[listener.Tail].Next = other.Index;
        listener.Tail = other.Index;
        listener.Count++;
    }

    /// <summary>A connect that did not wait has succeeded, and the platform wants to be asked before it uses the connection.</summary>
    private bool IsUnfinished(ModelSocket socket) => socket is { Phase: Phase.Connected, Completed: true, IsDatagram: false } && HostOf(socket).Has(Traits.ConnectIsAskedFor);

    /// <summary>What may be answered meanwhile; null for what is as on any connection.</summary>
    private Expectation? Unfinished(in Call call) => call.Op switch
    {
        Primitive.Bind => call.Where is Where.Unspecified ? Expectation.Skipped : Say(Point.BindConnected, Answers.Of(Errno.EALREADY)),
        Primitive.Listen => Say(Point.ListenConnecting),
        Primitive.Connect => call.Where == Where.NameOf ? Say(Point.ConnectWhileConnecting) : Expectation.Skipped,
        Primitive.Send => Say(Point.SendConnecting),
        Primitive.Recv => Say(Point.RecvConnecting),
        Primitive.Shutdown => Say(Point.ShutdownConnecting),
        Primitive.Getsockname => Say(Point.GetsocknameUnbound),
        Primitive.Getpeername => Say(Point.GetpeernameNotConnected),
        Primitive.Poll or Primitive.Dup => Expectation.Skipped,
        _ => null,
    };

    private void Stuck(ModelSocket socket, in Call call)
    {
        socket.Phase = Phase.Connecting;
        socket.Listener = Reaches(socket, call.Other)?.Index ?? ModelSocket.None;
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, Name.Loopback, 0);
    }

    /// <param name="pending">The error that is told later; none if it was told.</param>
    private void TimedOut(ModelSocket socket, Errno pending)
    {
        TimeOuts++;
        (socket.Phase, socket.Error, socket.Unsettled) = (HostOf(socket).Has(Traits.FailedConnectEnds) ? Phase.Unspecified : Phase.Refused, pending, pending != Errno.None);
    }

    /// <summary>There is room in the queue again: connects that were dropped come through when their SYN is sent again, who knows when.</summary>
    private void Unstick(ModelSocket listener)
    {
        for (var i = 0; i < socketCount; i++)
        {
            if (sockets[i] is { Phase: Phase.Connecting } or { Phase: Phase.Refused, Unsettled: true, Error: Errno.ETIMEDOUT } && sockets[i].Listener == listener.Index) sockets[i].Phase = Phase.Unspecified;
        }
    }
}
