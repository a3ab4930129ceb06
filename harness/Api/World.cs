namespace SockConformance.Api;

/// <summary>
/// The executable model of the socket API: all sockets of a program, at both hosts, as a standard sees them. <see cref="Expect"/> says what
/// a call may answer, <see cref="Apply"/> what the answer did. Pure but for its own state: it opens nothing, and allocates nothing after
/// its construction. One world serves many programs, one after the other.
/// <code>
///             bind            listen                accept
///  Unbound ─────────▶ Bound ─────────▶ Listening ⇄ Pending ──────▶ (a new socket, Established)
///     └────────┬────────┘ connect
///              ├──▶ Connecting ──▶ Refused
///              ▼
///        Established ──shutdown(WR)──▶ WriteShut ──peer's FIN──▶ Ended
///              ├──peer's FIN──▶ PeerShut ──shutdown(WR)──▶ Ended
///              └──RST──▶ Reset ──told──▶ ResetTold                       close: from every state
/// </code>
/// </summary>
/// <remarks>
/// A call whose effect travels (a FIN, a byte, a reset) takes effect at once here, and on a real machine a little later: expectations that
/// depend on such an effect say so (<see cref="Expectation.MayBeEarly"/>). What cannot be waited for is a set of allowed answers.
/// </remarks>
internal sealed partial class World
{
    private const int MaxSockets = 2 * Call.MaxSlots, MaxReleased = 64;
    private readonly Profile own, peers;
    private readonly Slot[] slots = new Slot[Call.MaxSlots];
    private readonly ModelSocket[] sockets = new ModelSocket[MaxSockets];
    private readonly int[] released = new int[MaxReleased];
    private int socketCount, releasedCount, datagramsSent, step;
    private long datagramBytes;
    private bool noDescriptors, datagramsUnsure, descriptorReserved; // Linux takes the descriptor when accept begins to wait

    private Profile profile; // of the host of the call that is judged now

    /// <param name="peers">What the sockets of the other host are judged by; null for the same.</param>
    public World(Profile profile, Profile? peers = null)
    {
        (own, this.peers) = (profile, peers ?? profile);
        this.profile = own;
        for (var i = 0; i < MaxSockets; i++) sockets[i] = new ModelSocket();
        Reset();
    }

    private struct Slot
    {
        public bool Given, Open, AtPeer, IsCopy;
        public int Socket, Descriptor;
    }

    public Profile Profile => own;

    /// <summary>The number of the step that is judged, for reports.</summary>
    public int Step
    {
        get => step;
        set => step = value;
    }

    /// <summary>How many connects of this program were refused by a reset.</summary>
    public int Refusals { get; private set; }

    /// <summary>How many were not answered at all.</summary>
    public int TimeOuts { get; private set; }

    /// <summary>What was answered in situations that no standard speaks of: a bit for each error, that of success first.</summary>
    public ulong[] Seen { get; } = new ulong[Points.Table.Length];

    /// <summary>How often each situation was met.</summary>
    public long[] Met { get; } = new long[Points.Table.Length];

    /// <summary>A new program begins.</summary>
    public void Reset()
    {
        Array.Clear(slots);
        socketCount = releasedCount = datagramsSent = step = Refusals = TimeOuts = 0;
        datagramBytes = 0;
        noDescriptors = datagramsUnsure = descriptorReserved = false;
    }

    public bool IsOpen(int slot) => slot >= 0 && slots[slot].Open;

    public bool IsGiven(int slot) => slot >= 0 && slots[slot].Given;

    public bool IsAtPeer(int slot) => slot >= 0 && slots[slot].AtPeer;

