using System.Globalization;
using System.Text;

namespace SockConformance.Model;

/// <summary>Where an HTTP/1 response ends (RFC 9112 §6.3), told leniently: whether it is well formed is for judges to say.</summary>
public static class HttpMessage
{
    private const int MostHeader = 256 * 1024;

    /// <summary>The response at the start of the stream; partial where only the end of file can end it.</summary>
    public static Frame Delimit(ReadOnlySpan<byte> stream, bool bodiless)
    {
        var (end, gap) = HeaderEnd(stream);
        if (end < 0) return stream.Length > MostHeader ? Frame.Broken(stream.Length) : Frame.Partial;
        var body = end + gap;
        var header = Encoding.Latin1.GetString(stream[..end]).Split('\n');
        var words = header[0].Split(' ');
        var status = words.Length > 1 && int.TryParse(words[1], CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (bodiless || status is (>= 100 and < 200) or 204 or 304) return new Frame(FrameStatus.Whole, body, body, 0);
        if (Field(header, "transfer-encoding") is { } coding && coding.Contains("chunked", StringComparison.OrdinalIgnoreCase)) return Chunked(stream, body);
        if (Field(header, "content-length") is not { } text) return Frame.Partial;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length)) return Frame.Broken(body);
        return stream.Length - body < length ? Frame.Partial : new Frame(FrameStatus.Whole, body + length, body, length);
    }

    private static string? Field(IEnumerable<string> header, string name) =>
        header.Skip(1).Select(line => line.Split(':', 2)).FirstOrDefault(parts => parts.Length == 2 && parts[0].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))?[1].Trim();

    private static (int End, int Gap) HeaderEnd(ReadOnlySpan<byte> stream)
    {
        var (strict, lenient) = (stream.IndexOf("\r\n\r\n"u8), stream.IndexOf("\n\n"u8));
        return strict >= 0 && (lenient < 0 || strict < lenient) ? (strict, 4) : (lenient, 2);
    }

    private static Frame Chunked(ReadOnlySpan<byte> stream, int body)
    {
        var at = body;
        while (stream[at..].IndexOf("\n"u8) is var line and >= 0)
        {
            var size = Encoding.Latin1.GetString(stream.Slice(at, line)).Split(';')[0].Trim();
            if (!int.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length) || length < 0) return Frame.Broken(at + line);
            at += line + 1;
            if (length == 0)
            {
                // Trailers, if any, up to an empty line.
                while (stream[at..].IndexOf("\n"u8) is var next and >= 0)
                {
                    at += next + 1;
                    if (next <= 1) return new Frame(FrameStatus.Whole, at, body, at - body);
                }

                return Frame.Partial;
            }

            if (stream.Length - at < length + 2) return Frame.Partial;
            at += length + 2;
        }

        return Frame.Partial;
    }
}
