using System.Collections.Immutable;
using SockConformance.Generate;
using SockConformance.Model;

namespace SockConformance.Fuzz;

/// <summary>
/// Draws the cases of a campaign: conversations of a few connections in any order, with messages that the spec allows, such as are nearly so, and such as
/// are at the edges; fresh ones, or ones that go on from where an earlier case reached something new. The same number gives the same case as long as
/// the corpus is the same.
/// </summary>
internal sealed class FuzzGenerator
{
    /// <summary>How long an answer is waited for that may not come.</summary>
    private const int AwaitMilliseconds = 10;

    private const int MostTurns = 5, MostSteps = 240, EndMilliseconds = 60, Flood = 40, MostSockets = 60, OrdinaryDatagram = 1400;

    private static readonly ImmutableArray<byte[]> Requests =
    [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray(),
        "GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"u8.ToArray(), "PUT /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"u8.ToArray(),
        "GET / HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\nAccept: */*\r\n\r\n"u8.ToArray(), "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n"u8.ToArray(),
    ];

    private readonly ServiceSpec service;
    private readonly Conversation talk;
    private readonly Corpus corpus;
    private readonly ulong seed;
    private readonly ImmutableArray<Rule> rules;
    private readonly ImmutableArray<byte[]> tokens;
    private readonly bool oneAtATime, datagrams;

    public FuzzGenerator(ServiceSpec service, Corpus corpus, ulong seed)
    {
        (this.service, this.corpus, this.seed) = (service, corpus, seed);
        talk = new Conversation(service);
        datagrams = service.Transport == Transport.Udp;
        oneAtATime = service.Clients == 1 || !service.ServesSideBySide;
        rules = [.. service.Rules.Where(rule => !rule.When.Malformed)];
        tokens = [.. Tokens(service).Where(token => token.Length is > 0 and <= 64).DistinctBy(Convert.ToHexString)];
    }

    public Scenario Draw(ulong number)
    {
        var random = FuzzRandom.Of(seed, number);
        var entry = random.Below(10) < 6 ? corpus.Choose(ref random) : null;
        var steps = entry is null ? Fresh(ref random) : From(entry, ref random);
        return new Scenario(entry is null ? "drawn" : "drawn from the corpus", Fair(Legal(steps, ref random), ref random));
    }

    /// <summary>The scenario, and then a client that does all right: it must be served.</summary>
    public Scenario WithVisitor(Scenario scenario)
    {
        var visitor = scenario.Sockets is [.., var last] ? last + 1 : 0;
        if (visitor >= 1000) return scenario;
        return scenario with { Steps = [.. scenario.Steps, .. service.Name == ServiceSpec.Raw.Name ? [new Step.Connect(visitor), new Step.Close(visitor)] : talk.WholeVisit(visitor, 7)] };
    }

    // ---- conversations ----

    private Step Begin(int socket) => datagrams ? new Step.Open(socket) : new Step.Connect(socket);

    private List<Step> Fresh(ref FuzzRandom random)
    {
        var sockets = random.Below(100) switch { < 76 => 1, < 90 => 2, < 98 => 3 + random.Below(4), _ => 10 + random.Below(Flood) };
        var queues = new List<Queue<Step>>();
        for (var socket = 0; socket < sockets; socket++)
        {
            var steps = new Queue<Step>();
            steps.Enqueue(Begin(socket));
            var turns = sockets > 8 ? random.Below(2) : random.Below(8) == 0 ? 0 : 1 + random.Below(MostTurns);
            for (var turn = 0; turn < turns; turn++) steps.Enqueue(Say(socket, ref random));
            foreach (var step in Ending(socket, ref random)) steps.Enqueue(step);
            queues.Add(steps);
        }

        var all = new List<Step>();
        while (queues.Count > 0)
        {
            var one = queues[random.Below(queues.Count)];
            all.Add(one.Dequeue());
            if (one.Count == 0) queues.Remove(one);
        }

        return all;
    }

