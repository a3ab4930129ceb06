using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Correct servers and clients in many languages and styles pass everything: no false alarm.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class Zoo
{
    private const string Socat = "fork,reuseaddr,backlog=128,max-children=400";

    [TestCaseSource(nameof(Good))]
    public Task A_good_program_passes(string name)
    {
        var role = TargetProgram.Role.Named("good", name);
        return Passes(role.Options, role.Command);
    }

    [TestCaseSource(nameof(Real))]
    public Task A_server_that_people_use_passes(string title, string spec, string[] command)
    {
        TestContext.Out.WriteLine(title);
        return Passes(["--spec", SpecArgument(spec)], command);
    }

    [Test]
    public Task A_server_of_one_client_at_a_time_passes_where_no_more_is_asked() => Passes(["--spec", SpecArgument("one-at-a-time.yaml")], TargetProgram.Named("faulty/one_client_at_a_time.c").Command);

    /// <summary>Servers with faults that are theirs, and stay as they are: each is known by its requirement, and nothing else is wrong.</summary>
    [TestCase("xinetd", "daytime", "daytime/input/discarded", "it closes with what the client sent unread, and the kernel resets")]
    [TestCase("xinetd", "time", "time/input/discarded", "it closes with what the client sent unread, and the kernel resets")]
    [TestCase("xinetd", "chargen", "chargen/close/ends-with-client", "it does not read, and so never sees a FIN")]
    [TestCase("s-server", "rev-tls.yaml", "message/size/one-over", "its buffer is longer than what the spec allows")]
    public async Task A_server_that_people_use_has_the_faults_it_is_known_for(string script, string spec, string requirement, string reason)
    {
        Tools.Needs(script == "s-server" ? "openssl" : script);
        using var place = new Workplace();
        var known = place.Write("known.yaml", $"baseline: 1\nknown:\n  - {{ requirement: {requirement}, reason: '{reason}' }}\n");
        string[] command = ["sh", Script(script), .. script == "s-server" ? (string[])["{port}", "{cert}", "{key}"] : ["{port}", spec]];
        var outcome = await new Sockconf(place).Run(["check", "--spec", SpecArgument(spec), "--baseline", known, "--report", place.Report, "--max-time", "30s", "--", .. command]);
        outcome.MustExit(0);
        Assert.That(outcome.Results.Of(requirement).GetProperty("baseline").GetString(), Is.EqualTo("xfail"), outcome.ToString);
        Assert.That(outcome.Results.Verdicts.Values, Is.All.AnyOf("pass", "skip", "warn", "info"), outcome.ToString);
        outcome.MustLeaveNothing();
    }

    [Test]
    public Task The_built_in_reference_server_passes() => Passes(["--spec", "echo"], SockconfProcess.Reference);

    private static async Task Passes(IReadOnlyList<string> options, IReadOnlyList<string> command)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Run(["check", .. options, "--report", place.Report, "--", .. command]);
        outcome.MustExit(0);
        Assert.That(outcome.Results.Verdicts.Values, Is.All.AnyOf("pass", "skip", "warn"), outcome.ToString); // what people use does not keep every SHOULD
        outcome.MustLeaveNothing();
    }

    private static string SpecArgument(string spec) => new TargetProgram.Role(TargetProgram.Named("good/none.sh"), null, spec, false, "", []).SpecArgument;

    private static string Script(string name) => Path.Combine(Machine.Targets, "specs", $"{name}.sh");

    private static IEnumerable<string> Good() => TargetProgram.In("good").SelectMany(program => program.Roles).Select(role => role.Name);

    /// <summary>
    /// Ncat is not among them: with -c cat it stops sending to a client that has half-closed. Nor is socat with its default of half a
    /// second (-t) after the end of one direction.
    /// </summary>
    private static IEnumerable<TestCaseData> Real()
    {
        string[] socat = ["socat", "-lm", "-b", "4096", "-t", "86400"];
        IEnumerable<(string Program, string Title, string Spec, string[] Command)> all =
        [
            ("socat", "socat, one process per client, with a pipe to itself", "echo", [.. socat, $"TCP4-LISTEN:{{port}},{Socat}", "PIPE"]),
            ("socat", "socat, one cat per client", "echo", ["socat", "-lm", "-t", "86400", $"TCP4-LISTEN:{{port}},{Socat}", "EXEC:cat"]),
            ("socat", "socat on IPv6 and IPv4", "echo", [.. socat, $"TCP6-LISTEN:{{port}},ipv6only=0,{Socat}", "PIPE"]),
            ("socat", "socat on the loopback address of IPv6", "echo", [.. socat, $"TCP6-LISTEN:{{port}},bind=[::1],ipv6only=1,{Socat}", "PIPE"]),
            ("python3", "http.server of Python", "http", ["python3", "-m", "http.server", "{port}"]),
            ("nginx", "nginx", "http", ["sh", Script("nginx"), "{port}"]),
            ("xinetd", "echo of xinetd", "echo", ["sh", Script("xinetd"), "{port}", "echo"]),
            ("xinetd", "xinetd, one cat per client", "echo", ["sh", Script("xinetd"), "{port}", "cat"]),
            ("xinetd", "discard of xinetd", "discard", ["sh", Script("xinetd"), "{port}", "discard"]),
            ("memcached", "memcached", "memcached.yaml", ["memcached", "-u", "root", "-U", "0", "-p", "{port}", "-l", "0.0.0.0"]),
            ("redis-server", "redis", "redis.yaml", ["redis-server", "--port", "{port}", "--save", "", "--appendonly", "no", "--protected-mode", "no", "--dir", "/tmp"]),
        ];
        return from one in all where Tools.Has(one.Program) select new TestCaseData(one.Title, one.Spec, one.Command).SetArgDisplayNames(one.Title);
    }
}
