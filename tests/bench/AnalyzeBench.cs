using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using PacketDotNet;
using SharpPcap;
using SharpPcap.LibPcap;
using SockConformance.Captures;
using SockConformance.Run;

namespace SockConformance.Bench;

/// <summary>
/// <c>sockconf analyze</c> beside tshark, capinfos, and SharpPcap with PacketDotNet on one capture, in turns; what it allocates for a packet, and how much memory
/// it takes for a file, for one ten times as long, and for a stream of gigabytes. Besides the time on the clock that of the processor is shown, which other
/// work on the machine disturbs less. What the process takes beyond the analysis is the start of the runtime, the rows, and code that is not yet compiled
/// for what is hot (docs/analyze.md).
/// </summary>
internal static partial class AnalyzeBench
{
    private const int TsharkRounds = 3, Steady = 1_000_000;
    private const long Streamed = 25_000_000; // 5 GiB

    public static int Run(string[] options)
    {
        var packets = Option(options, "--packets", 1_500_000);
        var rounds = (int)Option(options, "--rounds", 5);
        var program = Array.IndexOf(options, "--program") is >= 0 and var at && at + 1 < options.Length ? options[at + 1] : BuiltProgram.Path;
        var file = Path.Combine(Path.GetTempPath(), $"sockconf-bench-{Environment.ProcessId}.pcap");
        try
        {
            var made = Write(file, packets);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{made.Packets} packets, {made.Connections} connections, {new FileInfo(file).Length >> 20} MiB; load {Load()}"));
            Compare(file, program, rounds, made);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"allocated for each packet of few flows: {SteadyAllocation():0.000} bytes"));
            Console.WriteLine("peak of resident memory, MiB:");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {made.Packets,10} packets from the file    {PeakOf(program, file) >> 20,5}"));
            foreach (var length in (long[])[packets / 10, packets, Streamed])
            {
                var (peak, bytes) = PeakOfPiped(program, length);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {length,10} packets through a pipe   {peak >> 20,5}   ({bytes >> 20} MiB)"));
            }
        }
        finally
        {
            File.Delete(file);
        }

        return 0;
    }

    private static void Compare(string file, string program, int rounds, (long Packets, long Connections) made)
    {
        var sockconf = new Row("sockconf analyze (process)");
        var tshark = new Row("tshark -q -z conv,tcp");
        var capinfos = new Row("capinfos -c");
        var objects = new Row("SharpPcap + PacketDotNet");
        var ours = new Row("our analysis, in process");
        for (var round = 0; round <= rounds; round++)
        {
            var counts = round > 0; // the first is for caches and for the compiler of the runtime
            sockconf.Measure(counts, () => Start(program, "analyze", file));
            capinfos.Measure(counts, () => Start("capinfos", "-c", file));
            ours.Measure(counts, () => Expect(made.Connections, Ours(file), "ours"));
            objects.Measure(counts, () => Expect(made.Connections, Objects(file), "PacketDotNet"));
            if (round is > 0 and <= TsharkRounds) tshark.Measure(true, () => Start("tshark", "-q", "-z", "conv,tcp", "-r", file));
        }

        Console.WriteLine($"{rounds} rounds in turns, seconds, median (least to most); load {Load()}");
        foreach (var row in (Row[])[sockconf, tshark, capinfos, objects, ours]) Console.WriteLine($"  {row}");
        Console.WriteLine("ratios of medians, on the clock and of processor time");
        Ratio("tshark / sockconf", tshark, sockconf);
        Ratio("capinfos / sockconf", capinfos, sockconf);
        Ratio("capinfos / ours in process", capinfos, ours);
        Ratio("PacketDotNet / sockconf", objects, sockconf);
        Ratio("PacketDotNet / ours in process", objects, ours);
    }

    private static void Ratio(string name, Row upper, Row lower) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-32} {upper.Clock / lower.Clock,6:0.00} {upper.Processor / lower.Processor,6:0.00}"));

    private static long Ours(string file)
    {
        using var reader = CaptureReader.Open(file);
        long orderly = 0;
        new AnalyzeRun().Run(reader, flow => orderly += flow.Close == Model.CloseVerdict.None ? 0 : 1, CancellationToken.None);
        return orderly + 1; // the bulk transfer has no close
    }

    /// <summary>The same facts as far as a short program gathers them: packets and bytes of each flow, SYN, FIN and RST, and who acknowledged which FIN.</summary>
    private static long Objects(string file)
    {
        var flows = new Dictionary<(IPAddress, ushort, IPAddress, ushort), ObjectFlow>();
        using var device = new CaptureFileReaderDevice(file);
        device.Open();
        while (device.GetNextPacket(out var capture) == GetPacketStatus.PacketRead)
        {
            var packet = capture.GetPacket();
            if (Packet.ParsePacket(packet.LinkLayerType, packet.Data).Extract<IPPacket>() is not { } ip || ip.Extract<TcpPacket>() is not { } tcp) continue;
            var forward = tcp.SourcePort > tcp.DestinationPort;
            var key = forward ? (ip.SourceAddress, tcp.SourcePort, ip.DestinationAddress, tcp.DestinationPort) : (ip.DestinationAddress, tcp.DestinationPort, ip.SourceAddress, tcp.SourcePort);
            if (!flows.TryGetValue(key, out var flow)) flows[key] = flow = new ObjectFlow();
            flow.Note(forward ? 0 : 1, tcp, packet.Data.Length);
        }

        return flows.Count;
    }

    private static void Expect(long expected, long found, string who)
    {
        if (found != expected) throw new InvalidOperationException($"{who}: {found} flows instead of {expected}");
    }

    /// <summary>Bytes for each packet once all flows are known; flows that come and go cost their own size.</summary>
    private static double SteadyAllocation()
    {
        using var reader = new CaptureReader(new GeneratedCapture(2 * Steady, endless: true));
        var table = new FlowTable(_ => { });
        for (var i = 0; i < Steady / 2 && reader.Next(); i++) table.Add(reader, out _, out _);
        var (before, first) = (GC.GetAllocatedBytesForCurrentThread(), reader.Number);
        while (reader.Number < first + Steady && reader.Next()) table.Add(reader, out _, out _);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(reader.Number - first);
    }

    private static long PeakOf(string program, string file)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" > /dev/null", "sh", program, "analyze", file]))!;
        return Peak(process);
    }

    private static (long Peak, long Bytes) PeakOfPiped(string program, long packets)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" > /dev/null", "sh", program, "analyze", "-"]) { RedirectStandardInput = true })!;
        using var capture = new GeneratedCapture(packets);
        long bytes = 0;
        var feeding = Task.Run(() =>
        {
            var buffer = new byte[1 << 18];
            using var input = process.StandardInput.BaseStream;
            for (int count; (count = capture.Read(buffer)) > 0; bytes += count) input.Write(buffer, 0, count);
        });
        var peak = Peak(process);
        feeding.Wait();
        return (peak, bytes);
    }

    /// <summary>The kernel's own high-water mark, read until the process has ended.</summary>
    private static long Peak(Process process)
    {
        long peak = 0;
        while (!process.WaitForExit(20))
        {
            try
            {
                var line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null) peak = Math.Max(peak, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10);
            }
            catch (IOException)
            {
                // it has just ended
            }
        }

        if (process.ExitCode != 0) throw new InvalidOperationException($"exit status {process.ExitCode}");
        return peak;
    }

    private static void Start(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" > /dev/null 2>&1", "sh", .. command]))!;
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: exit status {process.ExitCode}");
    }

    private static (long Packets, long Connections) Write(string path, long packets)
    {
        using var capture = new GeneratedCapture(packets);
        using var file = File.Create(path);
        capture.CopyTo(file, 1 << 18);
        return (capture.Packets, capture.Connections);
    }

    private static long Option(string[] options, string name, long otherwise) =>
        Array.IndexOf(options, name) is >= 0 and var at && at + 1 < options.Length ? long.Parse(options[at + 1], CultureInfo.InvariantCulture) : otherwise;

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int ResourceUsage(int who, Span<long> usage);

    private sealed class ObjectFlow
    {
        private readonly long[] packets = new long[2], bytes = new long[2];
        private readonly uint[] finAt = new uint[2];
        private readonly bool[] syn = new bool[2], fin = new bool[2], finAcknowledged = new bool[2];
        private bool reset;

        public bool IsOrderly => !reset && finAcknowledged[0] && finAcknowledged[1] && syn[0] && syn[1];

        public void Note(int side, TcpPacket segment, int length)
        {
            packets[side]++;
            bytes[side] += length;
            syn[side] |= segment.Synchronize;
            reset |= segment.Reset;
            if (segment.Finished) (fin[side], finAt[side]) = (true, segment.SequenceNumber + (uint)(segment.PayloadData?.Length ?? 0));
            if (segment.Acknowledgment && fin[1 - side] && segment.AcknowledgmentNumber == finAt[1 - side] + 1) finAcknowledged[1 - side] = true;
        }
    }

    /// <summary>What one contestant took, round after round.</summary>
    private sealed class Row(string name)
    {
        private readonly List<double> clock = [], processor = [];

        public double Clock => Median(clock);

        public double Processor => Median(processor);

        public void Measure(bool counts, Action action)
        {
            var before = ProcessorTime();
            var watch = Stopwatch.StartNew();
            action();
            watch.Stop();
            if (!counts) return;
            clock.Add(watch.Elapsed.TotalSeconds);
            processor.Add(ProcessorTime() - before);
        }

        public override string ToString() => clock.Count == 0 ? $"{name}: not measured" : string.Create(CultureInfo.InvariantCulture,
            $"{name,-28} {Clock,7:0.000} ({clock.Min():0.000} to {clock.Max():0.000})   processor {Processor,7:0.000} ({processor.Min():0.000} to {processor.Max():0.000})");

        /// <summary>User and system, of this process and of those that it has started and that have ended.</summary>
        private static double ProcessorTime()
        {
            const int Self = 0, Children = -1;
            Span<long> usage = stackalloc long[18]; // two times of two numbers, and fourteen numbers
            var sum = 0.0;
            foreach (var who in (ReadOnlySpan<int>)[Self, Children])
            {
                if (ResourceUsage(who, usage) != 0) throw new InvalidOperationException("getrusage");
                sum += usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6);
            }

            return sum;
        }

        private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
    }
}
