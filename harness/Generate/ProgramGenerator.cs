using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using SockConformance.Api;

namespace SockConformance.Generate;

/// <summary>What kind of programs are drawn.</summary>
public enum Flavour
{
    /// <summary>Every step is one that the standard permits.</summary>
    Legal,

    /// <summary>A legal program with one illegal step in it, after which all must go on as if it had not been.</summary>
    OneIllegal,

    /// <summary>Any step in any state.</summary>
    Any,
}

/// <summary>
/// Draws programs by walking through the model: each step is chosen among calls that the model knows an answer for, and of several candidates the one
/// whose state and primitive were seen least often is taken, so that rare states are reached. FsCheck draws the numbers that the walk goes by; a
/// program is what is kept, not its numbers.
/// </summary>
internal sealed class ProgramGenerator
{
    private const int Candidates = 4, MostSlots = 12, FirstPort = 40_000;
    private readonly World world;
    private readonly Coverage seen;
    private readonly bool withPeer;
    private readonly long[] begun = new long[Situations.Beginnings.Length];
    private int[] numbers = [];
    private int at, nextDescriptor, nextPort;

    /// <param name="seen">How often each primitive was called in each state so far; read, and counted up by what is drawn.</param>
    /// <param name="withPeer">Some sockets are those of the other host.</param>
    /// <param name="peers">What that is judged by; null for the same.</param>
    public ProgramGenerator(Profile profile, Coverage seen, bool withPeer, Profile? peers = null)
    {
        world = new World(profile, peers);
        (this.seen, this.withPeer) = (seen, withPeer);
    }

    /// <summary>The same programs for the same seed, and the same coverage before it.</summary>
    public IReadOnlyList<ApiProgram> Draw(Flavour flavour, int length, ulong seed, int count) => [.. Draw(flavour, length).Sample(count, new Rnd(seed, seed | 1), 50)];

    /// <summary>Programs of about this many steps.</summary>
    public Gen<ApiProgram> Draw(Flavour flavour, int length) => Gen.Choose(0, int.MaxValue - 1).ArrayOf(length * Candidates * 8).Select(drawn => Walk(drawn, flavour, length));

    private ApiProgram Walk(int[] drawn, Flavour flavour, int length)
    {
        (numbers, at, nextDescriptor, nextPort) = (drawn, 0, 3, FirstPort);
        world.Reset();
        var calls = ImmutableArray.CreateBuilder<Call>(length);
        if (Next(8) != 0) Begin(calls);
        var illegalAt = flavour == Flavour.OneIllegal ? calls.Count + 1 + Next(Math.Max(1, (length - calls.Count) / 2)) : -1;
        for (var tries = 0; calls.Count < length && tries < length * 6; tries++)
        {
            Call? best = null;
            var least = long.MaxValue;
            for (var i = 0; i < Candidates; i++)
            {
                var candidate = Candidate();
                var expected = world.Expect(candidate);
                if (expected.Skip || world.IsBusy(candidate) || !Fits(candidate, expected, flavour, calls.Count == illegalAt)) continue;
                var times = seen[world.StateFor(candidate), candidate.Op];
                if (candidate.On < 0) times += 1_000_000; // new sockets come by themselves; but there must be some
                if (calls.Count < 3 && candidate.Op == Primitive.Socket) times = 0;
                if (times >= least) continue;
                (best, least) = (candidate, times);
            }

            if (best is not { } chosen)
            {
                if (calls.Count == illegalAt) illegalAt++;
                continue;
            }

            if (chosen.On >= 0) seen.Count(world.StateOf(chosen.On), chosen.Op);
            calls.Add(chosen);
            Pretend(chosen);
        }

        return new ApiProgram($"{flavour} program", calls.DrainToImmutable());
    }

    /// <summary>Brings a socket to a state: of a few, the one that was seen least.</summary>
    private void Begin(ImmutableArray<Call>.Builder calls)
    {
        var (best, least) = (0, long.MaxValue);
        for (var i = 0; i < Candidates * 2; i++)
        {
            var one = Next(Situations.Beginnings.Length);
            if (begun[one] >= least) continue;
            (best, least) = (one, begun[one]);
        }

        begun[best]++;
        var atPeer = withPeer && Next(3) == 0;
        var beginning = Situations.Beginnings[best].Program.Calls;
        foreach (var made in beginning)
        {
            // The socket that connects may be the other host's.
            var call = atPeer && made.Op == Primitive.Socket && made.Type == SocketType.Stream && beginning.Any(one => one.Op == Primitive.Connect && one.On == made.Gives && one.Where == Where.NameOf) ? made with { AtPeer = true } : made;
            calls.Add(call);
            Pretend(call);
        }
    }

    private bool Fits(in Call call, in Expectation expected, Flavour flavour, bool illegal)
    {
        var rule = Points.Of(expected.Point);
        var refused = rule.IsRefusal && expected.Point is not (Point.AcceptEmpty or Point.RecvEmpty or Point.RecvDontWait or Point.SendFull or Point.RecvDatagramStranger or Point.ConnectRefused or Point.ConnectRefusedInProgress or Point.RecvTimeout or Point.RecvReset or Point.SendReset or Point.RecvDatagramRefused);
        if (expected.Blocks && Next(24) != 0) return false; // each costs time
        return flavour switch { Flavour.Any => rule.Level != Model.Level.Unspecified || Next(8) == 0, _ => refused == illegal && rule.Level != Model.Level.Unspecified };
    }

