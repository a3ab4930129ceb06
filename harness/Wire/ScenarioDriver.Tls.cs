using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>The steps of a TLS session.</summary>
internal sealed partial class ScenarioDriver
{
    private Outcome Handshake(Peer peer, TlsOffer offer)
    {
        if (FinishConnect(peer) is { Result: not StepResult.Done } trouble) return trouble;
        if (peer.Tls is not null) return Failed("", "there is a TLS session already");
        var left = caseDeadline - Clock.Now;
        peer.Tls = new TlsChannel(peer.Socket!, offer, context.Tls ?? TlsTrust.None, cancellation);
        return peer.Tls.Handshake(left < patience.Reply ? left : patience.Reply) is { } failure ? failure : Done();
    }

    private static Outcome CloseNotify(Peer peer) =>
        peer.Tls is null ? Failed("", "there is no TLS session") : peer.Tls.CloseNotify() is { Ok: false } call ? Failed(peer, call) : Done();

    /// <summary>What ended a TLS session is told in words: the socket API has no errno for it.</summary>
    private static Outcome Failed(Peer peer, CallResult call, int bytes = 0) =>
        call.Errno == TlsChannel.ProtocolError && peer.Tls?.Trouble is { } trouble ? Failed("", bytes, trouble) : Failed(call.Errno!, bytes);
}
