using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Segments;

using static Phrases;

/// <summary>Segments for a connection that is not there yet: RFC 9293 §3.10.7.1 (CLOSED), §3.10.7.2 (LISTEN), §3.10.7.3 (SYN-SENT), §3.10.7.4 (SYN-RECEIVED).</summary>
public static class Openings
{
    private const string Closed = "RFC 9293 §3.5.2 group 1, §3.10.7.1", Listening = "RFC 9293 §3.10.7.2", Half = "RFC 9293 §3.10.7.4 (SYN-RECEIVED)", Calling = "RFC 9293 §3.10.7.3 (SYN-SENT)";
    private const TcpFlags Christmas = TcpFlags.Fin | TcpFlags.Psh | TcpFlags.Urg;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        Of(talk, "closed-port-syn", "refuses a SYN to a closed port by a RST with the right number", Closed,
            "Where nobody listens a SYN is answered by RST+ACK, sequence 0, acknowledging the SYN and what it carries.",
            "counts the SYN wrongly, or keeps silent",
            ToClosed("a SYN", Syn(0)), ToClosed("a SYN with data", new Step.Inject(0, TcpFlags.Syn, Data: Talk.Letters(7)))),
        Of(talk, "closed-port-ack", "answers an ACK to a closed port by a RST with its number", Closed,
            "A segment with ACK that belongs to no connection is answered by a RST whose sequence number is the one acknowledged.",
            "takes its own next number, or zero, instead",
            ToClosed("an ACK", Ack(0, 0, 4711)), ToClosed("data", Data(0, Talk.Letters(9), 0, 99)), ToClosed("FIN+ACK", new Step.Inject(0, TcpFlags.Fin | TcpFlags.Ack, 0, 5))),
        Of(talk, "closed-port-odd-flags", "answers FIN, no flags and all flags to a closed port by a RST with the right number", Closed,
            "Without an ACK to take a number from, the RST has sequence 0 and acknowledges all that the segment occupies, the FIN with it.",
            "forgets that a FIN occupies a number, or keeps silent to segments it finds odd",
            ToClosed("a FIN", new Step.Inject(0, TcpFlags.Fin)), ToClosed("no flags", new Step.Inject(0, TcpFlags.None)), ToClosed("no flags, with data", new Step.Inject(0, TcpFlags.None, Data: Talk.Letters(3))),
            ToClosed("FIN, PSH and URG", new Step.Inject(0, Christmas))),
        Of(talk, "closed-port-rst", "does not answer a RST to a closed port", Closed,
            "A RST is never answered by a RST: two hosts would go on for ever.",
            "answers whatever it does not know",
            Talk.Scenario("a RST", [new Step.Craft(0, Unused: true), new Step.Inject(0, TcpFlags.Rst), Listen(0), new Step.Close(0)]),
            Talk.Scenario("RST+ACK", [new Step.Craft(0, Unused: true), new Step.Inject(0, TcpFlags.Rst | TcpFlags.Ack, 0, 77), Listen(0), new Step.Close(0)])),
        Of(talk, "listen-ack", "answers an ACK to a listening port by a RST with its number", Listening,
            "A listener has sent nothing that could be acknowledged: the answer is a RST with the number acknowledged, and the listener stays.",
            "takes the ACK for the end of a handshake, or its own number for the RST",
            Talk.Scenario("an ACK", [new Step.Craft(0), Ack(0, 0, 4711), Await(0, SegmentKind.Reset)], Enter(talk, 1), GoesOn(talk, 1)),
            Talk.Scenario("data", [new Step.Craft(0), Data(0, talk.Message(0), 0, 1), Await(0, SegmentKind.Reset)], Enter(talk, 1), GoesOn(talk, 1)),
            Talk.Scenario("SYN+ACK", [new Step.Craft(0), new Step.Inject(0, TcpFlags.Syn | TcpFlags.Ack, 0, 1), Await(0, SegmentKind.Reset)], Enter(talk, 1), GoesOn(talk, 1))),
        Of(talk, "listen-rst", "ignores a RST to a listening port", Listening,
            "In LISTEN a RST is ignored: nothing is answered and the listener takes the next connection.",
            "answers it, or lets it close the listener",
            Talk.Scenario("a RST, then a connection", [new Step.Craft(0), new Step.Inject(0, TcpFlags.Rst), Listen(0), .. talk.Enter(0)], GoesOn(talk, 0))),
        Of(talk, "listen-odd-flags", "drops a segment without SYN, ACK or RST to a listening port", Listening,
            "FIN, no flags, PSH and URG alone mean nothing in LISTEN; the segment is dropped.",
            "opens a connection on anything that comes, or answers it",
            [.. from flags in (TcpFlags[])[TcpFlags.Fin, TcpFlags.None, Christmas] select Talk.Scenario($"{(flags == 0 ? "no flags" : flags)}, then a connection", [new Step.Craft(0), new Step.Inject(0, flags), Listen(0), .. talk.Enter(0)], GoesOn(talk, 0))]),
        Of(talk, "syn-fin", "SYN with FIN opens a connection in order, or none", Listening,
            "The FIN of a SYN+FIN may be ignored, or the whole segment; an answer must acknowledge no more than was sent.",
            "lets the FIN end the connection before it is there, or counts it twice",
            Talk.Scenario("SYN+FIN, then an honest connection", [new Step.Craft(0), new Step.Inject(0, TcpFlags.Syn | TcpFlags.Fin), Listen(0)], Enter(talk, 1), GoesOn(talk, 1))),
        Of(talk, "syn-retransmitted", "a SYN that comes again gets the same SYN+ACK", Half,
            "A SYN that is sent again belongs to the connection that it began: the first number of the answer does not change.",
            "begins a new connection for each copy",
            Talk.Scenario("the SYN twice", HalfOpen(0), [Syn(0, -1), Await(0, SegmentKind.SynAck, SegmentKind.Ack), new Step.Connect(0)], GoesOn(talk, 0))),
        Of(talk, "syn-received-bad-ack", "a wrong ACK does not end a handshake", Half,
            "In SYN-RECEIVED an ACK of what was not sent is answered by a RST with that number; the right one is still accepted.",
            "takes any ACK for the end of the handshake (so that anybody can connect in another's name)",
            Talk.Scenario("an ACK that is too high", HalfOpen(0), [Ack(0, 0, 1000), Await(0, SegmentKind.Reset)]),
            Talk.Scenario("an ACK that is too low", HalfOpen(0), [Ack(0, 0, -1), Await(0, SegmentKind.Reset)])),
        Of(talk, "syn-received-rst", "a RST ends a handshake, unseen by the program", Half,
            "In SYN-RECEIVED an exact RST brings a listener back to LISTEN: a late ACK finds no connection.",
            "still takes the ACK, and hands the program a connection whose client is gone",
            Talk.Scenario("SYN, RST, ACK", HalfOpen(0), [new Step.Inject(0, TcpFlags.Rst), Listen(0), Ack(0), Await(0, SegmentKind.Reset)], Enter(talk, 1), GoesOn(talk, 1))),
        Of(talk, "data-before-established", "delivers no data before the handshake is over", "RFC 9293 §3.5, §3.10.7.4 (fifth: no ACK, no text)",
            "What a SYN carries waits for the end of the handshake, and a segment without ACK carries nothing at all.",
            "hands data to the program as soon as it has come",
            Talk.Scenario("data without ACK", HalfOpen(0), [new Step.Inject(0, TcpFlags.Psh, Data: talk.Message(3)), Listen(0), new Step.Connect(0)], GoesOn(talk, 0)),
            Talk.Scenario("data on the SYN", [new Step.Craft(0), new Step.Inject(0, TcpFlags.Syn, Data: talk.Message(3)), Await(0, SegmentKind.SynAck), Listen(0)])),
        Of(talk, "slow-handshake", "accepts the end of a handshake that comes late", "RFC 9293 §3.5, §3.8.1",
            "Between SYN and ACK there may be time; the connection is there when the ACK comes.",
            "forgets a half-open connection at once",
            Talk.Scenario("an ACK after a rest", HalfOpen(0), [new Step.Expect(0, [], 250), new Step.Connect(0)], GoesOn(talk, 0)),
            Talk.Scenario("three handshakes at a time, the last first", Talk.Each([0, 1, 2], HalfOpen), Talk.Each([2, 1, 0], i => [new Step.Connect(i), .. talk.AfterConnect(i), .. talk.Exchange(i, i, 20), new Step.Close(i)]))),
        Of(talk, "simultaneous-open", "two SYNs that cross open one connection", "RFC 9293 §3.5 (MUST-10), figure 7, §3.10.7.3",
            "A TCP that has sent its SYN and gets one, not an answer, sends SYN+ACK with the number of its own SYN, and the connection is there when that is acknowledged.",
            "takes every SYN for a new connection, or refuses it",
            Talk.Scenario("SYN, SYN, SYN+ACK, ACK, data", Called(0), [Syn(0), Await(0, SegmentKind.SynAck), .. Opened(0)])),
        Of(talk, "syn-sent-bad-ack", "a wrong ACK does not answer a SYN", Calling,
            "In SYN-SENT an ACK of what was not sent, with a SYN or without, is answered by a RST with that number; the right answer is still accepted.",
            "takes any SYN+ACK for the answer to its SYN (so that anybody can answer in another's name)",
            [.. from wrong in (int[])[1000, -1] from flags in (TcpFlags[])[TcpFlags.Syn | TcpFlags.Ack, TcpFlags.Ack]
                select Talk.Scenario($"{(flags == TcpFlags.Ack ? "ACK" : "SYN+ACK")} with an acknowledgment that is too {(wrong > 0 ? "high" : "low")}", Called(0), [new Step.Inject(0, flags, 0, wrong), Await(0, SegmentKind.Reset), .. Opened(0)])]),
        Of(talk, "syn-sent-rst", "a RST that does not acknowledge the SYN refuses no connection", "RFC 9293 §3.5.3, §3.10.7.3 (second: RST)",
            "In SYN-SENT a RST counts only if it acknowledges the SYN: the number is the proof that whoever sends it has seen it.",
            "obeys any RST while it waits for an answer",
            Talk.Scenario("a RST without ACK", Called(0), [new Step.Inject(0, TcpFlags.Rst), Listen(0), .. Opened(0)]),
            Talk.Scenario("a RST with another ACK", Called(0), [new Step.Inject(0, TcpFlags.Rst | TcpFlags.Ack, 0, 1000), Listen(0), .. Opened(0)])),
        Of(talk, "initial-number", "first sequence numbers cannot be guessed", "RFC 6528 §3; RFC 9293 §3.4.1 (MUST-8, SHLD-1)",
            "The first number of a connection is no function of those of others: who cannot see them cannot join in.",
            "adds a constant for each connection, or starts all with the same number",
            Talk.Scenario("eight handshakes", Talk.Each(Enumerable.Range(0, 8), HalfOpen))) with { Level = Level.Should, Judge = SegmentJudge.Unpredictable },
    ];

    private static Scenario ToClosed(string situation, Step segment) => Talk.Scenario(situation, [new Step.Craft(0, Unused: true), segment, Await(0, SegmentKind.Reset), new Step.Close(0)]);
}
