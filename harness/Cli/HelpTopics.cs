namespace SockConformance.Cli;

/// <summary>What <c>help TOPIC</c> tells: texts that belong to no single command.</summary>
internal sealed record HelpTopic(string Name, string Title, IReadOnlyList<(string Term, string Text)> Rows)
{
    public static IReadOnlyList<HelpTopic> All { get; } =
    [
        new("exit-codes", "Exit codes",
        [
            ($"{Exit.Holds}", "All that was selected holds; replay: fixed; doctor: sandbox and capture work."),
            ($"{Exit.Violated}", "A MUST is violated, with --strict a SHOULD, too; replay: still fails; diff: something new fails."),
            ($"{Exit.Usage}", "Wrong usage or input file: one line says what to write instead."),
            ($"{Exit.HarnessFailed}", "The harness itself failed."),
            ($"{Exit.NothingRan}", "Nothing ran: no requirement matches, or all were skipped."),
            ($"{Exit.TargetUnusable}", "The target is unusable: never ready, exited early, wrong port."),
            ($"{Exit.EnvironmentLacks}", "The environment lacks what require asked for (sockconf doctor shows what)."),
            ($"{Exit.Undecided}", "Nothing failed, but something was flaky or inconclusive."),
            ($"{Exit.Interrupted(2)}, {Exit.Interrupted(15)}", "Interrupted; what was found so far is reported."),
        ]),
        new("formats", "Files of a report",
        [
            ("results.json", "Everything about a run; its schema is docs/results.schema.json."),
            ("junit.xml", "For GitLab, Jenkins and all that read JUnit: a violation is a failure, what could not be decided an error. Captures are attached."),
            ("events.ndjson", "What happened, a line of JSON for each event, written while it happens."),
            ("cases/", "For each failure a case file (sockconf replay) and a capture whose comments say what is wrong."),
            ("tls-keys.log", "The secrets of TLS sessions, for Wireshark (--tls-secrets)."),
            ("coverage.txt", "With --driver: states and primitives that were seen."),
            ("ctrf-report.json", "--also ctrf: the Common Test Report Format."),
            ("results.sarif", "--also sarif: SARIF 2.1.0 for code scanning; violations only, known ones suppressed."),
            ("results.tap", "--also tap: TAP 14; a known failure is a TODO."),
            ("summary.md", "--also markdown: what did not pass, as a table."),
            ("GitHub Actions", "Without being asked: an annotation for each violation, and the table in the summary of the job."),
        ]),
        new("environment", "Environment variables",
        [
            ("NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE", "Colours never, or always; --color overrules them."),
            ("TERM", "dumb: no colours, no progress bar."),
            ("CI", "No progress bar."),
            ("GITHUB_ACTIONS, GITHUB_STEP_SUMMARY", "true: annotations, and a summary in that file."),
            ("CI_PROJECT_DIR, JENKINS_URL", "How attachments are named in junit.xml: from the root of the GitLab project, or with their full path for Jenkins."),
            ("TMPDIR", "Where temporary files go."),
            ("PATH", "Where bubblewrap, unshare, nsenter, setpriv and prlimit are looked for. Targets get it, too."),
            ("HOME", "grade hides it from submissions; a toolchain of Rust in it is passed on. Targets get another."),
            ("PORT", "Set for targets: the port to listen on, or to connect to. --env passes further variables on."),
            ("SOCKCONF_DEBUG", "1: a failure of the harness itself shows where it happened."),
            ("DOTNET_ROOT", "Where .NET is, if it is not in the usual places."),
            ("SOCKCONF_INSTALL, SOCKCONF_SKIP_FORMAT", "Of run-conformance.sh: 1 installs what is missing; 1 leaves the formatting check out of self-test."),
        ]),
    ];
}
