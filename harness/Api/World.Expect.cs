namespace SockConformance.Api;

/// <content>What each primitive may answer in each state.</content>
public sealed partial class World
{
    /// <summary>What this call may answer now.</summary>
    public Expectation Expect(in Call call)
    {
        switch (call.Op)
        {
            case Primitive.Socket: return Socket(call);
            case Primitive.Open: return noDescriptors ? Expectation.Skipped : Say(Point.SocketLowestDescriptor);
            case Primitive.Limit: return Say(Point.SocketDescriptorsUsedUp, Answers.Success);
        }

        if (call.On < 0 || !slots[call.On].Given) return Expectation.Skipped;
        if (call.Where == Where.NameOf && !CanName(call.Other)) return Expectation.Skipped;
        if (!slots[call.On].Open) return BadDescriptor(call.Op);
        var socket = At(call.On);
        if (socket.Phase == Phase.File) return File(call.Op);
        if (call.Op is Primitive.Close) return Close(socket);
        if (socket is { Phase: Phase.Unspecified, WasListening: true, NonBlocking: true } && call.Op == Primitive.Accept) return Say(Point.AcceptAfterShutdown);
        if (socket.Phase == Phase.Unspecified || (socket.HasPending && call != socket.Pending && !IsHarmless(call.Op))) return Expectation.Skipped;
        return call.Op switch
        {
            Primitive.Bind => Bind(call, socket),
            Primitive.Listen => Listen(call, socket),
            Primitive.Accept => Accept(socket),
            Primitive.Connect => socket.IsDatagram ? ConnectDatagram(call) : Connect(call, socket),
            Primitive.Send => socket.IsDatagram ? SendDatagram(call, socket) : Send(call, socket),
            Primitive.Recv => socket.IsDatagram ? ReceiveDatagram(call, socket) : Receive(call, socket),
            Primitive.Shutdown => Shutdown(call, socket),
            Primitive.Getsockname => LocalName(call, socket),
            Primitive.Getpeername => PeerName(call, socket),
            Primitive.Setsockopt => SetOption(call, socket),
            Primitive.Getsockopt => GetOption(call, socket),
            Primitive.Nonblocking => Say(Point.NonblockingSets),
            Primitive.Poll => Say(PollPoint(socket)) with { Must = Due(socket), MustNot = Absent(socket), MayBeEarly = true, Cause = CauseOf(socket) },
            Primitive.Dup => noDescriptors ? Say(Point.DupDescriptorsUsedUp) : Say(Point.DupCopies),
            Primitive.Interrupt => socket.HasPending ? Say(Interrupted(socket.Pending.Op)) : Expectation.Skipped,
            _ => Expectation.Skipped,
        };
    }

    /// <summary>Another call waits on this socket, and this one would meddle with it.</summary>
    public bool IsBusy(in Call call) => IsTaken(call.Gives) || (call.On >= 0 && Meddles(call));

    /// <summary>The slot is in use, or promised to a call that waits.</summary>
    private bool IsTaken(int slot)
    {
        if (slot < 0) return false;
        for (var i = 0; i < socketCount; i++)
        {
            if (sockets[i].HasPending && sockets[i].Pending.Gives == slot) return true;
        }

        return slots[slot].Open;
    }

    private bool Meddles(in Call call) => IsOpen(call.On) && At(call.On).HasPending && (!IsHarmless(call.Op) || (call.Op == Primitive.Poll && (At(call.On).Pending.Flags & CallFlags.WaitAll) != 0)); // what it has taken already does not show

    /// <summary>What may be asked of a socket on which another call waits.</summary>
    private static bool IsHarmless(Primitive op) => op is Primitive.Interrupt or Primitive.Getsockname or Primitive.Getpeername or Primitive.Getsockopt or Primitive.Poll;

    private static Point Interrupted(Primitive op) => op switch { Primitive.Accept => Point.AcceptInterrupted, Primitive.Connect => Point.ConnectInterrupted, _ => Point.RecvInterrupted };

