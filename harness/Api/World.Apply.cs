namespace SockConformance.Api;

/// <content>Takes note of answers.</content>
internal sealed partial class World
{
    /// <summary>Takes note of an answer that <see cref="Check"/> has accepted.</summary>
    public void Apply(in Call call, in Expectation expected, in Answer answer)
    {
        if (answer.Unsupported || expected.Skip) return;
        profile = HostOf(call);
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
        if (expected.Point == Point.AcceptInheritsMode) (socket.NonBlocking, socket.ModeUnsure) = (true, false); // it did not wait
        switch (call.Op)
        {
            case Primitive.Bind: Bound(call, expected, answer, socket); break;
            case Primitive.Listen: Listened(call, expected, answer, socket); break;
            case Primitive.Accept: Accepted(call, expected, answer, socket); break;
            case Primitive.Connect when socket.IsDatagram: DatagramConnected(call, answer, socket); break;
            case Primitive.Connect: Connected(call, expected, answer, socket); break;
            case Primitive.Send when socket.IsDatagram: DatagramSent(call, answer, socket); break;
            case Primitive.Send: Sent(expected, answer, socket); break;
            case Primitive.Recv when socket.IsDatagram: DatagramReceived(call, expected, answer, socket); break;
            case Primitive.Recv: Received(call, expected, answer, socket); break;
            case Primitive.Shutdown: WasShut(call, expected, answer, socket); break;
            case Primitive.Close: Closed(call.On, socket); break;
            case Primitive.Getsockname when answer is { Ok: true, Name.Port: 0 } && socket is { HasName: true, Port: 0 }: socket.Untold = true; break;
            case Primitive.Getsockname when answer is { Ok: true, Name: { } name } && socket.HasName && !socket.IsReset: (socket.Ip, socket.Port) = socket.Port == 0 || socket.HasPeerName ? (name.Ip, name.Port) : (socket.Ip, socket.Port); break;
            case Primitive.Setsockopt when answer.Ok: Option(call, socket); break;
            case Primitive.Getsockopt when call.Option == SocketOption.Error && answer.Ok: Asked(socket); break;
            case Primitive.Nonblocking when answer.Ok: (socket.NonBlocking, socket.ModeUnsure, socket.BlocksAgain) = (call.Size != 0, false, call.Size == 0 && (socket.NonBlocking || socket.BlocksAgain)); break;
            case Primitive.Dup when answer.Ok:
                Met[(int)Point.SocketLowestDescriptor]++;
                socket.References++;
                socket.Duplicates++;
                Give(call.Gives, socket, answer.Value, isCopy: true);
                socket.References--; // Give has counted it, too
                break;
        }

        MayBind(call, socket);

        // A platform of which anything is to be expected here, or that has failed where it should not: nobody can say what its socket is now.
        if (call.Op is Primitive.Bind or Primitive.Listen or Primitive.Connect or Primitive.Shutdown
            && (profile.Allowed(expected.Point).IsAnything || (!answer.Ok && Points.Of(expected.Point).Allowed == Answers.Success))) Lose(socket);
    }

    /// <summary>A call that waits: it is asked again when something has happened.</summary>
    public void Wait(in Call call, in Expectation expected)
    {
        Met[(int)expected.Point]++;
        var socket = At(call.On);
        socket.HasPending = true;
        socket.Pending = call;
        profile = HostOf(call);
        MayBind(call, socket);
        if (expected.Point == Point.AcceptEmptyBlocks) descriptorReserved = true;
        if (expected.Point == Point.AcceptInheritsMode)
        {
            socket.ModeUnsure = false;
            Seen[(int)expected.Point] |= 1;
        }

        if (expected.Point == Point.ConnectFullQueueBlocks) Stuck(socket, call);
    }

    /// <summary>A call that waited was ended, by a signal or for a reason that the model does not know.</summary>
    public void Interrupted(int slot)
    {
        At(slot).HasPending = false;
        if (At(slot).Pending.Op == Primitive.Close) Closed(slot, At(slot));
    }

    private void Give(int slot, ModelSocket socket, int descriptor, bool isCopy = false)
    {
        slots[slot] = new Slot { Given = true, Open = true, IsCopy = isCopy, Socket = socket.Index, Descriptor = descriptor, AtPeer = socket.AtPeer };
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
}
