using System.Text;
using System.Text.RegularExpressions;

namespace SockConformance.Model;

/// <summary>A regular expression over bytes (each byte is the character of its number), without backtracking and with a time limit.</summary>
public sealed class BytePattern
{
    private const string Anything = ".*";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private readonly Regex? regex; // null for anything, which needs no automaton: the first one of a process is slow to build

    /// <exception cref="ArgumentException">It is no regular expression, or one that needs backtracking.</exception>
    public BytePattern(string pattern)
    {
        Pattern = pattern;
        if (pattern == Anything) return;
        try
        {
            regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline, Limit);
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException($"the pattern needs backtracking, which is not supported ({e.Message})", nameof(pattern), e);
        }
    }

    public string Pattern { get; }

    /// <summary>Whether it is found in the bytes (anchor it with ^ and $ to match all of them).</summary>
    public bool Matches(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return regex is null || regex.IsMatch(Encoding.Latin1.GetString(bytes));
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    public override bool Equals(object? obj) => obj is BytePattern other && other.Pattern == Pattern;

    public override int GetHashCode() => Pattern.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"/{Pattern}/";
}
