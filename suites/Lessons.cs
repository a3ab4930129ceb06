namespace SockConformance.Suites;

/// <summary>
/// What <c>explain</c> adds to a requirement, by groups of them (lessons/*.txt): a picture, the usual cause in each language, wrong and right
/// code. The first line of a lesson says how the ids begin that it is for; the longest beginning wins.
/// </summary>
public static class Lessons
{
    private const string For = "for: ";

    public static IReadOnlyList<string> Names { get; } = ["close", "framing", "bytes", "blocking", "vanished", "listen", "leaks", "udp", "tls", "trust"];

    /// <summary>The lesson of a requirement; null where there is none.</summary>
    public static string? Of(string id) => (
        from name in Names
        let lesson = Read(name)
        from beginning in lesson.Beginnings
        where id.StartsWith(beginning, StringComparison.Ordinal)
        orderby beginning.Length descending
        select lesson.Text).FirstOrDefault();

    /// <summary>How the ids begin that a lesson is for, and its text.</summary>
    public static (IReadOnlyList<string> Beginnings, string Text) Read(string name)
    {
        using var stream = typeof(Lessons).Assembly.GetManifestResourceStream($"lessons/{name}.txt") ?? throw new InvalidOperationException($"the program lacks its lesson {name}");
        using var reader = new StreamReader(stream);
        var first = reader.ReadLine() ?? "";
        return (first[For.Length..].Split(' '), reader.ReadToEnd().TrimEnd());
    }
}
