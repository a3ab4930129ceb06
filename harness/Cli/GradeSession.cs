using System.Collections.Immutable;
using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using SockConformance.Grade;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Targets;

namespace SockConformance.Cli;

/// <summary>The options of grade that no other command has.</summary>
internal sealed class GradeOptions
{
    public Argument<string> Folder { get; } = new("folder") { Description = "The folder with the submissions: folders, zip or tar.gz files, or source files." };

    public Option<string?> Rubric { get; } = new("--rubric") { Description = "What gives points (docs/instructors.md).", HelpName = "FILE" };

    public Option<bool> Single { get; } = new("--single") { Description = "The folder is one submission itself." };

    public Option<bool> Final { get; } = new("--final") { Description = $"Draw random cases from a secret: the rubric's secret_seed, or the variable {Seeds.Variable}." };

    public Option<bool> Trust { get; } = new("--trust-submissions") { Description = "Build and run submissions without a sandbox, if none is to be had. Only for code that you trust." };

    public Option<string[]> Format { get; } = new("--format") { Description = "gradescope: results.json for each submission, too.", HelpName = "FORMAT" };

    public GradeOptions() => Format.AcceptOnlyFromAmong("gradescope");
}

/// <summary>What is graded, by what, and where the results go: read from the command line and checked.</summary>
internal sealed record GradeRequest(ImmutableArray<Submission> Submissions, Suite Suite, Rubric Rubric, string SpecArgument, ulong Seed, string SeedText, string Folder, int Jobs, bool Trusted, bool Gradescope, bool Single, ImmutableArray<string> Hidden)
{
    private const string UsualFolder = "grades";

    public static Command Command(Options options, SuiteBook book, Func<Func<StopRequest, int>, int> withSignals)
    {
        var own = new GradeOptions();
        var command = new Command("grade", "Grade a class: sockconf grade submissions --spec echo --rubric rubric.yaml") { own.Folder, options.Spec, own.Rubric, options.Client, own.Single, options.Report, options.Seed, own.Final, options.Jobs, own.Trust, own.Format };
        command.SetAction(parsed =>
        {
            var request = Read(parsed, options, own, book);
            return withSignals(stop => new GradeSession(request, stop).Run());
        });
        return command;
    }

    private static GradeRequest Read(ParseResult parsed, Options options, GradeOptions own, SuiteBook book)
    {
        var file = parsed.GetValue(own.Rubric) ?? throw new UsageException("say what gives points: --rubric rubric.yaml (docs/instructors.md shows how to write one)");
        var suite = book.Choose(parsed.GetValue(options.Spec), parsed.GetValue(options.Client));
        var rubric = RubricReader.ReadFile(file, suite);
        var given = parsed.GetValue(options.Spec)!;
        var (folder, trusted) = (Path.GetFullPath(parsed.GetValue(options.Report) ?? UsualFolder), parsed.GetValue(own.Trust));
        var source = Path.GetFullPath(parsed.GetValue(own.Folder)!);
        var single = parsed.GetValue(own.Single);
        if (folder == source || source.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal)) throw new UsageException($"the results would be written to {folder}, among the submissions: name another folder with --report DIR");
        var jobs = parsed.GetValue(options.Jobs) ?? Environment.ProcessorCount;
        if (jobs is < 1 or > 256) throw new UsageException($"--jobs {jobs}: a number from 1 to 256");
        var (seed, seedText) = SeedOf(parsed, options, own, rubric);
        return new GradeRequest(
            single ? Grade.Submissions.Single(source) : Grade.Submissions.In(source, folder), suite, rubric, File.Exists(given) ? Path.GetFullPath(given) : given, seed, seedText, folder, jobs, trusted,
            parsed.GetValue(own.Format) is { Length: > 0 }, single, [source, folder, Path.GetFullPath(file), .. HomeToHide()]);
    }

    private static (ulong Seed, string Text) SeedOf(ParseResult parsed, Options options, GradeOptions own, Rubric rubric)
    {
        if (Options.SeedOf(parsed.GetValue(options.Seed)) is { } asked)
            return parsed.GetValue(own.Final) ? throw new UsageException("--seed and --final do not go together: the final run draws from a secret") : (asked, $"0x{asked:X}");
        if (!parsed.GetValue(own.Final)) return (Seeds.Of(rubric.Course), $"0x{Seeds.Of(rubric.Course):X} (of the course)");
        var secret = Environment.GetEnvironmentVariable(Seeds.Variable) is { Length: > 0 } variable ? variable : rubric.SecretSeed;
        return secret is { Length: > 0 } ? (Seeds.Of(rubric.Course, secret), "secret") : throw new UsageException("--final needs a secret: write secret_seed: into the rubric, or set the variable that sockconf grade --help names");
    }

    /// <summary>The instructor's home is nothing for a submission to read, unless the tools are there that it needs.</summary>
    private static ImmutableArray<string> HomeToHide()
    {
        var home = Environment.GetEnvironmentVariable("HOME") is { Length: > 1 } set ? Path.TrimEndingDirectorySeparator(set) : null;
        var needed = home is null || new TargetCommand([], "/", []).Environment(0, "/tmp").Values.Any(value => value.Split(':').Any(part => part.StartsWith(home, StringComparison.Ordinal)));
        return needed ? [] : [home!];
    }
}

