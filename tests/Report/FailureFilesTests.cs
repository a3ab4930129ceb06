using System.Net;
using System.Text;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Report;

public class FailureFilesTests
{
    private static readonly Told Visit = Told.Of(Told.Visit(0, Talk.Text(20)));
    private static readonly CaptureOrigin Origin = new(LinkType.Ethernet, new CaptureCounts(555, 3));

    /// <summary>What the visit looks like on the wire; the answer comes in two pieces.</summary>
    private static readonly Flow Whole = new(Told.TupleOf(0),
    [
        At(0, "> S 1000(0) ack 0"), At(1, "< S. 5000(0) ack 1001"), At(2, "> . 1001(0) ack 5001"),
        At(11, "> P. 1001(20) ack 5001"), At(12, "< P. 5001(5) ack 1021"), At(13, "< P. 5006(15) ack 1021"),
        At(31, "> F. 1021(0) ack 5021"), At(41, "< F. 5021(0) ack 1022"), At(42, "> . 1022(0) ack 5022"),
    ]);

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
    public void The_file_says_what_it_is_evidence_of_for_people_and_for_programs()
    {
        using var folder = new TempFolder();
        var paths = Save(folder, Visit.OnTheWire(Whole));
        var lines = Blocks(folder, paths)[0].Texts(16, 1).Single().Split('\n');
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines[0], Is.EqualTo($"sockconf evidence: requirement=tcp/close/no-reset spec=echo seed=0x5EED case={paths.Id}"));
            Assert.That(lines[1..4], Is.EqualTo(["Clause: RFC 9293 §3.6", "Expected: FIN", "Observed: RST"]));
            Assert.That(lines[4], Does.Match($@"^Run: {Path.GetFileName(folder.Path)}, begun \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"));
            Assert.That(lines[5..], Is.EqualTo([$"Again: sockconf replay {paths.Id}"]));
        }
    }

    [TestCase("my spec", "spec=my%20spec ")]
    [TestCase("a=b\nseed=1", "spec=a%3Db%0Aseed%3D1 ")]
    [TestCase("größe", "spec=gr%C3%B6%C3%9Fe ")]
    public void A_value_of_the_first_line_has_no_spaces(string spec, string written) =>
        Assert.That(new EvidenceTitle(Runs.Requirement(), spec, "0x1", "id", "run", new Verdict.Violation("a", "b")).ToString(), Does.Contain(written));

    [Test]
    public void A_key_without_a_value_is_left_out() =>
        Assert.That(new EvidenceTitle(Runs.Requirement(), null, "0x1", "id", "run", new Verdict.Violation("a", "b")).ToString(), Does.StartWith("sockconf evidence: requirement=tcp/close/no-reset seed=0x1 case=id\n"));

    [Test]
    public void Around_the_packets_stand_the_interface_the_names_and_what_was_counted()
    {
        using var folder = new TempFolder();
        var blocks = Blocks(folder, Save(folder, Visit.OnTheWire(Whole)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(blocks.Select(block => block.Type), Is.EqualTo([0x0A0D0D0Au, 1u, 4u, .. Enumerable.Repeat(6u, Whole.Segments.Length), 5u]));
            Assert.That(blocks[2].Body, Is.EqualTo((byte[])[1, 0, 12, 0, 127, 0, 0, 2, .. "harness\0"u8, 1, 0, 11, 0, 127, 0, 0, 1, .. "target\0"u8, 0, 0, 0, 0, 0]));
            var counted = blocks[^1].Options(12).ToDictionary(option => option.Code, option => BitConverter.ToInt64(option.Value));
            Assert.That((counted[4], counted[5]), Is.EqualTo((555L, 3L)));
        }
    }

    [Test]
    public void Who_has_sent_a_packet_can_be_told_by_its_direction()
    {
        using var folder = new TempFolder();
        var packets = Blocks(folder, Save(folder, Visit.OnTheWire(Whole))).Where(block => block.Type == 6);
        Assert.That(packets.Select(packet => packet.Options(24).Single(option => option.Code == 2).Value[0] == 2), Is.EqualTo(Whole.Segments.Select(segment => segment.FromClient)));
    }

    [Test]
    public void Over_one_address_for_both_the_name_is_that_of_both()
    {
        using var folder = new TempFolder();
        var tuple = new FiveTuple(new IPEndPoint(IPAddress.IPv6Loopback, 40000), new IPEndPoint(IPAddress.IPv6Loopback, 7777));
        var told = Told.Of(Talk.Connect(0)).Changing(0, connection => connection with { Tuple = tuple }).OnTheWire(new Flow(tuple, [At(0, "> S 1000(0) ack 0")]));
        var evidence = told.Evidence() with { Target = new TargetState(tuple.Server, Launched: true, End: null, Output: "") };
        Assert.That(Encoding.UTF8.GetString(Blocks(folder, Save(folder, evidence))[2].Body), Does.Contain("harness-and-target\0"));
    }

    [Test]
    public void Every_primitive_is_named_at_the_packet_that_it_caused_or_received()
    {
        using var folder = new TempFolder();
        Assert.That(Notes(folder, Save(folder, Visit.OnTheWire(Whole), new Verdict.Violation("FIN", "RST"))), Is.EqualTo([
            "[sockconf] step 1: #0 connect", "[sockconf] the answer to step 1: #0 connect", "", "[sockconf] step 2: #0 send 20 bytes of text", "",
            "[sockconf] the last that step 3 received: #0 receive 20 bytes", "[sockconf] step 4: #0 shutdown(SHUT_WR)", "[sockconf] the end of file that step 5 received: #0 receive until end of file", ""]));
    }

    // The acknowledgment that left while a step lasted is not what the step caused.
    [Test]
    public void A_close_after_a_half_close_has_no_packet_of_its_own()
    {
        using var folder = new TempFolder();
        var late = Whole with { Segments = [.. Whole.Segments, At(50, "> . 1022(0) ack 5022")] };
        Assert.That(Notes(folder, Save(folder, Visit.OnTheWire(late))), Has.None.Contains("step 6"));
    }

    [Test]
    public void Bytes_that_left_long_after_their_step_are_still_its_own()
    {
        using var folder = new TempFolder();
        var flow = new Flow(Told.TupleOf(0),
        [
            At(0, "> S 4294967295(0) ack 0"), At(1, "< S. 4294967290(0) ack 0"), At(12, "> P. 0(25) ack 4294967291"), At(13, "> P. 0(25) ack 4294967291"), At(99, "> P. 25(15) ack 4294967291"), At(100, "< P. 4294967291(40) ack 40"),
        ]);
        var twice = Told.Of(Talk.Connect(0), Talk.Exchange(0, Talk.Text(20)), Talk.Exchange(0, Talk.Text(20)));
        Assert.That(Notes(folder, Save(folder, twice.OnTheWire(flow), new Verdict.Violation("a", "b"))), Is.EqualTo([
            "[sockconf] step 1: #0 connect", "[sockconf] the answer to step 1: #0 connect", "[sockconf] step 2: #0 send 20 bytes of text;[sockconf] step 4: #0 send 20 bytes of text", "", "",
            "[sockconf] the last that step 3 received: #0 receive 20 bytes;[sockconf] the last that step 5 received: #0 receive 20 bytes"]));
    }

    [Test]
    public void What_did_not_come_is_marked_at_the_last_packet_of_its_connection()
    {
        using var folder = new TempFolder();
        var other = new Flow(Told.TupleOf(1), [At(90, "> S 1(0) ack 0")]);
        var two = Told.Of(Told.Visit(0, Talk.Text(20)), Talk.Connect(1)).OnTheWire(Whole, other);
        foreach (var violation in (Verdict.Violation[])[new("the target's FIN", "none came", Step: 4, Absence: true), new("the target's FIN", "none came", Absence: true) { Socket = 0 }])
            Assert.That(Notes(folder, Save(folder, two, violation)).Index().Where(note => note.Item.Contains("missing")), Is.EqualTo([(Whole.Segments.Length - 1, "[sockconf] missing: expected the target's FIN by here (tcp/close/no-reset)")]));
    }

    [TestCase("the target's RST on the wire: < R. 5021(0) ack 1022", null, 7, Description = "a judge has quoted it")]
    [TestCase("the target's RST on the wire: < R. 5021(0) ack 10", null, null, Description = "the number goes on: it is another")]
    [TestCase("ECONNRESET", 4, 7, Description = "the step was answered with it")]
    [TestCase("a wrong answer", 2, 5, Description = "what the step received")]
    [TestCase("it went away", 3, 7, Description = "the first end after the step")]
    [TestCase("something", null, null, Description = "nobody can tell")]
    public void What_should_not_be_is_marked_where_it_can_be_told(string observed, int? step, int? packet)
    {
        using var folder = new TempFolder();
        var reset = Whole with { Segments = [.. Whole.Segments.Take(7), At(42, "< R. 5021(0) ack 1022")] };
        Evidence evidence = Visit.But(4, StepResult.Failed, "ECONNRESET").OnTheWire(reset);
        var notes = Notes(folder, Save(folder, evidence, new Verdict.Violation("FIN", observed, step))).Index().Where(note => note.Item.Contains("violates")).ToList();
        Assert.That(notes.Select(note => note.Index), Is.EqualTo(packet is { } at ? [at] : Array.Empty<int>()));
        Assert.That(notes.Select(note => note.Item), Has.All.EndsWith($"[sockconf] violates tcp/close/no-reset: {observed}"));
    }

    [Test]
    public void A_wrong_byte_is_marked_at_the_packet_that_brought_it()
    {
        using var folder = new TempFolder();
        var evidence = Visit.OnTheWire(Whole);
        foreach (var (offset, packet) in ((int, int)[])[(0, 4), (4, 4), (5, 5), (19, 5)])
            Assert.That(Notes(folder, Save(folder, evidence, new Verdict.Violation("a", "b") { Socket = 0, Offset = offset })).FindIndex(note => note.Contains("violates")), Is.EqualTo(packet));
    }

    // The target is the client then: what it sends comes from the flow's client.
    [Test]
    public void Where_the_harness_serves_the_packets_are_told_from_its_side()
    {
        using var folder = new TempFolder();
        var flow = new Flow(Told.TupleOf(0), [At(0, "> S 1000(0) ack 0"), At(1, "< S. 5000(0) ack 1001"), At(11, "> P. 1001(20) ack 5001"), At(12, "< P. 5001(20) ack 1021"), At(13, "< F. 5021(0) ack 1021"), At(14, "> R. 1021(0) ack 5022")]);
        Told told = Told.Of([new Step.Accept(0), new Step.Serve(0, [])]);
        var paths = Save(folder, told.Changing(0, connection => connection with { Tuple = Told.TupleOf(0) }).But(1, StepResult.Failed, "ECONNRESET").OnTheWire(flow), new Verdict.Violation("FIN", "ECONNRESET", 1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Notes(folder, paths), Is.EqualTo([
                "[sockconf] the connection that step 1 accepted: #0 accept", "", "", "[sockconf] step 2: #0 serve", "[sockconf] the end of step 2: #0 serve",
                "[sockconf] the reset that step 2 was answered with, ECONNRESET: #0 serve;[sockconf] violates tcp/close/no-reset: ECONNRESET"]));
            var blocks = Blocks(folder, paths);
            Assert.That(blocks.Where(block => block.Type == 6).Select(packet => packet.Options(24).Single(option => option.Code == 2).Value[0]), Is.EqualTo((byte[])[1, 2, 1, 2, 2, 1]));
            Assert.That(Encoding.UTF8.GetString(blocks[2].Body), Does.Match("\u007f\0\0\u0001harness(-and-target)?\0").And.Match("\u007f\0\0\u0002target\0"));
        }
    }

    [Test]
    public void Only_the_secrets_of_its_own_sessions_are_put_into_a_file()
    {
        using var folder = new TempFolder();
        var (mine, others) = (Enumerable.Range(1, 32).Select(i => (byte)i).ToArray(), new string('a', 64));
        var keys = Path.Combine(folder.Path, "tls-keys.log");
        var secret = $"CLIENT_TRAFFIC_SECRET_0 {Convert.ToHexString(mine).ToLowerInvariant()} {new string('b', 96)}";
        File.WriteAllText(keys, $"# a comment\n{secret}\nCLIENT_RANDOM {others} {new string('c', 96)}\nnot a line of a key log\n{secret[..50]}");

        // The ClientHello comes in three pieces, the second one twice, the third before it.
        Segment Piece(int at, uint sequence, int from, int to) => new(
            TimeSpan.FromMilliseconds(at), true, TcpFlags.Ack, sequence, 1, to - from, 100, Frames.Tcp(Told.TupleOf(0).Client, Told.Server, tcp => (tcp.SequenceNumber, tcp.PayloadData) = (sequence, mine[from..to])));
        var flow = new Flow(Told.TupleOf(0), [Piece(0, 100, 0, 10), Piece(1, 120, 20, 32), Piece(2, 110, 10, 20), Piece(3, 110, 10, 20)]);
        var with = Save(folder, Visit.OnTheWire(flow), origin: Origin with { KeyLog = keys });
        var blocks = Blocks(folder, with);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(with.HoldsSecrets);
            Assert.That(blocks.FindIndex(block => block.Type == 10), Is.LessThan(blocks.FindIndex(block => block.Type == 6)).And.Positive);
            Assert.That(Encoding.ASCII.GetString(blocks.Single(block => block.Type == 10).Body[8..]).TrimEnd('\0'), Is.EqualTo($"{secret}\n"));
            var without = Save(folder, Visit.OnTheWire(Whole), origin: Origin with { KeyLog = keys });
            Assert.That(without.HoldsSecrets, Is.False);
            Assert.That(Blocks(folder, without).Select(block => block.Type), Has.None.EqualTo(10u));
            Assert.That(Save(folder, Visit.OnTheWire(flow), origin: Origin with { KeyLog = keys + "none" }).HoldsSecrets, Is.False, "no session, no key log");
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
        Assert.That(capture, Does.Not.Contain("step 3"));
    }

    // The last line that a target printed can be part of what was observed.
    [Test]
    public void Hostile_text_is_harmless_in_the_comments_of_the_capture()
    {
        using var folder = new TempFolder();
        var paths = Save(folder, Visit.OnTheWire(new Flow(Told.TupleOf(0), [At(0, "> S 1000(0) ack 0")])), new Verdict.Violation("a \e[31mFIN", "it said \e]0;title\a\nand more", 0, Absence: true));
        var capture = File.ReadAllText(Path.Combine(folder.Path, paths.Capture!), System.Text.Encoding.Latin1);
        Assert.That(capture, Does.Contain(@"it said \x1b]0;title\x07\nand more")); // a time stamp may well have such a byte
        Assert.That(capture, Does.Not.Contain("\e]0;").And.Not.Contain("title\a").And.Not.Contain("\e[31m"));
        Assert.That(Notes(folder, paths), Has.One.Contains(@"missing: expected a \x1b[31mFIN by here"));
    }

    private static Segment At(int milliseconds, string segment) =>
        Segments.Parse(segment, TimeSpan.FromMilliseconds(milliseconds)) with { Frame = new byte[] { 1, 2, 3, 4 } };

    private static FailurePaths Save(TempFolder folder, Evidence evidence, Verdict.Violation? violation = null, CaptureOrigin? origin = null)
    {
        var failure = (SockConformance.Run.ScenarioFailure)Runs.Failed(evidence: evidence).Failure!;
        return FailureFiles.Save(folder.Path, Runs.Header, Runs.Requirement(), violation is null ? failure : failure with { Violation = violation }, origin ?? Origin, new ReportTrouble());
    }

    private static List<PcapngBlock> Blocks(TempFolder folder, FailurePaths paths) => PcapngBlock.All(File.ReadAllBytes(Path.Combine(folder.Path, paths.Capture!)));

    /// <summary>The comments of each packet, one after the other.</summary>
    private static List<string> Notes(TempFolder folder, FailurePaths paths) =>
        [.. Blocks(folder, paths).Where(block => block.Type == 6).Select(packet => string.Join(';', packet.Texts(24, 1)))];
}
