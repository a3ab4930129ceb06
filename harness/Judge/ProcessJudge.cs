using System.Collections.Immutable;
using System.Text.RegularExpressions;
using SockConformance.Model;

namespace SockConformance.Judge;

/// <summary>What the process uses, what it prints, and how it stops.</summary>
public static class ProcessJudge
{
    // A leak grows with every operation: in each round of them, at least one for two. What grows in one round and not in the next is a pool that fills.
    private const int LeastOperations = 15, EnoughRounds = 3, LargestPool = 200;
    private const long MemoryPerOperation = 2048, LeastMemory = 1 << 20;

    // A program that waits is not runnable. One that spins always is, though others on a busy machine leave it little time to run.
    private const double Busy = 0.5, Running = 0.05;
    private static readonly TimeSpan LeastWindow = TimeSpan.FromMilliseconds(200);

    private static readonly Regex Sanitizers = Pattern(
        @"^=+[0-9]+=+ ?(ERROR|WARNING): \w*Sanitizer\b", @"^(WARNING|SUMMARY|ERROR): \w*Sanitizer: ", @"^\S+:[0-9]+:[0-9]+: runtime error: ",
        @"^==[0-9]+== (Invalid (read|write|free)|Conditional jump or move depends on uninit|Use of uninit|Mismatched free|Syscall param .* (points to|contains) uninit|Jump to the invalid address|Stack overflow in thread)",
        @"^==[0-9]+== +(definitely|indirectly) lost: [1-9]", @"^==[0-9]+== ERROR SUMMARY: [1-9]",
        @"^\*\*\* .* (detected|fd_set) \*\*\*", @"^\*\*\* Error in ", @"^(free|malloc|calloc|realloc|munmap_chunk|malloc_consolidate)\(\): ", @"^(double free or corruption|corrupted (size vs\. prev_size|double-linked list))",
        @": malloc\.c:[0-9]+: ", @"^# A fatal error has been detected by the Java Runtime", @"^WARNING: DATA RACE");

    private static readonly Regex UncaughtErrors = Pattern(
        @"^Traceback \(most recent call last\):", @"^Exception in (thread|callback) ", @"^Task exception was never retrieved", @"^Fatal Python error: ",
        @"^ +throw er; // Unhandled 'error' event", @"UnhandledPromiseRejection", @"^Uncaught ", @"^Node\.js v[0-9]+\.", @"^panic: ", @"http: panic serving ", @"^fatal error: ", @"^goroutine [0-9]+ \[",
        @"^thread '.*' (\([0-9]+\) )?panicked at ", @"^Unhandled exception", @"^terminate called (after throwing|without an active exception)", @": Assertion .* failed\.", @"^\S+\.rb:[0-9]+:in .*Error\)", @"^PHP Fatal error: ",
        @"^(Type|Reference|Range|Assertion)Error\b.*\n +at ", @"^java\.lang\.(NullPointer|\w*IndexOutOfBounds|ClassCast|Illegal\w+|NumberFormat|Arithmetic|StackOverflow|OutOfMemory)\w*.*\n\s+at ");

    public static Verdict NoDescriptorLeak(Evidence evidence) =>
        evidence.Trace.Samples.Any(sample => sample.HidesDescriptors) ? new Verdict.NotObservable("the target's descriptors cannot be seen: sockconf has no CAP_SYS_PTRACE here")
        : Grows(evidence, sample => sample.Processes) is null ? Counted(evidence, "descriptors", sample => sample.Descriptors) : Verdict.Holds; // those of processes that stay go with them

    /// <summary>A fixed pool may start a thread for each connection until it is full: where there were not enough of them nothing is said.</summary>
    public static Verdict NoThreadLeak(Evidence evidence) =>
        Grows(evidence, sample => sample.Threads) is { } rounds && rounds.Sum(round => round.Operations) < LargestPool ? Verdict.Holds : Counted(evidence, Grows(evidence, sample => sample.Processes) is null ? "threads" : "processes and threads", sample => sample.Threads);

    public static Verdict NoZombies(Evidence evidence) => Counted(evidence, "zombies (ended children that it has not waited for)", sample => sample.Zombies);

    /// <summary>Not where a garbage collector decides when memory goes back; nor where descriptors or threads leak: memory goes with them.</summary>
    public static Verdict NoMemoryLeak(Evidence evidence)
    {
        if (Unseen(evidence) is { } unseen) return unseen;
        var rounds = Rounds(evidence);
        var counted = ((Func<ProcessSample, int>[])[sample => sample.Descriptors, sample => sample.Threads, sample => sample.Zombies]).Any(number => Grows(evidence, number) is not null);
        if (counted || rounds.IsEmpty || evidence.Trace.Samples.Any(sample => sample.Collected)) return Verdict.Holds;
        var growth = rounds[^1].After.Memory - rounds[0].Before.Memory;
        if (growth < LeastMemory || !rounds.All(round => round.After.Memory - round.Before.Memory >= MemoryPerOperation * round.Operations)) return Verdict.Holds;
        var operations = rounds.Sum(round => round.Operations);
        return new Verdict.Violation(
            "as much memory after as before", $"+{growth >> 10} KiB in {operations} × {rounds[0].Label}: {growth / operations} bytes each time ({string.Join(", ", Seen(rounds, sample => sample.Memory >> 10))} KiB)", rounds[^1].After.Step);
    }

