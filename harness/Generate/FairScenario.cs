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

    /// <summary>Datagrams under way at a time, and bytes in them: what any receive buffer holds.</summary>
    private const int MostUnderWay = 32, MostBytesUnderWay = 32 << 10;

    public static Scenario For(Scenario seen, ServiceSpec service)
    {
        var owed = new Debts(service);
        var steps = ImmutableArray.CreateBuilder<Step>();
        var (datagrams, bytes) = (0, 0);
        foreach (var step in seen.Steps)
        {
            switch (step)
            {
                case Step.Receive { Bytes: not null } or Step.ReceiveMessages or Step.Await or Step.Abort or Step.Close:
                    ReceiveDue(step.On!.Value);
                    break;
                case Step.Send send when service.Transport == Transport.Udp:
                    if (datagrams == MostUnderWay || bytes + send.Data.Size > MostBytesUnderWay) ReceiveAllDue();
                    (datagrams, bytes) = (datagrams + 1, bytes + send.Data.Size);
                    break;
                case Step.Receive toTheEnd when !owed.EndsOn(toTheEnd.Socket):
                    steps.Add(new Step.Await(toTheEnd.Socket, Milliseconds, new Framing.UntilEof(int.MaxValue)));
                    continue;
                case Step.ShutdownWrite:
                    ReceiveDue(step.On!.Value);
                    break;
            }

            if (step is Step.Receive { Bytes: not null } or Step.ReceiveMessages) continue;
            owed.Note(step);
            steps.Add(step);
        }

        return seen with { Steps = steps.ToImmutable() };

        void ReceiveAllDue()
        {
            foreach (var socket in steps.OfType<Step.Open>().Select(open => open.Socket).ToList()) ReceiveDue(socket);
            (datagrams, bytes) = (0, 0);
        }

        void ReceiveDue(int socket)
        {
            Step all = service.Transport == Transport.Udp || service.Reply.HasMessages || service.Kind == "http" ? new Step.ReceiveMessages(socket, 0, service.Reply) : new Step.Receive(socket, 0);
            var due = owed.On(all);
            if (due is <= 0 or > 1 << 24) return;
            Step asked = all is Step.ReceiveMessages messages ? messages with { Count = due } : new Step.Receive(socket, due);
            owed.Note(asked);
            steps.Add(asked);
        }
    }
}
