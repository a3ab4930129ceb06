using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>What the driver can ask of the target's process.</summary>
internal interface ITargetControl
{
    /// <summary>Stops the target and starts it again on its port; null, or one line that says why it is not listening again.</summary>
    string? Restart(CancellationToken cancellation);

    /// <summary>A look at its processes; null where they cannot be seen.</summary>
    ProcessSample? Sample();

    /// <summary>SIGTERM, and the patience that a stop is given; null when it has ended, or one line that says why it has not.</summary>
    string? Stop(CancellationToken cancellation);

    /// <summary>Starts a client under test; null, or why it could not be started.</summary>
    string? Launch();

    /// <summary>Waits for the end of a client under test; whether it came in time.</summary>
    bool AwaitExit(TimeSpan atMost, CancellationToken cancellation);
}

/// <summary>What the driver needs beside the scenario.</summary>
/// <param name="Settle">How long the target may take to close its end of a connection that we have ended.</param>
/// <param name="Tls">How to check the target's certificate; null for a service in clear.</param>
/// <param name="Draw">Makes a reply that a pattern matches, from a seed; null where none is to be served.</param>
internal sealed record DriveContext(IPEndPoint Target, ServiceSpec Service, Patience Patience, TimeSpan Settle, ITargetControl? Control, TlsTrust? Tls = null, Func<BytePattern, ulong, byte[]>? Draw = null)
{
    /// <summary>For sockets whose segments the harness makes itself; null where there are none.</summary>
    public LazyWire? Wire { get; init; }

    /// <summary>What is shown to clients under test; null where they speak in clear.</summary>
    public IReadOnlyDictionary<ShownCertificate, SslStreamCertificateContext>? Shown { get; init; }
}

/// <summary>
/// Carries out a scenario with real sockets, one step after the other on the calling thread, and writes down what they answered.
/// The first legal step that does not do what it should ends the scenario; the rest is not run. All sockets are closed at the end.
/// </summary>
internal sealed partial class ScenarioDriver(DriveContext context, CancellationToken cancellation)
{
    private const string TooLong = "the whole case took too long";
    private const string NotStartedByUs = "the target was not started by the harness";
    private const int SmallSegment = 1000, LeastMaxReceived = 8 << 20, DatagramCost = 64;
    private static int lastAddress;
    private readonly SortedDictionary<int, Peer> peers = [];
    private readonly List<Observation> observations = [];
    private readonly List<ProcessSample> samples = [];
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly IPEndPoint target = context.Target;
    private readonly Patience patience = context.Patience;
    private readonly TimeSpan settle = context.Settle;
    private readonly ITargetControl? control = context.Control;
    private int current;

    private TimeSpan caseDeadline;

    // A target that sends for ever must not fill the harness's memory.
    private int maxReceived = LeastMaxReceived;

    public Trace Run(Scenario scenario)
    {
        var outcomes = ImmutableArray.CreateBuilder<Outcome>(scenario.Steps.Length);
        caseDeadline = Clock.Now + patience.Case;
        maxReceived = Math.Max(LeastMaxReceived, scenario.Steps.OfType<Step.Send>().Sum(send => send.Data.Size));
        try
        {
            foreach (var (index, (step, legality)) in scenario.Steps.Zip(SocketModel.Check(scenario)).Index())
            {
                var start = Clock.Now;
                current = index;
                var outcome = start > caseDeadline && legality is Legality.Legal ? TimedOut(TooLong) : Carry(index, step);
                outcomes.Add(outcome with { Start = start, End = Clock.Now });
                var met = outcome.Result == StepResult.Done || step.IsTolerant || (outcome.Result == StepResult.EndOfFile && step is Step.Receive { Bytes: null });
                if (over || (!met && legality is Legality.Legal)) break;
            }

            current = scenario.Steps.Length;
            ReadRest();
            DismissRest();
            var finished = over || outcomes.Count == scenario.Steps.Length;
            while (outcomes.Count < scenario.Steps.Length) outcomes.Add(Outcome.NotRun(Clock.Now));
            Settle(finished ? settle : settle / 8);
            return new Trace(outcomes.MoveToImmutable(), [.. peers.Select(entry => entry.Value.ToTrace(entry.Key))], [.. observations]) { Samples = [.. samples], Uninvited = uninvited, Crafted = [.. crafted.Select(entry => entry.Value.ToTrace(entry.Key))] };
        }
        finally
        {
            foreach (var peer in peers.Values) peer.Dispose();
            DropCrafted();
            listener?.Dispose();
        }
    }

