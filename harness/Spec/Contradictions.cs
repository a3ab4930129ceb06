using System.Collections.Immutable;
using System.Diagnostics;
using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>A rule, and where it and its parts stand.</summary>
internal sealed record PlacedRule(Rule Rule, Section Section, Section Generate)
{
    /// <summary>Where an example stands.</summary>
    public YamlNode Example(int index) => ((YamlNode.List)Generate["examples"]!).Items[index];

    public SpecException Wrong(string key, string message) => Section.Wrong(key, message);
}

/// <summary>Where the parts of a spec stand.</summary>
internal sealed record SpecPlaces(Section Top, Section Dialogue, Section Lifecycle, Section Concurrency, Section Limits, ImmutableArray<PlacedRule> Rules, Place Framing);

/// <summary>What cannot be true at the same time: a server that nobody could write would fail for no fault of its own.</summary>
internal static class Contradictions
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <exception cref="SpecException">The first that is found.</exception>
    public static void MustNotBe(ServiceSpec spec, SpecPlaces at)
    {
        var started = Stopwatch.GetTimestamp();
        Kinds(spec, at);
        Closing(spec, at);
        if (spec.Transport == Transport.Tcp && spec.Request is Framing.Stream && spec.Reply is not Framing.Http) Streams(spec, at);
        for (var i = 0; i < spec.Rules.Length; i++)
        {
            Reach(spec.Rules, i, at.Rules[i]);
            Examples(spec, i, at.Rules[i], started);
            Transforms(spec, spec.Rules[i], at.Rules[i]);
        }

        if (spec.Oversize == Oversize.ErrorReply && !spec.Rules.Any(rule => rule is { When.Malformed: true, Reply: not Reply.None }))
            throw at.Limits.Wrong("oversize", "nothing says what the error reply is; add a rule { when: { malformed: true }, reply: … }, or write oversize: close");
        if (spec is { Clients: 1, SilentClientMustNotBlock: true }) throw at.Concurrency.Wrong("silent_client_must_not_block", "a server of one client at a time waits for a silent one; write false, or clients: 2 or more");
    }

    /// <summary>What a built-in service is cannot be changed by extending it.</summary>
    private static void Kinds(ServiceSpec spec, SpecPlaces at)
    {
        var rules = at.Dialogue.PlaceOf("rules");
        switch (spec)
        {
            case { Kind: "http", Reply: not Framing.Http }:
                throw new SpecException(at.Framing, "what extends http has the framing of HTTP; leave framing out, or do not extend http");
            case { Kind: not "http", Reply: Framing.Http }:
                throw new SpecException(at.Framing, "the framing of HTTP comes with its rules; write extends: http and leave framing out");
            case { Kind: "http" } when !spec.Rules.IsEmpty || spec.Greeting is not null:
                throw new SpecException(at.Dialogue.Place, "the messages of an HTTP server are those of RFC 9112; leave dialogue out");
            case { Kind: "discard" } when spec.Greeting is not null || spec.Rules.Any(rule => rule.Reply is not Reply.None):
                throw new SpecException(at.Dialogue.Place, "what extends discard says nothing; leave the reply out, or do not extend discard");
            case { Kind: "daytime" or "time", Transport: Transport.Tcp } when !spec.Rules.IsEmpty || spec.Greeting is null || spec.ServerCloses != ServerCloses.AfterReply:
                throw new SpecException(rules, $"what extends {spec.Kind} speaks first and then closes; leave rules and server_closes out, or do not extend {spec.Kind}");
            case { Kind: "chargen", Transport: Transport.Tcp } when !spec.Rules.IsEmpty || spec.Greeting is not null || spec.Reply is not Framing.Stream:
                throw new SpecException(at.Dialogue.Place, "what extends chargen speaks without end; leave dialogue and framing out, or do not extend chargen");
        }
    }

    private static void Closing(ServiceSpec spec, SpecPlaces at)
    {
        if (spec.Request is Framing.UntilEof && spec.HalfClose == HalfClose.CloseNow)
            throw at.Lifecycle.Wrong("half_close", "with until_eof the client's end of file ends the request, and the reply comes after it; write half_close: drain-then-close");
        var replies = spec.Rules.Any(rule => rule.Reply is not Reply.None);
        if (spec.ServerCloses == ServerCloses.AfterReply && !replies && spec.Greeting is null)
            throw at.Lifecycle.Wrong("server_closes", "the server says nothing after which it could close; write server_closes: never, or a rule with a reply");
        if (spec.Reply is not Framing.UntilEof || !replies) return;
        if (spec.Greeting is not null) throw at.Dialogue.Wrong("greeting", "with until_eof the greeting and the reply cannot be told apart; leave the greeting out, or choose another framing of the reply");
        if (spec.Request is Framing.UntilEof || spec.ServerCloses == ServerCloses.AfterReply) return;
        for (var i = 0; i < spec.Rules.Length; i++)
        {
            if (spec.Rules[i] is { Reply: not Reply.None, Then: Then.Keep }) throw at.Rules[i].Wrong("then", "a reply until_eof ends when the server closes; write then: close, or lifecycle: { server_closes: after_reply }");
        }
    }

    /// <summary>A stream has no messages, so it cannot be asked one thing and then another.</summary>
    private static void Streams(ServiceSpec spec, SpecPlaces at)
    {
        if (spec.Rules.IsEmpty) return;
        const string Allowed = "choose a framing, for example line: { terminator: \"\\n\" }, or write one rule { when: { any: true }, reply: { transform: same } }";
        if (spec.Rules.Length > 1) throw new SpecException(at.Rules[1].Section.Place, $"a stream has no messages to tell apart, so it has one rule; {Allowed}");
        var (rule, place) = (spec.Rules[0], at.Rules[0]);
        if (rule.When is not { Literal: null, Prefix: null, Regex: null, Malformed: false }) throw place.Wrong("when", $"a stream has no messages that a rule could be about; {Allowed}");
        if (rule.Reply is not (Reply.None or Reply.Transformed { Transform: Transform.Same or Transform.Upper or Transform.Lower })) throw place.Wrong("reply", $"a stream is answered byte by byte: same, upper, lower or none; {Allowed}");
        if (spec.Reply is not Framing.Stream) throw new SpecException(at.Framing, $"the replies to a stream have no boundaries, too; {Allowed}");
        if (rule.Then != Then.Keep) throw place.Wrong("then", $"a stream has no message after which the server could close; {Allowed}");
        if (spec.ServerCloses != ServerCloses.Never) throw at.Lifecycle.Wrong("server_closes", $"a stream has no message after which the server could close; {Allowed}");
    }

    /// <summary>A rule that an earlier one always forestalls.</summary>
    private static void Reach(ImmutableArray<Rule> rules, int index, PlacedRule place)
    {
        var when = rules[index].When;
        for (var earlier = 0; earlier < index; earlier++)
        {
            var forestalled = (rules[earlier].When, when) switch
            {
                ({ Malformed: true }, { Malformed: true }) => true,
                ({ Malformed: true }, _) or (_, { Malformed: true }) => false,
                ({ Literal: null, Prefix: null, Regex: null }, _) => true,
                (var before, { Literal: { } literal }) => before.Matches(literal),
                ({ Prefix: { } prefix }, { Prefix: { } longer }) => longer.AsSpan().StartsWith(prefix),
                ({ Regex: { } regex }, { Regex: { } same }) => regex.Equals(same),
                _ => false,
            };
            if (forestalled) throw place.Wrong("when", $"this rule never comes into play, because rule {earlier + 1} takes its messages; put it before that one");
        }
    }

    private static void Examples(ServiceSpec spec, int index, PlacedRule place, long started)
    {
        var rule = spec.Rules[index];
        for (var i = 0; i < rule.Generate.Examples.Length; i++)
        {
            var example = rule.Generate.Examples[i];
            if (!rule.When.Malformed && !rule.When.Matches(example)) throw place.Example(i).Wrong("this example is none of the messages that its rule is about; change it or the rule's when");
            for (var other = 0; other < (rule.When.Malformed ? spec.Rules.Length : index); other++)
            {
                if (spec.Rules[other].When.Matches(example)) throw place.Example(i).Wrong($"this example is taken by rule {other + 1}; move it there");
            }

            // A pattern has a second for a message, and there may be many of both.
            if (Stopwatch.GetElapsedTime(started) > Patience) throw place.Example(i).Wrong("to match the examples takes too long; write simpler patterns, or fewer and shorter examples");
        }
    }

    /// <summary>A transformed message must fit into the frame of a reply.</summary>
    private static void Transforms(ServiceSpec spec, Rule rule, PlacedRule place)
    {
        if (spec.Transport == Transport.Udp && rule.Then != Then.Keep) throw place.Wrong("then", "over UDP there is no connection to close; leave then out");
        if (rule.Reply is not Reply.Transformed) return;
        if (rule.When.Malformed) throw place.Wrong("reply", "what is no message cannot be transformed; write literal, regex or none");
        switch (spec.Reply)
        {
            case Framing.Fixed reply when spec.Request is not Framing.Fixed request || request.Size != reply.Size:
                throw place.Wrong("reply", $"a transformed message is as long as it was, and a reply has {reply.Size} bytes; make both the same framing");
            case Framing.Line reply when spec.Request is not Framing.Line request || request.Terminator != reply.Terminator:
                throw place.Wrong("reply", "a transformed message may contain the terminator of the reply; make both the same framing");
            case var reply when reply.HasMessages && spec.LongestRequest > reply.Most:
                throw place.Wrong("reply", $"a transformed message can have {spec.LongestRequest} bytes, and a reply has at most {reply.Most}; make both the same framing");
        }
    }
}
