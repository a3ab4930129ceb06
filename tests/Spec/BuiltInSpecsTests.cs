using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Suites;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Spec;

/// <summary>The specs that the program carries, and those of the targets of these tests.</summary>
public class BuiltInSpecsTests
{
    private static IReadOnlyList<string> Names => BuiltInSpecs.Shelf.Names;

    [Test]
    public void Their_names_are_those_of_the_contract() => Assert.That(Names, Is.EqualTo(
        ["echo", "echo-udp", "echo-tls", "discard", "discard-udp", "daytime", "daytime-udp", "time", "time-udp", "chargen", "chargen-udp", "http"]));

    [Test]
    public void Echo_is_what_the_model_says_echo_is() => Assert.That(Specs.Said(Find("echo")), Is.EqualTo(Specs.Said(ServiceSpec.Echo)));

    [Test]
    public void Echo_over_tls_is_echo_in_another_cloth()
    {
        var spec = Find("echo-tls");
        Assert.That(Specs.Said(spec with { Name = "echo", Title = ServiceSpec.Echo.Title, Tls = null }), Is.EqualTo(Specs.Said(ServiceSpec.Echo)));
        Assert.That(spec.Tls, Is.EqualTo(TlsSpec.Default));
        Assert.That(spec.Sources.Select(source => source.Name), Is.EqualTo(["echo-tls", "echo"]));
    }

