using System.Diagnostics;

namespace SockConformance;

/// <summary>The one time axis of a run: monotonic, zero when the program started. Packets, primitives and process events share it.</summary>
public static class Clock
{
    private static readonly long Start = Stopwatch.GetTimestamp();
    private static readonly DateTimeOffset StartWall = DateTimeOffset.UtcNow;

    public static TimeSpan Now => Stopwatch.GetElapsedTime(Start);

    /// <summary>The wall-clock time (UTC) of a moment of the run.</summary>
    public static DateTimeOffset Wall(TimeSpan at) => StartWall + at;

    /// <summary>The moment of the run that a wall-clock time (UTC) stands for.</summary>
    public static TimeSpan At(DateTimeOffset wall) => wall - StartWall;

    /// <summary>Asks a question again and again, ever more slowly (to each 10 ms), until it is answered or the time is over.</summary>
    public static T? Until<T>(Func<T?> answer, TimeSpan atMost, CancellationToken cancellation)
        where T : class
    {
        var deadline = Now + atMost;
        for (var pause = 0.2; ; pause = Math.Min(10, pause * 1.5))
        {
            if (answer() is { } found) return found;
            cancellation.ThrowIfCancellationRequested();
            if (Now >= deadline) return null;
            Pause(TimeSpan.FromMilliseconds(pause), cancellation);
        }
    }

    /// <summary>A deliberate rest, ended early (by an exception) on cancellation.</summary>
    public static void Pause(TimeSpan time, CancellationToken cancellation)
    {
        if (cancellation.WaitHandle.WaitOne(time)) cancellation.ThrowIfCancellationRequested();
    }
}
