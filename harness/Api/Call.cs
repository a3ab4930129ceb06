using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace SockConformance.Api;

/// <summary>
/// One primitive of a program. Sockets are named by slots (s0, s1, …), which stand for whatever descriptor the API gave.
/// Fields that a primitive does not use are at their defaults.
/// </summary>
internal readonly record struct Call(Primitive Op)
{
    public const int MaxSlots = 32, Nowhere = -1;

    /// <summary>The slot of the socket that is used.</summary>
    public sbyte On { get; init; } = Nowhere;

    /// <summary>The slot that stands for the new descriptor of socket, accept, dup and open.</summary>
    public sbyte Gives { get; init; } = Nowhere;

    /// <summary>The slot whose name is the address, with <see cref="Where.NameOf"/>.</summary>
    public sbyte Other { get; init; } = Nowhere;

    public Where Where { get; init; }

    /// <summary>Bytes of send and recv, the backlog, an option's value, the room for a name (0: enough), on (1) or off (0), spare descriptors, the protocol of socket.</summary>
    public int Size { get; init; }

    public CallFlags Flags { get; init; }

    public SocketOption Option { get; init; }

    public How How { get; init; }

    public Domain Domain { get; init; }

    public SocketType Type { get; init; }

    /// <summary>The socket is one of the other host, which is the harness itself.</summary>
    public bool AtPeer { get; init; }

    /// <summary>SEND again and again until it would block.</summary>
    public bool UntilFull { get; init; }

    public static Call Socket(int gives, SocketType type = SocketType.Stream, Domain domain = Domain.Inet, int protocol = 0) => new(Primitive.Socket) { Gives = (sbyte)gives, Type = type, Domain = domain, Size = protocol };

    public static Call Bind(int on, Where where = Where.Loopback, int other = Nowhere) => new(Primitive.Bind) { On = (sbyte)on, Where = where, Other = (sbyte)other };

    public static Call Listen(int on, int backlog = 8) => new(Primitive.Listen) { On = (sbyte)on, Size = backlog };

    public static Call Accept(int gives, int on) => new(Primitive.Accept) { On = (sbyte)on, Gives = (sbyte)gives };

    public static Call Connect(int on, int other) => new(Primitive.Connect) { On = (sbyte)on, Where = Where.NameOf, Other = (sbyte)other };

    public static Call ConnectTo(int on, Where where) => new(Primitive.Connect) { On = (sbyte)on, Where = where };

    public static Call Send(int on, int size, CallFlags flags = CallFlags.NoSignal) => new(Primitive.Send) { On = (sbyte)on, Size = size, Flags = flags };

    public static Call SendTo(int on, int size, int other) => Send(on, size) with { Where = Where.NameOf, Other = (sbyte)other };

    public static Call Recv(int on, int size, CallFlags flags = CallFlags.None) => new(Primitive.Recv) { On = (sbyte)on, Size = size, Flags = flags };

    public static Call Shutdown(int on, How how) => new(Primitive.Shutdown) { On = (sbyte)on, How = how };

    public static Call Close(int on) => new(Primitive.Close) { On = (sbyte)on };

    public static Call Name(int on) => new(Primitive.Getsockname) { On = (sbyte)on };

    public static Call Peer(int on) => new(Primitive.Getpeername) { On = (sbyte)on };

    public static Call Set(int on, SocketOption option, int value) => new(Primitive.Setsockopt) { On = (sbyte)on, Option = option, Size = value };

    public static Call Get(int on, SocketOption option) => new(Primitive.Getsockopt) { On = (sbyte)on, Option = option };

    public static Call Nonblocking(int on, bool value = true) => new(Primitive.Nonblocking) { On = (sbyte)on, Size = value ? 1 : 0 };

    public static Call Poll(int on) => new(Primitive.Poll) { On = (sbyte)on };

    public static Call Dup(int gives, int on) => new(Primitive.Dup) { On = (sbyte)on, Gives = (sbyte)gives };

    public static Call Open(int gives) => new(Primitive.Open) { Gives = (sbyte)gives };

    public static Call Limit(int spare) => new(Primitive.Limit) { Size = spare };

    public static Call Interrupt(int on) => new(Primitive.Interrupt) { On = (sbyte)on };

    /// <summary>The line of the program's text.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (Gives >= 0) text.Append($"s{Gives} = ");
        text.Append(Op.ToString().ToLowerInvariant());
        switch (Op)
        {
            case Primitive.Socket:
                text.Append(' ').Append(Type.ToString().ToLowerInvariant());
                if (Domain != Domain.Inet) text.Append(" domain ").Append(Domain.ToString().ToLowerInvariant());
                if (Size != 0) text.Append($" protocol {Size}");
                if (AtPeer) text.Append(" at peer");
                break;
            case Primitive.Open: break;
            case Primitive.Limit: text.Append($" {Size}"); break;
            default: text.Append($" s{On}"); break;
        }

        switch (Op)
        {
            case Primitive.Bind or Primitive.Connect: text.Append(' ').Append(Place()); break;
            case Primitive.Listen: text.Append($" {Size}"); break;
            case Primitive.Send or Primitive.Recv:
                text.Append(UntilFull ? " until full" : $" {Size}");
                if (Flags != CallFlags.None) text.Append(' ').Append(Flags.ToString().ToLowerInvariant().Replace(", ", ",", StringComparison.Ordinal));
                if (Where != Where.None) text.Append(" to ").Append(Place());
                break;
            case Primitive.Shutdown: text.Append(' ').Append(How.ToString().ToLowerInvariant()); break;
            case Primitive.Getsockname or Primitive.Getpeername when Size > 0: text.Append($" room {Size}"); break;
            case Primitive.Setsockopt: text.Append($" {Option.ToString().ToLowerInvariant()} {Size}"); break;
            case Primitive.Getsockopt: text.Append($" {Option.ToString().ToLowerInvariant()}"); break;
            case Primitive.Nonblocking: text.Append(Size != 0 ? " on" : " off"); break;
        }

        return text.ToString();
    }

    /// <summary>Reads a line as <see cref="ToString"/> writes it.</summary>
    /// <exception cref="FormatException">It is none; the message says what is wrong.</exception>
    public static Call Parse(string line)
    {
        var words = new Queue<string>(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var gives = (sbyte)Nowhere;
        if (words.Count > 1 && words.ElementAt(1) == "=")
        {
            gives = Slot(words.Dequeue());
            words.Dequeue();
        }

        var op = Name<Primitive>(Next("a primitive"));
        var call = new Call(op) { Gives = gives };
        if (op is Primitive.Socket or Primitive.Accept or Primitive.Dup or Primitive.Open != gives >= 0) throw new FormatException($"'{line}': {op.ToString().ToLowerInvariant()} {(gives >= 0 ? "gives no descriptor" : "gives a descriptor: write s0 = …")}");
        if (op == Primitive.Socket)
        {
            call = call with { Type = Name<SocketType>(Next("a type")) };
            while (words.TryDequeue(out var word))
            {
                call = word switch
                {
                    "domain" => call with { Domain = Name<Domain>(Next("a domain")) },
                    "protocol" => call with { Size = Number(Next("a number")) },
                    "at" when Next("“peer”") == "peer" => call with { AtPeer = true },
                    _ => throw new FormatException($"'{line}': '{word}' is not known here"),
                };
            }
        }
        else if (op == Primitive.Limit)
        {
            call = call with { Size = Number(Next("a number")) };
        }
        else if (op != Primitive.Open)
        {
            call = call with { On = Slot(Next("a socket")) };
        }

        switch (op)
        {
            case Primitive.Bind or Primitive.Connect: call = At(call, Next("an address")); break;
            case Primitive.Listen: call = call with { Size = Number(Next("a backlog")) }; break;
            case Primitive.Shutdown: call = call with { How = Name<How>(Next("a direction")) }; break;
            case Primitive.Setsockopt: call = call with { Option = Name<SocketOption>(Next("an option")), Size = Number(Next("a value")) }; break;
            case Primitive.Getsockopt: call = call with { Option = Name<SocketOption>(Next("an option")) }; break;
            case Primitive.Nonblocking: call = call with { Size = Next("on or off") == "on" ? 1 : 0 }; break;
            case Primitive.Getsockname or Primitive.Getpeername when words.TryDequeue(out _): call = call with { Size = Number(Next("a number")) }; break;
            case Primitive.Send or Primitive.Recv:
                var size = Next("a length");
                call = size == "until" && Next("“full”") == "full" ? call with { UntilFull = true, Size = 65536 } : call with { Size = Number(size) };
                while (words.TryDequeue(out var word))
                {
                    call = word == "to" ? At(call, Next("an address")) : call with { Flags = word.Split(',').Aggregate(CallFlags.None, (flags, name) => flags | Name<CallFlags>(name)) };
                }

                break;
        }

        return words.Count == 0 ? call : throw new FormatException($"'{line}': '{words.Peek()}' is too much");

        string Next(string what) => words.TryDequeue(out var word) ? word : throw new FormatException($"'{line}': {what} is missing");

        static sbyte Slot(string word) =>
            word.Length > 1 && word[0] == 's' && int.TryParse(word[1..], NumberStyles.None, CultureInfo.InvariantCulture, out var slot) && slot < MaxSlots ? (sbyte)slot : throw new FormatException($"'{word}' is no socket: write s0 to s{MaxSlots - 1}");

        static int Number(string word) => int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number is >= -1000 and <= 1 << 20 ? number : throw new FormatException($"'{word}' is no number from -1000 to {1 << 20}");

        static T Name<T>(string word) where T : struct, Enum => Enum.TryParse<T>(word.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : throw new FormatException($"'{word}' is not one of {string.Join(", ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}");

        static Call At(Call call, string word) => word[0] == '@' ? call with { Where = Where.NameOf, Other = Slot(word[1..]) } : call with { Where = Name<Where>(word) };
    }

    private string Place() => Where == Where.NameOf ? $"@s{Other}" : Where.ToString().ToLowerInvariant();
}

/// <summary>A sequence of primitives over a few sockets: what is generated, run, judged, shrunk, saved and printed.</summary>
internal sealed record ApiProgram(string Situation, ImmutableArray<Call> Calls)
{
    public override string ToString() => string.Join('\n', Calls);

    public string OneLine() => string.Join("; ", Calls);

    /// <exception cref="FormatException">A line is no call.</exception>
    public static ApiProgram Parse(string situation, IEnumerable<string> lines) => new(situation, [.. lines.Select(Call.Parse)]);
}

/// <summary>An IPv4 address and port as the API told them; other families are not looked into.</summary>
internal readonly record struct Name(uint Ip, int Port)
{
    public const uint Loopback = 0x7f000001, LoopbackBroadcast = 0x7fffffff;

    /// <summary>192.0.2.1: for documents, and on no machine (RFC 5737).</summary>
    public const uint TestNet = 0xc0000201;

    public override string ToString() => $"{Ip >> 24}.{(Ip >> 16) & 255}.{(Ip >> 8) & 255}.{Ip & 255}:{Port}";
}

/// <summary>What the API answered to a call.</summary>
/// <param name="Value">What it returned, if it did not fail.</param>
/// <param name="Error">Why it failed; <see cref="Errno.None"/> if it did not.</param>
internal readonly record struct Answer(int Value, Errno Error)
{
    /// <summary>The address of accept, recvfrom, getsockname, getpeername.</summary>
    public Name? Name { get; init; }

    /// <summary>The length of an address that was cut.</summary>
    public int NameLength { get; init; }

    public Ready Ready { get; init; }

    /// <summary>SO_ERROR.</summary>
    public Errno Pending { get; init; }

    /// <summary>SIGPIPE came with it.</summary>
    public bool BrokenPipe { get; init; }

    /// <summary>The driver has no such call.</summary>
    public bool Unsupported { get; init; }

    public bool Ok => Error == Errno.None;

    public static Answer Failed(Errno error) => new(-1, error);

    public override string ToString() => Unsupported ? "unsupported" : !Ok ? $"-1 {Error}" : $"{Value}" + (Name is { } name ? $" {name}" : "") + (Ready != Ready.None ? $" {Ready.ToString().ToLowerInvariant()}" : "") + (BrokenPipe ? " SIGPIPE" : "");
}
