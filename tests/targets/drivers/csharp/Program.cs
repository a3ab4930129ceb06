// drives: System.Net.Sockets.Socket of .NET
// Driver for `sockconf check --driver` (docs/driver-protocol.md). The class is close to the C API: nearly every
// call is one method of it. Its own checks are told by the errno that they stand for: ObjectDisposedException
// is EBADF, InvalidOperationException EINVAL. An address of another family or length is an EndPoint of our own,
// for which that class is made.
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace SockConformance.Drivers;

internal static class Program
{
    private static readonly string[] Lacks = ["signals", "dup", "open", "limit", "interrupt", "waitall", "dontwait", "nosignal", "usertimeout"];

    private static readonly StreamWriter Out = new(Console.OpenStandardOutput()) { AutoFlush = true };
    private static readonly Dictionary<int, Socket> Sockets = []; // by number; guarded by itself
    private static readonly HashSet<int> Closed = []; // numbers to be given anew; till then a call on one finds the closed object
    private static readonly List<Background> Running = [];

    private static void Main()
    {
        var lacks = new JsonArray([.. Lacks.Select(word => JsonValue.Create(word))]);
        Write(new JsonObject { ["driver"] = 1, ["name"] = ".NET Socket", ["profile"] = "dotnet", ["lacks"] = lacks });
        using var input = new StreamReader(Console.OpenStandardInput());
        while (input.ReadLine() is { } line)
        {
            var request = JsonNode.Parse(line)!.AsObject();
            if ((string?)request["call"] == "reset")
                Reset();
            if ((bool?)request["background"] == true)
                new Background(request).Begin();
            else
                Write(Answer(request));
        }
    }

    private static void Write(JsonObject message)
    {
        lock (Out)
            Out.Write(message.ToJsonString() + "\n");
    }

    /// <summary>A request on a thread of its own; a background thread does not outlive the end of stdin.</summary>
    private sealed class Background
    {
        private readonly JsonObject _request;
        private readonly Thread _thread;
        private bool _over; // answered, or too late for it; guarded by Out

        public Background(JsonObject request)
        {
            _request = request;
            _thread = new Thread(Run) { IsBackground = true };
        }

        public void Begin()
        {
            Running.RemoveAll(earlier => !earlier._thread.IsAlive);
            Running.Add(this);
            _thread.Start();
            _thread.Join(20);
            lock (Out)
            {
                if (!_over)
                    Write(new JsonObject { ["id"] = (int)_request["id"]!, ["blocked"] = true });
            }
        }

        private void Run()
        {
            var answer = Answer(_request);
            lock (Out)
            {
                if (!_over)
                    Write(answer);
                _over = true;
            }
        }

        public void End()
        {
            _thread.Join(500);
            lock (Out)
                _over = true;
        }
    }

    /// <summary>Disposing of a socket wakes the threads that are blocked in a call on it.</summary>
    private static void Reset()
    {
        CloseAll();
        Running.ForEach(background => background.End());
        Running.Clear();
        CloseAll(); // what was accepted meanwhile
        lock (Sockets)
        {
            Sockets.Clear();
            Closed.Clear();
        }
    }

    private static void CloseAll()
    {
        lock (Sockets)
        {
            foreach (var socket in Sockets.Values)
                socket.Dispose();
        }
    }

    private static int Numbered(Socket socket)
    {
        lock (Sockets)
        {
            var number = Enumerable.Range(3, int.MaxValue - 3).First(n => !Sockets.ContainsKey(n) || Closed.Contains(n));
            Sockets[number] = socket;
            Closed.Remove(number);
            return number;
        }
    }

    private static JsonObject Answer(JsonObject request)
    {
        JsonObject answer;
        try
        {
            answer = CarryOut(request);
        }
        catch (Exception e) when (e is UnsupportedException or NotSupportedException or KeyNotFoundException)
        {
            answer = new JsonObject { ["unsupported"] = true };
        }
        catch (Exception e)
        {
            answer = new JsonObject { ["errno"] = Words.Errno(e) };
        }
        answer.Insert(0, "id", (int)request["id"]!);
        return answer;
    }

