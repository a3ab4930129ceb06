using System.Collections.Concurrent;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Fuzz;
using SockConformance.Model;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Fuzz;

/// <summary>Connections of the quick driver judged by their packets, with real sockets on the loopback interface.</summary>
[NonParallelizable]
public class QuickWireTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);
    private static readonly Scenario Visit = new("", [new Step.Connect(0), new Step.Send(0, Payload.Literal.Of("a"u8)), new Step.Receive(0, 1), new Step.Close(0)]);

    [Test]
    public void A_reset_that_no_socket_sees_is_told_of() => Assert.That(Told(EchoAndAbort, told => !told.IsEmpty), Does.Contain((Visit, "tcp/close/no-reset")));

    [Test]
    public void Orderly_connections_are_judged_and_nothing_is_told() => Assert.That(Told(LocalServer.Echo, _ => false), Is.Empty);

    /// <summary>What is told while one visit after the other is made, until it is enough or a few hundred were judged.</summary>
    private static IReadOnlyCollection<(Scenario Case, string Requirement)> Told(Action<Socket> serve, Func<ConcurrentQueue<(Scenario, string)>, bool> isEnough)
    {
        var told = new ConcurrentQueue<(Scenario, string)>();
        using var server = new LocalServer(serve);
        using var driver = new QuickDriver(server.Endpoint, 3, CancellationToken.None) { PatienceMilliseconds = 20_000 };
        using var wire = QuickWire.TryOpen((scenario, requirement) => told.Enqueue((scenario, requirement)));
        if (wire is null) Assert.Ignore("no right to capture on the loopback interface");
        var deadline = Clock.Now + Enough;
        while (!isEnough(told) && wire!.Judged < 300 && Clock.Now < deadline)
        {
            driver.Run(Visit.Steps);
            wire.Note(driver.Addresses, Visit);
        }

        Assert.That(isEnough(told) || wire!.Judged >= 300, "connections were judged");
        return told;
    }

    private static void EchoAndAbort(Socket client)
    {
        var buffer = new byte[16];
        while (client.Receive(buffer) is var count and > 0) client.Send(buffer, count, SocketFlags.None);
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }
}
