namespace SockConformance.Spec;

/// <summary>The format of a rubric, as <see cref="SpecKeys"/> has that of a spec. docs/sockrubric.schema.json says the same with types; a test compares them.</summary>
internal static class RubricKeys
{
    /// <summary>All sections; the file itself is the first.</summary>
    public static string[] Sections { get; } = ["rubric", "build", "run", "program", "check", "group", "share", "cap", "verdicts"];

    public static string[] Of(string section) => section switch
    {
        "rubric" => ["sockrubric", "course", "title", "secret_seed", "build", "run", "check", "groups", "caps", "verdicts"],
        "build" => ["command", "within", "points"],
        "run" => ["command", "find"],
        "program" => ["file", "build", "command"],
        "check" => ["profile", "max_time", "timeout", "within"],
        "group" => ["name", "points", "requirements", "except", "grading", "visibility"],
        "share" => ["id", "weight"],
        "cap" => ["fails", "at_most"],
        "verdicts" => ["warn", "flaky", "blocked", "skip", "inconclusive", "error"],
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, null),
    };

    /// <summary>The places where one of a few words stands.</summary>
    public static string[] Choices { get; } = ["check.profile", "group.grading", "group.visibility", .. Of("verdicts").Select(verdict => $"verdicts.{verdict}")];

    /// <summary>The words of such a place, in the order of the values of the rubric.</summary>
    public static string[] WordsOf(string choice) => choice switch
    {
        "check.profile" => ["quick", "default", "thorough"],
        "group.grading" => ["proportional", "all-or-nothing"],
        "group.visibility" => ["visible", "hidden", "after_due_date", "after_published"],
        _ when choice.StartsWith("verdicts.", StringComparison.Ordinal) => ["full", "half", "none", "left-out"],
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice, null),
    };
}
