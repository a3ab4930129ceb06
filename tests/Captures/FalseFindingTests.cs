using System.Globalization;
using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Model;

namespace SockConformance.Tests.Captures;

/// <summary>
/// A capture may have lost, doubled, swapped and cut whatever it likes, and may begin and end anywhere: of connections in which nobody broke
/// a rule nothing is found. The single cases are such captures, cut down to what once was a finding.
/// </summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class FalseFindingTests
{
    private static readonly uint[] Bases = [1_000_000, 50_000_000];

    [Test]
    public void Nothing_is_found_in_clean_connections_however_they_were_observed()
    {
        var (clean, spoiled) = (new List<string>(), new List<string>());
        for (var number = 0; number < 6000; number++)
        {
            var frames = CleanConnections.Make(number / 4);
            (number % 4 == 0 ? clean : spoiled).AddRange(Wrong(number % 4 == 0 ? frames : MessyWire.Spoil(frames, number)).Select(finding => $"{number}: {finding}"));
        }

        Assert.That(clean, Is.Empty);
        Assert.That(spoiled, Is.Empty);
    }

    [Test]
    public void Nothing_is_found_in_real_connections_however_they_were_observed()
    {
        var files = GoldenIndex.Files.Where(file => GoldenIndex.Flows.All(flow => flow.File != file.File || flow["findings"] == "-")).Select(file => file.File).ToList();
        Assert.That(files, Has.Count.GreaterThan(50));
        var frames = files.ConvertAll(file => MessyWire.Read(File.ReadAllBytes(GoldenIndex.PathOf(file))));
        for (var number = 0; number < 60 * files.Count; number++)
        {
            if (Wrong(MessyWire.Spoil(frames[number % files.Count], number)) is { Count: > 0 } wrong) Assert.Fail($"{files[number % files.Count]}, {number}: {string.Join(", ", wrong)}");
        }
    }

    // Each line: milliseconds, who (C or S), flags, number, acknowledgment, length. Numbers above a million are of a later connection.
    [TestCase("0 C S 0; 10 S SA 0 1; 11.0 S A 1 1 5; 11.3 C A 1 1; 30 C A 1 6", TestName = "The last acknowledgment of a handshake may come in the file after the data that it allows")]
    [TestCase("0 C S 0; 200 C S 0; 201 S SA 0 1; 400 S SA 0 1; 401 S A 1 1 5; 410 C A 1 1; 411 C A 1 6", TestName = "An acknowledgment may be that of a second SYN+ACK")]
    [TestCase("0 C S 0; 1 S SA 0 1; 30 S A 1401 1 1400; 31 C A 1 1", TestName = "An acknowledgment may be repeated for data that are out of order")]
    [TestCase("0 C S 0; 1 S SA 0 1; 2 C A 1 1; 3 C A 1 1 5; 4 S A 1 6; 5 S A 1 6 100; 6 C A 6 201; 6.2 S A 1 6; 210 S A 1 6 100; 220 C A 6 201", TestName = "A late acknowledgment does not prove that nothing was sent after it")]
    [TestCase("0 C S 0; 10 S SA 0 1; 11 C A 1 1 1; 12 C RA 3 1; 20 S A 1 3; 21 C R 3", TestName = "A reset may answer an acknowledgment of what the capture has missed")]
    [TestCase("0 C S 0; 10 S SA 0 1; 11 C A 1 1; 12 C F 1 1; 13 S FA 1 2; 14 C A 2 2; 70000 S SA 3000000 3000001; 70001 C A 3000001 3000001; 70002 S A 3000001 3000001 5; 70003 C A 3000001 3000006", TestName = "A SYN+ACK with another number is of another connection")]
    [TestCase("0 C S 0; 10 S SA 0 1; 11 C A 1 1; 12 C FA 1 1; 13 S FA 1 2; 70002 S A 3000001 3000001 5; 70003 C A 3000001 3000006 5; 70004 S A 3000006 3000006", TestName = "What is far behind a FIN is of another connection")]
    [TestCase("0 C S 0; 10 S SA 0 1; 11 C A 1 1; 70000 C A 3000001 3000001 1400; 70001 S A 3000001 3001401; 70002 C A 3001401 3000001 1400; 70003 S A 3000001 3001401; 70004 C A 3001401 3000001 425; 70005 S A 3000001 3001401", TestName = "A jump of both numbers is no segment out of window")]
    [TestCase("0 C S 0; 10 S SA 0 1; 11 C A 1 1; 12 C A 1 1 400; 13 S A 1 401 400; 14 C A 401 401; 15 C RA 401 401; 20 C R 1; 21 S A 401 401 5; 40 C R 401", TestName = "A closed socket answers with resets that are old")]
    [TestCase("0 C S 0; 10 S SA 0 1; 11 S A 501 1 100; 12 C A 1 1; 12.5 C A 1 601 5", TestName = "Bytes may be missing before early data")]
    [TestCase("0 C S 0; 1000 S SA 0 3000001; 1001 C A 3000001 1; 1002 C A 3000001 1 5; 1003 S A 1 3000006", TestName = "A SYN+ACK may be of a connection whose SYN is missing")]
    [TestCase("0 C S 0; 10 C A 1 6 5; 10.4 S SA 0 1; 10.5 S A 1 1 5; 11 S A 6 6", TestName = "A SYN+ACK may come in the file after what was sent because of it")]
    [TestCase("0 C S 0; 10 S SA 0 3000001; 20 C R 3000001", TestName = "A refused SYN+ACK may be the answer to a SYN that the capture has not")]
    [TestCase("0 C S 0; 10 S SA 0 3000001; 20 C R 3000001; 1000 C S 0; 1010 S SA 900 1; 1020 C A 1 901", TestName = "A refused SYN+ACK may be the answer to an old duplicate (RFC 9293 figure 9)")]
    public void Nothing_is_found(string lines) => Assert.That(Wrong(Frames(lines)), Is.Empty);

    [TestCase("0 C S 0; 10 S SA 0 1; 11 S A 1 1 5; 20 C A 1 1; 21 C A 1 6", "data-before-handshake@3")]
    [TestCase("0 C S 0; 10 S SA 0 1; 20 C A 1 1; 30 C A 1 101; 40 S A 1 1; 50 S A 1 1 10; 60 C A 1 11", "ack-of-unsent@4")]
    [TestCase("0 C S 0; 10 S SA 0 1; 20 C A 1 2; 30 S R 2", "ack-of-unsent@3")]
    [TestCase("0 C S 0; 10 S SA 0 1; 20 C FA 1 1; 30 S A 1 3; 40 S FA 1 2", "ack-of-unsent@4")]
    [TestCase("0 C S 0; 10 S SA 0 2; 20 C R 2", "wrong-syn-ack@2")]
    [TestCase("0 C S 0; 10 S SA 0 0; 20 C R 0", "wrong-syn-ack@2")]
    [TestCase("0 C S 0; 10 S SA 0 1; 20 C A 1 1; 30 C FA 1 1; 40 C A 2 1 7", "data-after-fin@5")]
    [TestCase("0 C S 0; 10 S SA 0 1; 20 C A 1 1; 30 C R 100000; 40 S A 1 1 5; 50 C A 1 6", "rst-out-of-window@4")]
    [TestCase("0 C S 0; 10 S SA 0 1; 20 C A 1 1; 30 C A 1 1 5; 40 C A 1 1 5x", "overlap-differs@5")]
    public void What_is_proven_is_still_found(string lines, string finding) =>
        Assert.That(Pipeline.Run(MessyWire.File(Frames(lines))).Flows.SelectMany(flow => flow.Findings).Select(one => $"{one.Kind.Id()}@{one.Packet}"), Is.EqualTo([finding]));

    private static List<Finding> Wrong(IReadOnlyList<Frame> frames)
    {
        var flows = Pipeline.Run(MessyWire.File(frames)).Flows;
        Assert.That(flows.Where(flow => flow is { Handshake: Handshake.Violated, Findings.Count: 0 }), Is.Empty);
        return [.. flows.SelectMany(flow => flow.Findings).Where(finding => !finding.Kind.IsInnocent())];
    }

    /// <summary>Packets from lines of text, as above.</summary>
    internal static List<Frame> Frames(string lines) => [.. lines.Split(';', StringSplitOptions.TrimEntries).Select(line =>
    {
        var words = line.Split(' ');
        var client = words[1] == "C";
        var flags = words[2].Aggregate(TcpFlags.None, (all, letter) => all | letter switch { 'S' => TcpFlags.Syn, 'F' => TcpFlags.Fin, 'R' => TcpFlags.Rst, _ => TcpFlags.Ack });
        uint Number(int at) => words.Length > at ? uint.Parse(words[at].TrimEnd('x'), CultureInfo.InvariantCulture) : 0;
        var bytes = MessyWire.Segment(client, flags, Bases[client ? 0 : 1] + Number(3), words.Length > 4 ? Bases[client ? 1 : 0] + Number(4) : 0, 4000, (int)Number(5), -1, (at) => (byte)(line.EndsWith('x') ? at + 1 : at));
        return new Frame((long)(double.Parse(words[0], CultureInfo.InvariantCulture) * 1_000_000), LinkType.Raw, bytes, bytes.Length);
    })];
}
