using SockConformance.Model;

namespace SockConformance.Tests.Shared;

/// <summary>
/// Whether a faultless server of datagrams would meet every step. Told apart from the harness's own rule on purpose: the tests compare
/// the two.
/// </summary>
internal static class Postage
{
    /// <summary>Why a faultless server could be blamed; null if it could not.</summary>
    public static string? WhyNot(Scenario scenario, ServiceSpec service)
    {
        var owed = new Dictionary<int, int>();
        foreach (var (index, (step, legality)) in scenario.Steps.Zip(SocketModel.Check(scenario)).Index())
        {
            if (legality is Legality.Illegal || step.On is not { } socket) continue;
            var before = owed.GetValueOrDefault(socket);
            owed[socket] = step switch
            {
                Step.Send send when Replies.ToDatagram(service, send.Data.ToBytes()) is not null => before + 1,
                Step.ReceiveMessages receive => before - receive.Count,
                Step.Await => 0, // it may have taken all of them
                _ => before,
            };
            if (owed[socket] < 0) return $"step {index + 1} ({step}) waits for {-owed[socket]} answers to what nobody sent";
        }

        return null;
    }
}
