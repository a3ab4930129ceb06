using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Tests.Shared;
using YamlDotNet.RepresentationModel;

namespace SockConformance.Tests.Docs;

/// <summary>The pipelines in docs/examples and the action: their YAML is read, and what they call is there.</summary>
public class ExampleTests
{
    private static string[] Files => [Path.Combine(Repository.Root, "action.yml"), .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "examples"), "*.y*ml").Order(StringComparer.Ordinal)];

    [TestCaseSource(nameof(Files))]
    public void An_example_is_yaml_and_uses_only_options_that_there_are(string path)
    {
        var text = File.ReadAllText(path);
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        Assert.That(((YamlMappingNode)stream.Documents.Single().RootNode).Children, Is.Not.Empty);
        var commandLine = File.ReadAllText(Path.Combine(Repository.Root, "docs", "cli.md"));
        foreach (var line in text.Split('\n').Where(line => Regex.IsMatch(line, "(sockconf|SOCKCONF|run-conformance.sh\"?) (check|report)|^ +options:")))
        {
            foreach (Match option in Regex.Matches(line.Split(" -- ")[0], "(?<= )--?[a-z][a-z-]*")) Assert.That(commandLine, Does.Match($"`(-., )?{option.Value}[ `]|`{option.Value}, "), line);
        }
    }

    [Test]
    public void The_action_passes_its_inputs_as_variables_and_never_as_text_of_its_script()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Files[0])));
        var steps = (YamlSequenceNode)stream.Documents[0].RootNode["runs"]["steps"];
        Assert.That(steps.Select(step => $"{step["run"]}"), Is.All.Not.Contain("${{"));
    }

    [Test]
    public void The_guide_names_files_that_are_there()
    {
        var docs = Path.Combine(Repository.Root, "docs");
        var links = Regex.Matches(File.ReadAllText(Path.Combine(docs, "ci.md")), @"\]\(([^)#]+)").Select(match => match.Groups[1].Value).ToList();
        Assert.That(links, Has.Count.GreaterThan(4));
        Assert.That(links.Select(link => Path.Combine(docs, link)), Is.All.Exist);
    }
}
