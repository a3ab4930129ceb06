using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>
/// The phrases of <see cref="Talk"/> for any service: its messages, and what is waited for in return. For echo they are the same
/// as those of Talk. Message number n is the same in every run.
/// </summary>
public sealed class Conversation
{
    private const int GoodbyeMilliseconds = 300, MessageSize = 900, DistinctMessages = 24, MostMessages = 20_000;
    private readonly ImmutableArray<Rule> usual;

    public Conversation(ServiceSpec service)
    {
        Service = service;
        usual = [.. service.Rules.Where(rule => !rule.When.Malformed && rule.Then == Then.Keep)];
        if (usual.IsEmpty) usual = [.. service.Rules.Where(rule => !rule.When.Malformed)];
    }

    public ServiceSpec Service { get; }

    /// <summary>The server speaks for as long as it is listened to.</summary>
    public bool IsEndless => Service is { Transport: Transport.Tcp, Kind: "chargen" };

    /// <summary>The server speaks first, and then ends the connection.</summary>
    public bool IsAnnouncement => Service is { Transport: Transport.Tcp, Greeting: not null, ServerCloses: ServerCloses.AfterReply, Rules.IsEmpty: true };

    public bool IsHttp => Service.Kind == "http";

    /// <summary>Several exchanges fit into one connection.</summary>
    public bool KeepsOpen => !IsAnnouncement && !IsEndless && !IsHttp && Service is { ServerCloses: ServerCloses.Never, Request: not Framing.UntilEof };

    /// <summary>The server ends its TLS session after its reply: a close_notify of ours could only be answered by a reset.</summary>
    private bool IsEndedByServer => Service is { Tls: not null, ServerCloses: ServerCloses.AfterReply };

    /// <summary>The server ends the connection in clear when it has answered one message, which ends by itself.</summary>
    public bool EndsAfterReply => !IsAnnouncement && !IsHttp && Service is { Tls: null, ServerCloses: ServerCloses.AfterReply, Request: not Framing.UntilEof };

    /// <summary>A message is answered.</summary>
    public bool Answers => IsHttp || usual.Any(rule => rule.Reply is not Reply.None);

    /// <summary>Some rule takes messages of any size within bounds.</summary>
    public Rule? Sizeable => usual.FirstOrDefault(rule => GenerationOf(rule).HasBytes && rule.Reply is not Reply.None);

    /// <summary>The id of the requirement without which nothing about data can be checked.</summary>
    public string Probe => Service switch
    {
        { Transport: Transport.Udp } => Answers || Service.Greeting is not null ? "udp/reply/answers" : "udp/listen/told-address",
        { Tls: not null } => "tls/handshake/answers",
        { Kind: "http" } => "http/reply/answers",
        { IsEcho: true } => "echo/data/answers-while-open",
        { Request.HasMessages: true } when Answers => "message/reply/answers-while-open",
        { Kind: "daytime" } => "daytime/reply/at-once",
        { Kind: "time" } => "time/reply/four-octets",
        { Kind: "chargen" } => "chargen/stream/at-once",
        _ => "tcp/handshake/three-way",
    };

    /// <summary>A legal message, framed as it is sent.</summary>
    /// <param name="size">The wanted size of its payload in bytes, where its rule leaves that open.</param>
    public Payload Message(int number, int size = 20)
    {
        if (IsHttp) return Payload.Literal.Of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
        if (Service.IsEcho || usual.IsEmpty) return Talk.Text(size, number);
        return Message(usual[number % usual.Length], number, size);
    }

    /// <summary>Legal messages one behind the other, a few in turns, about so many bytes of them; where they are tiny, no more than can be told apart in good time.</summary>
    public Payload Messages(int bytes)
    {
        if (Sizeable is not null && Service.Request is Framing.Stream) return Message(0, bytes);
        byte[][] some = [.. Enumerable.Range(0, DistinctMessages).Select(number => Message(number, MessageSize).ToBytes())];
        var all = new List<byte>(bytes + MessageSize);
        for (var number = 0; number < MostMessages && all.Count < bytes; number++) all.AddRange(some[number % some.Length]);
        return Payload.Literal.Of([.. all]);
    }

