using System.CommandLine;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Cli;
using SockConformance.Run;
using SockConformance.Suites;
using SockConformance.Tests.Architecture;

namespace SockConformance.Tests.Report;

/// <summary>What the command line says of itself.</summary>
public class HelpTests
{
    private static readonly RootCommand Root = ConformanceCli.Root([], Catalogue.Book, [], []);

    [Test]
    public void Every_command_and_option_has_a_sentence() => Assert.That(
        from command in Root.Subcommands
        from symbol in command.Options.Cast<Symbol>().Concat(command.Arguments).Append(command)
        where symbol.Description is not { Length: > 3 }
        select $"{command.Name} {symbol.Name}", Is.Empty);

    // A variable that nobody can read about is a trap; those in the list are between sockconf and itself.
    [Test]
    public void Every_variable_that_is_read_is_in_the_help()
    {
        var told = HelpTopic.All.Single(topic => topic.Name == "environment").Rows.SelectMany(row => row.Term.Split(", ")).ToHashSet();
        string[] inner = ["SOCKCONF_SCRATCH", "SOCKCONF_USER", "KUBERNETES_SERVICE_HOST", "container"];
        var read = SourceFile.All.SelectMany(file => Regex.Matches(file.Code, "(?:GetEnvironmentVariable|Set)\\(\"(\\w+)\"\\)").Select(match => match.Groups[1].Value)).Distinct().Except(inner).ToList();
        Assert.That(read, Has.Count.GreaterThan(5).And.Member("GITHUB_ACTIONS"));
        Assert.That(read.Except(told), Is.Empty);
    }

    [Test]
    public void The_manual_page_has_no_line_that_begins_by_accident_like_a_request() =>
        Assert.That(CommandPages.Man(Root).Split('\n').Where(line => line is ['.' or '\'', ..]), Is.All.Match(@"^\.(TH|SH|SS|TP|B|I)( |$)"));

    [TestCase("apt-get", "libpcap", "sudo apt-get install -y libpcap0.8")]
    [TestCase("dnf", "libpcap", "sudo dnf install -y libpcap")]
    [TestCase("apk", "bubblewrap", "sudo apk add bubblewrap")]
    [TestCase("pacman", "bubblewrap", "sudo pacman -S --needed bubblewrap")]
    [TestCase("zypper", "libpcap", "sudo zypper install libpcap1")]
    [TestCase("none", "bubblewrap", "install bubblewrap")]
    public void What_is_missing_comes_with_the_line_of_the_systems_own_package_manager(string manager, string package, string line) =>
        Assert.That(new Packages(program => program == manager).LineFor(package), Is.EqualTo(line));
}
