using System.Collections.Immutable;
using System.Globalization;
using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>The values of a spec, from its tree with all that it extends.</summary>
internal sealed class SpecBuilder
{
    private const int MostFrame = 16 << 20, MostExamples = 1000, MostRules = 200;
    private readonly ImmutableArray<(string Name, string Text)> sources;
    private readonly YamlNode.Map tree;
    private readonly Section top, transport, tls, dialogue, lifecycle, concurrency, limits;
    private readonly YamlNode.Map? framing;
    private readonly bool udp;

    public SpecBuilder(ImmutableArray<(string Name, string Text)> sources, YamlNode.Map tree)
    {
        (this.sources, this.tree) = (sources, tree);
        top = new Section(tree with { Entries = [.. tree.Entries.Where(entry => entry.Key.Text != "kind")] }, "spec");
        (transport, tls, dialogue) = (top.Inner("transport", "transport"), top.Inner("tls", "tls"), top.Inner("dialogue", "dialogue"));
        (lifecycle, concurrency, limits) = (top.Inner("lifecycle", "lifecycle"), top.Inner("concurrency", "concurrency"), top.Inner("limits", "limits"));
        framing = top["framing"] as YamlNode.Map;
        udp = transport.Choice("type") == (int)Transport.Udp;
    }

    public ServiceSpec Build()
    {
        MustFitUdp();
        var idle = lifecycle.Inner("idle", "idle");
        var spec = new ServiceSpec
        {
            Name = Name(),
            Title = top.Line("title", 200) ?? "",
            Kind = tree["kind"] is { } kind ? Section.Text(kind, "kind", _ => "write a word") : "",
            Transport = udp ? Transport.Udp : Transport.Tcp,
            LoopbackOnly = transport.Choice("bind") == 1,
            Launch = Launch(top.Inner("launch", "launch")),
            Tls = Tls(),
            Request = Direction("request"),
            Reply = Direction("reply"),
            HalfClose = (HalfClose)lifecycle.Choice("half_close"),
            ServerCloses = (ServerCloses)lifecycle.Choice("server_closes"),
            MustSurviveIdle = idle.Duration("must_survive") ?? TimeSpan.FromSeconds(2),
            Clients = concurrency.Number("clients", 50, 1, 1000),
            SilentClientMustNotBlock = concurrency.Flag("silent_client_must_not_block", concurrency.Number("clients", 50, 1, 1000) > 1),
            RequestMax = limits["request_max"] is null ? null : limits.Size("request_max", 0, 1, MostFrame),
            Oversize = (Oversize)limits.Choice("oversize"),
            Levels = Levels(),
            Sources = sources,
        };
        MustFitFraming(spec);
        var rules = Rules(spec);
        spec = spec with { Rules = [.. rules.Select(rule => rule.Rule)], Greeting = Greeting(spec) };
        Contradictions.MustNotBe(spec, new SpecPlaces(top, dialogue, lifecycle, concurrency, limits, rules, framing?.Place ?? top.Place));
        return spec;
    }

    private string Name()
    {
        if (top["name"] is null) return SpecReader.IsBuiltIn(sources[0].Name) ? sources[0].Name : Path.GetFileNameWithoutExtension(sources[0].Name);
        var name = top.Line("name", 64)!;
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? name : throw top.Wrong("name", $"the name {SpecException.Show(name)} cannot be used; write letters, digits, - and _");
    }

    // ---- Launch, TLS, levels ----
    private LaunchSpec Launch(Section launch)
    {
        var stop = launch.Inner("stop", "stop");
        var ready = launch.Inner("ready", "ready");
        if (ready["tcp"] is not null) ready.MustBeTrue("tcp");
        if (udp && ready.IsGiven) throw launch.Wrong("ready", "a UDP server has no listening TCP port; leave ready out");
        return new LaunchSpec(Command(launch), Environment(launch), launch.Duration("within"), SpecKeys.WordsOf("stop.signal")[stop.Choice("signal")], stop.Duration("within"));
    }

