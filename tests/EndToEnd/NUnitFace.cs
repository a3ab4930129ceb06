using System.Text.Json;
using NUnit.Framework;
using SockConformance.Suites;

namespace SockConformance.Tests.EndToEnd;

/// <summary>
/// The requirements of the echo suite as test cases: each asserts the verdict of one run that all of them share. It checks the
/// reference server, or the command in SOCKCONF_TARGET: words with spaces between them, such as <c>python3 server.py {port}</c>.
/// </summary>
[TestFixture]
public sealed class NUnitFace
{
    private Workplace place = null!;
    private Outcome outcome = null!;

    [OneTimeSetUp]
    public async Task Check()
    {
        place = new Workplace();
        var given = Environment.GetEnvironmentVariable("SOCKCONF_TARGET")?.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        // Relative paths in the command mean the folder in which dotnet test was called; that of this process is the build output.
        var sockconf = new Sockconf(place) { Folder = given is null ? null : Environment.GetEnvironmentVariable("PWD") };
        outcome = await sockconf.Check([], given ?? SockconfProcess.Reference);
        Assert.That(File.Exists(Path.Combine(place.Report, "results.json")), Is.True, outcome.ToString);
    }

    [OneTimeTearDown]
    public void Clean() => place.Dispose();

    [TestCaseSource(nameof(Requirements))]
    public void Holds(string requirement)
    {
        var entry = outcome.Results.Of(requirement);
        var verdict = Text(entry, "verdict");
        var told = $"{Text(entry, "title")} [{Text(entry, "clause")}]\nverdict   {verdict}\nexpected  {Text(entry, "expected")}\nactual    {Text(entry, "actual")}\nwhy       {Text(entry, "why")}\nfix       {Text(entry, "fix")}";

        // Neither says that the server is in order, nor that it is not; NUnit shows a warning.
        if (verdict is "warn" or "skip") Assert.Warn(told);
        else Assert.That(verdict, Is.EqualTo("pass"), told);
    }

    private static IEnumerable<TestCaseData> Requirements() =>
        from requirement in Catalogue.Echo.Requirements
        where !requirement.OnDemand
        select new TestCaseData(requirement.Id).SetName(requirement.Id).SetCategory(requirement.Id.Split('/')[0]);

    private static string Text(JsonElement entry, string field) => entry.GetProperty(field).GetString() ?? "";
}
