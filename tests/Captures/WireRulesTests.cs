using NUnit.Framework;
using SockConformance.Captures;

namespace SockConformance.Tests.Captures;

/// <summary>Requirements that packets alone decide: what is proven, and what is left open because the capture may have missed something.</summary>
public class WireRulesTests
{
    private const string Opened = "0 C S 0; 10 S SA 0 1; 20 C A 1 1; 30 C A 1 1 5; 31 S A 1 6 5; 32 C A 6 6";

    [TestCase(Opened + "; 40 C FA 6 6; 50 S FA 6 7; 60 C A 7 7", "tcp/handshake/three-way holds; tcp/close/no-reset holds")]
    [TestCase(Opened + "; 40 C FA 6 6; 50 S RA 6 7", "tcp/handshake/three-way holds; tcp/close/no-reset violated at 8", TestName = "A reset for a FIN is an abort")]
    [TestCase(Opened + "; 40 C FA 6 6; 50 S RA 7 7", "tcp/handshake/three-way holds", TestName = "Its FIN may be missing before a reset")]
    [TestCase(Opened + "; 40 C FA 6 6; 50 S R 6", "tcp/handshake/three-way holds", TestName = "A reset without ACK is a kernel's that knows no such connection")]
    [TestCase(Opened + "; 50 S RA 6 6", "tcp/handshake/three-way holds", TestName = "Before the caller has ended nothing says that all was read")]
    [TestCase("30 C A 1 1 5; 31 S A 1 6 5; 40 C FA 6 6; 50 S RA 6 7", "", TestName = "Who called is not known in mid-flow")]
    [TestCase("0 C S 0; 10 S SA 0 2; 20 C R 2", "tcp/handshake/three-way violated at 2")]
    [TestCase("0 C S 0; 10 S SA 0 1", "", TestName = "A handshake may end behind the capture")]
    public void What_is_decided_of_a_connection(string lines, string decided) => Assert.That(Told(MessyWire.File(FalseFindingTests.Frames(lines))), Is.EqualTo(decided));

    [TestCase("tls12-close-notify.pcapng", "tls/handshake/order holds")]
    [TestCase("tls13-close-notify.pcapng", "tls/version/legacy-field holds")]
    public void What_is_decided_of_a_session(string golden, string decided) =>
        Assert.That(Told(File.ReadAllBytes(GoldenIndex.PathOf(golden))), Does.Contain(decided).And.Not.Contain("violated"));

    [TestCase(0, 0, null)]
    [TestCase(1, 1, true)]
    [TestCase(2, 2, false)]
    [TestCase(3, 2, true)]
    public void A_single_missing_checksum_may_be_chance(int datagrams, int without, bool? holds) => Assert.That(WireRules.ChecksumOf(datagrams, without)?.Holds, Is.EqualTo(holds));

    private static string Told(byte[] file) => string.Join("; ", Pipeline.Run(file).Flows.SelectMany(WireRules.Of).Select(one => $"{one.Requirement} {(one.Holds ? "holds" : $"violated{(one.Packet > 0 ? $" at {one.Packet}" : "")}")}"));
}
