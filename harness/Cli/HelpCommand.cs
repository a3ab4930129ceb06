using System.CommandLine;

namespace SockConformance.Cli;

/// <summary><c>help</c> and <c>completion</c>.</summary>
internal static class HelpCommand
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            # eval "$(sockconf completion bash)"
            _sockconf() {
              [[ $COMP_LINE == *' -- '* ]] && return
              mapfile -t COMPREPLY < <("$1" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
              local word=${COMP_WORDS[COMP_CWORD]} i
              for i in "${!COMPREPLY[@]}"; do [[ ${COMPREPLY[i]} == "$word"* ]] || unset "COMPREPLY[i]"; done
              COMPREPLY=("${COMPREPLY[@]}")
            }
            complete -o default -F _sockconf sockconf
            """,
        ["zsh"] = """
            #compdef sockconf
            # eval "$(sockconf completion zsh)", or a file _sockconf in a folder of $fpath
            _sockconf() {
              local line="${(j: :)words[1,CURRENT]}"
              local -a found
              [[ $line == *' -- '* ]] || found=(${(f)"$($words[1] "[suggest:${#line}]" "$line" 2>/dev/null)"})
              if (( $#found )); then compadd -- $found; else _files; fi
            }
            if [[ $funcstack[1] == _sockconf ]]; then _sockconf "$@"; else compdef _sockconf sockconf; fi
            """,
        ["fish"] = """
            # sockconf completion fish > ~/.config/fish/completions/sockconf.fish
            complete -c sockconf -n 'not string match -q "* -- *" (commandline -cp)' -a '(set -l line (commandline -cp); sockconf "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)'
            """,
    };

    public static Command Help(RootCommand root)
    {
        var topic = new Argument<string?>("topic") { Description = $"{string.Join(", ", HelpTopic.All.Select(one => one.Name))}, or a command.", HelpName = "topic", Arity = ArgumentArity.ZeroOrOne };
        topic.CompletionSources.Add(_ => HelpTopic.All.Select(one => new System.CommandLine.Completions.CompletionItem(one.Name)));
        var command = new Command("help", "What belongs to no single command: exit codes, the files of a report, environment variables.") { topic };
        command.SetAction(parsed =>
        {
            var name = parsed.GetValue(topic);
            if (HelpTopic.All.FirstOrDefault(one => one.Name == name) is { } found)
            {
                Console.Out.WriteLine($"{found.Title}\n");
                var width = found.Rows.Select(row => row.Term.Length).Where(length => length < 20).DefaultIfEmpty(4).Max();
                foreach (var (term, text) in found.Rows) Console.Out.WriteLine(term.Length > width ? $"  {term}\n  {"".PadRight(width)}  {text}" : $"  {term.PadRight(width)}  {text}");
                return Exit.Holds;
            }

            if (name is not null && root.Subcommands.All(one => one.Name != name)) throw new UsageException($"there is no help on '{name}'; topics are {string.Join(", ", HelpTopic.All.Select(one => one.Name))}, or a command{ConformanceCli.Nearest(name, HelpTopic.All.Select(one => one.Name).Concat(root.Subcommands.Select(one => one.Name)))}");
            var code = root.Parse(name is null ? ["--help"] : [name, "--help"]).Invoke();
            if (name is null) Console.Out.WriteLine($"Further: sockconf help {string.Join("|", HelpTopic.All.Select(one => one.Name))}");
            return code;
        });
        return command;
    }

    public static Command Completion()
    {
        var shell = new Argument<string>("shell") { Description = string.Join(", ", Scripts.Keys) };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "A script that completes sockconf's command line in a shell: eval \"$(sockconf completion bash)\"") { shell };
        command.SetAction(parsed => Console.Out.WriteLine(Scripts[parsed.GetValue(shell)!].ReplaceLineEndings("\n")));
        return command;
    }
}
