using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Docs;

public class GeneratedDocsTests
{
    [Test]
    public void The_list_of_requirements_is_that_of_the_catalogue() => MustBe("requirements.md", Pages.Requirements());

    [Test]
    public void The_matrix_of_faulty_programs_is_that_of_their_headers() => MustBe("faulty-targets.md", Pages.FaultyTargets());

    [Test]
    public void The_page_of_divergences_is_that_of_the_profiles() => MustBe("divergences.md", Pages.Divergences());

    [Test]
    public void The_page_of_the_command_line_is_that_of_its_model() => MustBe("cli.md", Pages.CommandLine());

    [Test]
    public void The_manual_page_is_that_of_the_command_lines_model() => MustBe("sockconf.1", Pages.Manual());

    private static void MustBe(string name, string text)
    {
        var path = Path.Combine(Repository.Root, "docs", name);
        if (Environment.GetEnvironmentVariable("SOCKCONF_UPDATE_DOCS") is "1") File.WriteAllText(path, text);
        Assert.That(File.Exists(path) ? File.ReadAllText(path) : "", Is.EqualTo(text), $"docs/{name} is not what the sources say: SOCKCONF_UPDATE_DOCS=1 dotnet test --filter GeneratedDocs");
    }
}
