using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>How sockconf is started: where, by whom, with which variables.</summary>
internal sealed record Sockconf(Workplace Place)
{
    /// <summary>The shortest check that still shows what is wrong: one confirmation, no shrinking, few random cases.</summary>
    public static IReadOnlyList<string> Brief { get; } = ["--no-shrink", "--retries", "1", "--profile", "quick", "--max-time", "60s"];

    /// <summary>Variables to set, or to leave out where the value is null.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; init; } = new Dictionary<string, string?>();

    /// <summary>Without the rights of root, if the tests have them. Everything used must be in the workplace then.</summary>
    public bool AsOrdinaryUser { get; init; }

    /// <summary>As root in a container is: no namespaces to be had, and no more capabilities than such a root has. Only where the tests are root.</summary>
    public bool InContainer { get; init; }

    /// <summary>Another program with the same command line; null for sockconf.</summary>
    public IReadOnlyList<string>? Program { get; init; }

    /// <summary>The working folder, if it is not that of the workplace.</summary>
    public string? Folder { get; init; }

    /// <summary>Where its standard output goes, if not to the test.</summary>
    public string? OutputTo { get; init; }

    /// <summary>Runs it to its end.</summary>
    public async Task<Outcome> Run(params IReadOnlyList<string> arguments)
    {
        using var running = await SockconfProcess.Start(this, arguments);
        return await running.End();
    }

    /// <summary>Checks an echo server, with the report in the workplace.</summary>
    public Task<Outcome> Check(IReadOnlyList<string> options, IReadOnlyList<string> command) => Run(CheckArguments(options, command));

    public IReadOnlyList<string> CheckArguments(IReadOnlyList<string> options, IReadOnlyList<string> command) =>
        ["check", "--spec", "echo", "--report", Place.Report, .. options, "--", .. command];
}

/// <summary>How a run of sockconf ended.</summary>
internal sealed record Outcome(int Exit, string Output, string Errors, Workplace Place)
{
    public Results Results
    {
        get
        {
            Assert.That(Path.Combine(Place.Report, "results.json"), Does.Exist, ToString);
            return Results.In(Place.Report);
        }
    }

    /// <summary>The lines on stderr.</summary>
    public IReadOnlyList<string> ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Everything a person needs to see what happened.</summary>
    public override string ToString() => $"exit {Exit}\n--- stdout\n{Output}\n--- stderr\n{Errors}\n---";

    public void MustExit(int code) => Assert.That(Exit, Is.EqualTo(code), ToString);

    /// <summary>It ended with this code and said why in one line, which has these words.</summary>
    public void MustRefuse(int code, params IReadOnlyList<string> words)
    {
        MustExit(code);
        MustShowNoStackTrace();
        Assert.That(ErrorLines, Has.Count.EqualTo(1), ToString);
        Assert.That(Errors, Does.StartWith("sockconf: "));
        Assert.That(Errors, Does.Not.Match("\\b[A-Z][A-Za-z]+_[A-Z]\\w+|[a-z][A-Z]\\w+, "), "the name of a message instead of the message");
        foreach (var word in words) Assert.That(Errors, Does.Contain(word));
    }

    public void MustShowNoStackTrace()
    {
        Assert.That($"{Output}\n{Errors}", Does.Not.Match(@"(?m)^   at \S+\("));
        Assert.That($"{Output}\n{Errors}", Does.Not.Contain("Unhandled"));
    }

    /// <summary>No process and no temporary folder is left.</summary>
    public void MustLeaveNothing()
    {
        Assert.That(Place.LeftProcesses(), Is.Empty, ToString);
        Assert.That(Place.LeftFolders(), Is.Empty, ToString);
    }
}
