using System.Globalization;
using SockConformance.Captures;
using SockConformance.Tests.Captures;

namespace SockConformance.Bench;

/// <summary>Clean connections as bad observers have them: whatever is found in them is found wrongly.</summary>
internal static class MessyCaptures
{
    /// <param name="much">So many captures.</param>
    /// <param name="files">Clean captures to spoil; without any, connections are made up.</param>
    public static int Run(int much, int seed, IReadOnlyList<string> files)
    {
        var read = files.Select(file => MessyWire.Read(File.ReadAllBytes(file))).ToList();
        var (kinds, wrong, flows, verdicts) = (new Dictionary<FindingKind, int>(), 0, 0L, new Dictionary<string, int>());
        Parallel.For(0, much, number =>
        {
            var clean = read.Count > 0 ? read[number % read.Count] : CleanConnections.Make(seed + (number / 4));
            var file = MessyWire.File(number % 4 == 0 ? clean : MessyWire.Spoil(clean, seed + number));
            var outcome = Pipeline.Run(file);
            lock (kinds)
            {
                flows += outcome.Result.Flows;
                foreach (var flow in outcome.Flows)
                {
                    var verdict = $"{flow.Handshake} {flow.Close}{(number % 4 == 0 ? " (clean)" : "")}";
                    verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
                }

                foreach (var finding in outcome.Flows.SelectMany(flow => flow.Findings).Concat(outcome.Flows.Where(flow => flow is { Handshake: Handshake.Violated, Findings.Count: 0 }).Select(_ => new Finding(FindingKind.WrongSynAck, 0, true))))
                {
                    kinds[finding.Kind] = kinds.GetValueOrDefault(finding.Kind) + 1;
                    if (finding.Kind.IsInnocent() || kinds[finding.Kind] > 4) continue;
                    var path = Path.Combine(Path.GetTempPath(), $"messy-{finding.Kind}-{seed}-{number}.pcap");
                    File.WriteAllBytes(path, file);
                    Console.Error.WriteLine($"{path}: {finding}{(number % 4 == 0 ? " (not even spoiled)" : "")}");
                    wrong++;
                }
            }
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{much} captures, {flows} flows, seed {seed}: {string.Join(", ", kinds.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key.Id()} {pair.Value}"))}"));
        foreach (var (verdict, count) in verdicts.OrderByDescending(pair => pair.Value)) Console.WriteLine($"{count,8} {verdict}");
        return wrong == 0 ? 0 : 1;
    }
}
