namespace SockConformance.Api;

/// <content>Options, and what poll reports.</content>
internal sealed partial class World
{
    private Expectation SetOption(in Call call, ModelSocket socket) =>
        call.Option is SocketOption.Error or SocketOption.Type or SocketOption.AcceptConn || (call.Option == SocketOption.NoDelay && socket.IsDatagram) || (call.Option == SocketOption.UserTimeout && (socket.IsDatagram || socket.Phase is not (Phase.Fresh or Phase.Bound))) ? Expectation.Skipped
        : Say(socket.IsReset || socket.WriteShut || socket.End || socket.Phase == Phase.Refused ? Point.SetsockoptEnded : Point.SetsockoptSets);

    private static void Option(in Call call, ModelSocket socket)
    {
        switch (call.Option)
        {
            case SocketOption.ReuseAddr: socket.Reuse = call.Size != 0; break;
            case SocketOption.NoDelay: socket.NoDelay = call.Size != 0; break;
            case SocketOption.Broadcast: socket.Broadcast = call.Size != 0; break;
            case SocketOption.Linger: socket.Linger = call.Size; break;
            case SocketOption.RcvTimeo: socket.ReceiveTimeout = call.Size; break;
            case SocketOption.UserTimeout: socket.UserTimeout = call.Size; break;
            case SocketOption.RcvBuf: socket.WasFull = socket.FixedReceive = true; break;
            case SocketOption.SndBuf: socket.WasFull = socket.FixedSend = true; break;
        }
    }

    private Expectation GetOption(in Call call, ModelSocket socket) => call.Option switch
    {
        SocketOption.Type => Say(Point.GetsockoptType, socket.IsDatagram ? 2 : 1, socket.IsDatagram ? 2 : 1),
        SocketOption.AcceptConn => Say(Point.GetsockoptAcceptConn, socket.Phase == Phase.Listening ? 1 : 0, socket.Phase == Phase.Listening ? 1 : 0),
        SocketOption.Error => Say(socket.Error != Errno.None ? Point.GetsockoptPendingError : socket.ResetTold || socket.Phase == Phase.Refused ? Point.GetsockoptErrorCleared : Point.GetsockoptNoError),
        SocketOption.ReuseAddr => Stored(socket.Reuse ? 1 : 0),
        SocketOption.NoDelay when !socket.IsDatagram => Stored(socket.NoDelay ? 1 : 0),
        SocketOption.Broadcast => Stored(socket.Broadcast ? 1 : 0),
        SocketOption.Linger => Stored(socket.Linger),
        SocketOption.UserTimeout when !socket.IsDatagram => Stored(socket.UserTimeout),
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

    /// <summary>What poll must report, once all is settled.</summary>
    private Ready Due(ModelSocket socket)
    {
        if (socket.IsDatagram) return (socket.DatagramCount > 0 && socket.Error == Errno.None ? Ready.In : Ready.None) | (socket.Error != Errno.None ? Ready.Err : Ready.Out);
        return socket.Phase switch
        {
            Phase.Listening => socket.Count > 0 ? Ready.In : Ready.None,
            Phase.Refused when socket.Error != Errno.None => Ready.Out,
            Phase.Connected when socket.IsReset => Ready.In | Ready.Out,
            Phase.Connected => (Unread(socket) > 0 || socket.End || socket.ReadShut ? Ready.In : Ready.None) | (!socket.WriteShut && !socket.WasFull && Outstanding(socket) == 0 ? Ready.Out : Ready.None),
            _ => Ready.None,
        };
    }

    /// <summary>What poll must not report.</summary>
    private Ready Absent(ModelSocket socket)
    {
        var never = Ready.Nval;
        if (socket.IsDatagram) return socket.DatagramCount == 0 && socket.Error == Errno.None && !socket.ReadShut ? never | Ready.In | (socket.WriteShut ? Ready.None : Ready.Err) : never;
        return socket.Phase switch
        {
            Phase.Listening => socket.Count == 0 ? never | Ready.In : never,
            Phase.Connecting => never | Ready.In | Ready.Out,
            Phase.Connected when !socket.IsReset => never | Ready.Err | (Unread(socket) == 0 && !socket.End && !socket.ReadShut ? Ready.In : Ready.None) | (socket.Full && HasFixedRoom(socket) && !socket.WriteShut ? Ready.Out : Ready.None)
                | (socket.End && socket.WriteShut || socket.ReadShut ? Ready.None : Ready.Hup),
            _ => never,
        };
    }
}
