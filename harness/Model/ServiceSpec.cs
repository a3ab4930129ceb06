using System.Collections.Immutable;

namespace SockConformance.Model;

public enum Transport
{
    Tcp,
    Udp,
}

/// <summary>What a server does with its side when its client has half-closed.</summary>
public enum HalfClose
{
    DrainThenClose,
    CloseNow,
}

public enum ServerCloses
{
    Never,
    AfterReply,
}

public enum Oversize
{
    Close,
    ErrorReply,
    Truncate,
}

public enum Then
{
    Keep,
    HalfClose,
    Close,
}

/// <summary>How to start and stop a target, where its spec says so.</summary>
public sealed record LaunchSpec(ImmutableArray<string> Command, ImmutableSortedDictionary<string, string> Environment, TimeSpan? Within, string StopSignal, TimeSpan? StopWithin)
{
    public static LaunchSpec None { get; } = new([], ImmutableSortedDictionary<string, string>.Empty, null, "TERM", null);
}

/// <param name="Min">The lowest version allowed: 1.2 or 1.3.</param>
/// <param name="Ca">A file of certificates in PEM that the server's chain must lead to; null for the one the harness made.</param>
/// <param name="Name">The name that the certificate must be for.</param>
public sealed record TlsSpec(Version Min, string? Ca, string Name, bool CloseNotifyRequired)
{
    public static TlsSpec Default { get; } = new(new Version(1, 2), null, "localhost", true);
}

/// <summary>Which messages a rule is about; exactly one of these, or none for any.</summary>
public sealed record When(byte[]? Literal = null, byte[]? Prefix = null, BytePattern? Regex = null, bool Malformed = false)
{
    public bool Matches(ReadOnlySpan<byte> payload) =>
        !Malformed && (Literal is { } literal ? payload.SequenceEqual(literal) : Prefix is { } prefix ? payload.StartsWith(prefix) : Regex?.Matches(payload) ?? true);
}

/// <summary>Where messages for a rule come from: examples, a pattern, or bytes of an alphabet; with none of them the rule's own literal or prefix.</summary>
public sealed record Generation(ImmutableArray<byte[]> Examples, BytePattern? Regex, int MinBytes, int MaxBytes, Alphabet Alphabet, bool HasBytes)
{
    public static Generation None { get; } = new([], null, 0, 0, Alphabet.Printable, false);
}

public enum Transform
{
    Same,
    Upper,
    Lower,
    Reverse,
}

/// <summary>What a rule answers: a transformation of the message, fixed bytes, anything that a pattern matches, or nothing.</summary>
public abstract record Reply
{
    private Reply() { }

    public sealed record Transformed(Transform Transform) : Reply;

    public sealed record Literal(byte[] Bytes) : Reply;

    public sealed record Matching(BytePattern Pattern) : Reply;

    public sealed record None : Reply;
}

public sealed record Rule(When When, Generation Generate, Reply Reply, Then Then);

/// <summary>The level that a spec gives to a requirement; null switches it off.</summary>
public sealed record LevelChange(Level? Level, string? Reason);

/// <summary>
/// What a service is, as a spec file says it (format: <c>sockspec: 1</c>): an executable description, from which messages are
/// generated and by which replies are judged.
/// </summary>
public sealed record ServiceSpec
{
    public required string Name { get; init; }

    public string Title { get; init; } = "";

    /// <summary>The built-in service that it is or extends in the end; empty for none.</summary>
    public string Kind { get; init; } = "";

    public Transport Transport { get; init; } = Transport.Tcp;

    /// <summary>The server must be reachable through the loopback address only.</summary>
    public bool LoopbackOnly { get; init; }

    public LaunchSpec Launch { get; init; } = LaunchSpec.None;

    /// <summary>Null for a service in clear.</summary>
    public TlsSpec? Tls { get; init; }

    public Framing Request { get; init; } = new Framing.Stream();

    public Framing Reply { get; init; } = new Framing.Stream();

    /// <summary>What the server says before it is asked; null for nothing.</summary>
    public Reply? Greeting { get; init; }

    public ImmutableArray<Rule> Rules { get; init; } = [];

    public HalfClose HalfClose { get; init; } = HalfClose.DrainThenClose;

    public ServerCloses ServerCloses { get; init; } = ServerCloses.Never;

    public TimeSpan MustSurviveIdle { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many clients are served at the same time.</summary>
    public int Clients { get; init; } = 50;

    public bool SilentClientMustNotBlock { get; init; } = true;

    /// <summary>Clients may be there at the same time. Without it a server may serve one to its end before the next: its clients come one after the other.</summary>
    public bool ServesSideBySide => Transport == Transport.Udp || SilentClientMustNotBlock;

    /// <summary>The longest request payload; null for what the framing allows.</summary>
    public int? RequestMax { get; init; }

    public Oversize Oversize { get; init; } = Oversize.Close;

    /// <summary>
    /// Of a terminator of several bytes the last one, where the spec does not judge whether the terminator is taken exactly: alone it ends a line, or not.
    /// Null where nothing is left open.
    /// </summary>
    internal byte? LooseTerminator => Request is Framing.Line { End: [_, .., var last] } && Levels.TryGetValue("message/line/terminator-exact", out var change) && change.Level is null ? last : null;

    public ImmutableSortedDictionary<string, LevelChange> Levels { get; init; } = ImmutableSortedDictionary<string, LevelChange>.Empty;

    /// <summary>The texts it was read from, by name: its own first, then those it extends; empty for one made by hand.</summary>
    public ImmutableArray<(string Name, string Text)> Sources { get; init; } = [];

    /// <summary>RFC 862: what comes back is what was sent.</summary>
    public static ServiceSpec Echo { get; } = new()
    {
        Name = "echo",
        Kind = "echo",
        Title = "TCP echo (RFC 862): every byte comes back, until the client ends the connection",
        Rules = [new Rule(new When(), Generation.None with { HasBytes = true, MinBytes = 1, MaxBytes = 1 << 20, Alphabet = Alphabet.Bytes }, new Reply.Transformed(Transform.Same), Then.Keep)],
    };

    /// <summary>A TCP server of which nothing is known but that it is one.</summary>
    public static ServiceSpec Raw { get; } = new() { Name = "raw", Title = "any TCP server: nothing is known of what it answers" };

    /// <summary>Every byte comes back at once and unchanged.</summary>
    public bool IsEcho => Transport == Transport.Tcp && Greeting is null && Request is Framing.Stream && Reply is Framing.Stream && Rules is [{ When: { Literal: null, Prefix: null, Regex: null, Malformed: false }, Reply: Model.Reply.Transformed { Transform: Transform.Same } }];

    /// <summary>Every datagram comes back unchanged.</summary>
    public bool IsDatagramEcho => Transport == Transport.Udp && Rules is [{ When: { Literal: null, Prefix: null, Regex: null, Malformed: false }, Reply: Model.Reply.Transformed { Transform: Transform.Same } }];

    /// <summary>The longest request payload in bytes.</summary>
    public int LongestRequest => Math.Min(RequestMax ?? int.MaxValue, Request.Most);
}
