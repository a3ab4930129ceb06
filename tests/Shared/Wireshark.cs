using System.Diagnostics;
using NUnit.Framework;

namespace SockConformance.Tests.Shared;

/// <summary>Wireshark's command-line programs as readers of what we write: they may complain of nothing.</summary>
internal static class Wireshark
{
    /// <summary>What it prints; its exit code is 0.</summary>
    public static async Task<string> Read(string program, params string[] arguments)
    {
        Tools.Needs(program);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var reader = Process.Start(start)!;
        var texts = await Task.WhenAll(reader.StandardOutput.ReadToEndAsync(), reader.StandardError.ReadToEndAsync());
        await reader.WaitForExitAsync();
        Assert.That(reader.ExitCode, Is.Zero, texts[1]);
        Assert.That(texts[1].Split('\n'), Has.None.Match("(?i)malformed|cut short|error|damaged"), $"{program} {string.Join(' ', arguments)}");
        return texts[0];
    }
}
