using SockConformance.Generate;
using SockConformance.Model;

namespace SockConformance.Suites.Tls;

/// <summary>What the requirements of TLS servers say again and again.</summary>
internal static class Phrases
{
    public const string Answers = "tls/handshake/answers", Tls13 = "tls/handshake/tls13";

    /// <summary>How long an answer that is due is waited for, and an end; in milliseconds.</summary>
    private const int Patience = 4000;

    private const int Witness = 9, Newcomer = 10;

    public static TlsOffer Only12 { get; } = new(["1.2"]);

    public static TlsOffer Only13 { get; } = new(["1.3"]);

    /// <summary>Connect, and send a hello or something in its place; then see what comes first.</summary>
    public static IEnumerable<Step> Probe(int socket, Payload hello) => [new Step.Connect(socket), new Step.Send(socket, hello), Look(socket), new Step.Abort(socket)];

    /// <summary>The same for something that must end the connection.</summary>
    public static IEnumerable<Step> FatalProbe(int socket, Payload hello) => [new Step.Connect(socket), new Step.Send(socket, hello), .. AwaitEnd(socket), new Step.Abort(socket)];

    /// <summary>The next record.</summary>
    public static Step Look(int socket) => new Step.Await(socket, Patience, new Framing.TlsRecord());

    /// <summary>An alert or the end of the session, and then the end of the connection.</summary>
    public static IEnumerable<Step> AwaitEnd(int socket) => [ToTheEnd(socket), ToTheEnd(socket)];

    /// <summary>Beneath the session.</summary>
    public static Step Raw(int socket, ReadOnlySpan<byte> bytes) => new Step.Send(socket, Payload.Literal.Of(bytes), [], Raw: true);

    public static IEnumerable<Step> Enter(this Conversation talk, int socket, TlsOffer offer) =>
        [.. talk.Enter(socket).Select(step => step is Step.Handshake ? new Step.Handshake(socket, offer) : step)];

    public static IEnumerable<Step> WholeVisit(this Conversation talk, int socket, TlsOffer offer, int number = 0, int size = 20) =>
        [.. talk.Enter(socket, offer), .. talk.Exchange(socket, number, size), .. talk.Finish(socket)];

    /// <summary>A witness is served before and after, where the service serves clients side by side, and a newcomer is served at the end.</summary>
    public static Scenario Among(this Conversation talk, string situation, params IEnumerable<Step>[] rudeness) => talk.KeepsOpen && talk.Service.ServesSideBySide
        ? Talk.Scenario(
            situation, [.. talk.Enter(Witness), .. talk.Exchange(Witness, 90, 30), .. rudeness.SelectMany(steps => steps), .. Talk.Wait(30), .. talk.Exchange(Witness, 91, 30), .. talk.Visit(Newcomer, 92, 30), .. talk.Leave(Witness)])
        : Talk.Scenario(situation, [.. talk.Visit(Witness, 90, 30), .. rudeness.SelectMany(steps => steps), .. Talk.Wait(30), .. talk.Visit(Newcomer, 92, 30)]);

    private static Step ToTheEnd(int socket) => new Step.Await(socket, Patience, new Framing.UntilEof(1 << 20));
}
