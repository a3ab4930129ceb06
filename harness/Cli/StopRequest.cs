using System.Runtime.InteropServices;

namespace SockConformance.Cli;

/// <summary>Somebody wants the run to end: what was found so far is still reported. A second request is not waited for.</summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource source = new();

    public CancellationToken Token => source.Token;

    /// <summary>The number of the signal, or null while nobody asked.</summary>
    public int? Signal { get; private set; }

    public void Request(int signal)
    {
        Signal ??= signal;
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The run is over already.
        }
    }

    public void Request(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        Request(signal);
    }

    public void Dispose() => source.Dispose();
}
