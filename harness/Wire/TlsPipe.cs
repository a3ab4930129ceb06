using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>
/// What the TLS library takes for its connection. It gets the bytes of one record at a time, so it never holds a second one back,
/// and whether it would wait is known beforehand; what it writes lies here until the socket takes it.
/// </summary>
internal sealed class TlsPipe(PosixSocket socket, int piece, CancellationToken cancellation) : Stream
{
    private const int HeaderSize = 5, MaxKept = 64, PiecesApart = 3;
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(2);
    private readonly List<byte> outgoing = [];
    private readonly List<byte> first = [];
    private readonly List<byte> foreign = [];
    private byte[] incoming = new byte[HeaderSize + (1 << 14) + 2048];
    private int have, taken, left, sent;

    /// <summary>Until then a read waits for bytes; null when the handshake is over: then it fails with <see cref="WouldBlock"/>.</summary>
    public TimeSpan? Deadline { get; set; }

    /// <summary>The TCP end came.</summary>
    public bool Ended { get; private set; }

    /// <summary>What the socket answered that ended the connection.</summary>
    public string? Errno { get; private set; }

    /// <summary>The deadline came first.</summary>
    public bool Late { get; private set; }

    /// <summary>The last fatal alert that came in clear.</summary>
    public TlsAlert? Alert { get; private set; }

    /// <summary>All bytes that came.</summary>
    public long Came { get; private set; }

    /// <summary>What came in place of a record, and after it; its beginning at least.</summary>
    public IReadOnlyList<byte> Foreign => foreign;

    /// <summary>The beginning of what came, where it is no TLS; else null.</summary>
    public string? Quote()
    {
        if (TlsRecords.MayBegin(first.ToArray())) return null;
        var more = new byte[MaxKept];
        if (socket.Receive(more) is { Ok: true, Value: > 0 } call) Note(more.AsSpan(0, call.Value));
        return Payload.Literal.Of(first.ToArray()).ToString();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Gets a record: 1 when a whole one is there, or bytes that are none; 0 at the end, EAGAIN while some of it is missing.</summary>
    public CallResult Fill()
    {
        if (left > 0 || (have > 0 && IsWhole)) return new CallResult(1, null);
        while (true)
        {
            var wanted = have < HeaderSize ? HeaderSize : HeaderSize + Announced;
            if (incoming.Length < wanted) Array.Resize(ref incoming, wanted);
            var call = socket.Receive(incoming.AsSpan(have, wanted - have));
            if (call is { Ok: true, Value: > 0 })
            {
                Note(incoming.AsSpan(have, call.Value));
                have += call.Value;
                if (IsWhole) return new CallResult(1, null);
                continue;
            }

            if (!call.Ok && !call.WouldBlock) Errno = call.Errno;
            if (call is { Ok: true }) Ended = true;
            return call is { Ok: true } && have > 0 ? new CallResult(1, null) : call;
        }
    }

    /// <summary>Sends what lies here: 0 when nothing is left of it, EAGAIN while the socket takes no more.</summary>
    public CallResult Flush(bool apart)
    {
        for (var pieces = 0; sent < outgoing.Count; pieces++)
        {
            // A rest after the first pieces, so that the target has a look at them before the others come.
            if (apart && piece > 0 && pieces is > 0 and <= PiecesApart) Clock.Pause(Apart, cancellation);
            var rest = CollectionsMarshal.AsSpan(outgoing)[sent..];
            var call = socket.Send(piece > 0 ? rest[..Math.Min(piece, rest.Length)] : rest);
            if (!call.Ok)
            {
                if (!call.WouldBlock) Errno = call.Errno;
                return call;
            }

            sent += call.Value;
        }

        outgoing.Clear();
        sent = 0;
        return new CallResult(0, null);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (left == 0)
        {
            var call = Fill();
            if (call is { Ok: true, Value: 0 }) return 0;
            if (call.Ok) Open();
            else if (!call.WouldBlock) throw new IOException(call.Errno);
            else if (Deadline is not { } deadline) throw new WouldBlock();
            else Await(readable: true, deadline);
        }

        var count = Math.Min(left, buffer.Length);
        incoming.AsSpan(taken, count).CopyTo(buffer);
        (taken, left) = (taken + count, left - count);
        return count;
    }

    public override void Write(ReadOnlySpan<byte> data)
    {
        outgoing.AddRange(data);
        while (Deadline is { } deadline && Flush(apart: true) is { Ok: false } call)
        {
            if (!call.WouldBlock) throw new IOException(call.Errno);
            Await(readable: false, deadline);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    // The library has no synchronous form of all it does: these end before they return.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private int Announced => BinaryPrimitives.ReadUInt16BigEndian(incoming.AsSpan(3));

    /// <summary>A record, or something that is none and need not be waited for.</summary>
    private bool IsWhole => !TlsRecords.MayBegin(incoming.AsSpan(0, Math.Min(have, HeaderSize))) || (have >= HeaderSize && have == HeaderSize + Announced);

    /// <summary>What was got is handed over from now on.</summary>
    private void Open()
    {
        if ((foreign.Count > 0 || !TlsRecords.MayBegin(incoming.AsSpan(0, have))) && foreign.Count < MaxKept) foreign.AddRange(incoming.AsSpan(0, Math.Min(have, MaxKept)));
        if (incoming.AsSpan(0, have) is [(byte)TlsContent.Alert, _, _, 0, 2, var level, var description] && new TlsAlert(level, description) is { IsFatal: true } alert) Alert = alert;
        (taken, left, have) = (0, have, 0);
    }

    private void Note(ReadOnlySpan<byte> bytes)
    {
        Came += bytes.Length;
        if (first.Count < MaxKept) first.AddRange(bytes[..Math.Min(bytes.Length, MaxKept - first.Count)]);
    }

    private void Await(bool readable, TimeSpan deadline)
    {
        if (deadline - Clock.Now is var rest && rest > TimeSpan.Zero && socket.Wait(readable, !readable, rest, cancellation)) return;
        Late = true;
        throw new IOException("the time is over");
    }

    /// <summary>The next record is not there, or not whole.</summary>
    public sealed class WouldBlock : IOException;
}
