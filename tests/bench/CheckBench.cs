using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace SockConformance.Bench;

/// <summary>Whole process: `sockconf check --profile default`, in turns with the bare start of the same program.</summary>
internal static class CheckBench
{
    private const int Rounds = 7;

    public static int Run(string[] target)
    {
        var program = BuiltProgram.Path;
        var report = Directory.CreateTempSubdirectory("bench-").FullName;
        var start = new List<double>();
        var first = new List<double>();
        var total = new List<double>();
        var rests = 0.0;
        for (var round = 0; round < Rounds; round++)
        {
            start.Add(Time(program, ["--version"]).Total);
            var (all, toFirst) = Time(program, ["check", "--spec", "echo", "--report", report, "--", .. target]);
            total.Add(all);
            first.Add(toFirst);
            rests = Rests(report);
        }

        Directory.Delete(report, recursive: true);
        Console.WriteLine($"check --spec echo -- {string.Join(' ', target)}: {Rounds} rounds, seconds, median (least–most)");
        Row("bare start (--version)", start);
        Row("first verdict", first);
        Row("whole check", total);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  longest requirement with deliberate rests {rests:0.00}; all but that {Median(total) - rests:0.00}; whole check / bare start {Median(total) / Median(start):0.0}"));
        return 0;
    }

    private static (double Total, double FirstVerdict) Time(string program, string[] arguments)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var firstVerdict = 0.0;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (firstVerdict == 0 && line.StartsWith("  PASS", StringComparison.Ordinal)) firstVerdict = watch.Elapsed.TotalSeconds;
        }

        process.WaitForExit();
        return (watch.Elapsed.TotalSeconds, firstVerdict);
    }

    /// <summary>The duration of tcp/idle/stays-open, which rests 2 s on purpose and runs beside everything else.</summary>
    private static double Rests(string report)
    {
        using var results = JsonDocument.Parse(File.ReadAllText(Path.Combine(report, "results.json")));
        return results.RootElement.GetProperty("requirements").EnumerateArray()
            .Where(one => one.GetProperty("id").GetString() == "tcp/idle/stays-open").Select(one => one.GetProperty("duration_ms").GetDouble() / 1000).FirstOrDefault();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Row(string name, List<double> values) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-28} {Median(values),6:0.000}  ({values.Min():0.000}–{values.Max():0.000})"));
}