    /// <summary>While nothing happens, next to no processor time is used: looked at twice, so that a runtime warming up is not blamed.</summary>
    public static Verdict NoBusyWait(Evidence evidence) => Spins(evidence, "at rest") ?? Decided(evidence, "at rest");

    /// <summary>The same with clients; a program that spins without them, too, is another requirement's matter.</summary>
    public static Verdict NoBusyWaitWithClients(Evidence evidence) =>
        Spins(evidence, "without clients") is null ? Spins(evidence, "with clients") ?? Decided(evidence, "with clients") : Verdict.Holds;

    /// <summary>No sanitizer, valgrind, checking allocator or virtual machine has reported a fault of memory.</summary>
    public static Verdict SanitizerClean(Evidence evidence) => Printed(evidence, Sanitizers, "no report of memory errors, undefined behaviour or races");

    /// <summary>No error of one client came out at the top of a thread, task or callback. What is printed when the process is asked to stop does not count.</summary>
    public static Verdict NoUncaughtError(Evidence evidence) =>
        evidence.Scenario.Steps.Any(step => step is Step.Stop) ? Verdict.Holds : Printed(evidence, UncaughtErrors, "every error is handled where it occurs");

    /// <summary>After SIGTERM the process ends, whichever way, and nobody listens any more.</summary>
    public static Verdict StopsOnSigterm(Evidence evidence)
    {
        if (!evidence.Target.Launched) return new Verdict.NotObservable("a server that the harness did not start is not stopped by it");
        var at = evidence.Scenario.Steps.Index().FirstOrDefault(entry => entry.Item is Step.Stop, (-1, new Step.Stop())).Item1;
        if (at < 0) return Verdict.Holds;
        var outcome = evidence.Trace.Outcomes[at];
        if (outcome.Result == StepResult.NotRun || evidence.Target.End?.At < outcome.Start) return Interrupted(evidence);
        if (outcome.Result != StepResult.Done) return new Verdict.Violation("it ends when it is asked to", outcome.Detail ?? "it still ran", at, Absence: true);
        return evidence.Trace.Observations.FirstOrDefault(seen => seen.Step > at && !seen.Listening.IsEmpty) is { } still
            ? new Verdict.Violation("nobody listens any more", $"its first process {evidence.Target.End}, and others still listen on {string.Join(", ", still.Listening)}", still.Step)
            : Verdict.Holds;
    }

    private static Verdict Counted(Evidence evidence, string what, Func<ProcessSample, int> number)
    {
        if (Unseen(evidence) is { } unseen) return unseen;
        if (Grows(evidence, number) is not { } rounds) return Verdict.Holds;
        return new Verdict.Violation(
            $"as many {what} after as before", $"+{number(rounds[^1].After) - number(rounds[0].Before)} in {rounds.Sum(round => round.Operations)} × {rounds[0].Label} ({string.Join(", ", Seen(rounds, number))})",
            rounds[^1].After.Step);
    }

    private static IEnumerable<T> Seen<T>(ImmutableArray<Round> rounds, Func<ProcessSample, T> number) => rounds.Select(round => number(round.After)).Prepend(number(rounds[0].Before));

    private static ImmutableArray<Round>? Grows(Evidence evidence, Func<ProcessSample, int> number) =>
        Rounds(evidence) is { IsEmpty: false } rounds && rounds.All(round => 2 * (number(round.After) - number(round.Before)) >= round.Operations) ? rounds : null;

    /// <summary>
    /// The rounds of equal operations between looks at the process. The last and longest is made only where something grew before it,
    /// and it may be too much for a process that is at its limits by then.
    /// </summary>
    private static ImmutableArray<Round> Rounds(Evidence evidence)
    {
        var samples = evidence.Trace.Samples;
        if (samples.Length < EnoughRounds) return [];
        var first = evidence.Scenario.Steps.Index().Where(entry => entry.Item.On is not null).GroupBy(entry => entry.Item.On!.Value).Select(socket => socket.First().Index).ToList();
        ImmutableArray<Round> rounds =
        [
            .. from pair in samples.Zip(samples.Skip(1))
               let operations = first.Count(at => at > pair.First.Step && at < pair.Second.Step)
               where operations >= LeastOperations && pair.First.Label == pair.Second.Label
               select new Round(pair.First, pair.Second, operations),
        ];
        var planned = evidence.Scenario.Steps.OfType<Step.Sample>().Count() - 1;
        return rounds.Length >= EnoughRounds || (rounds.Length == planned - 1 && !evidence.CutShort && evidence.FirstUnmet > samples[^1].Step) ? rounds : [];
    }

