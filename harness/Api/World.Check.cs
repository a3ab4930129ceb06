namespace SockConformance.Api;

/// <content>Whether an answer is one that is allowed, to its last byte.</content>
internal sealed partial class World
{
    /// <summary>Null if the answer is allowed. Called before <see cref="Apply"/>; allocates only for a disagreement.</summary>
    /// <param name="data">What RECV gave.</param>
    public Disagreement? Check(in Call call, in Expectation expected, in Answer answer, ReadOnlySpan<byte> data) =>
        Judged(call, expected, answer, data) is { } wrong && !HostOf(call).Allowed(wrong.Point).IsAnything ? wrong : null; // where anything goes, any value does

    private Disagreement? Judged(in Call call, in Expectation expected, in Answer answer, ReadOnlySpan<byte> data)
    {
        if (answer.Unsupported) return null;
        var point = expected.Point;
        if (!answer.Ok) return expected.Allowed.Has(answer.Error) ? CheckSignal(call, expected, answer) : Against(Blamed(call, point, answer), Wanted(expected), answer.ToString());
        if (!expected.Allowed.Has(Errno.None)) return Against(Blamed(call, point, answer), Wanted(expected), answer.ToString());
        if (call.Op is not (Primitive.Send or Primitive.Recv or Primitive.Poll or Primitive.Getsockopt) && call.Gives < 0 && answer.Value != 0) return Against(point, "the value 0", answer.ToString());
        if (expected.Most >= expected.Least && (answer.Value < expected.Least || answer.Value > expected.Most) && !expected.Allowed.IsAnything)
            return Against(Blamed(call, point, answer), expected.Least == expected.Most ? $"the value {expected.Least}" : $"a value from {expected.Least} to {expected.Most}", answer.ToString());
        return call.Op switch
        {
            Primitive.Socket or Primitive.Dup or Primitive.Open => CheckDescriptor(answer.Value, call.Op == Primitive.Socket ? call.AtPeer : slots[Math.Max((int)call.On, 0)].AtPeer && call.Op == Primitive.Dup),
            Primitive.Accept => CheckDescriptor(answer.Value, slots[call.On].AtPeer) ?? CheckAccepted(call, answer),
            Primitive.Recv => At(call.On).IsDatagram ? CheckDatagram(call, answer, data) : CheckStream(call, answer, data),
            Primitive.Poll => CheckReady(call, expected, answer.Ready),
            Primitive.Getsockname => CheckName(call, point, At(call.On), answer) is { } wrong ? wrong with { Point = slots[call.On].IsCopy ? Point.DupCopies : wrong.Point } : null,
            Primitive.Getpeername => CheckPeer(call, point, At(call.On), answer),
            Primitive.Getsockopt when call.Option == SocketOption.Error => CheckPending(point, At(call.On), answer.Pending),
            _ => null,
        };
    }

    /// <summary>A call that is to wait has waited: half of the time at least, for clocks differ. Being busy only makes it longer.</summary>
    public Disagreement? CheckWait(in Call call, in Expectation expected, in Answer answer, TimeSpan taken) =>
        answer.Ok || answer.Unsupported || taken >= TimeSpan.FromMilliseconds(expected.Waits) / 2 || HostOf(call).Allowed(expected.Point).IsAnything ? null
            : Against(expected.Point, $"{Wanted(expected)} after {expected.Waits} ms", $"{answer} after {taken.TotalMilliseconds:0.#} ms");

    private static string Wanted(in Expectation expected) => expected.Allowed.ToString();

    private Disagreement Against(Point point, string wanted, string seen) => new(point, step, wanted, seen);

    /// <summary>Whose fault a wrong answer is: that of the call, or of an earlier one that has done too much or too little to the connection.</summary>
    private Point Blamed(in Call call, Point point, in Answer answer)
    {
        if (call is { Op: Primitive.Connect, Where: Where.NameOf } && answer.Ok && point is Point.ConnectRefused && WasListener(At(call.Other))) return Point.CloseListener;
        if (call.Op is not (Primitive.Recv or Primitive.Send) || call.On < 0 || !IsOpen(call.On)) return point;
        var socket = At(call.On);
        if (socket.Peeked && call.Op == Primitive.Recv && point is Point.RecvData or Point.RecvDatagram or Point.RecvPeek or Point.RecvDatagramTruncated or Point.SendArrives) return Point.RecvPeek;
        if (socket is { IsDatagram: true, Cut: true } && call.Op == Primitive.Recv && answer.Ok) return Point.RecvDatagramTruncated; // the rest of the one before
        if (socket.IsDatagram || socket.Phase != Phase.Connected || socket.Peer < 0) return point;
        if (call.Op == Primitive.Send) return point != Point.SendStream || answer.Error != Errno.EPIPE ? point : socket.SentNothing ? Point.SendEmpty : socket.ReadShut ? Point.ShutdownRead : point;
        if (point is Point.RecvEndOfFile or Point.RecvEndOfFileAgain) return answer.Error is Errno.ECONNRESET ? socket.EndCause : point;
        if (!answer.Ok || answer.Value != 0 || call.Size == 0 || point is Point.RecvReset) return point;
        if (sockets[socket.Peer].SentNothing) return Point.SendEmpty;
        return sockets[socket.Peer] is { Duplicates: > 0, References: > 0 } ? Point.CloseLastDescriptorOnly : socket is { WriteShut: true, ReadShut: false } ? Point.ShutdownWrite : point;
    }

