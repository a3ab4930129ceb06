using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class FailureFilesTests
{
    private static readonly Told Visit = Told.Of(Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), [new Step.Close(0)]);

    [Test]
    public void A_failure_is_saved_as_a_case_that_can_be_read_again()
    {
        using var folder = new TempFolder();
        var paths = Save(folder, Visit);
        var read = CaseFile.Read(Path.Combine(folder.Path, paths.Case));
        Assert.That(
            (read.Id, read.Requirement, read.Seed, read.Scenario.OneLine()),
            Is.EqualTo((paths.Id, "tcp/close/no-reset", "0x5EED", Visit.Evidence().Scenario.OneLine())));
    }

    [Test]
    public void Without_packets_there_is_no_capture()
    {
        using var folder = new TempFolder();
        Assert.That(Save(folder, Visit).Capture, Is.Null);
        Assert.That(Directory.GetFiles(folder.Path, "*.pcapng", SearchOption.AllDirectories), Is.Empty);
    }

    [Test]
    public void The_first_packet_that_a_step_sent_is_marked_with_it()
    {
        using var folder = new TempFolder();
        var flow = new Flow(Told.TupleOf(0),
        [
            At(0, "> S 1000(0) ack 0"), At(1, "< S. 5000(0) ack 1001"), At(2, "> . 1001(0) ack 5001"),
            At(11, "> P. 1001(20) ack 5001"), At(12, "< P. 5001(20) ack 1021"), At(31, "> F. 1021(0) ack 5021"),
        ]);
        var capture = File.ReadAllText(Path.Combine(folder.Path, Save(folder, Visit.OnTheWire(flow)).Capture!), System.Text.Encoding.Latin1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                capture,
                Does.Contain("[sockconf] step 1: #0 connect").And.Contain("[sockconf] step 2: #0 send 20 bytes of text").And.Contain("[sockconf] step 4: #0 close"));
            Assert.That(capture, Does.Not.Contain("step 3: "), "a receive sends nothing of its own");
            Assert.That(capture, Does.Contain("tcp/close/no-reset (RFC 9293").And.Contain("Again: sockconf replay tcp-close-no-reset-"));
        }
    }

    [Test]
    public void Datagrams_are_saved_and_an_icmp_message_is_explained()
    {
        using var folder = new TempFolder();
        var (client, server) = (Mail.TupleOf(0).Client, Mail.Server);
        var sent = new Segment(TimeSpan.FromMilliseconds(11), true, TcpFlags.None, 0, 0, 20, 0, new byte[] { 1, 2, 3 }) { Checksum = 5 };
        var error = new Segment(TimeSpan.FromMilliseconds(12), false, TcpFlags.None, 0, 0, 0, 0, new byte[] { 4, 5, 6 }) { Unreachable = new PortUnreachable(server.Address, client, server) };
        Evidence evidence = Mail.Of(Mail.Talk().Visit(0)).OnTheWire(new Flow(Mail.TupleOf(0), [sent, error]));
        var capture = File.ReadAllText(Path.Combine(folder.Path, Save(folder, evidence).Capture!), System.Text.Encoding.UTF8);
        Assert.That(capture, Does.Contain("[sockconf] step 2: #0 send ").And.Contain($"[sockconf] {server.Address} says: nobody is bound to {server}, where {client} has sent a datagram"));
        Assert.That(capture, Does.Not.Contain("step 3: "));
    }

    // The last line that a target printed can be part of what was observed.
    [Test]
    public void Hostile_text_is_harmless_in_the_comments_of_the_capture()
    {
        using var folder = new TempFolder();
        var paths = Save(folder, Visit.OnTheWire(new Flow(Told.TupleOf(0), [At(0, "> S 1000(0) ack 0")])), observed: "it said \e]0;title\a\nand more");
        var capture = File.ReadAllText(Path.Combine(folder.Path, paths.Capture!), System.Text.Encoding.Latin1);
        Assert.That(capture, Does.Contain(@"it said \x1b]0;title\x07\nand more")); // a time stamp may well have such a byte
        Assert.That(capture, Does.Not.Contain("\e]0;").And.Not.Contain("title\a"));
    }

    private static Segment At(int milliseconds, string segment) =>
        Packets.Parse(segment, TimeSpan.FromMilliseconds(milliseconds)) with { Frame = new byte[] { 1, 2, 3, 4 } };

    private static FailurePaths Save(TempFolder folder, Evidence evidence, string observed = "RST") =>
        FailureFiles.Save(folder.Path, Runs.Header, Runs.Requirement(), (SockConformance.Run.ScenarioFailure)Runs.Failed(observed: observed, evidence: evidence).Failure!, LinkType.Ethernet);
}
