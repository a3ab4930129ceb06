using NUnit.Framework;
using SockConformance.Spec;

namespace SockConformance.Tests.Spec;

/// <summary>What no server could do at the same time is refused where it is written.</summary>
public class ContradictionTests
{
    [TestCase("{ min: 20, max: 10 }", "min is 20 and max is 10")]
    [TestCase("{ max: 101 }", "more than the 100 bytes that a message may have")]
    [TestCase("{ min: 101 }", "more than the 100 bytes that a message may have")]
    public void Generated_bytes_are_as_many_as_fit(string bytes, string wrong) => MustSay($"framing: {{ line: {{ max: 100 }} }}\ndialogue: {{ rules: [{{ generate: {{ bytes: {bytes} }} }}] }}", "3:", wrong);

    [Test]
    public void A_prefix_takes_room() => MustSay("framing: { line: { max: 100 } }\ndialogue: { rules: [{ when: { prefix: GET }, generate: { bytes: { max: 98 } } }] }", "3:72", "the 97 bytes that a message may have after the prefix");

    [Test]
    public void The_limit_of_a_request_is_a_limit_of_what_is_generated() =>
        MustSay("framing: { line: {} }\nlimits: { request_max: 10 }\ndialogue: { rules: [{ generate: { bytes: { max: 11 } } }] }", "4:49", "the 10 bytes");

    [TestCase("line: { max: 100 }", "101", "request_max is more than the 100 bytes")]
    [TestCase("fixed: { size: 16 }", "8", "request_max is less than a record")]
    [TestCase("fixed: { size: 16 }", "32", "request_max is more than the 16 bytes")]
    public void A_limit_fits_its_framing(string framing, string most, string wrong) => MustSay($"framing: {{ {framing} }}\nlimits: {{ request_max: {most} }}", "3:24", wrong);

    [TestCase("bytes: 1, max: 256", "at most 255")]
    [TestCase("bytes: 1, counts: frame, max: 255", "at most 254")]
    [TestCase("bytes: 2, max: 64KiB", "at most 65535")]
    public void A_length_can_be_said_in_its_bytes(string keys, string wrong) => MustSay($"framing: {{ length_prefix: {{ {keys} }} }}", "2:", wrong);

    [TestCase("''")]
    [TestCase("\"12345678901234567\"")]
    public void A_terminator_has_some_bytes(string terminator) => MustSay($"framing: {{ line: {{ terminator: {terminator} }} }}", "2:32", "1 to 16 bytes");

    [TestCase("line: {}", "{ examples: [a, \"b\\nc\"] }", "3:49", "contains the terminator")]
    [TestCase("line: { terminator: \"\\r\\r\\n\" }", "{ examples: [\"a\\r\"] }", "", "")]
    [TestCase("line: { terminator: \"aba\" }", "{ examples: [\"xab\"] }", "3:46", "ends earlier than it should")]
    [TestCase("line: { max: 3 }", "{ examples: [abcd] }", "3:46", "4 bytes and a message has at most 3")]
    [TestCase("length_prefix: { bytes: 1 }", "{ examples: [\"{256}\"] }", "3:46", "at most 255")]
    [TestCase("fixed: { size: 3 }", "{ examples: [abc, ab] }", "3:51", "this has 2 bytes and a record has 3")]
    [TestCase("until_eof: { max: 3 }", "{ examples: [abcd] }", "3:46", "at most 3")]
    [TestCase("fixed: { size: 3 }", "{ bytes: { max: 4 } }", "3:42", "a record has 3 bytes")]
    [TestCase("fixed: { size: 3 }", "{ regex: '[ab]{2,3}' }", "3:42", "2 to 3 bytes and a record has 3")]
    [TestCase("line: { max: 10 }", "{ regex: '[ab]{2,11}' }", "3:42", "can have 11 bytes and a message has at most 10")]
    [TestCase("line: {}", "{ regex: '[^a]\\n' }", "3:42", "can contain the terminator")]
    [TestCase("line: {}", "{ regex: '[\\x00-\\xff]' }", "3:42", "can contain the terminator")]
    [TestCase("line: { terminator: \"\\r\\n\" }", "{ regex: '[\\x00-\\xff]' }", "3:42", "can contain the terminator")]
    [TestCase("line: { terminator: END }", "{ bytes: {} }", "3:42", "the terminator is made of such bytes")]
    [TestCase("line: {}", "{ regex: 'a(?i)b^' }", "3:42", "^ can stand only at the start")]
    [TestCase("line: {}", "{ examples: [] }", "3:45", "there are 0 examples")]
    public void A_generated_message_fits_into_its_frame(string framing, string generate, string place, string wrong)
    {
        var text = $"framing: {{ {framing} }}\ndialogue: {{ rules: [{{ generate: {generate} }}] }}".Replace("{256}", new string('x', 256), StringComparison.Ordinal);
        if (wrong.Length == 0) Specs.Of(text);
        else MustSay(text, place, wrong);
    }

