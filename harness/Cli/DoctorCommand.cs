using System.CommandLine;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Targets;

namespace SockConformance.Cli;

/// <summary><c>doctor</c>: what works on this machine, and what to type for the rest.</summary>
internal static class DoctorCommand
{
    public static Command Make(IReadOnlyList<string> arguments)
    {
        var format = new Option<string>("--format") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var command = new Command("doctor", "What works on this machine, found by trying it, and what to type for the rest: exit code 0 with sandbox and capture, 6 without.") { format };
        command.SetAction(parsed =>
        {
            string? whyNot = null;
            if (OwnNamespace.Scratch is null && OwnNamespace.Run(arguments, out whyNot) is { } code) return code;
            return ConformanceCli.WithSignals(_ => Tell(whyNot, parsed.GetValue(format) == "json"));
        });
        return command;
    }

    private static int Tell(string? whyNoSandbox, bool json)
    {
        var (tier, capture, findings) = Diagnosis.Of(whyNoSandbox);
        var exit = tier != Tier.None && capture ? Exit.Holds : Exit.EnvironmentLacks;
        if (json)
        {
            Console.Out.Write(Formats.Json(writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("schema", 1);
                writer.WriteString("tool", $"sockconf {RunHeader.Version}");
                writer.WriteString("tier", tier switch { Tier.Namespaces => "A", Tier.Users => "B", _ => "C" });
                writer.WriteBoolean("capture", capture);
                writer.WriteNumber("exit", exit);
                writer.WriteStartArray("findings");
                foreach (var one in findings)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", one.Name);
                    writer.WriteString("state", one.State.ToString().ToLowerInvariant());
                    writer.WriteString("text", Printable.Line(one.Text, 1000));
                    writer.WriteString("fix", one.Fix);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }));
            return exit;
        }

        Console.Out.WriteLine($"sockconf {RunHeader.Version}  doctor\n");
        foreach (var one in findings)
        {
            Console.Out.WriteLine($"  {(one.State == Health.Ok ? "ok" : one.State.ToString().ToUpperInvariant()),-8} {one.Name,-17} {Printable.Line(one.Text, 1000)}");
            if (one.Fix is { } fix) Console.Out.WriteLine($"{"",28} → {fix}");
        }

        var sandbox = tier switch { Tier.Namespaces => "A: targets run in namespaces of their own", Tier.Users => "B: each target is a user of its own", _ => "C: targets run without a sandbox" };
        Console.Out.WriteLine($"\nTier {sandbox}; {(capture ? "their traffic is captured" : "no capture, verdicts rest on what the sockets say")}.");
        return exit;
    }
}
