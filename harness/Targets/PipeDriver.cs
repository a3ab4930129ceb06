using System.Text.Json;
using SockConformance.Api;
using SockConformance.Wire;

namespace SockConformance.Targets;

/// <summary>
/// A driver in a process of its own, by docs/driver-protocol.md. One thread asks and reads: an answer that belongs to a call which waits
/// is put aside until it is asked for. Everything the driver writes is untrusted: lines have a largest length, and what is no answer
/// is a <see cref="DriverException"/> that names the rule.
/// </summary>
internal sealed class PipeDriver : IDriver
{
    public const int MaxLine = 1 << 20;
    private const int Looks = 60, MostMissed = 4, NoLooksFor = 64;
    private const string Unknown = "levitate";
    private static readonly TimeSpan Hello = TimeSpan.FromSeconds(10), LastChance = TimeSpan.FromSeconds(0.5);

    /// <summary>For requests whose answer is a value and nothing else.</summary>
    private static readonly Call Plain = new(Primitive.Limit);

    private readonly Box box;
    private readonly TimeSpan patience;
    private readonly OutputTail errors;
    private readonly int input, output;
    private readonly RequestLine requests;
    private readonly HashSet<string> lacks = [];
    private readonly Dictionary<int, Held> waiting = [];
    private byte[] buffer = new byte[1 << 16];
    private int filled, read, lastId, lastReset, missed, looksNotFor;

    /// <exception cref="DriverException">It does not begin with its hello.</exception>
    public PipeDriver(TargetCommand command, Box box, TimeSpan patience)
    {
        (this.box, this.patience) = (box, patience);
        box.Start(command, 0, "127.0.0.1", ChildStreams.Conversed);
        var process = box.Process!;
        errors = new OutputTail(process.Errors);
        input = (int)process.Input.DangerousGetHandle();
        output = (int)process.Pipe.DangerousGetHandle();
        Libc.SetNonblocking(input);
        try
        {
            Greet(Line(Clock.Now + (patience > Hello ? patience : Hello), Point.DriverHello));
        }
        catch
        {
            Dispose();
            throw;
        }

        requests = new RequestLine(withoutSignals: lacks.Contains(RequestLine.Word(CallFlags.NoSignal)));
    }

    public string Name { get; private set; } = "";

    public string Profile { get; private set; } = "posix";

    public bool LacksBackground => lacks.Contains("background");

    public bool LacksNetwork => lacks.Contains("network");

    public bool TellsSignals => !lacks.Contains("signals");

    public bool NumbersDescriptors => !lacks.Contains("descriptors");

    /// <summary>The end of what it wrote to stderr.</summary>
    public string Said => box.Process!.End.IsCompleted ? errors.ToEnd() : errors.ToString();

    public bool Lacks(in Call call)
    {
        if (lacks.Count == 0) return false;
        if (lacks.Contains(RequestLine.Word(call.Op))) return true;
        if (call.Op is Primitive.Setsockopt or Primitive.Getsockopt && lacks.Contains(RequestLine.Word(call.Option))) return true;
        if (call.Op == Primitive.Send && call.Where != Where.None && lacks.Contains("sendto")) return true;
        if (call.Op == Primitive.Socket && call.Type == SocketType.Dgram && lacks.Contains("dgram")) return true;
        if (call.Op is Primitive.Getsockname or Primitive.Getpeername && call.Size > 0 && lacks.Contains("room")) return true;
        for (var flag = CallFlags.Peek; flag < CallFlags.NoSignal; flag = (CallFlags)((int)flag << 1)) // MSG_NOSIGNAL is left out instead
        {
            if ((call.Flags & flag) != 0 && lacks.Contains(RequestLine.Word(flag))) return true;
        }

        return false;
    }

    public Answer Do(in Request request, ReadOnlySpan<byte> data, Span<byte> room, out int received)
    {
        var id = ++lastId;
        Write(requests.Of(id, request, data, background: false));
        Answer answer;
        bool blocked;
        try
        {
            answer = Await(id, patience + TimeSpan.FromMilliseconds(request.Takes), request.Call, room, out received, out blocked);
        }
        catch (DriverException e) when (e.Point == Point.DriverAnswer && !box.Process!.End.IsCompleted)
        {
            throw AnswersAnother() ? new DriverException(Point.DriverAnswer, "an answer to each request", "none to this one, and one to the next") : e;
        }

        return blocked ? throw new DriverException(Point.DriverBlocked, "an answer: only what was asked for in the background is told as blocked", "blocked") : answer;
    }

