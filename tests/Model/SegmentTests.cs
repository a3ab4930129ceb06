using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Model;

public class SegmentTests
{
    [TestCase("> . 1000(0) ack 1", 1000u)]
    [TestCase("> P. 1000(20) ack 1", 1020u)]
    [TestCase("> S 1000(0) ack 0", 1001u, Description = "SYN counts one")]
    [TestCase("< F. 1000(0) ack 1", 1001u, Description = "FIN counts one")]
    [TestCase("< F. 1000(5) ack 1", 1006u, Description = "FIN comes after the data")]
    [TestCase("< R 1000(0) ack 0", 1000u, Description = "RST counts nothing")]
    public void The_next_sequence_number_counts_data_syn_and_fin(string segment, uint next) =>
        Assert.That(Segments.Parse(segment, default).NextSequence, Is.EqualTo(next));

    [TestCase("> S 4294967295(0) ack 0", 0u)]
    [TestCase("> P. 4294967290(10) ack 1", 4u)]
    [TestCase("> F. 4294967290(5) ack 1", 0u)]
    public void Sequence_numbers_wrap_at_two_to_the_32(string segment, uint next) =>
        Assert.That(Segments.Parse(segment, default).NextSequence, Is.EqualTo(next));

    [TestCase("> S 1000(0) ack 0")]
    [TestCase("< S. 5000(0) ack 1001")]
    [TestCase("< FP. 5001(7) ack 1021")]
    [TestCase("< R. 1(0) ack 2")]
    public void A_segment_prints_itself_in_one_short_line(string line) =>
        Assert.That(Segments.Parse(line, default).ToString(), Is.EqualTo(line));

    [Test]
    public void A_datagram_and_what_icmp_says_of_it_print_themselves_too()
    {
        var datagram = new Segment(default, true, TcpFlags.None, 0, 0, 20, 0, default) { Checksum = 0 };
        var error = datagram with { FromClient = false, Checksum = null, Unreachable = new PortUnreachable(Mail.Server.Address, Mail.TupleOf(0).Client, Mail.Server) };
        Assert.That(($"{datagram}", $"{error}"), Is.EqualTo(("> UDP (20)", "< ICMP port unreachable: 127.0.0.1:7777")));
    }

    [Test]
    public void Having_flags_means_having_all_of_them()
    {
        var synAck = Segments.Parse("< S. 1(0) ack 2", default);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(synAck.Has(TcpFlags.Syn | TcpFlags.Ack), Is.True);
            Assert.That(synAck.Has(TcpFlags.Syn | TcpFlags.Fin), Is.False);
        }
    }

    [Test]
    public void A_flow_is_told_apart_by_direction()
    {
        var flow = Segments.Of(0, "> S 1(0) ack 0", "< S. 5(0) ack 2", "> . 2(0) ack 6");
        Assert.That((flow.FromClient.Count(), flow.FromServer.Count()), Is.EqualTo((2, 1)));
    }
}
