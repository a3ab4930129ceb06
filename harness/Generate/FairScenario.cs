using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>
/// A scenario that was seen somewhere, made fair to a target that follows a spec: where the client received, all that is due by then is waited for, and
/// nothing that is not. What it received when it was seen may have been too little, or too much.
/// </summary>
internal static class FairScenario
{
    /// <summary>How long a target may take to do what the spec does not promise.</summary>
    private const int Milliseconds = 500;

    public static Scenario For(Scenario seen, ServiceSpec service)
    {
        var owed = new Debts(service);
        var steps = ImmutableArray.CreateBuilder<Step>();
        foreach (var step in seen.Steps)
        {
            switch (step)
            {
                case Step.Receive { Bytes: not null } or Step.Abort or Step.Close:
                    ReceiveDue(step.On!.Value);
                    break;
                case Step.Receive toTheEnd when !owed.EndsOn(toTheEnd.Socket):
                    steps.Add(new Step.Await(toTheEnd.Socket, Milliseconds, new Framing.UntilEof(int.MaxValue)));
                    continue;
                case Step.ShutdownWrite:
                    ReceiveDue(step.On!.Value);
                    break;
            }

            if (step is Step.Receive { Bytes: not null }) continue;
            owed.Note(step);
            steps.Add(step);
        }

        return seen with { Steps = steps.ToImmutable() };

        void ReceiveDue(int socket)
        {
            Step all = service.Reply.HasMessages || service.Kind == "http" ? new Step.ReceiveMessages(socket, 0, service.Reply) : new Step.Receive(socket, 0);
            var due = owed.On(all);
            if (due is <= 0 or > 1 << 24) return;
            Step asked = all is Step.ReceiveMessages messages ? messages with { Count = due } : new Step.Receive(socket, due);
            owed.Note(asked);
            steps.Add(asked);
        }
    }
}