    private Outcome Carry(int index, Step step)
    {
        switch (step)
        {
            case Step.Idle idle:
                caseDeadline += TimeSpan.FromMilliseconds(idle.Milliseconds);
                Clock.Pause(TimeSpan.FromMilliseconds(idle.Milliseconds), cancellation);
                return Done();
            case Step.Observe:
                observations.Add(new Observation(index, [.. SocketTable.Servers(context.Service.Transport).Where(endpoint => endpoint.Port == target.Port)]));
                return Done();
            case Step.Restart:
                return control is null ? Failed("", NotStartedByUs) : control.Restart(cancellation) is { } trouble ? Failed("", trouble) : Done();
            case Step.Sample sample:
                return Sample(index, sample);
            case Step.Stop:
                return control is null ? Failed("", NotStartedByUs) : control.Stop(cancellation) is { } still ? TimedOut(still) : Done();
            case Step.Listen:
                return Listen();
            case Step.Launch:
                return Launch();
            case Step.AwaitExit:
                return AwaitExit();
        }

        var number = step.On!.Value;
        if (crafted.TryGetValue(number, out var own)) return CarryCrafted(own, step);
        if (step is Step.Craft craft) return Craft(craft);
        if (step is Step.Inject or Step.Expect) return Failed("EOPNOTSUPP");
        if (!peers.TryGetValue(number, out var peer)) peers[number] = peer = new Peer();
        if (peer.Closed) return Failed("EBADF"); // its number may belong to another socket by now: the call itself is not made
        if (step is Step.Accept) return Accept(peer);
        peer.Socket ??= step is Step.Open ? PosixSocket.Datagram(target.AddressFamily) : PosixSocket.Stream(target.AddressFamily);
        return step switch
        {
            Step.Connect connect => Connect(peer, connect),
            Step.Open open => Open(peer, open),
            Step.Send send when peer.IsDatagram => SendDatagram(peer, send),
            Step.ReceiveMessages receive when peer.IsDatagram => ReceiveDatagrams(peer, receive.Count, patience.Reply),
            Step.Await awaited when peer.IsDatagram => AwaitSilence(peer, TimeSpan.FromMilliseconds(awaited.Milliseconds)),
            Step.Handshake handshake => Handshake(peer, handshake.Offer),
            Step.CloseNotify => CloseNotify(peer),
            Step.ReceiveMessages receive => ReceiveMessages(peer, receive.Count, receive.Framing, patience.Reply),
            Step.Await awaited => ReceiveMessages(peer, 1, awaited.Framing, TimeSpan.FromMilliseconds(awaited.Milliseconds)),
            Step.Serve serve => Serve(peer, serve),
            Step.Send send => Send(peer, send),
            Step.Receive receive => Receive(peer, receive.Bytes),
            Step.ShutdownWrite => ShutdownWrite(peer),
            Step.Close => Close(peer, abort: false),
            Step.Abort => Close(peer, abort: true),
            _ => throw new InvalidOperationException($"no way to carry out {step}"),
        };
    }

