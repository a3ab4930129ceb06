using System.CommandLine;
using System.Text;

namespace SockConformance.Cli;

/// <summary>The command line written down: docs/cli.md and the manual page, from the same model that is parsed by.</summary>
internal static class CommandPages
{
    public static string Markdown(RootCommand root)
    {
        var page = new StringBuilder($"{root.Description}\n\n```text\nsockconf COMMAND [OPTIONS] [-- TARGET'S COMMAND]\n```\n\n`sockconf COMMAND --help` shows the same. A target's command stands after `--`; `{{port}}` in it is replaced.\n");
        foreach (var command in Commands(root))
        {
            page.Append($"\n## {command.Name}\n\n{Escape(command.Description)}\n\n```text\nsockconf {Usage(command)}\n```\n");
            var rows = Rows(command).ToList();
            if (rows.Count == 0) continue;
            page.Append("\n| | |\n|---|---|\n");
            foreach (var (term, text) in rows) page.Append($"| `{term.Replace("|", "\\|", StringComparison.Ordinal)}` | {Escape(text)} |\n");
        }

        foreach (var topic in HelpTopic.All)
        {
            page.Append($"\n## {topic.Title}\n\n| | |\n|---|---|\n");
            foreach (var (term, text) in topic.Rows) page.Append($"| {string.Join(", ", term.Split(", ").Select(one => $"`{one}`"))} | {Escape(text)} |\n");
        }

        return page.ToString();
    }

    public static string Man(RootCommand root)
    {
        var page = new StringBuilder($".TH SOCKCONF 1 \"\" \"sockconf\"\n.SH NAME\nsockconf \\- checks programs that use sockets\n.SH SYNOPSIS\n.B sockconf\n.I COMMAND\n[OPTIONS] [\\-\\- TARGET'S COMMAND]\n.SH DESCRIPTION\n{Roff(root.Description)}\n.SH COMMANDS\n");
        foreach (var command in Commands(root))
        {
            page.Append($".SS sockconf {Roff(Usage(command))}\n{Roff(command.Description)}\n");
            foreach (var (term, text) in Rows(command)) page.Append($".TP\n\\fB{Roff(term)}\\fR\n{Roff(text)}\n");
        }

        foreach (var topic in HelpTopic.All)
        {
            page.Append($".SH {topic.Title.ToUpperInvariant()}\n");
            foreach (var (term, text) in topic.Rows) page.Append($".TP\n\\fB{Roff(term)}\\fR\n{Roff(text)}\n");
        }

        return page.ToString();
    }

    private static IEnumerable<Command> Commands(RootCommand root) => root.Subcommands.Where(command => !command.Hidden);

    private static string Usage(Command command) =>
        string.Join(' ', [command.Name, .. command.Arguments.Select(one => $"{(one.Arity.MinimumNumberOfValues == 0 ? "[" : "")}{one.Name.ToUpperInvariant()}{(one.Arity.MaximumNumberOfValues > 1 ? "…" : "")}{(one.Arity.MinimumNumberOfValues == 0 ? "]" : "")}"), .. command.Options.Any(one => !one.Hidden) ? ["[OPTIONS]"] : Array.Empty<string>()]);

    private static IEnumerable<(string Term, string Text)> Rows(Command command)
    {
        foreach (var argument in command.Arguments) yield return (argument.Name.ToUpperInvariant(), argument.Description ?? "");
        foreach (var option in command.Options.Where(one => !one.Hidden))
            yield return ($"{string.Join(", ", option.Aliases.Prepend(option.Name).OrderBy(name => name.Length))}{ValueOf(option)}", option.Description ?? "");
    }

    private static string ValueOf(Option option)
    {
        if (option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0) return "";
        if (option.HelpName is { } name) return option.Arity.MinimumNumberOfValues == 0 ? $" [{name}]" : $" {name}";
        return $" {string.Join('|', option.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(one => one.Label))}";
    }

    private static string Escape(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    /// <summary>A line of roff: no escapes, and no request by a dot or an apostrophe at its beginning.</summary>
    private static string Roff(string? text)
    {
        var safe = (text ?? "").Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return safe is ['.' or '\'', ..] ? $"\\&{safe}" : safe;
    }
}