    private static JsonObject CarryOut(JsonObject request)
    {
        var call = (string?)request["call"];
        if (call == "reset")
            return Value(0); // the main loop has done it
        if (call == "socket")
        {
            var (domain, type) = (Words.Domains[(string)request["domain"]!], Words.Types[(string)request["type"]!]);
            return Value(Numbered(new Socket(domain, type, (ProtocolType)(int)request["protocol"]!)));
        }
        Socket? socket;
        lock (Sockets)
            Sockets.TryGetValue((int?)request["socket"] ?? -1, out socket);
        if (socket == null || request.ContainsKey("room"))
            throw new UnsupportedException();
        switch (call)
        {
            case "bind":
                socket.Bind(Words.EndPoint(request["address"]!));
                return Value(0);
            case "connect":
                return Connect(socket, Words.EndPoint(request["address"]!));
            case "listen":
                socket.Listen((int)request["backlog"]!);
                return Value(0);
            case "accept":
                var accepted = socket.Accept();
                var peer = Words.Address(accepted.RemoteEndPoint!);
                return Value(Numbered(accepted), ("address", peer));
            case "send":
                var sent = Convert.FromHexString((string)request["data"]!);
                return Value(request["address"] is { } to
                    ? socket.SendTo(sent, Words.Flags(request), Words.EndPoint(to))
                    : socket.Send(sent, Words.Flags(request)));
            case "recv":
                return Receive(socket, new byte[(int)request["length"]!], Words.Flags(request));
            case "shutdown":
                socket.Shutdown(Words.Hows[(string)request["how"]!]);
                return Value(0);
            case "close":
                socket.Dispose();
                lock (Sockets)
                    Closed.Add((int)request["socket"]!);
                return Value(0);
            case "getsockname": // null: not bound
                return Value(0, ("address", Words.Address(socket.LocalEndPoint ?? Any(socket))));
            case "getpeername":
                var connected = socket.RemoteEndPoint ?? throw new SocketException((int)SocketError.NotConnected);
                return Value(0, ("address", Words.Address(connected)));
            case "setsockopt":
                SetOption(socket, (string)request["option"]!, (int)request["number"]!);
                return Value(0);
            case "getsockopt":
                return GetOption(socket, (string)request["option"]!);
            case "nonblocking":
                socket.Blocking = !(bool)request["on"]!;
                return Value(0);
            case "poll":
                var events = request["events"]!.AsArray().Select(word => (string)word!).ToList();
                return Poll(socket, events.Contains("in"), events.Contains("out"), (int)request["timeout"]!);
            default:
                throw new UnsupportedException();
        }
    }

    private static JsonObject Connect(Socket socket, EndPoint to)
    {
        try
        {
            socket.Connect(to);
            return Value(0);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock) // as Windows calls it
        {
            return new JsonObject { ["errno"] = "EINPROGRESS" };
        }
    }

    private static JsonObject Receive(Socket socket, byte[] buffer, SocketFlags flags)
    {
        if (socket.SocketType != SocketType.Dgram)
        {
            var received = socket.Receive(buffer, flags);
            return Value(received, ("data", Convert.ToHexStringLower(buffer, 0, received)));
        }
        EndPoint sender = Any(socket);
        var size = socket.ReceiveFrom(buffer, flags, ref sender);
        return Value(size, ("data", Convert.ToHexStringLower(buffer, 0, size)), ("address", Words.Address(sender)));
    }

    private static void SetOption(Socket socket, string option, int number)
    {
        var (level, name) = Words.Options[option];
        if (name == SocketOptionName.Linger)
            socket.SetSocketOption(level, name, new LingerOption(number >= 0, Math.Max(number, 0)));
        else
            socket.SetSocketOption(level, name, number);
    }

    private static JsonObject GetOption(Socket socket, string option)
    {
        var (level, name) = Words.Options[option];
        return socket.GetSocketOption(level, name) switch
        {
            LingerOption linger => Value(linger.Enabled ? linger.LingerTime : -1),
            int error when name == SocketOptionName.Error => Value(0, ("error", error == 0 ? "0" : Words.Errno((SocketError)error))),
            int number => Value(number),
            _ => throw new UnsupportedException(),
        };
    }

