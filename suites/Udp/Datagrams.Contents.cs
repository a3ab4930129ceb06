using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Udp;

/// <summary>What is in the answers.</summary>
public static partial class Datagrams
{
    /// <summary>What the answers are, where they depend on what was asked.</summary>
    private static ImmutableArray<Requirement> Contents(Conversation talk)
    {
        var largest = Largest(talk);
        return
        [
            new()
            {
                Id = RightAnswer,
                Applies = Depends(talk),
                Title = "the answer is the right one",
                Clause = Clause(talk),
                Statement = talk.Service.Kind == "echo" ? "The data of a datagram comes back as it was, and nothing else." : "The answer to each datagram is what the spec says.",
                Why = "the whole buffer is sent instead of what was received; remains of an earlier datagram stand behind the data; or something is put before it",
                Fix = "send exactly the bytes and the count that recvfrom() returned",
                After = Answers,
                Fixed =
                [
                    Talk.Scenario("some datagrams", talk.Enter(0), Talk.Each(Enumerable.Range(0, 6), i => talk.Exchange(0, i, 20 + 30 * i)), Quiet, talk.Leave(0)),
                    Talk.Scenario("a short one after a long one", talk.Enter(0), talk.Exchange(0, 0, Ordinary), talk.Exchange(0, 1, 12), Quiet, talk.Leave(0)),
                ],
                Random = () => DatagramPrograms.Exchanges(talk, Ordinary),
                RandomCases = 12,
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/binary",
                Applies = Depends(talk) && IsBinary(talk),
                Title = "takes every byte for data",
                Clause = Clause(talk) + "; RFC 768 (data octets)",
                Statement = "All 256 byte values come through: NUL does not end the data, and nothing has to be valid text.",
                Why = "the data is treated as text: strlen() stops at NUL, decode() replaces or refuses bytes, strip() removes some",
                Fix = "work with bytes and with the length that recvfrom() returned",
                After = RightAnswer,
                Fixed =
                [
                    Talk.Scenario("all 256 byte values", talk.Enter(0), talk.Exchange(0, Bytes([.. Enumerable.Range(0, 256).Select(i => (byte)i)])), talk.Leave(0)),
                    Talk.Scenario("NUL in front, in the middle and at the end", talk.Enter(0), talk.Exchange(0, Bytes("\0front"u8)), talk.Exchange(0, Bytes("mid\0dle"u8)), talk.Exchange(0, Bytes("end\0"u8)), Quiet, talk.Leave(0)),
                    Talk.Scenario("what is no UTF-8", talk.Enter(0), talk.Exchange(0, Bytes([0xc3, 0x28, 0xff, 0xfe, 0x80, (byte)'a'])), talk.Leave(0)),
                    Talk.Scenario("white space around a word", talk.Enter(0), talk.Exchange(0, Bytes("  a word\r\n\t "u8)), talk.Leave(0)),
                ],
                Random = () => DatagramPrograms.Exchanges(talk, Ordinary, bytes: true),
                RandomCases = 8,
                Judge = DatagramJudge.Living(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/boundaries",
                Applies = Depends(talk),
                Title = "keeps the boundaries of datagrams",
                Clause = "RFC 768; POSIX.1-2024 XSH 2.10.6 (SOCK_DGRAM: each datagram by itself)",
                Statement = "A datagram is a message: however fast they come, each is answered by itself, none is joined with another or cut in two.",
                Why = "the data is taken for a stream and gathered in a buffer; or only the latest of several is kept",
                Fix = "treat what one recvfrom() returns as one whole message and answer it before the next",
                After = RightAnswer,
                Fixed =
                [
                    Talk.Scenario("five of different sizes without waiting", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, [.. ((int[])[9, 300, 20, 480, 5]).Select((size, i) => talk.Message(i, size))]), talk.Leave(0)),
                    Talk.Scenario("two without waiting, and two more", talk.Enter(0), DatagramPrograms.InOneGo(talk, 0, Some(talk, 2)), DatagramPrograms.InOneGo(talk, 0, [talk.Message(2, 40), talk.Message(3, 40)]), talk.Leave(0)),
                ],
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/empty",
                Applies = talk.Answers && TakesEmpty(talk),
                Title = "an empty datagram is a datagram",
                Clause = "RFC 768 (a length of eight: no data); " + (talk.Service.Kind == "time" ? "RFC 868: send an empty datagram" : Clause(talk)),
                Statement = "A datagram without data is legal and is answered as any other. It is no end of file: UDP has none.",
                Why = "recvfrom() == 0 is taken for the end, or for an error, as with TCP",
                Fix = "take only a negative result for an error, and answer what came, even if it is nothing",
                After = Depends(talk) ? RightAnswer : Answers,
                Fixed =
                [
                    Talk.Scenario("an empty one", talk.Enter(0), talk.Exchange(0, Bytes([])), talk.Leave(0)),
                    Talk.Scenario("an empty one between others", talk.Enter(0), talk.Exchange(0, 0), talk.Exchange(0, Bytes([])), talk.Exchange(0, 1), Quiet, talk.Leave(0), talk.Visit(1, 2)),
                ],
                Judge = DatagramJudge.Living(Judges.All(DatagramJudge.RightAnswer, DataJudge.Served)),
            },
            new()
            {
                Id = "udp/data/every-size",
                Applies = Depends(talk) && Sizes(largest).Length > 0,
                Title = $"datagrams of every size up to {Sizes(largest).LastOrDefault():N0} bytes are answered",
                Clause = Clause(talk) + "; RFC 768",
                Statement = "Sizes around every power of two are answered right and whole.",
                Why = "the buffer is too small: recvfrom() throws away what does not fit, and the next call does not bring it",
                Fix = "receive into a buffer of 65,536 bytes",
                After = RightAnswer,
                Company = Company.Alone,
                Fixed =
                [
                    Talk.Scenario("sizes up to 1500 bytes", talk.Enter(0), Sizes(largest).Where(size => size <= 1500).SelectMany((size, i) => talk.Exchange(0, Sized(talk, i, size))), Quiet, talk.Leave(0)),
                    .. Sizes(largest).Any(size => size > 1500) ? [Talk.Scenario("sizes above 1500 bytes", talk.Enter(0), Sizes(largest).Where(size => size > 1500).SelectMany((size, i) => talk.Exchange(0, Sized(talk, i, size)).Concat(DatagramPrograms.UntilSilence(0, 10))), talk.Leave(0))] : Array.Empty<Scenario>(),
                ],
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
            new()
            {
                Id = "udp/data/largest",
                Applies = Depends(talk) && largest > 0,
                Title = $"the largest datagram ({largest:N0} bytes) is answered",
                Clause = Clause(talk) + (largest == Framing.Datagram.Largest ? "; RFC 768, RFC 791 §3.1: a total length of 65,535 leaves 65,507 for data" : ""),
                Statement = largest == Framing.Datagram.Largest ? "IPv4 carries up to 65,507 bytes of data in one datagram; such a one is answered whole." : "The largest datagram that the spec allows is answered.",
                Why = "a buffer of 65,000 or 65,500 bytes, “about 64K”; what does not fit is thrown away",
                Fix = "receive into a buffer of 65,536 bytes",
                After = RightAnswer,
                Company = Company.Alone,
                Fixed = [Talk.Scenario($"{largest:N0} bytes", talk.Enter(0), talk.Exchange(0, Sized(talk, 0, largest)), talk.Leave(0)), Talk.Scenario($"{largest - 1:N0} bytes", talk.Enter(0), talk.Exchange(0, Sized(talk, 1, largest - 1)), talk.Leave(0))],
                Judge = Judges.WhileAlive(DatagramJudge.RightAnswer),
            },
        ];
    }

    private static bool IsBinary(Conversation talk) => talk.Service.IsDatagramEcho || talk.Sizeable is { When: { Literal: null, Prefix: null, Regex: null }, Generate.Alphabet: Alphabet.Bytes };

    private static bool TakesEmpty(Conversation talk) =>
        Replies.ToDatagram(talk.Service, []) is not null && (!Depends(talk) || talk.Sizeable is { When: { Literal: null, Prefix: null, Regex: null }, Generate: { HasBytes: true, MinBytes: 0 } });

    /// <summary>The size of the largest datagram that the service takes; 0 where it does not take just any size.</summary>
    private static int Largest(Conversation talk) =>
        talk.Service.IsDatagramEcho ? Math.Min(talk.Service.LongestRequest, Framing.Datagram.Largest) : talk.Sizeable is { } rule ? Math.Min(talk.Message(rule, 0, Framing.Datagram.Largest).Size, Framing.Datagram.Largest) : 0;

    /// <summary>Sizes around powers of two, well below the largest, which has a requirement of its own.</summary>
    private static ImmutableArray<int> Sizes(int largest) =>
    [
        .. from power in Enumerable.Range(0, 16)
           from off in (int[])[-1, 0, 1]
           let size = (1 << power) + off
           where size > 0 && size < largest && (power > 1 || off == 0)
           select size,
    ];

    private static Payload Sized(Conversation talk, int number, int size) =>
        talk.Service.IsDatagramEcho ? new Payload.Generated(size, 5000 + (ulong)number, Alphabet.Printable) : talk.Sizeable is { } rule ? talk.Message(rule, number, size) : talk.Message(number, size);
}
