using System.Net;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class DatagramTests
{
    private static readonly Conversation Echo = Mail.Talk();
    private static readonly Mail Exchange = Mail.Of(Echo.Visit(0));

    /// <summary>Three datagrams of one socket without waiting.</summary>
    private static readonly Mail Three = Mail.Of(Echo.Enter(0), DatagramPrograms.InOneGo(Echo, 0, [Echo.Message(1, 40), Echo.Message(2, 50), Echo.Message(3, 60)]), Echo.Leave(0));

    /// <summary>A datagram each of two sockets.</summary>
    private static readonly Mail Two = Mail.Of(
        Talk.Each([0, 1], Echo.Enter), Talk.Each([0, 1], i => [Conversation.Send(i, Echo.Message(i, 40))]), Talk.Each([0, 1], i => Echo.Receive(i, Echo.Message(i, 40))), Talk.Each([0, 1], Echo.Leave));

    [Test]
    public void A_faultless_server_passes_every_judge()
    {
        foreach (var mail in (Mail[])[Exchange, Three, Two])
        {
            DatagramJudge.Answers(mail).MustHold();
            DatagramJudge.OnePerDatagram(mail).MustHold();
            DatagramJudge.ToSender(mail).MustHold();
            DatagramJudge.FromAskedPort(mail).MustHold();
            DatagramJudge.RightAnswer(mail).MustHold();
            DatagramJudge.OwnAnswers(mail).MustHold();
            DatagramJudge.Survives(mail).MustHold();
        }
    }

    [Test]
    public void No_answer_is_missed_by_absence()
    {
        var violation = DatagramJudge.Answers(Exchange.Answered(_ => [])).MustBeViolated();
        Assert.That((violation.Step, violation.Absence, violation.Expected), Is.EqualTo((2, true, "a datagram on #0")));
    }

    [Test]
    public void A_wrong_answer_is_an_answer() => DatagramJudge.Answers(Exchange.Changed(_ => [])).MustHold();

    [Test]
    public void Two_answers_to_one_datagram_are_one_too_many() =>
        Assert.That(DatagramJudge.OnePerDatagram(Exchange.Answered(letter => [letter, letter])).MustBeViolated().Expected, Is.EqualTo("1 answer to 1 datagram on #0"));

    [Test]
    public void Two_answers_are_each_the_right_one() => DatagramJudge.RightAnswer(Three.Answered(letter => [letter, letter])).MustHold();

    [Test]
    public void An_empty_datagram_is_an_answer_too_many() => DatagramJudge.OnePerDatagram(Exchange.Answered(letter => [letter, letter with { Data = [] }])).MustBeViolated();

    [Test]
    public void One_answer_with_two_in_it_is_no_answer_of_their_own()
    {
        var joined = Three.Answered(Gathering());
        Assert.That(DatagramJudge.OnePerDatagram(joined).MustBeViolated().Observed, Does.StartWith("one datagram of 150 bytes with several answers in it"));
        DatagramJudge.RightAnswer(joined).MustBeViolated();

        // Nothing for the first two, everything for the third.
        static Func<Mail.Letter, IEnumerable<Mail.Letter>> Gathering()
        {
            var all = new List<byte>();
            return letter =>
            {
                all.AddRange(letter.Data);
                return all.Count >= 150 ? [letter with { Data = [.. all] }] : [];
            };
        }
    }

    [Test]
    public void Answers_may_come_in_any_order()
    {
        var held = new Stack<Mail.Letter>();
        DatagramJudge.RightAnswer(Three.Answered(letter =>
        {
            held.Push(letter);
            return held.Count == 3 ? held : [];
        })).MustHold();
    }

    // One buffer for all: by the time of the answer it has the latest in it.
    [Test]
    public void The_last_answer_three_times_is_not_an_answer_to_each()
    {
        var held = new List<Mail.Letter>();
        var violation = DatagramJudge.RightAnswer(Three.Answered(letter =>
        {
            held.Add(letter);
            return held.Count == 3 ? [letter, letter, letter] : [];
        })).MustBeViolated();
        Assert.That(violation.Observed, Does.StartWith("the answer to step 4 came again, and none to step 2"));
    }

    [TestCase(39, "39 bytes, the first of them")]
    [TestCase(0, "0 bytes, the first of them")]
    public void A_part_of_an_answer_is_told_as_such(int length, string observed) =>
        Assert.That(DatagramJudge.RightAnswer(Mail.Of(Echo.Visit(0, 0, 40)).Changed(data => data[..length])).MustBeViolated().Observed, Is.EqualTo(observed));

    [Test]
    public void What_stands_behind_an_answer_is_shown() =>
        Assert.That(DatagramJudge.RightAnswer(Mail.Of(Echo.Visit(0, 0, 40)).Changed(data => [.. data, 0])).MustBeViolated().Observed, Is.EqualTo("41 bytes, and behind them \"\\x00\""));

    [Test]
    public void A_wrong_byte_is_found_at_its_offset() =>
        Assert.That(
            DatagramJudge.RightAnswer(Mail.Of(Echo.Visit(0, 0, 40)).Changed(data => [.. data[..7], (byte)(data[7] ^ 1), .. data[8..]])).MustBeViolated().Expected, Does.StartWith("at offset 7 ").And.EndsWith(" of 40 bytes"));

    [Test]
    public void The_same_datagram_twice_is_owed_two_answers()
    {
        var twice = Mail.Of(Echo.Enter(0), DatagramPrograms.InOneGo(Echo, 0, [Echo.Message(1), Echo.Message(1)]), Echo.Leave(0));
        DatagramJudge.RightAnswer(twice).MustHold();
        var heard = new HashSet<string>();
        Assert.That(DatagramJudge.RightAnswer(twice.Answered(letter => heard.Add(Convert.ToHexString(letter.Data)) ? [letter] : [])).MustBeViolated().Absence, Is.True);
    }

    [Test]
    public void An_answer_that_another_socket_gets_is_told_with_who_asked()
    {
        var crossed = Two.Answered(letter => [letter with { Socket = 1 - letter.Socket }]);
        Assert.That(DatagramJudge.ToSender(crossed).MustBeViolated().Observed, Does.StartWith("the answer to what #1 sent: "));
        DatagramJudge.OwnAnswers(crossed).MustBeViolated();
        DatagramJudge.OnePerDatagram(crossed).MustHold();
    }

    [Test]
    public void A_socket_that_never_asked_must_get_nothing()
    {
        var listening = Mail.Of(Talk.Each([0, 1], Echo.Enter), Echo.Exchange(0), Talk.Each([0, 1], Echo.Leave));
        DatagramJudge.ToSender(listening).MustHold();
        DatagramJudge.ToSender(listening.Answered(letter => [letter, letter with { Socket = 1 }])).MustBeViolated();
        DatagramJudge.ToSender(listening.Answered(letter => [letter, new Mail.Letter(1, [1])])).MustBeViolated();
    }

    [TestCase("127.0.0.1", 7778)]
    [TestCase("127.0.1.1", 7777)]
    public void An_answer_from_elsewhere_is_a_violation_that_names_its_source(string address, int port)
    {
        var elsewhere = new IPEndPoint(IPAddress.Parse(address), port);
        Assert.That(DatagramJudge.FromAskedPort(Exchange.Answered(letter => [letter with { Source = elsewhere }])).MustBeViolated().Observed, Is.EqualTo($"one from {elsewhere} on #0"));
    }

    [Test]
    public void An_answer_from_elsewhere_that_no_socket_took_is_seen_on_the_wire()
    {
        var stranger = new FiveTuple(Mail.TupleOf(0).Client, new IPEndPoint(IPAddress.Loopback, 9999), Transport.Udp);
        DatagramJudge.FromAskedPort(Exchange.OnTheWire().WithStranger(new Flow(stranger, [Datagram(5, fromClient: false)]))).MustBeViolated();
        DatagramJudge.FromAskedPort(Exchange.OnTheWire().WithStranger(new Flow(stranger, [Datagram(5, fromClient: true)]))).MustHold();
    }

    [Test]
    public void Silence_is_what_is_owed_where_the_spec_says_none()
    {
        var discard = Mail.Talk("discard-udp");
        var silent = Mail.Of(discard.Enter(0), [Conversation.Send(0, discard.Message(0))], DatagramPrograms.UntilSilence(0, 100), discard.Leave(0)).To(discard.Service);
        DatagramJudge.NoReply(silent).MustHold();
        DatagramJudge.NoReply(silent.Answered(letter => [letter])).MustBeViolated();
        DatagramJudge.NoReply(silent.Changed(_ => [])).MustBeViolated();
    }

    [Test]
    public void What_the_spec_does_not_speak_of_may_be_answered_or_not()
    {
        var ping = Mail.Spec("echo-udp") with { Rules = [new Rule(new When(Literal: "PING"u8.ToArray()), Generation.None, new Reply.Literal("PONG"u8.ToArray()), Then.Keep)] };
        var odd = Mail.Of([new Step.Open(0), new Step.Send(0, Payload.Literal.Of("?"u8))], DatagramPrograms.UntilSilence(0, 10)).To(ping);
        foreach (var mail in (Mail[])[odd.Answered(_ => []), odd.Changed(_ => "what?"u8.ToArray())])
        {
            DatagramJudge.RightAnswer(mail).MustHold();
            DatagramJudge.OnePerDatagram(mail).MustHold();
            DatagramJudge.ToSender(mail).MustHold();
            DatagramJudge.NoReply(mail).MustHold();
        }

        DatagramJudge.OnePerDatagram(odd.Answered(letter => [letter, letter])).MustBeViolated();
    }

    [Test]
    public void A_reply_by_a_pattern_must_match_it()
    {
        var number = Mail.Spec("echo-udp") with { Rules = [new Rule(new When(), Generation.None, new Reply.Matching(new BytePattern("^[0-9]+$")), Then.Keep)] };
        var asked = Mail.Of(Echo.Visit(0)).To(number);
        DatagramJudge.RightAnswer(asked.Changed(_ => "42"u8.ToArray())).MustHold();
        Assert.That(DatagramJudge.RightAnswer(asked.Changed(_ => "x"u8.ToArray())).MustBeViolated().Expected, Is.EqualTo("a reply that matches /^[0-9]+$/"));
    }

    // "1" fits both questions, "22" only the second: a first come, first served would leave one without.
    [Test]
    public void Patterns_that_overlap_are_shared_out_so_that_as_many_fit_as_can()
    {
        var spec = Mail.Spec("echo-udp") with
        {
            Rules =
            [
                new Rule(new When(Literal: "any"u8.ToArray()), Generation.None, new Reply.Matching(new BytePattern("^[0-9]+$")), Then.Keep),
                new Rule(new When(Literal: "one"u8.ToArray()), Generation.None, new Reply.Matching(new BytePattern("^[0-9]$")), Then.Keep),
            ],
        };
        var both = Mail.Of([new Step.Open(0), Conversation.Send(0, Payload.Literal.Of("any"u8)), Conversation.Send(0, Payload.Literal.Of("one"u8)), new Step.ReceiveMessages(0, 2, new Framing.Datagram())]).To(spec);
        DatagramJudge.RightAnswer(both.Changed(data => data[0] == 'a' ? "1"u8.ToArray() : "22"u8.ToArray())).MustHold();
        DatagramJudge.RightAnswer(both.Changed(_ => "22"u8.ToArray())).MustBeViolated();
    }

    [Test]
    public void A_port_that_nobody_is_bound_to_any_more_is_told_by_icmp()
    {
        var violation = DatagramJudge.StillBound(Exchange.UnreachableDuring(2)).MustBeViolated();
        Assert.That((violation.Step, violation.Observed), Is.EqualTo((2, "ICMP port unreachable for #0: the server's socket is gone")));
    }

    [Test]
    public void Icmp_on_the_wire_tells_it_too_and_whose_socket_is_gone_decides()
    {
        DatagramJudge.StillBound(Exchange.OnTheWire(new Flow(Mail.TupleOf(0), [Datagram(5, true), Unreachable(ours: false)]))).MustBeViolated();
        DatagramJudge.StillBound(Exchange.OnTheWire(new Flow(Mail.TupleOf(0), [Datagram(5, true), Unreachable(ours: true)]))).MustHold();
    }

    [Test]
    public void An_icmp_error_is_explained_where_a_step_fails_of_it()
    {
        var refused = Exchange.Evidence();
        refused = refused with { Trace = refused.Trace with { Outcomes = refused.Trace.Outcomes.SetItem(2, refused.Trace.Outcomes[2] with { Result = StepResult.Failed, Errno = "ECONNREFUSED", Detail = "ICMP port unreachable: the server's socket is gone" }), Connections = [refused.Trace.Connections[0] with { Datagrams = [] }] } };
        var violation = DatagramJudge.Answers(refused).MustBeViolated();
        Assert.That((violation.Absence, violation.Observed), Is.EqualTo((false, "ECONNREFUSED (ICMP port unreachable: the server's socket is gone) at step 3 of 4")));
    }

    [Test]
    public void A_dead_process_is_a_violation_where_survival_is_asked_for_and_undecided_elsewhere()
    {
        DatagramJudge.Survives(Exchange.KilledBy(11)).MustBeViolated();
        DatagramJudge.Living(DatagramJudge.RightAnswer)(Exchange.KilledBy(11)).MustBeViolated();
        Judges.WhileAlive(DatagramJudge.RightAnswer)(Exchange.KilledBy(11).Answered(_ => [])).MustBeInconclusive();
    }

    [TestCase("127.0.0.1", true)]
    [TestCase("0.0.0.0", true)]
    [TestCase("::", true)]
    [TestCase("::1", true)]
    [TestCase("127.0.1.1", false)]
    public void A_socket_is_bound_where_it_was_told_or_not(string address, bool told)
    {
        var verdict = DatagramJudge.BoundWhereTold(Mail.Of([new Step.Observe()]).BoundTo(new IPEndPoint(IPAddress.Parse(address), 7777)));
        if (told) verdict.MustHold();
        else Assert.That(verdict.MustBeViolated().Observed, Is.EqualTo("{UDP, 127.0.1.1, 7777}"));
    }

    [Test]
    public void A_port_without_a_socket_is_a_violation_and_a_strange_server_is_not_judged()
    {
        DatagramJudge.BoundWhereTold(Mail.Of([new Step.Observe()]).BoundTo()).MustBeViolated();
        DatagramJudge.BoundWhereTold(Mail.Of([new Step.Observe()]).BoundTo().NotLaunchedByUs()).MustBeNotObservable();
        DatagramJudge.BoundWhereTold(Exchange).MustBeInconclusive();
    }

    [Test]
    public void A_server_for_loopback_only_must_not_be_bound_to_the_wildcard() =>
        DatagramJudge.BoundWhereTold(Mail.Of([new Step.Observe()]).To(Mail.Spec("echo-udp") with { LoopbackOnly = true }).BoundTo(new IPEndPoint(IPAddress.Any, 7777))).MustBeViolated();

    [Test]
    public void A_checksum_of_zero_in_every_datagram_is_none()
    {
        DatagramJudge.HasChecksum(Exchange).MustBeNotObservable();
        DatagramJudge.HasChecksum(Exchange.OnTheWire(new Flow(Mail.TupleOf(0), [Datagram(0, fromClient: true)]))).MustBeNotObservable();
        DatagramJudge.HasChecksum(Exchange.OnTheWire(new Flow(Mail.TupleOf(0), [Datagram(0, false), Datagram(0, false)]))).MustBeViolated();
        DatagramJudge.HasChecksum(Exchange.OnTheWire(new Flow(Mail.TupleOf(0), [Datagram(0, false), Datagram(17, false)]))).MustHold();
        DatagramJudge.HasChecksum(Exchange.OnTheWire(new Flow(Mail.TupleOf(0), [Datagram(0, false)]))).MustHold();
    }

    private static Segment Datagram(int checksum, bool fromClient) => new(default, fromClient, TcpFlags.None, 0, 0, 20, 0, new byte[] { 1 }) { Checksum = checksum };

    private static Segment Unreachable(bool ours)
    {
        var (from, to) = ours ? (Mail.Server, Mail.TupleOf(0).Client) : (Mail.TupleOf(0).Client, Mail.Server);
        return new Segment(default, ours, TcpFlags.None, 0, 0, 0, 0, new byte[] { 2 }) { Unreachable = new PortUnreachable(to.Address, from, to) };
    }
}
