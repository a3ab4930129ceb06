using System.Text.RegularExpressions;
using SockConformance.Model;
using SockConformance.Run;

namespace SockConformance.Fuzz;

/// <summary>What makes two failures one.</summary>
internal static partial class Signature
{
    private const int Frames = 3;

    public static string Of(Requirement requirement, ScenarioFailure failure)
    {
        var end = failure.Evidence.Target.End is { } ended ? $"|{(ended.Signal is { } signal ? $"signal {signal}" : $"status {ended.ExitCode}")}" : "";
        var frames = string.Concat(FramesOf(failure.Evidence.Target.Output).Select(frame => $"|{frame}"));

        // Where the program was tells more than what was done to it.
        return $"{requirement.Id}{end}{(frames.Length > 0 ? frames : $"|{ShapeOf(failure.Evidence.Scenario)}")}";
    }

    /// <summary>The kinds of steps, with the first word of what was sent.</summary>
    private static string ShapeOf(Scenario scenario)
    {
        var kinds = scenario.Steps.Select(step => step switch { Step.Send send => $"send {Word(send.Data)}", _ => step.GetType().Name.ToLowerInvariant() });
        return string.Join(' ', kinds.Where(kind => kind is not ("receive" or "receivemessages" or "await" or "close")).Take(12));
    }

    private static string Word(Payload data)
    {
        if (data is not Payload.Literal) return data.Size > 256 ? "much" : "";
        var bytes = data.ToBytes().TakeWhile(b => b is >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z').Take(8).ToArray();
        return bytes.Distinct().Count() < 2 ? "" : System.Text.Encoding.ASCII.GetString(bytes); // aaaa is what the shrinker fills with
    }

    /// <summary>The innermost functions of a stack that a sanitizer or a runtime has printed.</summary>
    private static IEnumerable<string> FramesOf(string output) => StackLine().Matches(output).Select(match => match.Groups.Values.Skip(1).First(group => group.Success).Value).Where(name => !name.StartsWith("__", StringComparison.Ordinal)).Take(Frames);

    [GeneratedRegex(@"^\s*#\d+ 0x[0-9a-f]+ in (\S+)|^  File ""[^""]+"", line \d+, in (\S+)|^\s+at ([\w.$<>]+)\(|^([\w./*()]+)\([^()]*\)$", RegexOptions.Multiline, 1000)]
    private static partial Regex StackLine();
}