    /// <summary>The descriptor to call with: of a closed one its old number, unless that is in use again.</summary>
    public int DescriptorOf(int slot)
    {
        var number = slots[slot].Descriptor;
        if (slots[slot].Open) return number;
        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i].Open && slots[i].Descriptor == number && slots[i].AtPeer == slots[slot].AtPeer) return 1000 + number;
        }

        return number;
    }

    /// <summary>The slot whose name must be asked for before this call can be made; -1 if none.</summary>
    public int NameNeeded(in Call call) =>
        call.Where == Where.NameOf && CanName(call.Other) && At(call.Other) is { Port: 0 } ? call.Other : -1;

    /// <summary>The address that a call with <see cref="Where.NameOf"/> is made with.</summary>
    public Name NameOf(int slot)
    {
        var socket = sockets[slots[slot].Socket];
        return new Name(socket.Ip == 0 ? Name.Loopback : socket.Ip, socket.Port);
    }

    /// <summary>An error is on its way to this socket, and poll will tell when it has come: what must be reported then.</summary>
    public Ready Unsettled(int slot)
    {
        if (!IsOpen(slot)) return Ready.None;
        var socket = At(slot);
        if (!socket.Unsettled || socket.Phase == Phase.Unspecified || (socket.IsDatagram && HostOf(socket).Allowed(Point.PollFailed).IsAnything)) return Ready.None;
        return Due(socket) | (socket.IsReset && HostOf(socket).Has(Traits.TellsHangup) ? Ready.Hup : Ready.None);
    }

    /// <summary>All that poll can tell of it has come. A reset behind data or behind the end of file it cannot tell everywhere: whether that has come, nobody knows.</summary>
    public void Settled(int slot)
    {
        var socket = At(slot);
        socket.Unsettled = false;
        if (socket is { IsReset: true, ResetTold: false } && !HostOf(socket).Has(Traits.TellsHangup) && (Unread(socket) > 0 || socket.End)) Lose(socket);
    }

    /// <summary>Nobody can say what this socket will answer.</summary>
    public void LetGo(int slot) => Lose(At(slot));

    /// <summary>How long a call may take by itself, in milliseconds. A user timeout is looked at when the SYN is sent again, which is a second later.</summary>
    public int LongestOf(in Call call) => call.Op switch
    {
        Primitive.Poll => call.Size,
        Primitive.Connect when IsOpen(call.On) && At(call.On).UserTimeout > 0 => At(call.On).UserTimeout + 1000,
        Primitive.Recv when IsOpen(call.On) => At(call.On).ReceiveTimeout,
        _ => 0,
    };

    /// <summary>The call that waits on this socket, if one does, and whether it has no reason to wait any more.</summary>
    public bool Waits(int slot, out Call call, out bool isDue)
    {
        call = default;
        isDue = false;
        if (!IsOpen(slot) || !At(slot).HasPending || At(slot).Pending.On != slot) return false; // told once, whatever copies there are
        call = At(slot).Pending;
        isDue = call.Op == Primitive.Close ? MustReturn(At(slot)) : !Expect(call).Blocks;
        return true;
    }

    /// <summary>The state of the socket that a call is made on; of a new socket for what makes one.</summary>
    public ApiState StateFor(in Call call) => call.On >= 0 ? StateOf(call.On) : ApiState.Unbound;

    public ApiState StateOf(int slot)
    {
        if (!IsOpen(slot)) return ApiState.Closed;
        var socket = At(slot);
        if (socket.Phase == Phase.File) return ApiState.File;
        if (socket.Phase == Phase.Unspecified) return ApiState.Unspecified;
        if (socket.IsDatagram)
        {
            return socket.Error != Errno.None ? ApiState.DatagramRefused : socket.DatagramCount > 0 ? ApiState.DatagramReadable : socket.HasPeerName ? ApiState.DatagramConnected
                : socket.HasName ? ApiState.DatagramBound : ApiState.DatagramUnbound;
        }

        return socket.Phase switch
        {
            Phase.Fresh => ApiState.Unbound,
            Phase.Bound => ApiState.Bound,
            Phase.Listening => socket.Count > 0 ? ApiState.Pending : ApiState.Listening,
            Phase.Connecting => ApiState.Connecting,
            Phase.Refused => ApiState.Refused,
            _ when socket.IsReset => socket.ResetTold ? ApiState.ResetTold : ApiState.Reset,
            _ when socket.WriteShut && socket.End => ApiState.Ended,
            _ when socket.WriteShut => ApiState.WriteShut,
            _ when socket.End => ApiState.PeerShut,
            _ when socket.ReadShut => ApiState.ReadShut,
            _ when socket.Full => ApiState.Full,
            _ when Unread(socket) > 0 => ApiState.Readable,
            _ => ApiState.Established,
        };
    }

    /// <summary>The bytes that a socket sends: byte n of a stream is the same whatever the cuts, and differs from its neighbours and from other sockets'.</summary>
    public void FillStream(int slot, Span<byte> data)
    {
        var socket = At(slot);
        for (var i = 0; i < data.Length; i++) data[i] = StreamByte(socket.Index, socket.Sent + i);
    }

    /// <summary>The bytes of the next datagram.</summary>
    public void FillDatagram(Span<byte> data)
    {
        for (var i = 0; i < data.Length; i++) data[i] = DatagramByte(datagramsSent, i);
    }

    public bool IsDatagram(int slot) => IsOpen(slot) && At(slot).IsDatagram;

    private static byte StreamByte(int socket, long offset) => (byte)((offset * 7) + (socket * 31) + (offset >> 8));

    private static byte DatagramByte(int number, int offset) => (byte)((offset * 5) + (number * 37) + 1);

    private Profile HostOf(ModelSocket socket) => socket.AtPeer ? peers : own;

    private Profile HostOf(in Call call) => (call.Op == Primitive.Socket ? call.AtPeer : IsAtPeer(call.On)) ? peers : own;

    private ModelSocket At(int slot) => sockets[slots[slot].Socket];

    private ModelSocket NewSocket(bool atPeer)
    {
        var socket = sockets[socketCount % MaxSockets];
        socket.Clear(socketCount % MaxSockets);
        socketCount++;
        socket.AtPeer = atPeer;
        return socket;
    }

    /// <summary>Whether the program has room for another socket; generators ask, and programs beyond it are cut off.</summary>
    public bool HasRoom => socketCount < MaxSockets - 1;

    private long Unread(ModelSocket socket) => socket.Peer < 0 || socket.IsDatagram ? 0 : sockets[socket.Peer].Sent - socket.Read;

    private long Outstanding(ModelSocket socket) => socket.Peer < 0 || socket.IsDatagram ? 0 : socket.Sent - sockets[socket.Peer].Read;

    private Expectation Say(Point point, int least = 0, int most = -1) => new(point, profile.Allowed(point)) { Least = least, Most = most, Cause = point };

    /// <summary>As a rule has it, and with further answers that the machine's own pace allows.</summary>
    private Expectation Say(Point point, Answers more) => new(point, profile.Allowed(point) | more) { Cause = point };
}