    public int Begin(in Request request, ReadOnlySpan<byte> data, out Answer? atOnce)
    {
        var id = ++lastId;
        Write(requests.Of(id, request, data, background: true));
        Answer answer;
        bool blocked;
        try
        {
            answer = Await(id, patience, request.Call, new byte[Math.Max(1, request.Call.Size)], out _, out blocked);
        }
        catch (DriverException e) when (e.Point == Point.DriverAnswer && !box.Process!.End.IsCompleted)
        {
            throw new DriverException(Point.DriverBlocked, "“blocked”, for a call in the background that waits", e.Observed);
        }

        atOnce = blocked ? null : answer;
        if (blocked) waiting[id] = new Held { Call = request.Call };
        return id;
    }

    public bool Finish(int token, TimeSpan within, Span<byte> room, out int received, out Answer answer)
    {
        var deadline = Clock.Now + within;
        var held = waiting[token];
        while (held.Answer is null && Line(deadline, null) is { IsEmpty: false } text) PutAside(AnswerLine.Read(text), text, -1);
        received = 0;
        answer = held.Answer ?? default;
        if (held.Answer is null) return false;
        received = Math.Min(held.Data.Length, room.Length);
        held.Data.AsSpan(0, received).CopyTo(room);
        waiting.Remove(token);
        return true;
    }

    public bool Interrupt(int token) => !lacks.Contains("interrupt") && Order("interrupt", "request", token) is { Unsupported: false, Ok: true };

    public void Reset()
    {
        Order("reset");
        lastReset = lastId;
        waiting.Clear();
    }

    /// <summary>Asks something that no driver knows.</summary>
    public Answer AskUnknown() => Order(Unknown, "socket", 3);

    /// <summary>Closes its stdin; whether it ends then.</summary>
    public bool EndsWithInput()
    {
        box.Process!.Input.Dispose();
        return box.Process.End.Wait(patience);
    }

    public void Dispose() => box.Dispose();

    /// <summary>A request that is no primitive on a socket.</summary>
    private Answer Order(string call, string? field = null, int value = 0) => Order(patience, call, field, value);

    private Answer Order(TimeSpan within, string call, string? field, int value)
    {
        var id = ++lastId;
        Write(requests.Of(id, call, field, value));
        return Await(id, within, Plain, [], out _, out _);
    }

    /// <summary>Whether it goes on although a request was not answered: then that was passed over, and no call hangs.</summary>
    private bool AnswersAnother()
    {
        try
        {
            Order(LastChance, Unknown, "socket", 3);
            return true;
        }
        catch (DriverException)
        {
            return false;
        }
    }

    private void Write(ReadOnlySpan<byte> left)
    {
        var deadline = Clock.Now + patience;
        while (left.Length > 0)
        {
            var taken = Libc.Write(input, left);
            if (taken > 0)
            {
                left = left[taken..];
                continue;
            }

            // The pipe is full: the driver may be waiting for us to read.
            if (taken == 0 && Clock.Now < deadline && !box.Process!.End.IsCompleted)
            {
                Libc.WaitFor(input, Libc.PollOut, 20);
                continue;
            }

            throw Gone("it takes no requests");
        }
    }

    private Answer Await(int id, TimeSpan within, in Call call, Span<byte> room, out int received, out bool blocked)
    {
        var deadline = Clock.Now + within;
        while (true)
        {
            var text = Line(deadline, Point.DriverAnswer);
            var line = AnswerLine.Read(text);
            if (line.Id != id)
            {
                PutAside(line, text, id);
                continue;
            }

            blocked = line.Blocked;
            received = blocked ? 0 : line.TakeFor(call, room);
            return line.Answer;
        }
    }

