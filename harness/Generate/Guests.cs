using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>The phrases of <see cref="Talk"/> for the other side: a client under test comes, and the harness is its server.</summary>
public static class Guests
{
    private const int MostPieces = 6, LongestPiece = 40, LongestPause = 12;

    /// <summary>The client is started, is served to its end, and ends.</summary>
    public static IEnumerable<Step> Visit(int socket, ImmutableArray<int> cuts = default, int pause = 0, int delay = 0) =>
        [.. Come(socket), Serve(socket, cuts, pause, delay), new Step.Close(socket), new Step.AwaitExit()];

    /// <summary>The client is started and connects.</summary>
    public static IEnumerable<Step> Come(int socket) => [new Step.Launch(), new Step.Accept(socket)];

    public static IEnumerable<Step> Listen() => [new Step.Listen()];

    /// <summary>The whole of one client.</summary>
    public static Scenario One(string situation, ImmutableArray<int> cuts = default, int pause = 0, int delay = 0) =>
        Talk.Scenario(situation, Listen(), Visit(0, cuts, pause, delay));

    /// <summary>The connection is ended in the middle of the first reply.</summary>
    public static Scenario BrokenOff(string situation, int after, bool abort) => Talk.Scenario(
        situation, Listen(), Come(0), [new Step.Serve(0, [], ReplyLimit: after), abort ? new Step.Abort(0) : new Step.Close(0), new Step.AwaitExit()]);

    /// <summary>A TLS server shows a certificate that the client must refuse, and serves it if it asks all the same.</summary>
    public static Scenario Shown(string situation, ShownCertificate certificate) => Talk.Scenario(
        situation, Listen(), Come(0), [new Step.Handshake(0, TlsOffer.Any with { Shown = certificate }), new Step.Serve(0, [], MayFail: true), new Step.Close(0), new Step.AwaitExit()]);

    /// <summary>The same in TLS: a session begins when a client is accepted, and ends before its connection is closed.</summary>
    public static Scenario Secured(Scenario scenario) => scenario with
    {
        Steps =
        [
            .. scenario.Steps.SelectMany(step => step switch
            {
                Step.Accept accept => [accept, new Step.Handshake(accept.Socket, TlsOffer.Any)],
                Step.Close close => [new Step.CloseNotify(close.Socket), close],
                _ => (Step[])[step],
            }),
        ],
    };

    public static Gen<Scenario> Secured(Gen<Scenario> scenarios) => scenarios.Select(Secured);

    public static Step.Serve Serve(int socket, ImmutableArray<int> cuts = default, int pause = 0, int delay = 0) => new(socket, cuts.IsDefault ? [] : cuts, pause, delay);

    /// <summary>Replies in pieces of any lengths, with or without rests between them.</summary>
    public static Gen<Scenario> InAnyPieces() =>
        from pieces in Gen.Choose(1, MostPieces)
        from cuts in Gen.ListOf(Gen.Choose(1, LongestPiece), pieces)
        from pause in Gen.Frequency((1, Gen.Constant(0)), (3, Gen.Choose(1, LongestPause)))
        select One("a reply cut at random", [.. cuts], pause);
}
