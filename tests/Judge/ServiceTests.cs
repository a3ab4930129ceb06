using System.Buffers.Binary;
using System.Text;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class ServiceTests
{
    private const string Line = "Saturday, January 3, 1970 12:00:00-UTC\r\n";
    private static readonly Told ToTheEnd = Told.Of(Talk.Connect(0), [new Step.Receive(0, null), new Step.Close(0)]);
    private static readonly Told Asking = Told.Of(Talk.Connect(0), [new Step.Send(0, Payload.Literal.Of("tell me\r\n"u8)), new Step.Receive(0, null), new Step.Close(0)]);
    private static readonly Told Four = Told.Of(Talk.Connect(0), [new Step.Receive(0, 4)]);
    private static readonly Told Reading = Told.Of(Talk.Connect(0), [new Step.Receive(0, 20_000), new Step.Close(0)]);

    // ---- Discard ----
    [Test]
    public void Whoever_discards_says_nothing()
    {
        ServiceJudge.NoReply(As("discard", ToTheEnd)).MustHold();
        Assert.That(ServiceJudge.NoReply(As("discard", Asking, "ok\r\n")).MustBeViolated().Observed, Is.EqualTo("4 bytes on #0: \"ok\\r\\n\""));
    }

    [Test]
    public void Whoever_discards_takes_all()
    {
        var much = Told.Of(Talk.Connect(0), [new Step.Send(0, Talk.Letters(200_000)), new Step.ShutdownWrite(0), new Step.Receive(0, null), new Step.Close(0)]);
        ServiceJudge.TakesAll(As("discard", much, "")).MustHold();
        ServiceJudge.TakesAll(As("discard", much.But(1, StepResult.Failed, "ECONNRESET", 65536), "")).MustBeViolated();
        ServiceJudge.TakesAll(As("discard", much.But(3, StepResult.Failed, "ECONNRESET"), "")).MustBeViolated();
        Assert.That(ServiceJudge.TakesAll(As("discard", much.But(1, StepResult.TimedOut, bytes: 65536), "")).MustBeViolated().Absence, Is.True);
    }

    // ---- Daytime ----
    [Test]
    public void A_line_of_text_is_what_daytime_says()
    {
        var said = As("daytime", ToTheEnd, Line);
        foreach (var judge in (Func<Evidence, Verdict>[])[ServiceJudge.SaysSomething, ServiceJudge.Printable, ServiceJudge.OneLine, ServiceJudge.InputDiscarded, ServiceJudge.ClosesAfterSending]) judge(said).MustHold();
    }

    [Test]
    public void Silence_until_something_is_asked_is_a_violation() =>
        Assert.That(ServiceJudge.SaysSomething(As("daytime", Told.Of(Talk.Connect(0), [new Step.Receive(0, 1)]).But(1, StepResult.TimedOut), "")).MustBeViolated().Absence, Is.True);

    [TestCase("12:00\0", "0x00")]
    [TestCase("\u001b[32m12:00", "0x1b")]
    [TestCase("m\u00e4rz", "0xc3")]
    [TestCase("12:00\u007f", "0x7f")]
    public void What_does_not_print_is_named(string said, string octet) =>
        Assert.That(ServiceJudge.Printable(As("daytime", ToTheEnd, said)).MustBeViolated().Observed, Does.StartWith($"the byte {octet} at offset "));

    [TestCase("12:00", true)]
    [TestCase("12:00\n", true)]
    [TestCase("12:00\r\n", true)]
    [TestCase("12:00\n\r", true, Description = "as old systems had it")]
    [TestCase("welcome\r\n12:00\r\n", false)]
    [TestCase("12:00\r\n\r\n", false)]
    [TestCase("3.1.1970\n12:00", false)]
    public void One_line_may_have_an_end_and_no_more(string said, bool one)
    {
        var verdict = ServiceJudge.OneLine(As("daytime", ToTheEnd, said));
        if (one) verdict.MustHold();
        else verdict.MustBeViolated();
    }

    [Test]
    public void What_the_client_says_must_not_come_back_nor_bring_a_reset()
    {
        ServiceJudge.InputDiscarded(As("daytime", Asking, Line)).MustHold();
        ServiceJudge.InputDiscarded(As("daytime", Asking, "tell me\r\n")).MustBeViolated();
        ServiceJudge.InputDiscarded(As("daytime", Asking, "")).MustBeViolated();
        ServiceJudge.InputDiscarded(As("daytime", Asking.But(2, StepResult.Failed, "ECONNRESET"), Line)).MustBeViolated();
        ServiceJudge.InputDiscarded(As("daytime", Asking.OnTheWire(Segments.Of(0, "> P. 1(9) ack 1", "< FP. 1(40) ack 1", "< R 41(0) ack 0")), Line)).MustBeViolated();
    }

    [Test]
    public void A_connection_that_stays_open_after_the_text_is_missed_by_absence()
    {
        var open = ServiceJudge.ClosesAfterSending(As("daytime", ToTheEnd.But(1, StepResult.TimedOut, detail: "no end of file came"), Line)).MustBeViolated();
        Assert.That((open.Absence, open.Step), Is.EqualTo((true, 1)));
        ServiceJudge.ClosesAfterSending(As("daytime", ToTheEnd.But(1, StepResult.TimedOut), "")).MustHold();
    }

    [TestCase("Sat Jan  3 12:00:00 1970\n", true)]
    [TestCase("", false)]
    [TestCase("\0\0\u0001\u0092", false)]
    [TestCase("12:00\0", false)]
    public void A_datagram_of_daytime_is_text_or_not(string said, bool text)
    {
        var daytime = Mail.Talk("daytime-udp");
        var verdict = ServiceJudge.TextInDatagrams(Mail.Of(daytime.Visit(0)).To(daytime.Service).Changed(_ => Encoding.Latin1.GetBytes(said)));
        if (text) verdict.MustHold();
        else verdict.MustBeViolated();
    }

    // ---- Time ----
    [TestCase(0, true)]
    [TestCase(119, true)]
    [TestCase(-119, true)]
    [TestCase(125, false)]
    [TestCase(-125, false)]
    public void The_time_may_be_two_minutes_off(int seconds, bool current)
    {
        var verdict = ServiceJudge.CurrentTime(As("time", Four, Octets(Now + seconds)));
        if (current) verdict.MustHold();
        else verdict.MustBeViolated();
    }

    [Test]
    public void The_usual_mistakes_about_the_time_are_named()
    {
        Assert.That(ServiceJudge.CurrentTime(As("time", Four, Octets(Now - 2208988800))).MustBeViolated().Observed, Does.EndWith(": counted from 1970"));
        Assert.That(ServiceJudge.CurrentTime(As("time", Four, [.. Octets(Now).Reverse()])).MustBeViolated().Observed, Does.EndWith(": the octets are in the wrong order (htonl)"));
        Assert.That(ServiceJudge.CurrentTime(As("time", Four, [.. Octets(Now - 2208988800).Reverse()])).MustBeViolated().Observed, Does.Contain("counted from 1970, and the octets are in the wrong order"));
    }

    [TestCase("time", "1234", "1236", true)]
    [TestCase("time", "1234", "1234", false)]
    [TestCase("daytime", "Sat Jan 3 12:00:00 1970", "Sat Jan 3 12:00:02 1970", true)]
    [TestCase("daytime", "Sat Jan 3 12:00:00 1970", "Sat Jan 3 12:00:00 1970", false)]
    public void Who_asks_later_is_told_a_later_time(string kind, string first, string later, bool goesOn)
    {
        var verdict = ServiceJudge.GoesOn(Later(kind, first, later));
        if (goesOn) verdict.MustHold();
        else verdict.MustBeViolated();
    }

    [Test]
    public void A_time_of_day_without_seconds_cannot_be_seen_to_go_on() => ServiceJudge.GoesOn(Later("daytime", "3 January, noon", "3 January, noon")).MustBeNotObservable();

    [Test]
    public void Other_than_four_octets_is_a_matter_of_its_own()
    {
        var eight = As("time", Four, new byte[8]);
        ServiceJudge.FourOctets(eight).MustBeViolated();
        ServiceJudge.CurrentTime(eight).MustHold();
        ServiceJudge.FourOctets(As("time", Four.But(1, StepResult.EndOfFile, bytes: 3), new byte[3])).MustBeViolated();
        ServiceJudge.FourOctets(As("time", Four, Octets(Now))).MustHold();
    }

    [Test]
    public void A_datagram_of_time_has_four_current_octets()
    {
        var time = Mail.Talk("time-udp");
        var asked = Mail.Of(time.Visit(0)).To(time.Service);
        ServiceJudge.FourOctetsInDatagrams(asked).MustHold();
        ServiceJudge.CurrentTimeInDatagrams(asked).MustHold();
        ServiceJudge.FourOctetsInDatagrams(asked.Changed(_ => new byte[8])).MustBeViolated();
        ServiceJudge.FourOctetsInDatagrams(asked.Changed(_ => [])).MustBeViolated();
        ServiceJudge.CurrentTimeInDatagrams(asked.Changed(_ => Octets(Now - 2208988800))).MustBeViolated();
    }

    // ---- Character generator ----
    [Test]
    public void The_stream_goes_on_without_what_was_sent_to_it()
    {
        var word = Talk.Letters(40);
        var talking = Told.Of(Talk.Connect(0), [new Step.Send(0, word), new Step.Receive(0, 7400), new Step.Close(0)]);
        ServiceJudge.StreamIgnoresInput(As("chargen", talking, Pattern(100))).MustHold();
        ServiceJudge.StreamIgnoresInput(As("chargen", talking, [.. Pattern(10), .. word.ToBytes(), .. Pattern(10)])).MustBeViolated();
        ServiceJudge.StreamIgnoresInput(As("chargen", talking.But(2, StepResult.EndOfFile, bytes: 100), Pattern(10))).MustBeViolated();
    }

    [Test]
    public void Control_characters_in_the_stream_are_found()
    {
        ServiceJudge.Printable(As("chargen", Reading, Pattern(300))).MustHold();
        ServiceJudge.Printable(As("chargen", Reading, [.. Pattern(300), 0x7f])).MustBeViolated();
    }

    [Test]
    public void A_gap_in_the_classic_pattern_is_found_where_a_fast_reader_has_none()
    {
        var gap = Pattern(100);
        gap = [.. gap[..3000], .. gap[3100..]];
        Assert.That(ServiceJudge.SlowReaderMissesNothing(Slow(gap, Pattern(100))).MustBeViolated().Observed, Does.StartWith("at offset 2960 of #0 the pattern breaks"));
        ServiceJudge.SlowReaderMissesNothing(Slow(Pattern(100), Pattern(100))).MustHold();
    }

    // The data may be anything (RFC 864).
    [Test]
    public void Another_pattern_is_never_judged_by_the_classic_one()
    {
        var (random, gap) = (new Payload.Generated(7400, 5, Alphabet.Printable).ToBytes(), Pattern(100));
        gap = [.. gap[..3000], .. gap[3100..]];
        ServiceJudge.SlowReaderMissesNothing(Slow(random, random)).MustHold();
        ServiceJudge.SlowReaderMissesNothing(Slow(gap, random)).MustHold();
        ServiceJudge.SlowReaderMissesNothing(Slow(gap, gap)).MustHold();
        ServiceJudge.SlowReaderMissesNothing(Slow(gap, Pattern(20))).MustHold();
    }

    [Test]
    public void A_slow_reader_that_is_hung_up_on_is_a_violation() =>
        ServiceJudge.SlowReaderMissesNothing(Slow(Pattern(10), Pattern(100), told => told.But(1, StepResult.EndOfFile, bytes: 740))).MustBeViolated();

    [TestCase(0, 0, false)]
    [TestCase(9 << 20, 100, false, Description = "a buffer that is full in the end")]
    [TestCase(9 << 20, 9 << 20, true)]
    public void Memory_that_grows_while_nobody_reads_is_a_violation(int early, int late, bool grows)
    {
        var watched = Told.Of(Talk.Connect(0), [new Step.Sample("unread"), new Step.Sample("unread"), new Step.Sample("unread")]).Evidence();
        watched = Watching(watched, 50 << 20, (50 << 20) + early, (50 << 20) + early + late);
        var verdict = ServiceJudge.BoundedMemory(watched);
        if (grows) verdict.MustBeViolated();
        else verdict.MustHold();
    }

    [Test]
    public void Memory_that_cannot_be_seen_is_not_judged() => ServiceJudge.BoundedMemory(As("chargen", Reading, Pattern(300))).MustBeNotObservable();

    [Test]
    public void A_stream_that_goes_on_after_our_end_is_a_violation()
    {
        var half = Told.Of(Talk.Connect(0), [new Step.Receive(0, 100), new Step.ShutdownWrite(0), new Step.Receive(0, null), new Step.Close(0)]);
        ServiceJudge.EndsWithClient(As("chargen", half, Pattern(10))).MustHold();
        var flooded = ServiceJudge.EndsWithClient(As("chargen", half.But(3, StepResult.Failed, detail: "more than 8388608 bytes came: reading was stopped"), Pattern(10))).MustBeViolated();
        Assert.That(flooded.Absence, Is.False);
        ServiceJudge.EndsWithClient(As("chargen", half.But(3, StepResult.TimedOut), Pattern(10))).MustBeViolated();
        ServiceJudge.EndsWithClient(As("chargen", Reading.LeavingBehind(0, TcpState.CloseWait), Pattern(300))).MustBeViolated();
        ServiceJudge.EndsWithClient(As("chargen", Reading, Pattern(300))).MustHold();
    }

    [TestCase(0, true)]
    [TestCase(512, true)]
    [TestCase(513, false)]
    public void A_datagram_of_characters_has_512_at_most(int length, bool fits)
    {
        var chargen = Mail.Talk("chargen-udp");
        var verdict = ServiceJudge.AtMost512(Mail.Of(chargen.Visit(0)).To(chargen.Service).Changed(_ => new byte[length]));
        if (fits) verdict.MustHold();
        else verdict.MustBeViolated();
    }

    private static long Now => Clock.Wall(Told.Start(1)).ToUnixTimeSeconds() + 2208988800;

    private static byte[] Octets(long seconds)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, unchecked((uint)seconds));
        return octets;
    }

    private static byte[] Pattern(int lines) =>
        [.. from line in Enumerable.Range(0, lines) from i in Enumerable.Range(0, 74) select (byte)(i switch { 72 => '\r', 73 => '\n', _ => ' ' + (line + i) % 95 })];

    private static Evidence Slow(byte[] slow, byte[] fast, Func<Told, Told>? change = null)
    {
        var told = Told.Of([new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 2000, ReadPause: 2), new Step.Receive(0, slow.Length)], Talk.Connect(1), [new Step.Receive(1, fast.Length)]);
        return As("chargen", (change?.Invoke(told) ?? told).Receiving(0, _ => slow).Receiving(1, _ => fast));
    }

    private static Evidence Watching(Evidence evidence, params long[] memory) => evidence with
    {
        Trace = evidence.Trace with { Samples = [.. memory.Select((bytes, i) => new ProcessSample(i, "unread", TimeSpan.FromSeconds(i), 1, 5, 1, 0, bytes, TimeSpan.Zero))] },
    };

    private static Evidence Later(string kind, string first, string later) =>
        Told.Of(Talk.Connect(0), [new Step.Receive(0, 4), new Step.Close(0)], Talk.Wait(2100), Talk.Connect(1), [new Step.Receive(1, 4), new Step.Close(1)])
            .Receiving(0, _ => Encoding.ASCII.GetBytes(first)).Receiving(1, _ => Encoding.ASCII.GetBytes(later)).Evidence() with
        { Service = Mail.Spec(kind) };

    private static Evidence As(string spec, Told told) => told.Evidence() with { Service = Mail.Spec(spec) };

    private static Evidence As(string spec, Told told, string said) => As(spec, told, Encoding.UTF8.GetBytes(said));

    private static Evidence As(string spec, Told told, byte[] said) => As(spec, told.Receiving(0, _ => said));
}
