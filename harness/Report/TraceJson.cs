using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>What happened in the case that shows a failure, as results.json has it: steps with their answers, connections, the target's end. Times are microseconds since it began.</summary>
/// <param name="Ends">Who is at the left and at the right of its packets.</param>
/// <param name="Began">To a tenth of a microsecond, for packets have the time of the day.</param>
internal sealed record TraceDocument(
    ImmutableArray<string> Ends, string Began, CountDocument Confirmed, ShrunkDocument Shrunk, ShownDocument Shown, [property: JsonPropertyName("steps_in_all")] int StepsInAll, ImmutableArray<StepDocument> Steps,
    ImmutableArray<ConnectionDocument> Connections, TargetDocument? Target)
{
    private const int MostSteps = 400, MostConnections = 256, MostText = 400, MostOutput = 4000;

    public static TraceDocument Of(Failure failure)
    {
        var confirmed = new CountDocument(failure.Confirmed.Failed, failure.Confirmed.Runs);
        var shrunk = new ShrunkDocument(failure.Shrinking.StepsBefore, failure.Shrinking.StepsAfter, failure.Shrinking.Runs);
        var shown = new ShownDocument(failure.Violation.Step, failure.Violation.Socket, failure.Violation.Absence);
        return failure switch
        {
            ScenarioFailure { Evidence: var evidence } => OfScenario(evidence, confirmed, shrunk, shown),
            ProgramFailure program => OfProgram(program, confirmed, shrunk, shown),
            _ => throw new InvalidOperationException("unknown failure"),
        };
    }

    private static TraceDocument OfScenario(Evidence evidence, CountDocument confirmed, ShrunkDocument shrunk, ShownDocument shown)
    {
        var began = evidence.Trace.Outcomes.IsDefaultOrEmpty ? TimeSpan.Zero : evidence.Trace.Outcomes[0].Start;
        var legality = SocketModel.Check(evidence.Scenario);
        var steps = evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes, legality).Take(MostSteps).Select((entry, index) =>
        {
            var (step, outcome, legal) = entry;
            var (bytes, detail) = Came(evidence, step, index) ?? (outcome.Bytes, outcome.Detail);
            return new StepDocument(
                Printable.Line($"{step}", MostText), step.On, Since(began, outcome.Start), Since(began, outcome.End), NameOf(outcome.Result), bytes, outcome.Errno,
                detail is null ? null : Printable.Line(detail, MostText), legal is Legality.Illegal illegal ? $"{illegal.Why} ({illegal.Clause})" : null);
        });
        var connections = from connection in evidence.Trace.Connections.Where(connection => connection.Tuple is not null).Take(MostConnections)
                          let tuple = connection.Tuple!.Value
                          let accepted = PacketNotes.IsAccepted(evidence, connection.Socket)
                          select new ConnectionDocument(
                              connection.Socket, $"{tuple.Protocol}".ToLowerInvariant(), $"{(accepted ? tuple.Server : tuple.Client)}", $"{(accepted ? tuple.Client : tuple.Server)}", connection.Accepted,
                              connection.Received.Length, connection.LeftBehind is { } left ? $"{left}" : null);
        var end = evidence.Target.End;
        var target = new TargetDocument(end is null ? null : $"{end}", end is null ? null : Since(began, end.At), Printable.Text(Tail(evidence.Target.Output)));
        return new TraceDocument(["harness", "target"], Time(began), confirmed, shrunk, shown, evidence.Scenario.Steps.Length, [.. steps], [.. connections], target);
    }

    /// <summary>What a step has received of datagrams, which outcomes count by the piece; null for other steps.</summary>
    private static (int Bytes, string? Detail)? Came(Evidence evidence, Step step, int index)
    {
        if (step is not (Step.ReceiveMessages or Step.Await) || evidence.Trace.On(step.On!.Value) is not { Tuple.Protocol: Transport.Udp } connection) return null;
        var came = connection.Datagrams.Where(datagram => datagram.Step == index).ToList();
        return came.Count == 0 ? (0, evidence.Trace.Outcomes[index].Detail) : (came.Sum(datagram => datagram.Data.Length), came.Count == 1 ? "1 datagram" : $"{came.Count} datagrams");
    }

    /// <summary>Both ends of a driver's connections are its own sockets.</summary>
    private static TraceDocument OfProgram(ProgramFailure failure, CountDocument confirmed, ShrunkDocument shrunk, ShownDocument shown)
    {
        var began = failure.Calls.IsDefaultOrEmpty ? TimeSpan.Zero : failure.Calls[0].Start;
        var steps = failure.Calls.Take(MostSteps).Select(call => new StepDocument(
            Printable.Line($"{call.Call}", MostText), null, Since(began, call.Start), Since(began, call.End), "answered", 0, null, Printable.Line(call.Answer, MostText), call.Refused ? "no such call is allowed here" : null));
        var connections = failure.Flows.Take(MostConnections).Select((flow, number) => new ConnectionDocument(
            number, $"{flow.Tuple.Protocol}".ToLowerInvariant(), $"{flow.Tuple.Client}", $"{flow.Tuple.Server}", flow.FromClient.Sum(segment => segment.Length), flow.FromServer.Sum(segment => segment.Length), null));
        return new TraceDocument(["source", "destination"], Time(began), confirmed, shrunk, shown, failure.Calls.Length, [.. steps], [.. connections], null);
    }

    public static string NameOf(StepResult result) => result switch
    {
        StepResult.EndOfFile => "end-of-file",
        StepResult.TimedOut => "timed-out",
        StepResult.NotRun => "not-run",
        _ => result.ToString().ToLowerInvariant(),
    };

    private static string Tail(string text) => text.Length <= MostOutput ? text : text[^MostOutput..];

    private static long Since(TimeSpan began, TimeSpan at) => (long)Math.Floor((at - began).TotalMicroseconds);

    private static string Time(TimeSpan at) => Clock.Wall(at).UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}

internal sealed record CountDocument(int Failed, int Runs);

internal sealed record ShrunkDocument(int Before, int After, int Runs);

/// <param name="Step">From 0.</param>
/// <param name="Absence">By something that did not happen.</param>
internal sealed record ShownDocument(int? Step, int? Socket, bool Absence);

/// <param name="Illegal">Why it may not be done in that state; null for a legal step.</param>
internal sealed record StepDocument(
    string Text, int? Socket, [property: JsonPropertyName("start_us")] long StartUs, [property: JsonPropertyName("end_us")] long EndUs, string Result, int Bytes, string? Errno, string? Detail, string? Illegal);

/// <param name="Left">The address and port at the left of the packets: the harness's own.</param>
/// <param name="LeftBehind">The state of the target's end where it stayed.</param>
internal sealed record ConnectionDocument(
    int Socket, string Protocol, string Left, string Right, int Sent, int Received, [property: JsonPropertyName("left_behind")] string? LeftBehind);

/// <param name="Ended">How, where it did.</param>
internal sealed record TargetDocument(string? Ended, [property: JsonPropertyName("ended_us")] long? EndedUs, string Output);
