using SockConformance.Model;

namespace SockConformance.Suites;

/// <summary>Services of no special kind, so that requirements which only a spec of one's own has can be listed and explained.</summary>
internal static class Examples
{
    private static readonly Framing.Line Line = new("0D0A", 512, Unterminated.Ignore);
    private static readonly Framing.LengthPrefix Prefix = new(4, BigEndian: true, CountsFrame: false, Max: 64 * 1024);
    private static readonly Generation Bytes = Generation.None with { HasBytes = true, MinBytes = 0, MaxBytes = 64 * 1024, Alphabet = Alphabet.Bytes };

    /// <summary>Commands in lines, with a greeting, a last word and an answer for what is no command.</summary>
    public static ServiceSpec Lines { get; } = new()
    {
        Name = "lines of your own",
        Title = "commands in lines",
        Request = Line,
        Reply = Line,
        Greeting = new Reply.Literal("READY"u8.ToArray()),
        Rules =
        [
            new Rule(new When(Prefix: "SAY "u8.ToArray()), Bytes with { MaxBytes = 508, Alphabet = Alphabet.Printable }, new Reply.Transformed(Transform.Same), Then.Keep),
            new Rule(new When(Literal: "QUIT"u8.ToArray()), Generation.None, new Reply.Literal("BYE"u8.ToArray()), Then.Close),
            new Rule(new When(Malformed: true), Generation.None, new Reply.Literal("ERR"u8.ToArray()), Then.Keep),
        ],
    };

    /// <summary>Lines in TLS, where the end of the session ends the last of them.</summary>
    public static ServiceSpec SecuredLines { get; } = Lines with
    {
        Name = "lines of your own over TLS",
        Title = "commands in lines, over TLS",
        Tls = TlsSpec.Default,
        Request = Line with { AtEof = Unterminated.Reply },
    };

    /// <summary>Messages behind their length.</summary>
    public static ServiceSpec Lengths { get; } = new() { Name = "length prefixes of your own", Title = "messages behind their length", Request = Prefix, Reply = Prefix, Rules = [new Rule(new When(), Bytes, new Reply.Transformed(Transform.Same), Then.Keep)] };
}
