using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Segments;

using static Phrases;

/// <summary>Segments that do not belong into an open connection: RFC 9293 §3.5.2 group 3, §3.5.3, §3.10.7.4; RFC 5961 against those who guess.</summary>
public static class OpenConnections
{
    private const int FarAway = 1 << 30;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        Of(talk, "rst-exact", "a RST with the exact number ends the connection", "RFC 9293 §3.5.3; RFC 5961 §3.2",
            "A RST whose number is the next one expected ends the connection at once, without an answer; what comes later finds none.",
            "ignores it, or answers it",
            Talk.Scenario("an exact RST, then data", Enter(talk, 0), [new Step.Inject(0, TcpFlags.Rst), Listen(0), Data(0, talk.Message(1)), Await(0, SegmentKind.Reset)])),
        Of(talk, "rst-in-window", "a RST inside the window that is not exact is challenged", "RFC 5961 §3.2; RFC 9293 §3.10.7.4",
            "Who guesses a number near the right one must not end a connection: an ACK tells the right number, and the connection goes on.",
            "resets on any RST inside the window",
            [.. from offset in (int[])[1, 100, 10_000] select Answered(talk, $"RST, {offset} too far", new Step.Inject(0, TcpFlags.Rst, offset))]),
        Of(talk, "rst-out-of-window", "a RST outside the window is dropped", "RFC 5961 §3.2; RFC 9293 §3.5.3",
            "A RST before or beyond the window is neither obeyed nor answered.",
            "looks at the flag before the number",
            [.. from offset in (int[])[-1, -30_000, FarAway] select Ignored(talk, $"RST, {(offset < 0 ? "before" : "beyond")} the window", new Step.Inject(0, TcpFlags.Rst, offset))]),
        Of(talk, "syn-in-connection", "a SYN in an open connection is challenged", "RFC 5961 §4.2; RFC 9293 §3.10.7.4",
            "Inside the window and outside a SYN is answered by an ACK with the right numbers; the connection goes on.",
            "resets, or begins anew",
            Answered(talk, "a SYN inside the window", Syn(0, 10)), Answered(talk, "an exact SYN", Syn(0)), Answered(talk, "a SYN outside the window", Syn(0, FarAway)), Answered(talk, "SYN+ACK", new Step.Inject(0, TcpFlags.Syn | TcpFlags.Ack))),
        Of(talk, "no-ack-flag", "drops a segment without ACK", "RFC 9293 §3.10.7.4 (fifth)",
            "In an open connection every segment carries ACK (or RST, or SYN); one that does not is dropped with its data.",
            "takes its data all the same",
            Ignored(talk, "no flags, with data", new Step.Inject(0, TcpFlags.None, Data: talk.Message(3))), Ignored(talk, "PSH and FIN, with data", new Step.Inject(0, TcpFlags.Psh | TcpFlags.Fin, Data: talk.Message(3)))),
        Of(talk, "ack-of-the-future", "takes no data from a segment that acknowledges what was not sent", "RFC 9293 §3.10.7.4 (fifth); RFC 5961 §5.2",
            "Such a segment is dropped, whatever it carries (and should be answered by an ACK, which not all good kernels do).",
            "takes the data and looks at the acknowledgment later",
            Talk.Scenario("data that acknowledges 1000 bytes too many", Enter(talk, 0), [Data(0, talk.Message(3), 0, 1000), Listen(0)], GoesOn(talk, 0))),
        Of(talk, "ack-of-the-past", "answers data with an acknowledgment of long ago", "RFC 5961 §5.2; RFC 9293 §3.10.7.4 (fifth)",
            "An acknowledgment far before all that was ever under way is a guess: the data is dropped or taken, and an ACK tells where the connection is.",
            "resets, or falls silent",
            Answered(talk, "data that acknowledges long ago", Data(0, talk.Message(3), 0, -FarAway))),
        Of(talk, "out-of-window", "answers a segment outside the window by an ACK and takes nothing from it", "RFC 9293 §3.5.2 group 3, §3.10.7.4 (first)",
            "Old data that comes again and data beyond the window are dropped; an ACK tells the number that is waited for.",
            "delivers old data again, or takes what it has no room for, or resets",
            Answered(talk, "the last byte again", Data(0, Talk.Letters(1), -1)), Answered(talk, "bytes of long ago", Data(0, Talk.Letters(5), -10_000)), Answered(talk, "data beyond the window", Data(0, talk.Message(3), FarAway)),
            Answered(talk, "an ACK with the number before (a keep-alive)", Ack(0, -1)), Answered(talk, "FIN beyond the window", new Step.Inject(0, TcpFlags.Fin | TcpFlags.Ack, FarAway))),
        Of(talk, "bad-checksum", "drops a segment with a wrong checksum", "RFC 9293 §3.1 (MUST-2, MUST-3)",
            "A segment whose checksum is wrong is dropped without an answer, before anything in it is looked at.",
            "does not check, or answers first",
            Ignored(talk, "data", new Step.Inject(0, TcpFlags.Psh | TcpFlags.Ack, Data: talk.Message(3), BadChecksum: true)), Ignored(talk, "an exact RST", new Step.Inject(0, TcpFlags.Rst, BadChecksum: true)),
            Talk.Scenario("a SYN", [new Step.Craft(0), new Step.Inject(0, TcpFlags.Syn, BadChecksum: true), Listen(0), .. talk.Enter(0)], GoesOn(talk, 0))),
        Of(talk, "fin-retransmitted", "acknowledges a FIN that comes again", "RFC 9293 §3.10.7.4 (first; eighth)",
            "The ACK of a FIN may be lost: the FIN comes again and is acknowledged again, whether or not the target has sent its own.",
            "has forgotten the connection as soon as it was half over",
            Talk.Scenario("our FIN twice", Enter(talk, 0), [new Step.ShutdownWrite(0), Await(0, SegmentKind.Fin), Listen(0), new Step.Inject(0, TcpFlags.Fin | TcpFlags.Ack, -1, -1), Await(0, SegmentKind.Ack), new Step.Close(0)])),
        Of(talk, "out-of-order", "puts segments in order", "RFC 9293 §3.10.7.4 (seventh), §3.4; RFC 5681 §4.2",
            "What comes early waits, acknowledged by the number that is missing; all is delivered once, in order.",
            "delivers in the order of arrival, or acknowledges over the gap",
            Talk.Scenario("two segments, the second first", Enter(talk, 0), [Data(0, Talk.Letters(5, 2), 7), Await(0, SegmentKind.Ack), Data(0, Talk.Letters(7, 1)), Await(0, SegmentKind.Data)], GoesOn(talk, 0))) with
        { Applies = Fits(talk) && talk.Service.IsEcho },
        Of(talk, "fin-out-of-order", "a FIN that comes early waits for what is before it", "RFC 9293 §3.10.7.4 (eighth), §3.4",
            "A FIN ends the stream behind its last byte, not when it comes: what is missing is waited for and delivered first.",
            "ends the stream at the gap",
            Talk.Scenario("data, with its first half last", Enter(talk, 0), [new Step.Inject(0, TcpFlags.Fin | TcpFlags.Psh | TcpFlags.Ack, 7, 0, Talk.Letters(5, 2)), Await(0, SegmentKind.Ack), Listen(0), Data(0, Talk.Letters(7, 1)), Await(0, SegmentKind.Data), Await(0, SegmentKind.Fin)])) with
        { Applies = Fits(talk) && talk.Service.IsEcho, Judge = Judges.All(SegmentJudge.Rule(Group + "fin-out-of-order"), SegmentJudge.Delivers) },
    ];
}
