using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Segments;

/// <summary>The phrases of scenarios in which a TCP of the harness's own speaks.</summary>
internal static class Phrases
{
    public const string Group = "tcp/segments/";

    /// <summary>How long an answer that must come may take; and how long it is listened for one that must not.</summary>
    public const int Soon = 1500, Moment = 30;

    /// <summary>Whether a service can be spoken to so: several exchanges on one connection in clear show that it goes on.</summary>
    public static bool Fits(Conversation talk) => talk.KeepsOpen && talk.Answers && talk.Service.Tls is null;

    /// <summary>A handshake by the harness's own TCP, and one exchange.</summary>
    public static IEnumerable<Step> Enter(Conversation talk, int socket, int window = ushort.MaxValue) =>
        [new Step.Craft(socket, window), .. talk.Enter(socket), .. window < 1000 ? [] : talk.Exchange(socket, 0, 20)];

    /// <summary>Whatever was injected, the connection is as it was; then its end.</summary>
    public static IEnumerable<Step> GoesOn(Conversation talk, int socket, int number = 1) => [.. talk.Exchange(socket, number, 20), new Step.Close(socket)];

    /// <summary>Into an open connection, and an answer is due.</summary>
    public static Scenario Answered(Conversation talk, string situation, params IEnumerable<Step> injected) => Talk.Scenario(situation, Enter(talk, 0), [.. injected, Await(0, SegmentKind.Ack)], GoesOn(talk, 0));

    /// <summary>Into an open connection, and nothing is due.</summary>
    public static Scenario Ignored(Conversation talk, string situation, params IEnumerable<Step> injected) => Talk.Scenario(situation, Enter(talk, 0), [.. injected, Listen(0)], GoesOn(talk, 0));

    public static Step Await(int socket, params ImmutableArray<SegmentKind> kinds) => new Step.Expect(socket, kinds, Soon);

    public static Step Listen(int socket) => new Step.Expect(socket, [], Moment);

    public static Step Syn(int socket, int sequence = 0) => new Step.Inject(socket, TcpFlags.Syn, sequence);

    public static Step Ack(int socket, int sequence = 0, int acknowledgment = 0) => new Step.Inject(socket, TcpFlags.Ack, sequence, acknowledgment);

    public static Step Data(int socket, Payload data, int sequence = 0, int acknowledgment = 0) => new Step.Inject(socket, TcpFlags.Psh | TcpFlags.Ack, sequence, acknowledgment, data);

    /// <summary>SYN, and the SYN+ACK for it: the target is in SYN-RECEIVED.</summary>
    public static IEnumerable<Step> HalfOpen(int socket) => [new Step.Craft(socket), Syn(socket), Await(socket, SegmentKind.SynAck)];

    /// <summary>The SYN of a connection that the target's TCP opens: it is in SYN-SENT.</summary>
    public static IEnumerable<Step> Called(int socket) => [new Step.Craft(socket, Called: true), Await(socket, SegmentKind.Syn)];

    /// <summary>What is missing for it to be open; and it takes data.</summary>
    public static IEnumerable<Step> Opened(int socket) => [new Step.Connect(socket), new Step.Send(socket, Talk.Letters(9)), new Step.Close(socket)];

    /// <summary>A requirement of the target's TCP, charged to no program.</summary>
    public static Requirement Of(Conversation talk, string name, string title, string clause, string statement, string mistake, params ImmutableArray<Scenario> scenarios) => new()
    {
        Id = Group + name,
        Applies = Fits(talk),
        OnDemand = true,
        Subject = Subject.Stack,
        Title = title,
        Clause = clause,
        Statement = statement,
        Why = $"a TCP implementation that {mistake}",
        Fix = "mend the TCP implementation below the program; the program itself has no part in it",
        After = talk.Probe,
        Fixed = scenarios,
        Judge = SegmentJudge.Rule(Group + name),
    };
}