    [TestCaseSource(nameof(Names))]
    public void Each_has_its_name_a_title_and_a_kind(string name)
    {
        var spec = Find(name);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(spec.Name, Is.EqualTo(name));
            Assert.That(spec.Title, Is.Not.Empty);
            Assert.That(spec.Kind, Is.EqualTo(name.Split('-')[0]));
            Assert.That(spec.Transport, Is.EqualTo(name.EndsWith("-udp", StringComparison.Ordinal) ? Transport.Udp : Transport.Tcp));
            Assert.That(spec.Tls is not null, Is.EqualTo(name.EndsWith("-tls", StringComparison.Ordinal)));
            Assert.That(BuiltInSpecs.Shelf.Titles.Single(one => one.Name == name).Title, Is.EqualTo(spec.Title));
        }
    }

    [TestCase("echo", true, false, false)]
    [TestCase("discard", false, false, false)]
    [TestCase("daytime", false, true, false)]
    [TestCase("time", false, true, false)]
    [TestCase("chargen", false, false, true)]
    public void Services_of_tcp_talk_as_they_should(string name, bool answers, bool announces, bool endless)
    {
        var talk = new Conversation(Find(name));
        Assert.That((talk.Answers, talk.IsAnnouncement, talk.IsEndless), Is.EqualTo((answers, announces, endless)));
    }

    [TestCase("echo-udp", "abc", "616263")]
    [TestCase("discard-udp", "abc", null)]
    [TestCase("daytime-udp", "", "/.*/")]
    [TestCase("time-udp", "", @"/^.{4}\z/")]
    [TestCase("chargen-udp", "", "/.*/")]
    public void Services_of_udp_answer_as_they_should(string name, string datagram, string? answer)
    {
        var due = Replies.ToDatagram(Find(name), System.Text.Encoding.ASCII.GetBytes(datagram));
        Assert.That(due?.Exact is { } exact ? Convert.ToHexString(exact) : due?.Pattern?.ToString(), Is.EqualTo(answer));
    }

    [TestCase(4, true)]
    [TestCase(3, false)]
    [TestCase(5, false)]
    public void The_time_has_four_bytes_whatever_they_are(int size, bool right)
    {
        var pattern = ((Reply.Matching)Find("time-udp").Rules[0].Reply).Pattern;
        for (var value = 0; value < 256; value++) Assert.That(pattern.Matches(Enumerable.Repeat((byte)value, size).ToArray()), Is.EqualTo(right), $"{value}");
    }

    [Test]
    public void Http_is_framed_as_http() =>
        Assert.That((Find("http").Request, Find("http").Reply), Is.EqualTo((new Framing.Stream(), new Framing.Http())));

    // ---- The specs of the targets ----
    [TestCase("upper-line", "hello\n", "HELLO\n")]
    [TestCase("upper-line", "héllo\r\n\n", "HéLLO\r\n\n")]
    [TestCase("kv-prefix", "\0\0\0\u0003abc", "\0\0\0\u0003cba")]
    [TestCase("fixed-record", "0123456789abcdef", "fedcba9876543210")]
    [TestCase("calc-line", "ADD 2 3\r\nPING\r\n", "READY\r\nOK 5\r\nPONG\r\n")]
    [TestCase("calc-line", "QUIT\r\nPING\r\n", "READY\r\nBYE\r\n")]
    [TestCase("redis", "PING\r\nSET a b\r\n", "+PONG\r\n+OK\r\n")]
    [TestCase("memcached", "flush_all\r\nnosuch\r\n", "OK\r\nERROR\r\n")]
    public void The_services_of_the_targets_answer_as_they_should(string name, string sent, string due)
    {
        var owed = Replies.To(OfTargets(name), System.Text.Encoding.UTF8.GetBytes(sent), ended: false);
        Assert.That(owed.Exact, Is.EqualTo(System.Text.Encoding.UTF8.GetBytes(due)));
    }

    [TestCase("HELLO", "^ERR ", false)]
    [TestCase("ADD -5 6", @"^OK -?[0-9]+\z", false)]
    [TestCase("ADD 5 6\n", "^ERR ", false)]
    [TestCase("", "^ERR ", false)]
    public void The_calculator_answers_everything(string line, string pattern, bool closes)
    {
        var owed = Replies.To(OfTargets("calc-line"), System.Text.Encoding.UTF8.GetBytes($"{line}\r\n"), ended: false);
        Assert.That((owed.Due[1].Pattern?.Pattern, owed.Closes, owed.Open), Is.EqualTo((pattern, closes, false)));
    }

    [Test]
    public void The_calculator_refuses_a_line_that_is_too_long_and_closes()
    {
        var owed = Replies.To(OfTargets("calc-line"), System.Text.Encoding.UTF8.GetBytes(new string('x', 513) + "\r\n"), ended: false);
        Assert.That((owed.Due[1].Pattern?.Pattern, owed.Closes, owed.Open), Is.EqualTo(("^ERR ", true, false)));
    }

    [Test]
    public void A_last_line_without_its_end_is_answered_where_the_spec_says_so() => Assert.That(
        Replies.To(OfTargets("upper-line"), "abc"u8, ended: true).Exact, Is.EqualTo("ABC\n"u8.ToArray()));

    // What is generated must be what it is meant to be, or the target would be blamed for it.
    [TestCaseSource(typeof(Specs), nameof(Specs.Shipped))]
    public void Every_message_that_is_generated_for_a_rule_is_answered_by_it(string path)
    {
        var spec = BuiltInSpecs.Shelf.Find(path.StartsWith("suites", StringComparison.Ordinal) ? Path.GetFileNameWithoutExtension(path) : Path.Combine(Repository.Root, path));
        var talk = new Conversation(spec);
        foreach (var rule in spec.Rules.Where(rule => !rule.When.Malformed))
        {
            for (var number = 0; number < 50; number++)
            {
                var sent = talk.Message(rule, number, 1 + number * 7 % 100).ToBytes();
                var frame = spec.Request.Take(sent);
                Assert.That((frame.Status, frame.Total), Is.EqualTo((FrameStatus.Whole, sent.Length)), $"{number}: {Payload.Literal.Of(sent)}");
                Assert.That(Replies.Respond(spec, frame.Payload(sent)), Is.SameAs(rule), $"{number}: {Payload.Literal.Of(sent)}");
            }
        }
    }

    private static ServiceSpec Find(string name) => BuiltInSpecs.Shelf.Find(name);

    private static ServiceSpec OfTargets(string name) => BuiltInSpecs.Shelf.Find(Path.Combine(Repository.Root, "tests/targets/specs", $"{name}.yaml"));
}
