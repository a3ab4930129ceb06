using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>Drawn segments: into connections that are honest otherwise, and into those that are not there yet.</summary>
public static class SegmentPrograms
{
    private const int Moment = 20, Soon = 1000, MostInjected = 5;

    private static readonly ImmutableArray<SegmentKind> Kinds = [SegmentKind.Ack, SegmentKind.Reset, SegmentKind.SynAck];

    /// <summary>Mostly what is near the right number or far from it; sometimes exactly right.</summary>
    private static Gen<int> Offset { get; } = Gen.Frequency(
        (3, Gen.Constant(0)), (3, Gen.Elements(-1, 1, -2, 2)), (2, Gen.Choose(-100, 100)), (2, Gen.Choose(-60_000, 60_000)), (2, Gen.Elements(1 << 30, -(1 << 30), int.MaxValue, int.MinValue + 1)));

    private static Gen<TcpFlags> Flags { get; } = Gen.Frequency(
        (4, Gen.Elements(TcpFlags.Ack, TcpFlags.Psh | TcpFlags.Ack, TcpFlags.Rst, TcpFlags.Syn, TcpFlags.Fin | TcpFlags.Ack, TcpFlags.Syn | TcpFlags.Ack, TcpFlags.Rst | TcpFlags.Ack)), (1, Gen.Choose(0, 0x3f).Select(bits => (TcpFlags)bits)));

    private static Gen<string> Options { get; } = Gen.Frequency((9, Gen.Constant("")), (1, from bytes in Gen.ArrayOf(Gen.Choose(0, 255), 8) select Convert.ToHexString([.. bytes.Select(one => (byte)one)])));

    /// <summary>One segment of any kind.</summary>
    public static Gen<Step> Inject(int socket) =>
        from flags in Flags
        from sequence in Offset
        from acknowledgment in Gen.Frequency((3, Gen.Constant(0)), (1, Offset))
        from size in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 30)))
        from urgent in Gen.Frequency((9, Gen.Constant(0)), (1, Gen.Choose(0, ushort.MaxValue)))
        from options in Options
        from bad in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
        select (Step)new Step.Inject(socket, flags, sequence, acknowledgment, size == 0 ? null : Talk.Letters(size, size), null, urgent, options, bad);

    /// <summary>Before a connection, or within one; as long as nothing has been injected that may end it, it is used.</summary>
    public static Gen<Scenario> Any(Conversation talk) =>
        from early in Gen.Frequency((1, Gen.Constant(true)), (3, Gen.Constant(false)))
        from other in Gen.Frequency((1, Gen.Constant(new Step.Craft(0, Unused: true))), (1, Gen.Constant(new Step.Craft(0, Called: true))), (3, Gen.Constant(new Step.Craft(0))))
        from injected in Gen.ListOf(Inject(0), MostInjected)
        from count in Gen.Choose(1, MostInjected)
        select early
            ? Talk.Scenario("segments for no connection", [other, .. other.Called ? [new Step.Expect(0, [SegmentKind.Syn], Soon)] : Array.Empty<Step>(), .. injected.Take(count).SelectMany(Watched)])
            : Talk.Scenario("segments into a connection", [new Step.Craft(0), .. talk.Enter(0), .. talk.Exchange(0, 0, 20), .. injected.Take(count).SelectMany(Watched)],
                injected.Take(count).All(step => step is Step.Inject { ChangesNothing: true }) ? [.. talk.Exchange(0, 1, 20), new Step.Close(0)] : []);

    /// <summary>A rest after each: so that an answer is given to the right one.</summary>
    private static IEnumerable<Step> Watched(Step inject) => [inject, inject is Step.Inject { ChangesNothing: true, BadChecksum: false } ? new Step.Expect(0, [], Moment) : new Step.Expect(0, Kinds, Moment)];
}
