using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Suites.Tcp;

/// <summary>Clients that leave as they please: the server lives on, and others do not notice.</summary>
public static class Survival
{
    private const int Witness = 9, Newcomer = 10;

    public static ImmutableArray<Requirement> For(Conversation talk) =>
    [
        new()
        {
            Id = "tcp/survive/connect-and-vanish",
            Title = "survives clients that connect and vanish",
            Clause = "POSIX.1-2024 XSH accept(): ECONNABORTED; RFC 9293 §3.10.7.4",
            Statement = "A client that closes or resets right after its connect harms neither the server nor its other clients.",
            Why = "an error of accept(), getpeername() or the first recv() ends the program; or the first byte is used without asking whether there is one",
            Fix = "treat errors of one connection as the end of that connection only",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Among(talk, "clients that reset at once", Talk.Each([0, 1, 2, 3], i => [.. Talk.Connect(i), new Step.Abort(i)])),
                Among(talk, "clients that close at once", Talk.Each([0, 1, 2, 3], i => [.. Talk.Connect(i), new Step.Close(i)])),
                Among(talk, "clients that reset after a moment", Talk.Each([0, 1, 2], i => [.. Talk.Connect(i), .. Talk.Wait(20), new Step.Abort(i)])),
            ],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tcp/survive/reset-in-mid-message",
            Title = "survives a reset in the middle of a message",
            Clause = "RFC 9293 §3.5.3, §3.10.7.4; POSIX.1-2024 XSH recv(): ECONNRESET",
            Statement = "A client that aborts while it sends ends its own connection, nothing else.",
            Why = "ECONNRESET is not caught, or ends the accept loop, or is taken for a reason to close all clients",
            Fix = "on ECONNRESET close that one connection and go on",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Among(talk, "a reset after half a message", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), Conversation.Send(i, talk.HalfMessage(i, 50)), .. Talk.Wait(10), new Step.Abort(i)])),
                Among(talk, "a reset after an exchange", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), .. talk.Exchange(i, i, 50), .. talk.KeepsOpen ? [Conversation.Send(i, talk.HalfMessage(i, 7))] : Array.Empty<Step>(), new Step.Abort(i)])),
                Among(talk, "a reset between exchanges", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), .. talk.Exchange(i, i, 50), .. Talk.Wait(10), new Step.Abort(i)])),
            ],
            Judge = LifeJudge.Survives,
        },
        new()
        {
            Id = "tcp/survive/close-with-unread-data",
            Applies = talk.Answers || talk.IsEndless,
            Title = "survives a client that closes while it is being sent to",
            Clause = "POSIX.1-2024 XSH send(): EPIPE and SIGPIPE; RFC 9293 §3.6.1",
            Statement = "A client that leaves without reading its answers makes our kernel reset; the server's next send fails, and that is all.",
            Why = "SIGPIPE kills the process, or EPIPE ends the main loop or is tried again for ever",
            Fix = "ignore SIGPIPE (or send with MSG_NOSIGNAL) and on EPIPE or ECONNRESET close that one connection",
            Company = Company.Alone,
            After = talk.Probe,
            Fixed =
            [
                Among(talk, "clients that close with answers unread", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), Conversation.Send(i, talk.Message(i, 40_000), [1000]), new Step.Close(i)])),
                Among(talk, "clients that close with much unread", Talk.Each([0, 1, 2], i => [.. talk.Enter(i), Conversation.Send(i, talk.Message(i, 400_000)), new Step.Close(i)])),
                Among(talk, "clients that send, rest and close", Talk.Each([0, 1], i => [.. talk.Enter(i), Conversation.Send(i, talk.Message(i, 3000)), .. Talk.Wait(20), Conversation.Send(i, talk.Message(i, 3000)), new Step.Close(i)])),
            ],
            Judge = LifeJudge.Survives,
        },
    ];

    /// <summary>A witness is served before and after, where the service serves clients side by side, and a newcomer is served at the end.</summary>
    private static Scenario Among(Conversation talk, string situation, IEnumerable<Step> rudeness) => talk.KeepsOpen && talk.Service.ServesSideBySide
        ? Talk.Scenario(
            situation, talk.Enter(Witness), talk.Exchange(Witness, 90, 30), rudeness, Talk.Wait(30), talk.Exchange(Witness, 91, 30), talk.Visit(Newcomer, 92, 30), Talk.Wait(20),
            talk.Exchange(Witness, 93, 30), talk.Leave(Witness))
        : Talk.Scenario(situation, talk.Visit(Witness, 90, 30), rudeness, Talk.Wait(30), talk.Visit(Newcomer, 92, 30), Talk.Wait(20), talk.Visit(Newcomer + 1, 93, 30));
}