    private Outcome Connect(Peer peer, Step.Connect step)
    {
        var socket = peer.Socket!;
        if (peer.Tuple is null)
        {
            socket.NoDelay(); // pieces are to arrive as they are cut, and what still waits when a socket with unread bytes is closed would never be sent
            if (step.ReceiveBuffer > 0)
            {
                socket.SetReceiveBuffer(step.ReceiveBuffer);
                socket.SetMaximumSegment(SmallSegment);
            }

            (peer.ReadChunk, peer.ReadPause) = (step.ReadChunk > 0 ? Math.Min(step.ReadChunk, buffer.Length) : buffer.Length, TimeSpan.FromMilliseconds(step.ReadPause));
            if (target.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(target.Address)) socket.Bind(new IPEndPoint(NextAddress(), 0));
        }

        var call = socket.Connect(target);
        if (peer.Tuple is null && socket.LocalName() is { } local) peer.Tuple = new FiveTuple(local, target);
        if (!call.Ok && call.Errno != "EINPROGRESS") return Failed(call.Errno!);
        peer.Connecting = true;
        return step.Background ? Done() : FinishConnect(peer);
    }

    /// <summary>Waits for the end of the handshake, then notes the 5-tuple as both ends have it.</summary>
    private Outcome FinishConnect(Peer peer)
    {
        if (!peer.Connecting) return Done();
        var socket = peer.Socket!;
        if (!socket.Wait(readable: false, writable: true, patience.Connect, cancellation)) return TimedOut("the handshake was not answered");
        if (socket.PendingError() is { Ok: false } error) return Failed(error.Errno!);
        peer.Connecting = false;
        peer.Name = socket.PeerName();
        if (peer.Name is { } remote) peer.ServerSide = SocketTable.Find(remote, peer.Tuple!.Value.Client);
        return Done();
    }

    private Outcome Send(Peer peer, Step.Send step)
    {
        if (FinishConnect(peer) is { Result: not StepResult.Done } trouble) return trouble;
        var data = step.Data.ToBytes();
        int sent = 0, segment = 0;
        var atEndOfFile = false;
        while (sent < data.Length)
        {
            var end = step.Cuts.Length == 0 ? data.Length : Math.Min(data.Length, sent + Math.Max(1, step.Cuts[segment % step.Cuts.Length]));
            segment++;
            while (sent < end)
            {
                var call = peer.Tls is { } session && !step.Raw ? session.Send(data.AsSpan(sent, end - sent)) : peer.Socket!.Send(data.AsSpan(sent, end - sent));
                if (call.Ok)
                {
                    if (!context.Service.IsEcho && !(step.MayFail && peer.Sent.Count > 1 << 20)) peer.Sent.AddRange(data.AsSpan(sent, call.Value));
                    sent += call.Value;
                    peer.Accepted += call.Value;
                    continue;
                }

                if (!call.WouldBlock) return Failed(peer, call, sent);
                if (!WaitProgress(peer.Socket!, readable: !atEndOfFile, writable: true, patience.Reply)) return TimedOut("the target stopped taking data", sent);
                if (TooMuch(peer)) return Flooded(sent);
                var read = ReadOnce(peer);
                atEndOfFile |= read is { Ok: true, Value: 0 };
                if (!read.Ok && !read.WouldBlock) return Failed(peer, read, sent);
            }

            if (step.Pause > 0 && sent < data.Length)
            {
                caseDeadline += TimeSpan.FromMilliseconds(step.Pause);
                Clock.Pause(TimeSpan.FromMilliseconds(step.Pause), cancellation);
            }
        }

        return Done(sent);
    }

    private Outcome Receive(Peer peer, int? bytes)
    {
        if (FinishConnect(peer) is { Result: not StepResult.Done } trouble) return trouble;
        var before = peer.Received.Count;
        var wanted = bytes is { } more ? peer.Asked += more : int.MaxValue;
        while (peer.Received.Count < wanted)
        {
            var call = ReadOnce(peer);
            if (call is { Ok: true, Value: 0 }) return new Outcome(StepResult.EndOfFile, default, default, peer.Received.Count - before);
            if (call is { Ok: false, WouldBlock: false })
            {
                if (!peer.Connected) peer.Asked -= bytes ?? 0; // refused: nothing was asked of the target
                return Failed(peer, call, peer.Received.Count - before);
            }

            if (TooMuch(peer)) return Flooded(peer.Received.Count - before);
            if (call.WouldBlock && !WaitProgress(peer.Socket!, readable: true, writable: false, bytes is null && AllCame(peer) ? settle : patience.Reply))
                return TimedOut(caseDeadline <= Clock.Now ? TooLong : bytes is null ? "no end of file came" : "no more bytes came", peer.Received.Count - before);
        }

        return Done(peer.Received.Count - before);
    }

