using System.Net;
using NUnit.Framework;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

public class PortsTests
{
    [TestCase("127.0.0.1")]
    [TestCase("0.0.0.0")]
    [TestCase("::1")]
    public void The_port_of_a_listener_is_not_free(string address)
    {
        using var listener = ConnectedPair.Listen(IPAddress.Parse(address));
        Assert.That(Ports.IsFree(((IPEndPoint)listener.LocalEndPoint!).Port), Is.False);
    }

    [Test]
    public void Ports_lie_below_those_that_the_kernel_gives_to_clients_and_differ()
    {
        var ports = new Ports();
        var given = Enumerable.Range(0, 200).Select(_ => ports.Next()).ToList();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(given, Has.All.InRange(20000, 29999));
            Assert.That(given, Is.Unique);
        }
    }

    [Test]
    public void Runs_beside_each_other_are_not_after_the_same_ports() =>
        Assert.That(Enumerable.Range(0, 20).Select(_ => new Ports().Next()).Distinct().Count(), Is.GreaterThan(10));
}
