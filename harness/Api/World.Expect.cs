namespace SockConformance.Api;

/// <content>Which rule each call comes under. What a rule says, and what its answer changes, is beside each other in the files of its subject.</content>
internal sealed partial class World
{
    /// <summary>What this call may answer now.</summary>
    public Expectation Expect(in Call call)
    {
        profile = HostOf(call);
        switch (call.Op)
        {
            case Primitive.Socket: return CloseWaits() ? Expectation.Skipped : Socket(call);
            case Primitive.Open: return noDescriptors || CloseWaits() ? Expectation.Skipped : Say(Point.SocketLowestDescriptor);
            case Primitive.Limit: return Say(Point.SocketDescriptorsUsedUp, Answers.Success);
        }

        if (call.On < 0 || !slots[call.On].Given) return Expectation.Skipped;
        if (call.Where == Where.NameOf && !CanName(call.Other)) return Expectation.Skipped;
        if (!slots[call.On].Open) return BadDescriptor(call.Op);
        var socket = At(call.On);
        if (socket.Phase == Phase.File) return File(call.Op);
        if (call.Op is Primitive.Close) return Close(call, socket);
        if (call.Gives >= 0 && !(socket.HasPending && call == socket.Pending) && CloseWaits()) return Expectation.Skipped;
        if (socket is { Phase: Phase.Unspecified, WasListening: true, NonBlocking: true } && call.Op == Primitive.Accept) return Say(Point.AcceptAfterShutdown);
        if (socket.Phase == Phase.Unspecified || (socket.HasPending && call != socket.Pending && !IsHarmless(call.Op, socket))) return Expectation.Skipped;
        if (IsUnfinished(socket) && Unfinished(call) is { } unfinished) return unfinished;
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
            Primitive.Interrupt => socket is { HasPending: true, Pending.Op: not Primitive.Close } ? Say(Interrupted(socket.Pending.Op)) : Expectation.Skipped,
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

    private bool Meddles(in Call call) => IsOpen(call.On) && At(call.On).HasPending && (!IsHarmless(call.Op, At(call.On)) || (call.Op == Primitive.Poll && (At(call.On).Pending.Flags & CallFlags.WaitAll) != 0)); // what it has taken already does not show

    /// <summary>What may be asked of a socket on which another call waits.</summary>
    private static bool IsHarmless(Primitive op, ModelSocket socket) => socket.Pending.Op != Primitive.Close && op is Primitive.Interrupt or Primitive.Getsockname or Primitive.Getpeername or Primitive.Getsockopt or Primitive.Poll;

    /// <summary>A close waits: whether its descriptor is free already, the standard does not say, so none is asked for.</summary>
    private bool CloseWaits()
    {
        for (var i = 0; i < socketCount; i++)
        {
            if (sockets[i] is { HasPending: true, Pending.Op: Primitive.Close }) return true;
        }

        return false;
    }

    private static Point Interrupted(Primitive op) => op switch { Primitive.Accept => Point.AcceptInterrupted, Primitive.Connect => Point.ConnectInterrupted, _ => Point.RecvInterrupted };

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
}
