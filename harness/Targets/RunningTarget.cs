using System.Collections.Immutable;
using System.Net;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Targets;

/// <summary>A target that listens: launched by the harness, or one that ran before.</summary>
internal interface ITarget : ITargetControl, IDisposable
{
    IPEndPoint Endpoint { get; }

    /// <summary>What is known of it now.</summary>
    TargetState State { get; }

    /// <summary>Whether it can be given to another case.</summary>
    bool Alive { get; }

    void MustStayInForeground();
}

/// <summary>A server that somebody else started (--connect): nothing is known of its process.</summary>
internal sealed class AttachedTarget(IPEndPoint endpoint) : ITarget
{
    public IPEndPoint Endpoint => endpoint;

    public TargetState State => new(endpoint, Launched: false, End: null, Output: "");

    public bool Alive => true;

    public void MustStayInForeground() { }

    public string? Restart(CancellationToken cancellation) => "a server that already runs cannot be restarted by the harness";

    public void Dispose() { }
}

/// <summary>How long a target may take to listen, and to stop after SIGTERM.</summary>
public sealed record LaunchPatience(TimeSpan Ready, TimeSpan Stop)
{
    public static LaunchPatience Default { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3));

    public LaunchPatience Scaled(double factor) => new(Ready * factor, Stop * factor);
}

/// <summary>A target that the harness launched, alone in its box, from LISTEN to its last process.</summary>
internal sealed class RunningTarget : ITarget
{
    private readonly TargetCommand command;
    private readonly int port;
    private readonly Func<Box> newBox;
    private readonly LaunchPatience patience;
    private Box box;
    private OutputTail output;

    private RunningTarget(TargetCommand command, int port, Func<Box> newBox, LaunchPatience patience)
    {
        (this.command, this.port, this.newBox, this.patience) = (command, port, newBox, patience);
        (box, output) = Launch();
        Endpoint = new IPEndPoint(IPAddress.Loopback, port);
    }

    public IPEndPoint Endpoint { get; private set; }

    public TimeSpan ReadyAfter { get; private set; }

    public TargetState State => new(Endpoint, Launched: true, Ended, output.ToString());

    public bool Alive => Ended is null;

    /// <exception cref="TargetException">It serves from the background: its first process ended well and left others that listen.</exception>
    public void MustStayInForeground()
    {
        if (Ended is { ExitCode: 0 } && box.Processes().Count > 0 && SocketTable.IsListening(port))
            throw new TargetException("the target went into the background (its first process exited with status 0): start it in the foreground") { Final = true };
    }

    private ProcessEnd? Ended => box.Process!.End is { IsCompleted: true } end ? end.Result : null;

    /// <exception cref="TargetException">It did not come to listen on its port; the message says what it did instead.</exception>
    public static RunningTarget Start(TargetCommand command, int port, Func<Box> newBox, LaunchPatience patience, CancellationToken cancellation)
    {
        command.MustExist();
        if (SocketTable.IsListening(port)) throw new TargetException($"port {port} is in use: another program listens on it") { Final = true };
        var target = new RunningTarget(command, port, newBox, patience);
        try
        {
            target.AwaitListen(cancellation);
            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    public string? Restart(CancellationToken cancellation)
    {
        Stop();
        (box, output) = Launch();
        try
        {
            AwaitListen(cancellation);
            return null;
        }
        catch (TargetException e)
        {
            return e.Message;
        }
    }

    public void Dispose() => box.Dispose();

    private (Box Box, OutputTail Output) Launch()
    {
        var fresh = newBox();
        fresh.Start(command, port, "127.0.0.1");
        return (fresh, new OutputTail(fresh.Process!.Pipe));
    }

    /// <summary>SIGTERM, grace, SIGKILL for all that is left.</summary>
    private void Stop()
    {
        box.AskToStop();
        box.Process!.End.Wait(patience.Stop);
        box.Dispose();
    }

    /// <summary>Ready means: the kernel shows its socket in LISTEN. That uses up no connection; the first case makes the handshake.</summary>
    private void AwaitListen(CancellationToken cancellation)
    {
        var started = Clock.Now;
        var found = Clock.Until(
            () => SocketTable.Listeners().FirstOrDefault(listener => listener.Port == port) ?? (Ended is not null ? new IPEndPoint(IPAddress.None, 0) : null),
            patience.Ready, cancellation);
        ReadyAfter = Clock.Now - started;
        if (found is { Port: > 0 })
        {
            Endpoint = new IPEndPoint(Reachable(found.Address), port);
            return;
        }

        throw new TargetException(Explain());
    }

    /// <summary>The loopback address by which a listener can be reached: the wildcard means the usual one of its family.</summary>
    private static IPAddress Reachable(IPAddress listening) =>
        listening.Equals(IPAddress.Any) ? IPAddress.Loopback : listening.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listening;

    private string Explain()
    {
        var said = LastLine(output.ToString());
        var also = said.Length > 0 ? $"; the last it printed: {said}" : "; it printed nothing";
        if (Ended is { } end)
        {
            return end is { ExitCode: 0 } && box.Processes().Count > 0
                ? $"the target went into the background (its first process exited with status 0): start it in the foreground{also}"
                : $"the target {end} before it listened on port {port}{also}";
        }

        ImmutableArray<IPEndPoint> others = [.. SocketTable.Listeners().Where(listener => listener.Port != port)];
        return others is [var other, ..] && OwnNamespace.Scratch is not null
            ? $"the target listens on {other}, not on port {port}: use {{port}} in its command, or the variable PORT"
            : $"the target did not listen on TCP port {port} within {patience.Ready.TotalSeconds:0.#} s{also}";
    }

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
}