    /// <summary>Whose fault it is that a call has not waited: its own, or that of the mode, which was set back and has stayed.</summary>
    public Point BlamedForNotWaiting(in Call call, in Expectation expected, in Answer answer) => answer.Error == Errno.EAGAIN && At(call.On).BlocksAgain ? Point.NonblockingSets : expected.Point;

    private Disagreement? CheckSignal(in Call call, in Expectation expected, in Answer answer)
    {
        if (call.Op != Primitive.Send || answer.Error != Errno.EPIPE || At(call.On).IsDatagram || !TellsSignals || slots[call.On].AtPeer) return null;
        var quiet = (call.Flags & CallFlags.NoSignal) != 0;
        Met[(int)(quiet ? Point.SendNoSignal : Point.SendSigpipe)]++;
        return answer.BrokenPipe != quiet ? null : quiet ? Against(Point.SendNoSignal, "no signal", "SIGPIPE") : Against(Point.SendSigpipe, "EPIPE and SIGPIPE", "EPIPE without a signal");
    }

    /// <summary>The driver can tell which signals a call raised.</summary>
    public bool TellsSignals { get; set; }

    /// <summary>The numbers of descriptors are the API's, and nobody else opens any in the driver's process.</summary>
    public bool NumbersDescriptors { get; set; }

