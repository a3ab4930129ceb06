using System.Text;

namespace SockConformance.Cli;

/// <summary>The standard output cannot be written: a full disk, mostly. Nobody sees the results then, so no other exit code may stand for them.</summary>
internal sealed class OutputException(string reason) : Exception($"the standard output cannot be written: {reason}; what was found is not reported");

/// <summary>Standard output whose failures can be told from those of files that are read. A reader that has gone away (| head) is none: what is left is written to nobody.</summary>
internal sealed class StandardOutput : Stream
{
    private readonly Stream console = Console.OpenStandardOutput();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Everything that is printed goes this way.</summary>
    public static void Take() => Console.SetOut(TextWriter.Synchronized(new StreamWriter(new StandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 256) { AutoFlush = true }));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            console.Write(buffer);
        }
        catch (IOException e)
        {
            throw new OutputException(e.Message);
        }
    }

    public override void Flush() => console.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
