using System.Diagnostics;

namespace SockConformance;

/// <summary>The one time axis of a run: monotonic, zero when the program started. Packets, primitives and process events share it.</summary>
public static class Clock
{
    private static readonly (long Start, DateTimeOffset StartWall) Origin = Begin();

    public static TimeSpan Now => Stopwatch.GetElapsedTime(Origin.Start);

    /// <summary>The wall-clock time (UTC) of a moment of the run.</summary>
    public static DateTimeOffset Wall(TimeSpan at) => Origin.StartWall + at;

    /// <summary>The moment of the run that a wall-clock time (UTC) stands for.</summary>
    public static TimeSpan At(DateTimeOffset wall) => wall - Origin.StartWall;

    /// <summary>
    /// Both clocks at one moment: as the first reading of the wall clock may take long (it is compiled then), the closest of a few pairs is taken. Packets are
    /// laid beside calls that are microseconds apart.
    /// </summary>
    private static (long, DateTimeOffset) Begin()
    {
        const int Pairs = 8;
        var (best, origin) = (long.MaxValue, default((long, DateTimeOffset)));
        for (var i = 0; i < Pairs; i++)
        {
            var before = Stopwatch.GetTimestamp();
            var wall = DateTimeOffset.UtcNow;
            var after = Stopwatch.GetTimestamp();
            if (after - before < best) (best, origin) = (after - before, (before + ((after - before) / 2), wall));
        }

        return origin;
    }

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
