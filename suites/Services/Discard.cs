using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Suites.Tcp;

namespace SockConformance.Suites.Services;

/// <summary>RFC 863: whatever comes is thrown away. Over UDP that is <c>udp/reply/none</c>.</summary>
public static class Discard
{
    private const string Clause = "RFC 863 (TCP based discard service)";

    public static ImmutableArray<Requirement> For(Conversation talk) => talk.Service.Transport == Transport.Udp ? [] :
    [
        new()
        {
            Id = "discard/data/no-reply",
            Title = "sends nothing back",
            Clause = Clause + ": no response is sent",
            Statement = "Data is thrown away without a word: no echo, no acknowledgement, no count of bytes at the end.",
            Why = "the program was made from an echo server, or wants to tell its client how much has arrived",
            Fix = "recv() in a loop until 0, and no send() at all",
            After = Connections.ThreeWayHandshake,
            Fixed =
            [
                Talk.Scenario("one line, a rest, and the end", talk.Enter(0), [Conversation.Send(0, talk.Message(0))], Talk.Wait(150), talk.Finish(0)),
                Talk.Scenario("three lines with rests between them", talk.Enter(0), Talk.Each([0, 1, 2], i => [Conversation.Send(0, talk.Message(i)), .. Talk.Wait(30)]), talk.Finish(0)),
                Talk.Scenario("20,000 bytes", talk.Enter(0), [Conversation.Send(0, Talk.Text(20_000))], Talk.Wait(50), talk.Finish(0)),
                Talk.Scenario("a client that says nothing", talk.Enter(0), Talk.Wait(100), talk.Finish(0)),
            ],
            Judge = Judges.WhileAlive(ServiceJudge.NoReply),
        },
        new()
        {
            Id = "discard/data/takes-all",
            Title = "takes all data until the client ends",
            Clause = Clause + ": this continues until the calling user terminates the connection",
            Statement = "However much the client sends, in whatever pieces, the server takes it and stays until the client has ended.",
            Why = "the data is kept in a buffer that gets full; recv() with a length of 0 looks like the end of file; or the connection is closed after the first piece",
            Fix = "receive into the same buffer again and again, and leave the loop only when recv() returns 0",
            After = Connections.ThreeWayHandshake,
            Company = Company.Alone,
            Fixed =
            [
                Talk.Scenario("ten lines with rests between them", talk.Enter(0), Talk.Each(Enumerable.Range(0, 10), i => [Conversation.Send(0, talk.Message(i)), .. Talk.Wait(10)]), talk.Finish(0)),
                Talk.Scenario("200 bytes one by one", talk.Enter(0), [Conversation.Send(0, Talk.Letters(200), [1])], talk.Finish(0)),
                Talk.Scenario("100,000 bytes, a rest, and as many again", talk.Enter(0), [Conversation.Send(0, Talk.Letters(100_000))], Talk.Wait(100), [Conversation.Send(0, Talk.Letters(100_000, 1))], talk.Finish(0)),
                Talk.Scenario("6 MiB", talk.Enter(0), [Conversation.Send(0, Talk.Letters(6 << 20))], talk.Finish(0)),
            ],
            Judge = Judges.WhileAlive(ServiceJudge.TakesAll),
        },
    ];
}
