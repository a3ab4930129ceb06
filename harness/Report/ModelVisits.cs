using System.Text.Json;
using SockConformance.Model;

namespace SockConformance.Report;

/// <summary>A primitive in a state of the socket model: <c>connected send</c>, or <c>write-shut send!</c> where it may not be.</summary>
/// <param name="Primitive">As case files name it; <c>connect-background</c> where nobody waits for the handshake.</param>
internal readonly record struct ModelVisit(SocketState State, string Primitive, bool Illegal)
{
    public override string ToString() => $"{Words(State)} {Primitive}{(Illegal ? "!" : "")}";

    /// <summary>Null for what is no visit.</summary>
    public static ModelVisit? Parse(string text)
    {
        var words = text.TrimEnd('!').Split(' ');
        if (words.Length != 2 || words[1].Length is 0 or > 30 || words[1].Any(c => !char.IsAsciiLetterLower(c) && c != '-')) return null;
        foreach (var state in Enum.GetValues<SocketState>())
        {
            if (Words(state) == words[0]) return new ModelVisit(state, words[1], text.EndsWith('!'));
        }

        return null;
    }

    public static string Words(SocketState state) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{state}");
}

/// <summary>Which primitives of the socket model a case has carried out, in which states.</summary>
internal static class ModelVisits
{
    /// <summary>Steps that were not run, and those that use no socket, visit nothing.</summary>
    public static IReadOnlyDictionary<ModelVisit, int> Of(Scenario scenario, Trace trace)
    {
        var visits = new Dictionary<ModelVisit, int>();
        var states = new Dictionary<int, SocketState>();
        foreach (var (step, outcome) in scenario.Steps.Zip(trace.Outcomes))
        {
            if (step.On is not { } socket || outcome.Result == StepResult.NotRun) continue;
            var state = states.GetValueOrDefault(socket, SocketState.Unconnected);
            var legality = SocketModel.Next(state, step);
            var visit = new ModelVisit(state, NameOf(step), legality is Legality.Illegal);
            visits[visit] = visits.GetValueOrDefault(visit) + 1;
            if (legality is Legality.Legal legal) states[socket] = legal.Next;
        }

        return visits;
    }

    public static string NameOf(Step step) => step is Step.Connect { Background: true } ? "connect-background" : JsonNamingPolicy.KebabCaseLower.ConvertName(step.GetType().Name);
}
