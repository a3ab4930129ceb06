using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>
/// Smaller scenarios to try in place of one that fails, the boldest first: fewer connections, fewer steps, fewer bytes, fewer
/// cuts and pauses. Each is fair (no server could be blamed for what it asks) and has the same illegal steps as the original.
/// </summary>
public static class Shrinker
{
    private const int FinestChunks = 32;

    public static IEnumerable<Scenario> Candidates(Scenario scenario)
    {
        var illegal = Illegal(scenario);
        var ended = Ended(scenario);
        return from steps in Sockets(scenario).Concat(Chunks(scenario.Steps)).Concat(Simpler(scenario.Steps))
               let candidate = scenario with { Steps = Repair(steps) }
               where candidate.Steps.Length > 0 && Weight(candidate) < Weight(scenario) && IsFair(candidate) && ended.Intersect(candidate.Sockets).IsSubsetOf(Ended(candidate)) && Illegal(candidate).SequenceEqual(illegal)
               select candidate;
    }

    /// <summary>Why its illegal steps are illegal: a smaller scenario is about the same.</summary>
    private static IReadOnlyList<string> Illegal(Scenario scenario) => [.. SocketModel.Check(scenario).OfType<Legality.Illegal>().Select(illegal => illegal.Why)];

    /// <summary>The sockets that the scenario itself closes or aborts: what is left of them in a smaller one is closed or aborted, too.</summary>
    private static ImmutableHashSet<int> Ended(Scenario scenario) => [.. scenario.Steps.Where(step => step is Step.Close or Step.Abort).Select(step => step.On!.Value)];

    /// <summary>
    /// A server that echoes and closes in order passes: nothing is waited for that is not due. The end of file is due only after
    /// our half-close, bytes only after they were sent.
    /// </summary>
    public static bool IsFair(Scenario scenario)
    {
        var due = new Dictionary<int, int>();
        var shut = new HashSet<int>();
        foreach (var (step, legality) in scenario.Steps.Zip(SocketModel.Check(scenario)))
        {
            if (legality is Legality.Illegal) continue; // refused at once: it waits for nothing and nothing is due for it
            switch (step)
            {
                case Step.Send send:
                    due[send.Socket] = due.GetValueOrDefault(send.Socket) + send.Data.Size;
                    break;
                case Step.ShutdownWrite shutdown:
                    shut.Add(shutdown.Socket);
                    break;
                case Step.Receive { Bytes: null } toTheEnd when !shut.Contains(toTheEnd.Socket):
                    return false;
                case Step.Receive { Bytes: { } bytes } receive:
                    due[receive.Socket] = due.GetValueOrDefault(receive.Socket) - bytes;
                    if (due[receive.Socket] < 0) return false;
                    break;
            }
        }

        return true;
    }

    /// <summary>A measure that every accepted candidate makes smaller, so that shrinking ends.</summary>
    public static long Weight(Scenario scenario) => scenario.Steps.Sum(step => 1000L + step switch
    {
        Step.Connect connect => (connect.ReceiveBuffer > 0 ? 400 : 0) + (connect.ReadChunk > 0 ? 300 : 0) + (connect.ReadPause > 0 ? 200 : 0),
        Step.Send send => send.Data.Size * 2L + send.Pause + send.Cuts.Length * 20L
            + (send.Data is Payload.Literal literal ? literal.ToBytes().Count(b => b != 'a') : send.Data.Size + 1),
        Step.Idle idle => idle.Milliseconds,
        _ => 0,
    });

    private static IEnumerable<IEnumerable<Step>> Sockets(Scenario scenario)
    {
        var sockets = scenario.Sockets;
        if (sockets.Length < 2) return [];
        return from size in Halvings(sockets.Length)
               from start in Enumerable.Range(0, (sockets.Length + size - 1) / size)
               let dropped = sockets.Skip(start * size).Take(size).ToHashSet()
               where dropped.Count < sockets.Length
               select scenario.Steps.Where(step => step.On is not { } socket || !dropped.Contains(socket));
    }

