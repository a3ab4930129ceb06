namespace SockConformance.Api;

/// <summary>A call with everything that the model has filled in: what a driver is asked.</summary>
/// <param name="Descriptor">The number of the socket; what it means is the driver's matter.</param>
/// <param name="Address">What the call's <see cref="Where"/> stands for; an address of another family is the driver's to write.</param>
internal readonly record struct Request(Call Call, int Descriptor, Name Address)
{
    /// <summary>Milliseconds that the call may take by itself, beyond what any call may.</summary>
    public int Takes { get; init; }
}

/// <summary>Something that carries out socket primitives: the target of an API check, or the harness's own host.</summary>
internal interface IDriver : IDisposable
{
    /// <summary>Who it is, for reports.</summary>
    string Name { get; }

    /// <summary>The profile it wants to be judged by.</summary>
    string Profile { get; }

    /// <summary>It cannot make this call: nothing is asked then.</summary>
    bool Lacks(in Call call);

    bool LacksBackground { get; }

    /// <summary>Its loopback is not this machine's: nothing of it can be captured, and no other host reaches it.</summary>
    bool LacksNetwork { get; }

    bool TellsSignals { get; }

    /// <summary>The numbers of descriptors are the API's own, and nobody else opens any meanwhile.</summary>
    bool NumbersDescriptors { get; }

    /// <summary>Makes the call and waits for its answer.</summary>
    /// <param name="data">What SEND sends.</param>
    /// <param name="room">Where RECV's bytes go.</param>
    /// <param name="received">How many they are.</param>
    /// <exception cref="DriverException">The driver is gone, hangs, or does not keep to the protocol.</exception>
    Answer Do(in Request request, ReadOnlySpan<byte> data, Span<byte> room, out int received);

    /// <summary>Makes a call that is expected to wait, on a thread of its own. Returns its token, or its answer if it did not wait.</summary>
    int Begin(in Request request, ReadOnlySpan<byte> data, out Answer? atOnce);

    /// <summary>The answer of such a call, if it comes within this time.</summary>
    bool Finish(int token, TimeSpan within, Span<byte> room, out int received, out Answer answer);

    /// <summary>A signal to the thread of such a call; false if that is not to be had here.</summary>
    bool Interrupt(int token);

    /// <summary>All sockets are closed, as at the start.</summary>
    void Reset();
}

/// <summary>A driver that does not keep to the protocol; which rule of it, and what was seen.</summary>
internal sealed class DriverException(Point point, string expected, string observed) : Exception($"{Points.Of(point).Title}: {observed}")
{
    public Point Point => point;

    public string Expected => expected;

    public string Observed => observed;
}
