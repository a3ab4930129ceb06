using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>The steps of a server: the target is a client, and the harness listens, accepts and serves as the spec says.</summary>
internal sealed partial class ScenarioDriver
{
    private const int Backlog = 16, PausedPieces = 64, StreamLines = 200, MostUninvited = 1000, MostOwed = 64 << 20;
    private const double StartPatience = 2.5;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(50);
    private static readonly DateTimeOffset Epoch = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero); // of RFC 868
    private readonly DateTimeOffset today = DateTimeOffset.UtcNow;
    private PosixSocket? listener;
    private bool starting;
    private int uninvited;

    private Outcome Listen()
    {
        if (listener is not null) return Failed("EINVAL", "it listens already");
        listener = PosixSocket.Stream(target.AddressFamily);
        listener.ReuseAddress();
        if (listener.Bind(target) is { Ok: false } refused) return Failed(refused.Errno!);
        return Answer(listener.Listen(Backlog));
    }

    private Outcome Launch()
    {
        DismissRest();
        starting = true;
        return control is null ? Failed("", NotStartedByUs) : control.Launch() is { } why ? Failed("", why) : Done();
    }

    private Outcome Accept(Peer peer)
    {
        if (listener is null) return Failed("EINVAL", "nobody listens");
        if (peer.Socket is not null) return Failed("EISCONN");
        var deadline = Clock.Now + (starting ? patience.Connect * StartPatience : patience.Connect);
        while (true)
        {
            var ended = control?.AwaitExit(TimeSpan.Zero, cancellation) == true; // asked first: what it did before its end is in the queue
            if (listener.Accept(out var answer) is { } socket)
            {
                starting = false;
                socket.NoDelay(); // pieces are to arrive as they are cut
                (peer.Socket, peer.IsAccepted, peer.Name) = (socket, true, socket.PeerName());
                if (peer.Name is { } client) peer.Tuple = new FiveTuple(client, target);
                return Done();
            }

            if (!answer.WouldBlock) return Failed(answer.Errno!);
            if (ended) return Failed("", "the client ended without a connection");
            if (Clock.Now >= deadline || Clock.Now >= caseDeadline) return TimedOut("nobody connected");
            WaitProgress(listener, readable: true, writable: false, Slice);
        }
    }

    private Outcome AwaitExit()
    {
        if (control is null) return Failed("", NotStartedByUs);
        var atMost = starting ? patience.Connect : patience.Close; // a runtime that starts is given its time
        starting = false;
        if (caseDeadline - Clock.Now is var left && left < atMost) atMost = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        return control.AwaitExit(atMost, cancellation) ? Done() : TimedOut("the client still ran");
    }

    /// <summary>Connections that no step accepts: one who connects twice is seen.</summary>
    private void DismissRest()
    {
        while (uninvited < MostUninvited && listener?.Accept(out _) is { } extra)
        {
            uninvited++;
            extra.Dispose();
        }
    }

    private Outcome Serve(Peer peer, Step.Serve step)
    {
        if (!peer.Connected) return Failed("ENOTCONN");
        var guest = peer.Guest ??= new Guest();
        ImmutableArray<int> cuts = step.Cuts.IsDefault ? [] : step.Cuts;
        int sent = 0, pieces = 0, leftAt = -1;
        var shut = false;
        while (true)
        {
            if (ReadAll(peer, guest) is { } lost) return Left(lost);
            if (TooMuch(peer)) return Flooded(sent);
            var (known, knownEnd, waiting) = (peer.Received.Count, guest.Ended, guest.Waits);
            if (Owe(peer, guest) is { } why) return Failed("", sent, why);
            if (guest.Waits && !waiting) Rest(step.Delay);
            while (guest.Waits && !(sent >= step.ReplyLimit))
            {
                var piece = guest.Due.Count - guest.Given;
                if (!cuts.IsEmpty) piece = Math.Min(piece, Math.Max(1, cuts[pieces % cuts.Length]));
                if (step.ReplyLimit is { } limit) piece = Math.Min(piece, limit - sent);
                if (pieces is > 0 and <= PausedPieces) Rest(step.Pause);
                if (!guest.Ended && ReadAll(peer, guest) is { } gone) return Left(gone);
                if (guest.Ended && leftAt < 0) leftAt = sent;
                var isLast = step.ThenShut && guest.Given + piece == guest.Due.Count;
                var due = CollectionsMarshal.AsSpan(guest.Due).Slice(guest.Given, piece);
                var call = peer.Tls is { } session ? session.Send(due) : peer.Socket!.Send(due, more: isLast); // our FIN goes with it
                if (call.WouldBlock) break;
                if (!call.Ok) return Left(call);
                pieces++;
                sent += call.Value;
                guest.Given += call.Value;
                peer.Accepted += call.Value;
            }

            if (guest.Waits && sent >= step.ReplyLimit) return Done(sent);
            guest.Closes |= step.ThenShut && sent > 0 && !guest.Waits;
            if (guest is { Closes: true, Waits: false } && !shut)
            {
                shut = true;
                peer.Tls?.CloseNotify();
                peer.Socket!.ShutdownWrite();
            }

            if (peer.Received.Count > known || guest.Ended != knownEnd) continue;
            if (guest is { Ended: true, Waits: false }) return peer.Tls is null && peer.Socket!.PendingError() is { Ok: false } error ? Left(error) : Done(sent); // after a close_notify nothing can be lost
            if (!WaitProgress(peer.Socket!, readable: !guest.Ended, writable: guest.Waits, patience.Reply))
                return TimedOut(caseDeadline <= Clock.Now ? TooLong : guest.Waits ? "the client stopped reading" : "the client neither sent nor ended", sent);
        }

        // Only its client ends a stream without end, and by a reset if need be; and one that closes with TLS 1.3's tickets or our close_notify unread
        // resets, too, and misses nothing. Else one that leaves early misses bytes, from leftAt on.
        Outcome Left(CallResult why) => context.Service.Kind == "chargen" || (peer.Tls is not null && (shut || guest.Due.Count == 0)) ? Done(sent) : Failed(peer, why, leftAt >= 0 ? leftAt : sent);

        void Rest(int milliseconds)
        {
            if (milliseconds <= 0) return;
            caseDeadline += TimeSpan.FromMilliseconds(milliseconds);
            Clock.Pause(TimeSpan.FromMilliseconds(milliseconds), cancellation);
        }
    }

    /// <summary>Reads what is there; null, or what the client did to the connection instead: mostly a reset.</summary>
    private CallResult? ReadAll(Peer peer, Guest guest)
    {
        while (!guest.Ended && !TooMuch(peer))
        {
            var call = ReadOnce(peer);
            if (call.WouldBlock) break;
            if (!call.Ok) return call;
            guest.Ended = call.Value == 0;
        }

        return null;
    }

    /// <summary>Adds what is due for what has come; null, or why no reply can be made.</summary>
    private string? Owe(Peer peer, Guest guest)
    {
        if (!guest.Greeted)
        {
            guest.Greeted = true;
            var announcement = Announcement(context.Service.Kind);
            guest.Due.AddRange(announcement);
            guest.Closes = announcement.Length > 0;
            if (announcement.Length == 0 && context.Service.Greeting is not null && Put(guest, Replies.To(context.Service, [], ended: false)) is { } why) return why;
        }

        var service = context.Service with { Greeting = null };
        while (!guest.Closes && (peer.Taken < peer.Received.Count || (guest.Ended && !guest.Settled)))
        {
            if (guest.Due.Count > MostOwed) return $"it asked for more than {MostOwed} bytes of replies";
            var rest = CollectionsMarshal.AsSpan(peer.Received)[peer.Taken..];
            var frame = rest.IsEmpty ? Frame.Partial : service.Kind == "http" ? Request(rest) : service.Request.Take(rest);
            var last = frame.Status == FrameStatus.Partial;
            if (last && !guest.Ended) return null;
            guest.Settled |= last;
            var one = frame.Status == FrameStatus.Whole ? rest[..frame.Total] : rest;
            peer.Taken += one.Length;
            if (service.Kind == "http")
            {
                if (frame.Status == FrameStatus.Whole) PutPage(guest, one);
            }
            else
            {
                if (Put(guest, Replies.To(service, one, ended: last)) is { } why) return why;
            }

            guest.Closes |= frame.Status == FrameStatus.Broken;
        }

        return null;
    }

    private string? Put(Guest guest, Owed owed)
    {
        foreach (var due in owed.Due)
        {
            if (due.Exact is null && context.Draw is null) return $"no reply can be made for {due}";
            guest.Due.AddRange(due.Exact ?? context.Service.Reply.Wrap(due.Pattern is null ? [] : context.Draw!(due.Pattern, (ulong)guest.Replies)));
            guest.Replies++;
        }

        guest.Closes |= owed.Closes;
        return null;
    }

    /// <summary>What the services say that speak without being asked, the same to all clients of a case; nothing for others.</summary>
    private byte[] Announcement(string kind)
    {
        switch (kind)
        {
            case "daytime":
                return Encoding.ASCII.GetBytes(today.ToString("dddd, MMMM dd, yyyy HH:mm:ss-'UTC'\r\n", CultureInfo.InvariantCulture));
            case "time":
                var seconds = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(seconds, (uint)(today - Epoch).TotalSeconds);
                return seconds;
            case "chargen":
                return [.. Enumerable.Range(0, StreamLines).SelectMany(line => Enumerable.Range(line, 72).Select(column => (byte)(' ' + column % 95)).Concat("\r\n"u8.ToArray()))];
            default:
                return [];
        }
    }

    /// <summary>A request of HTTP/1: without a length in its header it has no body (RFC 9112 §6.3).</summary>
    private static Frame Request(ReadOnlySpan<byte> stream)
    {
        var end = stream.IndexOf("\r\n\r\n"u8);
        if (end < 0) return Frame.Partial;
        var header = Encoding.Latin1.GetString(stream[..end]);
        var hasBody = header.Contains("\ncontent-length:", StringComparison.OrdinalIgnoreCase) || header.Contains("\ntransfer-encoding:", StringComparison.OrdinalIgnoreCase);
        return HttpMessage.Delimit(stream, bodiless: !hasBody);
    }

    private void PutPage(Guest guest, ReadOnlySpan<byte> request)
    {
        const string Body = "a small page\n";
        var header = Encoding.Latin1.GetString(request);
        var line = header.Split("\r\n")[0];
        guest.Closes |= line.EndsWith("HTTP/1.0", StringComparison.Ordinal) || header.Contains("\nconnection: close", StringComparison.OrdinalIgnoreCase);
        guest.Due.AddRange(Encoding.Latin1.GetBytes(
            $"HTTP/1.1 200 OK\r\nDate: {today:R}\r\nContent-Type: text/plain\r\nContent-Length: {Body.Length}\r\n{(guest.Closes ? "Connection: close\r\n" : "")}\r\n{(line.StartsWith("HEAD ", StringComparison.Ordinal) ? "" : Body)}"));
        guest.Replies++;
    }

    /// <summary>What one client under test is owed, and how much of it it was given.</summary>
    private sealed class Guest
    {
        public bool Greeted, Ended, Closes;

        /// <summary>Its end of file has been answered, too.</summary>
        public bool Settled;

        public int Given, Replies;

        public List<byte> Due { get; } = [];

        public bool Waits => Due.Count > Given;
    }
}
