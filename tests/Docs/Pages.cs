using System.Text;
using SockConformance.Suites;
using SockConformance.Tests.EndToEnd;

namespace SockConformance.Tests.Docs;

/// <summary>The pages of docs/ that are made from the catalogue and from the headers of the target programs.</summary>
internal static class Pages
{
    private const string Made = "<!-- Made from the sources: SOCKCONF_UPDATE_DOCS=1 dotnet test --filter GeneratedDocs writes it anew. -->\n";

    /// <summary>docs/requirements.md: every requirement, with the specs that have it.</summary>
    public static string Requirements()
    {
        var suites = Catalogue.Book.All();
        var specs = suites.SelectMany(suite => suite.Requirements.Select(requirement => (requirement.Id, suite.Name))).ToLookup(entry => entry.Id, entry => entry.Name);
        var all = Catalogue.Book.Requirements;
        var page = new StringBuilder($"# Requirements\n\n{Made}\n{all.Count} requirements. `sockconf explain ID` says more of one; `sockconf list --spec NAME` shows those of a spec.\nLevel: MUST fails a run, SHOULD warns (with `--strict` it fails, too); a spec may change levels. Subject: whom a violation is charged to.\n");
        foreach (var group in all.GroupBy(requirement => requirement.Id.Split('/')[0]).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            page.Append($"\n## {group.Key}\n\n| id | level | subject | clause | demands | specs |\n|---|---|---|---|---|---|\n");
            foreach (var one in group.OrderBy(requirement => requirement.Id, StringComparer.Ordinal))
                page.Append($"| `{one.Id}` | {one.Level.ToString().ToUpperInvariant()} | {one.Subject.ToString().ToUpperInvariant()} | {Cell(one.Clause)} | {Cell(one.Statement)} | {Specs(specs[one.Id])} |\n");
        }

        return page.ToString();
    }

    /// <summary>docs/faulty-targets.md: which faulty program is caught by which requirement.</summary>
    public static string FaultyTargets()
    {
        var roles = TargetProgram.All("faulty").SelectMany(program => program.Roles).ToList();
        var about = roles.ToLookup(role => role.Trips[0], role => role.Name);
        var beside = roles.SelectMany(role => role.Trips.Skip(1).Select(id => (id, role.Name))).ToLookup(entry => entry.id, entry => entry.Name);
        var page = new StringBuilder($"# Requirements and the faulty programs that they catch\n\n{Made}\n{roles.Count} faulty programs in tests/targets/faulty, each with one defect. A test runs each of them and asserts that the requirement it is about is violated.\n\n| requirement | caught: programs about it | violated by others, too |\n|---|---|---|\n");
        foreach (var one in Catalogue.Book.Requirements.OrderBy(requirement => requirement.Id, StringComparer.Ordinal))
            page.Append($"| `{one.Id}` | {List(about[one.Id])} | {List(beside[one.Id])} |\n");
        page.Append("\n## The defects\n\n| program | serves | defect |\n|---|---|---|\n");
        foreach (var role in roles) page.Append($"| {Cell(role.Name)} | {(role.IsClient ? "client of " : "")}{role.Spec} | {Cell(role.Defect)} |\n");
        return page.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));

    private static string Specs(IEnumerable<string> names) => string.Join(", ", names.Distinct().Order(StringComparer.Ordinal));
}