    [TestCase("line: { terminator: \"\\r\\n\" }", "\"PONG\\r\\n\"", "contains the terminator, which is added by itself")]
    [TestCase("fixed: { size: 4 }", "PONGS", "5 bytes and a record has 4")]
    [TestCase("length_prefix: { max: 3 }", "PONG", "at most 3")]
    public void A_reply_fits_into_its_frame(string framing, string literal, string wrong)
    {
        MustSay($"framing: {{ {framing} }}\ndialogue: {{ rules: [{{ reply: {{ literal: {literal} }} }}] }}", "3:41", wrong);
        MustSay($"framing: {{ {framing} }}\ndialogue: {{ greeting: {{ literal: {literal} }} }}", "3:34", wrong);
        MustSay($"framing: {{ {framing} }}\ndialogue: {{ rules: [{{ when: {{ literal: {literal} }} }}] }}", "3:40", wrong);
    }

    [TestCase("{ when: { any: true } }, { when: { literal: a } }", "rule 1 takes its messages")]
    [TestCase("{}, {}", "rule 1 takes its messages")]
    [TestCase("{ when: { literal: a } }, { when: { literal: a } }", "rule 1 takes its messages")]
    [TestCase("{ when: { literal: a } }, { when: { prefix: b } }, { when: { prefix: bc } }", "rule 2 takes its messages")]
    [TestCase("{ when: { prefix: b } }, { when: { literal: bc } }", "rule 1 takes its messages")]
    [TestCase("{ when: { regex: '^b' } }, { when: { literal: bc } }", "rule 1 takes its messages")]
    [TestCase("{ when: { regex: '^b' } }, { when: { regex: '^b' } }", "rule 1 takes its messages")]
    [TestCase("{ when: { malformed: true } }, { when: { malformed: true } }", "rule 1 takes its messages")]
    public void A_rule_can_come_into_play(string rules, string wrong) => MustSay($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{rules}] }}", "3:", wrong);

    [TestCase("{ when: { literal: a } }, { when: { prefix: a } }, { when: { regex: '^b' } }, { when: { any: true } }, { when: { malformed: true } }")]
    [TestCase("{ when: { malformed: true } }, { when: { any: true } }")]
    [TestCase("{ when: { prefix: ab } }, { when: { prefix: a } }")]
    public void Rules_from_narrow_to_wide_are_fine(string rules) => Specs.Of($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{rules}] }}");

    [TestCase("{ when: { prefix: GET }, generate: { examples: [PUT x] } }", "none of the messages that its rule is about")]
    [TestCase("{ when: { literal: PING } }, { generate: { examples: [PONG, PING] } }", "taken by rule 1")]
    [TestCase("{ when: { malformed: true }, generate: { examples: [PING] } }, { when: { literal: PING } }", "taken by rule 2")]
    [TestCase("{ when: { literal: a }, generate: { examples: [a] } }", "nothing to generate")]
    [TestCase("{ when: { regex: '^a' }, generate: { bytes: {} } }", "bytes will hardly match the rule's regex")]
    [TestCase("{ when: { regex: 'a^b' } }", "give examples instead")]
    [TestCase("{ when: { prefix: \"\" } }", "write any: true")]
    public void What_is_generated_is_about_its_rule(string rules, string wrong) => MustSay($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{rules}] }}", "3:", wrong);

    [TestCase("{ regex: '^a' }", "ERR")]
    public void A_condition_that_nothing_can_be_drawn_from_is_fine_with_examples(string when, string example) =>
        Specs.Of($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{{ when: {when}, generate: {{ examples: [a{example}] }} }}, {{ when: {{ regex: 'x\\B' }}, generate: {{ examples: [xx] }} }}] }}");

    [TestCase("tls: { mode: implicit }", "TLS needs a stream")]
    [TestCase("framing: { line: {} }", "leave framing out")]
    [TestCase("framing: { stream: {} }", "leave framing out")]
    [TestCase("lifecycle: { half_close: close-now }", "leave half_close out")]
    [TestCase("lifecycle: { server_closes: never }", "leave server_closes out")]
    [TestCase("dialogue: { greeting: { literal: hello } }", "cannot speak first")]
    [TestCase("dialogue: { rules: [{ then: close }] }", "leave then out")]
    [TestCase("dialogue: { rules: [{ generate: { bytes: { max: 64KiB } } }] }", "the 65507 bytes")]
    [TestCase("launch: { ready: { tcp: true } }", "leave ready out")]
    public void Over_udp_there_is_nothing_to_connect_or_to_close(string sections, string wrong) => MustSay($"transport: {{ type: udp }}\n{sections}", "3:", wrong);

    [TestCase("[{ when: { literal: a } }]", "no messages that a rule could be about")]
    [TestCase("[{ when: { malformed: true } }]", "no messages that a rule could be about")]
    [TestCase("[{ reply: { literal: a } }]", "answered byte by byte")]
    [TestCase("[{ reply: { regex: a } }]", "answered byte by byte")]
    [TestCase("[{ reply: { transform: reverse } }]", "answered byte by byte")]
    [TestCase("[{ reply: { transform: same }, then: close }]", "no message after which the server could close")]
    [TestCase("[{ reply: { transform: same } }, {}]", "it has one rule")]
    public void A_stream_has_no_messages(string rules, string wrong) => MustSay($"dialogue: {{ rules: {rules} }}", "2:", wrong);

    [Test]
    public void The_replies_to_a_stream_are_a_stream_and_have_no_end()
    {
        MustSay("framing: { reply: { line: {} } }\ndialogue: { rules: [{ reply: { transform: same } }] }", "2:10", "no boundaries");
        MustSay("lifecycle: { server_closes: after_reply }\ndialogue: { rules: [{ reply: { transform: same } }] }", "2:29", "no message after which");
    }

    [Test]
    public void A_greeting_cannot_transform_anything() => MustSay("dialogue: { greeting: { transform: upper } }", "2:36", "nothing to transform");

    [TestCase("framing: { line: {} }", "then: close", "{ malformed: true }, reply: { transform: same }", "cannot be transformed")]
    [TestCase("framing: { request: { line: {} }, reply: { fixed: { size: 4 } } }", "", "{ any: true }, reply: { transform: same }", "a reply has 4 bytes")]
    [TestCase("framing: { request: { length_prefix: {} }, reply: { line: {} } }", "", "{ any: true }, reply: { transform: same }", "may contain the terminator")]
    [TestCase("framing: { request: { line: {} }, reply: { line: { terminator: \"\\r\\n\" } } }", "", "{ any: true }, reply: { transform: same }", "may contain the terminator")]
    [TestCase("framing: { request: { line: { max: 9 } }, reply: { line: { max: 8 } } }", "", "{ any: true }, reply: { transform: same }", "at most 8")]
    public void A_transformed_message_fits_into_the_frame_of_the_reply(string framing, string then, string rule, string wrong) =>
        MustSay($"{framing}\ndialogue: {{ rules: [{{ when: {rule}{(then.Length > 0 ? ", " : "")}{then} }}] }}", "3:", wrong);

    [TestCase("framing: { until_eof: {} }\nlifecycle: { half_close: close-now }", "3:26", "drain-then-close")]
    [TestCase("lifecycle: { server_closes: after_reply }", "2:29", "says nothing after which it could close")]
    [TestCase("lifecycle: { server_closes: after_reply }\nframing: { line: {} }\ndialogue: { rules: [{ reply: { none: true } }] }", "2:29", "says nothing after which it could close")]
    [TestCase("framing: { request: { line: {} }, reply: { until_eof: {} } }\ndialogue: { rules: [{ reply: { literal: a } }] }", "3:21", "then: close, or lifecycle: { server_closes: after_reply }")]
    [TestCase("framing: { until_eof: {} }\ndialogue: { greeting: { literal: a }, rules: [{ reply: { literal: a } }] }", "3:23", "cannot be told apart")]
    public void The_end_of_a_connection_makes_sense(string sections, string place, string wrong) => MustSay(sections, place, wrong);

    [TestCase("framing: { request: { line: {} }, reply: { until_eof: {} } }\ndialogue: { rules: [{ reply: { literal: a }, then: close }, { when: { malformed: true } }] }")]
    [TestCase("framing: { request: { line: {} }, reply: { until_eof: {} } }\ndialogue: { rules: [{ reply: { literal: a } }] }\nlifecycle: { server_closes: after_reply }")]
    [TestCase("framing: { until_eof: {} }\ndialogue: { rules: [{ reply: { transform: upper } }] }")]
    [TestCase("framing: { reply: { until_eof: {} } }\ndialogue: { greeting: { literal: bye } }\nlifecycle: { server_closes: after_reply }")]
    public void Services_that_end_the_connection_can_be_told(string sections) => Specs.Of(sections);

    [TestCase("")]
    [TestCase("dialogue: { rules: [{ when: { malformed: true }, reply: { none: true } }] }")]
    [TestCase("dialogue: { rules: [{ reply: { literal: ERR } }] }")]
    public void An_error_reply_is_said_by_a_rule(string dialogue) => MustSay($"framing: {{ line: {{}} }}\nlimits: {{ oversize: error_reply }}\n{dialogue}", "3:21", "nothing says what the error reply is");

    [Test]
    public void A_server_of_one_client_cannot_serve_beside_a_silent_one() =>
        MustSay("concurrency: { clients: 1, silent_client_must_not_block: true }", "2:58", "one client at a time");

    [Test]
    public void The_framing_of_http_is_for_what_extends_http() => MustSay("framing: { http: {} }", "2:10", "write extends: http");

    private static void MustSay(string sections, string place, string wrong)
    {
        var text = $"sockspec: 1\n{sections}";
        Assert.That(Assert.Throws<SpecException>(() => Specs.Read(text), text)?.Message, Does.StartWith($"mine.yaml:{place}").And.Contain(wrong).And.Contain(";"), text);
    }
}