    /// <summary>Lets the model go on as if the call had been answered in the usual way.</summary>
    private void Pretend(in Call call)
    {
        if (world.NameNeeded(call) is >= 0 and var unnamed) Answered(Call.Name(unnamed));
        Answered(call);
        for (var slot = 0; slot < MostSlots; slot++)
        {
            if (world.Waits(slot, out var waiting, out var isDue) && isDue) Answered(waiting);
        }
    }

    private void Answered(in Call call)
    {
        var expected = world.Expect(call);
        if (expected.Skip) return;
        if (expected.Blocks)
        {
            world.Wait(call, expected);
            return;
        }

        if (call.UntilFull)
        {
            world.Apply(call, expected, new Answer(65536, Errno.None));
            world.Apply(call, expected, Answer.Failed(Errno.EAGAIN));
            return;
        }

        world.Apply(call, expected, Usual(call, expected));
    }

    private Answer Usual(in Call call, in Expectation expected)
    {
        if (!expected.Allowed.Has(Errno.None) || (expected.Point == Point.ConnectInProgress && expected.Allowed.Has(Errno.EINPROGRESS)))
        {
            for (var errno = (Errno)1; (int)errno < 64; errno++)
            {
                if (expected.Allowed.Has(errno)) return Answer.Failed(errno);
            }
        }

        return call.Op switch
        {
            Primitive.Socket or Primitive.Accept or Primitive.Dup or Primitive.Open => new Answer(nextDescriptor++, Errno.None),
            Primitive.Send => new Answer(call.Size, Errno.None),
            Primitive.Recv => new Answer(Math.Max(0, expected.Most), Errno.None),
            Primitive.Getsockname => new Answer(0, Errno.None) { Name = new Name(Name.Loopback, nextPort++) },
            _ => new Answer(0, Errno.None),
        };
    }

    private int Next(int below) => numbers[at++ % numbers.Length] % below;

    private Call Candidate()
    {
        var slot = Next(MostSlots);
        var other = Next(MostSlots);
        var free = slot;
        for (var i = 0; i < MostSlots && world.IsGiven(free); i++) free = (free + 1) % MostSlots;
        for (var i = 0; i < MostSlots && world.IsOpen(free); i++) free = (free + 1) % MostSlots;
        switch (Next(32))
        {
            case 0 or 1: return Call.Socket(free, Next(4) == 0 ? SocketType.Dgram : SocketType.Stream) with { AtPeer = withPeer && Next(3) == 0 };
            case 2: return Next(2) == 0 ? Call.Socket(free, Next(2) == 0 ? SocketType.Unknown : SocketType.Stream, Next(2) == 0 ? Domain.Unknown : Domain.Inet, Next(2) * 17) : Call.Open(free);
            case 3 or 4: return Call.Bind(slot, Address(), other);
            case 5 or 6: return Call.Listen(slot, Next(5) == 0 ? -1 : Next(5));
            case 7 or 8 or 9: return Call.Accept(free, slot);
            case 10 or 11 or 12 or 13: return Next(8) == 0 ? Call.ConnectTo(slot, Address()) with { Other = (sbyte)other } : Call.Connect(slot, other);
            case 14 or 15 or 16: return Call.Send(slot, Size(), Next(6) == 0 ? CallFlags.None : Next(4) == 0 ? CallFlags.DontWait | CallFlags.NoSignal : CallFlags.NoSignal);
            case 17: return Next(6) == 0 ? Call.Send(slot, 65508) with { Where = Where.NameOf, Other = (sbyte)other } : Next(8) == 0 ? Call.Send(slot, 5) with { Where = Next(2) == 0 ? Where.Broadcast : Where.Nobody } : Call.SendTo(slot, Size(), other);
            case 18 or 19 or 20 or 21: return Call.Recv(slot, Next(10) == 0 ? 0 : 1 + Next(40), (CallFlags)(Next(3) == 0 ? 1 << Next(4) : 0));
            case 22 or 23: return Call.Shutdown(slot, Next(12) == 0 ? How.Unknown : (How)Next(3));
            case 24 or 25: return Call.Close(slot);
            case 26: return Next(4) == 0 ? Call.Name(slot) with { Size = 4 } : Call.Name(slot);
            case 27: return Next(4) == 0 ? Call.Peer(slot) with { Size = 4 } : Call.Peer(slot);
            case 28: return Next(4) == 0 ? Call.Set(slot, SocketOption.Linger, Next(3) - 1 > 0 ? -1 : 0) : Call.Set(slot, (SocketOption)Next(3), Next(2));
            case 29: return Call.Get(slot, Next(4) == 0 ? (SocketOption)Next(4) : (SocketOption)((int)SocketOption.Error + Next(3)));
            case 30: return Next(3) == 0 ? Call.Dup(free, slot) : Call.Nonblocking(slot, Next(3) != 0);
            default: return Call.Poll(slot);
        }
    }

    private int Size() => Next(8) switch { 0 => 0, 1 => 1 + Next(1500), _ => 1 + Next(30) };

    private Where Address() => Next(10) switch { < 4 => Where.Loopback, 4 => Where.Any, 5 => Where.NameOf, 6 => Where.NotLocal, 7 => Where.OtherFamily, 8 => Where.BadLength, _ => Where.Nobody };
}
