using System.Net;
using SockConformance.Model;

namespace SockConformance.Targets;

/// <summary>
/// A client under test: a command that is told a port at which the harness listens, started when the scenario says so, each time in
/// a box of its own. It belongs to one case.
/// </summary>
internal sealed class ClientTarget : ITarget
{
    private readonly TargetCommand command;
    private readonly Func<Box> newBox;
    private readonly LaunchPatience patience;
    private readonly List<Run> runs = [];

    /// <exception cref="TargetException">There is no such program.</exception>
    public ClientTarget(TargetCommand command, int port, Func<Box> newBox, LaunchPatience patience)
    {
        command.MustExist();
        (this.command, this.newBox, this.patience) = (command, newBox, patience);
        Endpoint = new IPEndPoint(IPAddress.Loopback, port);
    }

    /// <summary>Where the harness listens.</summary>
    public IPEndPoint Endpoint { get; }

    public TargetState State => runs is [.., var last]
        ? new(Endpoint, Launched: true, last.End, last.Output) { Runs = [.. runs.Select(run => new ClientRun(run.Started, run.End, run.Output))] }
        : new(Endpoint, Launched: true, End: null, Output: "");

    public bool Alive => false;

    public void MustStayInForeground() { }

    public string? Restart(CancellationToken cancellation) => "a client is not started again on its port";

    public ProcessSample? Sample() => runs is [.., var last] ? ProcessWatch.Look(last.Box.Processes()) : null;

    public string? Stop(CancellationToken cancellation)
    {
        if (runs is not [.., var last]) return "it was not started";
        last.Box.AskToStop();
        return AwaitExit(patience.Stop, cancellation) ? null : $"it still ran {patience.Stop.TotalSeconds:0.#} s after SIGTERM";
    }

    public string? Launch()
    {
        var box = newBox();
        try
        {
            box.Start(command, Endpoint.Port, $"{Endpoint.Address}");
            runs.Add(new Run(box, new OutputTail(box.Process!.Pipe), Clock.Now));
            return null;
        }
        catch (IOException e)
        {
            box.Dispose();
            return e.Message;
        }
    }

    public bool AwaitExit(TimeSpan atMost, CancellationToken cancellation) =>
        runs is [.., var last] && Clock.Until(() => last.End, atMost, cancellation) is not null;

    public void Dispose()
    {
        foreach (var run in runs) run.Box.Dispose();
    }

    private sealed record Run(Box Box, OutputTail Tail, TimeSpan Started)
    {
        public ProcessEnd? End => Box.Process!.End is { IsCompleted: true } end ? end.Result : null;

        public string Output => End is null ? Tail.ToString() : Tail.ToEnd();
    }
}
