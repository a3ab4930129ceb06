using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>
/// Smaller scenarios to try in place of one that fails, the boldest first: fewer connections, fewer steps, fewer bytes, fewer
/// cuts and pauses. Each is fair (no server could be blamed for what it asks) and has the same illegal steps as the original.
/// </summary>
internal static class Shrinker
{
    private const int FinestChunks = 32;

    /// <param name="service">What is due for what is sent.</param>
    public static IEnumerable<Scenario> Candidates(Scenario scenario, ServiceSpec service)
    {
        // A client under test is shown one whole service, a leak many equal operations: a part of either proves nothing.
        if (scenario.Steps.Any(step => step is Step.Launch or Step.Sample)) return [];
        var illegal = Illegal(scenario);
        var ended = Ended(scenario);
        var secured = Secured(scenario);
        return from steps in Sockets(scenario).Concat(Chunks(scenario.Steps)).Concat(Simpler(scenario.Steps, service))
               let candidate = scenario with { Steps = Repair(steps, service) }
               where candidate.Steps.Length > 0 && Weight(candidate) < Weight(scenario) && IsFair(candidate, service) && ended.Intersect(candidate.Sockets).IsSubsetOf(Ended(candidate))
                   && secured.Intersect(candidate.Sockets).SetEquals(Secured(candidate)) && Illegal(candidate).SequenceEqual(illegal)
               select candidate;
    }

    /// <summary>The sockets with a TLS session.</summary>
    private static ImmutableHashSet<int> Secured(Scenario scenario) => [.. scenario.Steps.OfType<Step.Handshake>().Select(step => step.Socket)];

    /// <summary>Why its illegal steps are illegal: a smaller scenario is about the same.</summary>
    private static IReadOnlyList<string> Illegal(Scenario scenario) => [.. SocketModel.Check(scenario).OfType<Legality.Illegal>().Select(illegal => illegal.Why)];

    /// <summary>The sockets that the scenario itself closes or aborts: what is left of them in a smaller one is closed or aborted, too.</summary>
    private static ImmutableHashSet<int> Ended(Scenario scenario) => [.. scenario.Steps.Where(step => step is Step.Close or Step.Abort).Select(step => step.On!.Value)];

    /// <summary>
    /// A server that echoes and closes in order passes: nothing is waited for that is not due. The end of file is due only after
    /// our half-close, bytes only after they were sent.
    /// </summary>
    public static bool IsFair(Scenario scenario, ServiceSpec service)
    {
        var owed = new Debts(service);
        foreach (var (step, legality) in scenario.Steps.Zip(SocketModel.Check(scenario)))
        {
            if (legality is Legality.Illegal) continue; // refused at once: it waits for nothing and nothing is due for it
            owed.Note(step);
            if (step is Step.Receive { Bytes: null } toTheEnd ? !owed.EndsOn(toTheEnd.Socket) : owed.On(step) < 0) return false;
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
        Step.Inject inject => (inject.Data?.Size ?? 0) * 2L + inject.Options.Length * 5 + (inject.Window is null ? 0 : 50) + (inject.Urgent == 0 ? 0 : 50) + Math.Min(100, Math.Abs((long)inject.Sequence)) + Math.Min(100, Math.Abs((long)inject.Acknowledgment)),
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

    private static IEnumerable<IEnumerable<Step>> Simpler(ImmutableArray<Step> steps, ServiceSpec service) =>
        from index in Enumerable.Range(0, steps.Length)
        from simpler in Simpler(steps[index], service)
        select steps.SetItem(index, simpler).AsEnumerable();

    private static IEnumerable<Step> Simpler(Step step, ServiceSpec service)
    {
        switch (step)
        {
            case Step.Connect connect:
                if (connect.ReadPause > 0) yield return connect with { ReadPause = 0 };
                if (connect.ReadChunk > 0) yield return connect with { ReadChunk = 0, ReadPause = 0 };
                if (connect.ReceiveBuffer > 0) yield return connect with { ReceiveBuffer = 0 };
                break;
            case Step.Inject inject:
                if (inject.Options.Length > 0) yield return inject with { Options = "" };
                if (inject.Window is not null) yield return inject with { Window = null };
                if (inject.Urgent != 0) yield return inject with { Urgent = 0 };
                if (inject.Sequence != 0) yield return inject with { Sequence = 0 };
                if (inject.Acknowledgment != 0) yield return inject with { Acknowledgment = 0 };
                if (inject.Data is { } carried)
                {
                    yield return inject with { Data = null };
                    foreach (var data in Simpler(carried)) yield return inject with { Data = data };
                }

                break;
            case Step.Idle idle:
                foreach (var less in Less(idle.Milliseconds)) yield return new Step.Idle(less);
                break;
            case Step.Send send:
                if (send.Cuts.Length > 0) yield return send with { Cuts = [], Pause = 0 };
                if (send.Cuts.Length > 1) yield return send with { Cuts = [send.Cuts[0]] };
                if (send.Pause > 0) yield return send with { Pause = 0 };
                if (service.Kind == "http" || (service.Tls is not null && send.Data is Payload.Literal)) break; // other bytes would be another request, or no hello at all
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
            case Payload.Joined joined:
                if (joined.Size <= 1024) yield return Payload.Literal.Of(joined.ToBytes());
                foreach (var (index, part) in joined.Parts.Index())
                {
                    if (part is not Payload.Generated) continue;
                    foreach (var simpler in Simpler(part).OfType<Payload.Generated>()) yield return new Payload.Joined(joined.Parts.SetItem(index, simpler));
                }

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

    /// <summary>Receives ask for no more than what is due before them now; sends of no bytes and receives of nothing are dropped.</summary>
    private static ImmutableArray<Step> Repair(IEnumerable<Step> steps, ServiceSpec service)
    {
        var owed = new Debts(service);
        var repaired = ImmutableArray.CreateBuilder<Step>();
        var all = steps.ToImmutableArray();
        foreach (var (step, legality) in all.Zip(SocketModel.Check(new Scenario("", all))))
        {
            if (legality is Legality.Illegal)
            {
                repaired.Add(step);
                continue;
            }

            owed.Note(step);
            var beyond = owed.On(step) is var left and < 0 ? -left : 0;
            var kept = step switch
            {
                Step.Send { Data.Size: 0 } when service.Transport == Transport.Tcp => null,
                Step.Receive { Bytes: { } bytes } receive => bytes > beyond ? receive with { Bytes = bytes - beyond } : null,
                Step.ReceiveMessages receive => receive.Count > beyond ? receive with { Count = receive.Count - beyond } : null,
                _ => step,
            };
            if (beyond > 0) owed.Forgive(step, beyond);
            if (kept is not null) repaired.Add(kept);
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