    /// <summary>A socket that is closed has a name, too, if it was told before.</summary>
    private bool CanName(int slot) =>
        slot >= 0 && slots[slot].Given && At(slot) is { HasName: true } named && (slots[slot].Open || named is { Port: > 0, References: 0 }) && named.Phase is not (Phase.Unspecified or Phase.Refused) && !named.IsReset;

    private Expectation BadDescriptor(Primitive op) => op switch
    {
        Primitive.Bind => Say(Point.BindBadDescriptor),
        Primitive.Listen => Say(Point.ListenBadDescriptor),
        Primitive.Accept => Say(Point.AcceptBadDescriptor),
        Primitive.Connect => Say(Point.ConnectBadDescriptor),
        Primitive.Send => Say(Point.SendBadDescriptor),
        Primitive.Recv => Say(Point.RecvBadDescriptor),
        Primitive.Shutdown => Say(Point.ShutdownBadDescriptor),
        Primitive.Close => Say(Point.CloseBadDescriptor),
        Primitive.Getsockname => Say(Point.GetsocknameBadDescriptor),
        Primitive.Getpeername => Say(Point.GetpeernameBadDescriptor),
        Primitive.Setsockopt => Say(Point.SetsockoptBadDescriptor),
        Primitive.Getsockopt => Say(Point.GetsockoptBadDescriptor),
        Primitive.Nonblocking => Say(Point.NonblockingBadDescriptor),
        Primitive.Poll => Say(Point.PollBadDescriptor) with { Must = Ready.Nval },
        Primitive.Dup => Say(Point.DupBadDescriptor),
        _ => Expectation.Skipped,
    };

    private Expectation File(Primitive op) => op switch
    {
        Primitive.Bind => Say(Point.BindNotASocket),
        Primitive.Listen => Say(Point.ListenNotASocket),
        Primitive.Accept => Say(Point.AcceptNotASocket),
        Primitive.Connect => Say(Point.ConnectNotASocket),
        Primitive.Send => Say(Point.SendNotASocket),
        Primitive.Recv => Say(Point.RecvNotASocket),
        Primitive.Shutdown => Say(Point.ShutdownNotASocket),
        Primitive.Getsockname => Say(Point.GetsocknameNotASocket),
        Primitive.Getpeername => Say(Point.GetpeernameNotASocket),
        Primitive.Setsockopt => Say(Point.SetsockoptNotASocket),
        Primitive.Getsockopt => Say(Point.GetsockoptNotASocket),
        Primitive.Close => Say(Point.CloseFrees),
        _ => Expectation.Skipped,
    };

    private Expectation Socket(in Call call)
    {
        if (!HasRoom) return Expectation.Skipped;
        if (call.Domain == Domain.Unknown) return call.Type == SocketType.Unknown || call.Size != 0 ? Expectation.Skipped : Say(Point.SocketUnknownDomain);
        if (call.Type == SocketType.Unknown) return call.Size != 0 ? Expectation.Skipped : Say(Point.SocketUnknownType);
        if (call.Domain != Domain.Inet) return Expectation.Skipped;
        var fits = call.Size == 0 || call.Size == (call.Type == SocketType.Stream ? 6 : 17);
        return !fits ? Say(Point.SocketWrongProtocol) : noDescriptors && !call.AtPeer ? Say(Point.SocketDescriptorsUsedUp) : Say(Point.SocketOpens);
    }

