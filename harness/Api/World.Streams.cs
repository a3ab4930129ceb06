namespace SockConformance.Api;

/// <content>What goes through a connection, and how it ends: send, recv, shutdown, close.</content>
internal sealed partial class World
{
    private Expectation Send(in Call call, ModelSocket socket)
    {
        if ((call.Flags & CallFlags.OutOfBand) != 0) return Expectation.Skipped;
        if (call.Where is not (Where.None or Where.NameOf)) return Expectation.Skipped;
        var toName = call.Where != Where.None;
        switch (socket.Phase)
        {
            case Phase.Fresh or Phase.Bound: return toName ? Say(Point.SendNeverConnected, Answers.Of(Errno.EISCONN) | Answers.Of(Errno.EOPNOTSUPP)) : Say(Point.SendNeverConnected, 0, 0);
            case Phase.Listening: return toName ? Say(Point.SendListening, Answers.Of(Errno.EISCONN) | Answers.Of(Errno.EOPNOTSUPP)) : Say(Point.SendListening, 0, 0);
            case Phase.Connecting: return socket.NonBlocking || (call.Flags & CallFlags.DontWait) != 0 ? Say(Point.SendConnecting) : Expectation.Skipped;
            case Phase.Refused: return Say(Point.SendRefused);
        }

        if (call.Size == 0) return socket.WriteShut || socket.IsReset || socket.PeerGone || toName ? Expectation.Skipped : Say(Point.SendEmpty, 0, 0);
        if (socket.IsReset) return Say(socket.ResetTold ? Point.SendAfterReset : Point.SendReset, socket.WriteShut || toName ? Answers.Of(Errno.EPIPE) | Answers.Of(Errno.EISCONN) : default);
        if (socket.WriteShut) return Say(Point.SendShut);
        if (socket.PeerGone || sockets[socket.Peer] is { ReadShut: true, WriteShut: true }) return toName ? Expectation.Skipped : Say(Point.SendPeerClosed, socket.WasFull ? Answers.Of(Errno.EAGAIN) : default) with { Least = 1, Most = call.Size, Skip = socket.WasFull && !socket.NonBlocking };
        var waits = !socket.NonBlocking && (call.Flags & CallFlags.DontWait) == 0;
        if (socket.Full && (toName || (waits && socket.ModeUnsure))) return Expectation.Skipped;
        if (socket.Full && waits) return HasFixedRoom(socket) ? Say(Point.SendFullBlocks, 1, call.Size) with { Blocks = true } : Expectation.Skipped;
        if (socket.Full) return HasFixedRoom(socket) ? Say(Point.SendFull) : Say(Point.SendFull, Answers.Success) with { Least = 1, Most = call.Size };

        // Whether there is room for all of it is the implementation's matter; with much unread it may be none at all.
        if (waits && (Outstanding(socket) + call.Size > RoomAtLeast || socket.WasFull)) return Expectation.Skipped;
        var mayBeFull = Outstanding(socket) >= RoomAtLeast || socket.WasFull;
        var point = toName ? Point.SendWithAddress : Point.SendStream;
        return new Expectation(point, profile.Allowed(point) | (mayBeFull ? Answers.Of(Errno.EAGAIN) : default)) { Least = 1, Most = call.Size, Cause = point, MayBeEarly = socket.Completed };
    }

    /// <summary>This many bytes that nobody has read yet fit into any implementation's buffers (both ends together).</summary>
    private const int RoomAtLeast = 4096;

    /// <summary>Both ends have been told how much they may keep; else either may make more room at any time.</summary>
    private bool HasFixedRoom(ModelSocket socket) => socket.FixedSend && sockets[socket.Peer].FixedReceive;

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

