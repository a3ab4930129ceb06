using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Spec;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Spec;

/// <summary>docs/sockspec.schema.json and the reader are of one opinion; the template and the manual are, too.</summary>
public class SpecSchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs/sockspec.schema.json")))!.AsObject();

    private static JsonObject Definitions => Schema["$defs"]!.AsObject();

    private static IEnumerable<string> Sections => SpecKeys.Sections;

    private static IEnumerable<string> Choices => SpecKeys.Choices;

    /// <summary>The specs in the manual: its blocks of YAML.</summary>
    private static IEnumerable<string> Manual =>
        Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/specs.md")), "^```yaml\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Select(match => match.Groups[1].Value);

    [TestCaseSource(nameof(Sections))]
    public void A_section_has_the_same_keys_in_both(string section)
    {
        var definition = Definitions[section]!.AsObject();
        var branches = definition["oneOf"] is JsonArray several ? several.Select(one => one!["$ref"] is { } reference ? Target($"{reference}") : one.AsObject()) : [definition];
        Assert.That(branches.SelectMany(one => one["properties"]!.AsObject().Select(property => property.Key)), Is.EquivalentTo(SpecKeys.Of(section)));
        Assert.That(branches.Select(one => $"{one["additionalProperties"]}"), Is.All.EqualTo("false"));
    }

    [TestCaseSource(nameof(Choices))]
    public void A_choice_has_the_same_words_in_both(string choice)
    {
        var words = Definitions[choice.Split('.')[0]]!["properties"]![choice.Split('.')[1]]!["enum"]!.AsArray().Select(word => $"{word}").Distinct();
        Assert.That(words, Is.EqualTo(SpecKeys.WordsOf(choice)));
    }

    [Test]
    public void Every_key_of_the_schema_is_described_by_itself_or_by_what_it_refers_to() => Assert.That(
        from section in Sections
        from property in Definitions[section]!["properties"]?.AsObject() ?? []
        where property.Value!["description"] is null && property.Value["$ref"] is null && property.Value["enum"] is null && property.Value["const"] is null && property.Key != "hex"
        select $"{section}.{property.Key}", Is.Empty);

    [TestCaseSource(typeof(Specs), nameof(Specs.Shipped))]
    public void A_shipped_spec_keeps_the_schema(string path)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, path));
        // Its kind is what only a built-in spec may say.
        Assert.That(Violations(Regex.Replace(text, "^kind: .*\n", "", RegexOptions.Multiline)), Is.Empty);
    }

    [TestCase("sockspec: 1\ntransport: { type: sctp }", "type")]
    [TestCase("sockspec: 1\nnmae: x", "nmae")]
    [TestCase("name: x", "sockspec")]
    [TestCase("sockspec: 1\nlaunch: { within: 5 }", "within")]
    [TestCase("sockspec: 1\nframing: { line: {}, fixed: {} }", "framing")]
    [TestCase("sockspec: 1\nframing: { fixed: { size: 4KB } }", "size")]
    [TestCase("sockspec: 1\ndialogue: { rules: [{ when: { any: false } }] }", "any")]
    [TestCase("sockspec: 1\nlevels: { a: may }", "a")]
    public void What_the_reader_refuses_the_schema_refuses(string text, string place)
    {
        Specs.Refusal(text);
        Assert.That(Violations(text), Has.Some.Contain(place));
    }

    // ---- The template ----
    [Test]
    public void The_template_is_read_and_says_what_holds_anyway()
    {
        var spec = Specs.Read(SpecTemplate.Text("my-service"));
        var usual = new ServiceSpec { Name = "my-service" };
        Assert.That(Specs.Said(spec with { Launch = usual.Launch }), Is.EqualTo(Specs.Said(usual)));
        Assert.That((spec.Launch.Within, spec.Launch.StopSignal, spec.Launch.StopWithin), Is.EqualTo((TimeSpan.FromSeconds(10), "TERM", TimeSpan.FromSeconds(3))));
        Assert.That(Violations(SpecTemplate.Text("my-service")), Is.Empty);
    }

    [Test]
    public void The_template_has_every_key_and_every_word_of_the_format() => Assert.That(
        SpecKeys.Sections.SelectMany(SpecKeys.Of).Concat(SpecKeys.Choices.Where(choice => choice != "level.level").SelectMany(SpecKeys.WordsOf)).Except(["http"])
            .Where(word => !Regex.IsMatch(SpecTemplate.Text("x"), $@"(?<![\w.-]){Regex.Escape(word)}(?![\w-])")), Is.Empty);

    [TestCase("stream: {}", "line: { terminator")]
    [TestCase("stream: {}", "length_prefix")]
    [TestCase("stream: {}", "fixed")]
    [TestCase("stream: {}", "until_eof")]
    public void What_stands_behind_a_sign_in_the_template_can_be_used_instead(string instead, string start)
    {
        var text = Regex.Replace(SpecTemplate.Text("x"), $"^  {Regex.Escape(instead)}.*\n", "", RegexOptions.Multiline);
        text = Regex.Replace(text, $"^  # ({Regex.Escape(start)}.*)$", "  $1", RegexOptions.Multiline);
        Assert.That(Specs.Read(text).Request.GetType().Name, Is.EqualTo(start.Split(':')[0] switch { "line" => "Line", "length_prefix" => "LengthPrefix", "fixed" => "Fixed", _ => "UntilEof" }));
        Assert.That(Violations(text), Is.Empty);
    }

    [Test]
    public void The_rule_in_the_template_can_be_used()
    {
        var text = Regex.Replace(SpecTemplate.Text("x"), "^  rules: .*\n", "", RegexOptions.Multiline);
        text = Regex.Replace(text, "^  # (rules:|  )", "  $1", RegexOptions.Multiline);
        Assert.That(Specs.Read(text).Rules, Has.Length.EqualTo(1));
        Assert.That(Violations(text), Is.Empty);
    }

    // ---- The manual ----
    [Test]
    public void The_manual_has_examples() => Assert.That(Manual.Count(), Is.GreaterThanOrEqualTo(3));

    [TestCaseSource(nameof(Manual))]
    public void An_example_of_the_manual_is_read(string text)
    {
        var spec = SpecReader.Read(text, "example.yaml", Suites.BuiltInSpecs.Shelf.BuiltIn);
        Assert.That(spec.Name, Is.Not.EqualTo("example"));
        Assert.That(Violations(text), Is.Empty);
    }

    // ---- As much of JSON Schema as the schema uses ----
    private static List<string> Violations(string yaml) => [.. Violations(Schema, Json(YamlTree.Parse(yaml, "a.yaml")), "")];

    private static IEnumerable<string> Violations(JsonObject schema, JsonNode? value, string at)
    {
        foreach (var (word, rule) in schema)
        {
            var violations = word switch
            {
                "$ref" => Violations(Target($"{rule}"), value, at),
                "type" => Wrong(!(rule is JsonArray types ? types.Any(type => IsOf($"{type}", value)) : IsOf($"{rule}", value)), $"is no {rule}"),
                "const" => Wrong(!JsonNode.DeepEquals(rule, value), $"is not {rule}"),
                "enum" => Wrong(!rule!.AsArray().Any(one => JsonNode.DeepEquals(one, value)), "is none of the words"),
                "pattern" => Wrong(value is JsonValue text && text.GetValueKind() == JsonValueKind.String && !Regex.IsMatch($"{value}", $"{rule}"), "does not match"),
                "minLength" => Wrong(value is JsonValue && $"{value}".Length < (int)rule!, "is too short"),
                "maxLength" => Wrong(value is JsonValue && $"{value}".Length > (int)rule!, "is too long"),
                "minimum" => Wrong(value is JsonValue number && number.GetValueKind() == JsonValueKind.Number && (decimal)number < (decimal)rule!, "is too small"),
                "maximum" => Wrong(value is JsonValue number && number.GetValueKind() == JsonValueKind.Number && (decimal)number > (decimal)rule!, "is too large"),
                "minItems" => Wrong(value is JsonArray list && list.Count < (int)rule!, "has too few items"),
                "maxItems" => Wrong(value is JsonArray list && list.Count > (int)rule!, "has too many items"),
                "minProperties" => Wrong(value is JsonObject map && map.Count < (int)rule!, "has too few keys"),
                "maxProperties" => Wrong(value is JsonObject map && map.Count > (int)rule!, "has too many keys"),
                "required" => value is JsonObject map ? rule!.AsArray().Where(key => !map.ContainsKey($"{key}")).Select(key => $"{at} lacks {key}") : [],
                "properties" => value is JsonObject map ? rule!.AsObject().Where(property => map.ContainsKey(property.Key)).SelectMany(property => Violations(property.Value!.AsObject(), map[property.Key], $"{at}/{property.Key}")) : [],
                "additionalProperties" => value is JsonObject map ? map.Where(entry => schema["properties"]?[entry.Key] is null).SelectMany(entry => rule is JsonObject each ? Violations(each, entry.Value, $"{at}/{entry.Key}") : [$"{at} has {entry.Key}"]) : [],
                "propertyNames" => value is JsonObject map ? map.SelectMany(entry => Violations(rule!.AsObject(), entry.Key, $"{at}/{entry.Key}")) : [],
                "items" => value is JsonArray list ? list.SelectMany((item, index) => Violations(rule!.AsObject(), item, $"{at}/{index}")) : [],
                "oneOf" => OneOf([.. rule!.AsArray().Select(one => Violations(one!.AsObject(), value, at).ToList())]),
                "$schema" or "$defs" or "title" or "description" or "default" => [],
                _ => throw new NotSupportedException($"the schema uses {word}, which this test does not know"),
            };
            foreach (var violation in violations) yield return violation;
        }

        IEnumerable<string> Wrong(bool wrong, string what) => wrong ? [$"{at} {what}"] : [];

        IEnumerable<string> OneOf(List<List<string>> branches) => branches.Count(one => one.Count == 0) switch { 1 => [], 0 => [$"{at} is nothing of: {string.Join(" | ", branches.Select(one => one[0]))}"], _ => [$"{at} is several things"] };
    }

    private static JsonObject Target(string reference) => reference.Split('/').Skip(1).Aggregate((JsonNode)Schema, (node, part) => node[part]!).AsObject();

    private static bool IsOf(string type, JsonNode? value) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "number" => value?.GetValueKind() == JsonValueKind.Number,
        "integer" => value?.GetValueKind() == JsonValueKind.Number && decimal.IsInteger((decimal)value),
        _ => throw new NotSupportedException(type),
    };

    /// <summary>As an editor reads YAML: plain words may be numbers or truth.</summary>
    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlNode.Map map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Text, Json(entry.Value)))),
        YamlNode.List list => new JsonArray([.. list.Items.Select(Json)]),
        YamlNode.Scalar { IsNull: true } => null,
        YamlNode.Scalar { Quotes: Quotes.None, Text: "true" or "false" } scalar => scalar.Text == "true",
        YamlNode.Scalar { Quotes: Quotes.None } scalar when decimal.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        YamlNode.Scalar scalar => scalar.Text,
        _ => throw new NotSupportedException(),
    };
}
