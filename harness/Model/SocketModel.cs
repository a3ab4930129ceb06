using System.Collections.Immutable;

namespace SockConformance.Model;

/// <summary>The states of a connecting TCP socket, seen from its own side of the API.</summary>
public enum SocketState
{
    Unconnected,
    Connecting,
    Connected,

    /// <summary>Our FIN is sent; we may still receive.</summary>
    WriteShut,
    Closed,

    /// <summary>A socket of datagrams, which needs no connection.</summary>
    Datagram,

    /// <summary>A TCP of the harness's own, without a connection, with one, and after our FIN.</summary>
    Crafted,
    CraftedConnected,
    CraftedShut,
}

/// <summary>May a step be taken in a state; and where it leads, or what the API must answer and why.</summary>
public abstract record Legality
{
    private Legality() { }

    public sealed record Legal(SocketState Next) : Legality;

    /// <param name="Allowed">The errno names any of which is a right answer; "0" where success without effect is one.</param>
    public sealed record Illegal(string Why, string Clause, ImmutableArray<string> Allowed) : Legality;
}

/// <summary>
/// Which primitive is legal in which state of the harness's own sockets, and why not. Pure. The peer is not modelled: a step is
/// legal or not whatever the target does.
/// <code>
///  Unconnected --connect--> Connecting --(handshake)--> Connected --shutdown(WR)--> WriteShut
///       \_____________________________ close / abort: from every state ______________/ --> Closed
/// </code>
/// </summary>
public static class SocketModel
{
    /// <summary>What the standard says of <paramref name="step"/> on a socket in <paramref name="state"/>.</summary>
    public static Legality Next(SocketState state, Step step) => (state, step) switch
    {
        (_, not Step.OnSocket) => new Legality.Legal(state),
        (SocketState.Closed, _) => Illegal("the descriptor is closed", "POSIX.1-2024 XSH close()", "EBADF"),

        (SocketState.Unconnected, Step.Open) => new Legality.Legal(SocketState.Datagram),
        (SocketState.Unconnected, Step.Accept) => new Legality.Legal(SocketState.Connected),
        (SocketState.Datagram, Step.Send or Step.ReceiveMessages or Step.Await) => new Legality.Legal(state),
        (SocketState.Datagram, Step.Close) => new Legality.Legal(SocketState.Closed),
        (SocketState.Datagram, _) => Illegal("the socket is one of datagrams", "POSIX.1-2024 XSH 2.10.6", "EOPNOTSUPP", "ENOTCONN"),

        (SocketState.Unconnected, Step.Craft) => new Legality.Legal(SocketState.Crafted),
        (SocketState.Crafted or SocketState.CraftedConnected or SocketState.CraftedShut, _) => NextOfCrafted(state, step),
        (_, Step.Inject or Step.Expect) => Illegal("the kernel makes the segments of this socket", "RFC 9293 §3.9.1", "EOPNOTSUPP"),
        (_, Step.Open or Step.Accept or Step.Craft) => Illegal("the socket is in use already", "POSIX.1-2024 XSH socket()", "EISCONN"),

        (SocketState.Unconnected, Step.Connect c) => new Legality.Legal(c.Background ? SocketState.Connecting : SocketState.Connected),
        (SocketState.Connecting, Step.Connect) => Illegal("a connect is already under way", "POSIX.1-2024 XSH connect()", "EALREADY", "EISCONN", "0"),
        // Linux answers the first connect after a non-blocking one has come through with 0, and only later ones with EISCONN.
        (_, Step.Connect) => Illegal("the socket is already connected", "POSIX.1-2024 XSH connect()", "EISCONN", "0"),

        (_, Step.Close or Step.Abort) => new Legality.Legal(SocketState.Closed),

        // Linux answers EPIPE where POSIX has ENOTCONN; both are refusals.
        (SocketState.Unconnected, Step.Send) => Illegal("the socket is not connected", "POSIX.1-2024 XSH send()", "ENOTCONN", "EPIPE"),
        (SocketState.Unconnected, Step.Receive or Step.ReceiveMessages or Step.Await or Step.Handshake or Step.CloseNotify or Step.Serve) => Illegal("the socket is not connected", "POSIX.1-2024 XSH recv()", "ENOTCONN"),
        (SocketState.Unconnected, Step.ShutdownWrite) => Illegal("the socket is not connected", "POSIX.1-2024 XSH shutdown()", "ENOTCONN"),

        (SocketState.WriteShut, Step.Send) => Illegal("the write direction is shut down", "POSIX.1-2024 XSH send()", "EPIPE"),
        (SocketState.WriteShut, Step.ShutdownWrite) =>
            Illegal("the write direction is shut down already: a second FIN must not be sent", "RFC 9293 §3.10.4", "0", "ENOTCONN"),

        (SocketState.WriteShut, Step.CloseNotify or Step.Handshake or Step.Serve) => Illegal("the write direction is shut down", "POSIX.1-2024 XSH send()", "EPIPE"),
        (_, Step.Send or Step.Receive or Step.ReceiveMessages or Step.Await or Step.Handshake or Step.CloseNotify or Step.Serve) => new Legality.Legal(state == SocketState.Connecting ? SocketState.Connected : state),
        (_, Step.ShutdownWrite) => new Legality.Legal(SocketState.WriteShut),
        _ => throw new InvalidOperationException($"no rule for {step} in state {state}"),
    };

    private static Legality NextOfCrafted(SocketState state, Step step) => (state, step) switch
    {
        (_, Step.Inject or Step.Expect) => new Legality.Legal(state),
        (_, Step.Close or Step.Abort) => new Legality.Legal(SocketState.Closed),
        (SocketState.Crafted, Step.Connect) => new Legality.Legal(SocketState.CraftedConnected),
        (_, Step.Connect or Step.Craft or Step.Open or Step.Accept) => Illegal("the socket is in use already", "POSIX.1-2024 XSH connect()", "EISCONN"),
        (_, Step.Handshake or Step.CloseNotify or Step.Serve) => Illegal("a TCP of the harness's own has no such layer", "RFC 9293 §3.9.1", "EOPNOTSUPP"),
        (SocketState.Crafted, _) => Illegal("the socket is not connected", "POSIX.1-2024 XSH send()", "ENOTCONN"),
        (SocketState.CraftedShut, Step.Send or Step.ShutdownWrite) => Illegal("the write direction is shut down", "POSIX.1-2024 XSH send()", "EPIPE"),
        (_, Step.ShutdownWrite) => new Legality.Legal(SocketState.CraftedShut),
        _ => new Legality.Legal(state),
    };

    /// <summary>The verdict of the model on each step of a scenario; an illegal step changes no state.</summary>
    public static ImmutableArray<Legality> Check(Scenario scenario)
    {
        var states = new Dictionary<int, SocketState>();
        var verdicts = ImmutableArray.CreateBuilder<Legality>(scenario.Steps.Length);
        foreach (var step in scenario.Steps)
        {
            var state = step.On is { } socket ? states.GetValueOrDefault(socket, SocketState.Unconnected) : SocketState.Unconnected;
            var legality = Next(state, step);
            if (legality is Legality.Legal legal && step.On is { } used) states[used] = legal.Next;
            verdicts.Add(legality);
        }

        return verdicts.MoveToImmutable();
    }

    /// <summary>The number of illegal steps: 0 for a legal program; generators make at most 1.</summary>
    public static int CountIllegal(Scenario scenario) => Check(scenario).Count(legality => legality is Legality.Illegal);

    private static Legality.Illegal Illegal(string why, string clause, params string[] allowed) => new(why, clause, [.. allowed]);
}
