using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SockConformance.Tests.Shared;

/// <summary>As much of JSON Schema as docs/analysis.schema.json uses; a word that it does not know is an error.</summary>
internal sealed class JsonSchema(JsonObject root)
{
    public static JsonSchema Of(string path) => new(JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, path)))!.AsObject());

    /// <summary>A line for each violation: where, and which word.</summary>
    public IEnumerable<string> Violations(JsonNode? value) => Violations(root, value, "$");

    private IEnumerable<string> Violations(JsonObject schema, JsonNode? value, string at)
    {
        foreach (var (word, rule) in schema)
        {
            var kind = value?.GetValueKind() ?? JsonValueKind.Null;
            var holds = word switch
            {
                "type" => rule is JsonArray types ? types.Any(type => IsOf($"{type}", kind, value)) : IsOf($"{rule}", kind, value),
                "const" => JsonNode.DeepEquals(rule, value),
                "enum" => rule!.AsArray().Any(one => JsonNode.DeepEquals(one, value)),
                "pattern" => kind != JsonValueKind.String || Regex.IsMatch($"{value}", $"{rule}"),
                "minimum" => kind != JsonValueKind.Number || (decimal)value! >= (decimal)rule!,
                "maximum" => kind != JsonValueKind.Number || (decimal)value! <= (decimal)rule!,
                "required" => value is not JsonObject all || rule!.AsArray().All(name => all.ContainsKey($"{name}")),
                "additionalProperties" => value is not JsonObject some || some.All(member => schema["properties"]!.AsObject().ContainsKey(member.Key)),
                "properties" or "items" or "$ref" or "$defs" or "$schema" or "title" or "description" or "format" => true,
                _ => throw new NotSupportedException(word),
            };
            if (!holds) yield return $"{at}: {word} {rule}: {value?.ToJsonString() ?? "null"}";
            foreach (var further in (word, value) switch
            {
                ("$ref", _) => Violations(root["$defs"]![$"{rule}".Split('/')[^1]]!.AsObject(), value, at),
                ("properties", JsonObject members) => members.Where(member => rule![member.Key] is not null).SelectMany(member => Violations(rule![member.Key]!.AsObject(), member.Value, $"{at}.{member.Key}")),
                ("items", JsonArray list) => list.SelectMany((item, index) => Violations(rule!.AsObject(), item, $"{at}[{index}]")),
                _ => [],
            }) yield return further;
        }
    }

    private static bool IsOf(string type, JsonValueKind kind, JsonNode? value) => type switch
    {
        "object" => kind == JsonValueKind.Object,
        "array" => kind == JsonValueKind.Array,
        "string" => kind == JsonValueKind.String,
        "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
        "null" => kind == JsonValueKind.Null,
        "number" => kind == JsonValueKind.Number,
        "integer" => kind == JsonValueKind.Number && value!.AsValue().TryGetValue<long>(out _),
        _ => throw new NotSupportedException(type),
    };
}
