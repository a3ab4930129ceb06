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

    /// <summary>It lives, and none of its threads runs or is about to: whatever was sent to it, it has dealt with.</summary>
    bool AtRest => true;

    /// <summary>How many bytes it has printed so far.</summary>
    long Printed => 0;

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

    public ProcessSample? Sample() => null;

    public string? Stop(CancellationToken cancellation) => "a server that already runs is not stopped by the harness";

    public string? Launch() => "a server that already runs is not launched by the harness";

    public bool AwaitExit(TimeSpan atMost, CancellationToken cancellation) => false;

    public void Dispose() { }
}

/// <summary>How long a target may take to listen, and to stop after SIGTERM.</summary>
internal sealed record LaunchPatience(TimeSpan Ready, TimeSpan Stop)
{
    public static LaunchPatience Default { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3));

    public LaunchPatience Scaled(double factor) => new(Ready * factor, Stop * factor);
}

/// <summary>Where a target is told to listen, or, over UDP, which port to bind to.</summary>
internal readonly record struct ToldPort(Transport Transport, int Port)
{
    /// <summary>Whether anybody is there.</summary>
    public bool IsTaken => SocketTable.IsListening(Port, Transport);

    /// <summary>What a server does there.</summary>
    public string Verb => Transport == Transport.Udp ? "is bound to" : "listens on";

    public override string ToString() => $"{(Transport == Transport.Udp ? "UDP" : "TCP")} port {Port}";
}

/// <summary>A target that the harness launched, alone in its box, from LISTEN to its last process.</summary>
internal sealed class RunningTarget : ITarget
{
    private readonly TargetCommand command;
    private readonly ToldPort told;
    private readonly Func<Box> newBox;
    private readonly LaunchPatience patience;
    private Box box;
    private OutputTail output;
    private bool askedToStop;

    private RunningTarget(TargetCommand command, ToldPort told, Func<Box> newBox, LaunchPatience patience)
    {
        (this.command, this.told, this.newBox, this.patience) = (command, told, newBox, patience);
        (box, output) = StartProcess();
        Endpoint = new IPEndPoint(IPAddress.Loopback, told.Port);
    }

    public IPEndPoint Endpoint { get; private set; }

    public TimeSpan ReadyAfter { get; private set; }

    public TargetState State => Ended is { } end ? new(Endpoint, Launched: true, end, output.ToEnd()) : new(Endpoint, Launched: true, End: null, output.ToString());

    public bool Alive => Ended is null;

    /// <remarks>Two looks: during one, a thread that was seen asleep may be given work by one that was not seen yet.</remarks>
    public bool AtRest => box.IsAsleep && box.IsAsleep;

    public long Printed => output.Total;

    /// <exception cref="TargetException">It serves from the background: its first process ended well and left others that listen.</exception>
    public void MustStayInForeground()
    {
        if (!askedToStop && Ended is { ExitCode: 0 } && box.Processes().Count > 0 && told.IsTaken)
            throw new TargetException("the target went into the background (its first process exited with status 0): start it in the foreground") { Final = true };
    }

    private ProcessEnd? Ended => box.Process!.End is { IsCompleted: true } end ? end.Result : null;

    /// <exception cref="TargetException">It did not come to listen on its port; the message says what it did instead.</exception>
    public static RunningTarget Start(TargetCommand command, ToldPort told, Func<Box> newBox, LaunchPatience patience, CancellationToken cancellation)
    {
        command.MustExist();
        if (told.IsTaken) throw new TargetException($"port {told.Port} is in use: another program {told.Verb} it") { Final = true };
        var target = new RunningTarget(command, told, newBox, patience);
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
        End();
        (box, output) = StartProcess();
        askedToStop = false;
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

    public ProcessSample? Sample() => ProcessWatch.Look(box.Processes());

    public string? Stop(CancellationToken cancellation)
    {
        askedToStop = true;
        box.AskToStop();
        return Clock.Until(() => Ended, patience.Stop, cancellation) is null ? $"it still ran {patience.Stop.TotalSeconds:0.#} s after SIGTERM" : null;
    }

    public string? Launch() => "it runs already";

    public bool AwaitExit(TimeSpan atMost, CancellationToken cancellation) => Clock.Until(() => Ended, atMost, cancellation) is not null;

    public void Dispose() => box.Dispose();

    private (Box Box, OutputTail Output) StartProcess()
    {
        var fresh = newBox();
        fresh.Start(command, told.Port, "127.0.0.1");
        return (fresh, new OutputTail(fresh.Process!.Pipe));
    }

    /// <summary>SIGTERM, grace, SIGKILL for all that is left.</summary>
    private void End()
    {
        box.AskToStop();
        box.Process!.End.Wait(patience.Stop);
        box.Dispose();
    }

    /// <summary>
    /// Ready means: the kernel shows its socket in LISTEN, or bound to its UDP port. That uses up no connection; the first case makes
    /// the handshake.
    /// </summary>
    private void AwaitListen(CancellationToken cancellation)
    {
        var started = Clock.Now;
        var found = Clock.Until(
            () => SocketTable.Servers(told.Transport).FirstOrDefault(socket => socket.Port == told.Port) ?? (Ended is not null ? new IPEndPoint(IPAddress.None, 0) : null),
            patience.Ready, cancellation);
        ReadyAfter = Clock.Now - started;
        if (found is { Port: > 0 })
        {
            Endpoint = new IPEndPoint(Reachable(found.Address), told.Port);
            return;
        }

        throw new TargetException(Explain());
    }

    /// <summary>The loopback address by which a listener can be reached: the wildcard means the usual one of its family.</summary>
    private static IPAddress Reachable(IPAddress listening) =>
        listening.Equals(IPAddress.Any) ? IPAddress.Loopback : listening.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listening;

    private string Explain()
    {
        var said = LastLine(Ended is null ? output.ToString() : output.ToEnd());
        var also = said.Length > 0 ? $"; the last it printed: {said}" : "; it printed nothing";
        if (Ended is { } end)
        {
            return end is { ExitCode: 0 } && box.Processes().Count > 0
                ? $"the target went into the background (its first process exited with status 0): start it in the foreground{also}"
                : $"the target {end} before it {(told.Transport == Transport.Udp ? "was bound to" : "listened on")} port {told.Port}{also}";
        }

        if (SocketTable.Servers(told.Transport).FirstOrDefault(socket => socket.Port != told.Port && Ports.IsBelowClients(socket.Port)) is { } other && OwnNamespace.Scratch is not null)
            return $"the target {told.Verb} {other}, not {(told.Transport == Transport.Udp ? "to" : "on")} port {told.Port}: use {{port}} in its command, or the variable PORT";
        var mistaken = new ToldPort(told.Transport == Transport.Udp ? Transport.Tcp : Transport.Udp, told.Port);
        return $"the target {(told.Transport == Transport.Udp ? "was not bound to" : "did not listen on")} {told} within {patience.Ready.TotalSeconds:0.#} s{(mistaken.IsTaken ? $"; it {mistaken.Verb} {mistaken}: is this the right --spec?" : also)}";
    }

    /// <summary>The last whole line; what comes after it may be cut off in mid-word, and counts only if there is no whole one.</summary>
    private static string LastLine(string text)
    {
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        return (string.IsNullOrWhiteSpace(whole) ? text : whole).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
    }
}
