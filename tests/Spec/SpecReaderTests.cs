using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Spec;

namespace SockConformance.Tests.Spec;

/// <summary>What every key of a spec means, and what holds where it is left out.</summary>
public class SpecReaderTests
{
    [Test]
    public void A_spec_that_says_nothing_has_the_values_of_the_model() =>
        Assert.That(Specs.Said(Specs.Read("sockspec: 1")), Is.EqualTo(Specs.Said(new ServiceSpec { Name = "mine" })));

    [Test]
    public void The_name_is_that_of_the_file_unless_it_is_said()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Specs.Of("").Name, Is.EqualTo("mine"));
            Assert.That(Specs.Of("name: my-service_2.0").Name, Is.EqualTo("my-service_2.0"));
            Assert.That(SpecReader.Read("sockspec: 1", "specs/a.b.yaml", _ => null).Name, Is.EqualTo("a.b"));
            Assert.That(SpecReader.Read("sockspec: 1", "echo", _ => null).Name, Is.EqualTo("echo"));
            Assert.That(Specs.Of("title: \"Ünïcode — fine\"").Title, Is.EqualTo("Ünïcode — fine"));
        }
    }

    [Test]
    public void Transport_launch_and_tls_are_read()
    {
        var spec = Specs.Of("""
            transport: { type: tcp, bind: loopback }
            launch:
              command: [python3, "server.py", '{port}', ""]
              env: { LEVEL: 5, QUIET: "" , A_1: yes }
              ready: { tcp: true }
              within: 2.5s
              stop: { signal: INT, within: 500ms }
            tls: { mode: implicit, min: 1.3, ca: certs/ca.pem, name: example.org, close_notify: optional }
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(spec.LoopbackOnly, Is.True);
            Assert.That(spec.Launch.Command, Is.EqualTo(["python3", "server.py", "{port}", ""]));
            Assert.That(spec.Launch.Environment, Is.EqualTo(new Dictionary<string, string> { ["A_1"] = "yes", ["LEVEL"] = "5", ["QUIET"] = "" }));
            Assert.That((spec.Launch.Within, spec.Launch.StopSignal, spec.Launch.StopWithin), Is.EqualTo((TimeSpan.FromSeconds(2.5), "INT", TimeSpan.FromMilliseconds(500))));
            Assert.That(spec.Tls, Is.EqualTo(new TlsSpec(new Version(1, 3), "certs/ca.pem", "example.org", false)));
            Assert.That(Specs.Of("tls: { mode: implicit }").Tls, Is.EqualTo(TlsSpec.Default));
            Assert.That(Specs.Of("tls: { mode: none, name: example.org }").Tls, Is.Null);
        }
    }

    [Test]
    public void A_path_in_a_spec_is_seen_from_where_the_spec_is_seen() =>
        Assert.That(SpecReader.Read("sockspec: 1\ntls: { mode: implicit, ca: ca.pem }", "some/folder/a.yaml", _ => null).Tls!.Ca, Is.EqualTo("some/folder/ca.pem"));

    [TestCase("line: {}", "0A", 65536, Unterminated.Ignore)]
    [TestCase("line: { terminator: \"\\r\\n\", max: 512, unterminated_at_eof: reply }", "0D0A", 512, Unterminated.Reply)]
    [TestCase("line: { terminator: { hex: \"00\" }, max: 1MiB, unterminated_at_eof: close }", "00", 1 << 20, Unterminated.Close)]
    [TestCase("line: { terminator: \"§\" }", "C2A7", 65536, Unterminated.Ignore)]
    public void Lines_are_read(string framing, string terminator, int max, Unterminated atEof)
    {
        var spec = Specs.Of($"framing: {{ {framing} }}");
        Assert.That((spec.Request, spec.Reply), Is.EqualTo((new Framing.Line(terminator, max, atEof), new Framing.Line(terminator, max, atEof))));
    }

    [TestCase("", 4, true, false, 65536)]
    [TestCase("bytes: 1", 1, true, false, 255)]
    [TestCase("bytes: 2, endian: little, counts: frame", 2, false, true, 65533)]
    [TestCase("bytes: 8, max: 16MiB", 8, true, false, 16 << 20)]
    [TestCase("bytes: 1, max: 255", 1, true, false, 255)]
    public void Length_prefixes_are_read(string keys, int bytes, bool big, bool frame, int max) =>
        Assert.That(Specs.Of($"framing: {{ length_prefix: {{ {keys} }} }}").Request, Is.EqualTo(new Framing.LengthPrefix(bytes, big, frame, max)));

    [Test]
    public void The_other_framings_are_read()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Specs.Of("framing: { fixed: {} }").Request, Is.EqualTo(new Framing.Fixed(512)));
            Assert.That(Specs.Of("framing: { fixed: { size: 4KiB } }").Reply, Is.EqualTo(new Framing.Fixed(4096)));
            Assert.That(Specs.Of("framing: { until_eof: {} }").Request, Is.EqualTo(new Framing.UntilEof(1 << 20)));
            Assert.That(Specs.Of("framing: { stream: {} }").Request, Is.EqualTo(new Framing.Stream()));
        }
    }

    [Test]
    public void The_directions_may_differ_and_one_that_is_left_out_is_a_stream()
    {
        var spec = Specs.Of("framing: { request: { line: {} }, reply: { fixed: { size: 4 } } }");
        Assert.That((spec.Request, spec.Reply), Is.EqualTo((new Framing.Line("0A", 65536, Unterminated.Ignore), new Framing.Fixed(4))));
        spec = Specs.Of("framing: { reply: { until_eof: { max: 9 } } }");
        Assert.That((spec.Request, spec.Reply), Is.EqualTo((new Framing.Stream(), new Framing.UntilEof(9))));
    }

    [Test]
    public void Over_udp_a_datagram_is_a_message()
    {
        var spec = Specs.Of("""
            transport: { type: udp }
            dialogue: { rules: [{ reply: { transform: same } }] }
            lifecycle: { idle: { must_survive: 1m } }
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((spec.Transport, spec.Request, spec.Reply), Is.EqualTo((Transport.Udp, new Framing.Datagram(), new Framing.Datagram())));
            Assert.That(spec.MustSurviveIdle, Is.EqualTo(TimeSpan.FromMinutes(1)));
        }
    }

    [Test]
    public void Rules_are_read()
    {
        var spec = Specs.Of("""
            framing: { line: { max: 20 } }
            dialogue:
              greeting: { regex: '^220 ' }
              rules:
                - when: { literal: "é" }
                  reply: { literal: { hex: "00ff" } }
                  then: half-close
                - when: { prefix: "A " }
                  generate: { bytes: { min: 2, max: 9, alphabet: utf8 } }
                  reply: { regex: '^B' }
                - when: { regex: '^C+\z' }
                  reply: { transform: lower }
                - when: { malformed: true }
                  reply: { none: true }
                  then: close
                - when: { any: true }
                  generate: { examples: ["D d", { hex: "4444" }] }
                  reply: { transform: reverse }
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(spec.Greeting, Is.EqualTo(new Reply.Matching(new BytePattern("^220 "))));
            Assert.That(spec.Rules.Select(rule => rule.Then), Is.EqualTo([Then.HalfClose, Then.Keep, Then.Keep, Then.Close, Then.Keep]));
            Assert.That(spec.Rules[0].When.Literal, Is.EqualTo(new byte[] { 0xc3, 0xa9 }));
            Assert.That(((Reply.Literal)spec.Rules[0].Reply).Bytes, Is.EqualTo(new byte[] { 0, 0xff }));
            Assert.That(spec.Rules[1].When.Prefix, Is.EqualTo("A "u8.ToArray()));
            Assert.That(spec.Rules[1].Generate, Is.EqualTo(Generation.None with { HasBytes = true, MinBytes = 2, MaxBytes = 9, Alphabet = Alphabet.Utf8 }));
            Assert.That(spec.Rules[1].Reply, Is.EqualTo(new Reply.Matching(new BytePattern("^B"))));
            Assert.That(spec.Rules[2].When, Is.EqualTo(new When(Regex: new BytePattern(@"^C+\z"))));
            Assert.That(spec.Rules[2].Reply, Is.EqualTo(new Reply.Transformed(Transform.Lower)));
            Assert.That(spec.Rules[3].When.Malformed, Is.True);
            Assert.That(spec.Rules[3].Reply, Is.EqualTo(new Reply.None()));
            Assert.That(spec.Rules[4].When, Is.EqualTo(new When()));
            Assert.That(spec.Rules[4].Generate.Examples, Is.EqualTo(new[] { "D d"u8.ToArray(), "DD"u8.ToArray() }));
        }
    }

    [Test]
    public void A_rule_that_says_nothing_is_for_any_message_and_answers_nothing()
    {
        var rule = Specs.Of("framing: { line: {} }\ndialogue: { rules: [{}] }").Rules.Single();
        Assert.That(rule, Is.EqualTo(new Rule(new When(), Generation.None, new Reply.None(), Then.Keep)));
    }

    [TestCase("line: { max: 100 }", "{}", 0, 100)]
    [TestCase("line: {}", "{}", 0, 512)]
    [TestCase("line: {}", "{ min: 600 }", 600, 600)]
    [TestCase("line: {}", "{ max: 64KiB }", 0, 65536)]
    [TestCase("fixed: { size: 16 }", "{}", 16, 16)]
    [TestCase("fixed: { size: 16 }", "{ min: 16, max: 16 }", 16, 16)]
    public void Sizes_of_generated_messages_are_those_that_are_possible(string framing, string bytes, int min, int max)
    {
        var generate = Specs.Of($"framing: {{ {framing} }}\ndialogue: {{ rules: [{{ generate: {{ bytes: {bytes} }} }}] }}").Rules[0].Generate;
        Assert.That((generate.HasBytes, generate.MinBytes, generate.MaxBytes), Is.EqualTo((true, min, max)));
    }

    [Test]
    public void Records_are_filled_also_where_nothing_is_said_about_generating() =>
        Assert.That(
            Specs.Of("framing: { fixed: { size: 16 } }\ndialogue: { rules: [{ when: { prefix: \"AB\" } }, {}] }").Rules.Select(rule => (rule.Generate.MinBytes, rule.Generate.MaxBytes)),
            Is.EqualTo([(14, 14), (16, 16)]));

    [Test]
    public void A_greeting_of_none_is_no_greeting() => Assert.That(Specs.Of("dialogue: { greeting: { none: true } }").Greeting, Is.Null);

    [Test]
    public void Lifecycle_concurrency_limits_and_levels_are_read()
    {
        var spec = Specs.Of("""
            framing: { line: {} }
            dialogue: { rules: [{ reply: { literal: ok } }] }
            lifecycle: { half_close: close-now, server_closes: after_reply, idle: { must_survive: 250ms } }
            concurrency: { clients: 3, silent_client_must_not_block: false }
            limits: { request_max: 4KiB, oversize: truncate }
            levels: { a/b: must, c/d: should, e/f: { level: off, reason: "because" }, g/h: off }
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((spec.HalfClose, spec.ServerCloses, spec.MustSurviveIdle), Is.EqualTo((HalfClose.CloseNow, ServerCloses.AfterReply, TimeSpan.FromMilliseconds(250))));
            Assert.That((spec.Clients, spec.SilentClientMustNotBlock, spec.RequestMax, spec.Oversize), Is.EqualTo((3, false, 4096, Oversize.Truncate)));
            Assert.That(spec.Levels, Is.EqualTo(new Dictionary<string, LevelChange>
            {
                ["a/b"] = new(Level.Must, null),
                ["c/d"] = new(Level.Should, null),
                ["e/f"] = new(null, "because"),
                ["g/h"] = new(null, null),
            }));
        }
    }

    [Test]
    public void A_server_of_one_client_is_blocked_by_a_silent_one()
    {
        Assert.That(Specs.Of("concurrency: { clients: 1 }").SilentClientMustNotBlock, Is.False);
        Assert.That(Specs.Of("concurrency: { clients: 2 }").SilentClientMustNotBlock, Is.True);
    }

    [Test]
    public void A_wrong_id_of_a_level_is_said_at_its_line()
    {
        var spec = Specs.Read("sockspec: 1\nextends: parent.yaml\nlevels:\n  one/is: must\n  two/is: should", ("parent.yaml", "sockspec: 1\nlevels: { two/is: off, three/is: off }"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => SpecReader.CheckLevels(spec, _ => null), Throws.Nothing);
            Assert.That(Wrong("two/is"), Is.EqualTo("mine.yaml:5:3: no two/is"));
            Assert.That(Wrong("three/is"), Is.EqualTo("parent.yaml:2:24: no three/is"));
        }

        string Wrong(string id) => Assert.Throws<SpecException>(() => SpecReader.CheckLevels(spec, one => one == id ? $"no {id}" : null))!.Message;
    }

    [Test]
    public void The_texts_it_was_read_from_come_back_and_can_be_read_again()
    {
        var (own, parent) = ("sockspec: 1\nextends: parent.yaml\ntitle: t", "sockspec: 1\nframing: { line: {} }");
        var spec = Specs.Read(own, ("parent.yaml", parent));
        Assert.That(spec.Sources, Is.EqualTo([("mine.yaml", own), ("parent.yaml", parent)]));
        Assert.That(Specs.Said(SpecReader.Read(spec.Sources)), Is.EqualTo(Specs.Said(spec)));
        Assert.That(() => SpecReader.Read([spec.Sources[0]]), Throws.TypeOf<SpecException>().With.Message.Contains("there is no file 'parent.yaml'"));
        Assert.That(() => SpecReader.Read([]), Throws.TypeOf<SpecException>());
    }

    [Test]
    public void Line_ends_a_mark_of_byte_order_and_a_document_mark_change_nothing()
    {
        const string Text = "sockspec: 1\nname: x\nframing:\n  line:\n    max: 7\n";
        foreach (var variant in (string[])[Text.Replace("\n", "\r\n", StringComparison.Ordinal), "\uFEFF" + Text, "---\n" + Text + "...\n", "# comment\n\n" + Text.Replace("1\n", "1   # c\n", StringComparison.Ordinal)])
            Assert.That(Specs.Said(Specs.Read(variant)), Is.EqualTo(Specs.Said(Specs.Read(Text))), variant);
    }

    [Test]
    public void The_style_of_yaml_does_not_matter() => Assert.That(
        Specs.Said(Specs.Read("{sockspec: 1, framing: {\"line\": {'max': 7}}, dialogue: {rules: [{reply: {literal: ok}}]}}")),
        Is.EqualTo(Specs.Said(Specs.Read("sockspec: 1\nframing:\n  line:\n    max: 7\ndialogue:\n  rules:\n  - reply:\n      literal: >-\n        ok\n"))));
}