    private Disagreement? CheckDescriptor(int descriptor, bool atPeer)
    {
        if (descriptor < 0) return Against(Point.SocketLowestDescriptor, "a descriptor of 0 or more", $"{descriptor}");
        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i].Open && slots[i].AtPeer == atPeer && slots[i].Descriptor == descriptor) return Against(Point.SocketLowestDescriptor, "a descriptor that is not in use", $"{descriptor}, which is s{i}");
        }

        var lowest = NumbersDescriptors && !atPeer && !descriptorReserved ? LowestReleased(atPeer) : -1;
        return lowest >= 0 && descriptor != lowest ? Against(Point.SocketLowestDescriptor, $"{lowest}, the lowest that is free", $"{descriptor}") : null;
    }

    private Disagreement? CheckAccepted(in Call call, in Answer answer)
    {
        if (answer.Name is not { } name) return null;
        var listener = At(call.On);
        if (listener.Count == 0 || sockets[listener.Head].IsReset) return null;
        var client = sockets[sockets[listener.Head].Peer];
        if (client.Port == 0 ? name.Port > 0 && name.Ip == client.Ip : name == new Name(client.Ip, client.Port)) return null;
        for (var next = sockets[listener.Head].Next; next >= 0; next = sockets[next].Next)
        {
            if (sockets[sockets[next].Peer] is { Port: > 0 } later && name == new Name(later.Ip, later.Port)) return Against(Point.AcceptQueueOrder, $"the connection of {new Name(client.Ip, client.Port)}, which came first", $"{name}");
        }

        return Against(Point.AcceptPeerName, client.Port == 0 ? "an address of loopback, with a port" : $"{new Name(client.Ip, client.Port)}, as the connecting socket is named", $"{name}");
    }

    private Disagreement? CheckStream(in Call call, in Answer answer, ReadOnlySpan<byte> data)
    {
        var socket = At(call.On);
        if (answer.Value > 0 && data.Length != answer.Value) return Against(Point.RecvData, $"{answer.Value} bytes, as the call has returned", $"{data.Length} bytes");
        if (answer.Value == 0 || socket.Peer < 0 || socket.Phase != Phase.Connected) return null;
        for (var i = 0; i < data.Length; i++)
        {
            if (data[i] == StreamByte(socket.Peer, socket.Read + i)) continue;
            for (var shift = -8; shift <= 8; shift++)
            {
                if (shift != 0 && socket.Read + i + shift >= 0 && data[i] == StreamByte(socket.Peer, socket.Read + i + shift)) return Against(Blamed(call, Point.SendArrives, answer), $"byte {socket.Read + i} of what was sent", $"byte {socket.Read + i + shift} in its place");
            }

            return Against(Blamed(call, Point.SendArrives, answer), $"byte {socket.Read + i} of what was sent ({StreamByte(socket.Peer, socket.Read + i):x2})", $"{data[i]:x2}");
        }

        return null;
    }

    private Disagreement? CheckDatagram(in Call call, in Answer answer, ReadOnlySpan<byte> data)
    {
        var socket = At(call.On);
        if (answer.Value > 0 && data.Length != answer.Value) return Against(Point.RecvDatagram, $"{answer.Value} bytes, as the call has returned", $"{data.Length} bytes");
        if (socket.DatagramCount == 0) return null;
        var due = socket.Datagrams[socket.DatagramHead];
        for (var i = 0; i < data.Length; i++)
        {
            if (data[i] != DatagramByte(due.Number, i)) return Against(Blamed(call, Point.RecvDatagram, answer), $"byte {i} of the datagram that is next ({DatagramByte(due.Number, i):x2})", $"{data[i]:x2}");
        }

        if (answer.Name is not { } name) return null;
        var from = sockets[due.From];
        return from.References == 0 || from.Port == 0 || (name.Port == from.Port && (from.Ip == 0 || name.Ip == from.Ip)) ? null : Against(Point.RecvDatagramSource, $"the sender, {new Name(from.Ip == 0 ? Name.Loopback : from.Ip, from.Port)}", $"{name}");
    }

    private Disagreement? CheckReady(in Call call, in Expectation expected, Ready ready)
    {
        if ((expected.Must & ~ready) is var missing && missing != Ready.None)
            return Against(missing == Ready.Out && expected.Point is Point.PollData or Point.PollEndOfFile or Point.PollNothingToRead ? Point.PollWritable : expected.Point, $"{expected.Must.ToString().ToLowerInvariant()}", ready.ToString().ToLowerInvariant());
        if ((expected.MustNot & ready) is var extra && extra == Ready.None) return null;
        var point = (extra & Ready.In) != 0 ? Point.PollNothingToRead : (extra & Ready.Out) != 0 ? Point.PollFull : Point.PollReports;
        var peer = (extra & Ready.In) != 0 && !At(call.On).IsDatagram && At(call.On).Peer >= 0 ? sockets[At(call.On).Peer] : null;
        if (peer is { SentNothing: true }) point = Point.SendEmpty;
        else if (peer is { Duplicates: > 0, References: > 0 }) point = Point.CloseLastDescriptorOnly;
        return Against(point, $"not {extra.ToString().ToLowerInvariant()}", ready.ToString().ToLowerInvariant());
    }

    private Disagreement? CheckName(in Call call, Point point, ModelSocket socket, in Answer answer)
    {
        if (call.Size > 0) return answer.NameLength is 16 or 28 ? null : Against(point, "the whole length of the address", $"{answer.NameLength}");
        if (point is Point.GetsocknameUnbound or Point.GetsocknameAfterConnection || answer.Name is not { } name) return null;
        if (name.Port == 0) return Against(socket.Port == 0 && socket.BoundByCall ? Point.GetsocknameEphemeral : point, "a port above 0", $"{name}");
        if (socket.IsDatagram && !socket.HasPeerName && socket.Ip != name.Ip && !socket.BoundByCall) return null;
        var right = (socket.Ip == name.Ip || (socket.Ip == 0 && socket.HasPeerName)) && (socket.Port == 0 || socket.Port == name.Port);
        return right ? null : Against(point, $"{new Name(socket.Ip, socket.Port)}", $"{name}");
    }

    private Disagreement? CheckPeer(in Call call, Point point, ModelSocket socket, in Answer answer)
    {
        if (call.Size > 0) return answer.NameLength is 16 or 28 ? null : Against(point, "the whole length of the address", $"{answer.NameLength}");
        if (point is not (Point.GetpeernameConnected or Point.GetpeernameShut) || answer.Name is not { } name || socket.Peer < 0) return null;
        var peer = sockets[socket.Peer];
        if (socket.IsDatagram && (peer.References == 0 || peer.Ip != Name.Loopback)) return null;
        return name.Port > 0 && (peer.Port == 0 || (name.Port == peer.Port && (name.Ip == peer.Ip || peer.Ip == 0))) ? null : Against(point, $"{new Name(peer.Ip, peer.Port)}, as the peer is named", $"{name}");
    }

    private Disagreement? CheckPending(Point point, ModelSocket socket, Errno pending) =>
        socket.Error == Errno.None ? (pending == Errno.None || (socket.IsReset && point == Point.GetsockoptErrorCleared && !socket.ResetTold) ? null : Against(point, "0", pending.ToString()))
        : pending == socket.Error || (pending == Errno.EPIPE && socket.IsReset) ? null : Against(point, socket.Error.ToString(), pending == Errno.None ? "0" : pending.ToString());
}
