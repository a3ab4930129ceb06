using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Fuzz;

/// <summary>What every case of a fuzz campaign is judged by, beside that which is always judged: true of any sequence, whoever drew it.</summary>
public static class Oracles
{
    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "fuzz/serves-after",
            Title = "serves the next client, whatever the ones before it did",
            Clause = "course; RFC 862: the server serves until it is stopped",
            Statement = "After any sequence of connections, messages, half-closes and resets, a client that does everything right is accepted and answered.",
            Why = "a loop that never ends on unexpected input, a lock that an error path does not release, a worker that is not put back into its pool",
            Fix = "run the case again and look where the process is (gdb -p, py-spy, jstack): it waits or spins there",
            Judge = Judges.WhileAlive(FuzzJudge.ServesAfter),
        },
        new()
        {
            Id = "fuzz/replies",
            Title = "every reply is the one that is due",
            Clause = "the spec of the service",
            Statement = "Whatever came before, and however the messages were cut and joined, each message that the spec speaks of gets its reply, in order, once and unchanged.",
            Why = "state of one message or connection that leaks into the next; a buffer that is not emptied, or emptied too early",
            Fix = "see what was sent on the connection before, and how it was cut",
            Judge = Judges.WhileAlive(talk.Service.Transport == Transport.Udp ? DatagramJudge.RightAnswer : FuzzJudge.Replies),
        },
        new()
        {
            Id = "fuzz/slowdown",
            Title = "the work for a reply grows with its request, and no faster",
            Clause = "course",
            Level = Level.Should,
            Statement = "When a request is doubled and doubled again, the processor time that the target spends on it does not grow threefold each time.",
            Why = "a search from the start for each byte, a copy of the whole buffer for each piece: work that grows with the square of the input",
            Fix = "remember how far the input has been looked at; append to a buffer that grows by doubling",
            Judge = Judges.WhileAlive(FuzzJudge.NoSlowdown),
        },
    ];
}
