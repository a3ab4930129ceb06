using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Targets;

namespace SockConformance.Cli;

/// <summary>The face of a suite program: <c>return ConformanceCli.Run(args, Catalogue.Suites);</c>. The only place that knows the console.</summary>
public static class ConformanceCli
{
    /// <summary>Runs one command; returns its exit code (<see cref="Exit"/>). Whatever goes wrong is one line on stderr.</summary>
    /// <param name="more">Further commands of the suite program itself.</param>
    public static int Run(IReadOnlyList<string> arguments, IReadOnlyList<Suite> suites, params IReadOnlyList<Command> more)
    {
        try
        {
            return Dispatch(arguments, suites, more);
        }
        catch (Exception e) when (Unwrap(e) is { } known)
        {
            Console.Error.WriteLine($"sockconf: {Printable.Line(known.Message, 2000)}");
            return known switch
            {
                UsageException or InputException => Exit.Usage,
                TargetException => Exit.TargetUnusable,
                EnvironmentException => Exit.EnvironmentLacks,
                _ => Exit.HarnessFailed,
            };
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("SOCKCONF_DEBUG") is null)
        {
            Console.Error.WriteLine($"sockconf: the harness itself failed ({e.GetType().Name}: {Printable.Line(e.Message)}); set SOCKCONF_DEBUG=1 to see where, and please report it");
            return Exit.HarnessFailed;
        }
    }

