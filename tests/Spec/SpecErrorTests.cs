using NUnit.Framework;

namespace SockConformance.Tests.Spec;

/// <summary>What is written wrongly is refused in one line that says where, what is wrong and what to write instead.</summary>
public class SpecErrorTests
{
    [TestCase("nmae: x", "2:1", "a spec has no key 'nmae'", "did you mean name?")]
    [TestCase("kind: echo", "2:1", "no key 'kind'", "its keys are sockspec, name")]
    [TestCase("transport: { typ: udp }", "2:14", "transport has no key 'typ'", "did you mean type?")]
    [TestCase("dialogue:\n  rules:\n    - when: { any: true }\n      replay: { none: true }", "5:7", "a rule has no key 'replay'", "did you mean reply?")]
    [TestCase("framing: { lines: {} }", "2:12", "framing has no key 'lines'", "did you mean line?")]
    [TestCase("framing: { request: { lin: {} } }", "2:23", "framing has no key 'lin'", "did you mean line?")]
    [TestCase("framing: { stream: { max: 4 } }", "2:22", "stream has no key 'max'", "write {}")]
    [TestCase("levels: { a/b: { lvl: off } }", "2:18", "a level has no key 'lvl'", "did you mean level?")]
    public void An_unknown_key_is_refused_and_a_known_one_guessed(string sections, string place, string wrong, string instead) => MustSay(sections, place, wrong, instead);

    [TestCase("transport: { type: upd }", "2:20", "type is 'upd'", "write tcp or udp; did you mean udp?")]
    [TestCase("transport: { bind: all }", "2:20", "bind is 'all'", "write any or loopback")]
    [TestCase("tls: { min: \"1.1\" }", "2:13", "min is '1.1'", "write 1.2 or 1.3")]
    [TestCase("tls: { mode: starttls }", "2:14", "mode is 'starttls'", "write none or implicit")]
    [TestCase("launch: { stop: { signal: SIGTERM } }", "2:27", "signal is 'SIGTERM'", "TERM, INT, HUP")]
    [TestCase("framing: { length_prefix: { bytes: 3 } }", "2:36", "bytes is '3'", "write 1, 2, 4 or 8")]
    [TestCase("framing: { length_prefix: { endian: network } }", "2:37", "endian is 'network'", "write big or little")]
    [TestCase("framing: { line: { unterminated_at_eof: answer } }", "2:41", "'answer'", "write ignore, reply or close")]
    [TestCase("lifecycle: { half_close: close_now }", "2:26", "'close_now'", "did you mean close-now?")]
    [TestCase("lifecycle: { server_closes: after-reply }", "2:29", "'after-reply'", "did you mean after_reply?")]
    [TestCase("limits: { oversize: drop }", "2:21", "'drop'", "close, error_reply or truncate")]
    [TestCase("levels: { a/b: may }", "2:16", "level is 'may'", "must, should or off")]
    [TestCase("levels: { a/b: { reason: x } }", "2:16", "the level is not said", "{ level: off")]
    [TestCase("dialogue: { rules: [{ then: stop }] }", "2:29", "then is 'stop'", "keep, half-close or close")]
    [TestCase("dialogue: { rules: [{ reply: { transform: uper } }] }", "2:43", "'uper'", "did you mean upper?")]
    [TestCase("framing: { line: {} }\ndialogue: { rules: [{ generate: { bytes: { alphabet: ascii } } }] }", "3:54", "'ascii'", "any, printable or utf8")]
    public void An_unknown_word_is_refused_and_the_known_ones_listed(string sections, string place, string wrong, string instead) => MustSay(sections, place, wrong, instead);

    [TestCase("10")]
    [TestCase("10 s")]
    [TestCase("10sec")]
    [TestCase("1h")]
    [TestCase("s")]
    [TestCase("-1s")]
    [TestCase("1e3s")]
    [TestCase(".5s")]
    [TestCase("1.s")]
    [TestCase("1.2.3s")]
    [TestCase("٣s")]
    [TestCase(".inf")]
    [TestCase("")]
    [TestCase("{}")]
    public void A_time_has_a_known_unit(string time) => MustSay($"launch: {{ within: {time} }}", "2:", "within is", "500ms, 2s or 1m");

