using FsCheck;
using FsCheck.Fluent;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace Course;

/// <summary>The assignment of week 3: a server that answers each line in capital letters.</summary>
public static class Shouting
{
    private const string Capitals = "course/shout/capitals";

    public static IEnumerable<Requirement> For(ServiceSpec service)
    {
        var talk = new Conversation(service);
        return
        [
            new()
            {
                Id = Capitals,
                Title = "answers each line in capital letters",
                Clause = "assignment 3, task 1",
                Statement = "A line comes back with its letters as capitals, whatever pieces it arrives in.",
                Why = "one recv() is taken for one line",
                Fix = "collect what recv() returns and answer when there is a line end in it",
                Fixed =
                [
                    Talk.Scenario("one line", talk.Visit(0)),
                    Talk.Scenario("a line byte by byte", talk.Enter(0), talk.Exchange(0, talk.Message(1), [1]), talk.Leave(0)),
                    Talk.Scenario("three lines, one after the other", talk.Enter(0), talk.Exchange(0, 0), talk.Exchange(0, 1), talk.Exchange(0, 2), talk.Leave(0)),
                ],
                Random = () => Programs.CutMessages(talk, 4),

                // What is due for the bytes that were sent is known from the spec; this judge lays what came beside it.
                Judge = Judges.WhileAlive(DataJudge.Unchanged),
            },
            new()
            {
                Id = "course/shout/one-line-for-one",
                Title = "sends one line for each line, and no other",
                Clause = "assignment 3, task 2",
                Level = Level.Should,
                Statement = "There are never more line ends in the answers than in what was sent, however many lines come at once.",
                Why = "a line end is sent for each recv(), too; or a prompt or greeting stands before the answers",
                Fix = "send what belongs to a line when the line is there, and nothing else",
                After = Capitals,
                Random = () => ManyLines(talk),
                Judge = NoMoreLinesThanSent,
            },
        ];
    }

    /// <summary>Up to fifty short lines in one send, all answers, and a friendly end.</summary>
    private static Gen<Scenario> ManyLines(Conversation talk) =>
        from count in Gen.Choose(1, 50)
        from words in Gen.ListOf(Gen.Elements("a", "word", "and another"), count)
        let lines = new Payload.Joined([.. words.Select(word => talk.Framed(System.Text.Encoding.ASCII.GetBytes(word)))])
        select Talk.Scenario($"{count} lines at once", talk.Visit(0, lines));

    /// <summary>Looks at nothing but the number of line ends; what stands in the lines is the other requirement's matter.</summary>
    private static Verdict NoMoreLinesThanSent(Evidence evidence)
    {
        foreach (var connection in evidence.Trace.Connections)
        {
            var (sent, received) = (LineEnds(evidence.Scenario.BytesSentOn(connection.Socket)), LineEnds(connection.Received.Span));
            if (received > sent) return new Verdict.Violation($"at most {sent} lines on #{connection.Socket}", $"{received} lines") { Socket = connection.Socket };
        }

        return Verdict.Holds;
    }

    private static int LineEnds(ReadOnlySpan<byte> bytes) => bytes.Count((byte)'\n');
}
