using System.CommandLine;
using SockConformance.Report;

namespace SockConformance.Cli;

/// <summary><c>report --merge</c>: several reports as one.</summary>
internal static class ReportCommand
{
    public static Command Make(Options options)
    {
        var folders = new Argument<string[]>("dir") { Description = "Report folders.", Arity = ArgumentArity.OneOrMore };
        var merge = new Option<bool>("--merge") { Description = "Join the reports of runs that shared one campaign (check --partition) in the folder of --output.", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "The folder of the merged report.", HelpName = "DIR", Required = true };
        var command = new Command("report", "Join report folders: sockconf report --merge part-1 part-2 -o all. Exit code as of one run that did it all.") { folders, merge, output, options.Strict, options.Also };
        command.SetAction(parsed =>
        {
            var (into, strict, formats) = (parsed.GetValue(output)!, parsed.GetValue(options.Strict), options.FormatsOf(parsed));
            var results = new ReportMerge([.. parsed.GetValue(folders)!.Distinct()], Complain).Into(into, strict);
            Formats.Write(into, formats, results, strict);
            var actions = GitHubActions.Around(Console.Out);
            actions?.Begin();
            var counts = results.Requirements.CountBy(entry => entry.Verdict).Select(one => $"{one.Value} {one.Key}");
            Console.Out.WriteLine($"Merged   {parsed.GetValue(folders)!.Length} runs, {results.Requirements.Length} requirements: {string.Join(", ", counts)}");
            foreach (var entry in results.Requirements.Where(entry => entry.Fails(strict))) Console.Out.WriteLine($"  FAIL   {Printable.Line(entry.Id, 100)}  {entry.Message()}");
            Console.Out.WriteLine($"Report   {Printable.Line(into)}   exit {results.Exit}");
            Session.End(actions, results, strict);
            return results.Exit;
        });
        return command;

        static void Complain(string line) => Console.Error.WriteLine($"sockconf: {Printable.Line(line, 1000)}");
    }
}
