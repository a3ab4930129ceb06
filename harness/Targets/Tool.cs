namespace SockConformance.Targets;

/// <summary>A program of the distribution that does one thing for us and ends.</summary>
internal static class Tool
{
    /// <summary>A PATH and nothing else: what a tool has in its environment can be read by a target.</summary>
    public static Dictionary<string, string> Environment { get; } = new() { ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin" };

    /// <summary>Runs it to its end; what it printed if it failed, null if it did not.</summary>
    public static string? Run(IReadOnlyList<string> words)
    {
        try
        {
            using var process = ChildProcess.Start(words, Environment, ChildStreams.Piped);
            using var output = new StreamReader(new FileStream(process.Pipe, FileAccess.Read, bufferSize: 0));
            var said = output.ReadToEnd().Trim();
            return process.End.GetAwaiter().GetResult() is { ExitCode: 0 } ? null : said.Length > 0 ? said.ReplaceLineEndings(" ") : $"{words[0]} failed";
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