    /// <summary>Why leaks cannot be judged in a case that is about them.</summary>
    private static Verdict? Unseen(Evidence evidence)
    {
        if (!evidence.Target.Launched) return new Verdict.NotObservable("the server was not started by the harness");
        var planned = evidence.Scenario.Steps.OfType<Step.Sample>().ToList();
        if (planned.Count <= EnoughRounds || planned.DistinctBy(sample => sample.Label).Count() > 1) return null;
        if (evidence is { CutShort: true, Trace.Samples: [var first, .., var last] } && last.IsFarAbove(first) && evidence.FirstUnmet >= 0) return new Verdict.Inconclusive("the time of the run was over");
        return evidence.Trace.Samples.Length >= EnoughRounds ? null : Interrupted(evidence);
    }

    private static Verdict.Violation? Spins(Evidence evidence, string label)
    {
        var windows = Windows(evidence, label);
        if (windows.IsEmpty || !windows.All(window => window.Runnable >= Busy && window.Used / window.Time >= Running)) return null;
        return new Verdict.Violation(
            $"next to no processor time {label}", $"it used {string.Join(", then ", windows.Select(window => $"{window.Used.TotalMilliseconds:0} ms in {window.Time.TotalMilliseconds:0} ms"))}", windows[^1].Step);
    }

    private static Verdict Decided(Evidence evidence, string label) =>
        !evidence.Target.Launched ? new Verdict.NotObservable("the server was not started by the harness")
        : !Windows(evidence, label).IsEmpty ? Verdict.Holds
        : Interrupted(evidence);

    private static Verdict Interrupted(Evidence evidence) =>
        evidence.Target.End is { } end ? new Verdict.Inconclusive($"the target's process {end}", TargetDied: true)
        : evidence.CutShort ? new Verdict.NotObservable("the time of the run was over")
        : new Verdict.Inconclusive(evidence.FirstUnmet is var unmet and >= 0 ? $"{Judges.Name(evidence, unmet)}: {Judges.Answer(evidence, unmet)}" : "its processes could not be looked at");

    /// <summary>The times between two looks of the same label during which nothing was done.</summary>
    private static ImmutableArray<(TimeSpan Used, TimeSpan Time, double Runnable, int Step)> Windows(Evidence evidence, string label) =>
    [
        .. from pair in evidence.Trace.Samples.Zip(evidence.Trace.Samples.Skip(1))
           let time = pair.Second.At - pair.First.At
           where pair.First.Label == label && pair.Second.Label == label && time >= LeastWindow
           where evidence.Scenario.Steps.Skip(pair.First.Step + 1).Take(pair.Second.Step - pair.First.Step - 1).All(step => step is Step.Idle)
           let used = pair.Second.Processor - pair.First.Processor
           let runnable = pair.Second.Runnable - pair.First.Runnable
           select (used, time, (runnable > used ? runnable : used) / time, pair.Second.Step),
    ];

    private static Verdict Printed(Evidence evidence, Regex pattern, string expected)
    {
        if (!evidence.Target.Launched) return new Verdict.NotObservable("the server was not started by the harness");
        var outputs = evidence.Target.Runs.IsEmpty ? [evidence.Target.Output] : evidence.Target.Runs.Select(run => run.Output);
        foreach (var output in outputs)
        {
            if (output.Length > 0 && pattern.Match(output) is { Success: true } match) return new Verdict.Violation(expected, $"it printed: {Line(output, match.Index, pattern == UncaughtErrors)}");
        }

        return Verdict.Holds;
    }

    /// <param name="announces">A line that ends in a colon announces a list of calls: the line after that list says what happened.</param>
    private static string Line(string text, int at, bool announces)
    {
        const int Most = 160;
        var lines = text[(text.LastIndexOf('\n', Math.Max(0, at - 1)) + 1)..].Split('\n', 200);
        var line = lines[0].Trim();
        if (announces && line.EndsWith(':') && lines.Skip(1).FirstOrDefault(next => next.Length > 0 && next[0] != ' ' && !next.EndsWith(':')) is { } error) line += $" … {error.Trim()}";
        return line.Length > Most ? line[..Most] + "…" : line;
    }

    /// <summary>Found by an automaton: no output, however made, takes long.</summary>
    private static Regex Pattern(params string[] alternatives) => new(string.Join('|', alternatives), RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant);

    private sealed record Round(ProcessSample Before, ProcessSample After, int Operations)
    {
        public string Label => After.Label;
    }
}