    /// <summary>What led to something new stays as it was; what comes after it is changed.</summary>
    private List<Step> From(CorpusEntry entry, ref FuzzRandom random)
    {
        var all = entry.Steps;
        var kept = random.Below(4) == 0 ? random.Below(all.Count + 1) : Math.Min(entry.Reached, all.Count);
        var steps = all.Take(kept).ToList();
        var rest = all.Skip(kept).ToList();
        var sockets = steps.Select(step => step.On).OfType<int>().Distinct().DefaultIfEmpty(0).ToList();
        var socket = random.Pick(sockets);
        switch (random.Below(8))
        {
            case 0 or 1 or 2: // go on from there
                for (var turns = 1 + random.Below(4); turns > 0; turns--) steps.Add(Say(random.Pick(sockets), ref random));
                break;
            case 3: // the rest, with one message changed
                steps.AddRange(rest);
                if (steps.FindIndex(Math.Min(kept, Math.Max(0, steps.Count - 1)), step => step is Step.Send) is var at and >= 0) steps[at] = Changed((Step.Send)steps[at], ref random);
                break;
            case 4: // any message changed
                steps.AddRange(rest);
                var sends = steps.Index().Where(item => item.Item is Step.Send).Select(item => item.Index).ToList();
                if (sends.Count > 0 && random.Pick(sends) is var which) steps[which] = Changed((Step.Send)steps[which], ref random);
                break;
            case 5: // the end of another one
                if (corpus.Choose(ref random) is { } other) steps.AddRange(other.Steps.Skip(random.Below(other.Steps.Count)).Select(step => Moved(step, socket)));
                break;
            case 6: // something twice, or not at all
                steps.AddRange(rest);
                var from = random.Below(steps.Count);
                var count = Math.Min(steps.Count - from, 1 + random.Below(4));
                if (random.OneIn(2)) steps.RemoveRange(from, count);
                else for (var times = 1 + random.Below(8); times > 0 && steps.Count < MostSteps; times--) steps.InsertRange(from, steps.GetRange(from, count));
                break;
            default: // on another connection
                steps.AddRange(rest);
                var elsewhere = random.Below(3);
                for (var i = kept; i < steps.Count; i++) if (random.OneIn(3)) steps[i] = Moved(steps[i], elsewhere);
                break;
        }

        return steps;
    }

    /// <summary>Pauses are rare: one of them costs as much time as a hundred cases.</summary>
    private IEnumerable<Step> Ending(int socket, ref FuzzRandom random) => random.Below(400) switch
    {
        _ when datagrams => [new Step.Close(socket)],
        < 200 => [new Step.ShutdownWrite(socket), new Step.Close(socket)],
        < 300 => [new Step.Close(socket)],
        < 370 => [new Step.Abort(socket)],
        < 398 => [new Step.ShutdownWrite(socket), new Step.Abort(socket)],
        398 => [new Step.Idle(1 + random.Below(5)), new Step.Close(socket)],
        _ => [new Step.ShutdownWrite(socket), new Step.Idle(1), new Step.Close(socket)],
    };

    // ---- messages ----

    private Step.Send Say(int socket, ref FuzzRandom random)
    {
        var data = Message(ref random);
        var cuts = ImmutableArray<int>.Empty;
        if (random.OneIn(6)) cuts = random.OneIn(2) && data.Length <= 200 ? [1] : [1 + random.Below(Math.Max(1, data.Length)), 1 + random.Below(Math.Max(1, data.Length))];
        return new Step.Send(socket, Payload.Literal.Of(data), cuts, !cuts.IsEmpty && data.Length / cuts[0] < 10 && random.OneIn(64) ? 1 : 0);
    }

    private byte[] Message(ref FuzzRandom random)
    {
        var legal = Legal(ref random);
        switch (random.Below(20))
        {
            case < 11:
                return legal;
            case < 16:
                return Havoc.Mutate(legal, ref random, tokens, Legal(ref random));
            case 16:
                return [.. legal, .. Legal(ref random), .. Legal(ref random)];
            case 17:
                return Framed(Filled(Havoc.EdgeSize(ref random), ref random));
            case 18:
                return Framed([.. Word(ref random), .. Filled(Havoc.EdgeSize(ref random), ref random)]);
            default:
                return service.Request is Framing.LengthPrefix ? Lying(legal, ref random) : Havoc.Mutate([], ref random, tokens, legal);
        }
    }

    private byte[] Legal(ref FuzzRandom random)
    {
        if (talk.IsHttp) return random.Pick(Requests);
        if (rules.IsEmpty || service.IsEcho) return corpus.Said(ref random) is { } said && random.OneIn(2) ? said : service.IsEcho ? Text(ref random) : Havoc.Mutate([], ref random, tokens, []);
        var rule = random.Pick(rules);
        var size = random.OneIn(3) ? Havoc.EdgeSize(ref random) : 1 + random.Below(40);
        return talk.Message(rule, random.Below(1 << 20), size).ToBytes();
    }

