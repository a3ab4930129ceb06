namespace SockConformance.Api;

/// <content>Sockets of datagrams: their peers, what they send and receive.</content>
internal sealed partial class World
{
    private Expectation ConnectDatagram(in Call call) => call.Where switch
    {
        Where.Unspecified => Say(Point.ConnectDatagramDissolve),
        Where.OtherFamily => Say(Point.ConnectWrongFamily),
        Where.BadLength => Say(Point.ConnectBadLength),
        Where.NameOf when At(call.Other).IsDatagram && At(call.Other) != At(call.On) => Say(At(call.On).HasPeerName ? Point.ConnectDatagramAgain : Point.ConnectDatagram),
        Where.Nobody => Say(At(call.On).HasPeerName ? Point.ConnectDatagramAgain : Point.ConnectDatagram),
        _ => Expectation.Skipped,
    };

    private void DatagramConnected(in Call call, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (profile.Has(Traits.FailedCallsBind) && !socket.HasName && call.Where is Where.OtherFamily or Where.BadLength) (socket.HasName, socket.Ip, socket.Port) = (true, 0, 0);
            return;
        }

        if (call.Where == Where.Unspecified)
        {
            (socket.HasPeerName, socket.Peer) = (false, ModelSocket.None);
            (socket.HasName, socket.Port, socket.NameUnsure) = (false, 0, socket.BoundByCall);
            return;
        }

        if (socket.DatagramCount > 0 && profile.Has(Traits.ConnectDropsDatagrams)) Lose(socket);
        socket.HasPeerName = true;
        socket.Peer = call.Where == Where.NameOf ? At(call.Other).Index : ModelSocket.None;
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, Name.Loopback, 0);
        if (socket.Ip == 0) socket.Ip = Name.Loopback;
    }

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

    private void DatagramSent(in Call call, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (answer.Error == Errno.ECONNREFUSED) Told(socket);
            if (profile.Has(Traits.FailedCallsBind) && !socket.HasName) (socket.HasName, socket.Ip, socket.Port) = (true, 0, 0);
            return;
        }

        if (socket.Error != Errno.None) Told(socket); // it was sent: the report had not come, or was taken away
        if (!socket.HasName) (socket.HasName, socket.Ip, socket.Port, socket.NameUnsure) = (true, 0, 0, socket.NameUnsure && !profile.Has(Traits.CallsMayBind));
        var number = datagramsSent++;
        datagramBytes += call.Size;
        var to = call.Where == Where.NameOf ? At(call.Other) : call.Where == Where.None && socket.Peer >= 0 ? sockets[socket.Peer] : null;
        if (call.Size == 0 && call.Where == Where.None && profile.Allowed(Point.RecvDatagramEmpty).IsAnything)
        {
            datagramsUnsure = true;
            Lose(socket);
            if (to is not null) Lose(to);
            return;
        }

        if (to is { IsDatagram: true, References: > 0, Phase: not Phase.Unspecified } && to.HasName && (!to.HasPeerName || (to.Peer == socket.Index)))
        {
            if (to.DatagramCount == ModelSocket.MaxDatagrams)
            {
                Lose(to);
                return;
            }

            to.Datagrams[(to.DatagramHead + to.DatagramCount++) % ModelSocket.MaxDatagrams] = new ModelSocket.Datagram { From = socket.Index, Length = answer.Value, Number = number, Elsewhere = socket.HasPeerName && call.Where != Where.None };
            return;
        }

        if (to is { NameUnsure: true, References: > 0 }) Lose(to);
        if (to is { Phase: Phase.Unspecified, References: > 0 })
        {
            Lose(socket);
            return;
        }

        if (call.Where == Where.None || (call.Where == Where.Nobody && socket is { HasPeerName: true, Peer: ModelSocket.None })) Refuse(socket);
        if (call.Where == Where.NameOf && socket.HasPeerName) Lose(socket); // whether the report belongs to this socket depends on the address
    }

    private void MayBind(in Call call, ModelSocket socket)
    {
        if (socket.IsDatagram && call.Op is Primitive.Send or Primitive.Recv or Primitive.Connect && profile.Has(Traits.CallsMayBind)) socket.NameUnsure |= !socket.HasName;
    }

    /// <summary>The peer's port is reported unreachable, where the platform passes that on.</summary>
    private void Refuse(ModelSocket socket)
    {
        if (HostOf(socket).Allowed(Point.RecvDatagramRefused).Has(Errno.ECONNREFUSED)) (socket.Error, socket.Unsettled) = (Errno.ECONNREFUSED, true);
    }

    private Expectation ReceiveDatagram(in Call call, ModelSocket socket)
    {
        if ((call.Flags & (CallFlags.OutOfBand | CallFlags.WaitAll)) != 0) return Expectation.Skipped;
        var waits = !socket.NonBlocking && (call.Flags & CallFlags.DontWait) == 0;
        if (socket.Error != Errno.None) return socket.DatagramCount > 0 ? Expectation.Skipped : Say(Point.RecvDatagramRefused) with { MayBeEarly = true, Cause = Point.RecvDatagramRefused };
        if (socket.DatagramCount > 0 && socket.ReadShut) return Say(Point.RecvDatagramShut);
        if (socket.DatagramCount > 0 && call.Size == 0) return Say(Point.RecvNothing); // is it taken, or only waited for?
        if (socket.DatagramCount > 0)
        {
            var length = socket.Datagrams[socket.DatagramHead].Length;
            var most = Math.Min(length, call.Size);
            var point = length > call.Size ? Point.RecvDatagramTruncated : length == 0 ? Point.RecvDatagramEmpty : (call.Flags & CallFlags.Peek) != 0 ? Point.RecvPeek : Point.RecvDatagram;
            return Say(point, most, most) with { MayBeEarly = true, Cause = length == 0 ? Point.RecvDatagramEmpty : socket.Datagrams[socket.DatagramHead].Elsewhere ? Point.SendDatagramElsewhere : Point.SendDatagram };
        }

        if (socket.ReadShut) return waits ? Expectation.Skipped : Say(Point.RecvDatagramShut, 0, 0);
        if (!waits) return Say(socket.HasPeerName ? Point.RecvDatagramStranger : socket.NonBlocking ? Point.RecvEmpty : Point.RecvDontWait);
        return socket.ReceiveTimeout > 0 ? Say(Point.RecvTimeout) with { Waits = socket.ReceiveTimeout } : Say(Point.RecvEmptyBlocks, 0, call.Size) with { Blocks = true };
    }

    private void DatagramReceived(in Call call, in Expectation expected, in Answer answer, ModelSocket socket)
    {
        if (!answer.Ok)
        {
            if (answer.Error == Errno.ECONNREFUSED) Told(socket);
            return;
        }

        if (socket.DatagramCount == 0) return;
        if (expected.Point == Point.RecvNothing || (expected.Point == Point.RecvDatagramShut && answer.Value == 0))
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
        socket.Cut = expected.Point == Point.RecvDatagramTruncated;
        socket.DatagramHead = (socket.DatagramHead + 1) % ModelSocket.MaxDatagrams;
        socket.DatagramCount--;
    }
}