        socket.SentNothing |= expected.Point == Point.SendEmpty;
        if (answer.Value > 0 && expected.Point == Point.SendPeerClosed)
        {
            ResetBy(socket, Point.SendPeerClosed, told: false);
            if (!socket.PeerGone) ResetBy(sockets[socket.Peer], Point.SendPeerClosed, told: false);
        }
        else socket.Sent += answer.Value;
        if (sockets[socket.Peer] is { ReadShut: true } deaf && HostOf(deaf).Has(Traits.ShutReadResets)) Lose(socket);
    }

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
        if (socket.IsReset && !socket.ResetTold) return unread > 0 ? Say(Point.RecvDataBeforeReset) : Say(Point.RecvReset, socket.End || socket.ReadShut ? Answers.Success : default) with { Least = 0, Most = 0, MayBeEarly = true, Cause = socket.ResetCause };
        if (socket.IsReset) return Say(Point.RecvAfterReset);
        if (socket.ReadShut) return unread > 0 ? Say(Point.RecvNothing) with { Point = Point.RecvShutRead, Most = (int)Math.Min(unread, call.Size), MayBeEarly = false } : Say(Point.RecvShutRead, 0, 0);
        if (unread > 0)
        {
            var most = (int)Math.Min(unread, call.Size);
            var whole = (call.Flags & CallFlags.WaitAll) != 0 && waits && (call.Flags & CallFlags.Peek) == 0;
            if (whole && call.Size > unread && !socket.End) return socket.ModeUnsure ? Expectation.Skipped : Say(Point.RecvWaitAllBlocks, call.Size, call.Size) with { Blocks = true };
            var point = whole ? Point.RecvWaitAll : (call.Flags & CallFlags.Peek) != 0 ? Point.RecvPeek : Point.RecvData;
            return Say(point, whole ? most : 1, most) with { MayBeEarly = true, Cause = Point.SendArrives };
        }

        if (socket.End) return Say(socket.EndTold ? Point.RecvEndOfFileAgain : Point.RecvEndOfFile, 0, 0) with { MayBeEarly = true, Cause = socket.EndCause };
        if (!waits) return Say(socket.NonBlocking ? Point.RecvEmpty : Point.RecvDontWait);
        if (socket.ModeUnsure) return socket.ReceiveTimeout > 0 ? Expectation.Skipped : Say(Point.AcceptInheritsMode) with { Blocks = true };
        return socket.ReceiveTimeout > 0 ? Say(Point.RecvTimeout) with { Waits = socket.ReceiveTimeout } : Say(Point.RecvEmptyBlocks, 1, call.Size) with { Blocks = true };
    }

    private static Answers OutOfBand(in Call call) => (call.Flags & CallFlags.OutOfBand) != 0 ? Answers.Of(Errno.EINVAL) | Answers.Of(Errno.EAGAIN) : default;

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

    private void WasShut(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (socket.IsDatagram)
        {
            if (!answer.Ok && !(expected.Point == Point.ShutdownDatagramUnconnected && profile.Has(Traits.FailedShutdownSticks))) return;
            socket.ReadShut |= call.How is How.Rd or How.RdWr;
            socket.WriteShut |= call.How is How.Wr or How.RdWr;
            return;
        }

        switch (expected.Point)
        {
            case Point.ShutdownNeverConnected when answer.Ok || profile.Has(Traits.FailedShutdownSticks): Lose(socket); return;
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

    private Expectation Close(in Call call, ModelSocket socket)
    {
        if (socket.HasPending && call != socket.Pending) return Expectation.Skipped;
        if (socket.IsDatagram || socket.Phase != Phase.Connected || socket is not { References: 1, Linger: > 0, IsReset: false, PeerGone: false } || Unread(socket) > 0) return Say(Point.CloseFrees);
        if (Outstanding(socket) is var left && (left == 0 || (left <= RoomAtLeast && !socket.WasFull && !sockets[socket.Peer].WasFull))) return Say(Point.CloseLingerDrained); // what fits into the peer's buffer is with it at once
        if (socket.HasPending) return Say(Point.CloseLingerDrained) with { Blocks = socket.Full };
        return socket.Full && HasFixedRoom(socket) ? Say(Point.CloseLingerWaits) with { Blocks = true } : Expectation.Skipped;
    }

    /// <summary>A close that waits must return now; with some of the data still unread it may.</summary>
    private bool MustReturn(ModelSocket closing) => closing.IsReset || Outstanding(closing) == 0;

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
                if (profile.Allowed(Point.CloseListener).IsAnything)
                {
                    Lose(sockets[next]);
                    continue;
                }

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
        var cause = Unread(socket) > 0 ? Point.CloseUnreadData : socket.Linger switch { 0 => Point.CloseLingerZero, > 0 => Point.CloseLingerDrained, _ => Point.ClosePeerSeesEnd };
        if (cause is Point.ClosePeerSeesEnd or Point.CloseLingerDrained) EndFor(socket, cause);
        else if (profile.Allowed(cause).IsAnything) Lose(peer);
        else ResetBy(peer, cause, told: false);
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

    /// <summary>SO_ERROR was read.</summary>
    private void Asked(ModelSocket socket)
    {
        if (socket.Error != Errno.None) Told(socket);
        if (IsUnfinished(socket)) socket.Completed = false;
    }

    private void Told(ModelSocket socket)
    {
        socket.Error = Errno.None;
        if (socket.IsReset && !socket.ResetTold) Met[(int)socket.ResetCause]++;
        if (socket.IsReset) socket.ResetTold = true;
        socket.Unsettled = false;
    }
}
