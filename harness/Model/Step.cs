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
[JsonDerivedType(typeof(Open), "open")]
[JsonDerivedType(typeof(ReceiveMessages), "receive-messages")]
[JsonDerivedType(typeof(Await), "await")]
[JsonDerivedType(typeof(Handshake), "handshake")]
[JsonDerivedType(typeof(CloseNotify), "close-notify")]
[JsonDerivedType(typeof(Sample), "sample")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Listen), "listen")]
[JsonDerivedType(typeof(Launch), "launch")]
[JsonDerivedType(typeof(Accept), "accept")]
[JsonDerivedType(typeof(Serve), "serve")]
[JsonDerivedType(typeof(AwaitExit), "await-exit")]
[JsonDerivedType(typeof(Craft), "craft")]
[JsonDerivedType(typeof(Inject), "inject")]
[JsonDerivedType(typeof(Expect), "expect")]
public abstract record Step
{
    private Step() { }

    /// <summary>Whatever comes of it, the scenario goes on.</summary>
    [JsonIgnore]
    public bool IsTolerant => this is Await or Send { MayFail: true } or Serve { MayFail: true } or Handshake { Offer.Shown: not ShownCertificate.Right } or Inject or Expect;

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
    /// <param name="Raw">Beneath TLS, where there is a session: the bytes go on the connection as they are.</param>
    /// <param name="MayFail">The target may refuse the bytes: the step is met even if not all are taken.</param>
    [method: JsonConstructor]
    public sealed record Send(int Socket, Payload Data, ImmutableArray<int> Cuts, int Pause = 0, bool Raw = false, bool MayFail = false) : OnSocket(Socket)
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

    /// <summary>SOCKET of datagrams and BIND to a loopback address of the harness; each SEND on it is one datagram to the target, whatever its cuts.</summary>
    /// <param name="Port">The port to bind to; 0 for any.</param>
    public sealed record Open(int Socket, int Port = 0) : OnSocket(Socket);

    /// <summary>RECEIVE until <paramref name="Count"/> more whole messages than all earlier ones asked for are there.</summary>
    public sealed record ReceiveMessages(int Socket, int Count, Framing Framing) : OnSocket(Socket);

    /// <summary>
    /// RECEIVE whatever the target does next: it is met by a whole message, by the end of file, by a reset, and by silence for as
    /// long as this.
    /// </summary>
    public sealed record Await(int Socket, int Milliseconds, Framing Framing) : OnSocket(Socket);

    /// <summary>The TLS handshake, as a client, or on an accepted socket as its server; SEND, RECEIVE and what is served go through the session from then on.</summary>
    public sealed record Handshake(int Socket, TlsOffer Offer) : OnSocket(Socket);

    /// <summary>The close_notify alert of our TLS session; TCP stays as it is.</summary>
    public sealed record CloseNotify(int Socket) : OnSocket(Socket);

    /// <summary>
    /// Look at the target's processes, once the connections that were ended are gone and what they used is given back: descriptors,
    /// threads, memory, processor time.
    /// </summary>
    /// <param name="EndsIfSteady">The scenario is over if nothing has grown since the look before.</param>
    public sealed record Sample(string Label, bool EndsIfSteady = false) : Step;

    /// <summary>SIGTERM to the target, and wait for its end.</summary>
    public sealed record Stop : Step;

    /// <summary>SOCKET, BIND, LISTEN on the port that a client under test is told.</summary>
    public sealed record Listen : Step;

    /// <summary>Start the client under test.</summary>
    public sealed record Launch : Step;

    /// <summary>ACCEPT the next connection of the client under test.</summary>
    public sealed record Accept(int Socket) : OnSocket(Socket);

