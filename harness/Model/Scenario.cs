using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>A program of primitives over a few sockets, carried out in this order by one peer.</summary>
/// <param name="Situation">What is special about it, in a few words.</param>
public sealed record Scenario(string Situation, ImmutableArray<Step> Steps)
{
    /// <summary>The numbers of the sockets used, ascending.</summary>
    [JsonIgnore]
    public ImmutableArray<int> Sockets => [.. Steps.Select(step => step.On).OfType<int>().Distinct().Order()];

    /// <summary>All payload bytes that the legal sends on one socket put on its connection.</summary>
    public byte[] BytesSentOn(int socket) =>
        [.. from entry in Steps.Zip(SocketModel.Check(this)) where entry is { First: Step.Send send, Second: Legality.Legal } && send.Socket == socket from b in ((Step.Send)entry.First).Data.ToBytes() select b];

    /// <summary>The steps on one line, for a report's “what we did”.</summary>
    public string OneLine(int most = 12) =>
        string.Join(" → ", Steps.Take(most)) + (Steps.Length > most ? $" → … ({Steps.Length} steps in all)" : "");
}