    /// <summary>A legal message of one rule.</summary>
    public Payload Message(Rule rule, int number, int size = 20)
    {
        var generation = GenerationOf(rule);
        if (!generation.Examples.IsEmpty) return Framed(generation.Examples[number / Math.Max(1, usual.Length) % generation.Examples.Length]);
        if (generation.Regex is { } regex) return Framed(PatternText.Draw(regex.Pattern, (ulong)number));
        if (rule.When.Literal is { } literal) return Framed(literal);
        var prefix = rule.When.Prefix ?? [];
        if (Service.Request is Framing.Fixed record) size = record.Size - prefix.Length;
        var length = Math.Clamp(size, generation.MinBytes, Math.Max(generation.MinBytes, Math.Min(generation.MaxBytes, Service.LongestRequest - prefix.Length)));
        return Framed(prefix, new Payload.Generated(length, 3000 + (ulong)number, Plain(generation.Alphabet)));
    }

    /// <summary>Any payload bytes in the frame of a request.</summary>
    public Payload Framed(byte[] payload) => Payload.Literal.Of(Service.Request.Wrap(payload));

    /// <summary>Connect, with the TLS handshake if there is one, and the greeting if there is one.</summary>
    public IEnumerable<Step> Enter(int socket) => Service.Transport == Transport.Udp ? [new Step.Open(socket)] : Enter(new Step.Connect(socket));

    /// <summary>The same with a connect of a special kind.</summary>
    public IEnumerable<Step> Enter(Step.Connect connect) => [connect, .. AfterConnect(connect.Socket)];

    /// <summary>What belongs to entering once the connection is there, or under way.</summary>
    public IEnumerable<Step> AfterConnect(int socket)
    {
        var steps = new List<Step>();
        if (Service.Tls is not null) steps.Add(new Step.Handshake(socket, TlsOffer.Any));
        if (Service.Greeting is not null && !IsAnnouncement) steps.Add(new Step.ReceiveMessages(socket, 1, Service.Reply));
        return steps;
    }

    /// <summary>One message, and what is due for it; of a service that only speaks, what it says.</summary>
    public IEnumerable<Step> Exchange(int socket, int number = 0, int size = 20)
    {
        if (IsAnnouncement) return [new Step.ReceiveMessages(socket, 1, Service.Reply)];
        if (IsEndless) return [new Step.Receive(socket, Math.Max(64, size))];
        return Exchange(socket, Message(number, size));
    }

    /// <summary>This message, and what is due for it.</summary>
    public IEnumerable<Step> Exchange(int socket, Payload message, ImmutableArray<int> cuts = default, int pause = 0) =>
        [Send(socket, message, cuts, pause), .. Service.Request is Framing.UntilEof ? End(socket) : [], .. Receive(socket, message)];

    public static Step.Send Send(int socket, Payload message, ImmutableArray<int> cuts = default, int pause = 0) => new(socket, message, cuts.IsDefault ? [] : cuts, pause);

    /// <summary>What is due for these bytes on a connection that owes nothing else.</summary>
    public IEnumerable<Step> Receive(int socket, Payload message)
    {
        if (Service.Transport == Transport.Udp) return Replies.ToDatagram(Service, message.ToBytes()) is null ? [] : [new Step.ReceiveMessages(socket, 1, new Framing.Datagram())];
        if (IsHttp) return [new Step.ReceiveMessages(socket, 1, Service.Reply)];
        if (Service.IsEcho) return [new Step.Receive(socket, message.Size)];
        var owed = Replies.To(Service with { Greeting = null }, message.ToBytes(), ended: Service.Request is Framing.UntilEof);
        if (owed.Due.IsEmpty) return [];
        return Service.Reply is Framing.Stream ? owed.Exact is { Length: > 0 } exact ? [new Step.Receive(socket, exact.Length)] : [] : [new Step.ReceiveMessages(socket, owed.Due.Length, Service.Reply)];
    }

    /// <summary>The first bytes of a message, whose rest never comes; of a stream any bytes.</summary>
    public Payload HalfMessage(int number, int size = 20)
    {
        if (Service.IsEcho) return Talk.Letters(size, number);
        var whole = Message(number, size).ToBytes();
        return Payload.Literal.Of(whole.AsSpan(0, Math.Max(1, whole.Length / 2)));
    }