/// <summary>Grades a class: each submission by a sockconf of its own, several at a time; then the gradebook.</summary>
internal sealed class GradeSession(GradeRequest request, StopRequest stop)
{
    public int Run()
    {
        var (tier, whyNot) = FindTier();
        var folder = Prepared(tier);
        var hidden = HiddenIn(tier);
        var jobs = tier == Tier.Namespaces ? request.Jobs : 1; // without namespaces all use the same ports
        var rubric = request.Rubric;
        Console.Out.WriteLine($"sockconf {RunHeader.Version}  grade  {Printable.Line(rubric.Title)}  spec: {Printable.Line(request.Suite.Name)}  seed: {request.SeedText}\n{request.Submissions.Length} submissions, {jobs} at a time  sandbox: {SandboxText(tier, Printable.Line(whyNot))}\n");

        var words = CheckWords();
        var plan = new GradePlan(
            rubric, folder, [.. words, "--jobs", $"{Math.Max(1, Environment.ProcessorCount / jobs)}"], FingerprintOf(words), tier, hidden, !request.Suite.Service.Launch.Command.IsEmpty && rubric.Run.IsEmpty, request.Suite.OfClients ? "client" : "server", IntakeLimits.Usual);
        var after = request.Suite.Requirements.ToDictionary(requirement => requirement.Id, requirement => requirement.After);
        Row RowOf(Marked marked) => Row.Of(marked, rubric, id => after.GetValueOrDefault(id));

        ImmutableArray<Marked> all;
        try
        {
            all = new GradeRun(plan, request.Submissions, jobs, marked => Tell(RowOf(marked)), stop.Token).Execute();
        }
        catch (NoSandboxException e)
        {
            throw new EnvironmentException(e.Message);
        }

        var book = new Gradebook(rubric, request.Suite.Name, request.SeedText, [.. all.Select(RowOf)]);
        Write(book, folder);
        var exit = stop.Signal is { } signal ? Exit.Interrupted(signal) : book.Rows.Any(row => row.Review.Length > 0) ? Exit.Undecided : Exit.Holds;
        Console.Out.WriteLine($"\nSummary  {ClassMatrix.Statistics(book)}  ({Clock.Now.TotalSeconds:0.0} s{(all.Count(one => one.Resumed) is > 0 and var resumed ? $", {resumed} judged before" : "")})");
        Console.Out.WriteLine($"Grades   {Printable.Line(Path.Combine(folder, "grades.csv"))}  grades.html  grades.json  feedback/   exit {exit}");
        return exit;
    }

    /// <summary>The best there is, by trying it, and why there is no better.</summary>
    private (Tier Tier, string WhyNot) FindTier()
    {
        if (BuildBox.WhyNot() is not { } whyNot) return (Tier.Namespaces, "");
        if (BoxUsers.Claim(out var whyNoUsers))
        {
            BoxUsers.Release(); // each build and each check has users of its own
            return (Tier.Users, whyNot);
        }

        return request.Trusted ? (Tier.None, whyNot)
            : throw new EnvironmentException($"submissions are not graded without a sandbox: {whyNot.TrimEnd('.')}; {whyNoUsers}. sockconf needs bubblewrap and user namespaces, or to be root in a container; --trust-submissions grades all the same, if you trust the code");
    }

