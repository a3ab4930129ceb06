using SockConformance.Model;

namespace SockConformance.Tests.Shared;

/// <summary>
/// Whether a faultless echo server would meet every legal step, played through with the socket model. Told apart from the
/// harness's own rule on purpose: the tests compare the two.
/// </summary>
internal static class Fairness
{
    /// <summary>Why a faultless server could be blamed; null if it could not.</summary>
    public static string? WhyNot(Scenario scenario)
    {
        var owed = new Dictionary<int, int>();
        var shut = new HashSet<int>();
        foreach (var (index, (step, legality)) in scenario.Steps.Zip(SocketModel.Check(scenario)).Index())
        {
            if (legality is Legality.Illegal || step.On is not { } socket) continue;
            switch (step)
            {
                case Step.Send send:
                    owed[socket] = owed.GetValueOrDefault(socket) + send.Data.Size;
                    break;
                case Step.Receive { Bytes: { } bytes }:
                    owed[socket] = owed.GetValueOrDefault(socket) - bytes;
                    if (owed[socket] < 0) return $"step {index + 1} ({step}) waits for {-owed[socket]} bytes that nobody sent";
                    break;
                case Step.Receive when !shut.Contains(socket):
                    return $"step {index + 1} ({step}) waits for an end before ours";
                case Step.ShutdownWrite:
                    shut.Add(socket);
                    break;
            }
        }

        return null;
    }
}
