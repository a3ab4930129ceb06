namespace SockConformance.Api;

/// <summary>The states of a socket as a textbook draws them, and those that only show in what calls answer.</summary>
public enum ApiState : byte
{
    /// <summary>The descriptor is closed.</summary>
    Closed,

    /// <summary>A descriptor of a file.</summary>
    File,
    Unbound,
    Bound,

    /// <summary>Listening, no connection pending.</summary>
    Listening,

    /// <summary>Listening, a connection pending.</summary>
    Pending,

    /// <summary>CONNECT is under way.</summary>
    Connecting,

    /// <summary>CONNECT has failed.</summary>
    Refused,
    Established,

    /// <summary>Established, with data to read.</summary>
    Readable,

    /// <summary>Established, with no room to write.</summary>
    Full,

    /// <summary>Our direction is shut down (FIN-WAIT).</summary>
    WriteShut,

    /// <summary>Our reading is shut down.</summary>
    ReadShut,

    /// <summary>The peer has ended its direction (CLOSE-WAIT).</summary>
    PeerShut,

    /// <summary>Both directions are ended.</summary>
    Ended,

    /// <summary>The peer has reset the connection; nobody was told yet.</summary>
    Reset,

    /// <summary>The reset was told.</summary>
    ResetTold,
    DatagramUnbound,
    DatagramBound,
    DatagramConnected,

    /// <summary>A datagram is there to read.</summary>
    DatagramReadable,

    /// <summary>A port was reported unreachable.</summary>
    DatagramRefused,

    /// <summary>The standard does not say what the socket is now: it is only closed.</summary>
    Unspecified,
}

/// <summary>The connection's or listener's life, without what is seen only through data and errors.</summary>
internal enum Phase : byte
{
    Fresh,
    Bound,
    Listening,
    Connecting,
    Refused,
    Connected,
    Unspecified,
    File,
}

/// <summary>One socket of the model: what POSIX calls the open file description. Descriptors refer to it; the two ends of a connection refer to each other.</summary>
internal sealed class ModelSocket
{
    public const int MaxDatagrams = 16, None = -1;
    public readonly Datagram[] Datagrams = new Datagram[MaxDatagrams];

    public int Index;
    public Phase Phase;
    public bool IsDatagram, AtPeer, NonBlocking, Reuse, NoDelay, Broadcast;
    public int References, Duplicates;

    /// <summary>Seconds of SO_LINGER; -1 for off. Milliseconds of SO_RCVTIMEO and of the user timeout; 0 for none.</summary>
    public int Linger, ReceiveTimeout, UserTimeout;

    /// <summary>The local name: whether there is one, its address (0 for any) and its port (0 until it was told).</summary>
    public bool HasName, HasPeerName, BoundByCall;
    public uint Ip;
    public int Port;

    /// <summary>The other end of a connection, or the peer of a socket of datagrams; None if there is none.</summary>
    public int Peer;

    /// <summary>Nobody has the other end any more.</summary>
    public bool PeerGone;
    public bool WriteShut, ReadShut;

    /// <summary>The peer's FIN, and what it was sent for.</summary>
    public bool End, EndTold;
    public Point EndCause;

    /// <summary>The connection was reset; why; whether it was told.</summary>
    public bool IsReset, ResetTold;
    public Point ResetCause;
    public Errno Error;

    /// <summary>A non-blocking connect of which nobody has asked for the outcome.</summary>
    public bool Completed;

    /// <summary>Errors are on their way here: wait for them before anything else is asked.</summary>
    public bool Unsettled;

    /// <summary>Bytes that were taken from the caller, and bytes of the peer that were given to it.</summary>
    public long Sent, Read;

    /// <summary>SEND said that there is no room.</summary>
    public bool Full, WasFull;

    /// <summary>The size of the buffer was set.</summary>
    public bool FixedSend, FixedReceive;
    public bool BindFailed;

    /// <summary>A SEND of no bytes was made.</summary>
    public bool SentNothing;

    /// <summary>What its name is now, platforms do not agree; or it listened, and nobody can say what it is.</summary>
    public bool NameUnsure, WasListening;

    /// <summary>It was accepted from a non-blocking listener: whether it blocks, the standard does not say.</summary>
    public bool ModeUnsure;

    /// <summary>It was non-blocking, and was set back.</summary>
    public bool BlocksAgain;

    /// <summary>The platform does not tell its port: nobody can be sent there.</summary>
    public bool Untold;

    /// <summary>The last that was read was read with MSG_PEEK; or it was a datagram of which only the begin fitted.</summary>
    public bool Peeked, Cut;

    /// <summary>The queue of a listener, or the place in one.</summary>
    public int Backlog, Head, Tail, Count, Next, Listener;
    public bool InQueue;

    /// <summary>Ring of datagrams: those of Count from Head.</summary>
    public int DatagramCount, DatagramHead;

    /// <summary>A call that waits.</summary>
    public bool HasPending;
    public Call Pending;

    public void Clear(int index)
    {
        Index = index;
        Phase = Phase.Fresh;
        IsDatagram = AtPeer = NonBlocking = Reuse = NoDelay = Broadcast = HasName = HasPeerName = BoundByCall = PeerGone = WriteShut = ReadShut = End = EndTold = IsReset = ResetTold = Completed = Unsettled = Full = WasFull = FixedSend = FixedReceive = SentNothing = BindFailed = NameUnsure = ModeUnsure = BlocksAgain = Untold = WasListening = Peeked = Cut = InQueue = HasPending = false;
        References = Duplicates = ReceiveTimeout = UserTimeout = Port = Backlog = Count = DatagramCount = DatagramHead = 0;
        Linger = -1;
        Ip = 0;
        Peer = Head = Tail = Next = Listener = None;
        Error = Errno.None;
        Sent = Read = 0;
    }

    internal struct Datagram
    {
        public int From, Length, Number;

        /// <summary>Sent to an address by a socket that has a peer.</summary>
        public bool Elsewhere;
    }
}
