namespace SockConformance.Api;

/// <content>New sockets, and the names that sockets have.</content>
internal sealed partial class World
{
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

    private void Bound(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (expected.Point is Point.BindInUse or Point.BindNotLocal or Point.BindWrongFamily or Point.BindBadLength or Point.BindUnspecifiedFamily && !socket.HasName) socket.BindFailed = true;
            if (expected.Point == Point.BindAfterConnection) Lose(socket);
            return;
        }

        if (expected.Point is Point.BindAfterConnection or Point.BindBadLength or Point.BindWrongFamily or Point.BindAlreadyBound or Point.BindConnected or Point.BindInUse or Point.BindNotLocal)
        {
            Lose(socket);
            return;
        }

        socket.HasName = socket.BoundByCall = true;
        socket.BindFailed = false;
        if (!socket.IsDatagram) socket.Phase = profile.Has(Traits.BindListens) ? Phase.Listening : Phase.Bound;
        if (socket.Phase == Phase.Listening) socket.Backlog = MaxSockets;
        (socket.Ip, socket.Port) = call.Where switch
        {
            Where.NameOf => (NameOf(call.Other).Ip, NameOf(call.Other).Port),
            Where.Any or Where.Unspecified => (0u, 0),
            Where.Protected => (Name.Loopback, 1),
            _ => (Name.Loopback, 0),
        };
    }

    /// <summary>A socket that is closed has a name, too, if it was told before.</summary>
    private bool CanName(int slot) =>
        slot >= 0 && slots[slot].Given && At(slot) is { HasName: true, Untold: false } named && (slots[slot].Open || named is { Port: > 0, References: 0 }) && named.Phase is not (Phase.Unspecified or Phase.Refused) && !named.IsReset;

    private bool SharesName(ModelSocket socket)
    {
        for (var i = 0; i < socketCount; i++)
        {
            if (sockets[i] != socket && sockets[i].HasName && sockets[i].Port == socket.Port && !sockets[i].IsDatagram) return true;
        }

        return false;
    }

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

    private static void Learn(ModelSocket socket, Name name) => (socket.Ip, socket.Port) = socket.Port == 0 ? (name.Ip, name.Port) : (socket.Ip, socket.Port);
}
