using System.Globalization;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>What a target prints neither blocks it, nor fills the memory, nor reaches the terminal as anything but text.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class NoisyTargets
{
    private const long ManyKilobytes = 600_000;

    [Test]
    public async Task A_server_that_prints_for_ever_passes_in_bounded_memory()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        using var running = await SockconfProcess.Start(sockconf, sockconf.CheckArguments([], Hostile.Command("prints_while_serving")));
        var end = running.End();
        long most = 0;
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!end.IsCompleted && await beat.WaitForNextTickAsync()) most = Math.Max(most, HighWaterMark(place));
        var outcome = await end;
        outcome.MustExit(0);
        Assert.That(most, Is.InRange(1, ManyKilobytes), "kilobytes that the largest sockconf process needed");
        outcome.MustLeaveNothing();
    }

    [TestCase(5)]
    [TestCase(1, "serve")]
    public async Task Nothing_a_target_prints_can_move_the_cursor_or_hide_text(int exit, params string[] how)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(Sockconf.Brief, Hostile.Command("prints_escape_sequences", how));
        outcome.MustExit(exit);
        Assert.That(Harmful(outcome.Output + outcome.Errors), Is.Empty);
        Assert.That(outcome.Output.Split('\n'), Has.None.Contains("everything  is fine").And.None.StartsWith("Summary  29 requirements: 29 pass"));
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task Colours_are_the_only_escape_sequences_where_they_are_asked_for()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--color", "always", .. Sockconf.Brief], Hostile.Command("prints_escape_sequences", "serve"));
        var colourless = Sgr.Replace(outcome.Output + outcome.Errors, "");
        Assert.That(outcome.Output, Does.Contain("\e[31m").And.Contain("\e[0m"));
        Assert.That(Harmful(colourless), Is.Empty);
        Assert.That(Harmful(await File.ReadAllTextAsync(Path.Combine(place.Report, "results.json"))), Is.Empty);
        Assert.That(Harmful(await File.ReadAllTextAsync(Path.Combine(place.Report, "junit.xml"))), Is.Empty);
    }

    [Test]
    public async Task A_command_with_escape_sequences_is_shown_as_text()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(["--filter", "tcp/handshake"], [.. TargetProgram.Named("good/python_threads.py").Command, "\e[2Jred\u202e\u009b"]);
        outcome.MustExit(0);
        Assert.That(Harmful(outcome.Output + outcome.Errors), Is.Empty);
    }

    private static System.Text.RegularExpressions.Regex Sgr { get; } = new("\e\\[[0-9;]*m");

    /// <summary>Control characters but the line feed, and what makes text run backwards or vanish.</summary>
    private static IEnumerable<string> Harmful(string text) =>
        from c in text
        where c != '\n' && char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        select $"U+{(int)c:X4}";

    /// <summary>VmHWM of the largest sockconf process of this workplace, in kilobytes.</summary>
    private static long HighWaterMark(Workplace place)
    {
        long most = 0;
        foreach (var process in place.LeftProcesses().Where(line => line.Split(' ') is [_, var program, ..] && Path.GetFileName(program) is "sockconf" or "dotnet"))
        {
            try
            {
                var line = File.ReadLines($"/proc/{process.Split(':')[0]}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null) most = Math.Max(most, long.Parse(line[6..^2], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // It has ended since.
            }
        }

        return most;
    }
}
