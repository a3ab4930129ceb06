using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Captures;

internal enum RecordedKind
{
    /// <summary>The conversation begins; over UDP nothing is sent for that.</summary>
    Connect,
    ClientData,
    ServerData,
    ClientFin,
    ServerFin,
    ClientReset,
    ServerReset,

    /// <summary>ICMP says that nobody is bound where the client sent a datagram to.</summary>
    ServerUnreachable,
}

/// <summary>Something that one end of a captured conversation did.</summary>
/// <param name="Conversation">Numbers the conversations of the recording from 0, in the order of their first packets.</param>
/// <param name="Time">Nanoseconds since 1970.</param>
/// <param name="Data">The payload of one segment, without what had been sent before; or that of a whole datagram. Empty for the others.</param>
internal sealed record RecordedEvent(int Conversation, long Time, RecordedKind Kind, ReadOnlyMemory<byte> Data);

/// <summary>One captured connection, or what two ends said to each other in datagrams.</summary>
/// <param name="Flow">Its number in the capture.</param>
/// <param name="Flaw">Why it cannot be carried out again as it was; null if it can.</param>
internal sealed record RecordedConversation(FlowReport Flow, string? Flaw)
{
    /// <summary>The stream of bytes that the client sent; empty for datagrams.</summary>
    public ReadOnlyMemory<byte> FromClient { get; init; }

    public ReadOnlyMemory<byte> FromServer { get; init; }
}

/// <summary>Captured connections as what their ends did, in the order of time: payload, cuts and how they ended, but no packet.</summary>
internal sealed record Recording(ImmutableArray<RecordedConversation> Conversations, ImmutableArray<RecordedEvent> Events)
{
    /// <summary>Beyond this nobody wants to run a capture again; it bounds memory, too. Each for TCP and for UDP.</summary>
    private const int MostConversations = 256, MostPayload = 16 << 20;

    private const int EventSize = 64; // a datagram without any data takes memory, too

    /// <param name="flow">The one that is wanted; null for all.</param>
    /// <exception cref="CaptureFormatException">The file is damaged.</exception>
    public static Recording Of(CaptureReader reader, long? flow, Endpoint? server, CancellationToken cancellation)
    {
        var recorders = new SortedDictionary<long, Recorder>();
        var reports = new Dictionary<long, FlowReport>();
        var events = new List<(long Flow, long Time, RecordedKind Kind, ReadOnlyMemory<byte> Data)>();
        var table = new FlowTable(state =>
        {
            if (recorders.ContainsKey(state.Number)) reports[state.Number] = state.Report();
        })
        { Server = server };
        var (tcp, udp) = (new Room(), new Room());
        while (reader.Next())
        {
            if (reader.Number % 65536 == 0) cancellation.ThrowIfCancellationRequested();
            var (state, fromSource) = table.Add(reader, out var facts, out var payload);
            if (state is null || (flow is { } wanted && state.Number != wanted)) continue;
            var room = facts.Kind == PacketKind.Tcp ? tcp : udp;
            if (!recorders.TryGetValue(state.Number, out var recorder))
            {
                if (room.Conversations++ >= MostConversations) continue;
                var (number, time) = (state.Number, reader.Time);
                events.Add((number, time, RecordedKind.Connect, default));
                void Add(long at, RecordedKind kind, ReadOnlyMemory<byte> data) => events.Add((number, at, kind, data));
                recorders[number] = recorder = room == tcp ? new Connection(Add) : new Datagrams(Add);
            }

            room.Payload += payload.Length + (room == udp ? EventSize : 0);
            recorder.Note(facts, fromSource, reader.Time, payload, room.Payload > MostPayload);
        }

        table.End();
        var order = recorders.Keys.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        return new Recording(
            [.. recorders.Select(entry => new RecordedConversation(reports[entry.Key], entry.Value.Flaw) { FromClient = entry.Value.FromClient, FromServer = entry.Value.FromServer })],
            [.. events.Select(one => new RecordedEvent(order[one.Flow], one.Time, one.Kind, one.Data))]);
    }

    /// <summary>The same with some of the conversations, numbered anew.</summary>
    public Recording Only(Func<RecordedConversation, bool> wanted)
    {
        var kept = Conversations.Index().Where(entry => wanted(entry.Item)).Select((entry, number) => (entry.Index, number)).ToDictionary(entry => entry.Index, entry => entry.number);
        return new Recording(
            [.. Conversations.Where(wanted)], [.. Events.Where(one => kept.ContainsKey(one.Conversation)).Select(one => one with { Conversation = kept[one.Conversation] })]);
    }

    /// <summary>How much is recorded of one protocol.</summary>
    private sealed class Room
    {
        public int Conversations { get; set; }

        public long Payload { get; set; }
    }

    /// <summary>Follows one conversation.</summary>
    private abstract class Recorder
    {
        protected const string CutOff = "the capture has only the beginning of its packets (snap length)";

        protected static string TooLong { get; } = $"it has more than {MostPayload >> 20} MiB";

        public abstract string? Flaw { get; }

