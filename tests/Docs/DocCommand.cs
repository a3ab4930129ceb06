using System.Text.RegularExpressions;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Docs;

/// <summary>A fenced block of a page.</summary>
/// <param name="Info">What stands behind the opening fence: the language, and for a file its name.</param>
/// <param name="Line">The number of its first line in the file.</param>
internal sealed record Block(string Info, int Line, IReadOnlyList<string> Lines)
{
    /// <summary>The name of the file that it is the text of; null for none.</summary>
    public string? File => Info.Split(' ') is [_, var name] ? name : null;

    public static IReadOnlyList<Block> Of(string page)
    {
        var blocks = new List<Block>();
        var lines = page.Split('\n');
        for (var at = 0; at < lines.Length; at++)
        {
            if (!lines[at].StartsWith("```", StringComparison.Ordinal)) continue;
            var end = Array.FindIndex(lines, at + 1, line => line.StartsWith("```", StringComparison.Ordinal));
            if (end < 0) throw new FormatException($"the block of line {at + 1} has no end");
            blocks.Add(new Block(lines[at][3..].Trim(), at + 2, lines[(at + 1)..end]));
            at = end;
        }

        return blocks;
    }
}

/// <summary>A line of a page that people are to type: sockconf or run-conformance.sh with its arguments, behind a pipe perhaps. (Not the first line of a run, which has a version there.)</summary>
/// <param name="Where">Page and line.</param>
/// <param name="Exit">The exit code that the page promises (<c># exit 1</c>); null where it says nothing.</param>
internal sealed partial record DocCommand(string Where, IReadOnlyList<string> Arguments, int? Exit)
{
    /// <summary>All there are, in README.md, CONTRIBUTING.md and docs.</summary>
    public static IReadOnlyList<DocCommand> All { get; } =
    [
        .. from path in ((string[])["README.md", "CONTRIBUTING.md"]).Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(file => $"docs/{Path.GetFileName(file)}").Order(StringComparer.Ordinal))
           from block in Block.Of(System.IO.File.ReadAllText(Path.Combine(Repository.Root, path)))
           from command in Of(block, path)
           select command,
    ];

    public static IEnumerable<DocCommand> Of(Block block, string page)
    {
        if (block.Info is not ("" or "sh" or "bash" or "console")) yield break;
        foreach (var (index, line) in block.Lines.Index())
        {
            var match = Typed().Match(line);
            if (!match.Success) continue;
            var exit = Promised().Match(line);
            yield return new DocCommand($"{page}:{block.Line + index}", Words(match.Groups["arguments"].Value), exit.Success ? exit.Groups[1].Value[0] - '0' : null);
        }
    }

    public override string ToString() => $"{Where} sockconf {string.Join(' ', Arguments)}";

    /// <summary>As a shell splits them: quotes are removed, a # begins a comment. Text behind a wide gap is a comment, too.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        foreach (Match match in Word().Matches(Comment().Replace(text, "")))
            words.Add(match.Value.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal));
        return words;
    }

    [GeneratedRegex(@"^(?:\$ )?(?:[^#|]*\| )?(?:sockconf|\./run-conformance\.sh|run-conformance\.sh)(?=\s|\z)(?! [0-9])(?<arguments>.*)$")]
    private static partial Regex Typed();

    [GeneratedRegex(@"# exit ([0-7])\b")]
    private static partial Regex Promised();

    [GeneratedRegex(@"\s(?:#|\s\s).*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?:'[^']*'|""[^""]*""|[^\s'""])+")]
    private static partial Regex Word();
}
