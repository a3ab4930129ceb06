using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Spec;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Grade;

/// <summary>docs/sockrubric.schema.json, the manual and the reader are of one opinion.</summary>
public class RubricSchemaTests
{
    private static readonly JsonObject Definitions = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs/sockrubric.schema.json")))!["$defs"]!.AsObject();

    private static IEnumerable<string> Sections => RubricKeys.Sections;

    private static IEnumerable<string> Choices => RubricKeys.Choices;

    private static IEnumerable<string> Manual =>
        Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/instructors.md")), "^```yaml\n(sockrubric.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Select(match => match.Groups[1].Value);

    [TestCaseSource(nameof(Sections))]
    public void A_section_has_the_same_keys_in_both(string section)
    {
        Assert.That(Definitions[section]!["properties"]!.AsObject().Select(property => property.Key), Is.EquivalentTo(RubricKeys.Of(section)));
        Assert.That($"{Definitions[section]!["additionalProperties"]}", Is.EqualTo("false"));
    }

    [TestCaseSource(nameof(Choices))]
    public void A_choice_has_the_same_words_in_both(string choice) => Assert.That(
        Definitions[choice.Split('.')[0]]!["properties"]![choice.Split('.')[1]]!["enum"]!.AsArray().Select(word => $"{word}"), Is.EqualTo(RubricKeys.WordsOf(choice)));

    [Test]
    public void The_manual_has_examples() => Assert.That(Manual.Count(), Is.GreaterThanOrEqualTo(2));

    [TestCaseSource(nameof(Manual))]
    public void An_example_of_the_manual_is_read(string text) => Assert.That(Rubrics.Read(text).Groups, Is.Not.Empty);

    [Test]
    public void The_manual_names_every_key() => Assert.That(
        RubricKeys.Sections.SelectMany(RubricKeys.Of).Where(key => !Regex.IsMatch(File.ReadAllText(Path.Combine(Repository.Root, "docs/instructors.md")), $@"(?<![\w-]){key}(?![\w-])")), Is.Empty);
}
