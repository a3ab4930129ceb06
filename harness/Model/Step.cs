using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>
/// One primitive that the harness, as the peer of the target, carries out. <see cref="Step.On"/> numbers the harness's own
/// sockets, from 0; times are in milliseconds, sizes in bytes.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "do")]
[JsonDerivedType(typeof(Connect), "connect")]
[JsonDerivedType(typeof(Send), "send")]
[JsonDerivedType(typeof(Receive), "receive")]
[JsonDerivedType(typeof(ShutdownWrite), "shutdown-write")]
[JsonDerivedType(typeof(Close), "close")]
[JsonDerivedType(typeof(Abort), "abort")]
[JsonDerivedType(typeof(Idle), "idle")]
[JsonDerivedType(typeof(Observe), "observe")]
[JsonDerivedType(typeof(Restart), "restart")]
public abstract record Step
{
    private Step() { }

    /// <summary>The socket this step uses; null for steps that use none.</summary>
    [JsonIgnore]
    public virtual int? On => null;

    /// <summary>A primitive on one of the harness's sockets.</summary>
    public abstract record OnSocket(int Socket) : Step
    {
        [JsonIgnore]
        public override int? On => Socket;
    }

    /// <summary>SOCKET, BIND to a loopback address of the harness, CONNECT to the target.</summary>
    /// <param name="Background">Do not wait for the handshake to end; the next step on this socket does.</param>
    /// <param name="ReceiveBuffer">
    /// SO_RCVBUF, set before the connect so that it limits the window, with a small MSS (else loopback's 64 KiB segments do not fit
    /// the window, and each waits for the persist timer); 0 leaves the default.
    /// </param>
    /// <param name="ReadChunk">At most this many bytes are taken by each RECEIVE call; 0 means no limit.</param>
    /// <param name="ReadPause">How long this reader rests between two RECEIVE calls.</param>
    public sealed record Connect(int Socket, bool Background = false, int ReceiveBuffer = 0, int ReadChunk = 0, int ReadPause = 0) : OnSocket(Socket);

    /// <summary>
    /// SEND the whole payload. <paramref name="Cuts"/> are the lengths of the successive SEND calls, taken again from the start
    /// when they run out; none means one call. While a SEND would block, what has arrived is read at this socket's pace, so an
    /// echo server that writes back at once cannot bring both ends to a standstill.
    /// </summary>
    [method: JsonConstructor]
    public sealed record Send(int Socket, Payload Data, ImmutableArray<int> Cuts, int Pause = 0) : OnSocket(Socket)
    {
        public Send(int socket, Payload data) : this(socket, data, []) { }
    }

    /// <summary>RECEIVE until <paramref name="Bytes"/> more bytes than all earlier receives asked for are there; null means until end of file.</summary>
    public sealed record Receive(int Socket, int? Bytes) : OnSocket(Socket);

    /// <summary>SHUTDOWN of the write direction: a half-close, our FIN.</summary>
    public sealed record ShutdownWrite(int Socket) : OnSocket(Socket);

    /// <summary>CLOSE.</summary>
    public sealed record Close(int Socket) : OnSocket(Socket);

    /// <summary>CLOSE with SO_LINGER on and zero: an abort, our RST (RFC 9293 §3.9.1.6).</summary>
    public sealed record Abort(int Socket) : OnSocket(Socket);

    /// <summary>Do nothing for a while.</summary>
    public sealed record Idle(int Milliseconds) : Step;

    /// <summary>Look at the kernel's table of sockets: who listens, and in which state the target's connections are.</summary>
    public sealed record Observe : Step;

    /// <summary>Ask the target to stop (SIGTERM, then SIGKILL) and start the same command again on the same port.</summary>
    public sealed record Restart : Step;

    /// <summary>One line for people, in the words of the socket API.</summary>
    public sealed override string ToString() => this switch
    {
        Connect c => $"#{c.Socket} connect" + (c.Background ? " (not waiting)" : "") + (c.ReceiveBuffer > 0 ? $" (SO_RCVBUF {c.ReceiveBuffer})" : "")
            + (c.ReadChunk > 0 ? $" (reads {c.ReadChunk} bytes each {c.ReadPause} ms)" : ""),
        Send s => $"#{s.Socket} send {s.Data}" + (s.Cuts.Length > 0 ? $" in pieces of {string.Join(',', s.Cuts.Take(8))}{(s.Cuts.Length > 8 ? ",…" : "")}" : "")
            + (s.Pause > 0 ? $", {s.Pause} ms apart" : ""),
        Receive { Bytes: null } r => $"#{r.Socket} receive until end of file",
        Receive r => $"#{r.Socket} receive {r.Bytes} bytes",
        ShutdownWrite s => $"#{s.Socket} shutdown(SHUT_WR)",
        Close c => $"#{c.Socket} close",
        Abort a => $"#{a.Socket} abort (close with SO_LINGER 0)",
        Idle i => $"wait {i.Milliseconds} ms",
        Observe => "look at the table of sockets",
        Restart => "stop the target (SIGTERM) and start it again on its port",
        _ => throw new InvalidOperationException("unknown step"),
    };
}
