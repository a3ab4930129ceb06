using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>A datagram that was sent, and what is due for it.</summary>
/// <param name="Due">Null where none is due, or where the spec does not say.</param>
/// <param name="Open">The spec does not say what is due: anything, once, or nothing.</param>
internal sealed record Question(int Socket, int Step, byte[] Data, DueReply? Due, bool Open)
{
    public bool IsOwed => Open || Due is not null;

    public bool IsRight(ReadOnlySpan<byte> answer) =>
        Open || (Due is { } due && (due.Exact is { } exact ? answer.SequenceEqual(exact) : due.Pattern?.Matches(answer) ?? true));
}

/// <summary>What is wrong with a datagram that answers none of the questions of its socket that are still without an answer.</summary>
internal enum Misfit
{
    /// <summary>It answers one that is answered already.</summary>
    Repeated,

    /// <summary>It is what another socket asked for.</summary>
    Foreign,

    /// <summary>This socket is owed nothing.</summary>
    Unasked,

    /// <summary>It is several answers in one.</summary>
    Joined,

    /// <summary>It is a part of an answer.</summary>
    Cut,

    Wrong,
}

/// <summary>
/// What was asked on one datagram socket, what came, and which belongs to which: answers may come in any order, so each is laid beside
/// a question of its own for which it is right, as many as can be.
/// </summary>
internal sealed class DatagramStory
{
    private const int LeastTelling = 4;
    private readonly int[] questionOf;

    private DatagramStory(Evidence evidence, ConnectionTrace socket)
    {
        Socket = socket.Socket;
        Received = socket.Datagrams;
        var steps = evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Index().Where(entry => entry.Item.First.On == Socket).ToList();
        Questions = [.. from entry in steps where entry.Item is { First: Step.Send, Second.Result: StepResult.Done } select Ask(evidence.Service, Socket, entry.Index, (Step.Send)entry.Item.First)];
        Waited = steps.Where(entry => entry.Item.Second.Result != StepResult.NotRun).Sum(entry => entry.Item.First is Step.ReceiveMessages receive ? receive.Count : 0);
        questionOf = Match();
    }

    public int Socket { get; }

    public ImmutableArray<Question> Questions { get; }

    public ImmutableArray<ReceivedDatagram> Received { get; }

    /// <summary>How many answers the scenario waited for.</summary>
    public int Waited { get; }

    /// <summary>Answers are missing although as many datagrams came as were waited for.</summary>
    public bool FallsShort => questionOf.Count(question => question >= 0) < Math.Min(Waited, Questions.Count(question => question.Due is not null)) && Received.Length >= Waited;

    /// <summary>The first question that is owed an answer and has none; null if there is none.</summary>
    public Question? Unanswered => Questions.Index().Where(entry => entry.Item.IsOwed && !questionOf.Contains(entry.Index)).Select(entry => entry.Item).FirstOrDefault();

    public static ImmutableArray<DatagramStory> All(Evidence evidence) =>
        [.. evidence.Trace.Connections.Where(connection => connection.Tuple?.Protocol == Transport.Udp).Select(connection => new DatagramStory(evidence, connection))];

    /// <summary>The datagrams that belong to no question, and why not.</summary>
    /// <param name="all">Every socket of the case.</param>
    public IEnumerable<(ReceivedDatagram Datagram, Misfit Kind, Question? Owner)> Misfits(ImmutableArray<DatagramStory> all)
    {
        for (var i = 0; i < Received.Length; i++)
        {
            if (questionOf[i] >= 0) continue;
            var (kind, owner) = Classify(Received[i].Data.ToArray(), all);
            yield return (Received[i], kind, owner);
        }
    }

    private (Misfit Kind, Question? Owner) Classify(byte[] data, ImmutableArray<DatagramStory> all)
    {
        if (Questions.FirstOrDefault(question => question.IsRight(data)) is { } again) return (Misfit.Repeated, again);
        var exact = Questions.Where(question => question.Due?.Exact is not null).ToList();
        var foreign = all.Where(other => other.Socket != Socket).SelectMany(other => other.Questions)
            .FirstOrDefault(question => question.Due?.Exact is { } due && (due.Length >= LeastTelling || Questions.IsEmpty) && data.AsSpan().SequenceEqual(due));
        if (foreign is not null) return (Misfit.Foreign, foreign);
        if (!Questions.Any(question => question.IsOwed)) return (Misfit.Unasked, null);
        if (Run(data, exact) is { } joined) return (Misfit.Joined, joined);
        var whole = exact.FirstOrDefault(question => data.Length > 0 && question.Due!.Exact!.Length > data.Length && (question.Due.Exact.AsSpan().StartsWith(data) || question.Due.Exact.AsSpan().EndsWith(data)));
        return whole is null ? (Misfit.Wrong, null) : (Misfit.Cut, whole);
    }

    /// <summary>The first of two or more questions, one after the other, whose answers make up the data together.</summary>
    private static Question? Run(ReadOnlySpan<byte> data, List<Question> exact)
    {
        for (var first = 0; first < exact.Count - 1; first++)
        {
            var rest = data;
            var length = 0;
            for (var next = first; next < exact.Count && rest.StartsWith(exact[next].Due!.Exact); next++)
            {
                rest = rest[exact[next].Due!.Exact!.Length..];
                length++;
                if (length > 1 && rest.IsEmpty && data.Length > 0) return exact[first];
            }
        }

        return null;
    }

    private static Question Ask(ServiceSpec service, int socket, int step, Step.Send send)
    {
        var data = send.Data.ToBytes();
        var open = data.Length > service.LongestRequest || (service.Greeting is null && Replies.Respond(service, data) is null);
        return new Question(socket, step, data, open ? null : Replies.ToDatagram(service, data), open);
    }

    /// <summary>For each datagram that came its question, or -1: a greatest matching, found by augmenting paths.</summary>
    private int[] Match()
    {
        var answerOf = Enumerable.Repeat(-1, Questions.Length).ToArray();
        for (var i = 0; i < Received.Length; i++) Place(i, new bool[Questions.Length]);
        var found = Enumerable.Repeat(-1, Received.Length).ToArray();
        foreach (var (question, answer) in answerOf.Index())
        {
            if (answer >= 0) found[answer] = question;
        }

        return found;

        bool Place(int answer, bool[] tried)
        {
            for (var question = 0; question < Questions.Length; question++)
            {
                if (tried[question] || !Questions[question].IsRight(Received[answer].Data.Span)) continue;
                tried[question] = true;
                if (answerOf[question] >= 0 && !Place(answerOf[question], tried)) continue;
                answerOf[question] = answer;
                return true;
            }

            return false;
        }
    }
}