    /// <summary>Keeps the answer of a call that waits until it is asked for.</summary>
    /// <param name="wanted">The request that is to be answered now; -1 for none.</param>
    private void PutAside(in AnswerLine line, ReadOnlySpan<byte> text, int wanted)
    {
        if (!waiting.TryGetValue(line.Id, out var held) || held.Answer is not null)
            throw AnswerLine.Broken(line.Id > 0 && line.Id < lastReset ? Point.DriverReset : Point.DriverOnce, wanted > 0 ? $"an answer to request {wanted}" : "no answer", text);
        if (line.Blocked) return;
        var place = new byte[Math.Max(1, held.Call.Size)];
        held.Data = place[..line.TakeFor(held.Call, place)];
        held.Answer = line.Answer;
    }

    private void Greet(ReadOnlySpan<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text.ToArray());
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("driver", out var version)) throw AnswerLine.Broken(Point.DriverHello, "a hello such as {\"driver\":1,\"name\":\"mine\",\"profile\":\"posix\",\"lacks\":[]}", text);
            if (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number) || number != 1) throw AnswerLine.Broken(Point.DriverHello, "version 1 of the protocol", text);
            Name = root.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : "driver";
            if (root.TryGetProperty("profile", out var profile) && profile.ValueKind == JsonValueKind.String) Profile = profile.GetString()!;
            if (!root.TryGetProperty("lacks", out var missing)) return;
            foreach (var one in missing.EnumerateArray()) lacks.Add(one.GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw AnswerLine.Broken(Point.DriverHello, "a hello such as {\"driver\":1,\"name\":\"mine\",\"profile\":\"posix\",\"lacks\":[]}", text);
        }
    }

    /// <summary>The next line, without its end; empty if none comes in time and that is allowed.</summary>
    /// <param name="lateIs">The rule that is violated if none comes; null if none is.</param>
    private ReadOnlySpan<byte> Line(TimeSpan deadline, Point? lateIs)
    {
        var scanned = read;
        while (true)
        {
            var end = buffer.AsSpan(scanned, filled - scanned).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var text = buffer.AsSpan(read, scanned + end - read);
                read = scanned + end + 1;
                return text;
            }

            scanned = filled;
            if (filled - read > MaxLine) throw new DriverException(Point.DriverForm, $"lines of at most {MaxLine} bytes", $"more than {MaxLine} bytes without an end of line");
            if (read > 0)
            {
                buffer.AsSpan(read, filled - read).CopyTo(buffer);
                (scanned, filled, read) = (scanned - read, filled - read, 0);
            }

            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var left = deadline - Clock.Now;
            if (left <= TimeSpan.Zero || !(IsThereSoon() || Libc.WaitFor(output, Libc.PollIn, (int)Math.Ceiling(left.TotalMilliseconds))))
            {
                if (Clock.Now < deadline) continue;
                if (lateIs is { } point) throw new DriverException(point, point == Point.DriverHello ? "a hello" : "an answer", $"nothing within {patience.TotalSeconds:0.#} s{AndSaid()}");
                return default;
            }

            var count = Libc.Read(output, buffer.AsSpan(filled));
            if (count <= 0) throw Gone("its output has ended");
            filled += count;
        }
    }

    /// <summary>
    /// Looks a few times before it sleeps: a quick driver has answered by then, and to be woken costs as much as its answer. A driver that never has is not waited for
    /// so for a while: the processor may be what it is waiting for.
    /// </summary>
    private bool IsThereSoon()
    {
        if (Environment.ProcessorCount == 1 || --looksNotFor > 0) return false;
        for (var i = 0; i < Looks; i++)
        {
            if (!Libc.WaitFor(output, Libc.PollIn, 0)) continue;
            missed = 0;
            return true;
        }

        if (++missed >= MostMissed) (looksNotFor, missed) = (NoLooksFor, 0);
        return false;
    }

    private DriverException Gone(string how)
    {
        var ended = box.Process!.End.Wait(TimeSpan.FromSeconds(1));
        return new DriverException(lastId == 0 ? Point.DriverHello : Point.DriverAnswer, "an answer", (ended ? $"the driver {box.Process.End.Result}" : how) + AndSaid());
    }

    private string AndSaid() => Said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } last ? $"; it printed: {last}" : "";

    private sealed class Held
    {
        public Call Call { get; init; }

        public Answer? Answer { get; set; }

        public byte[] Data { get; set; } = [];
    }
}