    private static ImmutableArray<string> Command(Section launch)
    {
        if (launch["command"] is not { } node) return [];
        if (node is not YamlNode.List) throw node.Wrong($"command is {node.Kind}; write a list of words: [\"python3\", \"server.py\", \"{{port}}\"]");
        var words = Section.Items(node, "command").Select(word => Section.Text(word, "a word of the command", _ => "write a text")).ToImmutableArray();
        return words.Length <= 256 && !words.Any(word => word.Contains('\0', StringComparison.Ordinal)) && (words.IsEmpty || words[0].Length > 0)
            ? words : throw node.Wrong("command cannot be started; write at most 256 words without NUL, the first of them a program");
    }

    private static ImmutableSortedDictionary<string, string> Environment(Section launch)
    {
        if (launch["env"] is not { } node) return ImmutableSortedDictionary<string, string>.Empty;
        if (node is not YamlNode.Map map) throw node.Wrong($"env is {node.Kind}; write names and values: {{ NAME: value }}");
        foreach (var (name, value) in map.Entries)
        {
            if (name.Text.Length is 0 or > 128 || char.IsAsciiDigit(name.Text[0]) || !name.Text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) throw name.Wrong($"the variable {SpecException.Show(name.Text)} cannot be set; write letters, digits and _");
            if (Section.Text(value, name.Text, _ => "write a text").Contains('\0', StringComparison.Ordinal)) throw value.Wrong($"{name.Text} has a NUL in it; write a text without");
        }

        return map.Entries.ToImmutableSortedDictionary(entry => entry.Key.Text, entry => ((YamlNode.Scalar)entry.Value).Text, StringComparer.Ordinal);
    }

