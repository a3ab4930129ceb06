using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Segments;

using static Phrases;

/// <summary>What becomes of the stream when segments overlap, windows close, bytes are urgent, options are junk, and peers vanish.</summary>
public static class Streams
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        Echoed(talk, "overlap", "delivers one stream where segments overlap", "RFC 9293 §3.4, §3.10.7.4 (seventh)",
            "Where two segments carry different bytes for one place, one of them is delivered there, and each place once.",
            "delivers both, or shifts what comes after",
            Talk.Scenario("a segment that begins in the one before", Enter(talk, 0), [Data(0, Talk.Letters(10, 1)), Await(0, SegmentKind.Data), Data(0, Talk.Letters(10, 2), -5), Await(0, SegmentKind.Data)], GoesOn(talk, 0)),
            Talk.Scenario("two that wait, and overlap", Enter(talk, 0), [Data(0, Talk.Letters(10, 1), 5), Await(0, SegmentKind.Ack), Data(0, Talk.Letters(10, 2), 10), Await(0, SegmentKind.Ack), Data(0, Talk.Letters(8, 3)), Await(0, SegmentKind.Data)], GoesOn(talk, 0))),
        Echoed(talk, "zero-window", "holds what it owes while our window is closed, and goes on when it opens", "RFC 9293 §3.8.6 (MUST-35), §3.8.6.1",
            "Nothing is sent into a closed window but probes; when it opens, all that was held comes.",
            "sends all the same, or never looks at the window again",
            Talk.Scenario("a window that opens after a while", Enter(talk, 0, 0), [new Step.Send(0, Talk.Letters(30)), new Step.Expect(0, [], 60), new Step.Inject(0, TcpFlags.Ack, Window: ushort.MaxValue), new Step.Receive(0, 30)], GoesOn(talk, 0))),
        Echoed(talk, "window-probe", "probes a closed window", "RFC 9293 §3.8.6.1 (MUST-36, SHLD-29)",
            "The word that opens a window may be lost: who is held asks from time to time.",
            "waits for ever",
            Talk.Scenario("a window that stays closed", Enter(talk, 0, 0), [new Step.Send(0, Talk.Letters(30)), new Step.Expect(0, [SegmentKind.Ack, SegmentKind.Data], 3000)])),
        Echoed(talk, "tiny-window", "sends no more than a tiny window takes", "RFC 9293 §3.8.6.2.1, §3.8.6",
            "However small the window is, no byte is sent beyond it, and what fits comes in the end.",
            "takes any window above zero for a large one",
            Talk.Scenario("a window of ten bytes", Enter(talk, 0, 10), [new Step.Send(0, Talk.Letters(30)), new Step.Expect(0, [SegmentKind.Data], 3000), new Step.Inject(0, TcpFlags.Ack, Window: ushort.MaxValue), new Step.Receive(0, 30)], GoesOn(talk, 0))),
        Echoed(talk, "urgent", "delivers or leaves out urgent bytes, and loses no other", "RFC 9293 §3.8.5 (MUST-30 to MUST-32); RFC 6093 §3",
            "Urgent bytes may come in the stream or apart from it; the others come in order, whatever the pointer says.",
            "drops what is around the urgent byte, or follows a pointer beyond the data",
            [.. from pointer in (int[])[1, 3, 6, 0, 40_000] select Talk.Scenario($"six bytes, urgent pointer {pointer}",
                Enter(talk, 0), [new Step.Inject(0, TcpFlags.Urg | TcpFlags.Psh | TcpFlags.Ack, Data: Talk.Letters(6), Urgent: pointer), Await(0, SegmentKind.Data)], [new Step.Send(0, Talk.Letters(20, 7)), Await(0, SegmentKind.Data), new Step.Close(0)])])
            with { Judge = SegmentJudge.Rule(Group + "urgent") },
        Of(talk, "junk-options", "ignores options it does not know", "RFC 9293 §3.1 (MUST-6, MUST-7)",
            "Unknown options are skipped by their length; an illegal length may be a reason to refuse the segment, and none to fail.",
            "reads beyond an option of length 0 or 1, or refuses what it does not know",
            [.. from options in (string[])["fd04beef", "1e0c00000000000000000000", "0101010101010101", "fe"] select Talk.Scenario($"a SYN with options {options}",
                [new Step.Craft(0), new Step.Inject(0, TcpFlags.Syn, Options: options), Await(0, SegmentKind.SynAck, SegmentKind.Reset)], Enter(talk, 1), GoesOn(talk, 1)),
             .. from options in (string[])["fd04beef", "fd00", "fd01", "02ff"] select Talk.Scenario($"an ACK with options {options}", Enter(talk, 0), [new Step.Inject(0, TcpFlags.Ack, Options: options), Listen(0)], GoesOn(talk, 0))]),
        Echoed(talk, "fin-lost", "sends a FIN again that is not acknowledged", "RFC 9293 §3.8.1, §3.10.8 (retransmission timeout)",
            "A FIN is part of the stream and is sent until it is acknowledged.",
            "sends it once",
            Talk.Scenario("the target's FIN is not acknowledged", Enter(talk, 0), [new Step.ShutdownWrite(0), Await(0, SegmentKind.Fin), new Step.Expect(0, [SegmentKind.Fin], 4000)])),
        Echoed(talk, "vanished-peer", "sends data again that nobody acknowledges", "RFC 9293 §3.8.1; RFC 6298 §5",
            "A peer that falls silent may only have lost a segment: what it has not acknowledged is sent again.",
            "sends once and hopes",
            Talk.Scenario("a peer that asks and vanishes", Enter(talk, 0), [Data(0, Talk.Letters(12)), Await(0, SegmentKind.Data), new Step.Expect(0, [SegmentKind.Data], 4000)])),
        Of(talk, "random", "answers any segments as the rules say", "RFC 9293 §3.10.7; RFC 5961 §3 to §5",
            "Whatever segments come, in whatever order, each is answered as its state and its numbers demand, and connections that are not meant go on.",
            "breaks one of these rules in a situation that no other requirement has",
            Talk.Scenario("one of each kind", Enter(talk, 0), [new Step.Inject(0, TcpFlags.Rst, 50), Await(0, SegmentKind.Ack), Syn(0, 3), Listen(0), Data(0, Talk.Letters(2), -1000), Await(0, SegmentKind.Ack)], GoesOn(talk, 0)))
            with { Judge = SegmentJudge.Lawful, Random = () => SegmentPrograms.Any(talk), RandomCases = 20 },
    ];

    private static Requirement Echoed(Conversation talk, string name, string title, string clause, string statement, string mistake, params ImmutableArray<Scenario> scenarios) =>
        Of(talk, name, title, clause, statement, mistake, scenarios) with { Applies = Fits(talk) && talk.Service.IsEcho, Judge = SegmentJudge.Delivers };
}
