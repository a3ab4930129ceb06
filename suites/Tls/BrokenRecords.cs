using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>RFC 8446 §5, §6.2: records that break the rules end their connection.</summary>
internal static class BrokenRecords
{
    private const int TooLong = (1 << 14) + 2500;

    /// <summary>Whoever ends a connection for a record does so at once; in milliseconds.</summary>
    private const int StillThere = 300;

    private static readonly byte[] Noise = new Payload.Generated(TooLong, 77, Alphabet.Bytes).ToBytes();

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tls/record/too-long",
            Title = "ends a connection on a record that is too long",
            Clause = "RFC 8446 §5.1, §5.2",
            Statement = "A record of more than 2^14 bytes in clear, or 2^14 + 2048 encrypted, is not taken: an alert or the plain end of the connection follows.",
            Why = "records are read by hand into a buffer that grows with whatever length they announce",
            Fix = "look at the length before reading on; leave records to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("in place of a hello", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Record(TlsContent.Handshake, Noise, ClientHello.Tls10)))),
                Talk.Scenario("in a session", InSession(talk, ClientHello.Record(TlsContent.ApplicationData, Noise))),
            ],
            Judge = Judges.WhileAlive(TlsJudge.Ends),
        },
        new()
        {
            Id = "tls/record/garbage",
            Title = "ends a session on a record that cannot be decrypted",
            Clause = "RFC 8446 §5.2, §6.2 (bad_record_mac)",
            Statement = "A record whose protection does not hold ends the session, with an alert or without; others do not notice.",
            Why = "the library's error is not caught, or is taken for “nothing yet”",
            Fix = "on an error of the session close its connection and go on with the others",
            Company = Company.Alone,
            After = Phrases.Answers,
            Fixed =
            [
                talk.Among("fifty bytes of noise in a record", InSession(talk, ClientHello.Record(TlsContent.ApplicationData, Noise.AsSpan(0, 50)))),
                talk.Among("bytes that are no record at all", InSession(talk, NoRecord)),
                talk.Among("a large record of noise", InSession(talk, ClientHello.Record(TlsContent.ApplicationData, Noise.AsSpan(0, 16_000)))),
                talk.Among("the same in TLS 1.2", [.. talk.Enter(0, Phrases.Only12), .. talk.Exchange(0), Phrases.Raw(0, ClientHello.Record(TlsContent.ApplicationData, Noise.AsSpan(0, 50))), .. Phrases.AwaitEnd(0), new Step.Abort(0)]),
            ],
            Judge = TlsJudge.WhereSpoken(Judges.All(LifeJudge.Survives, TlsJudge.Ends)),
        },
        new()
        {
            Id = "tls/record/unknown-type",
            Title = "ends a connection on a record of an unknown type",
            Clause = "RFC 8446 §5 (unexpected_message)",
            Statement = "A record of a type that there is not, or that has no place at this point, ends the connection.",
            Why = "records are told apart by hand, and others are passed over or taken for data",
            Fix = "leave records to the library, and close when it gives an error",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("in place of a hello", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Record((TlsContent)99, Noise.AsSpan(0, 50))))),
                Talk.Scenario("application data in place of a hello", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Record(TlsContent.ApplicationData, Noise.AsSpan(0, 50))))),
                Talk.Scenario("in a session", InSession(talk, ClientHello.Record((TlsContent)99, Noise.AsSpan(0, 50)))),
            ],
            Judge = Judges.WhileAlive(TlsJudge.Ends),
        },
        new()
        {
            Id = "tls/record/empty-fragment",
            Title = "is not brought to a halt by empty records",
            Clause = "RFC 8446 §5.1, §5.4; RFC 5246 §6.2.1",
            Statement = "Empty handshake records are refused or passed over; before a hello they do not bring the handshake to a halt, in a session they end it.",
            Why = "a length of zero is taken for the end, or leads round a loop that never reads on",
            Fix = "refuse an empty handshake record; leave records to the library",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("one before a hello", Phrases.Probe(0, Payload.Literal.Of([.. Empty, .. ClientHello.ForTls13.ToBytes()]))),
                Talk.Scenario("a thousand before a hello", Phrases.Probe(0, Payload.Literal.Of([.. Enumerable.Repeat(Empty, 1000).SelectMany(record => record), .. ClientHello.ForTls13.ToBytes()]))),
                Talk.Scenario("two in a session", InSession(talk, [.. Empty, .. Empty])), // .NET looks at a record when it has one byte more than its header
            ],
            Judge = Judges.WhileAlive(Judges.All(TlsJudge.Reacts, TlsJudge.Ends)),
        },
        new()
        {
            Id = "tls/record/change-cipher-spec",
            Title = "passes over a ChangeCipherSpec where it may come, and nowhere else",
            Clause = "RFC 8446 §5 (unexpected_message)",
            Statement = "In a handshake of TLS 1.3 a record with the one byte 1 is passed over once the ClientHello has come; before it, or with anything else in it, such a record ends the connection.",
            Why = "a ChangeCipherSpec means nothing in TLS 1.3, so all are thrown away, or all are refused",
            Fix = "look at its content and at the state of the handshake; leave records to the library",
            After = Phrases.Tls13,
            Fixed =
            [
                Talk.Scenario("before the hello", Phrases.FatalProbe(0, Payload.Literal.Of([.. ChangeCipherSpec(1), .. ClientHello.ForTls13.ToBytes()]))),
                Talk.Scenario("the byte 2 after the ServerHello", AfterHello(ClientHello.ForTls13, ChangeCipherSpec(2), Phrases.AwaitEnd(0))),
                Talk.Scenario("two bytes after the ServerHello", AfterHello(ClientHello.ForTls13, ChangeCipherSpec(1, 1), Phrases.AwaitEnd(0))),
                Talk.Scenario("the byte 1 after the ServerHello", AfterHello(ClientHello.ForTls13, ChangeCipherSpec(1), [new Step.Await(0, StillThere, new Framing.UntilEof(1 << 20))])),
            ],
            Judge = Judges.WhileAlive(TlsAlertJudge.ForChangeCipherSpec),
        },
        new()
        {
            Id = "tls/alert/fatal-closes",
            Title = "a fatal alert ends the connection",
            Clause = "RFC 8446 §6.2",
            Statement = "When a fatal alert has been sent, by either side, nothing more is said and the connection is closed at once.",
            Why = "an error of the handshake is noted down, and its socket is kept",
            Fix = "close the socket when the handshake or the session fails, whatever the reason",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("the client's alert after the ServerHello",
                    [new Step.Connect(0), new Step.Send(0, ClientHello.ForTls13.ToPayload()), Phrases.Look(0), new Step.Send(0, Payload.Literal.Of(ClientHello.Alert(2, 40))), .. Phrases.AwaitEnd(0), new Step.Abort(0)]),
                Talk.Scenario("the client's alert in TLS 1.2",
                    [new Step.Connect(0), new Step.Send(0, ClientHello.ForTls12.ToPayload()), Phrases.Look(0), new Step.Send(0, Payload.Literal.Of(ClientHello.Alert(2, 40))), .. Phrases.AwaitEnd(0), new Step.Abort(0)]),
                Talk.Scenario("an alert in place of a hello", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Alert(2, 40)))),
                Talk.Scenario("the server's alert to a hello that makes no sense", Phrases.FatalProbe(0, NoSense)),
                Talk.Scenario("the server's alert to a version that there is not", Phrases.FatalProbe(0, NoVersion)),
            ],
            Judge = Judges.WhileAlive(TlsJudge.EndsAfterAlert),
        },
        new()
        {
            Id = "tls/alert/sent-on-error",
            Title = "says with an alert why it ends a connection",
            Clause = "RFC 8446 §6.2",
            Level = Level.Should,
            Statement = "A hello that nobody can agree to, or that makes no sense, is answered by an alert before the end.",
            Why = "the socket is closed at once when the library gives an error, or with bytes unread, so that an RST overtakes the alert",
            Fix = "let the library send its alert before the socket is closed; read what is left before close()",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("no version in common", Phrases.FatalProbe(0, NoVersion)),
                Talk.Scenario("no suite in common", Phrases.FatalProbe(0, (ClientHello.ForTls12 with { Ciphers = ClientHello.Grease }).ToPayload())),
                Talk.Scenario("a hello that makes no sense", Phrases.FatalProbe(0, NoSense)),
            ],
            Judge = Judges.WhileAlive(TlsJudge.AlertSent),
        },
        new()
        {
            Id = "tls/alert/fitting",
            Title = "gives the right reason in its alert",
            Clause = "RFC 8446 §5, §5.1, §5.2, §6.2",
            Level = Level.Should,
            Statement = "Where an alert tells why a connection ends, it is the one that the RFC names for it, or another that is true: unexpected_message for what has no place, bad_record_mac for what cannot be decrypted.",
            Why = "every error is turned into one and the same alert (internal_error, handshake_failure), which sends whoever looks for the fault to the wrong place",
            Fix = "pass on the alert that the library gives with its error",
            After = Phrases.Answers,
            Fixed =
            [
                Talk.Scenario("application data in place of a hello", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Record(TlsContent.ApplicationData, Noise.AsSpan(0, 50))))),
                Talk.Scenario("a record of an unknown type", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Record((TlsContent)99, Noise.AsSpan(0, 50))))),
                Talk.Scenario("another message in place of a hello", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Record(TlsContent.Handshake, Finished, ClientHello.Tls10)))),
                Talk.Scenario("a record that is too long", Phrases.FatalProbe(0, Payload.Literal.Of(ClientHello.Record(TlsContent.Handshake, Noise, ClientHello.Tls10)))),
                Talk.Scenario("a hello that makes no sense", Phrases.FatalProbe(0, NoSense)),
                Talk.Scenario("no version in common", Phrases.FatalProbe(0, NoVersion)),
                Talk.Scenario("no suite in common", Phrases.FatalProbe(0, (ClientHello.ForTls12 with { Ciphers = ClientHello.Grease }).ToPayload())),
                Talk.Scenario("compression in TLS 1.3", Phrases.Probe(0, (ClientHello.ForTls13 with { Compressions = [1, 0] }).ToPayload())),
                Talk.Scenario("the last message of TLS 1.2 before its time", AfterHello(ClientHello.ForTls12, ClientHello.Record(TlsContent.Handshake, Finished), Phrases.AwaitEnd(0))),
                Talk.Scenario("a record in a session that cannot be decrypted", InSession(talk, ClientHello.Record(TlsContent.ApplicationData, Noise.AsSpan(0, 50)))),
                Talk.Scenario("a record of an unknown type in a session", InSession(talk, ClientHello.Record((TlsContent)99, Noise.AsSpan(0, 50)))),
                Talk.Scenario("a record in a session that is too long", InSession(talk, ClientHello.Record(TlsContent.ApplicationData, Noise))),
            ],
            Judge = Judges.WhileAlive(TlsAlertJudge.Fits),
        },
    ];

    /// <summary>Neither type nor version are those of TLS; in the place of a length there is a small one, so that nobody waits for the rest of it.</summary>
    private static byte[] NoRecord { get; } = [0x80, 0x91, 0x7f, 0x00, 0x30, .. Noise.AsSpan(0, 300)];

    private static byte[] Finished { get; } = [(byte)TlsMessageType.Finished, 0, 0, 12, .. new byte[12]];

    private static byte[] Empty { get; } = ClientHello.Record(TlsContent.Handshake, [], ClientHello.Tls10);

    private static Payload NoVersion { get; } = (ClientHello.ForTls13 with { Versions = [0x0305] }).ToPayload();

    private static Payload NoSense { get; } = Payload.Literal.Of(ClientHello.Record(TlsContent.Handshake, [1, 0, 0, 40, .. Noise.AsSpan(0, 40)], ClientHello.Tls10));

    private static byte[] ChangeCipherSpec(params ReadOnlySpan<byte> content) => ClientHello.Record(TlsContent.ChangeCipherSpec, content);

    private static IEnumerable<Step> AfterHello(ClientHello hello, byte[] bytes, IEnumerable<Step> then) =>
        [new Step.Connect(0), new Step.Send(0, hello.ToPayload()), Phrases.Look(0), new Step.Send(0, Payload.Literal.Of(bytes)), .. then, new Step.Abort(0)];

    private static IEnumerable<Step> InSession(Conversation talk, ReadOnlySpan<byte> record) =>
        [.. talk.Enter(0), .. talk.KeepsOpen ? talk.Exchange(0) : [], Phrases.Raw(0, record), .. Phrases.AwaitEnd(0), new Step.Abort(0)];
}
