using System.Collections.Immutable;

namespace SockConformance.Grade;

/// <summary>All submissions of a class, several at a time. Each lane is a thread that starts the processes of its submissions and outlives them: a sandbox ends with the thread that made it.</summary>
internal sealed class GradeRun(GradePlan plan, ImmutableArray<Submission> submissions, int jobs, Action<Marked> told, CancellationToken cancellation)
{
    private readonly Marked?[] marked = new Marked?[submissions.Length];
    private readonly Lock gate = new();
    private int next;
    private Exception? fatal;

    /// <summary>In the order of the submissions; those that an interruption kept from being judged are said so.</summary>
    /// <exception cref="NoSandboxException">No submission can be checked as it must be.</exception>
    public ImmutableArray<Marked> Execute()
    {
        var lanes = Enumerable.Range(0, Math.Min(jobs, submissions.Length)).Select(number => new Thread(Lane) { IsBackground = true, Name = $"grade {number}" }).ToList();
        lanes.ForEach(lane => lane.Start());
        lanes.ForEach(lane => lane.Join());
        if (fatal is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fatal);
        return [.. marked.Select((one, at) => one ?? new Marked(submissions[at], Outcome.NotRun, "the run was interrupted", Built: false, [], "", []))];
    }

    private void Lane()
    {
        try
        {
            while (!cancellation.IsCancellationRequested && fatal is null)
            {
                var at = Interlocked.Increment(ref next) - 1;
                if (at >= submissions.Length) return;
                var one = new SubmissionRun(plan, submissions[at], cancellation).Execute();
                lock (gate)
                {
                    marked[at] = one;
                    told(one);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Interrupted: what was under way is not judged.
        }
        catch (Exception e)
        {
            lock (gate) fatal ??= e;
        }
    }
}
