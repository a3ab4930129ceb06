using System.Collections.Immutable;
using NUnit.Framework;
using SockConformance.Report.Html;

namespace SockConformance.Tests.Report.Html;

public class LadderRowsTests
{
    [Test]
    public void A_packet_stands_behind_the_call_that_caused_it_even_if_its_clock_is_coarser() =>
        Assert.That(Told([Step("connect", 100, 200), Step("send 3 bytes", 200, 230, bytes: 3)], Packet(99.5, true), Packet(150, false), Packet(200, true)), Is.EqualTo(["connect", "p99.5", "p150", "p200", "send 3 bytes"]));

    [Test]
    public void What_a_call_came_to_is_told_unless_its_own_words_say_so()
    {
        var trace = new TraceView { Steps = [Step("receive 3 bytes", 0, 50, bytes: 3), Step("receive until end of file", 50, 90, "end-of-file", 7), Step("send 9 bytes", 90, 95, "failed") with { Errno = "EPIPE" }] };
        var rows = LadderRows.Of(trace, [Packet(60, false)], null, out _);
        Assert.That(rows.Where(row => row.Kind == RowKind.Answer).Select(row => row.Text), Is.EqualTo(["end of file after 7 bytes"]));
        Assert.That(rows.Where(row => row.Kind == RowKind.Step).Select(row => (row.Result, row.IsBad)), Is.EqualTo(((string?, bool)[])[(null, false), (null, false), ("EPIPE", true)]));
    }

    [Test]
    public void A_long_pause_is_told_and_a_short_one_is_not() =>
        Assert.That(Told([Step("close", 0, 5)], Packet(19_000, false), Packet(2_019_000, false)), Is.EqualTo(["close", "p19000", "2.0 s", "p2019000"]));

    [Test]
    public void What_never_came_stands_where_its_step_gave_up()
    {
        var trace = new TraceView { Steps = [Step("receive", 0, 500, "timed-out"), Step("close", 900, 901)], Absence = true, ShownAtStep = 0 };
        Assert.That(LadderRows.Of(trace, [], "a FIN", out _).Select(row => row.Kind), Is.EqualTo([RowKind.Step, RowKind.Missing, RowKind.Step]));
    }

    [Test]
    public void A_connection_that_the_harness_accepted_goes_the_other_way()
    {
        var trace = new TraceView { Connections = [new TupleView(3, "tcp", "127.0.0.1:7", "127.0.0.2:9", 0, 0, null)] };
        var rows = LadderRows.Of(trace, [Packet(1, true) with { Source = "127.0.0.2:9", Destination = "127.0.0.1:7" }, Packet(2, true) with { Source = "127.0.0.1:7", Destination = "127.0.0.2:9" }], null, out _);
        Assert.That(rows.Select(row => (row.FromLeft, row.Socket)), Is.EqualTo(((bool, int?)[])[(false, 3), (true, 3)]));
    }

    [Test]
    public void Of_very_many_moments_the_first_the_last_and_the_bad_ones_are_kept()
    {
        var packets = Enumerable.Range(0, 5000).Select(number => Packet(number, true) with { Notes = number == 2500 ? ["violates x"] : [] }).ToImmutableArray();
        var rows = LadderRows.Of(new TraceView(), packets, null, out var more);
        Assert.That(rows, Has.Count.LessThan(200));
        Assert.That((rows[0].Text, rows[^1].Text, rows.Count(row => row.IsBad), more), Is.EqualTo(("p0", "p4999", 1, 5000 - (rows.Count - 1))));
        Assert.That(rows.Where(row => row.Kind == RowKind.Gap).Select(row => row.Text), Is.EqualTo([$"{more} moments are left out here"]));
    }

    private static IEnumerable<string> Told(ImmutableArray<StepView> steps, params ImmutableArray<PacketView> packets) => LadderRows.Of(new TraceView { Steps = steps }, packets, null, out _).Select(row => row.Text);

    private static StepView Step(string text, long start, long end, string result = "done", long bytes = 0) => new(text, 0, start, end, result, bytes, null, null, null);

    private static PacketView Packet(double at, bool fromLeft) => new(at, fromLeft ? "a:1" : "b:2", fromLeft ? "b:2" : "a:1", FormattableString.Invariant($"p{at}"), 0, false, [], []);
}