    private static byte[] Text(ref FuzzRandom random) => new Payload.Generated(random.OneIn(8) ? Havoc.EdgeSize(ref random) : 1 + random.Below(40), random.Next(), (Alphabet)random.Below(3)).ToBytes();

    private byte[] Word(ref FuzzRandom random) => tokens.IsEmpty ? [] : random.Pick(tokens);

    private static byte[] Filled(int size, ref FuzzRandom random)
    {
        var bytes = new byte[size];
        Array.Fill(bytes, random.OneIn(4) ? (byte)random.Next() : (byte)'A');
        return bytes;
    }

    private byte[] Framed(byte[] payload)
    {
        if (service.Request is not Framing.Fixed record) return service.Request.HasMessages ? talk.Framed(payload).ToBytes() : payload;
        Array.Resize(ref payload, record.Size);
        return payload;
    }

    /// <summary>A length that is none: nothing, huge, below zero, one too many or too few.</summary>
    private byte[] Lying(byte[] message, ref FuzzRandom random)
    {
        var prefix = (Framing.LengthPrefix)service.Request;
        var told = random.Below(6) switch { 0 => 0UL, 1 => ulong.MaxValue, 2 => (ulong)message.Length, 3 => (ulong)random.Below(1 << 30), 4 => 1UL << ((8 * prefix.Bytes) - 1), _ => (ulong)Math.Max(0, message.Length - prefix.Bytes - 1) };
        return [.. prefix.Prefix(told), .. message.Skip(prefix.Bytes)];
    }

    private Step.Send Changed(Step.Send send, ref FuzzRandom random) =>
        send with { Data = Payload.Literal.Of(Havoc.Mutate(send.Data.ToBytes(), ref random, tokens, corpus.Said(ref random) ?? [])), Cuts = [], Pause = 0 };

    private static Step Moved(Step step, int socket) => step is Step.OnSocket on ? on with { Socket = socket } : step;

    /// <summary>The words of the protocol: literals, prefixes and the words of examples.</summary>
    private static IEnumerable<byte[]> Tokens(ServiceSpec service)
    {
        if (service.Kind == "http") return Requests.SelectMany(Words);
        return service.Rules.SelectMany(rule => (byte[][])[rule.When.Literal ?? [], rule.When.Prefix ?? [], .. rule.Generate.Examples.SelectMany(Words)]);
    }