    private Expectation Bind(in Call call, ModelSocket socket)
    {
        switch (call.Where)
        {
            case Where.BadLength: return Say(Point.BindBadLength, AlsoRefused(socket));
            case Where.OtherFamily: return Say(Point.BindWrongFamily, AlsoRefused(socket));
            case Where.Unspecified: return socket.HasName || socket.Phase != Phase.Fresh ? Expectation.Skipped : Say(Point.BindUnspecifiedFamily);
        }

        if (socket.Phase == Phase.Refused || (socket.Phase == Phase.Connected && (socket.IsReset || (socket.End && socket.WriteShut)))) return Say(Point.BindAfterConnection);
        if (socket.NameUnsure) return Say(Point.BindAfterConnection);
        if (socket.IsDatagram && socket.HasPeerName) return Say(Point.BindConnected, Meanwhile(call.Where));
        if (socket.Phase is Phase.Connected or Phase.Connecting) return Say(Point.BindConnected, Meanwhile(call.Where));
        if (socket.HasName) return Say(Point.BindAlreadyBound, Meanwhile(call.Where));
        switch (call.Where)
        {
            case Where.NotLocal: return Say(Point.BindNotLocal);
            case Where.Protected: return Say(Point.BindProtectedPort);
            case Where.Loopback or Where.Any: return Say(socket.BindFailed ? Point.BindAfterFailure : Point.BindFreeAddress);
            case Where.Broadcast or Where.Nobody or Where.None: return Expectation.Skipped;
        }

        var wanted = At(call.Other);
        if (wanted.AtPeer != socket.AtPeer) return Expectation.Skipped; // the hosts of a driver may share their ports, or not
        var (held, softly, taken, unknown) = (false, false, false, false);
        for (var i = 0; i < socketCount; i++)
        {
            var other = sockets[i];
            if (other == socket || other.IsDatagram != socket.IsDatagram || !other.HasName) continue;
            if (other.Port == 0) unknown = true; // it may be this very one; and one of TCP may be held by a connection in TIME-WAIT
            if (other.Port != wanted.Port) continue;
            if (other.Ip != wanted.Ip && other.Ip != 0 && wanted.Ip != 0) continue;
            taken = true;
            if (other.References == 0 || !(other.BoundByCall || other.Phase == Phase.Listening)) continue;
            if (socket.Reuse && other.Reuse && other.Phase != Phase.Listening) softly = true;
            else held = true;
        }

        return held ? Say(Point.BindInUse) : softly ? Say(Point.BindInUseReusable) : taken ? Say(Point.BindWasUsed) : Say(socket.IsDatagram != wanted.IsDatagram ? Point.BindOtherProtocol : Point.BindFreeAddress, unknown || (wanted.IsDatagram && !socket.IsDatagram) ? Answers.Of(Errno.EADDRINUSE) : default);
    }

    /// <summary>What is wrong with the address of a bind whose socket is wrong, too.</summary>
    private static Answers Meanwhile(Where where) => where switch
    {
        Where.NotLocal => Answers.Of(Errno.EADDRNOTAVAIL),
        Where.NameOf => Answers.Of(Errno.EADDRINUSE),
        Where.Protected or Where.Nobody => Answers.Of(Errno.EACCES) | Answers.Of(Errno.EADDRINUSE),
        _ => default,
    };

    /// <summary>Where two errors apply at once, either may be told.</summary>
    private static Answers AlsoRefused(ModelSocket socket) => socket.HasName || socket.Phase != Phase.Fresh ? Answers.Of(Errno.EINVAL) | Answers.Of(Errno.EISCONN) : default;

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

        for (var i = 0; i < socketCount; i++)
        {
            var other = sockets[i];
            if (other != socket && other.Phase == Phase.Listening && other.References > 0 && other.Port == socket.Port && socket.Port != 0) return Say(Point.ListenInUse);
        }

