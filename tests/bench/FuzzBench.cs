using System.Diagnostics;
using System.Globalization;
using System.Net;
using SockConformance.Fuzz;
using SockConformance.Model;
using SockConformance.Wire;

namespace SockConformance.Bench;

/// <summary>
/// Sequences of connect, send, receive, close on one server, each on the same processor as it: a loop in C, the driver that campaigns use, which looks at every reply, the same while every
/// connection is judged by its packets, too, and the same on all processors, each with a server of its own; then whole campaigns, with one target for all cases and with one for each. In turns, each for a
/// second or so.
/// </summary>
internal static class FuzzBench
{
    private const int Rounds = 5, CampaignSeconds = 5;

    /// <param name="folder">The repository.</param>
    /// <param name="command">The server, with {port}.</param>
    public static int Run(string folder, string[] command)
    {
        var loop = Path.Combine(Path.GetTempPath(), $"sockconf-sequences-{Environment.ProcessId}");
        using (var compiler = Process.Start("gcc", ["-O2", "-o", loop, Path.Combine(folder, "tests/bench/sequences.c")])) compiler.WaitForExit();
        var port = new Ports().Next();
        var servers = Enumerable.Range(0, Environment.ProcessorCount).Select(processor => Process.Start("taskset", ["-c", $"{processor}", .. For(command, port + processor)])).ToList();
        var (c, ours, judged, everywhere, campaign, fresh) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        try
        {
            if (Clock.Until(() => servers.Index().All(one => SocketTable.IsListening(port + one.Index, Transport.Tcp)) ? "" : null, TimeSpan.FromSeconds(10), CancellationToken.None) is null) throw new IOException("the server does not listen");
            Libc.StayOn(0);
            using var driver = NewDriver(port);
            Rate(driver, 1, null);
            for (var round = 0; round < Rounds; round++)
            {
                c.Add(Printed("taskset", ["-c", "0", loop, $"{port}", "1"]));
                ours.Add(Rate(driver, 1, null));
                using (var wire = Judge()) judged.Add(Rate(driver, 1, wire));
                everywhere.Add(RateEverywhere(port));
                campaign.Add(Campaign(command));
                fresh.Add(Campaign(command, "--restart-every", "1"));
            }
        }
        finally
        {
            foreach (var server in servers) server.Kill();
            File.Delete(loop);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Rounds} rounds in turns, sequences/s, median (least to most)"));
        Console.WriteLine($"  a loop in C, one processor with its server        {Show(c)}");
        Console.WriteLine($"  the quick driver, the same, every reply looked at {Show(ours)}   {(Median(ours) / Median(c)).ToString("0.00", CultureInfo.InvariantCulture)} of C");
        Console.WriteLine($"  the same, and every connection judged by packets  {Show(judged)}   {(Median(judged) / Median(c)).ToString("0.00", CultureInfo.InvariantCulture)} of C");
        Console.WriteLine($"  the quick driver, all processors with a server    {Show(everywhere)}");
        Console.WriteLine($"  fuzz --spec echo, all processors (drawn cases)    {Show(campaign)}");
        Console.WriteLine($"  the same, a fresh target and sandbox for each     {Show(fresh)}");
        return 0;
    }

    /// <summary>Its thread is not bound to the processor that the driver shares with the server.</summary>
    private static QuickWire Judge()
    {
        QuickWire? wire = null;
        var opening = new Thread(() =>
        {
            Libc.StayOn(Environment.ProcessorCount - 1);
            wire = QuickWire.TryOpen((_, requirement) => throw new InvalidOperationException(requirement));
        });
        opening.Start();
        opening.Join();
        return wire ?? throw new InvalidOperationException("no right to capture");
    }

    private static double Rate(QuickDriver driver, double seconds, QuickWire? wire)
    {
        var data = Payload.Literal.Of("sixteen bytes .."u8);
        var scenario = new Scenario("", [new Step.Connect(0), new Step.Send(0, data), new Step.Receive(0, 16), new Step.Close(0)]);
        var wanted = data.ToBytes();
        var watch = Stopwatch.StartNew();
        long done = 0;
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            for (var i = 0; i < 50; i++, done++)
            {
                driver.Run(scenario.Steps);
                wire?.Note(driver.Addresses, scenario);
                if (driver.Unmet >= 0 || !driver.Received(0).SequenceEqual(wanted)) throw new InvalidOperationException($"step {driver.Unmet}: {driver.UnmetEnd}");
            }
        }

        return done / watch.Elapsed.TotalSeconds;
    }

    private static double RateEverywhere(int port)
    {
        var rates = new double[Environment.ProcessorCount];
        var threads = rates.Select((_, processor) => new Thread(() =>
        {
            Libc.StayOn(processor);
            using var driver = NewDriver(port + processor);
            rates[processor] = Rate(driver, 1, null);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return rates.Sum();
    }

    private static QuickDriver NewDriver(int port) => new(new IPEndPoint(IPAddress.Loopback, port), 0, CancellationToken.None);

    private static IEnumerable<string> For(string[] command, int port) => command.Select(word => word.Replace("{port}", $"{port}", StringComparison.Ordinal));

    private static double Campaign(string[] command, params string[] options)
    {
        var report = Directory.CreateTempSubdirectory("bench-fuzz-").FullName;
        using var run = Process.Start(new ProcessStartInfo("taskset", ["-c", $"0-{Environment.ProcessorCount - 1}", BuiltProgram.Path, "fuzz", "--spec", "echo", "--max-time", $"{CampaignSeconds}s", "-q", "--report", report, .. options, "--", .. command]) { RedirectStandardOutput = true })!;
        run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        using var results = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(report, "results.json")));
        Directory.Delete(report, recursive: true);
        return results.RootElement.GetProperty("fuzz").GetProperty("cases_per_second").GetDouble();
    }

    private static double Printed(string program, IReadOnlyList<string> arguments)
    {
        using var run = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        return double.Parse(run.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Show(List<double> values) => string.Create(CultureInfo.InvariantCulture, $"{Median(values),7:0} ({values.Min():0} to {values.Max():0})");
}