    /// <summary>Select has the same three lists as select(): "hup" and "nval" it cannot tell.</summary>
    private static JsonObject Poll(Socket socket, bool input, bool output, int milliseconds)
    {
        List<Socket> read = input ? [socket] : [], write = output ? [socket] : [], error = [socket];
        Socket.Select(read, write, error, TimeSpan.FromMilliseconds(milliseconds));
        var revents = new JsonArray();
        foreach (var (list, word) in new[] { (read, "in"), (write, "out"), (error, "err") })
        {
            if (list.Count > 0)
                revents.Add(word);
        }
        return Value(revents.Count > 0 ? 1 : 0, ("revents", revents));
    }

    private static IPEndPoint Any(Socket socket) =>
        new(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);

    private static JsonObject Value(int value, params (string Name, JsonNode Value)[] more)
    {
        var answer = new JsonObject { ["value"] = value };
        foreach (var (name, node) in more)
            answer[name] = node;
        return answer;
    }
}

/// <summary>The class under test has no way to say this.</summary>
internal sealed class UnsupportedException : Exception;

/// <summary>The address of a request as it stands: the family and the length that it says.</summary>
internal sealed class LiteralEndPoint(IPEndPoint address, AddressFamily family, int? length) : EndPoint
{
    public override AddressFamily AddressFamily => family;

    public override SocketAddress Serialize()
    {
        var plain = address.Serialize();
        var literal = new SocketAddress(family, length ?? plain.Size);
        for (var i = 2; i < Math.Min(plain.Size, literal.Size); i++)
            literal[i] = plain[i];
        return literal;
    }

    /// <summary>A socket that was given such an address once makes its peers' addresses by it: of their own family.</summary>
    public override EndPoint Create(SocketAddress socketAddress) =>
        new IPEndPoint(socketAddress.Family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0).Create(socketAddress);
}

/// <summary>The words of the protocol and what they are in .NET; a word that is not here is one that .NET does not have.</summary>
internal static class Words
{
    public static readonly Dictionary<string, AddressFamily> Domains = new()
    {
        ["inet"] = AddressFamily.InterNetwork,
        ["inet6"] = AddressFamily.InterNetworkV6,
        ["unknown"] = AddressFamily.Unknown,
    };

    private static readonly Dictionary<string, AddressFamily> Families = new()
    {
        ["inet"] = AddressFamily.InterNetwork,
        ["inet6"] = AddressFamily.InterNetworkV6,
        ["unspec"] = AddressFamily.Unspecified,
    };

    public static readonly Dictionary<string, SocketType> Types = new()
    {
        ["stream"] = SocketType.Stream,
        ["dgram"] = SocketType.Dgram,
        ["unknown"] = SocketType.Unknown,
    };

    public static readonly Dictionary<string, SocketShutdown> Hows = new()
    {
        ["rd"] = SocketShutdown.Receive,
        ["wr"] = SocketShutdown.Send,
        ["rdwr"] = SocketShutdown.Both,
        ["unknown"] = (SocketShutdown)255,
    };

    public static readonly Dictionary<string, (SocketOptionLevel Level, SocketOptionName Name)> Options = new()
    {
        ["reuseaddr"] = (SocketOptionLevel.Socket, SocketOptionName.ReuseAddress),
        ["nodelay"] = (SocketOptionLevel.Tcp, SocketOptionName.NoDelay),
        ["broadcast"] = (SocketOptionLevel.Socket, SocketOptionName.Broadcast),
        ["linger"] = (SocketOptionLevel.Socket, SocketOptionName.Linger),
        ["rcvtimeo"] = (SocketOptionLevel.Socket, SocketOptionName.ReceiveTimeout),
        ["sndtimeo"] = (SocketOptionLevel.Socket, SocketOptionName.SendTimeout),
        ["rcvbuf"] = (SocketOptionLevel.Socket, SocketOptionName.ReceiveBuffer),
        ["sndbuf"] = (SocketOptionLevel.Socket, SocketOptionName.SendBuffer),
        ["error"] = (SocketOptionLevel.Socket, SocketOptionName.Error),
        ["type"] = (SocketOptionLevel.Socket, SocketOptionName.Type),
        ["acceptconn"] = (SocketOptionLevel.Socket, SocketOptionName.AcceptConnection),
    };

