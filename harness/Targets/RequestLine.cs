using System.Buffers;
using System.Buffers.Text;
using System.Text;
using SockConformance.Api;

namespace SockConformance.Targets;

/// <summary>Requests as lines of docs/driver-protocol.md, one after the other in the same memory.</summary>
/// <param name="withoutSignals">MSG_NOSIGNAL is not said: the driver has no signals that it could keep back.</param>
internal sealed class RequestLine(bool withoutSignals)
{
    private static readonly byte[][] Calls = [.. Enum.GetValues<Primitive>().Select(op => Ascii($",\"call\":\"{Word(op)}\""))];
    private static readonly byte[][] Options = [.. Enum.GetValues<SocketOption>().Select(option => Ascii($",\"option\":\"{Word(option)}\""))];

    /// <summary>For each set of flags.</summary>
    private static readonly byte[][] Flags = [.. Enumerable.Range(0, 32).Select(flags => FlagsOf((CallFlags)flags))];

    private readonly ArrayBufferWriter<byte> line = new(4096);

    /// <summary>The words of the protocol are the names of the vocabulary, in small letters.</summary>
    public static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The word of one flag.</summary>
    public static string Word(CallFlags flag) => flag == CallFlags.OutOfBand ? "oob" : Word<CallFlags>(flag);

    /// <summary>A request that is no primitive on a socket; at most one field.</summary>
    public ReadOnlySpan<byte> Of(int id, string call, string? field = null, int value = 0)
    {
        line.Clear();
        Text(Ascii($"{{\"id\":{id},\"call\":\"{call}\"{(field is null ? "" : $",\"{field}\":{value}")}}}\n"));
        return line.WrittenSpan;
    }

    /// <param name="data">What SEND sends.</param>
    /// <param name="background">On a thread of its own.</param>
    public ReadOnlySpan<byte> Of(int id, in Request request, ReadOnlySpan<byte> data, bool background)
    {
        var call = request.Call;
        line.Clear();
        Text("{\"id\":"u8);
        Number(id);
        Text(Calls[(int)call.Op]);
        if (call.Op is not (Primitive.Socket or Primitive.Open or Primitive.Limit)) Field(",\"socket\":"u8, request.Descriptor);
        switch (call.Op)
        {
            case Primitive.Socket:
                Text(call.Domain switch { Domain.Inet => ",\"domain\":\"inet\""u8, Domain.Inet6 => ",\"domain\":\"inet6\""u8, _ => ",\"domain\":\"unknown\""u8 });
                Text(call.Type switch { SocketType.Stream => ",\"type\":\"stream\""u8, SocketType.Dgram => ",\"type\":\"dgram\""u8, _ => ",\"type\":\"unknown\""u8 });
                Field(",\"protocol\":"u8, call.Size);
                break;
            case Primitive.Bind or Primitive.Connect: Address(request); break;
            case Primitive.Listen: Field(",\"backlog\":"u8, call.Size); break;
            case Primitive.Send:
                Data(data);
                Text(FlagsOf(call));
                if (call.Where != Where.None) Address(request);
                break;
            case Primitive.Recv:
                Field(",\"length\":"u8, call.Size);
                Text(FlagsOf(call));
                break;
            case Primitive.Shutdown: Text(call.How switch { How.Rd => ",\"how\":\"rd\""u8, How.Wr => ",\"how\":\"wr\""u8, How.RdWr => ",\"how\":\"rdwr\""u8, _ => ",\"how\":\"unknown\""u8 }); break;
            case Primitive.Getsockname or Primitive.Getpeername when call.Size > 0: Field(",\"room\":"u8, call.Size); break;
            case Primitive.Setsockopt:
                Text(Options[(int)call.Option]);
                Field(",\"number\":"u8, call.Size);
                break;
            case Primitive.Getsockopt: Text(Options[(int)call.Option]); break;
            case Primitive.Nonblocking: Text(call.Size != 0 ? ",\"on\":true"u8 : ",\"on\":false"u8); break;
            case Primitive.Poll: Field(",\"events\":[\"in\",\"out\"],\"timeout\":"u8, call.Size); break;
            case Primitive.Limit: Field(",\"spare\":"u8, call.Size); break;
        }

        Text(background ? ",\"background\":true}\n"u8 : "}\n"u8);
        return line.WrittenSpan;
    }

    private void Text(ReadOnlySpan<byte> text) => line.Write(text);

    private void Number(long number)
    {
        Utf8Formatter.TryFormat(number, line.GetSpan(24), out var count);
        line.Advance(count);
    }

    private void Field(ReadOnlySpan<byte> name, int value)
    {
        Text(name);
        Number(value);
    }

    private void Data(ReadOnlySpan<byte> data)
    {
        Text(",\"data\":\""u8);
        Convert.TryToHexStringLower(data, line.GetSpan(data.Length * 2), out var count);
        line.Advance(count);
        Text("\""u8);
    }

    private void Address(in Request request)
    {
        var name = request.Address;
        switch (request.Call.Where)
        {
            case Where.OtherFamily: Text(",\"address\":{\"family\":\"inet6\",\"ip\":\"::1\",\"port\":"u8); break;
            case Where.Unspecified: Text(",\"address\":{\"family\":\"unspec\",\"ip\":\"0.0.0.0\",\"port\":"u8); break;
            default:
                Text(",\"address\":{\"family\":\"inet\",\"ip\":\""u8);
                for (var shift = 24; shift >= 0; shift -= 8)
                {
                    Number((name.Ip >> shift) & 255);
                    if (shift > 0) Text("."u8);
                }

                Text("\",\"port\":"u8);
                break;
        }

        Number(name.Port);
        Text(request.Call.Where == Where.BadLength ? ",\"length\":7}"u8 : "}"u8);
    }

    private byte[] FlagsOf(in Call call) => Flags[(int)(withoutSignals ? call.Flags & ~CallFlags.NoSignal : call.Flags)];

    private static byte[] FlagsOf(CallFlags flags)
    {
        var words = Enum.GetValues<CallFlags>().Where(flag => flag != CallFlags.None && flags.HasFlag(flag)).Select(flag => $"\"{Word(flag)}\"");
        return flags == CallFlags.None ? [] : Ascii($",\"flags\":[{string.Join(',', words)}]");
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
