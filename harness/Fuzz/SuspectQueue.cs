namespace SockConformance.Fuzz;

/// <summary>Suspects on their way from the workers to the examiner: what tells most comes first, and among equals what came first. While it is full, workers wait.</summary>
internal sealed class SuspectQueue(int most)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200); // so that an interruption is heard
    private readonly PriorityQueue<Suspect, (Suspicion, long)> waiting = new();
    private readonly object gate = new();
    private long taken;
    private bool closed;

    public int Count
    {
        get
        {
            lock (gate) return waiting.Count;
        }
    }

    /// <summary>False when no more are taken.</summary>
    public bool Add(Suspect suspect, CancellationToken cancellation)
    {
        lock (gate)
        {
            while (waiting.Count >= most && !closed && !cancellation.IsCancellationRequested) Monitor.Wait(gate, Beat);
            if (closed || cancellation.IsCancellationRequested) return false;
            waiting.Enqueue(suspect, (suspect.Why, taken++));
            Monitor.PulseAll(gate);
            return true;
        }
    }

    /// <summary>The next one; null when there is none and no more come.</summary>
    public Suspect? Take()
    {
        lock (gate)
        {
            while (waiting.Count == 0 && !closed) Monitor.Wait(gate, Beat);
            if (!waiting.TryDequeue(out var suspect, out _)) return null;
            Monitor.PulseAll(gate);
            return suspect;
        }
    }

    /// <summary>No more come.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Monitor.PulseAll(gate);
        }
    }
}
