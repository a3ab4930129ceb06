using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

/// <summary>Where greedy shrinking ends, for failures whose smallest program is known.</summary>
public class ShrinkingTests
{
    [Test]
    public void A_failure_above_100_bytes_ends_at_101_bytes()
    {
        var three = Talk.Scenario("", Told.Visit(0, Talk.Text(30)), Told.Visit(1, Talk.Letters(3000)), Told.Visit(2, Talk.Text(200)));
        Assert.That(Primitives(Shrink(three, Sends(data => data.Size > 100))), Is.EqualTo("connect, send 101"));
    }

    [Test]
    public void A_failure_above_100_bytes_ends_at_101_bytes_from_any_size()
    {
        foreach (var size in (int[])[102, 128, 1000, 1 << 20])
            Assert.That(
                Primitives(Shrink(Talk.Scenario("", Told.Visit(0, Talk.Text(size))), Sends(data => data.Size > 100))),
                Is.EqualTo("connect, send 101"),
                $"from {size} bytes");
    }

    [Test]
    public void A_failure_on_a_nul_byte_ends_at_that_byte()
    {
        var all = Payload.Literal.Of([.. Enumerable.Range(0, 256).Select(i => (byte)(255 - i))]);
        var smallest = Shrink(Talk.Scenario("", Told.Visit(0, Talk.Text(20)), Told.Visit(1, all)), Sends(HasNul));
        Assert.That(smallest.Steps.OfType<Step.Send>().Select(send => send.Data), Is.EqualTo([new Payload.Literal("00")]));
    }

    // Byte values are only made simpler in a literal; a NUL that stands late in a generated payload must be reached all the same.
    [Test]
    public void A_failure_on_a_nul_byte_deep_in_a_generated_payload_ends_at_that_byte()
    {
        var data = new Payload.Generated(2000, 3, Alphabet.Bytes);
        var smallest = Shrink(Talk.Scenario("", Told.Visit(0, data)), Sends(HasNul));
        Assert.That(smallest.Steps.OfType<Step.Send>().Select(send => send.Data), Is.EqualTo([new Payload.Literal("00")]));
    }

    [Test]
    public void A_failure_with_three_connections_ends_at_three()
    {
        var ten = Talk.Scenario("", Talk.Each(Enumerable.Range(0, 10), i => Told.Visit(i, Talk.Text(20, i))));
        Assert.That(Primitives(Shrink(ten, scenario => scenario.Steps.OfType<Step.Connect>().Count() >= 3)), Is.EqualTo("connect, connect, connect"));
    }

    [Test]
    public void A_failure_after_a_half_close_keeps_the_half_close_only()
    {
        var smallest = Shrink(Talk.Scenario("", Told.Visit(0, Talk.Text(500)), Told.Visit(1, Talk.Text(20))), scenario => scenario.Steps.OfType<Step.ShutdownWrite>().Any());
        Assert.That(Primitives(smallest), Is.EqualTo("connect, shutdownwrite"));
    }

    [Test]
    public void A_failure_that_needs_a_rest_of_ten_milliseconds_ends_at_ten()
    {
        var resting = Talk.Scenario("", Talk.Connect(0), Talk.Wait(900), Talk.Finish(0));
        var smallest = Shrink(resting, scenario => scenario.Steps.OfType<Step.Idle>().Any(idle => idle.Milliseconds >= 10));
        Assert.That(smallest.Steps, Is.EqualTo([new Step.Idle(10)]));
    }

    [Test]
    public void A_failure_that_needs_a_cut_keeps_one_cut_and_no_rest()
    {
        var cut = Talk.Scenario("", Talk.Connect(0), Talk.Exchange(0, Talk.Text(300), [7, 11, 13], pause: 5), Talk.Finish(0));
        var send = Shrink(cut, scenario => scenario.Steps.OfType<Step.Send>().Any(one => one.Cuts.Length > 0)).Steps.OfType<Step.Send>().Single();
        Assert.That((send.Cuts.Length, send.Pause), Is.EqualTo((1, 0)));
    }

    [Test]
    public void A_failure_that_needs_a_second_connect_ends_at_two()
    {
        var original = Talk.Scenario("", Told.Visit(1, Talk.Text(20)), Talk.Connect(0), Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), Talk.Finish(0));
        var smallest = Shrink(original, scenario => SocketModel.Check(scenario).Any(legality => legality is Legality.Illegal { Why: "the socket is already connected" }));
        Assert.That(Primitives(smallest), Is.EqualTo("connect, connect"));
    }

    [Test]
    public void A_threshold_far_down_is_found_in_few_runs()
    {
        var runs = 0;
        Shrink(Talk.Scenario("", Told.Visit(0, Talk.Text(1 << 20))), scenario =>
        {
            runs++;
            return Sends(data => data.Size > 100)(scenario);
        });
        Assert.That(runs, Is.LessThan(400), "a run of the harness tries no more than 400");
    }

    private static Func<Scenario, bool> Sends(Func<Payload, bool> what) =>
        scenario => scenario.Steps.OfType<Step.Send>().Any(send => what(send.Data));

    private static bool HasNul(Payload data) => data.ToBytes().Contains((byte)0);

    /// <summary>As the harness does it: the first candidate that still fails is the next to be shrunk.</summary>
    private static Scenario Shrink(Scenario scenario, Func<Scenario, bool> fails)
    {
        Assert.That(fails(scenario), Is.True, "the original must fail");
        while (Shrinker.Candidates(scenario, ServiceSpec.Echo).FirstOrDefault(fails) is { } smaller) scenario = smaller;
        return scenario;
    }

    /// <summary>The steps in a word each, without the close that every connection keeps.</summary>
    private static string Primitives(Scenario scenario) => string.Join(", ",
        from step in scenario.Steps
        where step is not Step.Close
        select step is Step.Send send ? $"send {send.Data.Size}" : step.GetType().Name.ToLowerInvariant());
}
