using System.Text;
using System.Text.Json;
using SockConformance.Api;

namespace SockConformance.Targets;

/// <summary>A driver's answer as it stood on its line. What is no answer is a <see cref="DriverException"/> that names the rule of docs/driver-protocol.md.</summary>
internal readonly ref struct AnswerLine
{
    private readonly ReadOnlySpan<byte> text, data;
    private readonly Told told;

    private AnswerLine(ReadOnlySpan<byte> text, ReadOnlySpan<byte> data, int id, bool blocked, Told told, Answer answer)
    {
        this.text = text;
        this.data = data;
        this.told = told;
        (Id, Blocked, Answer) = (id, blocked, answer);
    }

    /// <summary>Fields that are there, of those whose absence their value does not show.</summary>
    [Flags]
    private enum Told
    {
        None = 0,
        Outcome = 1,
        Value = 2,
        Data = 4,
        Events = 8,
        Pending = 16,
    }

    public int Id { get; }

    /// <summary>The call waits; its answer is still to come.</summary>
    public bool Blocked { get; }

    public Answer Answer { get; }

    /// <summary>Whether this can be the answer to such a call; the bytes that RECV gave go to the room. Returns how many they are.</summary>
    public int TakeFor(in Call call, Span<byte> room)
    {
        if ((told & Told.Outcome) == 0) throw Broken(Point.DriverFields, "value, errno or unsupported", text);
        var received = call.Op == Primitive.Recv && Answer.Ok ? Bytes(room) : 0;
        if (Answer is { Ok: true, Unsupported: false } && Missing(call) is { } field) throw Broken(Point.DriverFields, $"the field \"{field}\"", text);
        return received;
    }

    public static AnswerLine Read(ReadOnlySpan<byte> text)
    {
        var (id, blocked, told) = (-1, false, Told.None);
        var answer = default(Answer);
        ReadOnlySpan<byte> data = default;
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
                    told |= Told.Outcome | Told.Value;
                }
                else if (json.ValueTextEquals("errno"u8))
                {
                    json.Read();
                    if (json.TokenType != JsonTokenType.String) throw Broken(Point.DriverFields, "errno: a name", text);
                    answer = answer with { Error = Named(ref json, text) };
                    told |= Told.Outcome;
                }
                else if (json.ValueTextEquals("blocked"u8)) blocked = Bool(ref json);
                else if (json.ValueTextEquals("unsupported"u8))
                {
                    answer = answer with { Unsupported = Bool(ref json) };
                    told |= Told.Outcome;
                }
                else if (json.ValueTextEquals("data"u8))
                {
                    json.Read();
                    if (json.TokenType != JsonTokenType.String || json.ValueIsEscaped) throw Broken(Point.DriverFields, "data: hexadecimal digits", text);
                    data = json.ValueSpan;
                    told |= Told.Data;
                }
                else if (json.ValueTextEquals("address"u8)) answer = answer with { Name = Address(ref json, text) };
                else if (json.ValueTextEquals("length"u8)) answer = answer with { NameLength = Int(ref json) };
                else if (json.ValueTextEquals("revents"u8))
                {
                    answer = answer with { Ready = Events(ref json, text) };
                    told |= Told.Events;
                }
                else if (json.ValueTextEquals("error"u8))
                {
                    json.Read();
                    answer = answer with { Pending = json.TokenType == JsonTokenType.String && json.ValueTextEquals("0"u8) ? Errno.None : Named(ref json, text) };
                    told |= Told.Pending;
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

        if (!answer.Ok && (told & Told.Value) != 0) throw Broken(Point.DriverFields, "either value or errno", text);
        return new AnswerLine(text, data, id, blocked, told, answer.Ok ? answer : answer with { Value = -1 });
    }

    public static DriverException Broken(Point point, string expected, ReadOnlySpan<byte> text) => new(point, expected, Encoding.UTF8.GetString(text[..Math.Min(text.Length, 200)]));

    /// <summary>The bytes of the hexadecimal text.</summary>
    private int Bytes(Span<byte> room)
    {
        if (data.Length % 2 != 0 || data.Length / 2 > room.Length) throw Broken(Point.DriverFields, "data: an even number of hexadecimal digits, for at most as many bytes as asked for", text);
        for (var i = 0; i < data.Length / 2; i++)
        {
            var (high, low) = (Value(data[2 * i]), Value(data[(2 * i) + 1]));
            if (high < 0 || low < 0) throw Broken(Point.DriverFields, "data: hexadecimal digits", text);
            room[i] = (byte)((high << 4) | low);
        }

        return data.Length / 2;

        static int Value(byte digit) => digit switch { >= (byte)'0' and <= (byte)'9' => digit - '0', >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10, >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10, _ => -1 };
    }

    /// <summary>The field that a success of this call must have and that is not there.</summary>
    private string? Missing(in Call call) => call.Op switch
    {
        Primitive.Accept => Answer.Name is null ? "address" : null,
        Primitive.Getsockname or Primitive.Getpeername => call.Size > 0 ? Answer.NameLength == 0 ? "length" : null : Answer.Name is null ? "address" : null,
        Primitive.Recv => Answer.Value > 0 && (told & Told.Data) == 0 ? "data" : null,
        Primitive.Poll => (told & Told.Events) == 0 ? "revents" : null,
        Primitive.Getsockopt => call.Option == SocketOption.Error && (told & Told.Pending) == 0 ? "error" : null,
        _ => null,
    };

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
}
