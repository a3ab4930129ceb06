using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Fuzz;

/// <summary>
/// Judges every connection of the quick drivers by its packets, a moment after it: the handshake, and whether the target aborts what its client has ended. No packet is kept.
/// </summary>
internal sealed class QuickWire : IDisposable
{
    /// <summary>How many flows stay open to late packets, and for how many connections it is known which case they belong to.</summary>
    private const int MostOver = 256, Remembered = 2048;

    private readonly Action<Scenario, string> tell;
    private readonly FlowTable flows;
    private readonly Owner?[] owners = new Owner?[QuickDriver.Networks * Remembered];
    private readonly Lock gate = new();
    private LoopbackTap? tap;
    private long judged, lost;

    private QuickWire(Action<Scenario, string> tell)
    {
        this.tell = tell;
        flows = new FlowTable(Judge) { MostOver = MostOver };
    }

    /// <summary>How many connections were judged.</summary>
    public long Judged => Interlocked.Read(ref judged);

    /// <summary>Packets that the kernel had no room for: connections that miss some are not held against anybody.</summary>
    public long Lost => tap?.Lost ?? lost;

    /// <summary>Null where there is no right to capture.</summary>
    /// <param name="tell">Told of a case whose packets prove something to be wrong, and of the requirement.</param>
    public static QuickWire? TryOpen(Action<Scenario, string> tell)
    {
        var wire = new QuickWire(tell);
        wire.tap = LoopbackTap.TryOpen($"tcp and net {QuickDriver.Network}", packet =>
        {
            lock (wire.gate) wire.flows.Add(packet, out _, out _);
        });
        return wire.tap is null ? null : wire;
    }

    /// <summary>These addresses of the harness were taken for this case.</summary>
    public void Note(ReadOnlySpan<uint> addresses, Scenario scenario)
    {
        foreach (var address in addresses) owners[IndexOf(address)] = new Owner(address, scenario);
    }

    /// <summary>Judges what is still open.</summary>
    public void Dispose()
    {
        lost = Lost;
        var closing = tap;
        tap = null;
        closing?.Dispose();
        lock (gate) flows.End();
    }

    private static long IndexOf(uint address) => (((address >> 16) % QuickDriver.Networks) * Remembered) + (address % Remembered);

    private void Judge(FlowState flow)
    {
        if (flow.Tcp is not { } tcp) return;
        Interlocked.Increment(ref judged);
        if ((Violated(WireRules.HandshakeOf(tcp.Handshake, tcp.Findings)) ?? Violated(WireRules.ResetOf(tcp.Close, tcp.Abort))) is not { } requirement) return;
        var address = (uint)flow.Source.Low;
        if (owners[IndexOf(address)] is { } owner && owner.Address == address && Examiner.IsInnocent(owner.Case)) tell(owner.Case, requirement);
    }

    private static string? Violated(WireVerdict? verdict) => verdict is { Holds: false } violated ? violated.Requirement : null;

    private sealed record Owner(uint Address, Scenario Case);
}