    private static string SandboxText(Tier tier, string whyNot) => tier switch
    {
        Tier.Namespaces => "namespaces (tier A)",
        Tier.Users => $"a user for each program (tier B: {whyNot})",
        _ => $"none (tier C, trusted: {whyNot})",
    };

    /// <summary>What no submission may see. In tier B a folder that is the one submission is left out: permissions cannot hide it from its own program only.</summary>
    private ImmutableArray<string> HiddenIn(Tier tier)
    {
        if (tier != Tier.Users) return request.Hidden;
        ImmutableArray<string> hidden = [.. request.Hidden.Where(path => request.Submissions.All(submission => submission.Path != path))];
        return request.Trusted || BoxUsers.WhySeen(hidden) is not { } seen ? hidden : throw new EnvironmentException($"submissions would see what they may not: {seen}");
    }

    private string Prepared(Tier tier)
    {
        try
        {
            Directory.CreateDirectory(request.Folder);
            if (tier == Tier.Users) File.SetUnixFileMode(request.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            RunFolder.Write(request.Folder, ".gitignore", "*\n"); // here rather than when all is graded
            return request.Folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the results cannot be written to {Printable.Line(request.Folder)}: {Printable.Line(e.Message)} Name another folder with --report DIR.");
        }
    }

    /// <summary>What is the same in the command of each check. Only what gives points is checked, with what must hold before it.</summary>
    private ImmutableArray<string> CheckWords()
    {
        var (settings, byId) = (request.Rubric.Check, request.Suite.Requirements.ToDictionary(requirement => requirement.Id));
        var needed = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var id in request.Rubric.Ids)
        {
            for (var one = byId.GetValueOrDefault(id); one is not null && needed.Add(one.Id); one = one.After is { } before ? byId.GetValueOrDefault(before) : null)
            {
            }
        }

        return
        [
            .. OwnNamespace.Program, "check", "--spec", request.SpecArgument, .. request.Suite.OfClients ? (string[])["--client"] : [], "--seed", $"{request.Seed}", "--profile", settings.Profile,
            "--max-time", $"{settings.MaxTime.TotalMilliseconds:0}ms", .. settings.Timeout is { } timeout ? (string[])["--timeout", $"{timeout.TotalMilliseconds:0}ms"] : [],
            "--sandbox", request.Trusted ? "auto" : "require", "--color", "never", "--progress", "never",
            .. needed.SelectMany<string, string>(id => ["--filter", id]),
        ];
    }

    /// <summary>Of all that verdicts depend on beside the submission. Points are none of it: they are counted anew each time.</summary>
    private string FingerprintOf(ImmutableArray<string> words)
    {
        var rubric = request.Rubric;
        IEnumerable<string> parts =
        [
            RunHeader.Version, .. words.SkipWhile(word => word != "check"), .. request.Suite.Service.Sources.Select(source => source.Text), "build", .. rubric.Build, $"{rubric.BuildWithin}", "run", .. rubric.Run,
            .. rubric.Programs.SelectMany<ProgramRule, string>(rule => ["find", rule.File, .. rule.Build, "then", .. rule.Command]),
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
    }

    private void Write(Gradebook book, string folder)
    {
        try
        {
            book.Write(folder);
            if (!request.Gradescope) return;
            foreach (var row in book.Rows)
            {
                var (own, json) = (Path.Combine(folder, "submissions", row.Marked.Submission.Key), GradescopeJson.Write(request.Rubric, row));
                File.Delete(Path.Combine(own, "gradescope.json"));
                File.Delete(Path.Combine(folder, "results.json"));
                if (json is null) continue;
                RunFolder.Write(own, "gradescope.json", json);
                if (request.Single) RunFolder.Write(folder, "results.json", json);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the results cannot be written to {Printable.Line(folder)}: {Printable.Line(e.Message)} What was graded stays: make room and run the same command again.");
        }
    }

    private void Tell(Row row)
    {
        var points = row.Points is null ? "?" : $"{Csv.Number(row.Points)}";
        Console.Out.WriteLine($"  {points,7} of {Csv.Number(request.Rubric.Total)}  {Printable.Line(row.Marked.Submission.Student.Name, 40),-24}  {row.Marked.Word}{(Gradebook.Remark(row.Marked, row.Review) is { Length: > 0 } remark ? $": {Printable.Line(remark, 160)}" : "")}");
        Console.Out.Flush();
    }
}
