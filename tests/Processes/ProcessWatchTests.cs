using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Processes;

/// <summary>Looks at real processes.</summary>
public class ProcessWatchTests
{
    [Test]
    public void Descriptors_are_counted()
    {
        using var three = new Running("sh", "-c", "exec sleep 1000");
        using var five = new Running("sh", "-c", "exec 5</dev/null 6</dev/null; exec sleep 1000");
        Assert.That(three.Until(sample => sample.Descriptors == 3), Has.Property("Processes").EqualTo(1));
        five.Until(sample => sample.Descriptors == 5);
    }

    [Test]
    public void Those_of_all_processes_are() => With(new Running("sh", "-c", "sleep 1000 & sleep 1000 & exec sleep 1000"), running =>
        running.Until(sample => sample is { Processes: 3, Threads: 3, Descriptors: 9, Zombies: 0 }));

    [Test]
    public void A_child_that_nobody_waits_for_is_a_zombie() => With(new Running("sh", "-c", "(exit 0) & (exit 1) & exec sleep 1000"), running =>
        running.Until(sample => sample is { Processes: 1, Zombies: 2 }));

    [Test]
    public void Threads_are_counted() => With(new Running("python3", "-c", "import threading, time\nfor _ in range(5): threading.Thread(target=time.sleep, args=(1000,)).start()\ntime.sleep(1000)"), running =>
        Assert.That(running.Until(sample => sample.Threads == 6), Has.Property("Collected").True));

    [Test]
    public void Memory_is_what_it_touched()
    {
        using var small = new Running("sleep", "1000");
        using var large = new Running("python3", "-c", "import time\nkeep = bytearray(b'x' * (32 << 20))\ntime.sleep(1000)");
        large.Until(sample => sample.Memory is > 32 << 20 and < 200 << 20);
        var other = small.Until(sample => sample.Memory > 0);
        Assert.That((other.Memory < 4 << 20, other.Collected), Is.EqualTo((true, false)));
    }

    [Test]
    public void Who_waits_uses_no_processor_and_who_spins_does()
    {
        using var waiting = new Running("sleep", "1000");
        using var spinning = new Running("sh", "-c", "while :; do :; done");
        var first = spinning.Until(_ => true);
        spinning.Until(sample => sample.Processor - first.Processor > TimeSpan.FromMilliseconds(200) && sample.Runnable - first.Runnable > TimeSpan.FromMilliseconds(200));
        Assert.That(waiting.Until(_ => true).Processor, Is.LessThan(TimeSpan.FromMilliseconds(100)));
    }

    [Test]
    public void The_time_of_children_that_were_waited_for_counts() => With(new Running("sh", "-c", "sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'; sleep 1000"), running =>
        running.Until(sample => sample.Processes == 2 && sample.Processor > TimeSpan.FromMilliseconds(10)));

    [Test]
    public void Nothing_is_seen_of_a_process_that_is_gone()
    {
        using var running = new Running("sleep", "1000");
        running.Until(_ => true);
        var pids = running.Box.Processes();
        running.Box.KillAll();
        Assert.That(ProcessWatch.Look(pids), Is.Null);
        Assert.That(ProcessWatch.Look([]), Is.Null);
    }

    [Test]
    public void A_runtime_within_the_program_itself_is_known_by_its_threads()
    {
        using var folder = new TempFolder();
        var shell = Path.Combine(folder.Path, "own");
        File.Copy("/bin/sh", shell); // what is known of a program is remembered by its path
        using var running = new Running(shell, "-c", "echo '.NET Finalizer' >/proc/$$/comm; sleep 1000; :");
        Assert.That(Clock.Until(() => File.ReadAllText($"/proc/{running.Box.Process!.Pid}/comm").StartsWith(".NET", StringComparison.Ordinal) ? running : null, ConnectedPair.Enough, CancellationToken.None), Is.Not.Null);
        Assert.That(running.Until(_ => true), Has.Property("Collected").True);
    }

    private static void With(Running running, Action<Running> look)
    {
        using (running) look(running);
    }

    private sealed class Running : IDisposable
    {
        public Running(params string[] words) => Box.Start(new TargetCommand([.. words], "/", []), 0, "");

        public OpenBox Box { get; } = new();

        /// <summary>A look at which it is so.</summary>
        public ProcessSample Until(Func<ProcessSample, bool> isSo)
        {
            ProcessSample? last = null;
            return Clock.Until(() => (last = ProcessWatch.Look(Box.Processes())) is { } seen && isSo(seen) ? seen : null, ConnectedPair.Enough, CancellationToken.None)
                ?? throw new AssertionException($"it was not to be seen; last: {last}");
        }

        public void Dispose() => Box.Dispose();
    }
}
