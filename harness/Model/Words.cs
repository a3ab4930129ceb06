namespace SockConformance.Model;

/// <summary>Words that people and programs read: what a mistyped one was probably meant to be, and what reports have in common.</summary>
internal static class Words
{
    /// <summary>How the reason begins why a requirement was skipped: the program ended each time it was tried.</summary>
    public const string CannotBeDecided = "cannot be decided: ";

    /// <summary>“; did you mean …?” where a known word is near; else the empty text.</summary>
    public static string Nearest(string word, IEnumerable<string> known)
    {
        var best = known.Select(one => (Word: one, Distance: Distance(word, one))).OrderBy(entry => entry.Distance).FirstOrDefault();
        return best.Word is not null && best.Distance <= Math.Max(2, word.Length / 3) ? $"; did you mean {best.Word}?" : "";
    }

    /// <summary>Levenshtein.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++) (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }
}
