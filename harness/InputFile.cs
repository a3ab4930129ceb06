using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SockConformance;

/// <summary>Files that others wrote: whatever lies there, to read it ends, and takes no more memory than the reader allows.</summary>
internal static partial class InputFile
{
    private const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int NotPermitted = 1, NoSuchFile = 2, NoAccess = 13;

    /// <summary>Opens a regular file: to open a FIFO in the usual way would wait for a writer, and to read it would perhaps never end.</summary>
    /// <exception cref="IOException">It is missing (<see cref="FileNotFoundException"/>) or no regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream Open(string path)
    {
        var handle = new SafeFileHandle(open(path, ReadOnly | NonBlocking | CloseOnExec), ownsHandle: true);
        if (handle.IsInvalid) throw Refused(Marshal.GetLastPInvokeError());
        var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        if (file.CanSeek) return file;
        file.Dispose();
        throw new IOException("it is no regular file");
    }

    /// <param name="most">How many bytes it may have.</param>
    /// <exception cref="IOException">It is missing, no regular file, or has more bytes.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] ReadBytes(string path, int most)
    {
        using var file = Open(path);
        if (file.Length > most) throw new IOException($"it has {file.Length} bytes; at most {most} are read");
        var bytes = new byte[file.Length];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false); // somebody may be writing it anew
        return length == bytes.Length ? bytes : bytes[..length];
    }

    /// <summary>The same as a text; what is no UTF-8 becomes U+FFFD, and a byte order mark is left out.</summary>
    public static string ReadText(string path, int most)
    {
        using var text = new StreamReader(new MemoryStream(ReadBytes(path, most)), Encoding.UTF8);
        return text.ReadToEnd();
    }

    /// <summary>The lines, ended by LF or CR LF, of a file of any length; of one that is longer than <paramref name="most"/> characters no more than that and one.</summary>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static IEnumerable<string> Lines(string path, int most)
    {
        using var text = new StreamReader(Open(path), Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);
        var block = new char[1 << 14];
        var line = new StringBuilder();
        while (text.Read(block) is var length and > 0)
        {
            var from = 0;
            for (int end; (end = Array.IndexOf(block, '\n', from, length - from)) >= 0; from = end + 1)
            {
                Add(from, end);
                yield return Taken();
            }

            Add(from, length);
        }

        if (line.Length > 0) yield return Taken();

        void Add(int from, int end) => line.Append(block, from, Math.Min(end - from, most + 1 - line.Length));

        string Taken()
        {
            var whole = line.ToString();
            line.Clear();
            return whole.EndsWith('\r') ? whole[..^1] : whole;
        }
    }

    private static Exception Refused(int error) => error switch
    {
        NoSuchFile => new FileNotFoundException("there is no such file"),
        NotPermitted or NoAccess => new UnauthorizedAccessException("it may not be read: look at its rights"),
        _ => new IOException(Marshal.GetPInvokeErrorMessage(error)),
    };

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int open(string path, int flags);
}