    [TestCase("0s")]
    [TestCase("0.5ms")]
    [TestCase("11m")]
    [TestCase("999999999m")]
    public void A_time_is_neither_nothing_nor_for_ever(string time) => MustSay($"lifecycle: {{ idle: {{ must_survive: {time} }} }}", "2:36", "must_survive is", "from 1ms to 10m");

    [TestCase("4KB")]
    [TestCase("4k")]
    [TestCase("4kib")]
    [TestCase("4 KiB")]
    [TestCase("1GiB")]
    [TestCase("0x10")]
    [TestCase("-1")]
    [TestCase("1e3")]
    [TestCase("1.5KiB")]
    [TestCase("KiB")]
    [TestCase("9999999999")]
    [TestCase(".nan")]
    [TestCase("null")]
    [TestCase("[1]")]
    public void A_size_has_a_known_unit(string size) => MustSay($"framing: {{ fixed: {{ size: {size} }} }}", "2:27", "size is", "512, 4KiB or 1MiB");

    [TestCase("0")]
    [TestCase("17MiB")]
    [TestCase("999999999MiB")]
    public void A_size_is_neither_nothing_nor_all_memory(string size) => MustSay($"framing: {{ fixed: {{ size: {size} }} }}", "2:27", $"size is {size}", "from 1 to 16MiB");

    [TestCase("0")]
    [TestCase("1001")]
    [TestCase("-5")]
    [TestCase("1.5")]
    [TestCase("0o17")]
    [TestCase("1e999")]
    [TestCase(".inf")]
    [TestCase("\"5\"")]
    [TestCase("99999999999999999999")]
    public void A_number_is_whole_and_within_its_bounds(string number) => MustSay($"concurrency: {{ clients: {number} }}", "2:25", "clients is", "from 1 to 1000");

    [TestCase("yes")]
    [TestCase("True")]
    [TestCase("1")]
    [TestCase("\"true\"")]
    public void Truth_is_written_true_or_false(string flag) => MustSay($"concurrency: {{ silent_client_must_not_block: {flag} }}", "2:46", "silent_client_must_not_block is", "write true or false");

    [TestCase("dialogue: { rules: [{ when: { any: false } }] }", "2:36", "any is 'false'", "write any: true, or leave it out")]
    [TestCase("dialogue: { rules: [{ reply: { none: yes } }] }", "2:38", "none is 'yes'", "write none: true")]
    [TestCase("launch: { ready: { tcp: false } }", "2:25", "tcp is 'false'", "write tcp: true")]
    public void What_is_said_by_being_there_is_true(string sections, string place, string wrong, string instead) => MustSay(sections, place, wrong, instead);

