using System.Buffers.Binary;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;

namespace SockConformance.Tests.Captures;

/// <summary>Memory does not grow with the capture, and work grows no faster than it. What a whole run takes is measured by <c>tests/bench -- endless-captures</c>.</summary>
public sealed class BoundsTests
{
    private const int MostFlows = 16_384, MostBytes = 64 << 20;

    [TestCase(MadeUpCapture.Kind.Syns, 300_000)]
    [TestCase(MadeUpCapture.Kind.Datagrams, 300_000)]
    [TestCase(MadeUpCapture.Kind.Resets, 100_000)]
    [TestCase(MadeUpCapture.Kind.Tls, 60_000)]
    public void Flows_without_end_are_handed_out_and_only_some_are_kept(object kind, int packets)
    {
        var (left, most) = (0L, 0);
        var table = new FlowTable(flow => left++);
        using var reader = new CaptureReader(new MadeUpCapture((MadeUpCapture.Kind)kind, packets));
        while (reader.Next())
        {
            table.Add(reader, out _, out _);
            most = Math.Max(most, table.Kept);
        }

        Assert.That(most, Is.LessThanOrEqualTo(MostFlows));
        GC.Collect();
        var with = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(table);
        table.End();
        table = null;
        Assert.That(with - GC.GetTotalMemory(forceFullCollection: true), Is.LessThan(MostBytes / 4 * 3), "what the flows in memory take");
        Assert.That(left, Is.GreaterThan(packets / 6));
    }

    [Test]
    public void Tiny_packets_and_fragments_are_kept_nowhere([Values] bool fragments)
    {
        var table = new FlowTable(_ => { });
        using var reader = new CaptureReader(new MadeUpCapture(fragments ? MadeUpCapture.Kind.Fragments : MadeUpCapture.Kind.Tiny, 300_000));
        while (reader.Next()) table.Add(reader, out _, out _);
        Assert.That((table.Kept, table.Count, table.OtherPackets), Is.EqualTo((0, 0L, 300_000L)));
    }

    [TestCase(MadeUpCapture.Kind.Tiny)]
    [TestCase(MadeUpCapture.Kind.Syns)]
    [TestCase(MadeUpCapture.Kind.Fragments)]
    [TestCase(MadeUpCapture.Kind.Datagrams)]
    [TestCase(MadeUpCapture.Kind.Resets)]
    public void Twice_as_many_packets_are_twice_the_work_and_no_more(object kind)
    {
        // Bytes that are allocated stand for work: a clock would tell of the machine.
        long Work(int packets)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            using var reader = new CaptureReader(new MadeUpCapture((MadeUpCapture.Kind)kind, packets));
            using var spool = new FlowSpool();
            new AnalyzeRun().Run(reader, flow => spool.Add(flow.Number, FlowTexts.Json(flow)), CancellationToken.None);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Work(1000);
        var (once, twice) = (Work(60_000), Work(120_000));
        Assert.That(twice, Is.LessThan((2.2 * once) + (16 << 20)));
    }

    [Test]
    public void A_packet_in_more_pieces_than_any_network_makes_is_given_up()
    {
        // Every second eight bytes of a packet, and then those between: no hole is ever closed by the one that is looked at.
        var fragments = new Fragments();
        var (whole, wholes) = (0, 0);
        foreach (var step in (int[])[16, 1024])
        {
            for (var round = 0; round < 2; round++)
            {
                for (var at = round * step / 2; at < 32_768; at += step)
                {
                    var facts = new PacketFacts { FragmentId = (uint)step, FragmentOffset = at, MoreFragments = at + (step / 2) < 32_768, Length = step / 2, Captured = step / 2 };
                    whole = fragments.Add(new byte[step / 2], facts).Length;
                    if (whole > 0) wholes++;
                }
            }
        }

        Assert.That((wholes, whole), Is.EqualTo((1, 32_768)));
    }

    [Test]
    public void A_flow_that_speaks_is_not_the_one_that_is_let_go([Values] bool tcp)
    {
        // One flow says something after every thousand others.
        var capture = new List<Frame>();
        byte[] Datagram(uint from)
        {
            var frame = new byte[28];
            (frame[0], frame[3], frame[9]) = (0x45, 28, 17);
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(12), from);
            (frame[23], frame[25]) = (53, 8);
            return frame;
        }

        for (uint n = 0; n < 3 * MostFlows; n++)
        {
            if (n % 1000 == 0) capture.Add(new Frame(n, LinkType.Raw, tcp ? MessyWire.Segment(true, TcpFlags.Ack, 1, 1, 1, 0, -1, _ => 0) : Datagram(1), 28));
            capture.Add(new Frame(n, LinkType.Raw, Datagram(1000 + n), 28));
        }

        var flows = Pipeline.Run(MessyWire.File(capture)).Flows;
        Assert.That(flows.Single(flow => flow.Number == 1).Sent.Packets, Is.EqualTo((3 * MostFlows / 1000) + 1));
    }
}
