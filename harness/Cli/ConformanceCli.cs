using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Spec;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Cli;

/// <summary>The face of a suite program: <c>return ConformanceCli.Run(args, Catalogue.Book);</c>. The only place that knows the console.</summary>
public static class ConformanceCli
{
    /// <summary>Runs one command; returns its exit code (<see cref="Exit"/>). Whatever goes wrong is one line on stderr.</summary>
    /// <param name="more">Further commands of the suite program itself.</param>
    public static int Run(IReadOnlyList<string> arguments, SuiteBook book, params IReadOnlyList<Command> more)
    {
        StandardOutput.Take();
        try
        {
            return Dispatch(arguments, book, more);
        }
        catch (Exception e) when (Unwrap(e) is { } known)
        {
            Console.Error.WriteLine($"sockconf: {Printable.Line(known.Message, 2000)}");
            return known switch
            {
                UsageException or InputException or SpecException or CertificateException => Exit.Usage,
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

    private static int Dispatch(IReadOnlyList<string> arguments, SuiteBook book, IReadOnlyList<Command> more) =>
        Parse(arguments, book, more).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });

    /// <exception cref="UsageException">This is no command line of ours; the message says what is wrong with it.</exception>
    internal static ParseResult Parse(IReadOnlyList<string> arguments, SuiteBook book, IReadOnlyList<Command> more)
    {
        // What follows the first -- is the target's command, whatever it looks like: it is not ours to parse.
        var split = arguments.ToList().IndexOf("--");
        IReadOnlyList<string> ours = split < 0 ? arguments : [.. arguments.Take(split)];
        ImmutableArray<string> command = split < 0 ? [] : [.. arguments.Skip(split + 1)];

        var root = Root(arguments, book, more, command);
        var parsed = root.Parse(ours, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var wrong = parsed.Errors.FirstOrDefault(one => one.Message.StartsWith("Unrecognized", StringComparison.Ordinal)) ?? (parsed.Errors is [var first, ..] ? first : null);
        if (wrong is { } error) throw new UsageException($"{(error.SymbolResult is OptionResult option ? option.Option.Name + ": " : "")}{string.Join(' ', error.Message.Split('\n', StringSplitOptions.TrimEntries)).TrimEnd('.')}; see sockconf {(parsed.CommandResult.Command == root ? "" : parsed.CommandResult.Command.Name + " ")}--help");
        return parsed;
    }

    /// <summary>All commands and their options; what they are described by is written down by <see cref="CommandPages"/>.</summary>
    internal static RootCommand Root(IReadOnlyList<string> arguments, SuiteBook book, IReadOnlyList<Command> more, ImmutableArray<string> command)
    {
        var options = new Options();
        options.Spec.CompletionSources.Add(_ => book.BuiltIn().Select(spec => new CompletionItem(spec.Name)));
        options.Filter.CompletionSources.Add(_ => book.Requirements.Select(requirement => new CompletionItem(requirement.Id)));
        var root = new RootCommand("Launches a socket program, drives it with generated sequences of socket primitives, watches the wire and says which clause is violated.")
        {
            CheckCommand(options, book, arguments, command), ReplayCommand(options, book, arguments, command), MinimiseCommand(options, book, arguments, command), DiffCommand(options), FuzzCommand(options, book, arguments, command), AnalyzeCommand(options), ListCommand(options, book), ExplainCommand(book), InitCommand(), GradeRequest.Command(options, book, WithSignals), DoctorCommand.Make(arguments), ReportCommand.Make(options),
        };
        foreach (var further in more) root.Add(further);
        root.Add(HelpCommand.Help(root));
        root.Add(HelpCommand.Completion());
        return root;
    }

    private static Command CheckCommand(Options options, SuiteBook book, IReadOnlyList<string> arguments, ImmutableArray<string> words)
    {
        var command = new Command("check", "Check a server, or with --client a client, against a spec: sockconf check --spec echo -- python3 server.py {port}");
        foreach (var option in options.ForCheck.Concat(options.ForTarget)) command.Add(option);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(options.Driver))
            {
                var asked = DriverRequest.Read(parsed, options, words, book);
                return asked.Target.Enter(arguments) ?? WithSignals(stop => new DriverSession(asked, stop).Check());
            }

            var suite = book.Choose(parsed.GetValue(options.Spec), parsed.GetValue(options.Client));
            var request = TargetRequest.Read(parsed, options, words, suite);
            var plan = CheckRequest.Read(parsed, options, suite, book);
            return request.Enter(arguments) ?? WithSignals(stop => new Session(request, stop).Check(plan));
        });
        return command;
    }

    private static Command FuzzCommand(Options options, SuiteBook book, IReadOnlyList<string> arguments, ImmutableArray<string> words)
    {
        var fuzz = new FuzzOptions();
        var command = new Command("fuzz", "Look for failures that no requirement lists: sockconf fuzz --spec echo --max-time 60s -- ./server {port}   (--spec raw, or none: any TCP server)");
        foreach (var option in (IEnumerable<Option>)[options.Spec, options.Seed, options.MaxTime, .. fuzz.All, options.Partition, options.Jobs, options.Retries, options.NoShrink, .. options.ForTarget]) command.Add(option);
        command.SetAction(parsed =>
        {
            var request = FuzzRequest.Read(parsed, options, fuzz, words, book);
            return request.Target.Enter(arguments) ?? WithSignals(stop => new FuzzSession(request, stop).Run());
        });
        return command;
    }

    private static Command ReplayCommand(Options options, SuiteBook book, IReadOnlyList<string> arguments, ImmutableArray<string> words)
    {
        var cases = new Argument<string[]>("case") { Description = "Case files, folders of them, ids of cases of earlier runs; or a capture (pcap, pcapng).", Arity = ArgumentArity.ZeroOrMore };
        var flow = new Option<long?>("--flow") { Description = "Of a capture: the flow to carry out again (sockconf analyze numbers them).", HelpName = "N" };
        var server = new Option<string?>("--server") { Description = "Of a capture: the server's endpoint; all conversations with it are carried out again.", HelpName = "IP:PORT" };
        var save = new Option<string?>("--save") { Description = "Keep it as a case: in this file, or else where its id finds it.", HelpName = "FILE", Arity = ArgumentArity.ZeroOrOne };
        var shrink = new Option<bool>("--shrink") { Description = "Where it fails again, look for the smallest program that does." };
        var command = new Command("replay", "Run saved failures again, or a captured conversation: FIXED, FAILED, CHANGED or ERROR for each.") { cases, options.Recorded, options.Spec, flow, server, save, shrink, options.MaxTime };
        foreach (var option in options.ForTarget) command.Add(option);
        command.SetAction(parsed =>
        {
            var (named, saveTo) = (parsed.GetValue(cases)!.ToList(), parsed.GetResult(save) is null ? null : parsed.GetValue(save) ?? RunFolder.Saved);
            if (named.Count == 0 && saveTo is not null && File.Exists(saveTo)) (named, saveTo) = ([saveTo], RunFolder.Saved); // replay --save CASE
            if (named.Count == 0) throw new UsageException("say what to replay: a case file, a folder of them, the id of a case, or a capture");
            var paths = named.SelectMany(RunFolder.FindCases).Distinct(StringComparer.Ordinal).ToList();
            if (paths.TrueForAll(ProgramCase.Is))
            {
                var programs = paths.Select(path => (path, ProgramCase.Read(path))).ToList();
                var asked = DriverRequest.Read(parsed, options, words, book);
                return asked.Target.Enter(arguments) ?? WithSignals(stop => new DriverSession(asked, stop).Replay(programs));
            }

            var endpoint = AnalyzeRequest.ServerOf(parsed.GetValue(server));
            var (number, spec) = (parsed.GetValue(flow), parsed.GetValue(options.Spec));
            var captured = paths.Exists(CapturedCase.Is);
            if (!captured && (number is not null || endpoint is not null || spec is not null)) throw new UsageException("--flow, --server and --spec are for captures: a case file knows its own");
            var files = paths.Select(path => CapturedCase.Is(path) ? CapturedCase.Read(path, number, endpoint, spec, book, words) : FileOf(path, book)).ToList();
            return Replay(parsed, options, arguments, words, files, parsed.GetValue(shrink) ? TimeFor(parsed, options) : null, saveTo);
        });
        return command;
    }

    private static Command MinimiseCommand(Options options, SuiteBook book, IReadOnlyList<string> arguments, ImmutableArray<string> words)
    {
        var cases = new Argument<string[]>("case") { Description = "Case files, folders of them, or ids of cases of earlier runs.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string?>("--output", "-o") { Description = "Where the smaller case goes: a file, or for several cases a folder (default: NAME.min.json beside each).", HelpName = "PATH" };
        var command = new Command("minimise", "Look for smaller programs that show the same failures.") { cases, options.Recorded, output, options.MaxTime };
        command.Aliases.Add("minimize");
        foreach (var option in options.ForTarget) command.Add(option);
        command.SetAction(parsed =>
        {
            var files = parsed.GetValue(cases)!.SelectMany(RunFolder.FindCases).Distinct(StringComparer.Ordinal).Select(path => FileOf(path, book)).ToList();
            if (files.Count > 1 && parsed.GetValue(output) is null) throw new UsageException("several cases: name a folder for the smaller ones with --output");
            var into = parsed.GetValue(output) ?? Path.ChangeExtension(files[0].Path, ".min.json");
            return Replay(parsed, options, arguments, words, files, TimeFor(parsed, options), into);
        });
        return command;
    }

    private static TimeSpan TimeFor(ParseResult parsed, Options options) => Options.Duration(parsed.GetValue(options.MaxTime), "--max-time") ?? TimeSpan.FromSeconds(60);

    private static (string Path, CaseFile Case, Suite? Suite) FileOf(string path, SuiteBook book)
    {
        if (ProgramCase.Is(path)) throw new UsageException($"{path} is a program for a driver: replay such cases apart from others");
        var file = CaseFile.Read(path);
        return (path, file, SuiteOf(file, book));
    }

    private static int Replay(
        ParseResult parsed, Options options, IReadOnlyList<string> arguments, ImmutableArray<string> words, IReadOnlyList<(string Path, CaseFile Case, Suite? Suite)> files, TimeSpan? shrinkTime, string? save)
    {
        if (words.IsEmpty && parsed.GetValue(options.Connect) is null)
        {
            var commands = files.Select(file => file.Case.Command).Where(one => !one.IsEmpty).DistinctBy(one => string.Join('\0', one)).ToList();
            if (commands is not [var only]) throw new UsageException("say which server to replay against: sockconf replay CASE -- python3 server.py {port}");
            if (!parsed.GetValue(options.Recorded))
                throw new UsageException($"say which server to replay against, after --; or, if you trust the file, add --allow-recorded-command to run: {string.Join(' ', only)}");
            words = only;
        }

        if (save is not null && files.Count > 1 && File.Exists(save)) throw new UsageException($"{save} is a file: for several cases name a folder");
        var request = TargetRequest.Read(parsed, options, words, files.Select(file => file.Suite).FirstOrDefault(suite => suite is not null));
        return request.Enter(arguments) ?? WithSignals(stop => new Session(request, stop).Replay(files, shrinkTime, save));
    }

    private static Command DiffCommand(Options options)
    {
        var runs = new Argument<string[]>("run") { Description = "Two report folders, or their results.json: the older one first.", Arity = new ArgumentArity(2, 2) };
        var command = new Command("diff", "What has changed between two runs: new failures, fixed ones, those that still fail.") { runs, options.Strict };
        command.SetAction(parsed => new RunDiff(parsed.GetValue(runs)![0], parsed.GetValue(runs)![1]).Print(Console.Out, parsed.GetValue(options.Strict)));
        return command;
    }

    /// <summary>The suite of a case file; null where this sockconf knows no such spec.</summary>
    private static Suite? SuiteOf(CaseFile file, SuiteBook book)
    {
        if (!file.Recorded.IsEmpty && file.Spec == CaptureImport.NoSpec) return CapturedCase.SuiteOf(file, null, book);
        var suite = NamedSuiteOf(file, book);
        return file.Recorded.IsEmpty ? suite : CapturedCase.SuiteOf(file, suite, book);
    }

    private static Suite? NamedSuiteOf(CaseFile file, SuiteBook book)
    {
        if (!file.Sources.IsEmpty) return book.For(book.FromSources([.. file.Sources.Select(source => (source.Name, source.Text))]), file.Client);
        if (file.Spec == ServiceSpec.Raw.Name) return book.For(ServiceSpec.Raw, clients: false);
        return book.BuiltIn().Any(spec => spec.Name == file.Spec) ? book.For(book.Find(file.Spec), file.Client) : null;
    }

    private static Command AnalyzeCommand(Options options)
    {
        var files = new Argument<string[]>("file") { Description = "Captures (pcap or pcapng); - is the standard input.", Arity = ArgumentArity.OneOrMore };
        var format = new Option<string>("--format") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var server = new Option<string?>("--server") { Description = "The endpoint that is the server, where the capture does not tell.", HelpName = "IP:PORT" };
        var flow = new Option<long?>("--flow") { Description = "Only this flow, with a ladder of its packets.", HelpName = "N" };
        var filter = new Option<string[]>("--filter") { Description = "Only flows with: protocol, ip, port, source, destination, handshake, close, state or finding (finding=any). May be repeated.", HelpName = "KEY=VALUE" };
        var command = new Command("analyze", "Judge captures: each flow's 5-tuple, handshake, close, and what the packets prove to be wrong.") { files, format, server, flow, filter, options.Progress };
        command.SetAction(parsed =>
        {
            var progress = parsed.GetValue(options.Progress) switch { When.Always => true, When.Never => false, _ => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("CI") is null };
            var request = AnalyzeRequest.Read(parsed.GetValue(files)!, parsed.GetValue(format)!, parsed.GetValue(server), parsed.GetValue(flow), parsed.GetValue(filter) ?? [], progress);
            return WithSignals(stop => new AnalyzeSession(request, stop).Run());
        });
        return command;
    }

    private static Command InitCommand()
    {
        var file = new Argument<string>("file") { Description = "The file to write.", DefaultValueFactory = _ => "sockspec.yaml" };
        var from = new Option<string?>("--from") { Description = "Learn it from a capture: framing, replies, and what clients said as examples.", HelpName = "CAPTURE" };
        var flow = new Option<long?>("--flow") { Description = "Of the capture: only this flow.", HelpName = "N" };
        var server = new Option<string?>("--server") { Description = "Of the capture: the conversations with this endpoint.", HelpName = "IP:PORT" };
        var command = new Command("init", "Write a commented spec to start from.") { file, from, flow, server };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            if (File.Exists(path) || Directory.Exists(path)) throw new UsageException($"{path} exists already: name another file (sockconf init other.yaml)");
            var name = Path.GetFileNameWithoutExtension(path);
            var text = parsed.GetValue(from) is not { } capture ? SpecTemplate.Text(name)
                : LearnedSpec.Text(name, CapturedCase.RecordingOf(capture, parsed.GetValue(flow), AnalyzeRequest.ServerOf(parsed.GetValue(server))).Recording)
                    ?? throw new InputException($"{capture} has no request to learn from");
            try
            {
                File.WriteAllText(path, text);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"{path} cannot be written: {e.Message}");
            }

            Console.Out.WriteLine($"{path} written. Edit it, then: sockconf check --spec {path} -- python3 server.py {{port}}");
            return Exit.Holds;
        });
        return command;
    }

    private static Command ListCommand(Options options, SuiteBook book)
    {
        var specs = new Option<bool>("--specs") { Description = "The built-in specs instead of requirements." };
        var command = new Command("list", "The requirements of a spec, or all there are, or the built-in specs.") { options.Spec, options.Client, options.Filter, specs };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(specs))
            {
                foreach (var (name, title) in book.BuiltIn()) Console.Out.WriteLine($"{name,-12} {title}");
                return Exit.Holds;
            }

            var (named, client) = (parsed.GetValue(options.Spec), parsed.GetValue(options.Client));
            var requirements = (named is null && !client ? book.Requirements : book.Choose(named, client).Requirements).Where(one => Options.Matches(one.Id, parsed.GetValue(options.Filter) ?? [])).ToList();
            foreach (var requirement in requirements) Console.Out.WriteLine($"{requirement.Id,-42} {requirement.Level.ToString().ToUpperInvariant(),-6} {requirement.Subject.ToString().ToUpperInvariant(),-5} {requirement.Title}");
            return requirements.Count == 0 ? Exit.NothingRan : Exit.Holds;
        });
        return command;
    }

    private static Command ExplainCommand(SuiteBook book)
    {
        var id = new Argument<string>("id") { Description = "The id of a requirement.", HelpName = "id" };
        id.CompletionSources.Add(_ => book.Requirements.Select(one => new CompletionItem(one.Id)));
        var command = new Command("explain", "What a requirement demands, what usually breaks it and what to change.") { id };
        command.SetAction(parsed =>
        {
            var wanted = parsed.GetValue(id)!;
            var all = book.Requirements;
            var requirement = all.FirstOrDefault(one => one.Id == wanted) ?? throw new UsageException($"there is no requirement '{wanted}'{Nearest(wanted, all.Select(one => one.Id))}");
            Console.Out.WriteLine($"{requirement.Id}\n{requirement.Title}\n\n  clause   {requirement.Clause}\n  level    {requirement.Level.ToString().ToUpperInvariant()}, charged to {requirement.Subject.ToString().ToUpperInvariant()}\n  demands  {requirement.Statement}\n  cause    {requirement.Why}\n  fix      {requirement.Fix}{(book.Lesson(wanted) is { } lesson ? $"\n\n{lesson}" : "")}");
            return Exit.Holds;
        });
        return command;
    }

    /// <summary>“; did you mean …?” where a known word is near; else the empty text.</summary>
    internal static string Nearest(string word, IEnumerable<string> known) => Words.Nearest(word, known);

    /// <summary>Runs with a token that SIGINT and SIGTERM cancel; the run's own code is replaced by 128+n then, when all is written.</summary>
    internal static int WithSignals(Func<StopRequest, int> run)
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
            BoxUsers.Release();
            OwnNamespace.Leave();
        }
    }

    private static Exception? Unwrap(Exception e) => e switch
    {
        UsageException or InputException or SpecException or CertificateException or TargetException or EnvironmentException or OutputException => e,
        AggregateException { InnerException: { } inner } => Unwrap(inner),
        _ => null,
    };
}