    [TestCase("transport: udp", "2:12", "transport is 'udp'", "its keys are type, bind")]
    [TestCase("transport:", "2:11", "transport is empty", "{ type: … }")]
    [TestCase("framing: line", "2:10", "framing is 'line'", "{ line: … }")]
    [TestCase("framing: {}", "2:10", "framing is empty", "line, length_prefix, fixed, until_eof or stream")]
    [TestCase("tls: {}", "2:6", "tls has no mode", "mode: implicit")]
    [TestCase("tls: { min: 1.2 }", "2:6", "tls has no mode", "mode: implicit")]
    [TestCase("framing: { line: }", "2:17", "line is empty", "{ terminator: … }")]
    [TestCase("framing: { request: {} }", "2:21", "the framing of the request is empty", "line, length_prefix")]
    [TestCase("dialogue: [a]", "2:11", "dialogue is a list", "{ greeting: … }")]
    [TestCase("dialogue: { rules: {} }", "2:20", "rules is a map", "write a list")]
    [TestCase("dialogue: { rules: [x] }", "2:21", "a rule is 'x'", "{ when: … }")]
    [TestCase("dialogue: { rules: [{ when: {} }] }", "2:29", "when is empty", "{ any: true }")]
    [TestCase("dialogue: { rules: [{ reply: {} }] }", "2:30", "a reply is empty", "transform, literal, regex or none")]
    [TestCase("dialogue: { rules: [{ generate: {} }] }", "2:33", "generate is empty", "bytes, examples or regex")]
    [TestCase("launch: { command: python3 server.py }", "2:20", "command is 'python3 server.py'", "[\"python3\", \"server.py\"")]
    [TestCase("launch: { command: [[a]] }", "2:21", "a word of the command is a list", "write a text")]
    [TestCase("launch: { command: [\"\"] }", "2:20", "command cannot be started", "a program")]
    [TestCase("launch: { env: [A=b] }", "2:16", "env is a list", "{ NAME: value }")]
    [TestCase("launch: { env: { A-B: c } }", "2:18", "'A-B' cannot be set", "letters, digits and _")]
    [TestCase("launch: { env: { A: } }", "2:20", "A is empty", "write a text")]
    [TestCase("levels: [a]", "2:9", "levels is a list", "{ tcp/close/no-reset: should }")]
    [TestCase("levels: { a: }", "2:13", "the level of 'a' is empty", "must, should, off")]
    [TestCase("name: \"a b\"", "2:7", "the name 'a b' cannot be used", "letters, digits")]
    [TestCase("name: \"\"", "2:7", "the name '' cannot be used", "letters, digits")]
    [TestCase("title: [a]", "2:8", "title is a list", "write a text")]
    [TestCase("title: \"a\\nb\"", "2:8", "title is 'a\\u000Ab'", "one line")]
    [TestCase("extends:", "2:9", "extends is empty", "a built-in spec, or of a file")]
    [TestCase("tls: { name: \"\" }", "2:14", "the name '' cannot be in a certificate", "localhost")]
    [TestCase("tls: { name: \"a b\" }", "2:14", "'a b'", "localhost")]
    [TestCase("tls: { ca: ../ca.pem }", "2:12", "leaves the folder", "beside it")]
    public void A_value_of_another_shape_is_refused(string sections, string place, string wrong, string instead) => MustSay(sections, place, wrong, instead);

