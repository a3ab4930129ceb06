using System.Collections.Immutable;
using System.Globalization;

namespace SockConformance.Model;

/// <summary>One reply that is due: exactly these bytes as they stand in the stream, or a message whose payload a pattern matches.</summary>
public sealed record DueReply(byte[]? Exact, BytePattern? Pattern)
{
    public override string ToString() => Exact is not null ? $"{Payload.Literal.Of(Exact)}" : Pattern is null ? "any reply" : $"a reply that matches {Pattern}";
}

/// <summary>What a service owes to a client that has sent some bytes.</summary>
/// <param name="Due">In order.</param>
/// <param name="Closes">The server ends the connection after the last of them.</param>
/// <param name="Open">What comes after them is not determined by the spec.</param>
public sealed record Owed(ImmutableArray<DueReply> Due, bool Closes, bool Open)
{
    /// <summary>Among the bytes was something that can be no message: the server may end the connection as it likes.</summary>
    public bool Broken { get; init; }

    /// <summary>The bytes of all that is due, or null where a pattern leaves them open.</summary>
    public byte[]? Exact { get; } = Due.All(one => one.Exact is not null) ? Due is [var only] ? only.Exact : [.. Due.SelectMany(one => one.Exact!)] : null;

    public bool IsExact => Exact is not null && !Open;
}

/// <summary>The service as an executable model: bytes of a client in, what is due to it out. Pure; it does not know how the bytes were cut.</summary>
public static class Replies
{
    /// <param name="ended">The client has half-closed after these bytes.</param>
    public static Owed To(ServiceSpec service, ReadOnlySpan<byte> sent, bool ended)
    {
        var due = ImmutableArray.CreateBuilder<DueReply>();
        if (service.Greeting is { } greeting) due.Add(Framed(service, Answer(greeting, [])));
        var closes = service is { ServerCloses: ServerCloses.AfterReply, Rules.IsEmpty: true };
        switch (service.Request)
        {
            case Framing.Stream when !service.Rules.IsEmpty:
                // A stream has no messages: what comes in is transformed byte by byte, and its cuts mean nothing.
                if (service.Rules[0].Reply is not Reply.None && sent.Length > 0) due.Add(new DueReply(Answer(service.Rules[0].Reply, sent).Exact, null));
                return new Owed(due.ToImmutable(), closes || ended, false);
            case Framing.Stream:
                return new Owed(due.ToImmutable(), closes || ended, service.Greeting is null);
            case Framing.UntilEof:
                if (!ended) return new Owed(due.ToImmutable(), false, false);
                if (Respond(service, sent) is { } rule && rule.Reply is not Reply.None) due.Add(Framed(service, Answer(rule.Reply, sent)));
                return new Owed(due.ToImmutable(), true, false);
        }

        while (!sent.IsEmpty)
        {
            var frame = service.Request.Take(sent);
            if (service.LooseTerminator is { } loose && (frame.Status == FrameStatus.Whole ? frame.Payload(sent) : sent).Contains(loose)) return new Owed(due.ToImmutable(), false, true);
            if (frame.Status == FrameStatus.Partial) break;
            if (frame.Status == FrameStatus.Broken || frame.Length > service.LongestRequest) return Broken(service, due);
            var payload = frame.Payload(sent);
            sent = sent[frame.Total..];
            if (Respond(service, payload) is not { } rule) return new Owed(due.ToImmutable(), false, true);
            if (rule.Reply is not Reply.None) due.Add(Framed(service, Answer(rule.Reply, payload)));
            if (rule.Then != Then.Keep || service.ServerCloses == ServerCloses.AfterReply) return new Owed(due.ToImmutable(), true, false);
        }

        if (ended && !sent.IsEmpty && service.Request is Framing.Line { AtEof: Unterminated.Reply } && Respond(service, sent) is { Reply: not Reply.None } last) due.Add(Framed(service, Answer(last.Reply, sent)));
        return new Owed(due.ToImmutable(), ended, false);
    }

    /// <summary>What a datagram is owed: null where none is.</summary>
    public static DueReply? ToDatagram(ServiceSpec service, ReadOnlySpan<byte> sent)
    {
        if (service.Greeting is { } greeting) return Answer(greeting, sent);
        return Respond(service, sent) is { Reply: not Reply.None } rule ? Answer(rule.Reply, sent) : null;
    }

    /// <summary>The rule for a message: the first that matches, or else the one for malformed messages; null where the spec says nothing.</summary>
    public static Rule? Respond(ServiceSpec service, ReadOnlySpan<byte> payload)
    {
        foreach (var rule in service.Rules)
        {
            if (rule.When.Matches(payload)) return rule;
        }

        return service.Rules.FirstOrDefault(rule => rule.When.Malformed);
    }

    /// <summary>A message that is too long, or whose length makes no sense: what the limits say.</summary>
    private static Owed Broken(ServiceSpec service, ImmutableArray<DueReply>.Builder due)
    {
        if (service.Oversize == Oversize.ErrorReply && service.Rules.FirstOrDefault(rule => rule.When.Malformed) is { Reply: not Reply.None } rule)
        {
            due.Add(Framed(service, Answer(rule.Reply, [])));
            return new Owed(due.ToImmutable(), rule.Then != Then.Keep, rule.Then == Then.Keep) { Broken = true };
        }

        return new Owed(due.ToImmutable(), service.Oversize == Oversize.Close, service.Oversize != Oversize.Close) { Broken = true };
    }

    private static DueReply Framed(ServiceSpec service, DueReply reply) => reply.Exact is { } exact ? reply with { Exact = service.Reply.Wrap(exact) } : reply;

    private static DueReply Answer(Reply reply, ReadOnlySpan<byte> payload)
    {
        switch (reply)
        {
            case Reply.Literal literal:
                return new DueReply(literal.Bytes, null);
            case Reply.Matching matching:
                return new DueReply(null, matching.Pattern);
            case Reply.Transformed { Transform: var transform }:
                var bytes = payload.ToArray();
                if (transform == Transform.Reverse) Array.Reverse(bytes);
                if (transform is Transform.Upper or Transform.Lower)
                {
                    var (from, to) = transform == Transform.Upper ? ('a', 'z') : ('A', 'Z');
                    for (var i = 0; i < bytes.Length; i++)
                    {
                        if (bytes[i] >= from && bytes[i] <= to) bytes[i] ^= 0x20;
                    }
                }

                return new DueReply(bytes, null);
            default:
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"no answer of {reply}"));
        }
    }
}