    /// <summary>All that is due has come: only the end is waited for.</summary>
    private bool AllCame(Peer peer) => context.Service.IsEcho
        ? peer.Received.Count >= peer.Accepted
        : Replies.To(context.Service, CollectionsMarshal.AsSpan(peer.Sent), ended: true) is { IsExact: true, Exact.Length: var due } && peer.Received.Count >= due;

    /// <summary>Reads until so many more messages are whole; those are taken, and later calls look behind them.</summary>
    private Outcome ReceiveMessages(Peer peer, int count, Framing framing, TimeSpan atMost)
    {
        if (FinishConnect(peer) is { Result: not StepResult.Done } trouble) return trouble;
        var before = peer.Received.Count;

        // Where every byte is a message, those that a RECEIVE was for are no new one.
        if (framing is Framing.Stream) peer.Taken = Math.Max(peer.Taken, Math.Min(peer.Asked, peer.Received.Count));
        while (true)
        {
            while (count > 0 && framing.Take(CollectionsMarshal.AsSpan(peer.Received)[peer.Taken..]) is { Status: FrameStatus.Whole } frame)
            {
                peer.Taken += frame.Total;
                count--;
            }

            if (count == 0) return Done(peer.Received.Count - before);
            var call = ReadOnce(peer);
            if (call is { Ok: true, Value: 0 })
            {
                // A message that only the end of file ends is whole now.
                if (count == 1 && framing is Framing.UntilEof or Framing.Http && peer.Received.Count > peer.Taken)
                {
                    peer.Taken = peer.Received.Count;
                    return Done(peer.Received.Count - before);
                }

                return new Outcome(StepResult.EndOfFile, default, default, peer.Received.Count - before);
            }

            if (call is { Ok: false, WouldBlock: false }) return Failed(peer, call, peer.Received.Count - before);
            if (TooMuch(peer)) return Flooded(peer.Received.Count - before);
            if (call.WouldBlock && !WaitProgress(peer.Socket!, readable: true, writable: false, atMost))
                return TimedOut(caseDeadline <= Clock.Now ? TooLong : "no more bytes came", peer.Received.Count - before);
        }
    }

    private CallResult ReadOnce(Peer peer)
    {
        var call = peer.Tls is { } session ? session.Receive(buffer.AsSpan(0, peer.ReadChunk)) : peer.Socket!.Receive(buffer.AsSpan(0, peer.ReadChunk));
        if (call is { Ok: true, Value: > 0 })
        {
            peer.Received.AddRange(buffer.AsSpan(0, call.Value));
            if (peer.ReadPause > TimeSpan.Zero)
            {
                caseDeadline += peer.ReadPause;
                Clock.Pause(peer.ReadPause, cancellation);
            }
        }

        return call;
    }

    /// <summary>
    /// Each connection comes from the next of 127.0.0.2 … 127.0.0.254: so a port that is free again does not make the same 5-tuple
    /// twice in one case, and harness and target are easy to tell apart in a flow graph.
    /// </summary>
    private static IPAddress NextAddress() => new([127, 0, 0, (byte)(2 + (uint)Interlocked.Increment(ref lastAddress) % 253)]);

    private bool WaitProgress(PosixSocket socket, bool readable, bool writable, TimeSpan atMost)
    {
        var left = caseDeadline - Clock.Now;
        return left > TimeSpan.Zero && socket.Wait(readable, writable, left < atMost ? left : atMost, cancellation);
    }

