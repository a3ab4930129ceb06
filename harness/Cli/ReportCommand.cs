using System.CommandLine;
using SockConformance.Report;
using SockConformance.Report.Html;

namespace SockConformance.Cli;

/// <summary><c>report</c>: report.html of a run again; with <c>--merge</c>, several reports as one.</summary>
internal static class ReportCommand
{
    public static Command Make(Options options)
    {
        var folders = new Argument<string[]>("dir") { Description = "Report folders.", Arity = ArgumentArity.OneOrMore };
        var merge = new Option<bool>("--merge") { Description = "Join the reports of runs that shared one campaign (check --partition) in the folder of --output." };
        var output = new Option<string?>("--output", "-o") { Description = "The folder of the merged report.", HelpName = "DIR" };
        var command = new Command("report", "Write report.html of a run again, from what is in its folder; or join reports: sockconf report --merge part-1 part-2 -o all, with the exit code of one run that did it all.") { folders, merge, output, options.Strict, options.Also };
        command.SetAction(parsed =>
        {
            var named = parsed.GetValue(output);
            if (parsed.GetValue(merge) != named is not null) throw new UsageException("--merge and --output go together: sockconf report --merge part-1 part-2 -o all");
            if (named is null)
            {
                foreach (var folder in parsed.GetValue(folders)!) Console.Out.WriteLine(Printable.Line(HtmlReport.Write(folder), 2000));
                return Exit.Holds;
            }

            var (into, strict, formats) = (named, parsed.GetValue(options.Strict), options.FormatsOf(parsed));
            var results = new ReportMerge([.. parsed.GetValue(folders)!.Distinct()], Complain).Into(into, strict);
            Formats.Write(into, formats, results, strict);
            HtmlReport.Write(into);
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
