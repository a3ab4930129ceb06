using System.Globalization;
using SockConformance.Tests.Captures;

namespace SockConformance.Bench;

/// <summary>Damaged captures without end through the whole of analyze, on all processors; what should never happen is written to a file.</summary>
internal static class FuzzCaptures
{
    private const int LargestOriginal = 1500;

    /// <param name="much">So many inputs, or with an s behind it so many seconds.</param>
    public static int Run(string folder, string much, int seed)
    {
        var originals = Directory.EnumerateFiles(Path.Combine(folder, "captures", "golden"), "*.pcap*").Select(File.ReadAllBytes).Where(bytes => bytes.Length <= LargestOriginal).ToList();
        if (originals.Count == 0) throw new InvalidOperationException("run it in the repository's folder");
        var seconds = much.EndsWith('s');
        var most = seconds ? long.MaxValue : long.Parse(much, CultureInfo.InvariantCulture);
        var until = Clock.Now + (seconds ? TimeSpan.FromSeconds(double.Parse(much[..^1], CultureInfo.InvariantCulture)) : TimeSpan.FromDays(30));
        long inputs = 0, packets = 0, flows = 0, broken = 0, findings = 0;
        var start = Clock.Now;
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(index => new Thread(() =>
        {
            var mangler = new Mangler(originals, seed + index);
            while (Clock.Now < until && Interlocked.Increment(ref inputs) is var number && number <= most)
            {
                var bytes = mangler.Next();
                try
                {
                    var outcome = Pipeline.Run(bytes, number % 16 == 0 ? 1 + (number / 16 % 3) : null);
                    outcome.MustBeClean();
                    Interlocked.Add(ref packets, outcome.Result.Packets);
                    Interlocked.Add(ref flows, outcome.Result.Flows);
                    if (outcome.Result.Broken is not null) Interlocked.Increment(ref broken);
                }
#pragma warning disable CA1031 // Which exception it is, is what is looked for
                catch (Exception e)
#pragma warning restore CA1031
                {
                    var path = Path.Combine(Path.GetTempPath(), $"fuzz-captures-{seed}-{number}.bin");
                    File.WriteAllBytes(path, bytes);
                    if (Interlocked.Increment(ref findings) <= 10) Console.Error.WriteLine($"{path}: {e}");
                }
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        var took = (Clock.Now - start).TotalSeconds;
        inputs = Math.Min(inputs, most);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{inputs} inputs in {took:0} s ({inputs / took:0}/s), seed {seed}: {packets} packets, {flows} flows, {broken} inputs broken, {findings} findings"));
        return findings == 0 ? 0 : 1;
    }
}
