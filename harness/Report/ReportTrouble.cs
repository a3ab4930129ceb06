namespace SockConformance.Report;

/// <summary>
/// What of a run's files could not be written: a full disk, or a folder that was taken away, ends no run. What was found is told on the terminal all the same, and
/// at the end that the report is not whole.
/// </summary>
internal sealed class ReportTrouble
{
    private string? first;

    /// <summary>Null while all is well.</summary>
    public string? Why => first;

    /// <summary>Whether it could be written.</summary>
    public bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InputException)
        {
            Interlocked.CompareExchange(ref first, e.Message, null);
            return false;
        }
    }
}
