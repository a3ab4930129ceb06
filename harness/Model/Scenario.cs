using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace SockConformance.Model;

/// <summary>A program of primitives over a few sockets, carried out in this order by one peer.</summary>
/// <param name="Situation">What is special about it, in a few words.</param>
public sealed record Scenario(string Situation, ImmutableArray<Step> Steps)
{
    private const int MostOfTolerant = 1 << 20;

    /// <summary>The numbers of the sockets used, ascending.</summary>
    [JsonIgnore]
    public ImmutableArray<int> Sockets => [.. Steps.Select(step => step.On).OfType<int>().Distinct().Order()];

    /// <summary>Its sockets are those of datagrams.</summary>
    [JsonIgnore]
    public bool IsOfDatagrams => Steps.Any(step => step is Step.Open);

    /// <summary>
    /// How long its deliberate pauses last together: rests, pauses between SEND calls, and those of a reader that takes its time, who is
    /// taken to read as much as was sent or asked for.
    /// </summary>
    [JsonIgnore]
    public TimeSpan Rests
    {
        get
        {
            var milliseconds = Steps.Sum(step => step switch
            {
                Step.Idle idle => idle.Milliseconds,
                Step.Send { Pause: > 0, Cuts.Length: > 0 } send => send.Pause * Math.Max(0, Math.Ceiling(send.Data.Size / send.Cuts.Average()) - 1),
                Step.Connect { ReadPause: > 0, ReadChunk: > 0 } slow => (double)slow.ReadPause * (BytesReadOn(slow.Socket) / slow.ReadChunk),
                _ => 0,
            });
            return TimeSpan.FromMilliseconds(milliseconds);
        }
    }

    /// <summary>How many of its connections are open at the same time, at most.</summary>
    [JsonIgnore]
    public int OpenAtOnce
    {
        get
        {
            var open = new HashSet<int>();
            var most = 0;
            foreach (var step in Steps)
            {
                if (step is Step.Connect connect) open.Add(connect.Socket);
                else if (step is Step.Close or Step.Abort && step.On is { } ended) open.Remove(ended);
                most = Math.Max(most, open.Count);
            }

            return most;
        }
    }

    /// <summary>All payload bytes that the legal sends on one socket put on its connection; of one that may fail only the first megabyte, for no more is ever judged.</summary>
    public byte[] BytesSentOn(int socket)
    {
        var bytes = new List<byte>();
        foreach (var (step, legality) in Steps.Zip(SocketModel.Check(this)))
        {
            if (step is not Step.Send send || legality is not Legality.Legal || send.Socket != socket) continue;
            var data = send.Data.ToBytes();
            bytes.AddRange(send.MayFail ? data.AsSpan(0, Math.Min(data.Length, MostOfTolerant)) : data);
        }

        return [.. bytes];
    }

    private long BytesReadOn(int socket) => Math.Max(
        Steps.OfType<Step.Send>().Where(send => send.Socket == socket).Sum(send => (long)send.Data.Size),
        Steps.OfType<Step.Receive>().Where(receive => receive.Socket == socket).Sum(receive => (long)(receive.Bytes ?? 0)));

    /// <summary>The steps on one line, for a report's “what we did”.</summary>
    public string OneLine(int most = 12) =>
        string.Join(" → ", Steps.Take(most)) + (Steps.Length > most ? $" → … ({Steps.Length} steps in all)" : "");
}
