using NUnit.Framework;
using SockConformance.Captures;
using SockConformance.Model;

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

    private const string ClientHello = "1603010006010000020303", Random = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    [TestCase("1603010000", "1703010000", "", Description = "records in the clothes of TLS, without a handshake in them")]
    [TestCase(ClientHello, "1703010000", "tls/handshake/order violated")]
    [TestCase(ClientHello, "1603030032" + "0200002E" + "0303" + Random + "00" + "1301" + "00" + "0006" + "002B00020304", "tls/handshake/order holds; tls/version/legacy-field holds")]
    [TestCase(ClientHello, "1603030032" + "0200002E" + "0303" + Random + "00" + "1301" + "00" + "0006" + "002B0002FB1A", "", Description = "a private version to which both agreed")]
    public void Only_a_session_of_a_known_version_is_judged(string client, string server, string decided)
    {
        Frame Sent(bool byClient, string hex)
        {
            var bytes = Convert.FromHexString(hex);
            return new(30_000_000, LinkType.Raw, MessyWire.Segment(byClient, TcpFlags.Ack, byClient ? 1_000_001u : 50_000_001u, byClient ? 50_000_001u : 1_000_001u, 4000, bytes.Length, -1, at => bytes[at]), 40 + bytes.Length);
        }

        var told = Told(MessyWire.File([.. FalseFindingTests.Frames("0 C S 0; 10 S SA 0 1; 20 C A 1 1"), Sent(true, client), Sent(false, server)]));
        Assert.That(told, Does.StartWith($"tcp/handshake/three-way holds{(decided.Length > 0 ? "; " : "")}{decided}"));
        if (decided.Length == 0) Assert.That(told, Does.Not.Contain("tls/"));
    }

    [TestCase(0, 0, null)]
    [TestCase(1, 1, true)]
    [TestCase(2, 2, false)]
    [TestCase(3, 2, true)]
    public void A_single_missing_checksum_may_be_chance(int datagrams, int without, bool? holds) => Assert.That(WireRules.ChecksumOf(datagrams, without)?.Holds, Is.EqualTo(holds));

    private static string Told(byte[] file) => string.Join("; ", Pipeline.Run(file).Flows.SelectMany(WireRules.Of).Select(one => $"{one.Requirement} {(one.Holds ? "holds" : $"violated{(one.Packet > 0 ? $" at {one.Packet}" : "")}")}"));
}