    /// <summary>
    /// Serve an accepted connection as the spec says: what is due for what has come is sent, until the client has ended and all is
    /// sent, or until <paramref name="ReplyLimit"/> bytes are sent.
    /// </summary>
    /// <param name="Cuts">The lengths of the successive SEND calls, taken again from the start when they run out; none means one call for each reply.</param>
    /// <param name="Pause">Milliseconds between two SEND calls.</param>
    /// <param name="Delay">Milliseconds from a request to its reply.</param>
    /// <param name="ReplyLimit">Null for no limit.</param>
    /// <param name="ThenShut">SHUTDOWN of the write direction after the first reply.</param>
    /// <param name="MayFail">The client may leave without being served: the step is met however it ends.</param>
    public sealed record Serve(int Socket, ImmutableArray<int> Cuts, int Pause = 0, int Delay = 0, int? ReplyLimit = null, bool ThenShut = false, bool MayFail = false) : OnSocket(Socket);

    /// <summary>Wait for the end of the client under test.</summary>
    public sealed record AwaitExit : Step;

    /// <summary>
    /// From here on this socket is a TCP of the harness's own, on a wire of its own: no kernel has a part in it. CONNECT, SEND, RECEIVE, SHUTDOWN,
    /// CLOSE and abort are carried out honestly; <see cref="Inject"/> is not.
    /// </summary>
    /// <param name="Window">The window that it offers, until an <see cref="Inject"/> says otherwise.</param>
    /// <param name="Unused">It talks to a port on which nobody listens, instead of the target's.</param>
    /// <param name="Called">It talks to the TCP below the target, which opens a connection to it: its SYN is under way. CONNECT answers that.</param>
    public sealed record Craft(int Socket, int Window = ushort.MaxValue, bool Unused = false, bool Called = false) : OnSocket(Socket);

    /// <summary>One segment of any kind. Numbers are counted from the right ones, so that the same step means the same in every run.</summary>
    /// <param name="Sequence">From the number that is our next one.</param>
    /// <param name="Acknowledgment">From the number after the last that the target has sent.</param>
    /// <param name="Window">The window from now on; null for that of before.</param>
    /// <param name="Urgent">The urgent pointer.</param>
    /// <param name="Options">In hexadecimal, at most 40 bytes; filled up with zeros to a multiple of four.</param>
    public sealed record Inject(
        int Socket, [property: JsonConverter(typeof(JsonStringEnumConverter<TcpFlags>))] TcpFlags Flags, int Sequence = 0, int Acknowledgment = 0, Payload? Data = null, int? Window = null, int Urgent = 0,
        string Options = "", bool BadChecksum = false) : OnSocket(Socket)
    {
        private const int BeyondAnyWindow = 1 << 20;

        /// <summary>A TCP that follows RFC 9293 and RFC 5961 goes on with an open connection as if this had not come.</summary>
        [JsonIgnore]
        public bool ChangesNothing => BadChecksum || (Window is null && Urgent == 0 && !Flags.HasFlag(TcpFlags.Urg) && (
            Flags.HasFlag(TcpFlags.Rst) ? Sequence != 0
            : Flags.HasFlag(TcpFlags.Syn) || !Flags.HasFlag(TcpFlags.Ack) || Acknowledgment > 0 || Math.Abs((long)Sequence) > BeyondAnyWindow
                || (Data is null && !Flags.HasFlag(TcpFlags.Fin)) || Sequence + (Data?.Size ?? 0) + (Flags.HasFlag(TcpFlags.Fin) ? 1 : 0) <= 0));
    }

    /// <summary>Wait for a segment of one of these kinds; what comes is noted and not acknowledged. With none, wait the whole time. It is met by anything.</summary>
    public sealed record Expect(int Socket, ImmutableArray<SegmentKind> AnyOf, int Milliseconds) : OnSocket(Socket);

