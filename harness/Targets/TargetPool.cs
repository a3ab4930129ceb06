using System.Net;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Targets;

/// <summary>How targets come about in this run.</summary>
/// <param name="Command">Null with --connect.</param>
/// <param name="FixedPort">The only port that the command can use; null lets the harness choose.</param>
/// <param name="OfClients">The command is a client: each case has one of its own, which it starts itself, and listens for it.</param>
internal sealed record TargetSource(TargetCommand? Command, IPEndPoint? Attached, int? FixedPort, Func<Box> NewBox, LaunchPatience Patience, Ports Ports, bool OfClients = false)
{
    /// <summary>How its targets are reached.</summary>
    public Transport Transport { get; init; }
}

/// <summary>
/// Hands out targets: one that cases share, for as long as nothing went wrong with it, and fresh ones. A target on which a case
/// failed is retired: cases in flight end on it, later ones get a fresh one, so one failure does not spoil the next case.
/// </summary>
internal sealed class TargetPool(TargetSource source, Action<int> onPort, CancellationToken cancellation) : IDisposable
{
    private const int MostPorts = 20;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim onlyOne = new(1);
    private SharedTarget? current;
    private int launches;

    public int Launches => launches;

    /// <summary>Whether cases may use one target at the same time. Set to false for a target that serves one client at a time.</summary>
    public bool SideBySide { get; set; } = true;

    private bool OneAtATime => source.FixedPort is not null || source.Attached is not null;

    /// <summary>The shared target, launched if there is none.</summary>
    /// <exception cref="TargetException">It does not start.</exception>
    public Lease Share()
    {
        if (source.OfClients) return Fresh();
        if (OneAtATime || !SideBySide) onlyOne.Wait(cancellation);
        try
        {
            lock (gate)
            {
                if (current is { Target.Alive: false }) Retire(current);
                current ??= new SharedTarget(Launch());
                current.Users++;
                current.HadCompany |= current.Users > 1;
                return new Lease(this, current, OneAtATime || !SideBySide);
            }
        }
        catch
        {
            if (OneAtATime || !SideBySide) onlyOne.Release();
            throw;
        }
    }

    /// <summary>A target for one case only.</summary>
    /// <exception cref="TargetException">It does not start.</exception>
    public Lease Fresh()
    {
        if (OneAtATime) onlyOne.Wait(cancellation);
        try
        {
            lock (gate)
            {
                if (OneAtATime && current is not null) Retire(current);
            }

            return new Lease(this, new SharedTarget(Launch()) { Users = 1, Retired = true }, OneAtATime);
        }
        catch
        {
            if (OneAtATime) onlyOne.Release();
            throw;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (current is not null) Retire(current);
        }

        onlyOne.Dispose();
    }

    private ITarget Launch()
    {
        Interlocked.Increment(ref launches);
        if (source.Attached is { } endpoint)
        {
            onPort(endpoint.Port);
            return new AttachedTarget(endpoint);
        }

        var port = source.FixedPort ?? source.Ports.Next(source.Transport);
        onPort(port);
        if (source.OfClients) return new ClientTarget(source.Command!, port, source.NewBox, source.Patience);
        // A port that was free a moment ago may still be held: a process that is being started has our descriptors until it is another program.
        for (var attempt = 0; attempt < MostPorts && source.FixedPort is null && new ToldPort(source.Transport, port).IsTaken; attempt++) onPort(port = source.Ports.Next(source.Transport));
        return RunningTarget.Start(source.Command!, new ToldPort(source.Transport, port), source.NewBox, source.Patience, cancellation);
    }

    private void Retire(SharedTarget target)
    {
        target.Retired = true;
        if (current == target) current = null;
        if (target.Users == 0) target.Target.Dispose();
    }

    private void Return(SharedTarget target, bool spoiled, bool release)
    {
        lock (gate)
        {
            target.Users--;
            if (spoiled || target.Retired) Retire(target);
        }

        if (release) onlyOne.Release();
    }

    /// <summary>The right to use a target for one case.</summary>
    internal sealed class Lease(TargetPool pool, SharedTarget shared, bool release) : IDisposable
    {
        public ITarget Target => shared.Target;

        /// <summary>No two cases have been on this target at one time.</summary>
        public bool Alone => !shared.HadCompany;

        /// <summary>Set when the case failed: the target is not given to others any more.</summary>
        public bool Spoiled { get; set; }

        public void Dispose() => pool.Return(shared, Spoiled, release);
    }

    internal sealed class SharedTarget(ITarget target)
    {
        public ITarget Target => target;

        public int Users { get; set; }

        public bool Retired { get; set; }

        /// <summary>Two cases were on it at one time.</summary>
        public bool HadCompany { get; set; }
    }
}
