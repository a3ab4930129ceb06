using System.Buffers;
using System.Buffers.Text;
using System.Text;
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
    private static readonly TimeSpan Hello = TimeSpan.FromSeconds(10);
    private readonly Box box;
    private readonly TimeSpan patience;
    private readonly OutputTail errors;
    private readonly int input, output;
    private readonly ArrayBufferWriter<byte> line = new(4096);
    private readonly HashSet<string> lacks = [];
    private readonly Dictionary<int, Held> waiting = [];
    private byte[] buffer = new byte[1 << 16];
    private int filled, read, lastId, lastReset;

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
        if (lacks.Contains(Word(call.Op))) return true;
        if (call.Op is Primitive.Setsockopt or Primitive.Getsockopt && lacks.Contains(Word(call.Option))) return true;
        if (call.Op == Primitive.Send && call.Where != Where.None && lacks.Contains("sendto")) return true;
        if (call.Op == Primitive.Socket && call.Type == SocketType.Dgram && lacks.Contains("dgram")) return true;
        if (call.Op is Primitive.Getsockname or Primitive.Getpeername && call.Size > 0 && lacks.Contains("room")) return true;
        foreach (var (flag, word) in FlagWords)
        {
            if ((call.Flags & flag) != 0 && flag != CallFlags.NoSignal && lacks.Contains(word)) return true;
        }

        return false;
    }

    public Answer Do(in Request request, ReadOnlySpan<byte> data, Span<byte> room, out int received)
    {
        var id = Ask(request, data, background: false);
        return Await(id, Clock.Now + patience + TimeSpan.FromMilliseconds(request.Call.Op == Primitive.Poll ? request.Call.Size : 0), request.Call, room, out received, out _);
    }

    public int Begin(in Request request, ReadOnlySpan<byte> data, out Answer? atOnce)
    {
        var id = Ask(request, data, background: true);
        Answer answer;
        bool blocked;
        try
        {
            answer = Await(id, Clock.Now + patience, request.Call, new byte[Math.Max(1, request.Call.Size)], out _, out blocked);
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
        while (held.Answer is null && Line(deadline, null) is { IsEmpty: false } text) Take(text, -1, default, [], out _, out _);
        received = 0;
        answer = held.Answer ?? default;
        if (held.Answer is null) return false;
        received = Math.Min(held.Data.Length, room.Length);
        held.Data.AsSpan(0, received).CopyTo(room);
        waiting.Remove(token);
        return true;
    }

    public bool Interrupt(int token)
    {
        if (lacks.Contains("interrupt")) return false;
        line.Clear();
        var id = ++lastId;
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("call", "interrupt");
            json.WriteNumber("request", token);
            json.WriteEndObject();
        }

        Write();
        return Await(id, Clock.Now + patience, new Call(Primitive.Interrupt), [], out _, out _) is { Unsupported: false, Ok: true };
    }

    public void Reset()
    {
        line.Clear();
        var id = ++lastId;
        line.Write(Encoding.UTF8.GetBytes($"{{\"id\":{id},\"call\":\"reset\"}}"));
        Write();
        Await(id, Clock.Now + patience, new Call(Primitive.Limit), [], out _, out _);
        lastReset = id;
        waiting.Clear();
    }

    /// <summary>Asks something that no driver knows.</summary>
    public Answer AskUnknown()
    {
        line.Clear();
        var id = ++lastId;
        line.Write(Encoding.UTF8.GetBytes($"{{\"id\":{id},\"call\":\"levitate\",\"socket\":3}}"));
        Write();
        return Await(id, Clock.Now + patience, new Call(Primitive.Limit), [], out _, out _);
    }

    /// <summary>Closes its stdin; whether it ends then.</summary>
    public bool EndsWithInput()
    {
        box.Process!.Input.Dispose();
        return box.Process.End.Wait(patience);
    }

    public void Dispose() => box.Dispose();

    private static readonly (CallFlags, string)[] FlagWords =
        [(CallFlags.Peek, "peek"), (CallFlags.WaitAll, "waitall"), (CallFlags.DontWait, "dontwait"), (CallFlags.OutOfBand, "oob"), (CallFlags.NoSignal, "nosignal")];

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private int Ask(in Request request, ReadOnlySpan<byte> data, bool background)
    {
        var call = request.Call;
        var id = ++lastId;
        line.Clear();
        Text("{\"id\":"u8);
        Number(id);
        Text(Calls[(int)call.Op]);
        if (call.Op is not (Primitive.Socket or Primitive.Open or Primitive.Limit))
        {
            Text(",\"socket\":"u8);
            Number(request.Descriptor);
        }

        switch (call.Op)
        {
            case Primitive.Socket:
                Text(call.Domain switch { Domain.Inet => ",\"domain\":\"inet\""u8, Domain.Inet6 => ",\"domain\":\"inet6\""u8, _ => ",\"domain\":\"unknown\""u8 });
                Text(call.Type switch { SocketType.Stream => ",\"type\":\"stream\""u8, SocketType.Dgram => ",\"type\":\"dgram\""u8, _ => ",\"type\":\"unknown\""u8 });
                Text(",\"protocol\":"u8);
                Number(call.Size);
                break;
            case Primitive.Bind or Primitive.Connect: Address(request); break;
            case Primitive.Listen: Field(",\"backlog\":"u8, call.Size); break;
            case Primitive.Send:
                Text(",\"data\":\""u8);
                var hex = line.GetSpan(data.Length * 2);
                for (var i = 0; i < data.Length; i++) (hex[2 * i], hex[(2 * i) + 1]) = (Digit(data[i] >> 4), Digit(data[i] & 15));
                line.Advance(data.Length * 2);
                Text("\""u8);
                Flags(call.Flags);
                if (call.Where != Where.None) Address(request);
                break;
            case Primitive.Recv:
                Field(",\"length\":"u8, call.Size);
                Flags(call.Flags);
                break;
            case Primitive.Shutdown: Text(call.How switch { How.Rd => ",\"how\":\"rd\""u8, How.Wr => ",\"how\":\"wr\""u8, How.RdWr => ",\"how\":\"rdwr\""u8, _ => ",\"how\":\"unknown\""u8 }); break;
            case Primitive.Getsockname or Primitive.Getpeername when call.Size > 0: Field(",\"room\":"u8, call.Size); break;
            case Primitive.Setsockopt or Primitive.Getsockopt:
                Text(",\"option\":\""u8);
                Text(Options[(int)call.Option]);
                Text("\""u8);
                if (call.Op == Primitive.Setsockopt) Field(",\"number\":"u8, call.Size);
                break;
            case Primitive.Nonblocking: Text(call.Size != 0 ? ",\"on\":true"u8 : ",\"on\":false"u8); break;
            case Primitive.Poll: Field(",\"events\":[\"in\",\"out\"],\"timeout\":"u8, call.Size); break;
            case Primitive.Limit: Field(",\"spare\":"u8, call.Size); break;
        }

        if (background) Text(",\"background\":true"u8);
        Text("}"u8);
        Write();
        return id;

        void Text(ReadOnlySpan<byte> text) => line.Write(text);

        void Number(long number)
        {
            Utf8Formatter.TryFormat(number, line.GetSpan(24), out var count);
            line.Advance(count);
        }

        void Field(ReadOnlySpan<byte> name, int value)
        {
            Text(name);
            Number(value);
        }

        void Flags(CallFlags flags)
        {
            if (flags == CallFlags.None) return;
            Text(",\"flags\":["u8);
            var first = true;
            foreach (var (flag, word) in FlagWords)
            {
                if ((flags & flag) == 0 || (flag == CallFlags.NoSignal && lacks.Contains(word))) continue;
                Text(first ? "\""u8 : ",\""u8);
                Text(Encoding.ASCII.GetBytes(word));
                Text("\""u8);
                first = false;
            }

            Text("]"u8);
        }

        void Address(in Request request)
        {
            var name = LibcDriver.AddressOf(request);
            Text(request.Call.Where switch
            {
                Where.OtherFamily => ",\"address\":{\"family\":\"inet6\",\"ip\":\"::1\",\"port\":"u8,
                Where.Unspecified => ",\"address\":{\"family\":\"unspec\",\"ip\":\"0.0.0.0\",\"port\":"u8,
                _ => ",\"address\":{\"family\":\"inet\",\"ip\":\""u8,
            });
            if (request.Call.Where is not (Where.OtherFamily or Where.Unspecified))
            {
                for (var shift = 24; shift >= 0; shift -= 8)
                {
                    Number((name.Ip >> shift) & 255);
                    if (shift > 0) Text("."u8);
                }

                Text("\",\"port\":"u8);
            }

            Number(name.Port);
            if (request.Call.Where == Where.BadLength) Text(",\"length\":7"u8);
            Text("}"u8);
        }
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);

    private static readonly byte[][] Calls = [.. Enum.GetValues<Primitive>().Select(op => Encoding.ASCII.GetBytes($",\"call\":\"{Word(op)}\""))];
    private static readonly byte[][] Options = [.. Enum.GetValues<SocketOption>().Select(option => Encoding.ASCII.GetBytes(Word(option)))];

    private void Write()
    {
        line.Write("\n"u8);
        var left = line.WrittenSpan;
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

    private Answer Await(int id, TimeSpan deadline, in Call call, Span<byte> room, out int received, out bool blocked)
    {
        while (true)
        {
            var text = Line(deadline, Point.DriverAnswer);
            if (Take(text, id, call, room, out received, out var answer) is { } told)
            {
                blocked = told;
                return answer;
            }
        }
    }

    /// <summary>Reads an answer: null if it belonged to a call that waits, else whether it says “blocked”.</summary>
    private bool? Take(ReadOnlySpan<byte> text, int wanted, in Call call, Span<byte> room, out int received, out Answer answer)
    {
        received = 0;
        var parsed = Parse(text, out var data);
        answer = parsed.Answer;
        if (parsed.Id == wanted)
        {
            if (parsed.Blocked) return true;
            if (!parsed.HasOutcome) throw Broken(Point.DriverFields, "value, errno or unsupported", text);
            received = Give(data, room, call.Op == Primitive.Recv && answer.Ok, text);
            MustHaveFields(call, answer, text);
            return false;
        }

        if (!waiting.TryGetValue(parsed.Id, out var held) || held.Answer is not null) throw Broken(parsed.Id > 0 && parsed.Id < lastReset ? Point.DriverReset : Point.DriverOnce, wanted > 0 ? $"an answer to request {wanted}" : "no answer", text);
        if (parsed.Blocked) return null;
        if (!parsed.HasOutcome) throw Broken(Point.DriverFields, "value, errno or unsupported", text);
        var place = new byte[Math.Max(1, held.Call.Size)];
        var count = Give(data, place, held.Call.Op == Primitive.Recv && answer.Ok, text);
        MustHaveFields(held.Call, answer, text);
        (held.Answer, held.Data) = (answer, place[..count]);
        return null;
    }

    /// <summary>The bytes of a hexadecimal text.</summary>
    private static int Give(ReadOnlySpan<byte> hex, Span<byte> room, bool wanted, ReadOnlySpan<byte> text)
    {
        if (!wanted) return 0;
        if (hex.Length % 2 != 0 || hex.Length / 2 > room.Length) throw Broken(Point.DriverFields, "data: an even number of hexadecimal digits, for at most as many bytes as asked for", text);
        for (var i = 0; i < hex.Length / 2; i++)
        {
            var (high, low) = (Value(hex[2 * i]), Value(hex[(2 * i) + 1]));
            if (high < 0 || low < 0) throw Broken(Point.DriverFields, "data: hexadecimal digits", text);
            room[i] = (byte)((high << 4) | low);
        }

        return hex.Length / 2;

        static int Value(byte digit) => digit switch { >= (byte)'0' and <= (byte)'9' => digit - '0', >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10, >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10, _ => -1 };
    }

    private static void MustHaveFields(in Call call, in Answer answer, ReadOnlySpan<byte> text)
    {
        if (!answer.Ok || answer.Unsupported) return;
        var wants = call.Op switch
        {
            Primitive.Accept => answer.Name is null ? "address" : null,
            Primitive.Getsockname or Primitive.Getpeername => call.Size > 0 ? answer.NameLength == 0 ? "length" : null : answer.Name is null ? "address" : null,
            _ => null,
        };
        if (wants is not null) throw Broken(Point.DriverFields, $"the field \"{wants}\"", text);
    }

    private readonly record struct Parsed(int Id, bool Blocked, bool HasOutcome, Answer Answer);

    private static Parsed Parse(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> data)
    {
        var (id, blocked, outcome) = (-1, false, false);
        var answer = default(Answer);
        data = default;
        try
        {
            var json = new Utf8JsonReader(text);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) throw Broken(Point.DriverForm, "a JSON object on each line", text);
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("id"u8)) id = Int(ref json);
                else if (json.ValueTextEquals("value"u8))
                {
                    answer = answer with { Value = Int(ref json) };
                    outcome = true;
                }
                else if (json.ValueTextEquals("errno"u8))
                {
                    json.Read();
                    if (json.TokenType != JsonTokenType.String) throw Broken(Point.DriverFields, "errno: a name", text);
                    answer = answer with { Value = -1, Error = Named(ref json, text) };
                    outcome = true;
                }
                else if (json.ValueTextEquals("blocked"u8)) blocked = Bool(ref json);
                else if (json.ValueTextEquals("unsupported"u8))
                {
                    answer = answer with { Unsupported = Bool(ref json) };
                    outcome = true;
                }
                else if (json.ValueTextEquals("data"u8))
                {
                    json.Read();
                    if (json.TokenType != JsonTokenType.String || json.ValueIsEscaped) throw Broken(Point.DriverFields, "data: hexadecimal digits", text);
                    data = json.ValueSpan;
                }
                else if (json.ValueTextEquals("address"u8)) answer = answer with { Name = Address(ref json, text) };
                else if (json.ValueTextEquals("length"u8)) answer = answer with { NameLength = Int(ref json) };
                else if (json.ValueTextEquals("revents"u8)) answer = answer with { Ready = Events(ref json, text) };
                else if (json.ValueTextEquals("error"u8))
                {
                    json.Read();
                    answer = answer with { Pending = json.TokenType == JsonTokenType.String && json.ValueTextEquals("0"u8) ? Errno.None : Named(ref json, text) };
                }
                else if (json.ValueTextEquals("signals"u8))
                {
                    json.Read();
                    if (json.TokenType != JsonTokenType.StartArray) throw Broken(Point.DriverFields, "signals: a list of names", text);
                    while (json.Read() && json.TokenType == JsonTokenType.String) answer = answer with { BrokenPipe = answer.BrokenPipe | json.ValueTextEquals("SIGPIPE"u8) };
                }
                else
                {
                    json.Read();
                    json.Skip();
                }
            }

            if (json.TokenType != JsonTokenType.EndObject || json.Read()) throw Broken(Point.DriverForm, "one JSON object on each line", text);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw Broken(e is JsonException ? Point.DriverForm : Point.DriverFields, e is JsonException ? "a JSON object on each line" : "fields of the kind that the protocol gives them", text);
        }

        if (!answer.Ok && answer.Value != -1) throw Broken(Point.DriverFields, "either value or errno", text);
        return new Parsed(id, blocked, outcome, answer);
    }

    private static int Int(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var number) ? number : throw new FormatException();
    }

    private static bool Bool(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetBoolean();
    }

    private static Errno Named(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        var name = json.GetString() ?? "";
        return Enum.TryParse<Errno>(name, out var errno) && errno != Errno.None && name[0] == 'E' ? errno : throw Broken(Point.DriverErrno, "an error that POSIX names", text);
    }

    private static readonly (byte[] Word, Ready Event)[] EventWords = [("in"u8.ToArray(), Ready.In), ("out"u8.ToArray(), Ready.Out), ("err"u8.ToArray(), Ready.Err), ("hup"u8.ToArray(), Ready.Hup), ("nval"u8.ToArray(), Ready.Nval)];

    private static Ready Events(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray) throw Broken(Point.DriverFields, "revents: a list", text);
        var events = Ready.None;
        while (json.Read() && json.TokenType == JsonTokenType.String)
        {
            var known = false;
            foreach (var (word, one) in EventWords)
            {
                if (!json.ValueTextEquals(word)) continue;
                events |= one;
                known = true;
            }

            if (!known) throw Broken(Point.DriverFields, "revents: of in, out, err, hup, nval", text);
        }

        return events;
    }

    private static Name Address(ref Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) throw Broken(Point.DriverFields, "address: an object", text);
        var (ip, port, inet) = (0u, 0, true);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("port"u8)) port = Int(ref json);
            else if (json.ValueTextEquals("ip"u8))
            {
                json.Read();
                if (json.TokenType != JsonTokenType.String) throw Broken(Point.DriverFields, "ip: a text", text);
                ip = Ip(json.ValueSpan);
            }
            else if (json.ValueTextEquals("family"u8))
            {
                json.Read();
                inet = json.TokenType == JsonTokenType.String && json.ValueTextEquals("inet"u8);
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }

        return inet ? new Name(ip, port) : default;
    }

    private static uint Ip(ReadOnlySpan<byte> text)
    {
        var (ip, part, dots) = (0u, 0u, 0);
        foreach (var c in text)
        {
            if (c == '.')
            {
                ip = (ip << 8) | part;
                (part, dots) = (0, dots + 1);
            }
            else if (c is >= (byte)'0' and <= (byte)'9' && part < 256) part = (part * 10) + c - '0';
            else throw new FormatException();
        }

        return dots == 3 && part < 256 ? (ip << 8) | part : throw new FormatException();
    }

    private void Greet(ReadOnlySpan<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text.ToArray());
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("driver", out var version)) throw Broken(Point.DriverHello, "a hello such as {\"driver\":1,\"name\":\"mine\",\"profile\":\"posix\",\"lacks\":[]}", text);
            if (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number) || number != 1) throw Broken(Point.DriverHello, "version 1 of the protocol", text);
            Name = root.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : "driver";
            if (root.TryGetProperty("profile", out var profile) && profile.ValueKind == JsonValueKind.String) Profile = profile.GetString()!;
            if (!root.TryGetProperty("lacks", out var missing)) return;
            foreach (var one in missing.EnumerateArray()) lacks.Add(one.GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Broken(Point.DriverHello, "a hello such as {\"driver\":1,\"name\":\"mine\",\"profile\":\"posix\",\"lacks\":[]}", text);
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
            if (left <= TimeSpan.Zero || !Libc.WaitFor(output, Libc.PollIn, (int)Math.Ceiling(left.TotalMilliseconds)))
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

    private DriverException Gone(string how)
    {
        var ended = box.Process!.End.Wait(TimeSpan.FromSeconds(1));
        return new DriverException(lastId == 0 ? Point.DriverHello : Point.DriverAnswer, "an answer", (ended ? $"the driver {box.Process.End.Result}" : how) + AndSaid());
    }

    private string AndSaid() => Said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } last ? $"; it printed: {last}" : "";

    private static DriverException Broken(Point point, string expected, ReadOnlySpan<byte> text) => new(point, expected, Encoding.UTF8.GetString(text[..Math.Min(text.Length, 200)]));

    private sealed class Held
    {
        public Call Call { get; init; }

        public Answer? Answer { get; set; }

        public byte[] Data { get; set; } = [];
    }
}
