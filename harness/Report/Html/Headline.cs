namespace SockConformance.Report.Html;

/// <summary>How a run ended, in one sentence.</summary>
internal sealed record Headline(string Verdict, string Text)
{
    public static Headline Of(RunView run)
    {
        int Count(string verdict) => run.Requirements.Count(requirement => Verdicts.Of(requirement).Class == verdict);
        var (all, failed, should, skipped) = (run.Requirements.Length, Count("fail"), Count("warn"), Count("skip"));
        var untested = skipped > 0 ? $", {skipped} {(skipped == 1 ? "was" : "were")} not tested" : "";
        var broken = failed > 0 ? $"{failed} of {Plural(all)} {(failed == 1 ? "is" : "are")} violated" : should > 0 ? $"no MUST is violated, but {should} SHOULD" : "nothing was found wrong";
        return run.Exit switch
        {
            null => new("error", $"Cut off: the run did not end; until then {(failed > 0 ? $"{failed} of {Plural(all)} {(failed == 1 ? "was" : "were")} found violated" : $"{Plural(Count("pass"))} held")}"),
            >= 128 => new(failed > 0 ? "fail" : "inconclusive", $"Interrupted: {broken} until then{untested}"),
            0 when should > 0 => new("warn", $"Holds: {broken}{untested}"),
            0 => new("pass", skipped + Count("known") == 0 ? $"All {Plural(all)} hold" : $"{all - skipped - Count("known")} of {Plural(all)} hold{untested}{(Count("known") > 0 ? $", {Count("known")} known to fail" : "")}"),
            1 when failed == 0 => new("fail", $"{should} of {Plural(all)} (SHOULD) {(should == 1 ? "is" : "are")} violated{untested}"),
            1 => new("fail", $"{char.ToUpperInvariant(broken[0])}{broken[1..]}{untested}"),
            3 => new("error", "The harness itself failed"),
            4 => new("skip", "Nothing was tested"),
            7 => new("inconclusive", $"Undecided: {Count("flaky")} flaky, {Count("inconclusive")} inconclusive{untested}"),
            var exit => new("error", $"The run ended with exit code {exit}"),
        };
    }

    private static string Plural(int requirements) => requirements == 1 ? "1 requirement" : $"{requirements} requirements";
}
