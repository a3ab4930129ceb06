using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using SockConformance.Report;
using SockConformance.Targets;

namespace SockConformance.Grade;

/// <summary>What is the same for all submissions of a run.</summary>
/// <param name="CheckWords">The words of a check up to its report folder: program, spec, seed, settings, filters.</param>
/// <param name="Fingerprint">Of all that decides about verdicts but the submission: with it, results of an earlier run are told from others.</param>
/// <param name="Tier">What builds and checks have.</param>
/// <param name="Hidden">What no submission may see.</param>
/// <param name="Stem">What a program is called: server or client.</param>
internal sealed record GradePlan(
    Rubric Rubric, string Folder, ImmutableArray<string> CheckWords, string Fingerprint, Tier Tier, ImmutableArray<string> Hidden, bool SpecLaunches, string Stem, IntakeLimits Limits);

/// <summary>The sandbox that was asked for is not to be had: no submission can be graded.</summary>
internal sealed class NoSandboxException(string message) : Exception(message);

/// <summary>
/// One submission from its archive to its verdicts: taken in, built in a box without a network, checked by a sockconf of its own. What is left of it is
/// in its folder: work/ (the program), build.txt, check.txt, run/ (the report) and done.json.
/// </summary>
internal sealed class SubmissionRun(GradePlan plan, Submission submission, CancellationToken cancellation)
{
    private const int Interrupt = 2, Kill = 9, Attempts = 2, MostShown = 300;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(30);
    private readonly string folder = Path.Combine(plan.Folder, "submissions", submission.Key);

    /// <exception cref="NoSandboxException">A check could not have the sandbox it needs.</exception>
    /// <exception cref="OperationCanceledException">The run was interrupted; the submission is as if it had not been begun.</exception>
    public Marked Execute()
    {
        try
        {
            Directory.CreateDirectory(folder);
            var incoming = Emptied("incoming");
            TakenIn taken;
            try
            {
                taken = Sources.Take(submission.Path, incoming, plan.Limits);
            }
            catch (IntakeException e)
            {
                Remove(incoming);
                return Said(Outcome.Refused, e.Message);
            }

            var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{plan.Fingerprint}\n{taken.Hash}")));
            if (DoneFile.Read(folder, fingerprint, submission) is { } done)
            {
                Remove(incoming);
                return done;
            }

            File.Delete(Path.Combine(folder, DoneFile.Name));
            var work = Path.Combine(folder, "work");
            if (Directory.Exists(work)) Remove(work);
            Directory.Move(incoming, work);
            var marked = Judge(taken with { Root = work + taken.Root[incoming.Length..] });
            if (marked.IsFinal) DoneFile.Write(folder, fingerprint, marked);
            return marked;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InputException)
        {
            return Said(Outcome.Trouble, $"the harness failed: {Printable.Line(e.Message, MostShown)}");
        }
    }

    private Marked Judge(TakenIn taken)
    {
        var files = Directory.EnumerateFiles(taken.Root).Select(path => Path.GetFileName(path)).ToHashSet(StringComparer.Ordinal);
        if (EntryPoint.Find(plan.Rubric, files, plan.SpecLaunches, plan.Stem, out var whyNot) is not { } program)
            return Said(Outcome.NoEntryPoint, whyNot, taken) with { Review = "look for its program" };

        if (!program.Build.IsEmpty && Built(taken, program.Build) is { } failed) return failed;
        if (program.Command is [var first, ..] && first.StartsWith("./", StringComparison.Ordinal) && !File.Exists(Path.Combine(taken.Root, first)))
            return Said(Outcome.NoEntryPoint, $"there is no {Printable.Line(first, 80)}{(program.Build.IsEmpty ? "" : " after the build")}", taken) with { Review = "look for its program" };

        if (WhatLacks(program.Command, taken.Root) is { } lacking) return Said(Outcome.Trouble, $"it cannot be run here: {lacking}", taken);

        var marked = Checked(taken, program, timeScale: 1);
        for (var attempt = 1; attempt < Attempts && marked.Outcome is Outcome.NotServing or Outcome.Trouble; attempt++)
        {
            // A machine under load may be to blame: once more, with more patience.
            cancellation.ThrowIfCancellationRequested();
            marked = Checked(taken, program, timeScale: 2);
        }

        return marked;
    }