        public virtual ReadOnlyMemory<byte> FromClient => default;

        public virtual ReadOnlyMemory<byte> FromServer => default;

        /// <param name="full">There is no room for more.</param>
        public abstract void Note(in PacketFacts facts, bool fromSource, long time, ReadOnlySpan<byte> payload, bool full);
    }

    private sealed class Datagrams(Action<long, RecordedKind, ReadOnlyMemory<byte>> add) : Recorder
    {
        private bool overflowed, cut, secured, unreachable;

        public override string? Flaw =>
            overflowed ? TooLong
            : cut ? CutOff
            : secured ? "it is DTLS: what was encrypted cannot be said again (replay the case file instead)"
            : null;

        public override void Note(in PacketFacts facts, bool fromSource, long time, ReadOnlySpan<byte> payload, bool full)
        {
            overflowed |= full;
            if (full) return;
            if (facts.Kind == PacketKind.Unreachable)
            {
                if (!fromSource && !unreachable) add(time, RecordedKind.ServerUnreachable, default);
                unreachable |= !fromSource;
                return;
            }

            cut |= payload.Length < facts.Length;
            secured |= payload is [22, 254, >= 253, ..];
            add(time, fromSource ? RecordedKind.ClientData : RecordedKind.ServerData, payload.ToArray());
        }
    }

    private sealed class Connection(Action<long, RecordedKind, ReadOnlyMemory<byte>> add) : Recorder
    {
        private readonly Stream client = new(), server = new();
        private bool overflowed, reset;

        public override ReadOnlyMemory<byte> FromClient => client.Bytes;

        public override ReadOnlyMemory<byte> FromServer => server.Bytes;

        public override string? Flaw =>
            overflowed ? TooLong
            : client.Cut || server.Cut ? CutOff
            : client.HasHole ? "part of what the client sent is not in the capture"
            : client.IsTls ? "it is TLS: what was encrypted cannot be said again (replay the case file instead)"
            : null;

        public override void Note(in PacketFacts facts, bool fromSource, long time, ReadOnlySpan<byte> payload, bool full)
        {
            var (own, data, fin, rst) = fromSource ? (client, RecordedKind.ClientData, RecordedKind.ClientFin, RecordedKind.ClientReset) : (server, RecordedKind.ServerData, RecordedKind.ServerFin, RecordedKind.ServerReset);
            if (full)
            {
                overflowed |= facts.Length > 0;
                return;
            }

            if (facts.Has(TcpFlags.Rst))
            {
                if (!reset && !(client.Ended && server.Ended)) add(time, rst, default);
                reset = true;
                return;
            }

            own.Note(facts, payload, piece => add(time, data, piece), () => add(time, fin, default));
        }
    }

    /// <summary>One direction: bytes in the order of their numbers, each once; what comes too early waits.</summary>
    private sealed class Stream
    {
        private const int MostWaiting = 1024;

        private readonly SortedDictionary<uint, (byte[] Data, bool Fin)> waiting = [];
        private readonly List<byte> bytes = [];
        private uint next;
        private bool begun;

        public bool Ended { get; private set; }

        public bool Cut { get; private set; }

        public bool HasHole => waiting.Count > 0;

        public bool IsTls => bytes is [22, 3, <= 4, ..];

        public ReadOnlyMemory<byte> Bytes => bytes.ToArray();

        public void Note(in PacketFacts facts, ReadOnlySpan<byte> payload, Action<ReadOnlyMemory<byte>> add, Action end)
        {
            var sequence = facts.Sequence;
            if (facts.Has(TcpFlags.Syn)) (begun, next, sequence) = (true, begun ? next : facts.Sequence + 1, facts.Sequence + 1);
            else if (!begun) (begun, next) = (true, sequence);
            Cut |= payload.Length < facts.Length;
            if (facts.Length == 0 && !facts.Has(TcpFlags.Fin)) return;
            if (unchecked((int)(sequence - next)) > 0)
            {
                if (waiting.Count < MostWaiting) waiting[sequence] = (payload.ToArray(), facts.Has(TcpFlags.Fin));
                return;
            }

            Take(sequence, payload, facts.Has(TcpFlags.Fin), add, end);
            while (waiting.Count > 0 && waiting.FirstOrDefault(entry => unchecked((int)(entry.Key - next)) <= 0) is { Value.Data: not null } due)
            {
                waiting.Remove(due.Key);
                Take(due.Key, due.Value.Data, due.Value.Fin, add, end);
            }
        }

        private void Take(uint sequence, ReadOnlySpan<byte> payload, bool fin, Action<ReadOnlyMemory<byte>> add, Action end)
        {
            var known = (int)Math.Min(next - sequence, (uint)payload.Length);
            var fresh = payload[known..];
            if (fresh.Length > 0 && !Ended)
            {
                bytes.AddRange(fresh);
                next += (uint)fresh.Length;
                add(fresh.ToArray());
            }

            if (!fin || Ended || sequence + (uint)payload.Length != next) return;
            Ended = true;
            next++;
            end();
        }
    }
}
