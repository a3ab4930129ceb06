using System.Text;
using SockConformance.Api;
using SockConformance.Cli;
using SockConformance.Suites;
using SockConformance.Tests.EndToEnd;
using SockConformance.Tests.Stacks;
using SockConformance.Wire;
using Profile = SockConformance.Api.Profile;

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

    /// <summary>docs/divergences.md: where platforms differ from POSIX, each with the shortest of the situations that shows it.</summary>
    public static string Divergences()
    {
        var profiles = BuiltInProfiles.Names.Where(name => name != "posix").Select(name => BuiltInProfiles.Find(name)!).ToList();
        var shown = ShortestTo([.. profiles.SelectMany(profile => profile.Deviations).Select(deviation => deviation.Point).Distinct()]);
        var page = new StringBuilder($"# Where implementations differ from POSIX\n\n{Made}\nEach row is data of a profile (suites/profiles); the programs are run on this machine's kernel when the page is made, and cut where the situation is met.\nA * means: whatever is answered. What looks like a bug rather than a choice is marked so in its words.\n");
        foreach (var profile in profiles)
        {
            var traits = Profile.KnownTraits.Where(one => profile.Has(one.Trait)).Select(one => $"`{one.Word}`").ToList();
            page.Append($"\n## {profile.Name}: {profile.Title}\n\n{(traits.Count > 0 ? $"Traits (harness/Api/Profile.cs): {string.Join(", ", traits)}.\n\n" : "")}| rule | POSIX | {profile.Name} | why | source | shown by |\n|---|---|---|---|---|---|\n");
            foreach (var one in profile.Deviations.Where(one => profile.Name is "linux" or "lwip" || BuiltInProfiles.Find("linux")!.Allowed(one.Point) != one.Allowed))
                page.Append($"| `{Points.Of(one.Point).Id}` | {Points.Of(one.Point).Allowed} | {one.Allowed} | {Cell(one.Why)} | {Cell(one.Source)} | {(shown.TryGetValue(one.Point, out var program) ? $"`{program}`" : "")} |\n");
        }

        return page.ToString();
    }

    private static Dictionary<Point, string> ShortestTo(HashSet<Point> points)
    {
        using var driver = new LibcDriver();
        var run = new ProgramRun(BuiltInProfiles.Find("linux")!, driver, null, TimeSpan.FromSeconds(10)) { Records = true };
        var shortest = new Dictionary<Point, (int Length, string Text)>();
        foreach (var program in Situations.All(withPeer: false))
        {
            foreach (var call in run.Run(program).Calls.Where(call => call.Step >= 0 && points.Contains(call.Situation)))
            {
                if (!shortest.TryGetValue(call.Situation, out var known) || call.Step + 1 < known.Length) shortest[call.Situation] = (call.Step + 1, string.Join("; ", program.Calls.Take(call.Step + 1)));
            }
        }

        return shortest.ToDictionary(pair => pair.Key, pair => pair.Value.Text);
    }

    /// <summary>docs/faulty-targets.md: which faulty program is caught by which requirement.</summary>
    public static string FaultyTargets()
    {
        var roles = TargetProgram.All("faulty").SelectMany(program => program.Roles).ToList();
        var about = roles.ToLookup(role => role.Trips[0], role => role.Name);
        var beside = roles.SelectMany(role => role.Trips.Skip(1).Select(id => (id, role.Name))).ToLookup(entry => entry.id, entry => entry.Name);
        var stacks = WrongStack.Defects.ToLookup(defect => $"tcp/segments/{defect.Trips}", defect => $"(stack) {defect.Word}");
        var page = new StringBuilder($"# Requirements and the faulty programs that they catch\n\n{Made}\n{roles.Count} faulty programs in tests/targets/faulty, each with one defect. A test runs each of them and asserts that the requirement it is about is violated.\nNo program can make its kernel send a wrong segment: for that there is a TCP of the tests' own, marked (stack).\n\n| requirement | caught: programs about it | violated by others, too |\n|---|---|---|\n");
        foreach (var one in Catalogue.Book.Requirements.Where(requirement => Points.Find(requirement.Id) is null).OrderBy(requirement => requirement.Id, StringComparer.Ordinal))
            page.Append($"| `{one.Id}` | {List(about[one.Id].Concat(stacks[one.Id]))} | {List(beside[one.Id])} |\n");
        page.Append("\n## The defects\n\n| program | serves | defect |\n|---|---|---|\n");
        foreach (var (word, what, _) in WrongStack.Defects) page.Append($"| (stack) {word} | echo | {Cell(what)} |\n");
        foreach (var role in roles) page.Append($"| {Cell(role.Name)} | {(role.IsClient ? "client of " : "")}{role.Spec} | {Cell(role.Defect)} |\n");
        return page.ToString();
    }

    /// <summary>docs/cli.md: commands and options, exit codes, files, variables.</summary>
    public static string CommandLine() => $"# The command line\n\n{Made}\n{CommandPages.Markdown(ConformanceCli.Root([], Catalogue.Book, [], []))}";

    /// <summary>docs/sockconf.1: the same as a manual page.</summary>
    public static string Manual() => CommandPages.Man(ConformanceCli.Root([], Catalogue.Book, [], []));

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));

    private static string Specs(IEnumerable<string> names) => string.Join(", ", names.Distinct().Order(StringComparer.Ordinal));
}
