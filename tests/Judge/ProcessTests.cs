#pragma warning disable CA1861 // The rounds of a case are best read where the case is told.
using System.Net;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class ProcessTests
{
    private static readonly ProcessSample Usual = new(0, "", TimeSpan.Zero, Processes: 1, Descriptors: 6, Threads: 2, Zombies: 0, Memory: 3 << 20, TimeSpan.Zero);

    [Test]
    public void A_descriptor_for_each_connection_is_a_leak_named_with_the_operation()
    {
        var violation = ProcessJudge.NoDescriptorLeak(Repeated(Descriptors(24, 84, 144, 384))).MustBeViolated();
        Assert.That(violation.Observed, Is.EqualTo("+360 in 360 × connect, close (24, 84, 144, 384)"));
        Assert.That(violation.Expected, Does.Contain("descriptors"));
    }

    [Test]
    public void A_leak_of_some_kinds_of_clients_only_is_a_leak() =>
        ProcessJudge.NoDescriptorLeak(Repeated(Descriptors(10, 45, 80, 210))).MustBeViolated();

    [TestCase(6, 6, 6, 6)]
    [TestCase(6, 66, 66, 66, Description = "a table that grew once")]
    [TestCase(6, 66, 126, 130, Description = "a pool that is full now")]
    [TestCase(6, 26, 46, 120, Description = "fewer than one for two")]
    [TestCase(50, 30, 20, 6, Description = "late")]
    public void What_does_not_go_on_growing_is_no_leak(params int[] descriptors) =>
        ProcessJudge.NoDescriptorLeak(Repeated(Descriptors(descriptors))).MustHold();

    [Test]
    public void Where_nothing_grew_the_last_round_is_not_needed() => ProcessJudge.NoDescriptorLeak(Repeated(Descriptors(6, 6, 6))).MustHold();

    [Test]
    public void A_process_at_its_limit_before_the_last_round_is_over_leaks()
    {
        var told = Scenario();
        var failing = 20 * 2 + 1 + 60 * 2 + 1 + 60 * 2 + 1 + 100; // a connect in the last round
        var evidence = With(told.But(failing, StepResult.Failed, "ECONNREFUSED"), Descriptors(324, 624, 924));
        ProcessJudge.NoDescriptorLeak(evidence).MustBeViolated();
    }

    [Test]
    public void Descriptors_of_processes_that_stay_are_the_matter_of_the_processes()
    {
        var samples = new[] { 1, 61, 121, 361 }.Select(count => Usual with { Processes = count, Threads = count, Descriptors = 5 * count }).ToArray();
        ProcessJudge.NoDescriptorLeak(Repeated(samples)).MustHold();
        Assert.That(ProcessJudge.NoThreadLeak(Repeated(samples)).MustBeViolated().Expected, Does.Contain("processes"));
    }

    [Test]
    public void A_thread_for_each_connection_is_a_leak() =>
        ProcessJudge.NoThreadLeak(Repeated([.. new[] { 21, 81, 141, 381 }.Select(count => Usual with { Threads = count })])).MustBeViolated();

    [Test]
    public void A_fixed_pool_of_200_threads_that_fills_is_none() =>
        ProcessJudge.NoThreadLeak(Repeated([.. new[] { 21, 81, 141, 202 }.Select(count => Usual with { Threads = count })])).MustHold();

    [Test]
    public void Nothing_is_said_of_a_pool_that_may_still_fill()
    {
        var told = Told.Of(Enumerable.Range(0, 4).SelectMany(round => Talk.Each(Enumerable.Range(20 * round, 20), Talk.Connect).Append(new Step.Sample("exchange"))));
        ProcessJudge.NoThreadLeak(With(told, [.. new[] { 21, 41, 61, 81 }.Select(count => Usual with { Threads = count })])).MustHold();
    }

    [Test]
    public void A_zombie_for_each_connection_is_a_leak() =>
        ProcessJudge.NoZombies(Repeated([.. new[] { 20, 80, 140, 380 }.Select(count => Usual with { Zombies = count })])).MustBeViolated();

    [Test]
    public void Memory_that_grows_with_each_connection_is_a_leak() =>
        Assert.That(ProcessJudge.NoMemoryLeak(Repeated(Memory(20, 80, 140, 380, each: 65_536))).MustBeViolated().Observed, Does.Contain("65536 bytes each time"));

    [TestCase(1024, Description = "the noise of an allocator")]
    [TestCase(0)]
    public void A_little_more_memory_is_none(int each) => ProcessJudge.NoMemoryLeak(Repeated(Memory(20, 80, 140, 380, each))).MustHold();

    [Test]
    public void Memory_that_grows_and_falls_is_none() => ProcessJudge.NoMemoryLeak(Repeated(Memory(20, 80, 40, 380, each: 65_536))).MustHold();

    [Test]
    public void A_garbage_collector_is_not_hurried() =>
        ProcessJudge.NoMemoryLeak(Repeated([.. Memory(20, 80, 140, 380, each: 65_536).Select(sample => sample with { Collected = true })])).MustHold();

    [Test]
    public void Memory_that_goes_with_leaked_descriptors_is_their_matter() =>
        ProcessJudge.NoMemoryLeak(Repeated([.. Memory(20, 80, 140, 380, each: 65_536).Zip(Descriptors(20, 80, 140, 380), (memory, open) => memory with { Descriptors = open.Descriptors })])).MustHold();

    [Test]
    public void Looks_at_the_process_that_are_about_something_else_are_no_leak()
    {
        var told = Told.Of([new Step.Sample("before")], Talk.Each(Enumerable.Range(0, 50), i => Told.Visit(i, Talk.Text(5))), [new Step.Sample("after")]);
        foreach (var judge in Leaks) judge(With(told, Descriptors(6, 600))).MustHold();
    }

    [Test]
    public void A_server_that_was_there_before_cannot_be_looked_at()
    {
        foreach (var judge in Leaks) judge(Told.Of(Told.Visit(0, Talk.Text(5))).NotLaunchedByUs()).MustBeNotObservable();
    }

    [Test]
    public void A_process_that_dies_on_the_way_decides_nothing()
    {
        var evidence = With(Scenario().But(100, StepResult.Failed, "ECONNREFUSED").KilledBy(11, Told.Start(100)), Descriptors(6));
        foreach (var judge in Leaks) Assert.That((judge(evidence) as Verdict.Inconclusive)?.TargetDied, Is.True);
    }

    [Test]
    public void A_process_that_stops_serving_on_the_way_decides_nothing()
    {
        foreach (var judge in Leaks) judge(With(Scenario().But(100, StepResult.Failed, "ECONNREFUSED"), Descriptors(6))).MustBeInconclusive();
    }

    [Test]
    public void A_case_that_the_end_of_the_run_cut_short_is_not_held_against_anybody()
    {
        var evidence = With(Scenario().But(100, StepResult.TimedOut), Descriptors(6)) with { CutShort = true };
        foreach (var judge in Leaks) judge(evidence).MustBeNotObservable();
    }

    [Test]
    public void But_one_in_which_something_grew_until_then_is_no_proof_of_the_contrary()
    {
        var evidence = With(Scenario().But(400, StepResult.TimedOut), Descriptors(6, 66, 126)) with { CutShort = true };
        ProcessJudge.NoDescriptorLeak(evidence).MustBeInconclusive();
    }

    [TestCase(380, 395, 390, 400)]
    [TestCase(60, 390, 40, 395, Description = "others had the processors")]
    public void Processor_time_while_nothing_happens_is_a_busy_wait(int used, int runnable, int usedThen, int runnableThen) =>
        ProcessJudge.NoBusyWait(AtRest((used, runnable), (usedThen, runnableThen))).MustBeViolated();

    [TestCase(0, 0, 0, 0)]
    [TestCase(390, 400, 20, 30, Description = "a runtime that warms up")]
    [TestCase(20, 30, 300, 390, Description = "a garbage collection")]
    [TestCase(5, 390, 5, 390, Description = "many threads that wake up for a moment, on a busy machine")]
    [TestCase(60, 60, 80, 80, Description = "a loop with a sleep in it")]
    public void A_little_of_it_is_none(int used, int runnable, int usedThen, int runnableThen) =>
        ProcessJudge.NoBusyWait(AtRest((used, runnable), (usedThen, runnableThen))).MustHold();

    [Test]
    public void A_kernel_that_does_not_tell_who_waits_tells_who_runs() => ProcessJudge.NoBusyWait(AtRest((390, 0), (390, 0))).MustBeViolated();

    [Test]
    public void Work_between_two_looks_is_no_busy_wait()
    {
        var told = Told.Of([new Step.Sample("at rest")], Told.Visit(0, Talk.Text(5)), [new Step.Sample("at rest")], Told.Visit(1, Talk.Text(5)), [new Step.Sample("at rest")]);
        ProcessJudge.NoBusyWait(With(told, Used((390, 400), (390, 400)))).MustBeInconclusive();
    }

    [TestCase(0, 390, true)]
    [TestCase(390, 390, false, Description = "it spins without clients, too")]
    [TestCase(0, 0, false)]
    public void Only_what_clients_cause_is_blamed_on_them(int without, int with, bool violated)
    {
        var told = Told.Of(
            [new Step.Sample("without clients"), new Step.Idle(400), new Step.Sample("without clients"), new Step.Connect(0)],
            [new Step.Sample("with clients"), new Step.Idle(400), new Step.Sample("with clients"), new Step.Idle(400), new Step.Sample("with clients")]);
        var verdict = ProcessJudge.NoBusyWaitWithClients(With(told, Used((without, without), (0, 0), (with, with), (with, with))));
        Assert.That(verdict is Verdict.Violation, Is.EqualTo(violated));
    }

    [TestCase("==42==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x55 bp 0x7f sp 0x7f")]
    [TestCase("=================================================================\n==7==ERROR: LeakSanitizer: detected memory leaks")]
    [TestCase("==9==WARNING: MemorySanitizer: use-of-uninitialized-value")]
    [TestCase("WARNING: ThreadSanitizer: data race (pid=12)")]
    [TestCase("SUMMARY: UndefinedBehaviorSanitizer: undefined-behavior server.c:9:3")]
    [TestCase("server.c:20:19: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'")]
    [TestCase("==1234== Invalid read of size 4")]
    [TestCase("==1234== Conditional jump or move depends on uninitialised value(s)")]
    [TestCase("==1234==    definitely lost: 4,096 bytes in 1 blocks")]
    [TestCase("==1234== ERROR SUMMARY: 3 errors from 2 contexts (suppressed: 0 from 0)")]
    [TestCase("*** stack smashing detected ***: terminated")]
    [TestCase("*** buffer overflow detected ***: terminated")]
    [TestCase("free(): double free detected in tcache 2")]
    [TestCase("double free or corruption (!prev)")]
    [TestCase("malloc(): corrupted top size")]
    [TestCase("corrupted size vs. prev_size")]
    [TestCase("server: malloc.c:2617: sysmalloc: Assertion `(old_top == initial_top (av) && old_size == 0)' failed.")]
    [TestCase("# A fatal error has been detected by the Java Runtime Environment:")]
    [TestCase("WARNING: DATA RACE\nRead at 0x00c0 by goroutine 8:")]
    public void The_report_of_a_checker_is_recognised(string report)
    {
        Assert.That(ProcessJudge.SanitizerClean(Printing($"listening\n{report}\nmore")).MustBeViolated().Observed, Does.Not.Contain("listening").And.Not.Contain("more"));
        ProcessJudge.SanitizerClean(Printing(report).KilledBy(6, Told.Start(1))).MustBeViolated();
    }

    [TestCase("")]
    [TestCase("listening on port 7777\nERROR: a client has left\n")]
    [TestCase("recv: Connection reset by peer")]
    [TestCase("==12== Process terminating with default action of signal 15 (SIGTERM)")]
    [TestCase("==12== ERROR SUMMARY: 0 errors from 0 contexts (suppressed: 0 from 0)")]
    [TestCase("==12==    definitely lost: 0 bytes in 0 blocks")]
    [TestCase("a runtime error: of no consequence")]
    [TestCase("free(4) slots left, malloc() is not used here")]
    public void Other_output_is_not(string output)
    {
        ProcessJudge.SanitizerClean(Printing(output)).MustHold();
        ProcessJudge.NoUncaughtError(Printing(output)).MustHold();
    }

    [TestCase("Traceback (most recent call last):\n  File \"s.py\", line 3, in f\n    x()\nConnectionResetError: [Errno 104] Connection reset by peer", "ConnectionResetError")]
    [TestCase("Exception in thread Thread-1 (echo):\nTraceback (most recent call last):\n  File \"s.py\"\nKeyError: 4", "KeyError: 4")]
    [TestCase("Exception in thread \"Thread-0\" java.lang.NullPointerException\n\tat Server.run(Server.java:9)", "NullPointerException")]
    [TestCase("Task exception was never retrieved\nfuture: <Task>", "Task exception")]
    [TestCase("node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\nError: read ECONNRESET", "throw er")]
    [TestCase("TypeError: Cannot read properties of undefined (reading 'count')\n    at Socket.<anonymous> (/s.js:15:3)", "TypeError")]
    [TestCase("panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:", "index out of range")]
    [TestCase("thread 'main' panicked at src/main.rs:9:5:\ncalled `Result::unwrap()` on an `Err` value", "called `Result::unwrap()`")]
    [TestCase("thread '<unnamed>' (12) panicked at src/main.rs:9:5:\nboom", "boom")]
    [TestCase("Unhandled exception. System.Net.Sockets.SocketException (104): Connection reset by peer", "SocketException")]
    [TestCase("terminate called after throwing an instance of 'std::system_error'", "system_error")]
    [TestCase("server: server.c:12: handle: Assertion `n > 0' failed.", "n > 0")]
    public void An_error_that_nobody_caught_is_recognised_with_what_it_says(string output, string said) =>
        Assert.That(ProcessJudge.NoUncaughtError(Printing($"listening\n{output}\n")).MustBeViolated().Observed, Does.Contain(said));

    [Test]
    public void What_is_printed_when_it_is_asked_to_stop_is_not_held_against_it() =>
        ProcessJudge.NoUncaughtError(Printing("Traceback (most recent call last):\nKeyboardInterrupt", [new Step.Stop()])).MustHold();

    [Test]
    public void A_process_that_ends_when_asked_to_is_right_however_it_ends()
    {
        var asked = Told.Of(Told.Visit(0, Talk.Text(5)), [new Step.Stop(), new Step.Observe()]).Seeing(7);
        var after = Told.Start(6) + TimeSpan.FromMilliseconds(2);
        ProcessJudge.StopsOnSigterm(asked.KilledBy(15, after)).MustHold();
        ProcessJudge.StopsOnSigterm(asked.Exiting(1, after)).MustHold();
        LifeJudge.KeepsRunning(asked.KilledBy(15, after)).MustHold();
    }

    [Test]
    public void One_that_goes_on_is_not() =>
        ProcessJudge.StopsOnSigterm(Told.Of([new Step.Stop()]).But(0, StepResult.TimedOut, detail: "it still ran 3 s after SIGTERM")).MustBeViolated();

    [Test]
    public void Nor_is_one_whose_children_go_on_listening() =>
        ProcessJudge.StopsOnSigterm(Told.Of([new Step.Stop(), new Step.Observe()]).Seeing(1, new IPEndPoint(IPAddress.Any, Told.Server.Port)).KilledBy(15, Told.Start(0))).MustBeViolated();

    [Test]
    public void One_that_died_before_it_was_asked_did_not_keep_running()
    {
        var died = Told.Of(Told.Visit(0, Talk.Text(5)), [new Step.Stop()]).KilledBy(11, Told.Start(2));
        ProcessJudge.StopsOnSigterm(died).MustBeInconclusive();
        LifeJudge.KeepsRunning(died).MustBeViolated();
    }

    [Test]
    public void A_server_that_was_there_before_is_not_stopped() => ProcessJudge.StopsOnSigterm(Told.Of([new Step.Stop()]).NotLaunchedByUs()).MustBeNotObservable();

    private static IReadOnlyList<Func<Evidence, Verdict>> Leaks => [ProcessJudge.NoDescriptorLeak, ProcessJudge.NoThreadLeak, ProcessJudge.NoZombies, ProcessJudge.NoMemoryLeak];

    /// <summary>20, 60, 60 and 240 connections, with a look after each round.</summary>
    private static Told Scenario()
    {
        var (steps, first) = (new List<Step>(), 0);
        foreach (var times in (int[])[20, 60, 60, 240])
        {
            steps.AddRange(Talk.Each(Enumerable.Range(first, times), i => [new Step.Connect(i), new Step.Close(i)]));
            steps.Add(new Step.Sample("connect, close"));
            first += times;
        }

        return Told.Of(steps);
    }

    private static Evidence Repeated(ProcessSample[] samples) => With(Scenario(), samples);

    /// <summary>What the looks saw, in order; those that are left out did not take place.</summary>
    private static Evidence With(Told told, params ProcessSample[] seen)
    {
        var evidence = told.Evidence();
        var looks = evidence.Scenario.Steps.Index().Where(entry => entry.Item is Step.Sample).ToList();
        return evidence with { Trace = evidence.Trace with { Samples = [.. seen.Zip(looks, (sample, look) => sample with { Step = look.Index, Label = ((Step.Sample)look.Item).Label })] } };
    }

    private static ProcessSample[] Descriptors(params int[] counts) => [.. counts.Select(count => Usual with { Descriptors = count })];

    private static ProcessSample[] Memory(int first, int second, int third, int fourth, int each) =>
        [.. new[] { first, second, third, fourth }.Select(count => Usual with { Memory = (3L << 20) + count * (long)each })];

    /// <summary>Looks 400 ms apart; between them so many milliseconds were used, and so many wanted.</summary>
    private static ProcessSample[] Used(params (int Used, int Runnable)[] windows) =>
    [
        .. Enumerable.Range(0, windows.Length + 1).Select(number => Usual with
        {
            At = TimeSpan.FromMilliseconds(400 * number),
            Processor = TimeSpan.FromMilliseconds(500 + windows.Take(number).Sum(window => window.Used)),
            Runnable = TimeSpan.FromMilliseconds(windows.Take(number).Sum(window => window.Runnable)),
        }),
    ];

    private static Evidence AtRest(params (int Used, int Runnable)[] windows) => With(
        Told.Of([new Step.Sample("at rest"), new Step.Idle(400), new Step.Sample("at rest"), new Step.Idle(400), new Step.Sample("at rest")]), Used(windows));

    private static Told Printing(string output, params Step[] more) => Told.Of(Told.Visit(0, Talk.Text(5)), more).Saying(output);
}
