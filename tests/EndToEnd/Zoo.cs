using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Correct servers in many languages and styles pass everything: no false alarm.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Zoo
{
    private const string Socat = "fork,reuseaddr,backlog=128,max-children=400";

    [TestCaseSource(nameof(Good))]
    public Task A_good_server_passes(string name) => Passes(TargetProgram.Named(Path.Combine("good", name)).Command);

    [TestCaseSource(nameof(Real))]
    public Task A_server_that_people_use_passes(string title, string[] command)
    {
        TestContext.Out.WriteLine(title);
        return Passes(command);
    }

    [Test]
    public Task The_built_in_reference_server_passes() => Passes(SockconfProcess.Reference);

    private static async Task Passes(IReadOnlyList<string> command)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check([], command);
        outcome.MustExit(0);
        Assert.That(outcome.Results.Verdicts.Values, Is.All.AnyOf("pass", "skip"));
        outcome.MustLeaveNothing();
    }

    private static IEnumerable<string> Good() => TargetProgram.In("good").Select(program => program.Name);

    /// <summary>
    /// Ncat is not among them: with -c cat it stops sending to a client that has half-closed. Nor is socat with its default of half a
    /// second (-t) after the end of one direction.
    /// </summary>
    private static IEnumerable<TestCaseData> Real()
    {
        if (!Machine.Has("socat")) yield break;
        yield return Case("socat, one process per client, with a pipe to itself", "socat", "-lm", "-b", "4096", "-t", "86400", $"TCP4-LISTEN:{{port}},{Socat}", "PIPE");
        yield return Case("socat, one cat per client", "socat", "-lm", "-t", "86400", $"TCP4-LISTEN:{{port}},{Socat}", "EXEC:cat");
        yield return Case("socat on IPv6 and IPv4", "socat", "-lm", "-b", "4096", "-t", "86400", $"TCP6-LISTEN:{{port}},ipv6only=0,{Socat}", "PIPE");
        yield return Case("socat on the loopback address of IPv6", "socat", "-lm", "-b", "4096", "-t", "86400", $"TCP6-LISTEN:{{port}},bind=[::1],ipv6only=1,{Socat}", "PIPE");
    }

    private static TestCaseData Case(string title, params string[] command) => new TestCaseData(title, command).SetArgDisplayNames(title);
}