    [TestCase("{ any: true, literal: x }", "any and literal")]
    [TestCase("{ literal: x, regex: y }", "literal and regex")]
    [TestCase("{ prefix: x, malformed: true }", "prefix and malformed")]
    public void A_rule_is_about_one_kind_of_messages(string when, string both) => MustSay($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{{ when: {when} }}] }}", "3:", $"when has both {both}", "write one of them");

    [TestCase("{ literal: a, regex: b }", "literal and regex")]
    [TestCase("{ transform: same, none: true }", "transform and none")]
    [TestCase("{ none: true, literal: a }", "none and literal")]
    public void A_reply_is_one_thing(string reply, string both)
    {
        MustSay($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{{ reply: {reply} }}] }}", "3:", $"reply has both {both}", "write one of them");
        MustSay($"dialogue: {{ greeting: {reply} }}", "2:", "", "");
    }

    [TestCase("{ line: {}, fixed: {} }", "framing has both line and fixed")]
    [TestCase("{ line: {}, request: { fixed: {} } }", "framing has both line and request or reply")]
    [TestCase("{ request: { http: {} } }", "http is the framing of both directions")]
    public void A_direction_has_one_framing(string framing, string wrong) => MustSay($"framing: {framing}", "2:", wrong, "write");

    [TestCase(@"\r\n", @"\r")]
    [TestCase(@"'a\nb'", @"\n")]
    [TestCase(@"'\x00'", @"\x")]
    public void An_escape_outside_of_double_quotes_is_noticed(string terminator, string escape) =>
        MustSay($"framing: {{ line: {{ terminator: {terminator} }} }}", "2:32", $"{escape} means a control character in double quotes only", "{ hex: \"0D0A\" }");

    [TestCase("\"a\\xFFb\"", "\\xFF is a character of two bytes", "{ hex: \"FF\" }")]
    [TestCase("\"\\\\\\x80\"", "\\x80 is a character of two bytes", "{ hex: \"80\" }")]
    [TestCase("{ hex: \"0D0\" }", "hex is '0D0'", "two hexadecimal digits")]
    [TestCase("{ hex: \"0x0D\" }", "hex is '0x0D'", "two hexadecimal digits")]
    [TestCase("{ hex: }", "hex is empty", "{ hex: \"0D0A\" }")]
    [TestCase("{}", "hex is empty", "{ hex: \"0D0A\" }")]
    [TestCase("{ base64: AA }", "a value has no key 'base64'", "its keys are hex")]
    [TestCase("[1, 2]", "literal is a list", "write a text in double quotes")]
    [TestCase("null", "literal is empty", "in quotes")]
    [TestCase("", "literal is empty", "write a text in double quotes")]
    public void Bytes_are_written_so_that_nobody_wonders(string literal, string wrong, string instead) =>
        MustSay($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{{ reply: {{ literal: {literal} }} }}] }}", "3:", wrong, instead);

    [TestCase("\"a\\\\xFF\"")]
    [TestCase("\"\\x7f\\u00ff\"")]
    [TestCase("ÿ")]
    [TestCase("'c:\\dir'")]
    public void Bytes_that_nobody_could_mistake_are_read(string literal) => Specs.Of($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{{ reply: {{ literal: {literal} }} }}] }}");

    [TestCase("'('", "cannot be used", "a smaller one")]
    [TestCase("'(?=a)'", "backtracking", "without look-around")]
    [TestCase(@"'(a)\1'", "backtracking", "back-references")]
    [TestCase("'é'", "a pattern is about bytes", @"'\xC3\xA9'")]
    [TestCase("\"\\xFF\"", "a pattern is about bytes", @"\xC3\xBF")]
    [TestCase("'(((a{1,900}){1,900}){1,900}){1,900}'", "cannot be used", "a smaller one")]
    [TestCase("[a]", "regex is a list", "in single quotes")]
    public void A_pattern_that_cannot_be_matched_safely_is_refused(string pattern, string wrong, string instead) =>
        MustSay($"framing: {{ line: {{}} }}\ndialogue: {{ rules: [{{ reply: {{ regex: {pattern} }} }}] }}", "3:39", wrong, instead);

    [Test]
    public void A_pattern_that_is_too_long_is_refused() => MustSay($"dialogue: {{ greeting: {{ regex: '{new string('a', 4097)}' }} }}", "2:32", "4097 characters", "at most 4096");

    [Test]
    public void A_backslash_in_double_quotes_is_explained() => MustSay("dialogue: { greeting: { regex: \"\\d+\" } }", "2:32", "unknown escape", "in single quotes once");

    [TestCase("", "the format is not said")]
    [TestCase("# nothing\n", "the format is not said")]
    [TestCase("---\n...\n", "the format is not said")]
    [TestCase("name: x", "the format is not said")]
    [TestCase("sockspec: 2", "the format is '2'")]
    [TestCase("sockspec: \"1\"", "the format is '1'")]
    [TestCase("sockspec: 1.0", "the format is '1.0'")]
    [TestCase("sockspec:", "the format is empty")]
    [TestCase("- sockspec: 1", "this is a list")]
    [TestCase("hello", "this is 'hello'")]
    public void What_is_no_spec_of_this_format_is_refused(string text, string wrong) => Assert.That(Specs.Refusal(text), Does.Contain(wrong).And.Contain("sockspec: 1"));

    private static void MustSay(string sections, string place, string wrong, string instead) =>
        Assert.That(Specs.RefusalOf(sections), Does.StartWith($"mine.yaml:{place}").And.Contain(wrong).And.Contain(instead));
}
