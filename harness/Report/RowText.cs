using System.Globalization;
using System.Text;

namespace SockConformance.Report;

/// <summary>A row of a table, column by column, straight into UTF-8: an interpolated text of thirteen columns takes longer than the analysis of a short connection.</summary>
internal ref struct RowText(Span<byte> room)
{
    private readonly Span<byte> room = room;

    public int Length { get; private set; }

    private readonly Span<byte> Rest => room[Length..];

    /// <summary>A number, with blanks before it where it is shorter than this.</summary>
    public void Right(long number, int width)
    {
        number.TryFormat(Rest, out var written, default, CultureInfo.InvariantCulture);
        var blanks = Math.Max(0, width - written);
        if (blanks > 0)
        {
            Rest[..written].CopyTo(Rest[blanks..]);
            Rest[..blanks].Fill((byte)' ');
        }

        Length += blanks + written;
    }

    /// <summary>ASCII, with blanks behind it where it is shorter than this.</summary>
    public void Left(string text, int width) => Pad(Encoding.ASCII.GetBytes(text, Rest), width);

    public void Left<T>(T value, int width) where T : struct, IUtf8SpanFormattable
    {
        value.TryFormat(Rest, out var written, default, CultureInfo.InvariantCulture);
        Pad(written, width);
    }

    /// <summary>What stands between columns, as it is.</summary>
    public void Add(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Rest);
        Length += utf8.Length;
    }

    private void Pad(int written, int width)
    {
        if (written < width) Rest[written..width].Fill((byte)' ');
        Length += Math.Max(written, width);
    }
}