    /// <summary>One line for people, in the words of the socket API.</summary>
    public sealed override string ToString() => this switch
    {
        Connect c => $"#{c.Socket} connect" + (c.Background ? " (not waiting)" : "") + (c.ReceiveBuffer > 0 ? $" (SO_RCVBUF {c.ReceiveBuffer})" : "")
            + (c.ReadChunk > 0 ? $" (reads {c.ReadChunk} bytes each {c.ReadPause} ms)" : ""),
        Send s => $"#{s.Socket} send {s.Data}" + (s.Raw ? " beneath TLS" : "") + (s.MayFail ? " as far as it is taken" : "") + (s.Cuts.Length > 0 ? $" in pieces of {string.Join(',', s.Cuts.Take(8))}{(s.Cuts.Length > 8 ? ",…" : "")}" : "")
            + (s.Pause > 0 ? $", {s.Pause} ms apart" : ""),
        Receive { Bytes: null } r => $"#{r.Socket} receive until end of file",
        Receive r => $"#{r.Socket} receive {r.Bytes} bytes",
        ShutdownWrite s => $"#{s.Socket} shutdown(SHUT_WR)",
        Close c => $"#{c.Socket} close",
        Abort a => $"#{a.Socket} abort (close with SO_LINGER 0)",
        Idle i => $"wait {i.Milliseconds} ms",
        Observe => "look at the table of sockets",
        Restart => "stop the target (SIGTERM) and start it again on its port",
        Open o => $"#{o.Socket} open a datagram socket" + (o.Port > 0 ? $" on port {o.Port}" : ""),
        ReceiveMessages { Count: 1 } r => $"#{r.Socket} receive a {r.Framing}",
        ReceiveMessages r => $"#{r.Socket} receive {r.Count} times: {r.Framing}",
        Await a => $"#{a.Socket} see what comes within {a.Milliseconds} ms",
        Handshake h => $"#{h.Socket} TLS handshake{h.Offer}",
        CloseNotify c => $"#{c.Socket} close_notify",
        Sample s => $"look at the process ({s.Label})" + (s.EndsIfSteady ? ", go on if it grows" : ""),
        Stop => "ask the target to stop (SIGTERM)",
        Listen => "listen on the port that the client is told",
        Launch => "start the client",
        Accept a => $"#{a.Socket} accept",
        Serve s => $"#{s.Socket} serve" + (s.MayFail ? ", if it asks" : "") + (s.Cuts.Length > 0 ? $" in pieces of {string.Join(',', s.Cuts.Take(8))}{(s.Cuts.Length > 8 ? ",…" : "")}" : "") + (s.Pause > 0 ? $", {s.Pause} ms apart" : "")
            + (s.Delay > 0 ? $", after {s.Delay} ms" : "") + (s.ReplyLimit is { } limit ? $", {limit} bytes of replies" : "") + (s.ThenShut ? ", shutdown(SHUT_WR) after the first reply" : ""),
        AwaitExit => "wait for the client's end",
        Craft c => $"#{c.Socket} from a TCP of our own" + (c.Unused ? ", to a port on which nobody listens" : "") + (c.Called ? ", which is called" : "") + (c.Window != ushort.MaxValue ? $", window {c.Window}" : ""),
        Inject i => $"#{i.Socket} inject {(i.Flags == TcpFlags.None ? "no flags" : $"{i.Flags}".Replace(", ", "+", StringComparison.Ordinal).ToUpperInvariant())}" + (i.Sequence != 0 ? $" seq{i.Sequence:+0;-0}" : "")
            + (i.Acknowledgment != 0 ? $" ack{i.Acknowledgment:+0;-0}" : "") + (i.Data is { } data ? $" with {data}" : "") + (i.Window is { } window ? $" window {window}" : "") + (i.Urgent != 0 ? $" urgent {i.Urgent}" : "")
            + (i.Options.Length > 0 ? $" options {i.Options}" : "") + (i.BadChecksum ? " bad checksum" : ""),
        Expect { AnyOf.IsEmpty: true } e => $"#{e.Socket} see what comes within {e.Milliseconds} ms",
        Expect e => $"#{e.Socket} expect {string.Join(" or ", e.AnyOf).ToUpperInvariant()} within {e.Milliseconds} ms",
        _ => throw new InvalidOperationException("unknown step"),
    };
}
