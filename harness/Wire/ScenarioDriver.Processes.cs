using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>Looks at the target's processes. What a connection used goes a moment after it: a thread ends, a child is waited for.</summary>
internal sealed partial class ScenarioDriver
{
    private const int HopelessWait = 8;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(15), SteadyAtFirst = TimeSpan.FromMilliseconds(60), SteadyAbove = TimeSpan.FromMilliseconds(250);
    private bool over, someStay;

    /// <summary>Waits until the numbers are no more than at the look before, or change no more.</summary>
    private Outcome Sample(int index, Step.Sample step)
    {
        var deadline = Clock.Now + (someStay ? settle / HopelessWait : settle);
        AwaitGone(deadline);
        if (control?.Sample() is not { } seen) return Failed("", "its processes cannot be seen");
        var since = Clock.Now;
        while (!(samples is [.., var before] && seen.IsDownTo(before)) && Clock.Now < deadline && Clock.Now - since < (samples.Count == 0 ? SteadyAtFirst : SteadyAbove))
        {
            Clock.Pause(Beat, cancellation);
            if (control.Sample() is not { } next) return Failed("", "its processes are gone");
            if (!next.IsDownTo(seen) || !seen.IsDownTo(next)) since = Clock.Now;
            seen = next;
        }

        over = step.EndsIfSteady && samples is [.., var last] && !seen.IsFarAbove(last);
        samples.Add(seen with { Step = index, Label = step.Label });
        return Done();
    }

    /// <summary>Waits for the target's ends of the connections that we ended; each is waited for once.</summary>
    private void AwaitGone(TimeSpan deadline)
    {
        foreach (var peer in peers.Values.Where(peer => peer is { Closed: true, Waited: false, IsAccepted: false }))
        {
            peer.Waited = true;
            if (peer.Tuple is { Protocol: Transport.Tcp } tuple && !Gone(tuple, deadline - Clock.Now)) someStay = true;
        }
    }

    /// <summary>Whether the target's end of a connection is gone, or goes in time.</summary>
    private bool Gone(FiveTuple tuple, TimeSpan atMost) =>
        Clock.Until(() => StateOf(tuple) is null ? tuple.ToString() : null, atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, cancellation) is not null;

    /// <summary>The state of the target's end, where it still needs its program: after its FIN and ours the kernel does the rest.</summary>
    private static TcpState? StateOf(FiveTuple tuple) =>
        SocketTable.Find(tuple.Server, tuple.Client) is { State: not (TcpState.TimeWait or TcpState.Closed) } still ? still.State : null;
}
