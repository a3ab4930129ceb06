using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>The program of examples/course: requirements of somebody else's, judged, shrunk and reported by the library.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class CourseExample
{
    private static readonly IReadOnlyList<string> Course = ["dotnet", Path.Combine(AppContext.BaseDirectory, "course.dll")];

    [Test]
    public async Task Its_requirements_are_listed_and_its_server_passes()
    {
        using var place = new Workplace();
        var list = await new Sockconf(place) { Program = Course }.Run("list", "--spec", "shout");
        list.MustExit(0);
        Assert.That(list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]), Is.EqualTo((string[])["course/shout/capitals", "course/shout/one-line-for-one"]));
        var server = place.Copy(Path.Combine(Shared.Repository.Root, "examples", "course", "server.py"));
        var outcome = await new Sockconf(place) { Program = Course }.Run("check", "--spec", "shout", "--report", place.Report, "--", "python3", server, "{port}");
        outcome.MustExit(0);
        Assert.That(outcome.Results.Verdicts.Values, Is.EqualTo((string[])["pass", "pass"]));
        outcome.MustLeaveNothing();
    }

    [Test]
    public void Its_requirements_may_stand_beside_those_of_sockconf() =>
        Assert.That(
            Suites.Catalogue.Book.With(global::Course.Shouting.For).Choose("echo", clients: false).Requirements.Select(requirement => requirement.Id),
            Does.Contain("tcp/handshake/three-way").And.Contain("course/shout/capitals"));

    [Test]
    public async Task A_server_that_says_more_than_it_should_is_told_so_and_the_case_is_replayed()
    {
        using var place = new Workplace();
        var good = await File.ReadAllTextAsync(Path.Combine(Shared.Repository.Root, "examples", "course", "server.py"));
        place.Write("server.py", good.Replace("client.sendall(line.upper())", "client.sendall(line.upper() + b'\\n')", StringComparison.Ordinal));
        var sockconf = new Sockconf(place) { Program = Course };
        var outcome = await sockconf.Run(["check", "--spec", "shout", "--strict", "--report", place.Report, .. Sockconf.Brief, "--", "python3", "server.py", "{port}"]);
        outcome.MustExit(1);
        Assert.That(outcome.Results.Violated, Does.Contain("course/shout/capitals"));
        var replay = await sockconf.Run("replay", Path.Combine(place.Report, "cases"), "--", "python3", "server.py", "{port}");
        replay.MustExit(1);
        Assert.That(replay.Output, Does.Contain("FAILED"));
        outcome.MustLeaveNothing();
    }
}
