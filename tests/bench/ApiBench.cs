using System.Diagnostics;
using System.Globalization;
using SockConformance.Api;
using SockConformance.Suites;
using SockConformance.Targets;
using SockConformance.Wire;

namespace SockConformance.Bench;

/// <summary>The model beside the kernel: the same mix of primitives in C, in process with every answer judged, and through a driver's pipes; in turns.</summary>
internal static class ApiBench
{
    private const int Rounds = 5;

    private static readonly ApiProgram Mix = ApiProgram.Parse("the mix",
        ["s0 = socket stream", "nonblocking s0 on", "bind s0 loopback", "listen s0 8", "s1 = accept s0", "getsockname s0", "recv s0 16", "shutdown s0 wr", "close s0"]);

    /// <param name="folder">The repository.</param>
    /// <param name="command">A driver to measure, too.</param>
    public static int Run(string folder, IReadOnlyList<string> command)
    {
        var binary = Path.Combine(Path.GetTempPath(), $"sockconf-mix-{Environment.ProcessId}");
        using (var compiler = Process.Start("gcc", ["-O2", "-o", binary, Path.Combine(folder, "tests/bench/mix.c")])) compiler.WaitForExit();
        var profile = BuiltInProfiles.Find("linux")!;
        using var libc = new LibcDriver();
        var inProcess = new ProgramRun(profile, libc, null, TimeSpan.FromSeconds(5));
        using var pipe = command.Count > 0 ? new PipeDriver(new TargetCommand([.. command], folder, []), new OpenBox(), TimeSpan.FromSeconds(5)) : null;
        var piped = pipe is null ? null : new ProgramRun(profile, pipe, null, TimeSpan.FromSeconds(5));
        Rate(inProcess, 0.5, out _); // the runtime compiles it
        var (c, ours, through) = (new List<double>(), new List<double>(), new List<double>());
        double bytes = 0;
        for (var round = 0; round < Rounds; round++)
        {
            using (var program = Process.Start(new ProcessStartInfo(binary) { RedirectStandardOutput = true })!) c.Add(double.Parse(program.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture));
            ours.Add(Rate(inProcess, 1, out bytes));
            if (piped is not null) through.Add(Rate(piped, 1, out _));
        }

        File.Delete(binary);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Mix.OneLine()}\n{Rounds} rounds of 1 s in turns, primitives/s, median (least to most)"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  C                       {Show(c)}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  in process, all judged  {Show(ours)}   {Median(ours) / Median(c):0.00} of C, {bytes:0.0} bytes allocated for each primitive"));
        if (through.Count > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  through {pipe!.Name,-15} {Show(through)}"));
        return 0;
    }

    private static double Rate(ProgramRun run, double seconds, out double bytes)
    {
        var before = run.Primitives;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            if (run.Run(Mix).Disagreement is { } wrong) throw new InvalidOperationException($"{wrong}");
        }

        var made = run.Primitives - before;
        bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)made;
        return made / watch.Elapsed.TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Show(List<double> values) => string.Create(CultureInfo.InvariantCulture, $"{Median(values),9:0} ({values.Min():0} to {values.Max():0})");
}
