using System.Collections.Immutable;
using NUnit.Framework;
using SockConformance.Api;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Report;

public class ProgramFilesTests
{
    private static readonly ApiProgram Program = ApiProgram.Parse("told by hand", ["s0 = socket stream", "connect s0 nobody", "close s0"]);
    private static readonly Flow Refused = new(Told.TupleOf(0), [At(10, "> S 1000(0) ack 0"), At(11, "< R. 0(0) ack 1001"), At(50, "> R 1001(0) ack 0")]);

    [Test]
    public void Each_call_is_named_at_its_first_packet_and_no_direction_is_told()
    {
        var packets = Packets(new Verdict.Violation("a reset", "nothing"));
        Assert.That(packets.Select(packet => string.Join(';', packet.Texts(24, 1))), Is.EqualTo(["[sockconf] connect s0 nobody = -1 ECONNREFUSED", "", "[sockconf] close s0 = 0"]));
        Assert.That(packets.SelectMany(packet => packet.Options(24)).Select(option => option.Code), Has.None.EqualTo(2), "both hosts have one address");
    }

    [Test]
    public void The_violation_is_marked_where_it_is_quoted_or_where_something_is_missing()
    {
        var id = Points.Demands[0].Id;
        Assert.That(Packets(new Verdict.Violation("a SYN", "< R. 0(0) ack 1001"))[1].Texts(24, 1), Is.EqualTo([$"[sockconf] violates {id}: < R. 0(0) ack 1001"]));
        Assert.That(Packets(new Verdict.Violation("a FIN", "none", Absence: true))[2].Texts(24, 1).Last(), Is.EqualTo($"[sockconf] missing: expected a FIN by here ({id})"));
    }

    // The programs are there to be run, and a driver may say anything.
    [TestCase("\n")]
    [TestCase("\r")]
    [TestCase("\u0085")]
    [TestCase("\u2028")]
    [TestCase("\f")]
    public void What_a_driver_says_becomes_no_line_of_a_program(string lineEnd)
    {
        using var folder = new TempFolder();
        Save(folder, new Verdict.Violation($"expected{lineEnd}evil", $"observed{lineEnd}evil"), Program, [Trace(0, 0, $"0{lineEnd}evil")]);
        var lines = Directory.EnumerateFiles(Path.Combine(folder.Path, "cases")).Where(path => Path.GetExtension(path) is ".c" or ".py").SelectMany(File.ReadAllLines).Where(line => line.Contains("evil", StringComparison.Ordinal)).ToList();
        Assert.That(lines, Is.Not.Empty.And.All.Match("^(//|#) expected "));
    }

    [Test]
    public void Where_no_program_was_run_there_is_none_to_save_or_to_replay()
    {
        using var folder = new TempFolder();
        Assert.That(Save(folder, new Verdict.Violation("an answer", "nothing"), Program with { Calls = [] }, []), Is.Null);
    }

    private static FailurePaths? Save(TempFolder folder, Verdict.Violation violation, ApiProgram program, ImmutableArray<CallTrace> calls) =>
        ProgramFiles.Save(folder.Path, Runs.Header, "linux", Points.Demands[0], new ProgramFailure(violation, program, calls, [], new Shrinking(3, 3, 1), (1, 1)), new CaptureOrigin(LinkType.Ethernet, default), new ReportTrouble());

    private static List<PcapngBlock> Packets(Verdict.Violation violation)
    {
        using var folder = new TempFolder();
        ImmutableArray<CallTrace> calls = [Trace(0, 0, "0"), Trace(1, 10, "-1 ECONNREFUSED"), Trace(2, 50, "0")];
        var failure = new ProgramFailure(violation, Program, calls, [Refused], new Shrinking(3, 3, 1), (1, 1));
        var paths = ProgramFiles.Save(folder.Path, Runs.Header, "linux", Points.Demands[0], failure, new CaptureOrigin(LinkType.Ethernet, new CaptureCounts(3, 0)), new ReportTrouble());
        var blocks = PcapngBlock.All(File.ReadAllBytes(Path.Combine(folder.Path, paths!.Capture!)));
        Assert.That(blocks[0].Texts(16, 1).Single(), Does.StartWith($"sockconf evidence: requirement={Points.Demands[0].Id} seed=0x5EED case={paths.Id}\n"), "a driver is checked against no spec");
        return [.. blocks.Where(block => block.Type == 6)];
    }

    private static CallTrace Trace(int step, int at, string answer) =>
        new(step, Program.Calls[step], answer, TimeSpan.FromMilliseconds(at), TimeSpan.FromMilliseconds(at + 5), default, false);

    private static Segment At(int milliseconds, string segment) => Segments.Parse(segment, TimeSpan.FromMilliseconds(milliseconds)) with { Frame = new byte[] { 1, 2, 3, 4 } };
}