    private static IEnumerable<IEnumerable<Step>> Chunks(ImmutableArray<Step> steps) =>
        from size in Halvings(steps.Length)
        from start in Enumerable.Range(0, (steps.Length + size - 1) / size)
        select steps.RemoveRange(start * size, Math.Min(size, steps.Length - start * size)).AsEnumerable();

    private static IEnumerable<IEnumerable<Step>> Simpler(ImmutableArray<Step> steps) =>
        from index in Enumerable.Range(0, steps.Length)
        from simpler in Simpler(steps[index])
        select steps.SetItem(index, simpler).AsEnumerable();

    private static IEnumerable<Step> Simpler(Step step)
    {
        switch (step)
        {
            case Step.Connect connect:
                if (connect.ReadPause > 0) yield return connect with { ReadPause = 0 };
                if (connect.ReadChunk > 0) yield return connect with { ReadChunk = 0, ReadPause = 0 };
                if (connect.ReceiveBuffer > 0) yield return connect with { ReceiveBuffer = 0 };
                break;
            case Step.Idle idle:
                foreach (var less in Less(idle.Milliseconds)) yield return new Step.Idle(less);
                break;
            case Step.Send send:
                if (send.Cuts.Length > 0) yield return send with { Cuts = [], Pause = 0 };
                if (send.Cuts.Length > 1) yield return send with { Cuts = [send.Cuts[0]] };
                if (send.Pause > 0) yield return send with { Pause = 0 };
                foreach (var data in Simpler(send.Data)) yield return send with { Data = data };
                break;
        }
    }

    private static IEnumerable<Payload> Simpler(Payload data)
    {
        switch (data)
        {
            case Payload.Generated generated:
                foreach (var size in Less(generated.Length)) yield return generated with { Length = size };
                if (generated.Length <= 1024) yield return Payload.Literal.Of(generated.ToBytes());
                break;
            case Payload.Literal literal:
                var bytes = literal.ToBytes();
                foreach (var size in Halvings(bytes.Length))
                {
                    for (var start = 0; start < bytes.Length; start += size) yield return Payload.Literal.Of([.. bytes[..start], .. bytes[Math.Min(bytes.Length, start + size)..]]);
                }

                foreach (var size in Halvings(bytes.Length).Prepend(bytes.Length))
                {
                    for (var start = 0; start < bytes.Length; start += size)
                    {
                        var plain = bytes.ToArray();
                        plain.AsSpan(start, Math.Min(size, bytes.Length - start)).Fill((byte)'a');
                        if (!plain.AsSpan().SequenceEqual(bytes)) yield return Payload.Literal.Of(plain);
                    }
                }

                break;
        }
    }

    /// <summary>Receives ask for no more than what is sent before them now; payloads of no bytes and receives of none are dropped.</summary>
    private static ImmutableArray<Step> Repair(IEnumerable<Step> steps)
    {
        var due = new Dictionary<int, int>();
        var repaired = ImmutableArray.CreateBuilder<Step>();
        foreach (var step in steps)
        {
            switch (step)
            {
                case Step.Send { Data.Size: 0 }:
                    break;
                case Step.Send send:
                    due[send.Socket] = due.GetValueOrDefault(send.Socket) + send.Data.Size;
                    repaired.Add(send);
                    break;
                case Step.Receive { Bytes: { } bytes } receive:
                    var asked = due.TryGetValue(receive.Socket, out var left) ? Math.Min(bytes, left) : bytes;
                    if (asked <= 0) break;
                    due[receive.Socket] = left - asked;
                    repaired.Add(receive with { Bytes = asked });
                    break;
                default:
                    repaired.Add(step);
                    break;
            }
        }

        return repaired.ToImmutable();
    }

    /// <summary>Chunk sizes; the finest only once there is little left, since each size costs as many runs as there are chunks.</summary>
    private static IEnumerable<int> Halvings(int length)
    {
        for (var size = (length + 1) / 2; size >= Math.Max(1, length / FinestChunks); size /= 2) yield return size;
    }

    /// <summary>Smaller numbers: bold jumps first, then nearer ones, so that a threshold is found in about 2·log2 tries.</summary>
    private static IEnumerable<int> Less(int number)
    {
        for (var cut = number / 2; cut > 0; cut /= 2) yield return number - cut;
    }
}
