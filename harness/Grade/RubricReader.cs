using System.Collections.Immutable;
using System.Globalization;
using SockConformance.Model;
using SockConformance.Spec;

namespace SockConformance.Grade;

/// <summary>
/// Reads a rubric (<c>sockrubric: 1</c>, docs/instructors.md). What is not known is an error at its place, a requirement that the spec has not among it.
/// <code>
/// sockrubric: 1
/// course: networks-2026
/// groups:
///   - { name: Echoes, points: 60, requirements: [echo, tcp/listen] }
///   - { name: Closes, points: 40, requirements: [tcp/close, { id: tcp/half-close, weight: 2 }], visibility: hidden }
/// </code>
/// </summary>
internal sealed class RubricReader
{
    private const int MostPoints = 1_000_000, MostWords = 64;
    private static readonly TimeSpan UsualBuild = TimeSpan.FromMinutes(2), UsualMaxTime = TimeSpan.FromMinutes(2), UsualWithin = TimeSpan.FromMinutes(5);
    private readonly string spec;
    private readonly IReadOnlyCollection<string> known;

    private RubricReader(string spec, IReadOnlyCollection<string> known) => (this.spec, this.known) = (spec, known);

    /// <exception cref="SpecException">It cannot be used; one line says where, why, and what to write instead.</exception>
    public static Rubric ReadFile(string path, Suite suite)
    {
        try
        {
            if (!File.Exists(path)) throw new SpecException($"there is no rubric {SpecException.Show(path)}");
            return Read(YamlTree.Decode(InputFile.ReadBytes(path, YamlTree.MostBytes), path), path, suite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SpecException($"{path} cannot be read: {SpecException.Show(e.Message).Trim('\'')}");
        }
    }

    /// <param name="text">The file's text.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <param name="suite">The requirements that it may name.</param>
    public static Rubric Read(string text, string file, Suite suite) =>
        new RubricReader(suite.Name, [.. suite.Requirements.Select(requirement => requirement.Id)]).Of(new Section(YamlTree.Parse(text, file), "rubric"));

    private Rubric Of(Section top)
    {
        if (top["sockrubric"] is not YamlNode.Scalar { Quotes: Quotes.None, Text: "1" }) throw top.Wrong("sockrubric", "its first line is sockrubric: 1");
        var course = top.Line("course", 100)?.Trim();
        if (string.IsNullOrEmpty(course)) throw top.Wrong("course", "the course is missing; write course: NAME, from which the seed is made");
        var (build, run, check) = (top.Inner("build", "build"), top.Inner("run", "run"), top.Inner("check", "check"));
        run.OneOf("command", "find");
        var groups = GroupsOf(top);
        var worths = Rubric.UsualWorths;
        var verdicts = top.Inner("verdicts", "verdicts");
        foreach (var verdict in verdicts.Given) worths = worths.SetItem(verdict, (Worth)verdicts.Choice(verdict));
        return new Rubric(
            course, top.Line("title", 200) ?? course, top.Line("secret_seed", 200), Words(build, "command"), build.Duration("within") ?? UsualBuild, Amount(build, "points", 0),
            Words(run, "command"), run["find"] is { } rules ? [.. Section.Items(rules, "find").Select(rule => ProgramOf(new Section(rule, "program")))] : [],
            new CheckSettings(RubricKeys.WordsOf("check.profile")[check.Choice("profile", 1)], check.Duration("max_time") ?? UsualMaxTime, check.Duration("timeout"), check.Duration("within") ?? UsualWithin),
            groups, top["caps"] is { } caps ? [.. Section.Items(caps, "caps").Select(cap => CapOf(new Section(cap, "cap")))] : [], worths);
    }

    private ImmutableArray<PointGroup> GroupsOf(Section top)
    {
        if (top["groups"] is not { } list || Section.Items(list, "groups") is not { IsEmpty: false } items) throw top.Wrong("groups", "a rubric has groups; write - { name: Echoes, points: 60, requirements: [echo] }");
        var groups = ImmutableArray.CreateBuilder<PointGroup>();
        var taken = new Dictionary<string, string>();
        foreach (var item in items)
        {
            var section = new Section(item, "group");
            var group = GroupOf(section);
            if (groups.Any(other => other.Name == group.Name)) throw section.Wrong("name", $"there are two groups {SpecException.Show(group.Name)}; give one another name");
            foreach (var share in group.Shares)
            {
                if (!taken.TryAdd(share.Id, group.Name)) throw section.Wrong("requirements", $"{share.Id} is in the group {SpecException.Show(taken[share.Id])}, too; leave it out here with except: [{share.Id}]");
            }

            groups.Add(group);
        }

        return groups.ToImmutable();
    }

    private PointGroup GroupOf(Section section)
    {
        var name = section.Line("name", 100)?.Trim();
        if (string.IsNullOrEmpty(name)) throw section.Wrong("name", "the name of the group is missing; write name: Closes in order");
        if (section["points"] is null) throw section.Wrong($"the points of {SpecException.Show(name)} are missing; write points: 20");
        if (section["requirements"] is not { } named) throw section.Wrong($"the requirements of {SpecException.Show(name)} are missing; write requirements: [echo, tcp/close]");
        var shares = new Dictionary<string, decimal>();
        foreach (var item in Section.Items(named, "requirements"))
        {
            var (pattern, weight, place) = (item, 1m, item);
            if (item is YamlNode.Map)
            {
                var share = new Section(item, "share");
                pattern = share["id"] ?? throw share.Wrong("the id is missing; write { id: tcp/close, weight: 2 }");
                weight = Amount(share, "weight", 1);
                if (weight == 0) throw share.Wrong("weight", "weight is 0; write a number above it, or leave the requirement out");
            }

            foreach (var id in Matching(pattern)) shares[id] = weight; // a later entry is the more particular one
        }

        foreach (var item in section["except"] is { } except ? Section.Items(except, "except") : [])
        {
            foreach (var id in Matching(item)) shares.Remove(id);
        }

        if (shares.Count == 0) throw section.Wrong("requirements", $"no requirement is left in {SpecException.Show(name)}; name some");
        return new PointGroup(name, Amount(section, "points", 0), [.. shares.Select(share => new Share(share.Key, share.Value))], (Grading)section.Choice("grading"), (Visibility)section.Choice("visibility"));
    }

    private Cap CapOf(Section section)
    {
        if (section["fails"] is not { } fails || section["at_most"] is null) throw section.Wrong("a cap says what fails and what is left; write { fails: tcp/close/no-reset, at_most: 60 }");
        return new Cap([.. Matching(fails)], Section.Text(fails, "fails", _ => "write the id of a requirement"), Amount(section, "at_most", 0));
    }

    private static ProgramRule ProgramOf(Section section)
    {
        var file = section.Line("file", 200);
        if (string.IsNullOrEmpty(file) || section["command"] is null) throw section.Wrong("a rule says by which file a program is known and how it is started; write { file: server.py, command: [\"python3\", \"server.py\", \"{port}\"] }");
        if (file.Contains('/', StringComparison.Ordinal)) throw section.Wrong("file", "file is a path; write the name of a file in the submission's own folder");
        return new ProgramRule(file, Words(section, "build"), Words(section, "command"));
    }

    /// <summary>The requirements that an expression means: those that begin so, or match where it has a *.</summary>
    private IReadOnlyList<string> Matching(YamlNode node)
    {
        var pattern = Section.Text(node, "a requirement", _ => "write its id, or how several begin");
        var found = known.Where(id => pattern.Length > 0 && IdPattern.Matches(id, pattern)).ToList();
        return found.Count > 0 ? found : throw node.Wrong($"the spec {SpecException.Show(spec)} has no requirement {SpecException.Show(pattern)}{Model.Words.Nearest(pattern, known)}; sockconf list --spec shows them");
    }

    private static ImmutableArray<string> Words(Section section, string key)
    {
        if (section[key] is not { } node) return [];
        var items = Section.Items(node, key);
        if (items.Length is 0 or > MostWords) throw node.Wrong($"{key} has {items.Length} words; write [\"make\", \"server\"]");
        return [.. items.Select(item => Section.Text(item, key, _ => "write words"))];
    }

    private static decimal Amount(Section section, string key, decimal standard)
    {
        if (section[key] is not { } node) return standard;
        return node is YamlNode.Scalar { Quotes: Quotes.None, Text: { Length: > 0 and < 12 } text } && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            && amount <= MostPoints && decimal.Round(amount, 2) == amount
            ? amount : throw node.Wrong($"{key} is {node.Kind}; write a number from 0 to {MostPoints}, with at most two digits after the point");
    }
}