    private static IEnumerable<byte[]> Words(byte[] text)
    {
        var at = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] is not ((byte)' ' or (byte)'\r' or (byte)'\n' or (byte)':')) continue;
            if (i > at) yield return text[at..i];
            at = i + 1;
        }
    }

    // ---- making it a scenario ----

    /// <summary>Every socket is connected before it is used, is not used after its end, and has an end.</summary>
    private List<Step> Legal(List<Step> steps, ref FuzzRandom random)
    {
        var states = new Dictionary<int, SocketState>();
        var secured = new HashSet<int>(); // in an orderly TLS session
        var legal = new List<Step>();
        foreach (var step in steps)
        {
            if (legal.Count >= MostSteps) break;
            if (step.On is not { } socket)
            {
                if (step is Step.Idle) legal.Add(step);
                continue;
            }

            if (socket >= MostSockets || (datagrams && step is Step.ShutdownWrite or Step.Abort or Step.Send { Data.Size: > Framing.Datagram.Largest })) continue;
            var state = states.GetValueOrDefault(socket, SocketState.Unconnected);
            var begins = step is Step.Connect or Step.Open;
            if (state == SocketState.Unconnected)
            {
                if (!begins && step is not Step.Send) continue;
                if (oneAtATime) EndOthers(states, legal, ref random);
                legal.Add(begins && step is Step.Open == datagrams ? step : Begin(socket));
                if (service.Tls is not null && !random.OneIn(24) && secured.Add(socket)) legal.Add(new Step.Handshake(socket, TlsOffer.Any));
                states[socket] = SocketState.Connected;
                if (begins) continue;
            }

            if (begins || state == SocketState.Closed || (state == SocketState.WriteShut && step is Step.Send or Step.ShutdownWrite)) continue;
            var next = step is Step.Send send && service.Tls is not null && random.OneIn(40) ? send with { Raw = true } : step;
            if (next is Step.Send { Raw: true }) secured.Remove(socket);
            if (next is Step.ShutdownWrite or Step.Close && secured.Remove(socket) && !random.OneIn(8)) legal.Add(new Step.CloseNotify(socket));
            legal.Add(next);
            states[socket] = step switch { Step.ShutdownWrite => SocketState.WriteShut, Step.Close or Step.Abort => SocketState.Closed, _ => SocketState.Connected };
        }

        foreach (var (socket, state) in states.OrderBy(pair => pair.Key))
        {
            if (state == SocketState.Connected) legal.AddRange(Ending(socket, ref random));
            else if (state == SocketState.WriteShut) legal.Add(new Step.Close(socket));
        }

        return legal;
    }

    /// <summary>A server that serves one client at a time gets the next one when the ones before have gone.</summary>
    private static void EndOthers(Dictionary<int, SocketState> states, List<Step> legal, ref FuzzRandom random)
    {
        foreach (var (other, open) in states.Where(pair => pair.Value is SocketState.Connected or SocketState.WriteShut).OrderBy(pair => pair.Key).ToList())
        {
            legal.Add(open == SocketState.Connected && random.OneIn(2) ? new Step.Abort(other) : new Step.Close(other));
            states[other] = SocketState.Closed;
        }
    }

    /// <summary>Where something is due it is waited for; where the spec does not tell, what comes within a moment is taken.</summary>
    private ImmutableArray<Step> Fair(List<Step> steps, ref FuzzRandom random)
    {
        var owed = new Debts(service);
        var astray = new HashSet<int>(); // sockets on which the spec no longer tells what is due
        var fair = ImmutableArray.CreateBuilder<Step>();
        foreach (var (index, plain) in steps.Index())
        {
            if (plain is Step.Send { Socket: var speaking } && owed.EndsOn(speaking)) astray.Add(speaking); // the server ends it: what comes now may be refused
            var step = plain is Step.Send said && astray.Contains(said.Socket) ? said with { MayFail = true } : plain;
            fair.Add(step);
            owed.Note(step);
            if (step.On is not { } socket) continue;
            if (step is Step.Send sent && !(owed.IsDetermined(socket) && (!datagrams || Replies.ToDatagram(service, sent.Data.ToBytes()) is not null))) astray.Add(socket);
            if (step is Step.Connect && service.Tls is not null && steps[index + 1] is not Step.Handshake) astray.Add(socket); // it talks in clear
            switch (step)
            {
                case Step.Connect when service.Greeting is not null && (service.Tls is null || astray.Contains(socket)):
                case Step.Handshake when service.Greeting is not null:
                case Step.Send { Data.Size: var size } when !(random.OneIn(8) && index + 1 < steps.Count && steps[index + 1] is Step.Send next && next.Socket == socket) || (datagrams && size > OrdinaryDatagram):
                    if (astray.Contains(socket) && IsHalf(step) && !random.OneIn(4)) break;
                    if (astray.Contains(socket)) fair.Add(new Step.Await(socket, AwaitMilliseconds, service.Reply is Framing.UntilEof ? new Framing.Stream() : service.Reply));
                    else if (Due(socket, owed) is { } due) fair.Add(due);
                    break;
                case Step.ShutdownWrite:
                    if (!astray.Contains(socket) && Due(socket, owed) is { } last) fair.Add(last);
                    fair.Add(!astray.Contains(socket) && owed.EndsOn(socket) ? new Step.Receive(socket, null) : new Step.Await(socket, EndMilliseconds, new Framing.UntilEof(int.MaxValue)));
                    break;
            }
        }

        return fair.ToImmutable();
    }

    /// <summary>Nothing of a line protocol is answered before the line has ended.</summary>
    private bool IsHalf(Step step) => step is Step.Send send && service.Request is Framing.Line { End: [.., var last] } && !send.Data.ToBytes().Contains(last);

    private Step? Due(int socket, Debts owed)
    {
        Step all = datagrams ? new Step.ReceiveMessages(socket, 0, new Framing.Datagram()) : service.Reply.HasMessages || talk.IsHttp ? new Step.ReceiveMessages(socket, 0, service.Reply) : new Step.Receive(socket, 0);
        var due = owed.On(all);
        if (due is <= 0 or > 1 << 20) return null;
        Step asked = all is Step.ReceiveMessages messages ? messages with { Count = due } : new Step.Receive(socket, due);
        owed.Note(asked);
        return asked;
    }
}
