using System.Diagnostics;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Tests.Shared;
using YamlDotNet.RepresentationModel;

namespace SockConformance.Tests.Docs;

/// <summary>The action, the pipelines in docs/examples and our own: their YAML is read, and what they call is there.</summary>
public class ExampleTests
{
    private static string Action { get; } = Path.Combine(Repository.Root, "action.yml");

    private static IEnumerable<string> Files => [Action, .. Pipelines("docs", "examples"), .. Pipelines(".github", "workflows")];

    [TestCaseSource(nameof(Files))]
    public void An_example_is_yaml_and_uses_only_options_that_there_are(string path)
    {
        var text = File.ReadAllText(path);
        Assert.That(Read(path).Children, Is.Not.Empty);
        var commandLine = File.ReadAllText(Path.Combine(Repository.Root, "docs", "cli.md"));
        foreach (Match line in Regex.Matches(text, "(?m)(?:(?:sockconf|SOCKCONF|run-conformance.sh\"?) (?:check|report)|^ +options:).*"))
        {
            foreach (Match option in Regex.Matches(line.Value.Split(" -- ")[0], "(?<= )--?[a-z][a-z-]*")) Assert.That(commandLine, Does.Match($"`(-., )?{option.Value}[ `]|`{option.Value}, "), line.Value);
        }
    }

    /// <summary>What stands in a variable of GitHub's is never text of a script: anybody may have written it.</summary>
    [TestCaseSource(nameof(Files))]
    public void A_script_of_a_step_has_only_variables_of_the_shell_and_a_shell_can_read_it(string path)
    {
        foreach (var script in ScriptsIn(Read(path)))
        {
            Assert.That(script, Does.Not.Contain("${{"));
            using var bash = Process.Start(new ProcessStartInfo("bash", ["-n", "-c", script]) { RedirectStandardError = true })!;
            var said = bash.StandardError.ReadToEnd();
            bash.WaitForExit();
            Assert.That((bash.ExitCode, said), Is.EqualTo((0, "")), script);
        }
    }

    [Test]
    public void The_action_uses_each_of_its_inputs_and_no_other()
    {
        var used = Regex.Matches(File.ReadAllText(Action), @"\$\{\{ inputs\.([a-z-]+) \}\}").Select(match => match.Groups[1].Value).Distinct();
        Assert.That(used, Is.EquivalentTo(((YamlMappingNode)Read(Action)["inputs"]).Children.Keys.Select(key => $"{key}")));
    }

    [Test]
    public void The_guide_names_files_that_are_there()
    {
        var docs = Path.Combine(Repository.Root, "docs");
        var links = Regex.Matches(File.ReadAllText(Path.Combine(docs, "ci.md")), @"\]\(([^)#]+)").Select(match => match.Groups[1].Value).ToList();
        Assert.That(links, Has.Count.GreaterThan(4));
        Assert.That(links.Select(link => Path.Combine(docs, link)), Is.All.Exist);
    }

    private static IEnumerable<string> Pipelines(params string[] folders) => Directory.EnumerateFiles(Path.Combine([Repository.Root, .. folders]), "*.y*ml").Order(StringComparer.Ordinal);

    private static YamlMappingNode Read(string path)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(path)));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    /// <summary>GitHub's <c>run</c>, GitLab's <c>script</c> and <c>before_script</c>, a container's <c>args</c>.</summary>
    private static IEnumerable<string> ScriptsIn(YamlNode node) => node switch
    {
        YamlMappingNode mapping => mapping.Children.SelectMany(pair => $"{pair.Key}" is "run" or "script" or "before_script" or "args"
            ? pair.Value is YamlSequenceNode lines ? lines.Select(line => $"{line}") : [$"{pair.Value}"]
            : ScriptsIn(pair.Value)),
        YamlSequenceNode sequence => sequence.SelectMany(ScriptsIn),
        _ => [],
    };
}
