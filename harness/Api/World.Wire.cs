using System.Collections.Immutable;

namespace SockConformance.Api;

/// <summary>What the model says must be on the wire of one connection when a program has ended.</summary>
/// <param name="ClientEnded">Whether it has sent its FIN; null where it may or may not.</param>
internal sealed record WireFacts(Name Client, Name Server, long ClientSent, long ServerSent, bool Exactly, bool? ClientEnded, bool? ServerEnded, bool? Reset);

/// <content>What must be seen on the wire.</content>
internal sealed partial class World
{
    /// <summary>Sockets of an unspecified state are part of the program: what the wire shows of them is nobody's matter.</summary>
    public bool IsAllKnown
    {
        get
        {
            for (var i = 0; i < socketCount; i++)
            {
                if (sockets[i].Phase is Phase.Unspecified or Phase.Connecting) return false;
            }

            return true;
        }
    }

    /// <summary>Slots whose name must be asked for, to find their connections on the wire.</summary>
    public IEnumerable<int> Unnamed()
    {
        for (var slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot].Open && At(slot) is { IsDatagram: false, Phase: Phase.Connected, IsReset: false, Port: 0, HasPending: false }) yield return slot;
        }
    }

    /// <summary>All connections; a port of 0 is one that was never told.</summary>
    public ImmutableArray<WireFacts> Connections()
    {
        var facts = ImmutableArray.CreateBuilder<WireFacts>();
        for (var i = 0; i < socketCount; i++)
        {
            var server = sockets[i];
            if (server.Listener < 0 || server.Peer < 0 || server.IsDatagram || server.Phase == Phase.Unspecified) continue;
            var client = sockets[server.Peer];
            if (client.Phase == Phase.Unspecified) continue;
            if (server.Port == 0) server.Port = sockets[server.Listener].Port;
            var reset = client.IsReset || server.IsReset;
            facts.Add(new WireFacts(
                new Name(Name.Loopback, client.Port), new Name(Name.Loopback, server.Port), client.Sent, server.Sent, !reset && client.Sent == server.Read && server.Sent == client.Read, // what nobody has read yet may be held back (RFC 9293 §3.7.4)
                Ended(client, server, reset), Ended(server, client, reset),
                reset ? true : client.PeerGone || server.PeerGone ? (client.End && client.WriteShut) || (server.End && server.WriteShut) ? null : false : false));
        }

        return facts.ToImmutable();
    }

    /// <summary>How many datagrams were sent, and how many bytes in them; null if that cannot be told.</summary>
    public (int Count, long Bytes)? DatagramsSent => datagramsUnsure ? null : (datagramsSent, datagramBytes);

    /// <summary>An end sends FIN when it is shut for writing, or closed without reason for a reset; with unread data in between it may have sent either.</summary>
    private static bool? Ended(ModelSocket socket, ModelSocket peer, bool reset) =>
        socket.WriteShut ? (socket.WasFull || reset ? null : true) : reset ? null : peer.PeerGone ? (socket.WasFull ? null : true) : false;
}
