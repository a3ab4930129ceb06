using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What the small services of RFC 863, 864, 867 and 868 say, over TCP and UDP.</summary>
public static partial class ServiceJudge
{
    private const long Since1900 = 2208988800, TolerableError = 120, TolerableGrowth = 3 << 20;
    private const int OneSecond = 1000, TimeOctets = 4, MostCharacters = 512, LineLength = 72, LinesToTell = 3;

    // ---- Any of them ----

    /// <summary>Something comes on every connection.</summary>
    public static Verdict SaysSomething(Evidence evidence) =>
        evidence.Trace.Connections.Any(connection => connection.Received.IsEmpty) ? DataJudge.Served(evidence) : Verdict.Holds;

    /// <summary>When it has said what it has to say the server ends the connection, without waiting for its client.</summary>
    public static Verdict ClosesAfterSending(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (story.NoEndOfFileAt is { } at && !story.Received.IsEmpty && story.ShutAt is null)
                return new Verdict.Violation($"the server's FIN after its {story.Received.Length} bytes", Judges.Answer(evidence, at), at, Absence: true);
        }

        return Verdict.Holds;
    }

    /// <summary>What the client sends changes nothing: the answer comes whole, without it, and no reset destroys it.</summary>
    public static Verdict InputDiscarded(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            if (story.ResetAt is { } at) return new Verdict.Violation("what the client sends is read and thrown away", $"{Judges.Answer(evidence, at)} at {Judges.Name(evidence, at)}", at);
            if (story.AbortedAt is null && story.Sent.Length > 0 && story.EndOfFileAt is not null && story.Flow?.FromServer.FirstOrDefault(segment => segment.Has(TcpFlags.Rst)) is { } reset)
                return new Verdict.Violation("what the client sends is read and thrown away", $"the target's RST on the wire: {reset}", story.EndOfFileAt);
            if (story.Received.IsEmpty && story.EndOfFileAt is { } end) return new Verdict.Violation("the same answer, whatever the client sends", $"none: {Judges.Answer(evidence, end)} at {Judges.Name(evidence, end)}", end);
            foreach (var sent in SentOn(evidence, story))
            {
                if (sent.Length > 0 && story.Received.IndexOf(sent) is var place and >= 0) return new Verdict.Violation("the same answer, whatever the client sends", $"what it has sent is in the answer at offset {place}: {Excerpt(story.Received[place..])}");
            }
        }

        return Verdict.Holds;
    }

    // ---- Discard ----

    /// <summary>Not one byte comes back.</summary>
    public static Verdict NoReply(Evidence evidence)
    {
        var talking = evidence.Trace.Connections.FirstOrDefault(connection => !connection.Received.IsEmpty);
        return talking is null ? Verdict.Holds : new Verdict.Violation("no data comes back", $"{talking.Received.Length} bytes on #{talking.Socket}: {Excerpt(talking.Received.Span)}");
    }

    /// <summary>Everything is taken, for as long as the client sends.</summary>
    public static Verdict TakesAll(Evidence evidence)
    {
        foreach (var story in Story.All(evidence).Where(story => story.AbortedAt is null))
        {
            if ((story.ResetAt ?? (story.TargetClosedFirst ? story.EndOfFileAt : null)) is { } at)
                return new Verdict.Violation($"all {story.Sent.Length} bytes are taken until the client ends", $"{Judges.Answer(evidence, at)} at {Judges.Name(evidence, at)}", at);
        }

        return DataJudge.Served(evidence);
    }

    // ---- Daytime ----

    /// <summary>ASCII printing characters, space, carriage return and line feed only.</summary>
    public static Verdict Printable(Evidence evidence) => Spoken(evidence, IsPrintable, "only ASCII printing characters, space, CR and LF");

    /// <summary>One line, with or without an end of line behind it.</summary>
    public static Verdict OneLine(Evidence evidence)
    {
        foreach (var connection in evidence.Trace.Connections.Where(connection => !connection.Received.IsEmpty))
        {
            var line = connection.Received.Span;
            foreach (var end in (byte[][])[[13, 10], [10, 13], [10], [13]])
            {
                if (!line.EndsWith(end)) continue;
                line = line[..^end.Length];
                break;
            }

            if (line.IndexOfAny((byte)10, (byte)13) is var at and >= 0) return new Verdict.Violation("one line", $"after its first {at} bytes more than the end of a line: {Excerpt(line[at..])}");
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    /// <summary>Each datagram is text of ASCII characters.</summary>
    public static Verdict TextInDatagrams(Evidence evidence)
    {
        foreach (var datagram in Datagrams(evidence))
        {
            var data = datagram.Data.Span;
            if (data.IsEmpty) return new Verdict.Violation("date and time as ASCII text", "an empty datagram", Within(evidence, datagram));
            for (var i = 0; i < data.Length; i++)
            {
                if (!IsPrintable(data[i]) && data[i] != (byte)'\t') return new Verdict.Violation("date and time as ASCII text", $"the byte 0x{data[i]:x2} at offset {i} of {data.Length}: {Excerpt(data)}", Within(evidence, datagram));
            }
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    // ---- Time ----

    /// <summary>Exactly four octets on each connection.</summary>
    public static Verdict FourOctets(Evidence evidence)
    {
        var other = evidence.Trace.Connections.FirstOrDefault(connection => connection.Received.Length > TimeOctets);
        return other is null ? DataJudge.Served(evidence) : new Verdict.Violation("four octets", $"{other.Received.Length} on #{other.Socket}: {Excerpt(other.Received.Span)}");
    }

    /// <summary>The four octets are the seconds since 1900, give or take two minutes.</summary>
    public static Verdict CurrentTime(Evidence evidence)
    {
        foreach (var connection in evidence.Trace.Connections.Where(connection => connection.Received.Length == TimeOctets))
        {
            var at = evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Index().FirstOrDefault(entry => entry.Item is { First: Step.Receive, Second.Bytes: > 0 } && entry.Item.First.On == connection.Socket, (-1, default)).Item1;
            if (at >= 0 && Mistaken(connection.Received.Span, evidence.Trace.Outcomes[at].End) is { } mistake) return mistake with { Step = at };
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    /// <summary>Each datagram has exactly four octets.</summary>
    public static Verdict FourOctetsInDatagrams(Evidence evidence)
    {
        var other = Datagrams(evidence).FirstOrDefault(datagram => datagram.Data.Length != TimeOctets);
        return other is null ? DataJudge.Missing(evidence) ?? Verdict.Holds : new Verdict.Violation("four octets", $"{other.Data.Length}: {Excerpt(other.Data.Span)}", Within(evidence, other));
    }

    /// <summary>Those of each datagram are the seconds since 1900, give or take two minutes.</summary>
    public static Verdict CurrentTimeInDatagrams(Evidence evidence)
    {
        foreach (var datagram in Datagrams(evidence).Where(datagram => datagram.Data.Length == TimeOctets))
        {
            if (Mistaken(datagram.Data.Span, datagram.At) is { } mistake) return mistake with { Step = Within(evidence, datagram) };
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    /// <summary>Who asks again when a second or more has gone by is told a later time; of a text without seconds that cannot be seen.</summary>
    public static Verdict GoesOn(Evidence evidence)
    {
        if (DataJudge.Missing(evidence) is { } missing) return missing;
        var udp = evidence.Service.Transport == Transport.Udp;
        var answers = udp ? Datagrams(evidence).Select(datagram => datagram.Data).ToList() : [.. evidence.Trace.Connections.Select(connection => connection.Received)];
        if (answers is not [var first, .., var last] || evidence.FirstUnmet >= 0 || RestBetween(evidence.Scenario.Steps, udp) < OneSecond) return Verdict.Holds;
        if (evidence.Service.Kind == "daytime" && !TimeOfDay().IsMatch(Encoding.Latin1.GetString(first.Span))) return new Verdict.NotObservable("its text has no seconds");
        return first.Span.SequenceEqual(last.Span) ? new Verdict.Violation("a later time than before", $"the same: {Excerpt(last.Span)}") : Verdict.Holds;
    }

    // ---- Character generator ----

    /// <summary>Every datagram has 0 to 512 characters.</summary>
    public static Verdict AtMost512(Evidence evidence)
    {
        var other = Datagrams(evidence).FirstOrDefault(datagram => datagram.Data.Length > MostCharacters);
        return other is null ? DataJudge.Missing(evidence) ?? Verdict.Holds : new Verdict.Violation($"0 to {MostCharacters} characters", $"{other.Data.Length}", Within(evidence, other));
    }

    /// <summary>The stream goes on as long as it is read, and what the client sends is not in it.</summary>
    public static Verdict StreamIgnoresInput(Evidence evidence)
    {
        foreach (var story in Story.All(evidence))
        {
            foreach (var sent in SentOn(evidence, story))
            {
                if (sent.Length > 0 && story.Received.IndexOf(sent) is var place and >= 0) return new Verdict.Violation("a stream without regard to the input", $"what the client has sent is in it at offset {place}: {Excerpt(story.Received[place..])}");
            }
        }

        return DataJudge.Served(evidence);
    }

    /// <summary>
    /// A slow reader is served to the end and misses nothing. Whether something is missing shows only where the stream has the best known
    /// pattern, each line the one before moved on by one character, and has it throughout for a fast reader.
    /// </summary>
    public static Verdict SlowReaderMissesNothing(Evidence evidence)
    {
        if (DataJudge.Served(evidence) is not Verdict.Pass and var unserved) return unserved;
        var longest = 0;
        foreach (var fast in evidence.Scenario.Steps.OfType<Step.Connect>().Where(connect => connect.ReadPause == 0))
        {
            if (evidence.Trace.On(fast.Socket) is { } reader && IsClassic(reader.Received.Span, out var lines) && BreakIn(reader.Received.Span) < 0) longest = Math.Max(longest, lines);
        }

        foreach (var slow in evidence.Scenario.Steps.OfType<Step.Connect>().Where(connect => connect.ReadPause > 0))
        {
            if (evidence.Trace.On(slow.Socket) is { } reader && IsClassic(reader.Received.Span, out _) && BreakIn(reader.Received.Span) is var at and >= 0 && at / (LineLength + 2) < longest)
                return new Verdict.Violation($"lines of {LineLength} characters, each the one before moved on by one, as a fast reader gets them", $"at offset {at} of #{slow.Socket} the pattern breaks: {Excerpt(reader.Received.Span[at..])}");
        }

        return Verdict.Holds;
    }

    /// <summary>While a client does not read, the server's memory does not grow with what it might have read.</summary>
    public static Verdict BoundedMemory(Evidence evidence)
    {
        if (evidence.Trace.Samples is not [var first, var middle, .., var last])
            return evidence.Target.End is not null ? LifeJudge.KeepsRunning(evidence) : new Verdict.NotObservable("the memory of the process cannot be seen");
        var (early, late) = (middle.Memory - first.Memory, last.Memory - middle.Memory);
        return early > TolerableGrowth && late > TolerableGrowth
            ? new Verdict.Violation("memory stays as it is while nobody reads", $"{early >> 10} KiB more in {(middle.At - first.At).TotalSeconds:0.0} s, then {late >> 10} KiB more in {(last.At - middle.At).TotalSeconds:0.0} s", last.Step)
            : LifeJudge.Survives(evidence);
    }

    /// <summary>After our end the server's follows, and its socket goes.</summary>
    public static Verdict EndsWithClient(Evidence evidence)
    {
        foreach (var story in Story.All(evidence).Where(story => story.Connection.Established))
        {
            var after = Enumerable.Range(0, evidence.Scenario.Steps.Length).FirstOrDefault(i => evidence.Scenario.Steps[i] is Step.Receive { Bytes: null } toTheEnd && toTheEnd.Socket == story.Connection.Socket, -1);
            if (after >= 0 && evidence.Trace.Outcomes[after] is { Result: StepResult.TimedOut or StepResult.Failed } outcome && !outcome.Is("ECONNRESET", "EPIPE"))
                return new Verdict.Violation("the stream ends when the client has ended", $"{Judges.Answer(evidence, after)} after our FIN", after, outcome.Result == StepResult.TimedOut);
            if ((story.ClosedAt ?? story.ShutAt) is { } ended && story.Connection.LeftBehind is TcpState.CloseWait or TcpState.Established)
                return new Verdict.Violation("the server's socket goes when the client has gone", $"{evidence.Patience.Close.TotalSeconds:0.#} s later it is still in {CloseJudge.StateName(story.Connection.LeftBehind)}", ended, Absence: true);
        }

        return Verdict.Holds;
    }

    /// <summary>The classic pattern: printing characters in lines of 72, each the one before moved on by one character; its first lines tell.</summary>
    private static bool IsClassic(ReadOnlySpan<byte> stream, out int lines)
    {
        lines = stream.Length / (LineLength + 2);
        return lines > LinesToTell && BreakIn(stream[..((LinesToTell + 1) * (LineLength + 2))]) < 0;
    }

    /// <summary>The offset of the first line that is not what the pattern has there; -1 if there is none.</summary>
    private static int BreakIn(ReadOnlySpan<byte> stream)
    {
        for (var at = 0; at + LineLength + 2 <= stream.Length; at += LineLength + 2)
        {
            var line = stream.Slice(at, LineLength + 2);
            if (line[LineLength] != 13 || line[LineLength + 1] != 10 || line[..LineLength].IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e) >= 0) return at;
            if (at > 0 && !line[..(LineLength - 1)].SequenceEqual(stream.Slice(at - LineLength - 1, LineLength - 1))) return at;
        }

        return -1;
    }

    private static Verdict Spoken(Evidence evidence, Func<byte, bool> isFit, string expected)
    {
        foreach (var connection in evidence.Trace.Connections)
        {
            var data = connection.Received.Span;
            for (var i = 0; i < data.Length; i++)
            {
                if (!isFit(data[i])) return new Verdict.Violation(expected, $"the byte 0x{data[i]:x2} at offset {i} of #{connection.Socket}, after {Excerpt(data[Math.Max(0, i - 16)..i])}");
            }
        }

        return DataJudge.Missing(evidence) ?? Verdict.Holds;
    }

    private static Verdict.Violation? Mistaken(ReadOnlySpan<byte> octets, TimeSpan at)
    {
        var now = (uint)(Clock.Wall(at).ToUnixTimeSeconds() + Since1900);
        var told = BinaryPrimitives.ReadUInt32BigEndian(octets);
        if (IsNear(told, now)) return null;
        var hint = IsNear(BinaryPrimitives.ReverseEndianness(told), now) ? ": the octets are in the wrong order (htonl)"
            : IsNear(unchecked(told + (uint)Since1900), now) ? ": counted from 1970"
            : IsNear(unchecked(BinaryPrimitives.ReverseEndianness(told) + (uint)Since1900), now) ? ": counted from 1970, and the octets are in the wrong order (htonl)" : "";
        return new Verdict.Violation($"{now} seconds since 1900, give or take {TolerableError}", $"{told}{hint}");
    }

    /// <summary>Seconds of 32 bits start again from 0 in 2036.</summary>
    private static bool IsNear(uint told, uint now) => Math.Abs((long)unchecked((int)(told - now))) <= TolerableError;

    private static bool IsPrintable(byte b) => b is >= 0x20 and <= 0x7e or 13 or 10;

    [GeneratedRegex("[0-9]{1,2}:[0-9]{2}:[0-9]{2}", RegexOptions.CultureInvariant)]
    private static partial Regex TimeOfDay();

    /// <summary>The milliseconds between the first answer and the last question: a datagram, or a connection.</summary>
    private static int RestBetween(ImmutableArray<Step> steps, bool udp)
    {
        List<Step> all = [.. steps];
        var answered = all.FindIndex(step => step is Step.Receive or Step.ReceiveMessages);
        var asked = all.FindLastIndex(step => udp ? step is Step.Send : step is Step.Connect);
        return all.Take(asked).Skip(answered + 1).OfType<Step.Idle>().Sum(idle => idle.Milliseconds);
    }

    private static IEnumerable<byte[]> SentOn(Evidence evidence, Story story) =>
        evidence.Scenario.Steps.OfType<Step.Send>().Where(send => send.Socket == story.Connection.Socket).Select(send => send.Data.ToBytes().AsSpan().TrimEnd("\r\n"u8).ToArray());

    private static IEnumerable<ReceivedDatagram> Datagrams(Evidence evidence) => evidence.Trace.Connections.SelectMany(connection => connection.Datagrams);

    private static int? Within(Evidence evidence, ReceivedDatagram datagram) => datagram.Step < evidence.Scenario.Steps.Length ? datagram.Step : null;

    private static Payload.Literal Excerpt(ReadOnlySpan<byte> bytes) => Payload.Literal.Of(bytes[..Math.Min(bytes.Length, 24)]);
}