    /// <summary>The end of our side: a half-close.</summary>
    public IEnumerable<Step> End(int socket) => [.. Service.Tls is not null ? [new Step.CloseNotify(socket)] : Array.Empty<Step>(), new Step.ShutdownWrite(socket)];

    /// <summary>Our end of the connection, then theirs: the orderly end.</summary>
    public IEnumerable<Step> Finish(int socket) =>
        Service.Transport == Transport.Udp || IsEndless ? [new Step.Close(socket)]
        : [.. Service.Request is Framing.UntilEof || IsAnnouncement || IsEndedByServer ? [] : End(socket), new Step.Receive(socket, null), new Step.Close(socket)];

    /// <summary>A whole connection with one exchange. It does not wait for the server's end of it, unless that is the only sign of its service.</summary>
    public IEnumerable<Step> Visit(int socket, int number = 0, int size = 20) =>
        [.. Enter(socket), .. Exchange(socket, number, size), .. Answers || IsEndless || IsAnnouncement || Service.Transport == Transport.Udp ? Leave(socket) : Finish(socket)];

    /// <summary>The same with this message.</summary>
    public IEnumerable<Step> Visit(int socket, Payload message) => [.. Enter(socket), .. Exchange(socket, message), .. Leave(socket)];

    /// <summary>The same with the orderly end.</summary>
    public IEnumerable<Step> WholeVisit(int socket, int number = 0, int size = 20) => [.. Enter(socket), .. Exchange(socket, number, size), .. Finish(socket)];

    /// <summary>Close without waiting for the server's end.</summary>
    /// <remarks>
    /// A TLS server's own close_notify gets a moment to arrive: after our close it would be answered by our kernel's RST, which is a
    /// matter of its own.
    /// </remarks>
    public IEnumerable<Step> Leave(int socket) => Service.Tls is null ? [new Step.Close(socket)]
        : [
            .. Service.Request is Framing.UntilEof || IsAnnouncement || IsEndedByServer ? Array.Empty<Step>() : [new Step.CloseNotify(socket)],
            new Step.Await(socket, GoodbyeMilliseconds, new Framing.Stream()), new Step.Close(socket),
        ];

    /// <summary>What a rule's messages are made of: where it does not say, what its condition says.</summary>
    internal static Generation GenerationOf(Rule rule) => rule switch
    {
        { Generate: { Examples.IsEmpty: true, Regex: null, HasBytes: false }, When: { Literal: null, Prefix: null, Regex: { } pattern } } => Generation.None with { Regex = pattern },
        { Generate: { Examples.IsEmpty: true, Regex: null, HasBytes: false }, When.Literal: null } => Generation.None with { HasBytes = true, MinBytes = 1, MaxBytes = 512, Alphabet = Alphabet.Printable },
        _ => rule.Generate,
    };

    /// <summary>Generated content must not look like the end of its own frame; and what odd bytes do in a datagram is a matter of its own.</summary>
    private Alphabet Plain(Alphabet alphabet) => alphabet is Alphabet.Bytes or Alphabet.Text && Service.Request is Framing.Line or Framing.Datagram ? Alphabet.Printable : alphabet;

    private Payload Framed(byte[] prefix, Payload content)
    {
        var parts = ImmutableArray.CreateBuilder<Payload>();
        var head = Service.Request is Framing.LengthPrefix length ? length.Prefix((ulong)(prefix.Length + content.Size + (length.CountsFrame ? length.Bytes : 0))) : [];
        if (head.Length + prefix.Length > 0) parts.Add(Payload.Literal.Of([.. head, .. prefix]));
        if (content.Size > 0) parts.Add(content);
        if (Service.Request is Framing.Line line) parts.Add(Payload.Literal.Of(line.End));
        return parts.Count == 1 ? parts[0] : new Payload.Joined(parts.ToImmutable()) is { Size: <= 256 } small ? Payload.Literal.Of(small.ToBytes()) : new Payload.Joined(parts.ToImmutable());
    }
}
