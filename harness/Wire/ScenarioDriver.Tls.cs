using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>The steps of a TLS session.</summary>
internal sealed partial class ScenarioDriver
{
    private Outcome Handshake(Peer peer, TlsOffer offer)
    {
        if (FinishConnect(peer) is { Result: not StepResult.Done } trouble) return trouble;
        if (peer.Tls is not null) return Failed("", "there is a TLS session already");
        if (peer.IsAccepted && context.Shown is null) return Failed("", "there is no certificate to show");
        var (left, atMost) = (caseDeadline - Clock.Now, peer.IsAccepted ? patience.Connect : patience.Reply); // a runtime that has just started loads its cryptography now
        peer.Tls = new TlsChannel(peer.Socket!, offer, context.Tls ?? TlsTrust.None, cancellation, peer.IsAccepted ? context.Shown![offer.Shown] : null);
        return peer.Tls.Handshake(left < atMost ? left : atMost) is { } failure ? failure : Done();
    }

    /// <summary>A client under test may be gone by then.</summary>
    private static Outcome CloseNotify(Peer peer) =>
        peer.Tls is null ? Failed("", "there is no TLS session") : peer.Tls.CloseNotify() is { Ok: false } call && !peer.IsAccepted ? Failed(peer, call) : Done();

    /// <summary>What ended a TLS session is told in words: the socket API has no errno for it.</summary>
    private static Outcome Failed(Peer peer, CallResult call, int bytes = 0) =>
        call.Errno == TlsChannel.ProtocolError && peer.Tls?.Trouble is { } trouble ? Failed("", bytes, trouble) : Failed(call.Errno!, bytes);
}
