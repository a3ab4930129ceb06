using NUnit.Framework;
using SockConformance.Tests.Captures;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>captures/compare.py, which lays <c>sockconf analyze</c> beside tshark on captures of anybody's.</summary>
public sealed class ComparedCaptures
{
    [Test]
    public void Where_both_agree_or_differ_for_a_reason_nothing_is_named()
    {
        using var place = new Workplace();
        var lone = Path.Combine(place.Work, "lone.pcap");
        File.WriteAllBytes(lone, MessyWire.File(FalseFindingTests.Frames("0 C A 1 1 5")));
        var (exit, output) = Compare(place, "\"$@\"", GoldenIndex.PathOf("fast-retransmission.pcapng"), GoldenIndex.PathOf("ipv4-fragments.pcap"), lone);
        Assert.That(output, Is.EqualTo("     1  completeness: a flow of a single packet\n3 captures, 3 flows, 0 differences without a reason\n"));
        Assert.That(exit, Is.Zero);
    }

    [TestCase("\"$@\" | sed 's/\"retransmissions\":1,/\"retransmissions\":2,/'", "retransmissions ('tcp', ('10.9.0.1', 40000), ('10.9.0.2', 7000)) 2 1")]
    [TestCase("\"$@\" | sed 's/\"first_packet\":1,/\"first_packet\":2,/'", "flows ('tcp', ('10.9.0.1', 40000), ('10.9.0.2', 7000)) [2] [1]")]
    [TestCase("\"$@\"; exit 134", "exit 134 []")]
    public void A_difference_without_a_reason_is_named(string spoiled, string named)
    {
        using var place = new Workplace();
        var (exit, output) = Compare(place, spoiled, GoldenIndex.PathOf("fast-retransmission.pcapng"));
        Assert.That(output, Does.Contain($"fast-retransmission.pcapng: {named}\n").And.EndWith("1 captures, 1 flows, 1 differences without a reason\n"));
        Assert.That(exit, Is.EqualTo(1));
    }

    private static (int Exit, string Output) Compare(Workplace place, string how, params string[] captures)
    {
        Tools.Needs("tshark");
        Tools.Needs("python3");
        var script = place.Write("sockconf", $"#!/bin/sh\n{string.Join(' ', SockconfProcess.Program(SockconfProcess.Built))} {how}\n");
        var (exit, output, errors) = Dissection.Run("python3", [Path.Combine(Repository.Root, "captures", "compare.py"), script, .. captures]);
        Assert.That(errors, Is.Empty);
        return (exit, output);
    }
}