    private static int Dispatch(IReadOnlyList<string> arguments, IReadOnlyList<Suite> suites, IReadOnlyList<Command> more)
    {
        // What follows the first -- is the target's command, whatever it looks like: it is not ours to parse.
        var split = arguments.ToList().IndexOf("--");
        IReadOnlyList<string> ours = split < 0 ? arguments : [.. arguments.Take(split)];
        ImmutableArray<string> command = split < 0 ? [] : [.. arguments.Skip(split + 1)];

        var options = new Options();
        var root = new RootCommand("Launches a socket program, drives it with generated sequences of socket primitives, watches the wire and says which clause is violated.")
        {
            CheckCommand(options, suites, arguments, command), ReplayCommand(options, suites, arguments, command), ListCommand(options, suites), ExplainCommand(suites),
        };
        foreach (var further in more) root.Add(further);

        var parsed = root.Parse(ours, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var wrong = parsed.Errors.FirstOrDefault(one => one.Message.StartsWith("Unrecognized", StringComparison.Ordinal)) ?? (parsed.Errors is [var first, ..] ? first : null);
        if (wrong is { } error) throw new UsageException($"{(error.SymbolResult is OptionResult option ? option.Option.Name + ": " : "")}{string.Join(' ', error.Message.Split('\n', StringSplitOptions.TrimEntries)).TrimEnd('.')}; see sockconf {(parsed.CommandResult.Command == root ? "" : parsed.CommandResult.Command.Name + " ")}--help");
        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static Command CheckCommand(Options options, IReadOnlyList<Suite> suites, IReadOnlyList<string> arguments, ImmutableArray<string> words)
    {
        var command = new Command("check", "Check a server against a spec: sockconf check --spec echo -- python3 server.py {port}");
        foreach (var option in options.ForCheck.Concat(options.ForTarget)) command.Add(option);
        command.SetAction(parsed =>
        {
            var request = TargetRequest.Read(parsed, options, words);
            var plan = CheckRequest.Read(parsed, options, suites);
            return request.Enter(arguments) ?? WithSignals(stop => new Session(request, plan.Seed, stop).Check(plan));
        });
        return command;
    }

    private static Command ReplayCommand(Options options, IReadOnlyList<Suite> suites, IReadOnlyList<string> arguments, ImmutableArray<string> words)
    {
        var cases = new Argument<string[]>("case") { Description = "Case files, folders of them, or ids of cases of earlier runs.", Arity = ArgumentArity.OneOrMore };
        var recorded = new Option<bool>("--allow-recorded-command") { Description = "Run the command that a case file names, where none is given. Only for files that you trust." };
        var command = new Command("replay", "Run saved failures again: FIXED, FAILED, CHANGED or ERROR for each.") { cases, recorded };
        foreach (var option in options.ForTarget) command.Add(option);
        command.SetAction(parsed =>
        {
            var files = parsed.GetValue(cases)!.SelectMany(RunFolder.FindCases).Distinct(StringComparer.Ordinal).Select(path => (Path: path, Case: CaseFile.Read(path))).ToList();
            if (words.IsEmpty && parsed.GetValue(options.Connect) is null)
            {
                var commands = files.Select(file => file.Case.Command).Where(one => !one.IsEmpty).DistinctBy(one => string.Join('\0', one)).ToList();
                if (commands is not [var only]) throw new UsageException("say which server to replay against: sockconf replay CASE -- python3 server.py {port}");
                if (!parsed.GetValue(recorded))
                    throw new UsageException($"say which server to replay against, after --; or, if you trust the file, add --allow-recorded-command to run: {string.Join(' ', only)}");
                words = only;
            }

            var request = TargetRequest.Read(parsed, options, words);
            return request.Enter(arguments) ?? WithSignals(stop => new Session(request, 0, stop).Replay(files, suites));
        });
        return command;
    }

    private static Command ListCommand(Options options, IReadOnlyList<Suite> suites)
    {
        var specs = new Option<bool>("--specs") { Description = "The built-in specs instead of requirements." };
        var command = new Command("list", "The requirements of a spec, or the built-in specs.") { options.Spec, options.Filter, specs };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(specs))
            {
                foreach (var suite in suites) Console.Out.WriteLine($"{suite.Name,-12} {suite.Title}");
                return Exit.Holds;
            }

            var requirements = CheckRequest.SuiteOf(parsed.GetValue(options.Spec), suites).Requirements.Where(one => Options.Matches(one.Id, parsed.GetValue(options.Filter) ?? [])).ToList();
            foreach (var requirement in requirements) Console.Out.WriteLine($"{requirement.Id,-42} {requirement.Level.ToString().ToUpperInvariant(),-6} {requirement.Subject.ToString().ToUpperInvariant(),-5} {requirement.Title}");
            return requirements.Count == 0 ? Exit.NothingRan : Exit.Holds;
        });
        return command;
    }

    private static Command ExplainCommand(IReadOnlyList<Suite> suites)
    {
        var id = new Argument<string>("id") { Description = "The id of a requirement." };
        var command = new Command("explain", "What a requirement demands, what usually breaks it and what to change.") { id };
        command.SetAction(parsed =>
        {
            var wanted = parsed.GetValue(id)!;
            var all = suites.SelectMany(suite => suite.Requirements).ToList();
            var requirement = all.FirstOrDefault(one => one.Id == wanted) ?? throw new UsageException($"there is no requirement '{wanted}'{Nearest(wanted, all.Select(one => one.Id))}");
            Console.Out.WriteLine($"{requirement.Id}\n{requirement.Title}\n\n  clause   {requirement.Clause}\n  level    {requirement.Level.ToString().ToUpperInvariant()}, charged to {requirement.Subject.ToString().ToUpperInvariant()}\n  demands  {requirement.Statement}\n  cause    {requirement.Why}\n  fix      {requirement.Fix}");
            return Exit.Holds;
        });
        return command;
    }

    /// <summary>“; did you mean …?” where a known word is near; else the empty text.</summary>
    internal static string Nearest(string word, IEnumerable<string> known)
    {
        var best = known.Select(one => (Word: one, Distance: Distance(word, one))).OrderBy(entry => entry.Distance).FirstOrDefault();
        return best.Word is not null && best.Distance <= Math.Max(2, word.Length / 3) ? $"; did you mean {best.Word}?" : "";
    }

    /// <summary>Runs with a token that SIGINT and SIGTERM cancel; the run's own code is replaced by 128+n then, when all is written.</summary>
    private static int WithSignals(Func<StopRequest, int> run)
    {
        using var stop = new StopRequest();
        if (OwnNamespace.Scratch is not null) OwnNamespace.Settle(stop.Request);
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => stop.Request(context, 2));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => stop.Request(context, 15));
        try
        {
            return run(stop);
        }
        finally
        {
            OpenBox.EndOrphans();
            OwnNamespace.Leave();
        }
    }

    private static Exception? Unwrap(Exception e) => e switch
    {
        UsageException or InputException or TargetException or EnvironmentException => e,
        AggregateException { InnerException: { } inner } => Unwrap(inner),
        _ => null,
    };

    /// <summary>Levenshtein.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++) (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }
}
