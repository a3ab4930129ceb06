using System.Collections.Concurrent;

namespace SockConformance.Run;

/// <summary>
/// Measures how late the harness's own timers are: on a machine too busy to run the harness in time, “nothing came within 2 s”
/// says nothing about the target.
/// </summary>
internal sealed class LagMonitor : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10), Noteworthy = TimeSpan.FromMilliseconds(20);
    private readonly ConcurrentQueue<(TimeSpan At, TimeSpan Late)> delays = new();
    private readonly ManualResetEventSlim stop = new();

    public LagMonitor() => new Thread(Watch) { IsBackground = true, Name = "lag monitor" }.Start();

    /// <summary>The worst delay since a moment of the run.</summary>
    public TimeSpan WorstSince(TimeSpan start) =>
        delays.Where(delay => delay.At >= start).Select(delay => delay.Late).DefaultIfEmpty(TimeSpan.Zero).Max();

    public void Dispose() => stop.Set();

    private void Watch()
    {
        for (var last = Clock.Now; !stop.Wait(Beat); last = Clock.Now)
        {
            var late = Clock.Now - last - Beat;
            if (late > Noteworthy) delays.Enqueue((Clock.Now, late));
            while (delays.Count > 4096) delays.TryDequeue(out _);
        }
    }
}
