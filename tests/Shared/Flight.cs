using SockConformance.Model;

namespace SockConformance.Tests.Shared;

/// <summary>How much of a receive buffer datagrams can take that are under way: the kernel counts its own structures, too.</summary>
internal static class Flight
{
    /// <summary>Linux's default of net.core.rmem_default.</summary>
    public const int ReceiveBuffer = 212992;

    private const int Overhead = 960;

    /// <summary>The most that lies before a server which has answered nothing that was not waited for.</summary>
    public static int Most(Scenario scenario)
    {
        var underWay = new List<(int Socket, int Size)>();
        var most = 0;
        foreach (var step in scenario.Steps)
        {
            if (step is Step.Send send) underWay.Add((send.Socket, send.Data.Size + Overhead));
            if (step is Step.Await or Step.Idle) underWay.Clear();
            if (step is Step.ReceiveMessages receive)
            {
                for (var i = 0; i < receive.Count && underWay.FindIndex(one => one.Socket == receive.Socket) is var at and >= 0; i++) underWay.RemoveAt(at);
            }

            most = Math.Max(most, underWay.Sum(one => one.Size));
        }

        return most;
    }
}
