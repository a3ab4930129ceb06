using SockConformance.Api;
using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>
/// Reads a platform's profile: where its socket API differs from POSIX.
/// <code>
/// profile: linux
/// title: Linux
/// extends: posix                   # or another built-in profile
/// traits: [tells-hangup]           # in place of the parent's; <see cref="Traits"/> has them all
/// deviations:
///   - { rule: api/send/never-connected, answers: EPIPE, why: "no ENOTCONN for streams", source: "send(2)" }
/// </code>
/// </summary>
public static class ProfileReader
{
    private const string Sample = "- { rule: api/send/never-connected, answers: EPIPE, why: \"…\", source: \"…\" }";

    /// <exception cref="SpecException">It cannot be read or used.</exception>
    public static Profile ReadFile(string path, Func<string, Profile?> find)
    {
        try
        {
            if (!File.Exists(path)) throw new SpecException($"there is no profile {SpecException.Show(path)}");
            return Read(YamlTree.Decode(InputFile.ReadBytes(path, YamlTree.MostBytes), path), path, find);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SpecException($"{path} cannot be read: {SpecException.Show(e.Message).Trim('\'')}");
        }
    }

    /// <param name="text">The file's text.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <param name="find">The profile of a name; null if there is none.</param>
    /// <exception cref="SpecException">It cannot be used; one line says where, why, and what to write instead.</exception>
    public static Profile Read(string text, string file, Func<string, Profile?> find)
    {
        var tree = YamlTree.Parse(text, file);
        var map = Map(tree, "profile: NAME, then deviations:", ["profile", "title", "extends", "traits", "deviations"]);
        var name = Text(map, "profile");
        var parent = map["extends"] is null ? Profile.Posix : find(Text(map, "extends")) ?? throw map["extends"]!.Wrong($"there is no profile {SpecException.Show(Text(map, "extends"))}");
        var traits = parent.Traits;
        if (map["traits"] is { } given)
        {
            traits = Traits.None; // in place of the parent's
            foreach (var item in (given as YamlNode.List ?? throw given.Wrong("traits is a list")).Items)
            {
                var known = Profile.KnownTraits.FirstOrDefault(one => item is YamlNode.Scalar scalar && one.Word == scalar.Text);
                traits |= known.Word is null ? throw item.Wrong($"the traits are {string.Join(", ", Profile.KnownTraits.Select(one => one.Word))}") : known.Trait;
            }
        }

        var deviations = parent.Deviations.ToDictionary(deviation => deviation.Point);
        var own = new HashSet<Point>();
        if (map["deviations"] is not (null or YamlNode.Scalar { IsNull: true }))
        {
            foreach (var item in (map["deviations"] as YamlNode.List ?? throw map["deviations"]!.Wrong($"deviations is a list: {Sample}")).Items)
            {
                var entry = Map(item, Sample, ["rule", "answers", "why", "source"]);
                var id = Text(entry, "rule");
                var rule = Points.Find(id) ?? throw entry["rule"]!.Wrong($"there is no rule {SpecException.Show(id)}{Words.Nearest(id, Points.Table.Select(one => one.Id))}");
                if (!own.Add(rule.Point)) throw entry["rule"]!.Wrong($"{id} is in the list twice");
                deviations[rule.Point] = new Deviation(rule.Point, Answer(entry), Text(entry, "why"), Text(entry, "source"));
            }
        }

        return new Profile(name, map["title"] is null ? name : Text(map, "title"), deviations.Values.OrderBy(deviation => deviation.Point)) { Traits = traits };
    }

    private static Answers Answer(YamlNode.Map entry)
    {
        var text = Text(entry, "answers");
        try
        {
            return Answers.Parse(text);
        }
        catch (ArgumentException)
        {
            throw entry["answers"]!.Wrong($"{SpecException.Show(text)} is no list of answers; write 0 for success, names of errors, or *, with spaces between them");
        }
    }

    private static YamlNode.Map Map(YamlNode node, string sample, string[] known)
    {
        var map = node as YamlNode.Map ?? throw node.Wrong($"this is {node.Kind}; write {sample}");
        Section.MustKnow(map, known, "this");
        return map;
    }

    private static string Text(YamlNode.Map map, string key) =>
        map[key] is YamlNode.Scalar { IsNull: false } scalar && scalar.Text.Trim().Length > 0 ? scalar.Text.Trim() : throw (map[key] ?? map).Wrong($"the {key} is missing; write {Sample}");
}