    private TlsSpec? Tls()
    {
        var name = tls.Line("name", 253) ?? TlsSpec.Default.Name;
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':')) throw tls.Wrong("name", $"the name {SpecException.Show(name)} cannot be in a certificate; write a host name or an address, for example localhost");
        var ca = tls["ca"] is { } file ? SpecReader.Beside(file, Section.Text(file, "ca", _ => "write the name of a file in PEM")) : null;
        var min = new Version(SpecKeys.WordsOf("tls.min")[tls.Choice("min")]);
        var required = tls.Choice("close_notify") == 0;
        if (tls.IsGiven && tls["mode"] is null) throw tls.Wrong("tls has no mode, and would be none; write tls: { mode: implicit }, or leave it out");
        if (tls.Choice("mode") == 0) return null;
        return udp ? throw tls.Wrong("mode", "TLS needs a stream, and this is UDP; leave tls out, or write transport: { type: tcp }") : new TlsSpec(min, ca, name, required);
    }

    private ImmutableSortedDictionary<string, LevelChange> Levels()
    {
        if (top["levels"] is not { } node) return ImmutableSortedDictionary<string, LevelChange>.Empty;
        if (node is not YamlNode.Map map) throw node.Wrong($"levels is {node.Kind}; write ids of requirements: {{ tcp/close/no-reset: should }}");
        return map.Entries.ToImmutableSortedDictionary(entry => entry.Key.Text, entry => LevelOf(entry.Key, entry.Value), StringComparer.Ordinal);
    }

    private static LevelChange LevelOf(YamlNode.Scalar id, YamlNode node)
    {
        if (node is not (YamlNode.Map or YamlNode.Scalar { IsNull: false })) throw node.Wrong($"the level of {SpecException.Show(id.Text)} is {node.Kind}; write must, should, off or {{ level: off, reason: \"…\" }}");
        var level = new Section(node as YamlNode.Map ?? new YamlNode.Map(node.Place, [new(id with { Text = "level" }, node)]), "level");
        if (level["level"] is null) throw level.Wrong("the level is not said; write { level: off, reason: \"…\" }");
        return new LevelChange(level.Choice("level") switch { 0 => Level.Must, 1 => Level.Should, _ => null }, level.Line("reason", 500));
    }

    // ---- Framing ----
    private Framing Direction(string direction)
    {
        if (udp) return new Framing.Datagram();
        if (framing?[direction] is not { } node) return new Framing.Stream();
        var one = new Section(node, "framing");
        var kind = one.OneOf(SpecKeys.Of("framing")) ?? throw one.Wrong($"the framing of the {direction} is empty; write one of {Section.Either(SpecKeys.Of("direction"))}");
        var inside = one.Inner(kind, kind);
        switch (kind)
        {
            case "line":
                var end = inside.Bytes("terminator") ?? "\n"u8.ToArray();
                if (end.Length is 0 or > 16) throw inside.Wrong("terminator", $"a terminator of {end.Length} bytes cannot be used; write 1 to 16 bytes, for example \"\\r\\n\"");
                return new Framing.Line(Convert.ToHexString(end), inside.Size("max", 64 << 10, 1, MostFrame), (Unterminated)inside.Choice("unterminated_at_eof"));
            case "length_prefix":
                var bytes = int.Parse(SpecKeys.WordsOf("length_prefix.bytes")[inside.Choice("bytes", 2)], CultureInfo.InvariantCulture);
                var counts = inside.Choice("counts") == 1;
                var most = bytes >= 4 ? MostFrame : (1 << (8 * bytes)) - 1 - (counts ? bytes : 0);
                if (inside["max"] is not null && inside.Size("max", 0, 1, MostFrame) > most) throw inside.Wrong("max", $"a length of {bytes} {(bytes == 1 ? "byte" : "bytes")} says at most {most} here; write max: {most} or less, or more bytes");
                return new Framing.LengthPrefix(bytes, inside.Choice("endian") == 0, counts, inside.Size("max", Math.Min(64 << 10, most), 1, MostFrame));
            case "fixed":
                return new Framing.Fixed(inside.Size("size", 512, 1, MostFrame));
            case "until_eof":
                return new Framing.UntilEof(inside.Size("max", 1 << 20, 1, MostFrame));
            case "http" when direction == "reply":
                return new Framing.Http();
            default:
                return new Framing.Stream();
        }
    }

    private void MustFitUdp()
    {
        if (!udp) return;
        if (framing is not null) throw framing.Wrong("over UDP a datagram is a message; leave framing out");
        foreach (var key in (string[])["half_close", "server_closes"])
        {
            if (lifecycle[key] is { } node) throw node.Wrong($"over UDP there is no connection to close; leave {key} out");
        }

        if (dialogue["greeting"] is YamlNode.Map greeting && greeting["none"] is null) throw greeting.Wrong("a UDP server cannot speak first; leave greeting out, and write a rule { when: { any: true }, reply: … }");
    }

    /// <summary>The limit must lie within the framing, where both are said in one file.</summary>
    private void MustFitFraming(ServiceSpec spec)
    {
        if (spec.RequestMax is not { } most) return;
        var place = limits.PlaceOf("request_max");
        if (spec.Request is Framing.Fixed record && most < record.Size) throw new SpecException(place, $"request_max is less than a record of {record.Size} bytes; leave request_max out");
        if (most > spec.Request.Most && (place.File == sources[0].Name || place.File == framing?.Place.File))
            throw new SpecException(place, $"request_max is more than the {spec.Request.Most} bytes that a message may have; write request_max: {Section.SizeText(spec.Request.Most)} or less");
    }

    // ---- Dialogue ----
    private Reply? Greeting(ServiceSpec spec)
    {
        if (dialogue["greeting"] is not { } node) return null;
        var greeting = new Section(node, "reply");
        if (greeting["transform"] is { } transform) throw transform.Wrong("a greeting answers nothing, so there is nothing to transform; write literal or regex");
        return Reply(greeting, spec) is var said and not Model.Reply.None ? said : null;
    }

    private ImmutableArray<PlacedRule> Rules(ServiceSpec spec)
    {
        if (dialogue["rules"] is not { } node) return [];
        var items = Section.Items(node, "rules");
        if (items.Length > MostRules) throw node.Wrong($"there are {items.Length} rules; write at most {MostRules}");
        return [.. items.Select(item => RuleOf(item, spec))];
    }

    private PlacedRule RuleOf(YamlNode node, ServiceSpec spec)
    {
        var section = new Section(node, "rule");
        var (whenSection, generateSection) = (section.Inner("when", "when"), section.Inner("generate", "generate"));
        var when = WhenOf(whenSection);
        var rule = new Rule(when, Generate(generateSection, when, whenSection, spec), Reply(section.Inner("reply", "reply"), spec), (Then)section.Choice("then"));
        return new PlacedRule(rule, section, generateSection);
    }

    private static When WhenOf(Section when)
    {
        switch (when.OneOf(SpecKeys.Of("when")))
        {
            case "any":
                when.MustBeTrue("any");
                return new When();
            case "literal":
                return new When(Literal: when.Bytes("literal"));
            case "prefix":
                return when.Bytes("prefix") is { Length: > 0 } prefix ? new When(Prefix: prefix) : throw when.Wrong("prefix", "every message begins with nothing; write any: true");
            case "regex":
                return new When(Regex: when.Pattern("regex"));
            case "malformed":
                when.MustBeTrue("malformed");
                return new When(Malformed: true);
            default:
                return when.IsGiven ? throw when.Wrong("when is empty; write { any: true }, or leave it out") : new When();
        }
    }

    private Generation Generate(Section generate, When when, Section whenSection, ServiceSpec spec)
    {
        if (when.Literal is { } literal) MustCarry(spec.Request, literal, spec.LongestRequest, whenSection["literal"]!);
        var kind = generate.OneOf(SpecKeys.Of("generate"));
        if (kind is null)
        {
            if (generate.IsGiven) throw generate.Wrong($"generate is empty; write one of {Section.Either(SpecKeys.Of("generate"))}, or leave it out");
            if (when.Regex is { } condition) MustDraw(condition, spec, whenSection["regex"]!, "; give examples instead: generate: { examples: [\"…\"] }");
            if (when is not { Literal: null, Regex: null, Malformed: false }) return Generation.None;
            MustNotEndLines(spec.Request, Alphabet.Printable, whenSection);
            return spec.Request is Framing.Fixed record ? Sized(record.Size - (when.Prefix?.Length ?? 0), whenSection) : Generation.None;
        }

        if (when.Literal is not null) throw generate.Wrong("the rule is about one message, so there is nothing to generate; leave generate out");
        switch (kind)
        {
            case "examples":
                var examples = Section.Items(generate["examples"]!, "examples");
                if (examples.Length is 0 or > MostExamples) throw generate.Wrong("examples", $"there are {examples.Length} examples; write 1 to {MostExamples}");
                foreach (var example in examples) MustCarry(spec.Request, Section.BytesOf(example, "an example"), spec.LongestRequest, example);
                return Generation.None with { Examples = [.. examples.Select(example => Section.BytesOf(example, "an example"))] };
            case "regex":
                var pattern = generate.Pattern("regex")!;
                MustDraw(pattern, spec, generate["regex"]!, "");
                return Generation.None with { Regex = pattern };
            default:
                if (when.Regex is not null) throw generate.Wrong("bytes", "bytes will hardly match the rule's regex; write generate: { regex: … } or { examples: […] }");
                return Drawn(generate.Inner("bytes", "bytes"), when.Prefix?.Length ?? 0, spec);
        }
    }

    private static Generation Sized(int size, Section at) =>
        size >= 0 ? Generation.None with { HasBytes = true, MinBytes = size, MaxBytes = size, Alphabet = Alphabet.Bytes } : throw at.Wrong("prefix", "the prefix is longer than a record; make it shorter");

    private Generation Drawn(Section bytes, int before, ServiceSpec spec)
    {
        var alphabet = bytes.Choice("alphabet") switch { 0 => Alphabet.Bytes, 1 => Alphabet.Printable, _ => Alphabet.Utf8 };
        var (least, most) = (bytes.Size("min", 0, 0, MostFrame), bytes.Size("max", 512, 0, MostFrame));
        var room = Math.Max(0, spec.LongestRequest - before);
        // What is inherited gives way to a limit that is said nearer; what is said beside the limit contradicts it.
        if (spec.Request is Framing.Fixed record)
        {
            if (bytes.Place.File == framing?.Place.File && ((bytes["min"] is not null && least != room) || (bytes["max"] is not null && most != room))) throw bytes.Wrong($"a record has {record.Size} bytes, so {room} are generated; leave min and max out");
            return Sized(room, bytes) with { Alphabet = alphabet };
        }

        if (bytes["min"] is not null && bytes["max"] is null) most = Math.Max(least, most);
        if (bytes["max"] is not null && least > most) throw bytes.Wrong("min", $"min is {least} and max is {most}; write min and max in this order");
        if (most > room)
        {
            var limit = spec.RequestMax < spec.Request.Most ? limits.PlaceOf("request_max") : framing?.Place ?? transport.Place;
            var key = least > room ? "min" : "max";
            if (bytes[key] is not null && (bytes.PlaceOf(key).File == limit.File || least > room)) throw bytes.Wrong(key, $"{key} is more than the {room} bytes that a message may have{(before > 0 ? " after the prefix" : "")}; write {key}: {Section.SizeText(room)} or less");
            most = room;
        }

        MustNotEndLines(spec.Request, alphabet, bytes);
        return Generation.None with { HasBytes = true, MinBytes = least, MaxBytes = most, Alphabet = alphabet };
    }

    /// <summary>Bytes drawn at random must not be the terminator by chance. (Of all bytes, only printable ones are drawn for lines.)</summary>
    private static void MustNotEndLines(Framing framing, Alphabet alphabet, Section place)
    {
        if (framing is Framing.Line line && line.End.All(value => alphabet == Alphabet.Utf8 ? value is (>= 0x80 and < 0xd4) or (byte)'z' : value is >= (byte)' ' and <= (byte)'~'))
            throw place.Wrong("the terminator is made of such bytes as are generated, so they could end the line; write generate: { examples: […] }, or a regex without them");
    }

    private static Reply Reply(Section reply, ServiceSpec spec)
    {
        switch (reply.OneOf(SpecKeys.Of("reply")))
        {
            case "transform":
                return new Reply.Transformed((Transform)reply.Choice("transform"));
            case "literal":
                var literal = reply.Bytes("literal")!;
                MustCarry(spec.Reply, literal, spec.Reply.Most, reply["literal"]!);
                return new Reply.Literal(literal);
            case "regex":
                return new Reply.Matching(reply.Pattern("regex")!);
            case "none":
                reply.MustBeTrue("none");
                return new Reply.None();
            default:
                return reply.IsGiven ? throw reply.Wrong($"a reply is empty; write one of {Section.Either(SpecKeys.Of("reply"))}") : new Reply.None();
        }
    }

    /// <summary>Bytes of the spec as a message in their frame.</summary>
    private static void MustCarry(Framing framing, byte[] payload, int most, YamlNode node)
    {
        if (framing is Framing.Fixed record && payload.Length != record.Size) throw node.Wrong($"this has {payload.Length} bytes and a record has {record.Size}; write {record.Size} bytes");
        if (payload.Length > most) throw node.Wrong($"this has {payload.Length} bytes and a message has at most {most}; make it shorter");
        if (framing is not Framing.Line line) return;
        if (payload.AsSpan().IndexOf(line.End) >= 0) throw node.Wrong("this contains the terminator, which is added by itself; leave it out");
        var whole = line.Take(line.Wrap(payload));
        if (whole.Status != FrameStatus.Whole || whole.Length != payload.Length) throw node.Wrong("this ends earlier than it should when the terminator is added; write other bytes at its end");
    }

    private static void MustDraw(BytePattern pattern, ServiceSpec spec, YamlNode node, string instead)
    {
        PatternSyntax syntax;
        try
        {
            syntax = PatternSyntax.Parse(pattern.Pattern);
        }
        catch (ArgumentException e)
        {
            throw node.Wrong($"no message can be generated from this regex: {SpecException.Show(e.Message).Trim('\'')}{(instead.Length > 0 ? instead : "; write a simpler one, or examples")}");
        }

        if (spec.Request is Framing.Fixed record && (syntax.Least != record.Size || syntax.Most != record.Size)) throw node.Wrong($"messages of this regex have {syntax.Least} to {syntax.Most} bytes and a record has {record.Size}; make it exactly that long{instead}");
        if (syntax.Most > spec.LongestRequest) throw node.Wrong($"messages of this regex can have {syntax.Most} bytes and a message has at most {spec.LongestRequest}; bound its repetitions, for example {{1,8}}{instead}");
        if (spec.Request is Framing.Line line && line.End.All(syntax.CanDraw)) throw node.Wrong($"messages of this regex can contain the terminator; name the bytes that may come, for example [ -~]{instead}");
    }
}