    private static readonly Dictionary<SocketError, string> Errors = new()
    {
        [SocketError.AccessDenied] = "EACCES",
        [SocketError.AddressAlreadyInUse] = "EADDRINUSE",
        [SocketError.AddressFamilyNotSupported] = "EAFNOSUPPORT",
        [SocketError.AddressNotAvailable] = "EADDRNOTAVAIL",
        [SocketError.AlreadyInProgress] = "EALREADY",
        [SocketError.ConnectionAborted] = "ECONNABORTED",
        [SocketError.ConnectionRefused] = "ECONNREFUSED",
        [SocketError.ConnectionReset] = "ECONNRESET",
        [SocketError.DestinationAddressRequired] = "EDESTADDRREQ",
        [SocketError.Fault] = "EFAULT",
        [SocketError.HostUnreachable] = "EHOSTUNREACH",
        [SocketError.InProgress] = "EINPROGRESS",
        [SocketError.Interrupted] = "EINTR",
        [SocketError.InvalidArgument] = "EINVAL",
        [SocketError.IsConnected] = "EISCONN",
        [SocketError.MessageSize] = "EMSGSIZE",
        [SocketError.NetworkDown] = "ENETDOWN",
        [SocketError.NetworkReset] = "ENETRESET",
        [SocketError.NetworkUnreachable] = "ENETUNREACH",
        [SocketError.NoBufferSpaceAvailable] = "ENOBUFS",
        [SocketError.NotConnected] = "ENOTCONN",
        [SocketError.NotSocket] = "ENOTSOCK",
        [SocketError.OperationAborted] = "ECANCELED",
        [SocketError.OperationNotSupported] = "EOPNOTSUPP",
        [SocketError.ProtocolNotSupported] = "EPROTONOSUPPORT",
        [SocketError.ProtocolOption] = "ENOPROTOOPT",
        [SocketError.ProtocolType] = "EPROTOTYPE",
        [SocketError.Shutdown] = "EPIPE",
        [SocketError.TimedOut] = "ETIMEDOUT",
        [SocketError.TooManyOpenSockets] = "EMFILE",
        [SocketError.WouldBlock] = "EAGAIN",
    };

    public static string Errno(SocketError error)
    {
        if (Errors.TryGetValue(error, out var name))
            return name;
        Console.Error.WriteLine($"no name for SocketError.{error}");
        return "EIO";
    }

    public static string Errno(Exception e)
    {
        switch (e)
        {
            case SocketException socket:
                return Errno(socket.SocketErrorCode);
            case ObjectDisposedException:
                return "EBADF";
            case InvalidOperationException or ArgumentException:
                return "EINVAL";
            default:
                Console.Error.WriteLine(e);
                return "EIO";
        }
    }

    public static SocketFlags Flags(JsonObject request)
    {
        var flags = SocketFlags.None;
        foreach (var word in request["flags"]?.AsArray() ?? [])
        {
            flags |= (string)word! switch
            {
                "peek" => SocketFlags.Peek,
                "oob" => SocketFlags.OutOfBand,
                _ => throw new UnsupportedException(),
            };
        }
        return flags;
    }

    public static EndPoint EndPoint(JsonNode address)
    {
        var family = Families[(string)address["family"]!];
        var plain = new IPEndPoint(IPAddress.Parse((string)address["ip"]!), (int)address["port"]!);
        var length = (int?)address["length"];
        if (length < 2) // a SocketAddress holds the family at least
            throw new UnsupportedException();
        return family == plain.AddressFamily && length == null ? plain : new LiteralEndPoint(plain, family, length);
    }

    public static JsonObject Address(EndPoint address)
    {
        var plain = (IPEndPoint)address;
        var family = plain.AddressFamily == AddressFamily.InterNetworkV6 ? "inet6" : "inet";
        return new JsonObject { ["family"] = family, ["ip"] = plain.Address.ToString(), ["port"] = plain.Port };
    }
}
