using System.Globalization;
using SockConformance.Captures;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Captures;

namespace SockConformance.Bench;

/// <summary>Captures of very many packets that are made up while they are read: how much memory analyze takes beyond what it had at the start, and how long.</summary>
internal static class EndlessCaptures
{
    public static int Run(long packets, string? only)
    {
        Analyze(MadeUpCapture.Kind.Resets, 20_000); // everything is compiled and loaded by then
        foreach (var kind in Enum.GetValues<MadeUpCapture.Kind>().Where(kind => only is null || kind.ToString().Equals(only, StringComparison.OrdinalIgnoreCase)))
        {
            GC.Collect();
            File.WriteAllText("/proc/self/clear_refs", "5"); // the peak is that of this kind
            var (before, start) = (Status("VmRSS"), Clock.Now);
            var result = Analyze(kind, kind == MadeUpCapture.Kind.Tls ? packets / 10 : packets);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{kind,-10} {result.Packets} packets, {result.Flows} flows, {(Clock.Now - start).TotalSeconds:0.0} s; resident {before} KiB before, {Status("VmHWM")} KiB at most: {(Status("VmHWM") - before) / 1024.0:0.0} MiB more; heap after the last collection {GC.GetGCMemoryInfo().HeapSizeBytes >> 20} MiB"));
        }

        return 0;
    }

    private static AnalysisResult Analyze(MadeUpCapture.Kind kind, long packets)
    {
        using var reader = new CaptureReader(new MadeUpCapture(kind, packets));
        using var spool = new FlowSpool();
        return new AnalyzeRun().Run(reader, flow => spool.Add(flow.Number, FlowTexts.Json(flow)), CancellationToken.None);
    }

    private static long Status(string field) =>
        long.Parse(File.ReadLines("/proc/self/status").Single(line => line.StartsWith(field + ":", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
