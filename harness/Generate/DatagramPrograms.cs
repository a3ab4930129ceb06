using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>
/// FsCheck generators of scenarios over UDP. No more is under way at a time than the smallest of receive buffers holds, also where
/// several cases use one target: else the kernel would lose datagrams, and no server could help it.
/// </summary>
public static class DatagramPrograms
{
    /// <summary>So many bytes tell one datagram from another.</summary>
    private const int Telling = 8;

    private const int SilenceMilliseconds = 60;

    /// <summary>One to six datagrams of any size, each answered before the next.</summary>
    /// <param name="bytes">All byte values; else text.</param>
    public static Gen<Scenario> Exchanges(Conversation talk, int largest, bool bytes = false) =>
        from messages in Gen.NonEmptyListOf(Messages(talk, largest, bytes))
        let some = messages.Take(6).ToList()
        select Talk.Scenario($"{some.Count} datagrams, one after the other", talk.Enter(0), some.SelectMany(message => talk.Exchange(0, message)), UntilSilence(0, SilenceMilliseconds), talk.Leave(0));

    /// <summary>Two to five sockets that take turns, each with one datagram under way at most; answers are read up to three turns late.</summary>
    public static Gen<Scenario> Peers(Conversation talk) =>
        from sockets in Gen.Choose(2, 5)
        from turns in Gen.ListOf(Gen.Choose(0, sockets - 1), sockets * 3)
        from messages in Gen.ListOf(Messages(talk, 400), turns.Count)
        from late in Gen.Choose(1, 3)
        select InTurns(talk, sockets, turns, messages, late);

    /// <summary>Three to eight different datagrams of one socket without waiting: out of order, and some of them missing.</summary>
    public static Gen<Scenario> Shuffled(Conversation talk) =>
        from messages in Gen.ListOf(Messages(talk, 300), 10)
        from order in Gen.Shuffle(Enumerable.Range(0, 10).ToArray())
        from count in Gen.Choose(3, 8)
        let some = order.Take(count).Select(number => messages[number]).DistinctBy(message => Convert.ToHexString(message.ToBytes())).ToList()
        select Talk.Scenario("datagrams as a network may bring them: out of order, and not all", talk.Enter(0), InOneGo(talk, 0, some), talk.Leave(0));

    /// <summary>Two to four datagrams of one socket without waiting, some of them up to three times.</summary>
    public static Gen<Scenario> Doubled(Conversation talk) =>
        from messages in Gen.ListOf(Messages(talk, 300), 4)
        from numbers in Gen.ListOf(Gen.Choose(0, 3), 6)
        let some = numbers.Append(numbers[0]).Select(number => messages[number]).ToList()
        select Talk.Scenario("datagrams as a network may bring them: doubled", talk.Enter(0), InOneGo(talk, 0, some), talk.Leave(0));

    /// <summary>Sends all, then receives what is due for all; then looks whether more comes.</summary>
    public static IEnumerable<Step> InOneGo(Conversation talk, int socket, IReadOnlyList<Payload> messages) =>
        [.. messages.Select(message => Conversation.Send(socket, message)), .. messages.SelectMany(message => talk.Receive(socket, message)), .. UntilSilence(socket, SilenceMilliseconds)];

    /// <summary>Takes what comes until nothing comes for so long.</summary>
    public static IEnumerable<Step> UntilSilence(int socket, int milliseconds) => [new Step.Await(socket, milliseconds, new Framing.Datagram())];

    /// <summary>A legal datagram; of a service that takes any bytes, of any alphabet.</summary>
    private static Gen<Payload> Messages(Conversation talk, int largest, bool bytes = false) => talk.Service.IsDatagramEcho
        ? from alphabet in bytes ? Gen.Constant(Alphabet.Bytes) : Gen.Elements(Alphabet.Letters, Alphabet.Text, Alphabet.Printable, Alphabet.Utf8)
          from size in Gen.Choose(Telling, Math.Min(largest, talk.Service.LongestRequest))
          from seed in Gen.Choose(0, int.MaxValue)
          select (Payload)new Payload.Generated(size, (ulong)seed, alphabet)
        : from number in Gen.Choose(0, 1 << 16) from size in Gen.Choose(1, largest) select talk.Message(number, size);

    private static Scenario InTurns(Conversation talk, int sockets, IReadOnlyList<int> turns, IReadOnlyList<Payload> messages, int late)
    {
        ImmutableArray<int> all = [.. Enumerable.Range(0, sockets)];
        var underWay = new List<(int Socket, Payload Message)>();
        var steps = new List<Step>(all.SelectMany(talk.Enter));
        foreach (var (number, socket) in turns.Index())
        {
            Receive(underWay.FindIndex(one => one.Socket == socket));
            steps.Add(Conversation.Send(socket, messages[number]));
            underWay.Add((socket, messages[number]));
            Receive(underWay.Count - 1 - late);
        }

        while (underWay.Count > 0) Receive(0);
        return new Scenario($"{sockets} sockets taking turns", [.. steps, .. UntilSilence(0, SilenceMilliseconds), .. all.SelectMany(talk.Leave)]);

        // What is due for the datagram at this place of those under way, if there is such a place.
        void Receive(int place)
        {
            if (place < 0) return;
            steps.AddRange(talk.Receive(underWay[place].Socket, underWay[place].Message));
            underWay.RemoveAt(place);
        }
    }
}
