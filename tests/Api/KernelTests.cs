using NUnit.Framework;
using SockConformance.Api;
using SockConformance.Generate;
using SockConformance.Suites;
using SockConformance.Wire;

namespace SockConformance.Tests.Api;

/// <summary>The model and the kernel of this machine, in this process: they agree, and the model without the kernel's deviations does not.</summary>
[Parallelizable(ParallelScope.Children)]
public class KernelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Profile Linux = BuiltInProfiles.Find("linux")!;

    [Test]
    public void They_agree_in_every_situation() => Assert.That(Disagreements(Linux, Situations.All(withPeer: true).Concat(Situations.Slow)), Is.Empty);

    [TestCase(Flavour.Legal)]
    [TestCase(Flavour.OneIllegal)]
    [TestCase(Flavour.Any)]
    public void They_agree_in_drawn_programs(Flavour flavour)
    {
        var generator = new ProgramGenerator(Linux, new Coverage(), withPeer: true);
        Assert.That(Disagreements(Linux, generator.Draw(flavour, 30, 7, 300)), Is.Empty);
    }

    [Test]
    public void The_same_seed_draws_the_same_programs()
    {
        IReadOnlyList<ApiProgram> Drawn() => new ProgramGenerator(Linux, new Coverage(), withPeer: false).Draw(Flavour.Any, 20, 3, 40);
        var first = Drawn();
        Assert.That(Drawn().Select(program => program.ToString()), Is.EqualTo(first.Select(program => program.ToString())));
    }

    [TestCase(Flavour.Legal, 0)]
    [TestCase(Flavour.OneIllegal, 1)]
    public void Legal_programs_have_no_illegal_step_and_illegal_ones_one(Flavour flavour, int most)
    {
        var generator = new ProgramGenerator(Linux, new Coverage(), withPeer: false);
        using var driver = new LibcDriver();
        var run = new ProgramRun(Linux, driver, null, Patience) { Records = true };
        var others = new List<string>(); // where the machine answered in another way than the usual, what follows may be illegal
        foreach (var program in generator.Draw(flavour, 20, 11, 60))
        {
            var told = run.Run(program).Calls.Where(call => call.Refused && call.Situation is not (Point.ConnectRefused or Point.RecvReset or Point.SendReset or Point.RecvDatagramRefused or Point.RecvTimeout or Point.ConnectRefusedInProgress)).Select(call => call.Step).Distinct();
            if (told.Count() > most) others.Add(program.OneLine());
        }

        Assert.That(others, Has.Count.LessThanOrEqualTo(9), string.Join('\n', others));
    }

    [TestCaseSource(nameof(NotPermitted))]
    public void Each_deviation_of_the_profile_is_one_of_the_kernel(Point point)
    {
        var without = new Profile("without", "", Linux.Deviations.Where(deviation => deviation.Point != point)) { Traits = Linux.Traits };
        Assert.That(Disagreements(without, Situations.All(withPeer: false)).Select(wrong => wrong.Point).Distinct(), Is.EqualTo([point]));
    }

    /// <summary>Where Linux answers what POSIX does not permit; of several permitted answers it merely has one.</summary>
    private static IEnumerable<Point> NotPermitted => Linux.Deviations.Where(deviation => (deviation.Allowed.Bits & ~Points.Of(deviation.Point).Allowed.Bits) != 0).Select(deviation => deviation.Point);

    [Test]
    public void Every_state_is_met_with_every_primitive_that_there_is_for_it()
    {
        using var driver = new LibcDriver();
        var run = new ProgramRun(Linux, driver, null, Patience);
        foreach (var program in Situations.All(withPeer: false)) run.Run(program);
        var notMet = from state in Enum.GetValues<ApiState>()
                     where state is not (ApiState.Unspecified or ApiState.Unbound)
                     from op in (Primitive[])[Primitive.Bind, Primitive.Listen, Primitive.Accept, Primitive.Connect, Primitive.Send, Primitive.Recv, Primitive.Shutdown, Primitive.Close, Primitive.Getsockname]
                     where run.Coverage[state, op] == 0
                     select $"{state} × {op}";
        Assert.That(notMet, Is.Empty);
    }

    [Test, NonParallelizable]
    public void What_agrees_costs_no_memory()
    {
        const int times = 2000;
        using var driver = new LibcDriver();
        var run = new ProgramRun(Linux, driver, null, Patience);
        var program = ApiProgram.Parse("a listener and back", ["s0 = socket stream", "nonblocking s0 on", "bind s0 loopback", "listen s0 8", "s1 = accept s0", "getsockname s0", "recv s0 16", "shutdown s0 wr", "close s0"]);
        for (var i = 0; i < times; i++) Assert.That(run.Run(program).Disagreement, Is.Null);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < times; i++) run.Run(program);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(times), "bytes for so many programs");
    }

    private static List<Disagreement> Disagreements(Profile profile, IEnumerable<ApiProgram> programs)
    {
        using LibcDriver driver = new(), peer = new();
        var run = new ProgramRun(profile, driver, peer, Patience);
        return [.. programs.Select(program => (program, run.Run(program).Disagreement)).Where(one => one.Disagreement is not null).Select(one => one.Disagreement! with { Observed = $"{one.Disagreement.Observed} in: {one.program.OneLine()}" })];
    }
}
