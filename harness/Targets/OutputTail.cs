using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SockConformance.Targets;

/// <summary>
/// Drains what a target prints, for as long as it prints: a full pipe would block it. The first and the last 64 KiB are kept.
/// Untrusted: it is for people, and for the search for reports of sanitizers and runtimes in it.
/// </summary>
internal sealed class OutputTail
{
    public const int Kept = 64 * 1024;
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(100);
    private readonly byte[] first = new byte[Kept], last = new byte[Kept];
    private readonly Lock gate = new();
    private readonly Thread reader;
    private long total;
    private bool awaited;

    public OutputTail(SafeFileHandle pipe)
    {
        reader = new Thread(() => Drain(pipe)) { IsBackground = true, Name = "drain output" };
        reader.Start();
    }

    /// <summary>All bytes written so far.</summary>
    public long Total
    {
        get
        {
            lock (gate) return total;
        }
    }

    /// <summary>What is kept, as text; invalid UTF-8 is replaced.</summary>
    public override string ToString()
    {
        lock (gate)
        {
            var head = Encoding.UTF8.GetString(first, 0, (int)Math.Min(total, Kept));
            if (total <= Kept) return head;
            var tail = (int)Math.Min(total - Kept, Kept);
            var ring = new byte[tail];
            for (var i = 0; i < tail; i++) ring[i] = last[(total - tail + i) % Kept];
            var left = total - Kept - tail;
            return head + (left > 0 ? $"\n… {left} bytes left out …\n" : "") + Encoding.UTF8.GetString(ring);
        }
    }

    /// <summary>What is kept of a process that has ended: its last words may still be in the pipe, which its children may hold open for ever.</summary>
    public string ToEnd()
    {
        if (!awaited) reader.Join(LastWords);
        awaited = true;
        return ToString();
    }

    private void Drain(SafeFileHandle pipe)
    {
        var buffer = new byte[Kept];
        try
        {
            using var stream = new FileStream(pipe, FileAccess.Read, bufferSize: 0);
            while (stream.Read(buffer) is var count and > 0) Keep(buffer.AsSpan(0, count));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe was closed under the reader: the target is being ended.
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            foreach (var b in bytes)
            {
                if (total < Kept) first[total] = b;
                else last[total % Kept] = b;
                total++;
            }
        }
    }
}