        return Say(call.Size < 0 ? Point.ListenNegativeBacklog : Point.ListenBound);
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
            return At(call.Other) is not { BoundByCall: true, References: > 0, Phase: Phase.Bound, IsDatagram: false } || At(call.Other) == socket ? Expectation.Skipped // a port that nobody holds may be chosen for the caller itself
                : Say(socket.NonBlocking ? Point.ConnectRefusedInProgress : Point.ConnectRefused);
        if (!HasRoom) return Expectation.Skipped;
        if (socket.BoundByCall && SharesName(socket)) return Expectation.Skipped;
        var full = listener.Count > Math.Max(listener.Backlog, 0);
        if (full && !profile.DropsBeyondBacklog) return Expectation.Skipped;
        if (!full && listener.Count > 0 && listener.Count >= listener.Backlog && !profile.DropsBeyondBacklog) return Expectation.Skipped;
        return socket.NonBlocking ? Say(Point.ConnectInProgress) : full ? Say(Point.ConnectFullQueueBlocks) with { Blocks = true } : Say(Point.ConnectListener);
    }

    private static Answers Connects(ModelSocket socket) =>
        socket.Phase is Phase.Fresh or Phase.Bound ? default : (socket.Completed ? Answers.Success : default) | Answers.Of(Errno.EISCONN) | Answers.Of(Errno.EALREADY) | Answers.Of(Errno.ECONNREFUSED) | Answers.Of(Errno.ECONNABORTED) | Answers.Of(Errno.EAFNOSUPPORT) | Answers.Of(Errno.EINVAL);

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

    private bool SharesName(ModelSocket socket)
    {
        for (var i = 0; i < socketCount; i++)
        {
            if (sockets[i] != socket && sockets[i].HasName && sockets[i].Port == socket.Port && !sockets[i].IsDatagram) return true;
        }

        return false;
    }

    private Expectation ConnectDatagram(in Call call) => call.Where switch
    {
        Where.Unspecified => Say(Point.ConnectDatagramDissolve),
        Where.OtherFamily => Say(Point.ConnectWrongFamily),
        Where.BadLength => Say(Point.ConnectBadLength),
        Where.NameOf when At(call.Other).IsDatagram && At(call.Other) != At(call.On) => Say(At(call.On).HasPeerName ? Point.ConnectDatagramAgain : Point.ConnectDatagram),
        Where.Nobody => Say(At(call.On).HasPeerName ? Point.ConnectDatagramAgain : Point.ConnectDatagram),
        _ => Expectation.Skipped,
    };

    private Expectation Send(in Call call, ModelSocket socket)
    {
        if ((call.Flags & CallFlags.OutOfBand) != 0) return Expectation.Skipped;
        if (call.Where is not (Where.None or Where.NameOf)) return Expectation.Skipped;
        var toName = call.Where != Where.None;
        switch (socket.Phase)
        {
            case Phase.Fresh or Phase.Bound: return toName ? Say(Point.SendNeverConnected, Answers.Of(Errno.EISCONN) | Answers.Of(Errno.EOPNOTSUPP)) : Say(Point.SendNeverConnected);
            case Phase.Listening: return toName ? Say(Point.SendListening, Answers.Of(Errno.EISCONN) | Answers.Of(Errno.EOPNOTSUPP)) : Say(Point.SendListening);
            case Phase.Connecting: return socket.NonBlocking || (call.Flags & CallFlags.DontWait) != 0 ? Say(Point.SendConnecting) : Expectation.Skipped;
            case Phase.Refused: return Say(Point.SendRefused);
        }

        if (call.Size == 0) return socket.WriteShut || socket.IsReset || socket.PeerGone || toName ? Expectation.Skipped : Say(Point.SendEmpty, 0, 0);
        if (socket.IsReset) return Say(socket.ResetTold ? Point.SendAfterReset : Point.SendReset, socket.WriteShut || toName ? Answers.Of(Errno.EPIPE) | Answers.Of(Errno.EISCONN) : default);
        if (socket.WriteShut) return Say(Point.SendShut);
        if (socket.PeerGone || sockets[socket.Peer] is { ReadShut: true, WriteShut: true }) return toName ? Expectation.Skipped : Say(Point.SendPeerClosed, socket.WasFull ? Answers.Of(Errno.EAGAIN) : default) with { Least = 1, Most = call.Size, Skip = socket.WasFull && !socket.NonBlocking };
        var waits = !socket.NonBlocking && (call.Flags & CallFlags.DontWait) == 0;
        if (socket.Full) return toName ? Expectation.Skipped : waits ? Say(Point.SendFullBlocks, 1, call.Size) with { Blocks = true } : Say(Point.SendFull);

        // Whether there is room for all of it is the implementation's matter; with much unread it may be none at all.
        if (waits && (Outstanding(socket) + call.Size > RoomAtLeast || socket.WasFull)) return Expectation.Skipped;
        var mayBeFull = Outstanding(socket) >= RoomAtLeast || socket.WasFull;
        var point = toName ? Point.SendWithAddress : Point.SendStream;
        return new Expectation(point, profile.Allowed(point) | (mayBeFull ? Answers.Of(Errno.EAGAIN) : default)) { Least = 1, Most = call.Size, Cause = point, MayBeEarly = socket.Completed };
    }

    /// <summary>This many bytes that nobody has read yet fit into any implementation's buffers (both ends together).</summary>
    private const int RoomAtLeast = 4096;

    private Expectation SendDatagram(in Call call, ModelSocket socket)
    {
        var size = call.Size;
        if (socket.WriteShut && socket.Error != Errno.None) return Expectation.Skipped; // both errors apply
        if (socket.WriteShut) return Say(Point.SendDatagramShut, Answers.Of(Errno.EDESTADDRREQ) | Answers.Of(Errno.ENOTCONN) | (size > MostInDatagram ? Answers.Of(Errno.EMSGSIZE) : default) | (call.Where == Where.Broadcast ? Answers.Of(Errno.EACCES) : default));
        if (call.Where == Where.Broadcast) return socket.Broadcast || socket.Error != Errno.None ? Expectation.Skipped : Say(Point.SendDatagramBroadcast);
        if (call.Where is not (Where.None or Where.NameOf or Where.Nobody)) return Expectation.Skipped;
        if (call.Where == Where.NameOf && !At(call.Other).IsDatagram) return Expectation.Skipped;
        if (call.Where == Where.None && !socket.HasPeerName) return size > MostInDatagram ? Say(Point.SendDatagramNoPeer, Answers.Of(Errno.EMSGSIZE)) : Say(Point.SendDatagramNoPeer);
        if (size > MostInDatagram) return socket.Error != Errno.None ? Expectation.Skipped : Say(Point.SendDatagramTooLarge);
        if (socket.Error != Errno.None) return Say(Point.SendDatagramRefused, size, size);
        return Say(call.Where != Where.None && socket.HasPeerName ? Point.SendDatagramElsewhere : Point.SendDatagram, size, size);
    }

    private const int MostInDatagram = 65507;

    private Expectation Receive(in Call call, ModelSocket socket)
    {
        switch (socket.Phase)
        {
            case Phase.Fresh or Phase.Bound: return Say(Point.RecvNeverConnected, OutOfBand(call));
            case Phase.Listening: return Say(Point.RecvListening, OutOfBand(call));
            case Phase.Connecting: return socket.NonBlocking || (call.Flags & CallFlags.DontWait) != 0 ? Say(Point.RecvConnecting, OutOfBand(call)) : Expectation.Skipped;
            case Phase.Refused: return Say(Point.RecvRefused);
        }

        if ((call.Flags & CallFlags.OutOfBand) != 0) return socket.End || socket.IsReset || socket.ReadShut || socket.WriteShut ? Expectation.Skipped : Say(Point.RecvOutOfBand);
        var waits = !socket.NonBlocking && (call.Flags & CallFlags.DontWait) == 0;
        var unread = Unread(socket);
        if (call.Size == 0) return waits && unread == 0 ? Expectation.Skipped : Say(Point.RecvNothing);
        if (socket.IsReset && !socket.ResetTold) return unread > 0 ? Say(Point.RecvDataBeforeReset) : Say(Point.RecvReset, socket.End || socket.ReadShut ? Answers.Success : default) with { Least = 0, Most = 0 };
        if (socket.IsReset) return Say(Point.RecvAfterReset);
        if (socket.ReadShut) return unread > 0 ? Say(Point.RecvNothing) with { Point = Point.RecvShutRead, Most = (int)Math.Min(unread, call.Size), MayBeEarly = false } : Say(Point.RecvShutRead, 0, 0);
        if (unread > 0)
        {
            var most = (int)Math.Min(unread, call.Size);
            var whole = (call.Flags & CallFlags.WaitAll) != 0 && waits && (call.Flags & CallFlags.Peek) == 0;
            if (whole && call.Size > unread && !socket.End) return Say(Point.RecvWaitAllBlocks, call.Size, call.Size) with { Blocks = true };
            var point = whole ? Point.RecvWaitAll : (call.Flags & CallFlags.Peek) != 0 ? Point.RecvPeek : Point.RecvData;
            return Say(point, whole ? most : 1, most) with { MayBeEarly = true, Cause = Point.SendArrives };
        }

        if (socket.End) return Say(socket.EndTold ? Point.RecvEndOfFileAgain : Point.RecvEndOfFile, 0, 0) with { MayBeEarly = true, Cause = socket.EndCause };
        if (!waits) return Say(socket.NonBlocking ? Point.RecvEmpty : Point.RecvDontWait);
        return socket.ReceiveTimeout > 0 ? Say(Point.RecvTimeout) : Say(Point.RecvEmptyBlocks, 1, call.Size) with { Blocks = true };
    }

    private static Answers OutOfBand(in Call call) => (call.Flags & CallFlags.OutOfBand) != 0 ? Answers.Of(Errno.EINVAL) | Answers.Of(Errno.EAGAIN) : default;

    private Expectation ReceiveDatagram(in Call call, ModelSocket socket)
    {
        if ((call.Flags & (CallFlags.OutOfBand | CallFlags.WaitAll)) != 0) return Expectation.Skipped;
        var waits = !socket.NonBlocking && (call.Flags & CallFlags.DontWait) == 0;
        if (socket.Error != Errno.None) return socket.DatagramCount > 0 ? Expectation.Skipped : Say(Point.RecvDatagramRefused) with { MayBeEarly = true, Cause = Point.RecvDatagramRefused };
        if (socket.DatagramCount > 0 && socket.ReadShut) return Say(Point.RecvDatagramShut);
        if (socket.DatagramCount > 0)
        {
            var length = socket.Datagrams[socket.DatagramHead].Length;
            var most = Math.Min(length, call.Size);
            var point = length > call.Size ? Point.RecvDatagramTruncated : length == 0 ? Point.RecvDatagramEmpty : (call.Flags & CallFlags.Peek) != 0 ? Point.RecvPeek : Point.RecvDatagram;
            return Say(point, most, most) with { MayBeEarly = true, Cause = length == 0 ? Point.RecvDatagramEmpty : Point.SendDatagram };
        }

        if (socket.ReadShut) return waits ? Expectation.Skipped : Say(Point.RecvDatagramShut, 0, 0);
        if (!waits) return Say(socket.HasPeerName ? Point.RecvDatagramStranger : socket.NonBlocking ? Point.RecvEmpty : Point.RecvDontWait);
        return socket.ReceiveTimeout > 0 ? Say(Point.RecvTimeout) : Say(Point.RecvEmptyBlocks, 0, call.Size) with { Blocks = true };
    }

    private Expectation Shutdown(in Call call, ModelSocket socket)
    {
        if (call.How == How.Unknown) return Say(Point.ShutdownBadHow, socket.Phase == Phase.Connected && !socket.IsReset ? default : Answers.Of(Errno.ENOTCONN));
        if (socket.IsDatagram) return Say(socket.HasPeerName ? Point.ShutdownDatagram : Point.ShutdownDatagramUnconnected);
        switch (socket.Phase)
        {
            case Phase.Fresh or Phase.Bound: return Say(Point.ShutdownNeverConnected);
            case Phase.Listening: return Say(Point.ShutdownListening);
            case Phase.Connecting: return Say(Point.ShutdownConnecting);
            case Phase.Refused: return Say(Point.ShutdownRefused);
        }

        if (socket.IsReset) return Say(Point.ShutdownAfterReset);
        if (socket.WriteShut && socket.End) return Say(Point.ShutdownAfterConnection);
        return Say(call.How switch { How.Rd => Point.ShutdownRead, How.Wr when socket.WriteShut => Point.ShutdownWriteAgain, How.Wr => Point.ShutdownWrite, _ => Point.ShutdownBoth }, socket.PeerGone ? Answers.Of(Errno.ENOTCONN) : default);
    }

    private Expectation Close(ModelSocket socket) => Say(Point.CloseFrees) with { Skip = socket.HasPending };

    private Expectation LocalName(in Call call, ModelSocket socket)
    {
        if (call.Size > 0) return socket.HasName && !socket.IsReset ? Say(Point.GetsocknameShortBuffer) : Expectation.Skipped;
        if (!socket.HasName) return Say(Point.GetsocknameUnbound);
        if (socket.IsReset || socket.WriteShut || socket.Phase == Phase.Refused) return Say(Point.GetsocknameAfterConnection);
        return Say(socket.Phase == Phase.Connected || socket.HasPeerName ? Point.GetsocknameConnected : socket.Port == 0 ? Point.GetsocknameEphemeral : Point.GetsocknameBound);
    }

    private Expectation PeerName(in Call call, ModelSocket socket)
    {
        if (socket.IsDatagram && socket.Error != Errno.None) return Expectation.Skipped;
        var connected = socket.IsDatagram ? socket.HasPeerName : socket.Phase == Phase.Connected;
        if (call.Size > 0) return connected && !socket.IsReset && !socket.End && !socket.WriteShut ? Say(Point.GetpeernameShortBuffer) : Expectation.Skipped;
        if (!connected) return Say(Point.GetpeernameNotConnected);
        if (socket.IsReset) return Say(Point.GetpeernameAfterReset);
        if (socket.WriteShut && (socket.End || socket.PeerGone)) return Say(Point.GetpeernameAfterConnection);
        return socket.WriteShut && socket.ReadShut ? Say(Point.GetpeernameShut) : Say(Point.GetpeernameConnected);
    }

    private Expectation SetOption(in Call call, ModelSocket socket) =>
        call.Option is SocketOption.Error or SocketOption.Type or SocketOption.AcceptConn || (call.Option == SocketOption.NoDelay && socket.IsDatagram) ? Expectation.Skipped
        : Say(socket.IsReset || socket.WriteShut || socket.End || socket.Phase == Phase.Refused ? Point.SetsockoptEnded : Point.SetsockoptSets);

    private Expectation GetOption(in Call call, ModelSocket socket) => call.Option switch
    {
        SocketOption.Type => Say(Point.GetsockoptType, socket.IsDatagram ? 2 : 1, socket.IsDatagram ? 2 : 1),
        SocketOption.AcceptConn => Say(Point.GetsockoptAcceptConn, socket.Phase == Phase.Listening ? 1 : 0, socket.Phase == Phase.Listening ? 1 : 0),
        SocketOption.Error => Say(socket.Error != Errno.None ? Point.GetsockoptPendingError : socket.ResetTold || socket.Phase == Phase.Refused ? Point.GetsockoptErrorCleared : Point.GetsockoptNoError),
        SocketOption.ReuseAddr => Stored(socket.Reuse ? 1 : 0),
        SocketOption.NoDelay when !socket.IsDatagram => Stored(socket.NoDelay ? 1 : 0),
        SocketOption.Broadcast => Stored(socket.Broadcast ? 1 : 0),
        SocketOption.Linger => Stored(socket.Linger),
        _ => Expectation.Skipped,
    };

    private Expectation Stored(int value) => value > 0 ? Say(Point.GetsockoptStored) with { Least = 1, Most = int.MaxValue } : Say(Point.GetsockoptStored, value, value);

    private Point PollPoint(ModelSocket socket) =>
        socket.IsDatagram ? (socket.Error != Errno.None ? Point.PollFailed : socket.DatagramCount > 0 ? Point.PollData : Point.PollNothingToRead)
        : socket.Phase switch
        {
            Phase.Listening => socket.Count > 0 ? Point.PollPendingConnection : Point.PollNothingToRead,
            Phase.Refused when socket.Error != Errno.None => Point.PollFailed,
            Phase.Connected when socket.IsReset => Point.PollFailed,
            Phase.Connected when socket.Full => Point.PollFull,
            Phase.Connected when Unread(socket) > 0 => Point.PollData,
            Phase.Connected when socket.End => Point.PollEndOfFile,
            Phase.Connected when socket.Completed => Point.PollConnected,
            Phase.Connected when socket.ReadShut || socket.WriteShut => Point.PollReports,
            Phase.Connected => Point.PollNothingToRead,
            _ => Point.PollReports,
        };

    /// <summary>What must have happened for the socket to be readable: to blame if it is not.</summary>
    private Point CauseOf(ModelSocket socket) =>
        socket.IsReset ? socket.ResetCause : !socket.IsDatagram && Unread(socket) > 0 ? Point.SendArrives : socket.End ? socket.EndCause : socket.Phase == Phase.Listening ? Point.ConnectListener : PollPoint(socket);
}