    private Outcome ShutdownWrite(Peer peer) =>
        FinishConnect(peer) is { Result: not StepResult.Done } trouble ? trouble : Answer(peer.Socket!.ShutdownWrite());

    private bool TooMuch(Peer peer) => peer.Received.Count + DatagramCost * (long)peer.Datagrams.Count > maxReceived;

    private Outcome Flooded(int bytes) => Failed("", bytes, $"more than {maxReceived} bytes came: reading was stopped");

    private Outcome Close(Peer peer, bool abort)
    {
        if (peer.IsDatagram) ReadDatagrams(peer);
        if (abort) peer.Socket!.LingerZero();
        peer.Closed = true;
        return Answer(peer.Socket!.Close());
    }

    /// <summary>What lies in open sockets at the end is evidence, too: an answer that went to the wrong client, or one too many.</summary>
    private void ReadRest()
    {
        foreach (var peer in peers.Values.Where(peer => peer is { Closed: false, Connected: true, Tls: null }))
        {
            while (!TooMuch(peer) && peer.Socket!.Receive(buffer) is { Ok: true, Value: > 0 } call) peer.Received.AddRange(buffer.AsSpan(0, call.Value));
        }

        foreach (var peer in peers.Values.Where(peer => peer is { Closed: false, IsDatagram: true })) ReadDatagrams(peer);
    }

    /// <summary>Gives the target time to close its ends of all connections that we ended, and notes those that it did not.</summary>
    private void Settle(TimeSpan atMost)
    {
        foreach (var peer in peers.Values.Where(peer => !peer.Closed)) peer.Socket?.Dispose();
        var deadline = Clock.Now + atMost;
        foreach (var peer in peers.Values)
        {
            if (peer.IsAccepted || peer.Tuple is not { Protocol: Transport.Tcp } tuple) continue;
            if (!Gone(tuple, deadline - Clock.Now)) peer.LeftBehind = StateOf(tuple);
        }
    }

    private static Outcome Answer(CallResult call) => call.Ok ? Done() : Failed(call.Errno!);

    private static Outcome Done(int bytes = 0) => new(StepResult.Done, default, default, bytes);

    private static Outcome TimedOut(string detail, int bytes = 0) => new(StepResult.TimedOut, default, default, bytes, null, detail);

    private static Outcome Failed(string errno, string detail) => Failed(errno, 0, detail);

    private static Outcome Failed(string errno, int bytes = 0, string? detail = null) => new(StepResult.Failed, default, default, bytes, errno.Length > 0 ? errno : null, detail);

    /// <summary>One of the harness's sockets while the scenario runs.</summary>
    private sealed class Peer : IDisposable
    {
        public PosixSocket? Socket;
        public TlsChannel? Tls;
        public bool Connecting, Closed, IsDatagram, IsAccepted, Waited;
        public Guest? Guest;
        public FiveTuple? Tuple;
        public IPEndPoint? Name;
        public ServerSocket? ServerSide;
        public int Accepted, Asked, Taken, ReadChunk = 64 * 1024;
        public TimeSpan ReadPause;
        public TcpState? LeftBehind;
        public int? UnreachableAt;

        public bool Connected => Name is not null;

        public List<byte> Received { get; } = [];

        /// <summary>What SEND took; kept only where the spec must tell what is due for it.</summary>
        public List<byte> Sent { get; } = [];

        public List<ReceivedDatagram> Datagrams { get; } = [];

        public ConnectionTrace ToTrace(int number) =>
            new(number, Tuple, Name, ServerSide, Accepted, Received.ToArray(), LeftBehind) { Datagrams = [.. Datagrams], UnreachableAt = UnreachableAt, Tls = Tls?.ToTrace(), Owed = Guest?.Due.Count ?? 0, Answered = Guest is null ? 0 : Taken };

        public void Dispose()
        {
            Tls?.Dispose();
            Socket?.Dispose();
        }
    }
}
