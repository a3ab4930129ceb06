namespace SockConformance.Run;

/// <summary>How long a run may take, counted from the start of the program; null for no limit.</summary>
/// <param name="Cases">No case is started after this.</param>
/// <param name="All">Cases, trials and shrinking end by then; a failure that was not confirmed by then is inconclusive.</param>
/// <param name="Rest">Scenarios with longer deliberate rests are left out.</param>
/// <param name="Reply">How long a first case waits for a reply, where that is shorter than usual; a trial waits twice as long, and longer on a busy machine.</param>
internal sealed record Pace(TimeSpan? Cases, TimeSpan? All, TimeSpan? Rest, TimeSpan? Reply)
{
    public static Pace Unhurried { get; } = new(null, null, null, null);
}
