using System.Net.Security;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class TlsTests
{
    private const string Random = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    private static readonly Payload Line = Talk.Text(20);
    private static readonly TlsTrace Session = new("1.3", "TLS_AES_128_GCM_SHA256", default, SslPolicyErrors.None, [], null, CloseNotify: true, Truncated: false);
    private static readonly byte[] Hello13 = ServerHello("0303", "1301", "00", "002B00020304"), Hello12 = ServerHello("0303", "C02F", "00", "");
    private static readonly byte[] Refusal = ClientHello.Alert(2, 40);

    [Test]
    public void A_handshake_that_comes_through_is_answered() => TlsJudge.Answers(Visit()).MustHold();

    [Test]
    public void A_handshake_that_does_not_is_a_violation_with_the_reason()
    {
        var violation = TlsJudge.Answers(Visit().But(1, StepResult.Failed, detail: "the target refused the handshake with the fatal alert handshake_failure")).MustBeViolated();
        Assert.That((violation.Step, violation.Absence), Is.EqualTo((1, false)));
        Assert.That(violation.Observed, Does.Contain("handshake_failure"));
    }

    [Test]
    public void A_handshake_that_is_not_answered_is_a_violation_by_absence() =>
        Assert.That(TlsJudge.Answers(Visit().But(1, StepResult.TimedOut, detail: "the ClientHello was not answered")).MustBeViolated().Absence, Is.True);

    [Test]
    public void A_hello_answered_in_its_version_holds()
    {
        TlsJudge.HelloAnswered(ClientHello.Tls13)(Probe(Hello13)).MustHold();
        TlsJudge.HelloAnswered(ClientHello.Tls12)(Probe(Hello12)).MustHold();
    }

    [Test]
    public void A_hello_answered_in_another_version_does_not() =>
        Assert.That(TlsJudge.HelloAnswered(ClientHello.Tls13)(Probe(Hello12)).MustBeViolated().Observed, Does.Contain("TLS 1.2"));

    [Test]
    public void A_hello_refused_by_an_alert_is_told_so() =>
        Assert.That(TlsJudge.HelloAnswered(ClientHello.Tls13)(Probe(Refusal)).MustBeViolated().Observed, Is.EqualTo("the fatal alert handshake_failure"));

    [Test]
    public void A_hello_answered_in_clear_is_quoted() =>
        Assert.That(TlsJudge.HelloAnswered(ClientHello.Tls13)(Probe("500 no\r\n"u8)).MustBeViolated().Observed, Does.Contain("500 no"));

    [Test]
    public void Silence_after_a_hello_is_a_violation_by_absence() =>
        Assert.That(TlsJudge.HelloAnswered(ClientHello.Tls13)(Probe([]).But(2, StepResult.TimedOut)).MustBeViolated().Absence, Is.True);

    [Test]
    public void A_hello_may_be_answered_in_any_version_where_none_is_asked_for()
    {
        TlsJudge.HelloAnswered()(Probe(Hello12)).MustHold();
        TlsJudge.HelloAnswered()(Probe(Refusal)).MustBeViolated();
    }

    [Test]
    public void A_session_of_a_version_that_is_not_spoken_is_another_requirements_matter()
    {
        var refused = Visit().But(1, StepResult.Failed, detail: "no");
        TlsJudge.WhereSpoken(DataJudge.Served)(refused).MustHold();
        DataJudge.Served(refused).MustBeViolated();
    }

    [Test]
    public void Without_a_hello_nothing_is_demanded() => TlsJudge.HelloAnswered(ClientHello.Tls13)(Told.Of(Talk.Connect(0), [new Step.Await(0, 10, new Framing.TlsRecord()), new Step.Abort(0)])).MustHold();

    [Test]
    public void A_weak_hello_may_be_refused_by_an_alert_an_end_or_silence()
    {
        TlsJudge.HelloRefused(Probe(Refusal)).MustHold();
        TlsJudge.HelloRefused(Probe([]).But(2, StepResult.EndOfFile)).MustHold();
        TlsJudge.HelloRefused(Probe([]).But(2, StepResult.Failed, "ECONNRESET")).MustHold();
        TlsJudge.HelloRefused(Probe([]).But(2, StepResult.TimedOut)).MustHold();
    }

    [Test]
    public void A_weak_suite_that_is_agreed_to_is_named() =>
        Assert.That(TlsJudge.HelloRefused(Probe(ServerHello("0303", "0005", "00", ""))).MustBeViolated().Observed, Does.Contain("TLS_RSA_WITH_RC4_128_SHA"));

    [Test]
    public void An_old_version_that_is_agreed_to_is_named()
    {
        Assert.That(TlsJudge.NeverIn(ClientHello.Tls10)(Probe(ServerHello("0301", "002F", "00", ""))).MustBeViolated().Observed, Does.Contain("TLS 1.0"));
        TlsJudge.NeverIn(ClientHello.Tls11)(Probe(ServerHello("0301", "002F", "00", ""))).MustHold();
    }

    [Test]
    public void The_old_field_of_tls_13_says_tls_12()
    {
        TlsJudge.LegacyField(Probe(Hello13)).MustHold();
        TlsJudge.LegacyField(Probe(Hello12)).MustHold();
        Assert.That(TlsJudge.LegacyField(Probe(ServerHello("0304", "1301", "00", "002B00020304"))).MustBeViolated().Observed, Is.EqualTo("0x0304"));
        TlsJudge.LegacyField(Probe(ServerHello("0304", "1301", "00", ""))).MustBeViolated();
        TlsJudge.LegacyField(Probe(ServerHello("0303", "1301", "00", "002B00020304", record: 0x0304))).MustBeViolated();
    }

    [Test]
    public void The_version_of_the_clients_record_is_nobodys_business()
    {
        TlsJudge.LegacyField(Probe(Refusal)).MustHold();
        TlsJudge.LegacyField(Probe(Refusal, ClientHello.ForTls13 with { RecordVersion = ClientHello.Tls11 })).MustBeViolated();
    }

    [Test]
    public void Compression_is_never_agreed_to()
    {
        TlsJudge.NoCompression(Probe(Hello12)).MustHold();
        TlsJudge.NoCompression(Probe(Refusal)).MustHold();
        TlsJudge.NoCompression(Probe(ServerHello("0303", "C02F", "01", ""))).MustBeViolated();
    }

    [Test]
    public void An_end_that_comes_holds_and_one_that_does_not_is_a_violation_by_absence()
    {
        TlsJudge.Ends(Fatal(Refusal)).MustHold();
        TlsJudge.Ends(Fatal([]).But(2, StepResult.Failed, "ECONNRESET").But(3, StepResult.Failed, "ECONNRESET")).MustHold();
        var violation = TlsJudge.Ends(Fatal(Refusal).But(2, StepResult.TimedOut).But(3, StepResult.TimedOut, detail: "no more bytes came")).MustBeViolated();
        Assert.That((violation.Step, violation.Absence), Is.EqualTo((3, true)));
        Assert.That(violation.Observed, Does.StartWith("the alert handshake_failure, and then no more bytes came"));
    }

    [Test]
    public void Nothing_comes_after_a_fatal_alert()
    {
        TlsJudge.EndsAfterAlert(Fatal(Refusal)).MustHold();
        TlsJudge.EndsAfterAlert(Fatal([.. Refusal, .. Hello12])).MustBeViolated();
    }

    [Test]
    public void An_end_without_an_alert_is_noticed()
    {
        TlsJudge.AlertSent(Fatal(Refusal)).MustHold();
        TlsJudge.AlertSent(Fatal(Hello12)).MustHold();
        TlsJudge.AlertSent(Fatal([])).MustBeViolated();
        TlsJudge.AlertSent(Fatal([]).But(2, StepResult.TimedOut).But(3, StepResult.TimedOut)).MustHold();
    }

    [Test]
    public void Messages_in_their_order_hold()
    {
        TlsJudge.Order(Probe(Hello13)).MustHold();
        TlsJudge.Order(Probe([.. Hello13, .. ClientHello.Record(TlsContent.ChangeCipherSpec, [1]), .. ClientHello.Record(TlsContent.ApplicationData, new byte[90])])).MustHold();
        TlsJudge.Order(Probe([.. Hello12, .. Message(11), .. Message(12), .. Message(14)])).MustHold();
        TlsJudge.Order(Probe(Refusal)).MustHold();
        TlsJudge.Order(Probe([])).MustHold();
    }

    [Test]
    public void Messages_out_of_order_do_not()
    {
        Assert.That(TlsJudge.Order(Probe([.. Hello12, .. Message(12), .. Message(11)])).MustBeViolated().Observed, Does.Contain("Certificate after ServerKeyExchange"));
        Assert.That(TlsJudge.Order(Probe([.. Hello13, .. Message(11)])).MustBeViolated().Observed, Does.Contain("Certificate in clear"));
        Assert.That(TlsJudge.Order(Probe([.. Message(11), .. Hello12])).MustBeViolated().Expected, Is.EqualTo("ServerHello first"));
        Assert.That(TlsJudge.Order(Probe([.. ClientHello.Record(TlsContent.ApplicationData, new byte[90]), .. Hello13])).MustBeViolated().Expected, Is.EqualTo("ServerHello first"));
        Assert.That(TlsJudge.Order(Probe([.. Hello12, .. ClientHello.Record(TlsContent.Handshake, [])])).MustBeViolated().Expected, Is.EqualTo("no empty handshake record"));
        TlsJudge.Order(Probe([.. Hello12, .. ClientHello.Record(TlsContent.ApplicationData, new byte[9])])).MustBeViolated();
    }

    [Test]
    public void A_server_hello_answers_a_client_hello_only()
    {
        var told = Told.Of(Talk.Connect(0), [new Step.Send(0, Payload.Literal.Of(Message(20))), new Step.Await(0, 10, new Framing.TlsRecord())]).Receiving(0, _ => Hello13);
        Assert.That(TlsJudge.Order(told).MustBeViolated().Expected, Is.EqualTo("no ServerHello in answer to Finished"));
    }

    [Test]
    public void Without_a_capture_nothing_is_known_of_the_wire() => TlsJudge.NothingInClear(Visit()).MustBeNotObservable();

    [Test]
    public void Records_on_the_wire_hold() => TlsJudge.NothingInClear(Visit().OnTheWire(Flow(Hello13, ClientHello.Record(TlsContent.ApplicationData, new byte[30])))).MustHold();

    [Test]
    public void Text_between_records_is_quoted() =>
        Assert.That(TlsJudge.NothingInClear(Visit().OnTheWire(Flow(Hello13, "20 bytes\r\n"u8.ToArray()))).MustBeViolated().Observed, Does.Contain("20 bytes"));

    [Test]
    public void A_banner_is_told_to_come_before_any_record() =>
        Assert.That(TlsJudge.NothingInClear(Visit().OnTheWire(Flow("220 ready\r\n"u8.ToArray(), Hello13))).MustBeViolated().Observed, Does.Contain("before any record"));

    [Test]
    public void What_was_sent_is_not_to_be_read_within_a_record() =>
        Assert.That(TlsJudge.NothingInClear(Visit().OnTheWire(Flow(Hello13, ClientHello.Record(TlsContent.ApplicationData, Line.ToBytes())))).MustBeViolated().Observed, Does.Contain("within a record"));

    [Test]
    public void What_came_after_the_session_counts_without_a_capture() => TlsJudge.NothingInClear(Visit(Session with { After = "bye\r\n"u8.ToArray() })).MustBeViolated();

    [Test]
    public void A_client_in_clear_may_be_told_off_in_clear_and_not_be_served()
    {
        var plain = Told.Of(Talk.Connect(0), [new Step.Send(0, Line), new Step.Await(0, 10, new Framing.TlsRecord()), new Step.Abort(0)]);
        TlsJudge.NotServedInClear(plain.Receiving(0, _ => "HTTP/1.1 400 This is a TLS port\r\n"u8.ToArray())).MustHold();
        TlsJudge.NotServedInClear(plain.Receiving(0, _ => Refusal)).MustHold();
        TlsJudge.NotServedInClear(plain.Receiving(0, _ => Line.ToBytes())).MustBeViolated();
        TlsJudge.NotServedInClear(plain.Receiving(0, _ => Line.ToBytes()[5..])).MustBeViolated();
    }

    [Test]
    public void Each_fault_of_a_certificate_is_the_matter_of_one_requirement()
    {
        var shown = Session with { Certificate = new byte[] { 0x30 } };
        var (otherName, expired, unknown) = (shown with { PolicyErrors = SslPolicyErrors.RemoteCertificateNameMismatch }, shown with { ChainStatus = ["NotTimeValid: it has expired"] }, shown with { ChainStatus = ["UntrustedRoot: nobody knows it"] });
        using (Assert.EnterMultipleScope())
        {
            foreach (var (judge, its) in ((Func<Evidence, Verdict>, TlsTrace)[])[(TlsJudge.Name, otherName), (TlsJudge.ValidNow, expired), (TlsJudge.Chain, unknown)])
            {
                foreach (var session in (TlsTrace[])[shown, otherName, expired, unknown]) Assert.That(judge(Visit(session)) is Verdict.Violation, Is.EqualTo(session == its));
            }
        }
    }

    [Test]
    public void A_session_ends_with_a_close_notify()
    {
        TlsJudge.ClosesWithNotify(Visit()).MustHold();
        TlsJudge.ClosesWithNotify(Visit(Session with { CloseNotify = false, Truncated = true })).MustBeViolated();
        TlsJudge.ClosesWithNotify(Visit(Session with { CloseNotify = false, Truncated = true, Alert = "internal_error" })).MustHold();
        TlsJudge.ClosesWithNotify(Visit(Session with { CloseNotify = false }).But(5, StepResult.TimedOut)).MustHold();
    }

    [Test]
    public void A_close_notify_is_answered_while_tcp_is_open()
    {
        var told = Told.Of(Enter("1.2"), [new Step.CloseNotify(0), new Step.Receive(0, null), new Step.Close(0)]);
        TlsJudge.AnswersNotify(told.Changing(0, one => one with { Tls = Session })).MustHold();
        var silent = TlsJudge.AnswersNotify(told.Changing(0, one => one with { Tls = Session with { CloseNotify = false } }).But(3, StepResult.TimedOut)).MustBeViolated();
        Assert.That(silent.Absence, Is.True);
        TlsJudge.AnswersNotify(told.Changing(0, one => one with { Tls = Session with { CloseNotify = false, Truncated = true } })).MustBeViolated();
    }

    [Test]
    public void A_version_that_is_not_spoken_is_not_judged_by_its_end() =>
        TlsJudge.AnswersNotify(Told.Of(Enter("1.2"), [new Step.CloseNotify(0), new Step.Receive(0, null)]).But(1, StepResult.Failed, detail: "no")).MustBeNotObservable();

    [Test]
    public void What_is_due_comes_after_our_close_notify()
    {
        var told = Told.Of(Enter("1.3"), [new Step.Send(0, Line), new Step.CloseNotify(0), new Step.Receive(0, null), new Step.Close(0)]).Changing(0, one => one with { Tls = Session });
        TlsJudge.ServesAfterNotify(told).MustHold();
        Assert.That(TlsJudge.ServesAfterNotify(told.Receiving(0, bytes => bytes[..7])).MustBeViolated().Observed, Does.StartWith("7 bytes, then"));
    }

    [Test]
    public void What_comes_behind_our_close_notify_is_ignored()
    {
        var told = Told.Of(Enter("1.3"), [new Step.CloseNotify(0), new Step.Send(0, Line, [], Raw: true), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Abort(0)]);
        TlsJudge.IgnoresAfterNotify(told.Changing(0, one => one with { Tls = Session })).MustHold();
        TlsJudge.IgnoresAfterNotify(told.Changing(0, one => one with { Tls = Session with { After = Line.ToBytes() } })).MustBeViolated();
        TlsJudge.IgnoresAfterNotify(told.Changing(0, one => one with { Tls = Session with { After = Refusal } })).MustBeViolated();
        TlsJudge.IgnoresAfterNotify(told.Changing(0, one => one with { Tls = Session with { Alert = "unexpected_message" } })).MustBeViolated();
    }

    [Test]
    public void After_our_close_notify_the_server_may_end_the_connection()
    {
        Step[] visit = [.. Enter("1.3"), new Step.Send(0, Line), new Step.Receive(0, Line.Size), new Step.CloseNotify(0), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Close(0)];
        CloseJudge.TargetWaitsForClient(Told.Of(visit).Changing(0, one => one with { Tls = Session }).But(5, StepResult.EndOfFile)).MustHold();
        CloseJudge.TargetWaitsForClient(Told.Of(visit.Where(step => step is not Step.CloseNotify)).Changing(0, one => one with { Tls = Session }).But(4, StepResult.EndOfFile)).MustBeViolated();
    }

    [Test]
    public void A_close_notify_ends_the_last_line()
    {
        var half = Payload.Literal.Of("abc"u8);
        ServiceSpec Lines(Unterminated end) => new()
        {
            Name = "lines",
            Tls = new TlsSpec(new Version(1, 2), null, "localhost", false),
            Request = new Framing.Line("0A", 99, end),
            Reply = new Framing.Line("0A", 99, end),
            Rules = [new Rule(new When(), Generation.None, new Reply.Transformed(Transform.Same), Then.Keep)],
        };
        var told = Told.Of(Enter("1.3"), [new Step.Send(0, half), new Step.CloseNotify(0), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Close(0)]).Changing(0, one => one with { Tls = Session }).Receiving(0, _ => "abc\n"u8.ToArray());
        MessageJudge.NotAnswered(told.Evidence() with { Service = Lines(Unterminated.Reply) }).MustHold();
        MessageJudge.NotAnswered(told.Evidence() with { Service = Lines(Unterminated.Ignore) }).MustBeViolated();
    }

    [Test]
    public void A_cut_connection_ends_no_line()
    {
        var lines = new ServiceSpec
        {
            Name = "lines",
            Tls = TlsSpec.Default,
            Request = new Framing.Line("0A", 99, Unterminated.Reply),
            Reply = new Framing.Line("0A", 99, Unterminated.Reply),
            Rules = [new Rule(new When(), Generation.None, new Reply.Transformed(Transform.Same), Then.Keep)],
        };
        Verdict Judged(string sent, string received, params Step[] end)
        {
            var told = Told.Of(Enter("1.3"), [new Step.Send(0, Payload.Literal.Of(System.Text.Encoding.ASCII.GetBytes(sent)))], end, [new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Abort(0)]);
            return TlsJudge.NotAnsweredWhenCut(told.Changing(0, one => one with { Tls = Session }).Receiving(0, _ => System.Text.Encoding.ASCII.GetBytes(received)).Evidence() with { Service = lines });
        }

        Judged("abc", "", new Step.ShutdownWrite(0)).MustHold();
        Judged("abc\nde", "abc\n", new Step.ShutdownWrite(0)).MustHold();
        Assert.That(Judged("abc\nde", "abc\nde\n", new Step.ShutdownWrite(0)).MustBeViolated().Observed, Does.StartWith("\"de\\n\""));
        Judged("abc", "abc\n", new Step.ShutdownWrite(0)).MustBeViolated();
        Judged("abc", "abc\n", new Step.CloseNotify(0), new Step.ShutdownWrite(0)).MustHold();
    }

    private static Told Visit(TlsTrace? session = null) =>
        Told.Of(Enter("1.3"), [new Step.Send(0, Line), new Step.Receive(0, Line.Size), new Step.CloseNotify(0), new Step.Receive(0, null), new Step.Close(0)]).Changing(0, one => one with { Tls = session ?? Session });

    private static IEnumerable<Step> Enter(string version) => [new Step.Connect(0), new Step.Handshake(0, new TlsOffer([version]))];

    /// <summary>A hello on a plain connection, and what comes.</summary>
    private static Told Probe(ReadOnlySpan<byte> answer, ClientHello? hello = null)
    {
        var bytes = answer.ToArray();
        return Told.Of(Talk.Connect(0), [new Step.Send(0, (hello ?? ClientHello.ForTls13).ToPayload()), new Step.Await(0, 10, new Framing.TlsRecord()), new Step.Abort(0)]).Receiving(0, _ => bytes);
    }

    /// <summary>The same, waited on to its end.</summary>
    private static Told Fatal(ReadOnlySpan<byte> answer)
    {
        var bytes = answer.ToArray();
        return Told.Of(Talk.Connect(0), [new Step.Send(0, ClientHello.ForTls13.ToPayload()), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Await(0, 10, new Framing.UntilEof(99)), new Step.Abort(0)]).Receiving(0, _ => bytes);
    }

    private static byte[] ServerHello(string version, string cipher, string compression, string extensions, ushort record = 0x0303)
    {
        var body = Convert.FromHexString($"{version}{Random}00{cipher}{compression}{(extensions.Length > 0 ? $"{extensions.Length / 2:X4}{extensions}" : "")}");
        return ClientHello.Record(TlsContent.Handshake, [2, 0, 0, (byte)body.Length, .. body], record);
    }

    private static byte[] Message(byte type) => ClientHello.Record(TlsContent.Handshake, [type, 0, 0, 1, 0]);

    private static Flow Flow(params byte[][] sent)
    {
        var segments = new List<Segment>();
        var sequence = 1u;
        foreach (var bytes in sent)
        {
            segments.Add(new Segment(TimeSpan.Zero, false, TcpFlags.Ack, sequence, 0, bytes.Length, 0, bytes));
            sequence += (uint)bytes.Length;
        }

        return new Flow(Told.TupleOf(0), [.. segments]);
    }
}