    /// <summary>Null if it could be built.</summary>
    private Marked? Built(TakenIn taken, ImmutableArray<string> words)
    {
        if (WhatLacks(words, taken.Root) is { } lacking) return Said(Outcome.Trouble, $"it cannot be built here: {lacking}", taken);
        var command = new TargetCommand(words, taken.Root, []) { Hidden = plan.Hidden };
        var build = Builder.Run(command, plan.Tier, plan.Rubric.BuildWithin, cancellation);
        RunFolder.Write(folder, "build.txt", $"{command}\n\n{Printable.Text(build.Output)}\n{build.Why ?? $"{build.End}"}\n");
        if (build.Ok) return null;
        var said = build.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault(line => line.Contains("rror", StringComparison.Ordinal));
        return Said(Outcome.BuildFailed, $"its build {build.Why?.Replace("it ", "", StringComparison.Ordinal) ?? $"{build.End}"}{(said is null ? "" : $": {Printable.Line(said, 160)}")}", taken)
            with
        { Review = build.Why is null ? "" : "the build was ended" };
    }

    /// <summary>A compiler or interpreter that this machine has not is no fault of the submission.</summary>
    private static string? WhatLacks(ImmutableArray<string> words, string root)
    {
        try
        {
            if (words is [var program, ..] && !program.Contains('/', StringComparison.Ordinal)) new TargetCommand(words, root, []).MustExist();
            return null;
        }
        catch (TargetException e)
        {
            return e.Message;
        }
    }

    private Marked Checked(TakenIn taken, ProgramPlan program, double timeScale)
    {
        var report = Emptied("run");
        IReadOnlyList<string> words =
        [
            .. plan.CheckWords, "--report", report, "--time-scale", $"{timeScale}", .. plan.Hidden.SelectMany<string, string>(path => ["--hide", path]),
            .. program.Command.IsEmpty ? program.Command : ["--", .. program.Command],
        ];
        var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Where(entry => (string)entry.Key != Seeds.Variable).ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        using var check = ChildProcess.Start(words, environment, ChildStreams.Piped, taken.Root);
        var output = new OutputTail(check.Pipe);
        var (overdue, interrupted) = (false, false);
        try
        {
            overdue = Clock.Until(() => check.End.IsCompleted ? check : null, plan.Rubric.Check.Within * timeScale, cancellation) is null;
        }
        catch (OperationCanceledException)
        {
            interrupted = true;
        }

        if (overdue || interrupted) End(check);
        RunFolder.Write(folder, "check.txt", Printable.Text(output.ToEnd()) + "\n");
        cancellation.ThrowIfCancellationRequested();
        if (overdue) return Said(Outcome.Trouble, $"its check had not ended after {plan.Rubric.Check.Within.TotalSeconds * timeScale:0} s", taken);
        var last = output.ToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(line => line.StartsWith("sockconf: ", StringComparison.Ordinal)) ?? "";
        var why = Printable.Line(last.Length > 10 ? last[10..] : "", MostShown);
        return (check.End.Result.ExitCode, CheckResults.Read(report)) switch
        {
            (0 or 1 or 7, { } requirements) => Said(Outcome.Graded, "", taken) with { Built = true, Requirements = requirements },
            (5, _) => Said(Outcome.NotServing, why, taken) with { Built = true },
            (6, _) => throw new NoSandboxException(why),
            var (code, _) => Said(Outcome.Trouble, $"its check failed ({(code is null ? $"{check.End.Result}" : $"exit code {code}")}){(why.Length > 0 ? $": {why}" : "")}", taken),
        };
    }

    /// <summary>It is asked first, so that it takes its targets with it.</summary>
    private static void End(ChildProcess check)
    {
        ChildProcess.Signal(check.Pid, Interrupt);
        if (check.End.Wait(LastWords)) return;
        ChildProcess.Signal(check.Pid, Kill);
        check.End.Wait(LastWords);
    }

    private Marked Said(Outcome outcome, string why, TakenIn? taken = null) => new(submission, outcome, why, Built: false, taken?.Notes ?? [], "", []);

    /// <summary>An empty folder of this name; one that cannot be removed (a build may have made it so) is put aside.</summary>
    private string Emptied(string name)
    {
        var path = Path.Combine(folder, name);
        if (Directory.Exists(path)) Remove(path);
        return Directory.CreateDirectory(path).FullName;
    }

    private void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            for (var n = 1; ; n++)
            {
                var aside = Path.Combine(folder, $"{Path.GetFileName(path)}.old-{n}");
                if (Directory.Exists(aside)) continue;
                Directory.Move(path, aside);
                return;
            }
        }
    }
}
