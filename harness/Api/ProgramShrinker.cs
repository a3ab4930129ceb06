namespace SockConformance.Api;

/// <summary>Makes a program that shows a disagreement smaller, by running smaller ones.</summary>
internal static class ProgramShrinker
{
    /// <param name="shows">Whether a program still shows it.</param>
    /// <param name="last">The step at which it showed: what comes after it is not needed.</param>
    /// <param name="most">So many programs are run at most.</param>
    public static (ApiProgram Program, int Runs) Shrink(ApiProgram program, int last, Func<ApiProgram, bool> shows, int most)
    {
        var (best, runs) = (program, 0);
        Try(best with { Calls = best.Calls[..Math.Min(best.Calls.Length, last + 1)] });
        var changed = true;
        while (changed && runs < most)
        {
            changed = false;
            for (var size = Math.Max(1, best.Calls.Length / 2); size >= 1 && runs < most; size /= 2)
            {
                for (var at = best.Calls.Length - size; at >= 0 && runs < most; at--)
                {
                    if (at + size > best.Calls.Length) continue;
                    changed |= Try(best with { Calls = best.Calls.RemoveRange(at, size) });
                }
            }

            for (var at = 0; at < best.Calls.Length && runs < most; at++)
            {
                foreach (var simpler in Simpler(best.Calls[at]))
                {
                    if (Try(best with { Calls = best.Calls.SetItem(at, simpler) }))
                    {
                        changed = true;
                        break;
                    }
                }
            }
        }

        return (best, runs);

        bool Try(ApiProgram candidate)
        {
            if (candidate.Calls.Length == 0 || runs >= most || candidate.Calls.SequenceEqual(best.Calls)) return false;
            runs++;
            if (!shows(candidate)) return false;
            best = candidate;
            return true;
        }
    }

    private static IEnumerable<Call> Simpler(Call call)
    {
        if (call.AtPeer) yield return call with { AtPeer = false };
        if (call.Op == Primitive.Bind && call.Where == Where.Any) yield return call with { Where = Where.Loopback };
        if (call.Op is Primitive.Send or Primitive.Recv && call.Size > 1 && !call.UntilFull) yield return call with { Size = 1 };
        if (call.Op == Primitive.Send && call.Flags != CallFlags.NoSignal) yield return call with { Flags = CallFlags.NoSignal };
        if (call.Op == Primitive.Recv && call.Flags != CallFlags.None) yield return call with { Flags = CallFlags.None };
        if (call.Op == Primitive.Listen && call.Size != 1) yield return call with { Size = 1 };
    }
}
