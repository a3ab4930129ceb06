using System.Buffers.Binary;

namespace SockConformance.Report;

/// <summary>
/// Texts that come in any order and are wanted in that of their numbers: in memory while they are few, else in temporary files that vanish
/// with the process. So a report of millions of flows takes no more memory than one of thousands.
/// </summary>
internal sealed class FlowSpool : IDisposable
{
    private const int InMemory = 8 << 20, EntrySize = 12;

    private Stream texts = new MemoryStream(), index = new MemoryStream();

    /// <param name="number">From 1.</param>
    public void Add(long number, ReadOnlySpan<byte> text)
    {
        Span<byte> entry = stackalloc byte[EntrySize];
        BinaryPrimitives.WriteInt64LittleEndian(entry, texts.Position);
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], text.Length);
        texts.Write(text);
        var place = (number - 1) * EntrySize;
        if (index.Position != place) index.Position = place; // to set it costs a file its write buffer, and mostly it is there already
        index.Write(entry);
        texts = Spilled(texts);
        index = Spilled(index);
    }

    /// <summary>All there are, in order. No more can be added afterwards.</summary>
    public void CopyTo(Action<ReadOnlySpan<byte>> take)
    {
        var entry = new byte[EntrySize];
        var text = new byte[4096];
        index.Position = 0;
        while (index.ReadAtLeast(entry, EntrySize, throwOnEndOfStream: false) == EntrySize)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(entry.AsSpan(8));
            if (length == 0) continue;
            if (length > text.Length) text = new byte[length * 2];
            texts.Position = BinaryPrimitives.ReadInt64LittleEndian(entry);
            texts.ReadExactly(text, 0, length);
            take(text.AsSpan(0, length));
        }
    }

    public void Dispose()
    {
        texts.Dispose();
        index.Dispose();
    }

    private static Stream Spilled(Stream stream)
    {
        if (stream is not MemoryStream || stream.Length < InMemory) return stream;
        var path = Path.Combine(Path.GetTempPath(), $"sockconf-{Guid.NewGuid():N}.tmp");
        var file = new FileStream(
            path,
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 1 << 16, Options = FileOptions.DeleteOnClose });
        if (!OperatingSystem.IsWindows()) File.Delete(path); // it goes when the process ends, however that ends
        stream.Position = 0;
        stream.CopyTo(file);
        stream.Dispose();
        return file;
    }
}
